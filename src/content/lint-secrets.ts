// Secrets in a text, by secretlint's recommended rules. Owns that package; loaded only when there is a text to look at. The rules are run here
// and not by @secretlint/core, which marks each of them in Node's performance timeline and keeps the marks: a daemon would never free them.
import { creator as preset } from '@secretlint/secretlint-rule-preset-recommend';
import type { SecretLintRuleContext, SecretLintRuleMessageTranslate, SecretLintSourceCode } from '@secretlint/types';
import { type Finding, lineStarts, placeIn } from './lint-rules.ts';

interface Hit {
  readonly start: number;
  readonly end: number;
  readonly what: string;
}

/** Comments that excuse a line are read here, so that a mention of them in the text excuses nothing. */
const ownFilter = '@secretlint/secretlint-rule-filter-comments';

/** Every secret in a text. No message holds any of it; `values` are for taking them out of what others say of the same text. */
export async function findSecrets(
  path: string,
  text: string,
): Promise<{ readonly findings: readonly Finding[]; readonly values: readonly string[] }> {
  const hits = (await hitsIn(path, text)).filter((hit) => !isExample(text.slice(hit.start, hit.end)));
  if (hits.length === 0) return { findings: [], values: [] };
  const starts = lineStarts(text);
  const excused = excusedLines(text, starts);
  const findings: Finding[] = [];
  const values: string[] = [];
  for (const { start, end, what } of outermost(hits)) {
    const place = placeIn(starts, start);
    if (excused.has(place.line)) continue;
    findings.push({ rule: 'secrets', ...place, message: `${what}, ${end - start} characters, not shown here` });
    values.push(text.slice(start, end));
  }
  return { findings, values };
}

async function hitsIn(path: string, text: string): Promise<readonly Hit[]> {
  const hits: Hit[] = [];
  const source = sourceOf(path, text);
  for (const rule of preset.rules) {
    if (rule.meta.id === ownFilter || !rule.meta.supportedContentTypes.some((type) => type !== 'binary')) continue;
    const context: SecretLintRuleContext = {
      sharedOptions: {},
      createTranslator: (messages) => translatorOf(messages, text),
      ignore: () => {},
      report: ({ message, range }) => hits.push({ start: range[0], end: range[1], what: sentence(message.message) }),
    };
    await rule.create(context, {}).file?.(source);
  }
  return hits;
}

type Messages = Parameters<SecretLintRuleContext['createTranslator']>[0];

/** A rule's sentence, made without the secret: whatever stands in the text is left out of what it may say. */
function translatorOf<Known extends Messages>(messages: Known, text: string): SecretLintRuleMessageTranslate<Known> {
  return (messageId, data) => {
    const entries = Object.entries((data ?? {}) as { readonly [key: string]: unknown });
    const masked = Object.fromEntries(
      entries.map(([key, value]) => [key, typeof value === 'string' && !text.includes(value) ? value : '']),
    );
    const message: unknown = messages[messageId]?.en?.(masked as never);
    return { message: typeof message === 'string' ? message : 'found a secret', messageId: String(messageId), data: {} };
  };
}

/** "found GitHub Token(GitHub personal access tokens): " → "a secret: GitHub Token (GitHub personal access tokens)". */
function sentence(message: string): string {
  const name = message
    .split('\n')[0]
    ?.replace(/^found\s+/i, '')
    .replace(/(?<![\s:])[\s:]+$/, '')
    .replace(/(\w)\(/, '$1 (');
  return `a secret: ${name === undefined || name === '' ? 'of a known form' : name}`;
}

function sourceOf(path: string, text: string): SecretLintSourceCode {
  let starts: readonly number[] | null = null;
  const known = () => {
    starts ??= lineStarts(text);
    return starts;
  };
  const positionOf = (index: number) => {
    const { line, column } = placeIn(known(), index);
    return { line, column: column - 1 };
  };
  const indexOf = ({ line, column }: { readonly line: number; readonly column: number }) => (known()[line - 1] ?? text.length) + column;
  return {
    hasBOM: false,
    content: text,
    filePath: path,
    physicalFilePath: undefined,
    contentType: 'text',
    ext: /\.[^./]+$/.exec(path)?.[0] ?? '.md',
    getFilePath: () => path,
    // No rule is to read anything but this text.
    getPhysicalFilePath: () => undefined,
    locationToRange: ({ start, end }) => [indexOf(start), indexOf(end)],
    rangeToLocation: ([start, end]) => ({ start: positionOf(start), end: positionOf(end) }),
    positionToIndex: indexOf,
    indexToPosition: positionOf,
  };
}

/** An address whose host can never exist (RFC 2606, RFC 6761) or whose password is the word for one: how manuals write about logins. */
function isExample(secret: string): boolean {
  const login = /^[a-z][a-z+:]*:\/\/[^\s:/]+:([^\s@/]+)@([^\s/:?#]+)/i.exec(secret);
  if (login === null) return false;
  const [, password = '', host = ''] = login;
  if (/^(?:.*\.)?(?:example\.(?:com|org|net)|example|test|invalid|localhost)$/i.test(host)) return true;
  return /^(?:pass|passwd|passw0rd|password\d{0,3}|pwd|secret|token|changeme|xxx+|\*+|\.{3,})$/i.test(password);
}

/** Lines that a comment on them, or on the line before, excuses. */
function excusedLines(text: string, starts: readonly number[]): ReadonlySet<number> {
  const lines = new Set<number>();
  for (const match of text.matchAll(/(?:<!--|\{?\/\*|\/\/|#)[^\n]{0,200}?secretlint-disable-(next-line|line)\b/g)) {
    const { line } = placeIn(starts, match.index + match[0].length - 1);
    lines.add(match[1] === 'line' ? line : line + 1);
  }
  return lines;
}

/** Several rules may know one secret: told once. */
function outermost(hits: readonly Hit[]): readonly Hit[] {
  const kept: Hit[] = [];
  for (const hit of [...hits].sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = kept.at(-1);
    if (last === undefined || hit.start >= last.end) kept.push(hit);
  }
  return kept;
}
