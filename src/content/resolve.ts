// What a relative link means: which document or file of the folder it leads to, and that one's canonical address. By the path first, as it
// is written; then as a browser would, from page to page. Pure, but for the question whether a file is there.
import type { SiteConfig } from '../model/config.ts';
import type { Document } from '../model/document.ts';
import type { LinkResolver, Resolved } from './links.ts';
import { normalPath } from './walk-paths.ts';

export interface ResolverInput {
  readonly site: SiteConfig | null;
  /** Name of the content root's own folder: a path from the site's root may begin with it. */
  readonly rootName: string;
  /** Q&A pairs are left out: they have no page. */
  readonly documents: readonly Document[];
  /** Whether a path of the content folder is there at all. */
  readonly exists: (path: string) => 'file' | 'folder' | null;
}

const unknown: Resolved = { url: null, broken: false };
const indexNames = ['index', 'README', 'readme', '_index'];
const extensions = ['md', 'mdx', 'markdown', 'html', 'htm', 'txt'];

/** A resolver for one state of the folder. */
export function linkResolver({ site, rootName, documents, exists }: ResolverInput): LinkResolver {
  const byPath = new Map<string, Document>();
  const byUrl = new Map<string, Document>();
  for (const document of documents) {
    if (document.kind === 'qa') continue;
    byPath.set(document.path, document);
    if (document.url !== null) byUrl.set(pageKey(document.url), document);
  }

  const documentAt = (path: string): Document | null => {
    for (const candidate of candidatesFor(path)) {
      const found = byPath.get(candidate);
      if (found !== undefined) return found;
    }
    return null;
  };

  const byName = uniqueNames(documents);
  const routes = [
    rootName,
    ...(site === null ? [] : ['docs', new URL(site.url).pathname.split('/').findLast((name) => name !== '') ?? '']),
  ];
  return (fromPath, href, kind) => {
    const { path, rest } = divided(href);
    const from = byPath.get(fromPath) ?? null;
    if (path === '') return from?.url == null ? unknown : { url: from.url + rest, broken: false };
    const decoded = decodedPath(path);
    const aliased = decoded.replace(/^@site\/|^~\//, '/').replace(/^@\//, '/');
    const isFromRoot = aliased.startsWith('/');
    const folder = fromPath.slice(0, fromPath.lastIndexOf('/') + 1);
    const place = normalPath(isFromRoot ? aliased.slice(1) : folder + aliased);
    const byFile = place === null ? null : (documentAt(place) ?? (isFromRoot ? belowDocs(place, routes, documentAt) : null));
    const asBrowser = from?.url == null ? null : (byUrl.get(pageKey(new URL(path, from.url).href)) ?? null);
    // These leave a link alone that names no source file: it leads where a browser finds it.
    const leavesAlone = site !== null && ['mkdocs', 'hugo', 'astro'].includes(site.generator) && !isSource(path);
    const near = leavesAlone ? (asBrowser ?? byFile) : (byFile ?? asBrowser);
    // `ref` and `relref` look beside the page first, then in the whole site, by path and by name.
    const target = near ?? (site?.generator === 'hugo' && !isFromRoot ? inWholeSite(normalPath(aliased), documentAt, byName) : null);
    if (target !== null) return pageOf(target, rest);
    if (isFromRoot) return fromSiteRoot(aliased, rest, place, kind, { site, byUrl, exists });
    // What lies outside the folder is not ours to judge.
    if (place === null) return unknown;
    return asFile(place, rest, { site, exists });
  };
}

interface Facts {
  readonly site: SiteConfig | null;
  readonly byUrl: ReadonlyMap<string, Document>;
  readonly exists: ResolverInput['exists'];
}

function pageOf(document: Document, rest: string): Resolved {
  // A page that is not published has no address that leads anywhere.
  if (document.distribution.draft) return unknown;
  return { url: document.url === null ? null : document.url + rest, broken: false, page: document };
}

/** `/docs/intro.md` where the content root is the `docs` folder itself, or the site's address ends in `docs`. */
function belowDocs(place: string, routes: readonly string[], documentAt: (path: string) => Document | null): Document | null {
  const slash = place.indexOf('/');
  return slash > 0 && routes.includes(place.slice(0, slash)) ? documentAt(place.slice(slash + 1)) : null;
}

function inWholeSite(
  path: string | null,
  documentAt: (path: string) => Document | null,
  byName: ReadonlyMap<string, Document | null>,
): Document | null {
  if (path === null || path === '') return null;
  return documentAt(path) ?? (path.includes('/') ? null : (byName.get(path.replace(/\.md$/i, '').toLowerCase()) ?? null));
}

/** Documents by the name of their file, or of their folder's; null for names that several have. */
function uniqueNames(documents: readonly Document[]): ReadonlyMap<string, Document | null> {
  const names = new Map<string, Document | null>();
  for (const document of documents) {
    if (document.kind === 'qa') continue;
    const [file = '', folder = ''] = document.path.split('/').reverse();
    const stem = file.replace(/\.[^.]+$/, '').toLowerCase();
    const name = /^(?:_?index)$/.test(stem) ? folder.toLowerCase() : stem;
    names.set(name, names.has(name) ? null : document);
  }
  return names;
}

function isSource(path: string): boolean {
  return /\.(?:md|mdx|markdown)$/i.test(path);
}

/** `/guide/x`: another page of the site, or a file that its generator publishes; which of them there are cannot be told from here. */
function fromSiteRoot(path: string, rest: string, place: string | null, kind: 'link' | 'image', { site, byUrl, exists }: Facts): Resolved {
  if (place !== null && /\.(?:md|mdx|markdown)$/i.test(place) && exists(place) === null) return { url: null, broken: kind === 'link' };
  if (site === null || path.startsWith('/@')) return unknown;
  const base = site.url.endsWith('/') ? site.url : `${site.url}/`;
  const withinBase = new URL(`.${path}`, base).href;
  const known = byUrl.get(pageKey(withinBase));
  if (known !== undefined) return pageOf(known, rest);
  // These two put the site's base before such paths; for the others they count from the host.
  const isBased = site.generator === 'docusaurus' || site.generator === 'vitepress' || site.generator === 'plain';
  // The documents of Docusaurus lie at the route `docs` below the base of the site.
  const siteBase = site.generator === 'docusaurus' ? base.replace(/\/docs\/$/, '/') : base;
  return { url: new URL(isBased ? `.${path}` : path, siteBase).href + rest, broken: false };
}

/** A file beside the documents: a page that is none of ours, an image, a download. */
function asFile(place: string, rest: string, { site, exists }: Pick<Facts, 'site' | 'exists'>): Resolved {
  const there = candidatesFor(place).some((candidate) => exists(candidate) !== null);
  if (!there) return { url: null, broken: true };
  const isMarkdown = /\.(?:md|mdx|markdown)$/i.test(place);
  if (site === null || isMarkdown || exists(place) !== 'file') return unknown;
  // Generators that bundle files give them other names; these publish them where they lie.
  if (site.generator !== 'plain' && site.generator !== 'mkdocs') return unknown;
  const base = site.url.endsWith('/') ? site.url : `${site.url}/`;
  return { url: base + place.split('/').map(encodeURIComponent).join('/') + rest, broken: false };
}

/** The path as written, with an extension, as the index of a folder, and for a page's address the file it is made from. */
function candidatesFor(path: string): readonly string[] {
  const clean = path.replace(/(?<!\/)\/+$/, '');
  const candidates = [clean];
  const page = /^(.*)\.html?$/i.exec(clean)?.[1];
  const stems = page === undefined ? [clean] : [clean, page];
  for (const stem of stems) {
    if (stem !== '') for (const extension of extensions) candidates.push(`${stem}.${extension}`);
    const folder = stem === '' ? '' : `${stem}/`;
    for (const name of indexNames) for (const extension of extensions.slice(0, 3)) candidates.push(`${folder}${name}.${extension}`);
  }
  return candidates;
}

function divided(href: string): { readonly path: string; readonly rest: string } {
  const end = href.search(/[?#]/);
  return end < 0 ? { path: href, rest: '' } : { path: href.slice(0, end), rest: href.slice(end) };
}

function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path).normalize('NFC');
  } catch {
    return path.normalize('NFC');
  }
}

/** Addresses that lead to one page: with and without its last slash, index or extension. */
function pageKey(url: string): string {
  const path = url.replace(/[?#].*$/, '');
  return path.replace(/\/(?:index|README)?(?:\.html?)?$/, '').replace(/\.html?$/, '');
}
