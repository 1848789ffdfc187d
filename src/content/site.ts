// Where a file stands on the published site, and which files are no pages there: each generator's own rules, as its documentation states
// them (checked 2026-11). Pure, and free of packages. What a generator's configuration can change beyond that is not known here: where
// the rule does not fit, `content.site.pages` says the form of addresses, and `kb.url` one page's.
import type { ContentConfig, Generator, PageForm, SiteConfig } from '../model/config.ts';
import type { JsonRecord } from '../model/json.ts';
import { pathFilter } from './ignore.ts';

/** What of a file decides its address. */
export interface Page {
  /** Relative to the content root, forward slashes. */
  readonly path: string;
  /** Its native keys: slug, and what else its generator heeds. */
  readonly attributes: JsonRecord;
}

/** What the content folder itself tells of the site. */
export interface SiteFacts {
  /** The root is the folder that holds the generator's configuration, not only the documents. */
  readonly isSiteFolder: boolean;
  /** Docusaurus: `versions.json`, the latest first. */
  readonly versions: readonly string[];
}

/** A content root that is only the folder of documents. */
export const noSiteFacts: SiteFacts = { isSiteFolder: false, versions: [] };

/** The canonical link of a page; null where there is no site, or its generator makes no page of this file. */
export function urlOf(page: Page, site: SiteConfig | null, facts: SiteFacts = noSiteFacts): string | null {
  if (site === null) return null;
  const url = byRule(page, site, facts);
  return url === null || site.pages == null || isFixed(page, site) ? url : inForm(url, site.pages, page.path, site);
}

/** Hugo's `url` is an address as it stands. */
function isFixed({ attributes }: Page, { generator }: SiteConfig): boolean {
  return generator === 'hugo' && textOf(attributes['url']) !== null;
}

/**
 * `cleanUrls` of VitePress, `trailingSlash` of Docusaurus and Astro, `use_directory_urls` of MkDocs, `uglyURLs` of Hugo: the same pages at addresses of another
 * form. The page of a folder keeps its slash; only MkDocs gives it a file of its own, and Docusaurus and Astro none.
 */
function inForm(url: string, form: PageForm, path: string, { generator, url: siteUrl }: SiteConfig): string {
  const bare = url.replace(/(?:\/|\.html)$/, '');
  if (`${bare}/` === `${siteUrl.replace(/\/$/, '')}/`) return form === 'html' && generator === 'mkdocs' ? `${bare}/index.html` : `${bare}/`;
  const isIndex = /(?:^|\/)(?:index|README|_index)\.[^./]+$/i.test(path);
  const isFolder = url.endsWith('/') && (isIndex || generator === 'docusaurus');
  switch (form) {
    case 'folder':
      return `${bare}/`;
    case 'html':
      return isFolder ? `${bare}/${generator === 'mkdocs' ? 'index.html' : ''}` : `${bare}.html`;
    case 'bare':
      return isFolder && generator !== 'docusaurus' && generator !== 'astro' ? `${bare}/` : bare;
    default:
      return form satisfies never;
  }
}

function byRule(page: Page, site: SiteConfig, facts: SiteFacts): string | null {
  const base = site.url.endsWith('/') ? site.url : `${site.url}/`;
  switch (site.generator) {
    case 'plain':
      return plain(page.path, base);
    case 'docusaurus':
      return docusaurus(page, base, facts);
    case 'vitepress':
      return vitepress(page.path, base);
    case 'mkdocs':
      return mkdocs(page.path, base);
    case 'hugo':
      return hugo(page, base);
    case 'astro':
      return astro(page, base);
    default:
      return site.generator satisfies never;
  }
}

/** Whether a path is a partial: included in other files, never a document of its own. `declared` are folders and globs. */
export function isPartial(path: string, generator: Generator | null, declared: readonly string[]): boolean {
  return isNativePartial(path, generator) || (declared.length > 0 && pathFilter(declared, { dot: true })(path));
}

/** The same for many paths of one configuration. */
export function partialFilter({ site, partials }: Pick<ContentConfig, 'site' | 'partials'>): (path: string) => boolean {
  const isDeclared = partials.length === 0 ? () => false : pathFilter(partials, { dot: true });
  return (path) => isNativePartial(path, site?.generator ?? null) || isDeclared(path);
}

