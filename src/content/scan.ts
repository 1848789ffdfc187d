// The content folder → its documents, everything that is wrong with it, and what is known to be missing from the picture.
// Unchanged files are taken from the cache by their stat; a file at fault is blocked, never lost.
import type { ContentConfig, Rule } from '../model/config.ts';
import type { ContentProblem, Document, DocumentId } from '../model/document.ts';
import { fingerprint } from '../model/json.ts';
import type { Payload } from '../model/payload.ts';
import type { CachedFile, ScanCache } from './cached-file.ts';
import { type Claim, claimsOf, isStated } from './claims.ts';
import { type ComposedText, type Composer, composerOf, type FenceBetween } from './composer.ts';
import { type ContentDisk, nodeDisk } from './disk.ts';
import type { Packages } from './formats/extract.ts';
import type { GoldenFile } from './golden-file.ts';
import { goldenReader } from './golden-files.ts';
import { contentScope, isIgnored, isQaPath, neverEntered, pathFilter, type Scope } from './ignore.ts';
import { type Breach, fenceBreaches } from './include-fence.ts';
import { includeFiles } from './include-files.ts';
import { fileLinter } from './lint-file.ts';
import { folderFindings, onceTold } from './lint-folder.ts';
import { lintVersion } from './lint-rules.ts';
import { orphanedFences } from './orphans.ts';
import type { ParserOptions } from './parse.ts';
import { fileReader, type Looked, ownDigest, ownTextNow, sourceNow, textNow } from './read.ts';
import { linkResolver } from './resolve.ts';
import { partialFilter } from './site.ts';
import { readSiteFacts } from './site-facts.ts';
import { parserVersion } from './source.ts';
import { settingsFor } from './steps.ts';
import { type FoundFile, pacedBy, type Walk, walkContent } from './walk.ts';

export type { CachedFile, ScanCache } from './cached-file.ts';

/** What one look at the folder found. */
export interface Scan {
  /** By path; a file's Q&A pairs follow its article. */
  readonly documents: readonly Document[];
  readonly problems: readonly ContentProblem[];
  /** False: some folder could not be listed, so absence proves nothing. */
  readonly complete: boolean;
  readonly incompleteWhy: string | null;
  readonly rootMissing: boolean;
  /** Regular files in scope. */
  readonly files: number;
  /** Files whose bytes were read, sidecars included. */
  readonly filesRead: number;
  /** Whether the rules would let this path in, also where nothing is there any more. */
  inScope(path: string): boolean;
  /** Files that are there and gave no documents because of an error: path → why. */
  readonly blockedPaths: ReadonlyMap<string, string>;
  /** Ids that a blocked file lays claim to, since it may have moved after it was pushed: id → why. */
  readonly blockedIds?: ReadonlyMap<DocumentId, string>;
  /** Every regular file in scope. */
  readonly presentPaths: ReadonlySet<string>;
  /** What files that are kept back say of who may have their documents. */
  readonly claims?: readonly Claim[] | undefined;
  /** Those that are only included in others, and no documents of their own. */
  readonly partials?: ReadonlySet<string>;
  /**
   * The body of an article as it is now; of a Q&A pair question and answer. Throws DOCUMENT_REFUSED (retry later) where the file is
   * gone, or its front matter or sidecar changed since the scan: what it says of its audience now has not been looked at.
   */
  text(document: Document): string;
  /** Of a file's bytes and its sidecar's; '' for one that is there and could not be read, null for one that is not. */
  digest?(path: string): string | null;
  /** What lint says of what a bot is given of a document, beyond what it said of its file. */
  readonly lintSent?: (document: Document, composed: ComposedText, payload: Payload) => Promise<readonly ContentProblem[]>;
  /** Paths that hold a secret, as they may be told. */
  readonly shownPaths?: ReadonlyMap<string, string>;
  /** Without it documents are given as their authors wrote them. */
  readonly composer?: Composer;
  /** The files of golden questions, read when they are asked for. Without it there are none. */
  golden?(): Promise<GoldenFile>;
}

export interface ScanInput {
  readonly content: ContentConfig;
  readonly rules: readonly Rule[];
  readonly targetNames: readonly string[];
  /** Absolute paths that are never entered: the state folder. */
  readonly neverEnter: readonly string[];
  readonly cache: ScanCache | null;
  /** Globs of files with golden questions, which are no documents. Left out: none. */
  readonly golden?: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  /** Default: this machine's. */
  readonly disk?: ContentDisk;
  /** Readers of binary documents. Default: those that are installed. */
  readonly packages?: Packages;
  /** Names of the targets that may have a document, for telling near-duplicates; by default every document can meet every other. */
  readonly reach?: (document: Document) => readonly string[];
  /** Why some target that may have the one document may not have the other, for telling links that lead out of its fence. By default none. */
  readonly fence?: FenceBetween;
  /** Secrets of the configuration, which no id is made of; `digest` is another one where they are others. By default none are known. */
  readonly secrets?: { findIn(text: string): string | null; digest(): string } | undefined;
}

