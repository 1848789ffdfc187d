// Configurations of site generators, read as text and never run → where the documents lie, where they are published, and in which form.
// Only what is written plainly counts; what is computed stays unknown. Pure.
import type { Generator, PageForm } from '../model/config.ts';
import { below, largestConfigBytes, type ProjectFolder, tidied } from './folder.ts';
import { type Literal, literalAt, literalOnTop, literalsIn } from './literals.ts';

export interface Site {
  readonly generator: Generator;
  /** The file that says so. */
  readonly config: string;
  /** The documents, relative to the project; '' for the project itself. */
  readonly root: string;
  /** Where its pages begin; null: the configuration does not say it plainly. */
  readonly url: string | null;
  readonly pages: PageForm | null;
  /** The collections have a schema that refuses keys it does not know (Astro). */
  readonly strict: boolean;
  /** For a person. */
  readonly notes: readonly string[];
}

/** What a configuration says; null where it is none of a generator's, or where its documents lie outside of the project or nowhere. */
export function siteOf(config: string, project: ProjectFolder): Site | null {
  const text = project.read(config, largestConfigBytes);
  if (text === null) return null;
  const folder = config.split('/').slice(0, -1).join('/');
  const name = config.split('/').at(-1) ?? '';
  const site = bySort(name, { folder, config, text, project });
  return site === null || project.list(site.root) === null ? null : site;
}

interface Given {
  readonly folder: string;
  readonly config: string;
  readonly text: string;
  readonly project: ProjectFolder;
}

function bySort(name: string, given: Given): Site | null {
  if (name.startsWith('docusaurus.')) return docusaurus(given);
  if (given.config.split('/').includes('.vitepress')) return vitepress(given);
  if (name.startsWith('mkdocs.')) return mkdocs(given);
  if (name.startsWith('astro.')) return astro(given);
  return hugo(name, given);
}

/** docusaurus.io/docs/api/docusaurus-config: url, baseUrl, trailingSlash; plugin-content-docs: path, routeBasePath. */
function docusaurus({ folder, config, text, project }: Given): Site | null {
  const literals = literalsIn(text);
  const root = tidied(below(folder, textAt(literals, 'docs', 'path') ?? 'docs'));
  if (root === null) return null;
  const hasVersions = project.read(below(folder, 'versions.json'), 64 * 1024) !== null;
  const route = textAt(literals, 'docs', 'routeBasePath') ?? 'docs';
  const slash = literalOnTop(literals, 'trailingSlash');
  return {
    generator: 'docusaurus',
    config,
    root,
    url: address(textOnTop(literals, 'url'), textOnTop(literals, 'baseUrl') ?? '/', route, hasVersions ? 'next' : ''),
    pages: slash === true ? 'folder' : slash === false ? 'bare' : null,
    strict: false,
    notes: hasVersions
      ? ['this site has versions: the links lead to the unreleased one; the page "Sites" of the manual says how to feed a released one']
      : [],
  };
}

/** vitepress.dev/reference/site-config: srcDir, base, cleanUrls; the address of the site only in sitemap.hostname. */
function vitepress({ config, text }: Given): Site | null {
  const literals = literalsIn(text);
  const folder = config.slice(0, config.indexOf('.vitepress')).replace(/\/$/, '');
  const root = tidied(below(folder, textOnTop(literals, 'srcDir') ?? ''));
  if (root === null) return null;
  const url = address(textAt(literals, 'sitemap', 'hostname'), textOnTop(literals, 'base') ?? '/');
  return {
    generator: 'vitepress',
    config,
    root,
    url,
    pages: literalOnTop(literals, 'cleanUrls') === true ? 'bare' : null,
    strict: false,
    notes: [],
  };
}

/** www.mkdocs.org/user-guide/configuration: site_url, docs_dir, use_directory_urls. */
function mkdocs({ folder, config, text }: Given): Site | null {
  const keys = topKeys(text, 'yaml');
  const root = tidied(below(folder, keys.get('docs_dir') ?? 'docs'));
  if (root === null) return null;
  const pages = keys.get('use_directory_urls') === 'false' ? 'html' : null;
  return { generator: 'mkdocs', config, root, url: address(keys.get('site_url') ?? null), pages, strict: false, notes: [] };
}

