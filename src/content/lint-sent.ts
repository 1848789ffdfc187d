// Lint of exactly what a bot is given of one document: what joints, escapes, variables, formats and other targets' regions made of the file.
// What stands in the file word for word was looked at there and is left out. Pure, but for the file, read again where something is found.
import type { ContentProblem, Document } from '../model/document.ts';
import type { Part, Payload } from '../model/payload.ts';
import type { ComposedText } from './composer.ts';
import { type Linter, nothingSaid, saysSomething } from './lint.ts';
import { hiddenCharacters } from './lint-hidden.ts';
import { instructionsIn } from './lint-instructions.ts';
import { lineInSource } from './lint-place.ts';
import { bounded, type Finding, lineStarts, placeIn, problemOf, type Severities } from './lint-rules.ts';
import { surfaceOf } from './lint-text.ts';

/** What is about to be sent, and where it comes from. */
export interface Sent {
  readonly document: Document;
  readonly composed: ComposedText;
  readonly payload: Payload;
  /** What its file was told of: that is not told twice. */
  readonly known: readonly ContentProblem[];
  /** The file and those it includes, as they are now; asked for only where something was found. */
  readonly sources: () => readonly string[];
}

/** A finding in a made text: the line there, and the secret where it is one. */
interface Found {
  readonly finding: Finding;
  readonly made: string;
  readonly piece: string | null;
}

/** What lint says of it. The paths are those of the documents' files, the lines as far as they are known. */
export async function sentProblems(sent: Sent, linter: Linter, severities: Severities): Promise<readonly ContentProblem[]> {
  const { document, payload, known } = sent;
  // A rule that the file was told of warns only, else the file were blocked.
  const isNews = ({ finding }: Found) => !known.some(({ rule }) => rule === finding.rule);
  const found = (await findingsOf(sent, linter)).filter(isNews);
  const empty = isEmpty(sent) ? [{ finding: nothingSaid, made: '', piece: null }] : [];
  if (found.length + empty.length === 0) return [];
  const sources = sent.sources();
  const excused = await excusedIn(sources, document.path, found, linter);
  const real = [...found.filter(({ piece }) => piece === null || !excused.has(piece)), ...empty.filter(isNews)];
  const [own = ''] = sources;
  const where = payload.parts.length > 1 ? 'in what is given of it in parts' : 'in what is given of it';
  return real.flatMap(({ finding, made, piece }) => {
    const line = made === '' ? null : lineInSource(own, made, piece);
    return problemOf({ ...finding, line, column: null, message: `${finding.message}, ${where}` }, document.path, severities) ?? [];
  });
}

async function findingsOf(sent: Sent, linter: Linter): Promise<readonly Found[]> {
  const { document, composed, payload } = sent;
  const found: Found[] = [];
  const look = async (text: string, rules: (text: string) => Promise<readonly Finding[]> | readonly Finding[]) => {
    const lines = text.split('\n');
    for (const finding of await rules(text)) found.push({ finding, made: lines[(finding.line ?? 1) - 1] ?? '', piece: null });
  };
  // Of a text that is no longer the one that was scanned nothing was looked at.
  const wasLookedAt = (text: string) => composed.asScanned && composed.body.includes(text);
  const names = payload.parts.filter(({ title }) => !document.title.startsWith(title)).map(({ title }) => title);
  const texts = payload.parts.filter((part) => !wasLookedAt(bare(part, document))).map(({ text }) => text);
  const allowed = new Map<string, number>();
  if (texts.length > 0) for (const { message } of instructionsIn(codeOf(composed))) allowed.set(message, (allowed.get(message) ?? 0) + 1);
  for (const text of names.length === 0 ? texts : [...texts, names.join('\n')]) {
    const { findings, found: secrets } = await linter.findIn({ path: document.path, text });
    const lines = text.split('\n');
    for (const finding of findings) {
      if (finding.rule !== 'secrets' && payload.parts[0]?.format !== 'markdown') continue;
      found.push({ finding, made: lines[(finding.line ?? 1) - 1] ?? '', piece: secrets.get(finding) ?? null });
    }
    if (payload.parts[0]?.format !== 'markdown') await look(text, (made) => proseFindings(made, linter, allowed));
  }
  return found;
}

/** Of a text that shows no longer what was code: what is aimed at a model is left where the code said it as often. */
function proseFindings(text: string, linter: Linter, allowed: Map<string, number>): readonly Finding[] {
  const starts = lineStarts(text);
  const hidden = linter.isOn('hidden-text') ? hiddenCharacters(text) : [];
  const aimed = (linter.isOn('model-instructions') ? instructionsIn(text) : []).filter(({ message }) => {
    const left = allowed.get(message) ?? 0;
    allowed.set(message, left - 1);
    return left <= 0;
  });
  return [
    ...bounded(hidden.map(({ offset, message }) => ({ rule: 'hidden-text' as const, ...placeIn(starts, offset), message }))),
    ...bounded(aimed.map(({ offset, message }) => ({ rule: 'model-instructions' as const, ...placeIn(starts, offset), message }))),
  ];
}

/** The code of a text in Markdown; nothing of another. */
function codeOf({ text, syntax }: ComposedText): string {
  if (syntax !== 'markdown') return '';
  const { prose } = surfaceOf(text);
  return text.replace(/[\s\S]/g, (unit, at: number) => (prose[at] === unit && unit !== '\n' ? ' ' : unit));
}

/** A part's text between its title and the line that lets a bot cite the page. */
function bare({ text, format }: Part, { title, url }: Document): string {
  const head = format === 'markdown' ? `# ${title}\n\n` : `${title}\n\n`;
  const foot = url === null ? '' : `Source: ${url}`;
  const body = (text.startsWith(head) ? text.slice(head.length) : text).trimEnd();
  return (foot !== '' && body.endsWith(foot) ? body.slice(0, -foot.length) : body).trim();
}

/** Whether a bot would learn its title alone: the file said something, and this target gets nothing of it. */
function isEmpty({ document, composed, payload }: Sent): boolean {
  const [only] = payload.parts;
  if (payload.parts.length !== 1 || only === undefined || document.kind === 'url' || payload.kind === 'url') return false;
  if (!saysSomething(composed.text)) return true;
  const rest = only.format === 'html' ? only.text.replace(/<h1>[\s\S]*?<\/h1>/, '').replace(/<[^<>]*>/g, ' ') : bare(only, document);
  const said = document.url === null ? rest : rest.replace('Source:', '').replace(document.url, '');
  return !/[\p{L}\p{N}\p{So}]/u.test(said);
}

async function excusedIn(sources: readonly string[], path: string, found: readonly Found[], linter: Linter): Promise<ReadonlySet<string>> {
  const excused = new Set<string>();
  if (!found.some(({ piece }) => piece !== null)) return excused;
  for (const text of sources) for (const value of (await linter.findIn({ path, text })).excused) excused.add(value);
  return excused;
}