/** Scans the folder. Never throws for what is in it. Saving the cache is the caller's. */
export async function scanContent(input: ScanInput): Promise<Scan> {
  const { content, rules, targetNames, neverEnter, cache, now, disk = nodeDisk, packages = null, secrets } = input;
  const pace = pacedBy(now);
  const scope = contentScope(content);
  const isGolden = pathFilter(input.golden ?? [], { dot: false });
  const walk = await walkContent({ root: content.root, scope, gitignore: content.gitignore, neverEnter, disk, pace, beside: isGolden });
  const report: Report = { problems: [...walk.problems], blocked: new Map(walk.unreadable) };
  const presentPaths = new Set([...walk.files.map((file) => file.path), ...walk.unreadable.keys()]);
  const isPartial = partialFilter(content);
  const listed = distinctNames(onceEach(walk.files, report), report);
  const partials = new Set(listed.filter(({ path }) => isPartial(path)).map(({ path }) => path));
  const found = supported(
    listed.filter(({ path }) => !partials.has(path)),
    report,
  );

  const { frontMatter, defaults, site } = content;
  const facts = readSiteFacts(content.root, site, disk);
  const settings = settingsFor(content, targetNames);
  const parseKey = {
    parserVersion,
    frontMatter: { key: frontMatter.key, map: frontMatter.map },
    defaults,
    site:
      site === null
        ? null
        : {
            url: site.url,
            generator: site.generator,
            pages: site.pages ?? null,
            isSiteFolder: facts.isSiteFolder,
            versions: facts.versions,
          },
    rules: rules.map(({ match, set }) => ({ match, set })),
    targetNames,
    variables: content.variables,
    partials: content.partials,
    lint: { lintVersion, ...content.lint },
    ...(secrets !== undefined && secrets.digest() !== '' && { secrets: secrets.digest() }),
  };
  const hides = secrets === undefined ? undefined : (text: string) => secrets.findIn(text) !== null;
  const parser = { content, rules, targetNames, site: facts, hides };
  cache?.begin(fingerprint(parseKey));
  const includes = includeFiles(content.root, neverEnter, disk);
  const lint = fileLinter(content.lint, includes);
  const reader = fileReader({ parser, cache, disk, now, settings, includes, packages, lint });
  const looked: Looked[] = [];
  for (const file of found) {
    const turn = pace();
    if (turn !== null) {
      input.onProgress?.({ done: looked.length, total: found.length });
      await turn;
    }
    const result = await reader.look(file);
    if (result === null) presentPaths.delete(file.path);
    else looked.push(result);
  }
  tellMissing(looked, report);
  for (const each of looked) judge(each, report);
  blockDuplicates(looked, report);
  const everything = looked.flatMap(({ file }) => file?.documents ?? []);
  const resolve = linkResolver({ site, rootName: settings.rootName, documents: everything, exists: includes.exists });
  const files = new Map(looked.flatMap(({ found: { path }, file }): [string, CachedFile][] => (file === null ? [] : [[path, file]])));
  const whole = {
    severities: content.lint,
    files,
    blocked: report.blocked,
    resolve,
    reach: input.reach ?? anyTarget,
    fence: input.fence,
    cache,
  };
  for (const { problem, paths } of folderFindings(whole)) tell(problem, paths, report);
  for (const { problem, paths } of await orphanedFences({ orphans: walk.orphans, looked, content, disk })) tell(problem, paths, report);
  const breaches = await fenceBreaches({ files, listed, includes, parser });
  for (const { problem, path } of breaches) tell(problem, [path], report);
  const kept = new Map(looked.filter(({ found: { path } }) => !report.blocked.has(path)).map((each) => [each.found.path, each]));
  const documents = [...kept.values()].flatMap(({ file }) => file?.documents ?? []);
  if (walk.incomplete.length === 0) cache?.prune(presentPaths);
  const blockedIds = idsOfBlocked(looked, report, documents);
  const claims = await blockedClaims(report.blocked, files, breaches, parser);
  return {
    claims,
    documents,
    problems: onceTold(report.problems).sort(byPlace),
    complete: walk.incomplete.length === 0,
    incompleteWhy: walk.incomplete.length === 0 ? null : walk.incomplete.join('; '),
    rootMissing: walk.rootMissing,
    files: presentPaths.size,
    filesRead: reader.filesRead(),
    inScope: (path) => isInScope(path, scope, walk),
    blockedPaths: report.blocked,
    blockedIds,
    presentPaths,
    partials,
    text: (document) => textNow(document, kept.get(document.path), disk),
    digest(path) {
      const file = files.get(path);
      return file === undefined ? (presentPaths.has(path) ? '' : null) : ownDigest(file);
    },
    lintSent: (document, composed, payload) => {
      const { path } = document;
      const sources = () => [
        document.kind === 'file' ? '' : sourceNow(kept.get(path), disk),
        ...(files.get(path)?.includes ?? []).map((fact) => textOf(includes.log().read(fact.path))),
      ];
      return lint.sent({ document, composed, payload, known: files.get(path)?.problems ?? [], sources });
    },
    shownPaths: shownPaths(files),
    golden: goldenReader({
      files: walk.beside,
      documents,
      blocked: [...report.blocked.keys(), ...blockedIds.keys()],
      content,
      targetNames,
      disk,
    }),
    composer: composerOf({
      root: content.root,
      neverEnter,
      disk,
      settings,
      files,
      resolve,
      textNow: (document) => ownTextNow(document, kept.get(document.path), { disk, packages }),
    }),
  };
}