/**
 * Docusaurus leaves out `_*` files and all below `_*` folders (plugin-content-docs, `exclude`); Astro what has a name that begins with `_`
 * (guides: content collections, routing). For Hugo `_index.md` is a page; VitePress and MkDocs publish every Markdown file.
 */
function isNativePartial(path: string, generator: Generator | null): boolean {
  if (generator !== 'docusaurus' && generator !== 'astro') return false;
  return path.split('/').some((segment) => segment.startsWith('_'));
}

/** The path as a title is made from: without the prefixes that only order a sidebar, and a section's file as an index. */
export function pathForTitle(path: string, generator: Generator | null): string {
  if (generator === 'hugo') return path.replace(/(^|\/)_index(?=\.[^./]+$)/, '$1index');
  if (generator !== 'docusaurus') return path;
  const extension = /\.[^./]+$/.exec(path)?.[0] ?? '';
  return stemmed(path).map(withoutNumber).join('/') + extension;
}

// ── the generators ────────────────────────────────────────────────────────────────────────────────────────────────────

/** The path without its extension; index and README are their folder. Heeds no native key: these addresses stay as they ever were. */
function plain(path: string, base: string): string {
  const segments = stemmed(path);
  if (/^(index|readme)$/i.test(segments.at(-1) ?? '')) segments[segments.length - 1] = '';
  return base + segments.map(encodeURIComponent).join('/');
}

/**
 * docusaurus.io/docs/create-doc, /docs/versioning, /docs/sidebar/autogenerated (number prefixes, category index),
 * /docs/api/plugins/@docusaurus/plugin-content-docs (`slug`, `id`, `parse_number_prefixes`). Addresses have no trailing slash but for an
 * index; the latest version has no version in its address, and the unreleased `docs` are at `next` once there is a version.
 */
function docusaurus({ path, attributes }: Page, base: string, facts: SiteFacts): string | null {
  const place = docusaurusPlace(path, base, facts);
  if (place === null) return null;
  const segments = stemmed(place.path);
  const file = segments.pop() ?? '';
  const keepsNumbers = attributes['parse_number_prefixes'] === false;
  const cleaned = (segment: string) => (keepsNumbers ? segment : withoutNumber(segment));
  const folder = segments.map(cleaned);
  const root = base + place.prefix.map((segment) => `${encodeURIComponent(segment)}/`).join('');
  const slug = textOf(attributes['slug']);
  if (slug?.startsWith('/')) return root + encodePath(slug.replace(/^\/+/, ''));
  const parent = segments.at(-1)?.toLowerCase();
  const isIndex = slug === null && ['index', 'readme', parent].includes(file.toLowerCase());
  if (isIndex) return root + folder.map((segment) => `${encodeURIComponent(segment)}/`).join('');
  return root + encodePath(resolved(folder, slug ?? textOf(attributes['id']) ?? cleaned(file)));
}

/** The part of the address above a version's own documents, and the path within them; null where no document of the docs plugin lies. */
function docusaurusPlace(path: string, base: string, { isSiteFolder, versions }: SiteFacts) {
  // An address that names the docs route already is not given it twice.
  const docs = isSiteFolder && base.endsWith('/docs/') ? [] : ['docs'];
  const versioned = /^versioned_docs\/version-([^/]+)\/(.+)$/.exec(path);
  if (versioned !== null) {
    const [, version = '', rest = ''] = versioned;
    return { prefix: version === versions[0] ? docs : [...docs, version], path: rest };
  }
  if (!isSiteFolder) return { prefix: [], path };
  if (!path.startsWith('docs/')) return null;
  return { prefix: versions.length === 0 ? docs : [...docs, 'next'], path: path.slice('docs/'.length) };
}

/** `01-intro` → `intro`; dates and version numbers are no prefixes (numberPrefixParser's default). */
function withoutNumber(segment: string): string {
  if (/^\d+[-_.]\d+/.test(segment)) return segment;
  return /^\d+\s*[-_.]+\s*(.+)$/.exec(segment)?.[1] ?? segment;
}

