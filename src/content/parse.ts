// One file → its documents, and what is wrong with it. Pure. Front matter is stronger than the sidecar, the sidecar than rules, a later
// rule than an earlier one (a change here that gives other documents raises parserVersion in source.ts). A file with an error gives no documents at all: half of what it says could be the half without its fence.
import type { ContentConfig, Rule } from '../model/config.ts';
import type { ContentProblem, Document, DocumentId } from '../model/document.ts';
import { fingerprint } from '../model/json.ts';
import { type Claim, claimsOf, isStated } from './claims.ts';
import { type KeyTree, readFrontMatter, readSidecar } from './front-matter.ts';
import { isQaPath, pathFilter, withQaFiles } from './ignore.ts';
import { type Layer, type LayerKind, readLayer, type Stated } from './keys.ts';
import { distributionOf, overlay, sortedAttributes } from './overlay.ts';
import { readQaFile } from './qa-file.ts';
import { type Page, pathForTitle, type SiteFacts, urlOf } from './site.ts';
import { type Hides, questionKey, uniqueKeys } from './slug.ts';
import { bodyOf } from './source.ts';
import { firstHeading, titleFromPath } from './title.ts';

export interface ParsedFile {
  readonly documents: readonly Document[];
  readonly problems: readonly ContentProblem[];
  /** Where the body begins in the decoded text. */
  readonly bodyStart: number;
  /** Ids that the file lays claim to, also where it gives no documents because of an error. */
  readonly ids: readonly DocumentId[];
  /** Front matter, sidecar or a rule states the title. */
  readonly isTitled?: boolean;
  /** What the file says of who may have it, errors or not. */
  readonly claims: readonly Claim[];
  /** Its own front matter states an audience. */
  readonly statesAudience?: boolean;
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
  /** What the folder tells of the site; by default nothing. */
  readonly site?: SiteFacts;
  /** By default nothing is hidden. */
  readonly hides?: Hides | undefined;
}

