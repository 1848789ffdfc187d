// Which folder holds the documents, and in which style their front matter is written. Pure but for the project that is handed in.
import { isRecord } from '../config/shape.ts';
import { readFrontMatter } from '../content/front-matter.ts';
import type { Json } from '../model/json.ts';
import type { ProjectFolder } from './folder.ts';
import { type Site, siteOf } from './generators.ts';
import { countBelow, type Survey } from './survey.ts';

/** Where documents usually lie, the likeliest first. */
const usualFolders = [
  'docs',
  'content',
  'src/content/docs',
  'website/docs',
  'documentation',
  'doc',
  'knowledge-base',
  'kb',
  'help',
  'manual',
  'articles',
];

/** Markdown that speaks to those who work on a repository. */
const ofRepository =
  /^(?:readme|changelog|changes|history|contributing|code_of_conduct|security|license|licence|authors|support|governance|claude|agents)\.mdx?$/i;

/** The site whose documents these are, the outermost and largest first; null: none. */
export function findSite(found: Survey, project: ProjectFolder, root: string | null): Site | null {
  const depth = (path: string) => path.split('/').filter((segment) => !segment.startsWith('.')).length;
  const sites = found.configs
    .flatMap((config) => siteOf(config, project) ?? [])
    .filter((site) => root === null || site.root === root)
    .sort((a, b) => depth(a.config) - depth(b.config) || countBelow(found, b.root) - countBelow(found, a.root));
  return sites[0] ?? null;
}

/** The folder of documents, '' for the project itself; null: there is no Markdown to be found. */
export function findRoot(found: Survey, site: Site | null): string | null {
  if (site !== null) return site.root;
  const usual = usualFolders.find((folder) => countBelow(found, folder) > 0);
  if (usual !== undefined) return usual;
  const documents = found.markdown.filter((path) => !ofRepository.test(path));
  if (documents.length === 0) return null;
  const tops = documents.map((path) => (path.includes('/') ? (path.split('/')[0] ?? '') : ''));
  if (tops.includes('')) return '';
  const most = [...new Set(tops)].sort((a, b) => countBelow(found, b) - countBelow(found, a))[0];
  return most ?? null;
}

export interface Style {
  /** Where our keys can live: `kb`, unless the files use that word for something else. */
  readonly key: string;
  /** A key of theirs that names each document once, and could be our `id`. */
  readonly id: { readonly key: string; readonly sure: boolean } | null;
  /** Files that were read. */
  readonly read: number;
  readonly all: number;
}

const mostFiles = 500;
const largestFile = 256 * 1024;
/** `slug` is an address and changes with it: it is heeded as one, and is no id. */
const idKeys = ['doc_id', 'docId', 'document_id', 'documentId', 'uid', 'uuid', 'id'];

/** Reads the front matter of the documents, of the first 500 in a large folder. */
export function styleOf(found: Survey, root: string, project: ProjectFolder): Style {
  const documents = found.markdown.filter((path) => root === '' || path.startsWith(`${root}/`));
  const heads = documents.slice(0, mostFiles).map((path) => headOf(project.read(path, largestFile)));
  const ids = idKeys.flatMap((key) => {
    const values = heads.flatMap((head) => (typeof head[key] === 'string' || typeof head[key] === 'number' ? [String(head[key])] : []));
    const isUsual = values.length >= 2 && values.length * 2 >= heads.length;
    return isUsual && new Set(values).size === values.length ? [{ key, sure: found.complete && documents.length <= mostFiles }] : [];
  });
  const isOurs = (value: Json | undefined) =>
    value === undefined || (isRecord(value) && Object.keys(value).every((key) => ourKeys.has(key)));
  return {
    key: heads.every((head) => isOurs(head['kb'])) ? 'kb' : 'kbsync',
    id: ids[0] ?? null,
    read: heads.length,
    all: documents.length,
  };
}

const ourKeys: ReadonlySet<string> = new Set(
  'id title description slug url tags draft unlisted targets audience publishAt expiresAt reviewBy faq tests'.split(' '),
);

function headOf(text: string | null): { readonly [key: string]: Json } {
  if (text === null) return {};
  return readFrontMatter(text.replace(/^\uFEFF/, '').replace(/\r\n/g, '\n'), 'kb').keys?.data ?? {};
}
