// What lint finds only by looking at the whole folder: links that lead nowhere, and documents that say almost the same. Pure.
import type { ContentProblem, Document } from '../model/document.ts';
import type { CachedFile, ScanCache } from './cached-file.ts';
import { brokenLinks, type FenceBetween, internalLinks } from './composer.ts';
import type { LinkResolver } from './links.ts';
import { type Severities, severityOf } from './lint-rules.ts';
import { type Signed, twinsAmong } from './lint-twins.ts';

export interface FolderInput {
  readonly severities: Severities;
  /** Every file that could be read, by path, in the order of the folder. */
  readonly files: ReadonlyMap<string, CachedFile>;
  /** Files at fault already: they are no duplicates of anything. */
  readonly blocked: ReadonlyMap<string, string>;
  readonly resolve: LinkResolver;
  readonly reach: (document: Document) => readonly string[];
  /** By default no fence stands between any two documents. */
  readonly fence?: FenceBetween | undefined;
  readonly cache: ScanCache | null;
}

/** A problem and the files that it blocks where it is an error. */
export interface Shared {
  readonly problem: ContentProblem;
  readonly paths: readonly string[];
}

/** All findings of the folder as a whole. */
export function folderFindings({ severities, files, blocked, resolve, reach, fence, cache }: FolderInput): readonly Shared[] {
  const links = severityOf({ 'broken-link': 'warning', ...severities }, 'broken-link');
  const inner = severityOf(severities, 'internal-link');
  const led = [
    ...(links === null ? [] : brokenLinks(files, resolve, links)),
    ...(inner === null || fence === undefined ? [] : internalLinks(files, resolve, fence, inner)),
  ];
  const broken = led.map(({ path, problem }) => ({ problem, paths: [path] }));
  const twins = severityOf(severities, 'near-duplicate');
  if (twins === null) return broken;
  const atFault = new Set(broken.filter(({ problem }) => problem.severity === 'error').flatMap(({ paths }) => paths));
  const documents = [...files].flatMap(([path, file]) => (blocked.has(path) || atFault.has(path) ? [] : signedIn(file)));
  return [...broken, ...twinsAmong({ documents, severity: twins, reach, cache })];
}

/** An article's words have a signature; questions are compared as they are written. */
function signedIn({ documents, signature }: CachedFile): readonly Signed[] {
  return documents.map((document) => ({ document, signature: document.kind === 'qa' ? null : (signature ?? null) }));
}

/** What is wrong with a file that many include is told of each of them: once is enough. */
export function onceTold(problems: readonly ContentProblem[]): ContentProblem[] {
  const key = ({ path, line, column, message, rule }: ContentProblem) => `${path}\n${line}:${column} ${rule} ${message}`;
  return [...new Map(problems.map((problem) => [key(problem), problem])).values()];
}