/** A parser for the files of one configuration. */
export function fileParser(options: ParserOptions): (file: FileSource) => ParsedFile {
  const rules = options.rules.map((rule, index) => ({ rule, index, matches: withQaFiles(pathFilter([rule.match], { dot: true })) }));
  const rulesFor = (file: FileSource, problems: ContentProblem[]): Stated[] =>
    rules.flatMap(({ rule, index, matches }) => {
      if (!matches(file.path)) return [];
      const report: Layer['report'] = (severity, _where, message) => {
        problems.push({ path: file.path, line: null, column: null, message: `rule ${index + 1} (${rule.match}): ${message}`, severity });
      };
      return [readLayer({ kind: 'rule', tree: treeOfRule(rule), content: options.content, targetNames: options.targetNames, report })];
    });
  const parseQaFile = (file: FileSource): ParsedFile => {
    const problems: ContentProblem[] = [];
    const stated = rulesFor(file, problems);
    const beside = file.sidecar === null ? null : readSidecar(file.sidecar.text);
    for (const problem of beside?.problems ?? []) problems.push({ path: file.sidecar?.path ?? file.path, ...problem });
    if (beside?.keys) {
      const tree = beside.keys;
      const report: Layer['report'] = (severity, where, message) =>
        problems.push({ path: file.sidecar?.path ?? file.path, ...tree.at(where), message, severity });
      const layer = readLayer({ kind: 'sidecar', tree, content: options.content, targetNames: options.targetNames, report });
      // It may stand beside a document of the same name: what tells that one apart is none of the pairs'.
      stated.push({ ...layer, id: null, title: null, url: null, faq: null, tests: null });
    }
    const found = readQaFile({ ...options, path: file.path, text: file.text, rules: stated });
    problems.push(...found.problems);
    const failed = problems.some((problem) => problem.severity === 'error');
    const claims = claimsOf(found.documents, problems.some(isAboutAudience));
    return { documents: failed ? [] : found.documents, problems, bodyStart: 0, ids: claims.map(({ id }) => id), claims };
  };
  return (file) => {
    const problems: ContentProblem[] = [];
    if (isQaPath(file.path)) return parseQaFile(file);
    const front = readFrontMatter(file.text, options.content.frontMatter.key);
    const beside = file.sidecar === null ? null : readSidecar(file.sidecar.text);
    for (const problem of front.problems) problems.push({ path: file.path, ...problem });
    for (const problem of beside?.problems ?? []) problems.push({ path: file.sidecar?.path ?? file.path, ...problem });

    const layers: Stated[] = [];
    const read = (kind: LayerKind, tree: KeyTree, path: string) => {
      const report: Layer['report'] = (severity, where, message) => problems.push({ path, ...tree.at(where), message, severity });
      layers.push(readLayer({ kind, tree, content: options.content, targetNames: options.targetNames, report }));
    };
    layers.push(...rulesFor(file, problems));
    if (beside?.keys && file.sidecar !== null) read('sidecar', beside.keys, file.sidecar.path);
    if (front.keys !== null) read('front matter', front.keys, file.path);
    const own = front.keys === null ? null : (layers.at(-1) ?? null);

    const stated = overlay(layers);
    const { publishAt, expiresAt } = stated;
    if (publishAt !== null && expiresAt !== null && Date.parse(publishAt) >= Date.parse(expiresAt)) {
      const message = `it expires (${expiresAt}) before it is published (${publishAt}): no bot will ever have it`;
      problems.push({ path: file.path, line: 1, column: null, message, severity: 'warning' });
    }
    const documents = documentsOf(file, bodyOf(file.text, front.bodyStart), stated, options);
    const failed = problems.some((problem) => problem.severity === 'error');
    // Where a layer could not be read at all, only what the others state counts: the defaults may be the very thing it overrides.
    const isUnread = [...front.problems, ...(beside?.problems ?? [])].some(({ severity }) => severity === 'error');
    const claims = claimsOf(documents, problems.some(isAboutAudience));
    const known = isUnread
      ? claims.map((claim) => ({ ...claim, distribution: distributionOf(stated, noDefaults) })).filter(isStated)
      : claims;
    return {
      documents: failed ? [] : documents,
      problems,
      bodyStart: front.bodyStart,
      ids: documents.map((document) => document.id),
      isTitled: stated.title !== null,
      claims: known,
      statesAudience: own?.audience != null,
    };
  };
}

const noDefaults = { defaults: { audience: null } };

/** An audience that is stated, and cannot be read. */
function isAboutAudience({ severity, message }: ContentProblem): boolean {
  return severity === 'error' && /^(?:rule \d+ \(.*\): )?"(?:[^"]*\.)?audience"/.test(message);
}

function treeOfRule(rule: Rule): KeyTree {
  return { data: rule.set, at: () => ({ line: 1, column: null }), source: () => null };
}

function documentsOf(file: FileSource, body: string, stated: Stated, options: ParserOptions): readonly Document[] {
  const { content, site } = options;
  const shared = {
    path: file.path,
    url: stated.url ?? urlOf(pageOf(file, stated, content), content.site, site),
    attributes: sortedAttributes(stated),
    distribution: distributionOf(stated, content),
  };
  const id = stated.id ?? file.path;
  const article: Document = {
    ...shared,
    kind: 'article',
    id,
    title: stated.title ?? firstHeading(body)?.text ?? titleFromPath(pathForTitle(file.path, content.site?.generator ?? null)),
    tests: stated.tests ?? [],
    body: fingerprint(body),
  };
  const unique = uniqueKeys();
  const pairs = (stated.faq ?? []).map(
    ({ q, a }): Document => ({
      ...shared,
      kind: 'qa',
      id: `${id}#qa-${unique(questionKey(q, options.hides))}`,
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

/** Where an existing `id` was mapped to ours, the site's generator still goes by it. */
function pageOf(file: FileSource, stated: Stated, { frontMatter }: ContentConfig): Page {
  const isMapped = frontMatter.map['id'] === 'id' && stated.id !== null;
  return { path: file.path, attributes: isMapped ? { ...stated.attributes, id: stated.id } : stated.attributes };
}
