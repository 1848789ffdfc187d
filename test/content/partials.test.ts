// Native files and keys of the generators, as the scan sees them: partials, versions, dates and drafts, titles.
import { describe, expect, it } from 'vitest';
import type { ContentConfig, Generator } from '../../src/model/config.ts';
import { folderWith, ids, scanOf, told } from './folder.ts';

const site = (generator: Generator, url = 'https://x.example/'): Partial<ContentConfig> => ({ site: { url, generator } });

describe('partials', () => {
  it('are no documents, and the scan names them', async () => {
    const root = folderWith({ 'a.md': '# A', '_note.md': '---\nbroken: [\n---\n', 'parts/b.md': '# B', 'faq/_x.qa.yaml': 'no' });
    const plain = await scanOf(root, { content: { partials: ['parts'] } });
    expect(ids(plain)).toEqual(['a.md']);
    expect(plain.partials).toEqual(new Set(['parts/b.md']));
    expect(plain.blockedPaths.has('_note.md')).toBe(true);
    const docusaurus = await scanOf(root, { content: site('docusaurus') });
    expect(ids(docusaurus)).toEqual(['a.md', 'parts/b.md']);
    expect(docusaurus.partials).toEqual(new Set(['_note.md', 'faq/_x.qa.yaml']));
    expect(told(docusaurus)).toEqual([]);
    expect(docusaurus.presentPaths.has('_note.md')).toBe(true);
  });

  it('an _index.md of Hugo is a page', async () => {
    const root = folderWith({ '_index.md': 'Home.', 'posts/_index.md': '---\ntitle: Posts\n---\n', 'blog/_index.md': 'All.' });
    const scan = await scanOf(root, { content: site('hugo') });
    expect(scan.documents.map(({ path, title, url }) => [path, title, url])).toEqual([
      ['_index.md', 'Index', 'https://x.example/'],
      ['blog/_index.md', 'Blog', 'https://x.example/blog/'],
      ['posts/_index.md', 'Posts', 'https://x.example/posts/'],
    ]);
  });
});

describe('a Docusaurus site folder', () => {
  const files = {
    'docs/01-intro.md': 'Hello.',
    'versioned_docs/version-2.0/01-intro.md': 'Hello.',
    'versioned_docs/version-1.0/01-intro.md': '---\nslug: /start\n---\nHello.',
    'README.md': '# About this repository',
  };
  const urls = async (root: string, url?: string) => {
    const scan = await scanOf(root, { content: site('docusaurus', url) });
    return Object.fromEntries(scan.documents.map((document) => [document.path, document.url]));
  };

  it('takes its versions from versions.json', async () => {
    expect(await urls(folderWith({ ...files, 'versions.json': '["2.0", "1.0"]' }))).toEqual({
      'README.md': null,
      'docs/01-intro.md': 'https://x.example/docs/next/intro',
      'versioned_docs/version-1.0/01-intro.md': 'https://x.example/docs/1.0/start',
      'versioned_docs/version-2.0/01-intro.md': 'https://x.example/docs/intro',
    });
  });

  it('is told from a folder of documents by its configuration', async () => {
    const root = folderWith({ ...files, 'docusaurus.config.ts': 'export default {}' });
    expect(await urls(root)).toMatchObject({ 'docs/01-intro.md': 'https://x.example/docs/intro', 'README.md': null });
    expect(await urls(folderWith({ '01-intro.md': 'x', 'versions.json': 'no JSON' }))).toEqual({
      '01-intro.md': 'https://x.example/intro',
    });
  });

  it('makes titles without the prefixes that order the sidebar', async () => {
    const root = folderWith({ '02-reset-password.md': 'Text.', '03-guides/index.md': 'Text.', '2026-01-02-news.md': 'Text.' });
    const titles = async (generator: Generator) => (await scanOf(root, { content: site(generator) })).documents.map(({ title }) => title);
    expect(await titles('docusaurus')).toEqual(['Reset password', 'Guides', '2026 01 02 news']);
    expect(await titles('plain')).toEqual(['02 reset password', '03 guides', '2026 01 02 news']);
  });

  it('an id that is mapped to ours is still what the address is made from', async () => {
    const root = folderWith({ 'guides/a.md': '---\nid: begin\n---\nText.' });
    const content = { ...site('docusaurus'), frontMatter: { key: 'kb', map: { id: 'id' } } };
    expect((await scanOf(root, { content })).documents[0]).toMatchObject({ id: 'begin', url: 'https://x.example/guides/begin' });
  });
});

describe('dates of Hugo', () => {
  const distributionOf = async (head: string, generator: Generator = 'hugo') => {
    const scan = await scanOf(folderWith({ 'a.md': `+++\n${head}+++\nText.` }), { content: site(generator) });
    return scan.documents[0]?.distribution ?? told(scan);
  };

  it('count where ours say nothing', async () => {
    const native = 'date = 2026-01-01\npublishDate = 2026-12-01\nexpiryDate = "2027-12-01T10:00:00Z"\n';
    expect(await distributionOf(native)).toMatchObject({ publishAt: '2026-12-01', expiresAt: '2027-12-01T10:00:00.000Z' });
    expect(await distributionOf(`${native}[kb]\npublishAt = 2026-11-01\n`)).toMatchObject({ publishAt: '2026-11-01' });
    expect(await distributionOf('date = 2030-01-01\n')).toMatchObject({ publishAt: '2030-01-01', expiresAt: null });
    expect(await distributionOf(native, 'mkdocs')).toMatchObject({ publishAt: null, expiresAt: null });
  });

  it('an expiry that cannot be read is an error, a date in some other form is not', async () => {
    expect(await distributionOf('expiryDate = "next year"\n')).toEqual([
      'error a.md:2 "expiryDate" must be a date such as 2026-12-01 or a timestamp such as 2026-12-01T08:00:00Z, not "next year"',
    ]);
    expect(await distributionOf('date = "1 May 2026"\n')).toMatchObject({ publishAt: null });
  });
});

describe('drafts of every generator', () => {
  it.each<Generator>(['plain', 'docusaurus', 'vitepress', 'mkdocs', 'hugo', 'astro'])('%s', async (generator) => {
    const root = folderWith({
      'a.md': '---\ndraft: true\n---\nText.',
      'b.md': '---\nunlisted: true\n---\nText.',
      'c.md': '---\ndescription: A page.\n---\nText.',
    });
    const { documents } = await scanOf(root, { content: site(generator) });
    expect(documents.map(({ distribution }) => distribution.draft)).toEqual([true, true, false]);
    expect(documents[2]?.attributes).toEqual({ description: 'A page.' });
  });
});