/** vitepress.dev/guide/routing: pages end in `.html`, an index is its folder. Dynamic routes (`[name].md`) are no pages themselves. */
function vitepress(path: string, base: string): string | null {
  if (/\[[^[\]]+\]/.test(path)) return null;
  const segments = stemmed(path);
  const file = segments.pop() ?? '';
  return base + [...segments.map(encodeURIComponent), file === 'index' ? '' : `${encodeURIComponent(file)}.html`].join('/');
}

/** mkdocs.org/user-guide/writing-your-docs and /configuration/#use_directory_urls: a page is a folder; index and README are theirs. */
function mkdocs(path: string, base: string): string {
  const segments = stemmed(path);
  if (/^(?:index|README)$/.test(segments.at(-1) ?? '')) segments.pop();
  return base + segments.map((segment) => `${encodeURIComponent(segment)}/`).join('');
}

/**
 * gohugo.io/content-management/urls, /page-bundles: lower case, spaces as hyphens; `_index.md` is its section, `index.md` its bundle; `slug`
 * replaces the last segment of a page (not of a section), `url` the whole path. A headless bundle has no page.
 */
function hugo({ path, attributes }: Page, base: string): string | null {
  if (attributes['headless'] === true) return null;
  const url = textOf(attributes['url']);
  if (url !== null) return /^https?:\/\//i.test(url) ? url : base + encodePath(url.replace(/^\/+/, ''));
  const segments = stemmed(path);
  const file = segments.at(-1) ?? '';
  if (file === '_index' || file === 'index') segments.pop();
  const slug = textOf(attributes['slug']);
  if (slug !== null && file !== '_index' && segments.length > 0) segments[segments.length - 1] = slug;
  return base + segments.map((segment) => `${encodeURIComponent(hugoSegment(segment))}/`).join('');
}

function hugoSegment(segment: string): string {
  const allowed = segment.replace(/[^\p{L}\p{M}\p{Nd}\s._#+~@-]/gu, '');
  return allowed
    .trim()
    .replace(/\s*-\s*|\s+/g, '-')
    .toLowerCase();
}

/**
 * docs.astro.build/en/guides/content-collections and /reference/content-loader-reference (`generateId`), starlight.astro.build (`slug`): the
 * entry's path, each segment as a slug, or `slug` as it is; pages under `src/pages` keep their names. A page is a folder (`build.format`).
 */
function astro({ path, attributes }: Page, base: string): string | null {
  const isPage = path.startsWith('src/pages/');
  const rest = path.replace(/^src\/(?:content\/docs|pages)\//, '');
  // Of another collection only the site's own code knows the address.
  if (rest.startsWith('src/content/') || /\[[^[\]]+\]/.test(rest)) return null;
  const slug = isPage ? null : textOf(attributes['slug']);
  const segments = slug === null ? stemmed(rest).map((segment) => (isPage ? segment : githubSlug(segment))) : slug.split('/');
  if (segments.at(-1) === 'index') segments.pop();
  const kept = segments.filter((segment) => segment !== '');
  return base + kept.map((segment) => `${encodeSegment(segment)}/`).join('');
}

/** As github-slugger does: lower case, without punctuation, each space a hyphen. */
function githubSlug(segment: string): string {
  return segment
    .toLowerCase()
    .replace(/[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc} -]/gu, '')
    .replace(/ /g, '-');
}

// ── paths ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The segments of a path, the last without its extension. */
function stemmed(path: string): string[] {
  return path.replace(/\.[^./]+$/, '').split('/');
}

/** A relative slug seen from a folder: `./x` and `../x` work; nothing leads above the root. */
function resolved(folder: readonly string[], slug: string): string {
  const steps = [...folder];
  for (const step of slug.split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '.') steps.push(step);
  }
  return steps.join('/');
}

function encodePath(path: string): string {
  return path.split('/').map(encodeSegment).join('/');
}

/** What somebody wrote for an address may be encoded already. */
function encodeSegment(segment: string): string {
  try {
    return encodeURIComponent(decodeURIComponent(segment));
  } catch {
    return encodeURIComponent(segment);
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}
