// `*.qa.yaml`: a list of question/answer pairs, or `defaults` and `pairs` → one document a pair. Pure. As with every file, one error keeps
// all of it back: a pair that cannot be read could be the one with the fence.
import type { ContentConfig } from '../model/config.ts';
import type { ContentProblem, Document } from '../model/document.ts';
import { fingerprint, type Json, type JsonRecord } from '../model/json.ts';
import { type DataTree, readYaml, type Where } from './front-matter.ts';
import { type LayerKind, readLayer, type Stated } from './keys.ts';
import { distributionOf, overlay, sortedAttributes } from './overlay.ts';
import { didYouMean } from './similar.ts';
import { type Hides, questionKey, uniqueKeys } from './slug.ts';

export interface QaFileInput {
  readonly path: string;
  readonly text: string;
  readonly content: ContentConfig;
  readonly targetNames: readonly string[];
  /** What the rules state of this path, weakest first. */
  readonly rules: readonly Stated[];
  readonly hides?: Hides | undefined;
}

export interface QaFile {
  readonly documents: readonly Document[];
  readonly problems: readonly ContentProblem[];
}

type Report = (severity: 'error' | 'warning', where: Where, message: string) => void;

/** Every pair of the file as a document, also where something is wrong with it: the caller keeps them back then, but knows their ids. */
export function readQaFile(input: QaFileInput): QaFile {
  const { path, text } = input;
  const problems: ContentProblem[] = [];
  const { tree, problems: unread } = readYaml(text);
  for (const problem of unread) problems.push({ path, ...problem });
  if (tree === null) return { documents: [], problems };
  const report: Report = (severity, where, message) => problems.push({ path, ...tree.at(where), message, severity });
  const { pairs, at, defaults } = outlineOf(tree, report);
  const layer = (kind: LayerKind, data: JsonRecord, prefix: Where): Stated => {
    const view = {
      data,
      at: (where: Where) => tree.at([...prefix, ...where]),
      source: (where: Where) => tree.source([...prefix, ...where]),
    };
    const told: Report = (severity, where, message) => report(severity, [...prefix, ...where], message);
    return readLayer({ kind, tree: view, content: input.content, targetNames: input.targetNames, report: told });
  };
  const shared = [...input.rules, ...(defaults === null ? [] : [layer('defaults', defaults, ['defaults'])])];
  const base = overlay(shared).id ?? path;
  const read = pairs.flatMap((pair, index) => {
    const where = [...at, index];
    if (!isRecord(pair)) {
      report('error', where, 'a pair must be a mapping with q and a');
      return [];
    }
    const { q, a, ...keys } = pair;
    const question = required(q, tree, where, 'q', report)?.replace(/\s+/g, ' ');
    const answer = required(a, tree, where, 'a', report);
    const own = layer('pair', keys, where);
    return question === undefined || answer === undefined ? [] : [{ question, answer, own, where }];
  });
  // An id that somebody wrote is that pair's; one made from a question only has to differ.
  const unique = uniqueKeys();
  for (const { own, where } of read) {
    if (own.id !== null && unique(own.id) !== own.id) report('error', [...where, 'id'], `the id "${own.id}" stands in this file already`);
  }
  const documents = read.map(({ question, answer, own }): Document => {
    const stated = overlay([...shared, own]);
    const id = `${base}#qa-${own.id ?? unique(questionKey(question, input.hides))}`;
    const body = fingerprint(`${question}\n\n${answer}`);
    const common = {
      path,
      url: stated.url,
      attributes: sortedAttributes(stated),
      distribution: distributionOf(stated, input.content),
    };
    return { ...common, kind: 'qa', id, title: question, question, answer, parent: base, tests: stated.tests ?? [], body };
  });
  return { documents, problems };
}

/** Where the pairs stand, and what holds for all of them. */
function outlineOf({ data }: DataTree, report: Report): { pairs: readonly Json[]; at: Where; defaults: JsonRecord | null } {
  const nothing = { pairs: [], at: [], defaults: null };
  if (data === null || (isList(data) && data.length === 0)) {
    // A file that an editor is just writing looks like this, too: what the bots know of it stays until it says something, or is gone.
    report('error', [], 'holds no pairs; delete the file to take its pairs out of the bots');
    return nothing;
  }
  if (isList(data)) return { pairs: data, at: [], defaults: null };
  if (!isRecord(data)) {
    report('error', [], 'must be a list of pairs, or a mapping of defaults and pairs');
    return nothing;
  }
  const known = ['defaults', 'pairs'];
  for (const name of Object.keys(data)) {
    if (!known.includes(name)) report('error', [name], `unknown key "${name}" in a Q&A file${didYouMean(name, known)}`);
  }
  const defaults = data['defaults'] ?? null;
  if (defaults !== null && !isRecord(defaults)) report('error', ['defaults'], '"defaults" must hold keys such as audience or tags');
  const pairs = data['pairs'] ?? null;
  if (pairs === null) report('error', ['pairs'], '"pairs" is missing: the list of questions and answers');
  else if (!isList(pairs)) report('error', ['pairs'], '"pairs" must be a list');
  else if (pairs.length === 0) report('error', ['pairs'], '"pairs" is empty; delete the file to take its pairs out of the bots');
  return {
    pairs: pairs !== null && isList(pairs) ? pairs : [],
    at: ['pairs'],
    defaults: defaults !== null && isRecord(defaults) ? defaults : null,
  };
}

function required(value: Json | undefined, tree: DataTree, where: Where, name: string, report: Report): string | undefined {
  if (value === undefined || value === null) {
    report('error', where, `"${name}" is missing in a pair`);
    return undefined;
  }
  const text = typeof value === 'string' ? value : typeof value === 'object' ? null : (tree.source([...where, name]) ?? String(value));
  if (text !== null && text.trim() !== '') return text.trim();
  report('error', [...where, name], `"${name}" must be a text${text === null ? '' : ' that is not empty'}`);
  return undefined;
}

function isRecord(value: Json): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
