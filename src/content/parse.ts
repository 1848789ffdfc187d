// One file → its documents, and what is wrong with it. Pure. Front matter is stronger than the sidecar, the sidecar than rules, a later
// rule than an earlier one (a change here that gives other documents raises parserVersion in source.ts). A file with an error gives no documents at all: half of what it says could be the half without its fence.
import type { ContentConfig, Rule } from '../model/config.ts';
import type { ContentProblem, Distribution, Document, DocumentId } from '../model/document.ts';
import { fingerprint, type JsonRecord } from '../model/json.ts';
import { type KeyTree, readFrontMatter, readSidecar } from './front-matter.ts';
import { pathFilter } from './ignore.ts';
import { type LayerKind, readLayer, type Stated } from './keys.ts';
import { slugOrHash, uniqueKeys } from './slug.ts';
import { bodyOf } from './source.ts';
import { firstHeading, titleFromPath } from './title.ts';

export interface ParsedFile {
  readonly documents: readonly Document[];
  readonly problems: readonly ContentProblem[];
  /** Where the body begins in the decoded text. */
  readonly bodyStart: number;
  /** Ids that the file lays claim to, also where it gives no documents because of an error. */
  readonly ids: readonly DocumentId[];
}

export interface FileSource {
  readonly path: string;
  readonly text: string;
  readonly sidecar: { readonly path: string; readonly text: string } | null;
}

export interface ParserOptions {
  readonly content: ContentConfig;
  readonly rules: readonly Rule[];
  readonly targetNames: readonly string[];
}

/** A parser for the files of one configuration. */
export function fileParser(options: ParserOptions): (file: FileSource) => ParsedFile {
  const rules = options.rules.map((rule, index) => ({ rule, index, matches: pathFilter([rule.match], { dot: true }) }));
  return (file) => {
    const problems: ContentProblem[] = [];
    const front = readFrontMatter(file.text, options.content.frontMatter.key);
    const beside = file.sidecar === null ? null : readSidecar(file.sidecar.text);
    for (const problem of front.problems) problems.push({ path: file.path, ...problem });
    for (const problem of beside?.problems ?? []) problems.push({ path: file.sidecar?.path ?? file.path, ...problem });

    const layers: Stated[] = [];
    const read = (kind: LayerKind, tree: KeyTree, path: string, prefix: string) => {
      const report = (severity: 'error' | 'warning', where: readonly (string | number)[], message: string) => {
        const place = prefix === '' ? tree.at(where) : { line: null, column: null };
        problems.push({ path, ...place, message: prefix + message, severity });
      };
      layers.push(readLayer({ kind, tree, content: options.content, targetNames: options.targetNames, report }));
    };
    for (const { rule, index, matches } of rules) {
      if (matches(file.path)) read('rule', treeOfRule(rule), file.path, `rule ${index + 1} (${rule.match}): `);
    }
    if (beside?.keys && file.sidecar !== null) read('sidecar', beside.keys, file.sidecar.path, '');
    if (front.keys !== null) read('front matter', front.keys, file.path, '');

    const documents = documentsOf(file, bodyOf(file.text, front.bodyStart), overlay(layers), options.content);
    const failed = problems.some((problem) => problem.severity === 'error');
    return {
      documents: failed ? [] : documents,
      problems,
      bodyStart: front.bodyStart,
      ids: documents.map((document) => document.id),
    };
  };
}

function treeOfRule(rule: Rule): KeyTree {
  return { data: rule.set, at: () => ({ line: 1, column: null }), source: () => null };
}

/** Weakest first: what a later layer states hides what an earlier one stated. */
function overlay(layers: readonly Stated[]): Stated {
  const strongest = <Name extends Exclude<keyof Stated, 'attributes'>>(name: Name): Stated[Name] | null =>
    layers.findLast((layer) => layer[name] !== null)?.[name] ?? null;
  return {
    id: strongest('id'),
    title: strongest('title'),
    url: strongest('url'),
    targets: strongest('targets'),
    audience: strongest('audience'),
    draft: strongest('draft'),
    unlisted: strongest('unlisted'),
    publishAt: strongest('publishAt'),
    expiresAt: strongest('expiresAt'),
    reviewBy: strongest('reviewBy'),
    faq: strongest('faq'),
    tests: strongest('tests'),
    attributes: Object.assign({}, ...layers.map((layer) => layer.attributes)) as JsonRecord,
  };
}

function documentsOf(file: FileSource, body: string, stated: Stated, content: ContentConfig): readonly Document[] {
  const distribution: Distribution = {
    targets: stated.targets,
    audience: stated.audience ?? content.defaults.audience,
    // An unlisted page is not for everybody who asks: like a draft, it stays out of every bot.
    draft: stated.draft === true || stated.unlisted === true,
    publishAt: stated.publishAt,
    expiresAt: stated.expiresAt,
    reviewBy: stated.reviewBy,
  };
  const shared = {
    path: file.path,
    url: stated.url ?? urlFromSite(file.path, content.site),
    attributes: sorted(stated.attributes),
    distribution,
  };
  const id = stated.id ?? file.path;
  const article: Document = {
    ...shared,
    kind: 'article',
    id,
    title: stated.title ?? firstHeading(body)?.text ?? titleFromPath(file.path),
    tests: stated.tests ?? [],
    body: fingerprint(body),
  };
  const unique = uniqueKeys();
  const pairs = (stated.faq ?? []).map(
    ({ q, a }): Document => ({
      ...shared,
      kind: 'qa',
      id: `${id}#qa-${unique(slugOrHash(q, 60))}`,
      title: q,
      question: q,
      answer: a,
      parent: id,
      tests: [],
      body: fingerprint(`${q}\n\n${a}`),
    }),
  );
  return [article, ...pairs];
}

function sorted(record: JsonRecord): JsonRecord {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The plain rule: the site's address and the path without its extension; index and README are their folder. */
function urlFromSite(path: string, site: ContentConfig['site']): string | null {
  if (site === null) return null;
  const segments = path.replace(/\.[^./]+$/, '').split('/');
  if (/^(index|readme)$/i.test(segments.at(-1) ?? '')) segments[segments.length - 1] = '';
  const base = site.url.endsWith('/') ? site.url : `${site.url}/`;
  return base + segments.map(encodeURIComponent).join('/');
}
