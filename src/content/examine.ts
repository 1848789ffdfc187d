// A parsed file → what its texts say once they are composed: titles, problems, includes, links. Here it is found out, before anything is
// sent, whether a text can be made at all. Titles and questions get their variables; ids keep the words as they were written.
import type { Generator } from '../model/config.ts';
import type { ContentProblem, Document } from '../model/document.ts';
import { keyed } from '../model/json.ts';
import type { CachedFile } from './cached-file.ts';
import { type Composed, type ComposeInput, compose, type KnownLinks } from './compose.ts';
import type { IncludeFiles } from './include-files.ts';
import { landingTitle } from './landing.ts';
import type { ParsedFile } from './parse.ts';
import { pathForTitle } from './site.ts';
import { bodyOf } from './source.ts';
import type { ComposeSettings } from './steps.ts';
import { titleFromPath } from './title.ts';
import { fillText, undefinedMessage } from './variables.ts';

export interface ExamineInput {
  readonly path: string;
  /** The whole file, decoded. */
  readonly text: string;
  readonly parsed: ParsedFile;
  readonly settings: ComposeSettings;
  readonly files: IncludeFiles;
}

/** What the cache keeps of the file, but for its digest and head. */
export type Examined = Omit<CachedFile, 'digest' | 'head'>;

/** Composes every text of a file once, as for no target in particular. */
export async function examine(input: ExamineInput): Promise<Examined> {
  const { path, text, parsed, settings, files } = input;
  const log = files.log();
  const problems: ContentProblem[] = [...parsed.problems];
  const links = keyed<KnownLinks>();
  const documents: Document[] = [];
  let perTarget = false;
  const body = bodyOf(text, parsed.bodyStart);
  for (const document of parsed.documents) {
    const firstLine =
      document.kind === 'qa' ? lineOf(text, document.answer) : lineAt(text, parsed.bodyStart + leadingBlanks(text, parsed.bodyStart));
    const source = { path, text: document.kind === 'qa' ? document.answer : body, firstLine };
    const { attributes } = document;
    const base: ComposeInput = { source, settings, target: null, read: log.read, resolve: null, known: null, attributes };
    const composed = await compose(document.kind === 'qa' ? { ...base, syntax: 'markdown' } : base);
    for (const problem of composed.problems) if (!problems.some((other) => isSame(other, problem))) problems.push(problem);
    if (composed.links !== null && composed.links.sites.length > 0) links[document.id] = composed.links;
    perTarget ||= composed.perTarget;
    const found =
      parsed.isTitled || document.kind !== 'article' ? document.title : await titleOf(document, composed, base, settings.generator);
    documents.push(worded(document, filledIn(found, input, problems), input, problems));
  }
  const includes = log.facts();
  const failed = problems.some((problem) => problem.severity === 'error');
  return {
    documents: failed ? [] : documents,
    problems,
    ids: parsed.ids,
    bodyStart: parsed.bodyStart,
    ...(includes.length > 0 && { includes }),
    ...(Object.keys(links).length > 0 && { links }),
    ...(perTarget && { perTarget }),
  };
}

/** A document has one title for all bots: what only some of them may read, or none, is no part of it. */
async function titleOf(document: Document, composed: Composed, input: ComposeInput, generator: Generator | null): Promise<string> {
  const open = composed.perTarget ? await compose({ ...input, target: nobody }) : composed;
  return landingTitle(document.attributes, generator) ?? open.title ?? titleFromPath(pathForTitle(document.path, generator));
}

/** No target can be called so. */
const nobody = '';

function worded(document: Document, title: string, input: ExamineInput, problems: ContentProblem[]): Document {
  if (document.kind !== 'qa') return { ...document, title };
  return { ...document, title, question: filledIn(document.question, input, problems) };
}

/** A title or question with its variables; what has no value is reported where the words stand in the file. */
function filledIn(words: string, { path, text, settings }: ExamineInput, problems: ContentProblem[]): string {
  const { text: filled, missing } = fillText(words, settings.variables);
  if (/<!--\s*\/?kb\b/i.test(words)) {
    const message = 'a title or question is for every bot: a region (kb:ignore, kb:only) has no place in it';
    problems.push({ path, line: lineAt(text, Math.max(0, text.indexOf('kb:'))), column: null, message, severity: 'error' });
  }
  for (const name of settings.undefinedVariable === 'off' ? [] : missing) {
    const at = new RegExp(`\\{\\{[ \\t]*${name.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')}[ \\t]*\\}\\}`).exec(text)?.index ?? 0;
    const problem: ContentProblem = {
      path,
      line: lineAt(text, at),
      column: at - text.lastIndexOf('\n', at - 1),
      message: undefinedMessage(name, settings.variables),
      severity: settings.undefinedVariable === 'warning' ? 'warning' : 'error',
      rule: 'undefined-variable',
    };
    if (!problems.some((other) => isSame(other, problem))) problems.push(problem);
  }
  return filled;
}

function isSame(a: ContentProblem, b: ContentProblem): boolean {
  return a.path === b.path && a.line === b.line && a.message === b.message;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Blank lines before the body belong to neither head nor body. */
function leadingBlanks(text: string, bodyStart: number): number {
  return /^(?:[ \t]*\n)*/.exec(text.slice(bodyStart))?.[0].length ?? 0;
}

/** The line that a text from the front matter begins in; indented and quoted there, only its first words are looked for. */
function lineOf(text: string, answer: string): number {
  const first =
    answer
      .split('\n')
      .find((line) => line.trim() !== '')
      ?.trim() ?? '';
  const at = first === '' ? -1 : text.indexOf(first);
  return at < 0 ? 1 : lineAt(text, at);
}