function shownPaths(files: ReadonlyMap<string, CachedFile>): ReadonlyMap<string, string> {
  const shown = new Map<string, string>();
  for (const [path, file] of files) if (file.shown !== undefined) shown.set(path, file.shown);
  return shown;
}

function textOf(found: ReturnType<ReturnType<ReturnType<typeof includeFiles>['log']>['read']>): string {
  return found.kind === 'text' ? found.text : '';
}

/** A problem of several files together: an error blocks them all. */
function tell(problem: ContentProblem, paths: readonly string[], report: Report): void {
  report.problems.push(problem);
  if (problem.severity !== 'error') return;
  const line = problem.line === null ? '' : `line ${problem.line}: `;
  for (const path of paths) if (!report.blocked.has(path)) report.blocked.set(path, `${line}${problem.message}`);
}

/** What the files that are kept back say of who may have them; of one that cannot be read, what the rules say of its path. */
async function blockedClaims(
  blocked: ReadonlyMap<string, string>,
  files: ReadonlyMap<string, CachedFile>,
  breaches: readonly Breach[],
  parser: ParserOptions,
): Promise<readonly Claim[]> {
  if (blocked.size === 0) return [];
  const { fileParser } = await import('./parse.ts');
  const { content } = parser;
  const byRules = fileParser({ ...parser, content: { ...content, defaults: { ...content.defaults, audience: null } } });
  return [...blocked.keys()].flatMap((path) => {
    const file = files.get(path);
    const claims = file === undefined || file.documents.length === 0 ? (file?.claims ?? []) : claimsOf(file.documents, false);
    if (claims.length === 0) return byRules({ path, text: '', sidecar: null }).claims.filter(isStated);
    const includes = breaches.filter((breach) => breach.path === path).map(({ included }) => included);
    return includes.length === 0 ? claims : claims.map((claim) => ({ ...claim, includes }));
  });
}

function anyTarget(): readonly string[] {
  return [''];
}

interface Report {
  readonly problems: ContentProblem[];
  readonly blocked: Map<string, string>;
}

function byPlace(a: ContentProblem, b: ContentProblem): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

function isInScope(path: string, scope: Scope, walk: Walk): boolean {
  const names = path.split('/');
  const folders = names.slice(0, -1);
  const through = (count: number) => names.slice(0, count).join('/');
  const entered = folders.every((name, index) => !neverEntered.has(name) && scope.enters(through(index + 1)));
  const followed = walk.closed.size === 0 || !names.some((_, index) => walk.closed.has(through(index + 1)));
  return entered && followed && scope.takes(path) && !isIgnored(walk.ignores, path) && !walk.beside.has(path);
}

/** A file that links reach as well counts once: under its own path, else under the first link's. */
function onceEach(files: readonly FoundFile[], report: Report): readonly FoundFile[] {
  if (!files.some((file) => file.linked)) return files;
  const taken = new Map(files.filter((file) => !file.linked).map((file) => [file.real, file.path]));
  const told = new Set<string>();
  return files.filter((file) => {
    const other = taken.get(file.real);
    if (!file.linked || other === undefined) {
      taken.set(file.real, file.path);
      return true;
    }
    const folder = file.path.slice(0, file.path.lastIndexOf('/') + 1);
    const message = `a link leads to it, and it is read as ${other} already`;
    if (!told.has(folder)) report.problems.push({ path: file.path, line: null, column: null, message, severity: 'warning' });
    told.add(folder);
    return false;
  });
}

