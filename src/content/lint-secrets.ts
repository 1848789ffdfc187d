// Secrets in a text, by secretlint's recommended rules and the table of what these leave out. Owns that package; loaded only when there is
// a text to look at. The rules are run here and not by @secretlint/core, which marks each of them in Node's performance timeline and keeps
// the marks: a daemon would never free them.
import { creator as preset } from '@secretlint/secretlint-rule-preset-recommend';
import type { SecretLintRuleContext, SecretLintRuleMessageTranslate, SecretLintSourceCode } from '@secretlint/types';
import { isExampleLogin, loginsIn } from './lint-logins.ts';
import { readingOf } from './lint-readings.ts';
import { type Finding, lineStarts, placeIn } from './lint-rules.ts';
import { type TokenHit, tokensIn } from './lint-tokens.ts';

interface Hit {
  readonly start: number;
  readonly end: number;
  readonly what: string;
  readonly value: string;
}

/** Comments that excuse a line are read here, so that a mention of them in the text excuses nothing. */
const ownFilter = '@secretlint/secretlint-rule-filter-comments';

export interface Secrets {
  readonly findings: readonly Finding[];
  /** Of each finding, the secret. */
  readonly found: readonly string[];
  /** All of them as they stand in the text. */
  readonly values: readonly string[];
  /** Those that a comment excuses. */
  readonly excused: readonly string[];
}

/** Every secret in a text. No message holds any of it; `values` are for taking them out of what others say of the same text. */
export async function findSecrets(path: string, text: string): Promise<Secrets> {
  const undone = readingOf(text, 'escapes');
  const hits = await hitsOf(path, text);
  if (undone !== null) {
    // Told where the source lies that the undone text was read from.
    for (const hit of await hitsOf(path, undone.text)) hits.push({ ...hit, start: undone.offset(hit.start), end: undone.offset(hit.end) });
  }
  if (hits.length === 0) return { findings: [], found: [], values: [], excused: [] };
  const starts = lineStarts(text);
  const excused = excusedLines(text, starts);
  const isExcused = ({ start }: Hit) => excused.has(placeIn(starts, start).line);
  const real = hits.filter((hit) => !isExcused(hit));
  const told = outermost(real);
  const findings = told.map(({ start, what, value }): Finding => {
    return { rule: 'secrets', ...placeIn(starts, start), message: `${what}, ${value.length} characters, not shown here` };
  });
  const values = [...new Set(real.flatMap(({ start, end, value }) => [value, text.slice(start, end)]))];
  return { findings, found: told.map(({ value }) => value), values, excused: hits.filter(isExcused).map(({ value }) => value) };
}

async function hitsOf(path: string, text: string): Promise<Hit[]> {
  const known = [
    ...(await hitsIn(path, text)),
    ...[...tokensIn(text), ...loginsIn(text)].map((hit) => ({ ...hit, what: `a secret: ${hit.what}` })),
  ];
  return known.flatMap(({ start, end, what }) => {
    const value = text.slice(start, end);
    return isExampleLogin(value) || isPlaceholder(value) ? [] : [{ start, end, what, value }];
  });
}

/** How manuals write a token that is none. Long ones are keys of many lines, in which chance writes anything. */
function isPlaceholder(secret: string): boolean {
  return secret.length <= 250 && /example|placeholder|x{5}|your[-_]|changeme|redacted|dummy|(.)\1{7}|\.{3}|\*{3}/i.test(secret);
}

async function hitsIn(path: string, text: string): Promise<readonly TokenHit[]> {
  const hits: TokenHit[] = [];
  const source = sourceOf(path, text);
  for (const rule of preset.rules) {
    if (rule.meta.id === ownFilter || !rule.meta.supportedContentTypes.some((type) => type !== 'binary')) continue;
    const context: SecretLintRuleContext = {
      sharedOptions: {},
      createTranslator: (messages) => translatorOf(messages, text, () => hits.length < mostNamed),
      ignore: () => {},
      report: ({ message, range }) => hits.push({ start: range[0], end: range[1], what: sentence(message.message) }),
    };
    await rule.create(context, {}).file?.(source);
  }
  return hits;
}

/** What comes after is counted and not told one by one: to make each sentence the whole text is searched. */
const mostNamed = 200;

type Messages = Parameters<SecretLintRuleContext['createTranslator']>[0];

/** A rule's sentence, made without the secret: whatever stands in the text is left out of what it may say. */
function translatorOf<Known extends Messages>(
  messages: Known,
  text: string,
  isNamed: () => boolean,
): SecretLintRuleMessageTranslate<Known> {
  return (messageId, data) => {
    if (!isNamed()) return { message: '', messageId: String(messageId), data: {} };
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