/** docs.astro.build/en/reference/configuration-reference: site, base, trailingSlash. Only Starlight's collection has addresses of its own rule. */
function astro({ folder, config, text, project }: Given): Site | null {
  const literals = literalsIn(text);
  const source = tidied(below(folder, textOnTop(literals, 'srcDir') ?? 'src'));
  if (source === null) return null;
  const docs = below(source, 'content/docs');
  const isStarlight = /\bstarlight\s*\(/.test(text) && project.list(docs) !== null;
  const root = project.list(docs) !== null ? docs : below(source, 'content');
  const slash = textOnTop(literals, 'trailingSlash');
  const url = isStarlight ? address(textOnTop(literals, 'site'), textOnTop(literals, 'base') ?? '/') : null;
  const note =
    'without Starlight the routes decide the addresses of pages: set content.site, or kb.url in the pages, where a bot shall cite them';
  return {
    generator: 'astro',
    config,
    root,
    url,
    pages: slash === 'always' ? 'folder' : slash === 'never' ? 'bare' : null,
    strict: hasStrictCollections(source, project),
    notes: isStarlight ? [] : [note],
  };
}

function hasStrictCollections(source: string, project: ProjectFolder): boolean {
  const places = ['content.config', 'content/config'].flatMap((name) =>
    ['ts', 'mts', 'mjs', 'js'].map((end) => below(source, `${name}.${end}`)),
  );
  return places.some((place) => /\.strict\(\)|\bstrictObject\(/.test(project.read(place, largestConfigBytes) ?? ''));
}

/** gohugo.io/configuration: baseURL, contentDir, uglyURLs. `config.*` is many programs' name: only with a baseURL it is Hugo's. */
function hugo(name: string, { folder, config, text }: Given): Site | null {
  const keys = topKeys(text, name.endsWith('.toml') ? 'toml' : name.endsWith('.json') ? 'json' : 'yaml');
  const key = (wanted: string) => [...keys].find(([own]) => own.toLowerCase() === wanted)?.[1] ?? null;
  if (name.startsWith('config.') && key('baseurl') === null) return null;
  const home = folder.replace(/(?:^|\/)config\/_default$/, '');
  const root = tidied(below(home, key('contentdir') ?? 'content'));
  if (root === null) return null;
  const pages = key('uglyurls') === 'true' ? 'html' : null;
  return { generator: 'hugo', config, root, url: address(key('baseurl')), pages, strict: false, notes: [] };
}

// ── plain values ──────────────────────────────────────────────────────────────────────────────────────────────────────

function textAt(literals: readonly Literal[], ...keys: readonly string[]): string | null {
  const value = literalAt(literals, ...keys);
  return typeof value === 'string' ? value : null;
}

function textOnTop(literals: readonly Literal[], key: string): string | null {
  const value = literalOnTop(literals, key);
  return typeof value === 'string' ? value : null;
}

/** The plain values on the outermost level; anything that is more than one line is passed over. */
function topKeys(text: string, language: 'yaml' | 'toml' | 'json'): ReadonlyMap<string, string> {
  if (language === 'json') return topOfJson(text);
  const separator = language === 'toml' ? '=' : ':';
  const found = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    // What follows the first table of TOML is not on the outermost level.
    if (language === 'toml' && /^\s*\[/.test(line)) break;
    const match = /^(['"]?)([A-Za-z_][\w-]*)\1\s*([:=])\s*(\S.*)$/.exec(line);
    if (match?.[2] === undefined || match[3] !== separator || found.has(match[2])) continue;
    const value = plainValue(match[4] ?? '');
    if (value !== null) found.set(match[2], value);
  }
  return found;
}

function topOfJson(text: string): ReadonlyMap<string, string> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return new Map();
    return new Map(
      Object.entries(value).flatMap(([key, one]) => (/^(?:string|boolean)$/.test(typeof one) ? [[key, String(one)] as const] : [])),
    );
  } catch {
    return new Map();
  }
}

function plainValue(written: string): string | null {
  const quoted = /^(["'])(.*?)\1\s*(?:#.*)?$/.exec(written);
  if (quoted !== null) return quoted[2] ?? null;
  const bare = written.replace(/\s+#.*$/, '').trim();
  // Tags, anchors, lists and block texts are more than a plain value.
  return /^[!&*|>[{]/.test(bare) ? null : bare;
}

/** One address of these parts; null where it is none that readers could open, or the one that a template came with. */
function address(origin: string | null, ...segments: readonly string[]): string | null {
  if (origin === null || !URL.canParse(origin)) return null;
  const url = new URL(origin);
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return null;
  if (/^your-|^(?:www\.)?example\.(?:com|org|net)$|^localhost$|^127\./.test(url.hostname)) return null;
  const path = [url.pathname, ...segments].flatMap((segment) => segment.split('/')).filter((segment) => segment !== '' && segment !== '.');
  if (path.includes('..')) return null;
  url.pathname = path.length === 0 ? '/' : `/${path.join('/')}/`;
  return url.href;
}