function distinctNames(files: readonly FoundFile[], report: Report): readonly FoundFile[] {
  const byPath = new Map<string, FoundFile[]>();
  for (const file of files) {
    const same = byPath.get(file.path);
    if (same === undefined) byPath.set(file.path, [file]);
    else same.push(file);
  }
  return [...byPath].flatMap(([path, same]) => {
    if (same.length === 1) return same;
    const names = same.map((file) => encodeURI(file.absolute.split('/').at(-1) ?? '')).join(' and ');
    const message = `names that differ in their Unicode form only: ${names}; rename or remove one`;
    report.problems.push({ path, line: null, column: null, message, severity: 'error' });
    report.blocked.set(path, message);
    return [];
  });
}

/** Other formats are named once each, not once a file: nothing of them ever reached a bot. */
function supported(files: readonly FoundFile[], report: Report): readonly FoundFile[] {
  const others = new Map<string, FoundFile[]>();
  const known = files.filter((file) => {
    if (/\.(?:md|mdx|markdown|txt|html?|pdf|docx)$/i.test(file.path) || isQaPath(file.path)) return true;
    const format = /\.[^./]+$/.exec(file.path)?.[0].toLowerCase() ?? 'no extension';
    others.set(format, [...(others.get(format) ?? []), file]);
    return false;
  });
  for (const [format, [first, ...rest]] of others) {
    if (first === undefined) continue;
    const more = rest.length === 0 ? '' : ` (and ${rest.length} more)`;
    const message = `nothing here reads ${format}${more}: left out; narrow content.include to silence this`;
    report.problems.push({ path: first.path, line: null, column: null, message, severity: 'warning' });
  }
  return known;
}

/** Once a format: what is missing is a package, not a file. */
function tellMissing(looked: readonly Looked[], report: Report): void {
  const byFormat = new Map<string, { readonly path: string; readonly package: string; count: number }>();
  for (const { found, missing } of looked) {
    if (missing === undefined) continue;
    const known = byFormat.get(missing.format);
    if (known !== undefined) known.count += 1;
    else byFormat.set(missing.format, { path: found.path, package: missing.package, count: 1 });
    report.blocked.set(found.path, `the package ${missing.package}, which reads ${missing.format}, is not installed`);
  }
  for (const [format, { path, package: name, count }] of byFormat) {
    const more = count === 1 ? '' : ` (and ${count - 1} more)`;
    const message = `${format} is read by the package ${name}, which is not installed${more}: left as it is; npm install ${name}`;
    report.problems.push({ path, line: null, column: null, message, severity: 'warning' });
  }
}

function judge({ found, file, fault }: Looked, report: Report): void {
  report.problems.push(...(file?.problems ?? []), ...(fault === null ? [] : [fault]));
  const error = fault ?? file?.problems.find((problem) => problem.severity === 'error');
  if (error === undefined) return;
  const line = error.line === null ? '' : `line ${error.line}: `;
  report.blocked.set(found.path, `${error.path === found.path ? '' : `${error.path}: `}${line}${error.message}`);
}

/** Nobody can tell which of two is meant: both stay as they are. */
function blockDuplicates(looked: readonly Looked[], report: Report): void {
  const claims = new Map<DocumentId, string[]>();
  for (const { found, file } of looked) {
    for (const { id } of file?.documents ?? []) {
      const paths = claims.get(id);
      if (paths === undefined) claims.set(id, [found.path]);
      else paths.push(found.path);
    }
  }
  for (const [id, paths] of claims) {
    if (paths.length < 2) continue;
    for (const path of paths) {
      const others = paths.filter((other) => other !== path);
      if (report.blocked.has(path)) continue;
      const message = `the id "${id}" is also that of ${others.join(', ') || 'another part of this file'}`;
      report.problems.push({ path, line: null, column: null, message, severity: 'error' });
      report.blocked.set(path, message);
    }
  }
}

function idsOfBlocked(looked: readonly Looked[], report: Report, documents: readonly Document[]): ReadonlyMap<DocumentId, string> {
  const ids = new Map<DocumentId, string>();
  for (const { found, file } of looked) {
    const why = report.blocked.get(found.path);
    if (why !== undefined) for (const id of file?.ids ?? []) ids.set(id, why);
  }
  for (const { id } of documents) ids.delete(id);
  return ids;
}
