// Which paths of the folder are content: include and exclude patterns, .kbsyncignore and .gitignore. Pure. Owns picomatch and ignore.
import ignore from 'ignore';
import picomatch from 'picomatch';
import type { ContentConfig } from '../model/config.ts';

/** Matches paths (forward slashes, NFC) against patterns; `!pattern` takes away; a bare folder name means all below it. */
export function pathFilter(patterns: readonly string[], options: { readonly dot: boolean }): (path: string) => boolean {
  const isNegated = (pattern: string) => pattern.startsWith('!') && !pattern.startsWith('!(');
  const takes = patterns.filter((pattern) => !isNegated(pattern)).flatMap(expand);
  const leaves = patterns.filter(isNegated).flatMap((pattern) => expand(pattern.slice(1)));
  // Nothing but `!x`: all but x.
  const wanted = compile(takes.length === 0 && leaves.length > 0 ? ['**'] : takes, options.dot);
  const unwanted = compile(leaves, true);
  return (path) => wanted(path) && !unwanted(path);
}

/** The flag: a line end is a character of a name like any other, or `**` would silently leave such a file out. */
function compile(patterns: readonly string[], dot: boolean): (path: string) => boolean {
  return patterns.length === 0 ? () => false : picomatch([...patterns], { dot, nonegate: true, flags: 's' });
}

function expand(pattern: string): readonly string[] {
  const clean = pattern.normalize('NFC').replace(/^(?:\.\/)+/, '');
  if (clean.endsWith('/')) return [`${clean}**`];
  return /[*?[\](){}!+@|]/.test(clean) || clean === '' ? [clean] : [clean, `${clean}/**`];
}

const qaFile = /^(.+)\.qa\.ya?ml$/;

/** Whether a path is that of a Q&A file, `faq.qa.yaml`. */
export function isQaPath(path: string): boolean {
  return qaFile.test(path);
}

/** The Markdown file that a Q&A file would stand beside: `faq.md` for `faq.qa.yaml`; null for other paths. */
export function articleOf(path: string): string | null {
  return qaFile.test(path) ? path.replace(qaFile, '$1.md') : null;
}

/** Patterns that name `*.md` mean the questions beside their articles as well: a fence that is set so holds for both. */
export function withQaFiles(matches: (path: string) => boolean): (path: string) => boolean {
  return (path) => {
    const article = articleOf(path);
    return matches(path) || (article !== null && matches(article));
  };
}

/** Whether ignore files leave a file out; a Q&A file also where they leave out the article of its name. */
export function isIgnored(rules: Pick<IgnoreRules, 'ignores'>, path: string): boolean {
  const article = articleOf(path);
  return rules.ignores(path, false) || (article !== null && rules.ignores(article, false));
}

/** Folders that are never entered, whatever the patterns say. */
export const neverEntered: ReadonlySet<string> = new Set(['.git', 'node_modules']);

export interface Scope {
  /** Whether include and exclude let a file in. */
  takes(path: string): boolean;
  /** Whether anything below a folder could be let in: what cannot is not even listed. */
  enters(folder: string): boolean;
}

/** The scope that a configuration describes; ignore files are not part of it. */
export function contentScope(content: Pick<ContentConfig, 'include' | 'exclude'>): Scope {
  const included = pathFilter(content.include, { dot: false });
  const excludes = content.exclude.flatMap(expand);
  const excluded = compile(excludes, true);
  // `x/**` matches x itself, so a folder that such a pattern matches has nothing below it that is wanted.
  const pruned = compile(
    excludes.filter((pattern) => pattern.endsWith('/**')),
    true,
  );
  const bases = content.include
    .filter((pattern) => !pattern.startsWith('!'))
    .flatMap(expand)
    .map((pattern) => picomatch.scan(pattern).base);
  const namesDotFiles = content.include.some((pattern) => /(^|[/{,(|])\.(?![./]|$)/.test(pattern.replace(/^(?:\.\/)+/, '')));
  return {
    takes(path) {
      if (included(path)) return !excluded(path);
      // What keeps the article of that name out keeps its questions out.
      const article = articleOf(path);
      return article !== null && included(article) && !excluded(article) && !excluded(path);
    },
    enters(folder) {
      if (!namesDotFiles && /(^|\/)\./.test(folder)) return false;
      const near = bases.some((base) => base === '' || base === folder || folder.startsWith(`${base}/`) || base.startsWith(`${folder}/`));
      return near && !pruned(folder);
    },
  };
}

/** Ignore files met so far; they cascade: the deepest one that has a word on a path decides. */
export interface IgnoreRules {
  /** Texts in gitignore syntax that stand in a folder ('' for the root); later texts win over earlier ones. */
  add(folder: string, texts: readonly string[]): void;
  /** Rules of a folder above the root; `rootFromThere` is the root's path relative to it. False: they ignore the root itself, and are left out. */
  addAbove(rootFromThere: string, text: string): boolean;
  /** Whether a path is ignored, by itself or with a folder above it. */
  ignores(path: string, isFolder: boolean): boolean;
}

type Verdict = boolean | null;

/** An empty set of ignore rules. */
export function ignoreRules(): IgnoreRules {
  const above: ((path: string) => Verdict)[] = [];
  const below = new Map<string, (path: string) => Verdict>();
  const known = new Map<string, boolean>();

  const decide = (path: string, isFolder: boolean): boolean => {
    const name = isFolder ? `${path}/` : path;
    let ignored = false;
    for (const level of above) ignored = level(name) ?? ignored;
    for (let end = -1; ; end = path.indexOf('/', end + 1)) {
      const folder = end < 0 ? '' : path.slice(0, end);
      ignored = below.get(folder)?.(name.slice(end + 1)) ?? ignored;
      if (path.indexOf('/', end + 1) < 0) return ignored;
    }
  };
  const ignoresFolder = (folder: string): boolean => {
    const before = known.get(folder);
    if (before !== undefined) return before;
    const parent = parentOf(folder);
    const ignored = (parent !== '' && ignoresFolder(parent)) || decide(folder, true);
    known.set(folder, ignored);
    return ignored;
  };
  return {
    add(folder, texts) {
      known.clear();
      below.set(folder, level(texts));
    },
    addAbove(rootFromThere, text) {
      const rules = level([text]);
      const parts = rootFromThere.split('/');
      if (parts.some((_, index) => rules(`${parts.slice(0, index + 1).join('/')}/`) === true)) return false;
      known.clear();
      above.push((path) => rules(`${rootFromThere}/${path}`));
      return true;
    },
    ignores(path, isFolder) {
      if (isFolder) return ignoresFolder(path);
      const parent = parentOf(path);
      return (parent !== '' && ignoresFolder(parent)) || decide(path, false);
    },
  };
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** What one folder's rules say of a path relative to it (folders end in a slash): ignored, wanted after all, or nothing. */
function level(texts: readonly string[]): (path: string) => Verdict {
  const rules = ignore({ ignorecase: false }).add(texts.map((text) => text.replace(/^\uFEFF/, '').normalize('NFC')).join('\n'));
  return (path) => {
    const { ignored, unignored } = rules.test(path);
    if (!ignored) return unignored ? false : null;
    // Ignored only with its folder: whoever asks has found that folder wanted, so a deeper rule took it back in.
    const parent = parentOf(path.replace(/\/$/, ''));
    return parent !== '' && rules.test(`${parent}/`).ignored ? null : true;
  };
}
