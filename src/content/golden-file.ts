// `*.golden.yaml`: golden questions in a file of their own → tests with their lines. Pure. It is no document: nothing of it reaches a bot. As with
// every file, one error keeps all of it back, and is told with its line.
import type { PlacedTest } from '../model/answer.ts';
import type { ContentConfig } from '../model/config.ts';
import type { ContentProblem, DocumentId } from '../model/document.ts';
import type { Json, JsonRecord } from '../model/json.ts';
import { type DataTree, readYaml, type Where } from './front-matter.ts';
import { type Layer, readTest } from './keys.ts';
import { didYouMean } from './similar.ts';

export interface GoldenInput {
  readonly path: string;
  readonly text: string;
  readonly content: ContentConfig;
  readonly targetNames: readonly string[];
  /** The documents that a test may name, by id and by path: name → id. */
  readonly documents: ReadonlyMap<string, DocumentId>;
  /** Ids and paths of documents that are kept back for an error of their own. Left out: none. */
  readonly blocked?: ReadonlySet<string>;
}

export interface GoldenFile {
  readonly tests: readonly PlacedTest[];
  readonly problems: readonly ContentProblem[];
}

type Report = (severity: 'error' | 'warning', where: Where, message: string) => void;

/** Every test of the file; none where anything is wrong with it. */
export function readGoldenFile(input: GoldenInput): GoldenFile {
  const { path, text } = input;
  const problems: ContentProblem[] = [];
  const { tree, problems: unread } = readYaml(text);
  for (const problem of unread) problems.push({ path, ...problem });
  if (tree === null) return { tests: [], problems };
  const report: Report = (severity, where, message) => problems.push({ path, ...tree.at(where), message, severity });
  const { items, at, defaults } = outlineOf(tree, report);
  const layer = layerOf(tree, input, report);
  const tests = items.flatMap((item, index) => {
    const where = [...at, index];
    if (!isRecord(item)) {
      report('error', where, 'a test must be a mapping with ask and expect');
      return [];
    }
    const merged = { ...defaults, ...item };
    const test = readTest(layer, merged, where, ['document']);
    const named = merged['document'];
    if (typeof named === 'string' && isBlocked(named.normalize('NFC'), input)) {
      report('warning', [...where, 'document'], `"${named}" is kept back for an error of its own, and so is this test`);
      return [];
    }
    const document = documentOf(named ?? null, [...where, 'document'], input, report);
    if (test?.cite === true && document === null) report('error', where, '"cite" needs a "document" that the answer is to rest on');
    return test === null ? [] : [{ ...test, document, path, line: tree.at(where).line }];
  });
  return { tests: problems.some(({ severity }) => severity === 'error') ? [] : tests, problems };
}

function layerOf(tree: DataTree, { content, targetNames }: GoldenInput, report: Report): Layer {
  // Of the tree a reader of tests asks for scalars as they were written, and nothing else.
  return { kind: 'tests', tree: { data: {}, at: tree.at, source: tree.source }, content, targetNames, report };
}

/** A list of tests, or `defaults` (document, targets, tags) and `tests`. */
function outlineOf({ data }: DataTree, report: Report): { items: readonly Json[]; at: Where; defaults: JsonRecord } {
  const nothing = { items: [], at: [], defaults: {} };
  if (Array.isArray(data)) return { items: data, at: [], defaults: {} };
  if (data === null || !isRecord(data)) {
    report('error', [], 'must be a list of tests, or a mapping of defaults and tests');
    return nothing;
  }
  const known = ['defaults', 'tests'];
  for (const name of Object.keys(data)) {
    if (!known.includes(name)) report('error', [name], `unknown key "${name}" in a file of tests${didYouMean(name, known)}`);
  }
  const defaults = data['defaults'] ?? {};
  const items = data['tests'] ?? null;
  if (!isRecord(defaults)) report('error', ['defaults'], '"defaults" must hold keys such as document, targets or tags');
  else {
    const allowed = ['document', 'targets', 'tags', 'cite', 'reject'];
    for (const name of Object.keys(defaults)) {
      if (!allowed.includes(name)) report('error', ['defaults', name], `unknown key "${name}" in defaults${didYouMean(name, allowed)}`);
    }
  }
  if (!Array.isArray(items)) report('error', items === null ? [] : ['tests'], '"tests" must be a list');
  return { items: Array.isArray(items) ? items : [], at: ['tests'], defaults: isRecord(defaults) ? defaults : {} };
}

function isBlocked(name: string, { documents, blocked }: GoldenInput): boolean {
  return blocked?.has(name) === true && !documents.has(name);
}

function documentOf(value: Json, where: Where, { documents }: GoldenInput, report: Report): DocumentId | null {
  if (value === null) return null;
  if (typeof value !== 'string') {
    report('error', where, '"document" must be the id or the path of a document');
    return null;
  }
  const name = value.normalize('NFC');
  const found = documents.get(name);
  if (found === undefined) report('error', where, `there is no document "${name}"${didYouMean(name, [...documents.keys()])}`);
  return found ?? null;
}

function isRecord(value: Json): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
