import { describe, expect, it } from 'vitest';
import { isPartial, partialFilter, pathForTitle, type SiteFacts, urlOf } from '../../src/content/site.ts';
import type { Generator, PageForm } from '../../src/model/config.ts';
import type { JsonRecord } from '../../src/model/json.ts';

function address(
  generator: Generator,
  path: string,
  attributes: JsonRecord = {},
  more: { url?: string; facts?: SiteFacts; pages?: PageForm } = {},
): string | null {
  return urlOf({ path, attributes }, { url: more.url ?? 'https://x.example/docs/', generator, pages: more.pages ?? null }, more.facts);
}

const below = (path: string) => `https://x.example/docs/${path}`;

describe('plain', () => {
  it.each([
    ['guides/reset.md', 'guides/reset'],
    ['index.md', ''],
    ['guides/README.md', 'guides/'],
    ['01-intro.md', '01-intro'],
    ['Über uns/Preise & mehr.md', '%C3%9Cber%20uns/Preise%20%26%20mehr'],
    ['_parts/a.md', '_parts/a'],
  ])('%s', (path, expected) => {
    expect(address('plain', path)).toBe(below(expected));
    // Existing addresses do not change because a document has a native key.
    expect(address('plain', path, { slug: 'other', url: '/x', id: 'y' })).toBe(below(expected));
  });

  it('adds the slash that an address lacks, and is null without a site', () => {
    expect(address('plain', 'a.md', {}, { url: 'https://x.example' })).toBe('https://x.example/a');
    expect(urlOf({ path: 'a.md', attributes: {} }, null)).toBeNull();
  });
});

describe('docusaurus', () => {
  it.each<readonly [string, JsonRecord, string]>([
    ['intro.md', {}, 'intro'],
    ['01-intro.md', {}, 'intro'],
    ['02-guides/003 - reset.mdx', {}, 'guides/reset'],
    ['1.getting-started/2_install.md', {}, 'getting-started/install'],
    // Dates and version numbers are no prefixes.
    ['2021-11-30-release.md', {}, '2021-11-30-release'],
    ['8.0/upgrade.md', {}, '8.0/upgrade'],
    ['01-intro.md', { parse_number_prefixes: false }, '01-intro'],
    // An index, a README, and a file that is called as its folder are their folder.
    ['index.md', {}, ''],
    ['guides/index.mdx', {}, 'guides/'],
    ['01-guides/README.md', {}, 'guides/'],
    ['Guides/guides.md', {}, 'Guides/'],
    ['guides/intro.md', { id: 'begin' }, 'guides/begin'],
    ['guides/intro.md', { slug: 'begin' }, 'guides/begin'],
    ['01-guides/intro.md', { slug: './begin', id: 'x' }, 'guides/begin'],
    ['guides/deep/intro.md', { slug: '../begin' }, 'guides/begin'],
    ['guides/intro.md', { slug: '/begin/here' }, 'begin/here'],
    ['guides/intro.md', { slug: '/' }, ''],
    ['guides/index.md', { slug: 'begin' }, 'guides/begin'],
    ['a.md', { slug: '../../../up' }, 'up'],
    ['API Reference/My Page.md', {}, 'API%20Reference/My%20Page'],
    ['intro.md', { slug: '/caf%C3%A9/x y' }, 'caf%C3%A9/x%20y'],
    ['intro.md', { slug: '  ' }, 'intro'],
    ['intro.md', { slug: 7 }, 'intro'],
  ])('%s %j', (path, attributes, expected) => {
    expect(address('docusaurus', path, attributes)).toBe(below(expected));
  });

  const versioned: SiteFacts = { isSiteFolder: true, versions: ['1.2', '1.1', '1.0.0'] };

  it.each([
    // The latest version has no version in its address; the unreleased documents are at next.
    ['versioned_docs/version-1.2/01-intro.md', 'docs/intro'],
    ['versioned_docs/version-1.1/guides/reset.md', 'docs/1.1/guides/reset'],
    ['versioned_docs/version-1.0.0/index.md', 'docs/1.0.0/'],
    ['docs/01-intro.md', 'docs/next/intro'],
  ])('a site folder with versions: %s', (path, expected) => {
    const root = { url: 'https://x.example/', facts: versioned };
    expect(address('docusaurus', path, {}, root)).toBe(`https://x.example/${expected}`);
    // Where the address names the docs route, it is not given it twice.
    expect(address('docusaurus', path, {}, { url: 'https://x.example/docs', facts: versioned })).toBe(`https://x.example/${expected}`);
  });

  it('an absolute slug counts from its version', () => {
    const options = { url: 'https://x.example/', facts: versioned };
    expect(address('docusaurus', 'versioned_docs/version-1.1/a/b.md', { slug: '/begin' }, options)).toBe(
      'https://x.example/docs/1.1/begin',
    );
  });

  it('a site folder without versions, and what lies outside its docs', () => {
    const options = { url: 'https://x.example/', facts: { isSiteFolder: true, versions: [] } };
    expect(address('docusaurus', 'docs/guides/reset.md', {}, options)).toBe('https://x.example/docs/guides/reset');
    expect(address('docusaurus', 'blog/2021-08-26-welcome.md', {}, options)).toBeNull();
    expect(address('docusaurus', 'README.md', {}, options)).toBeNull();
  });
});

describe('vitepress', () => {
  it.each([
    ['index.md', ''],
    ['prologue.md', 'prologue.html'],
    ['guide/index.md', 'guide/'],
    ['guide/getting-started.md', 'guide/getting-started.html'],
    ['guide/README.md', 'guide/README.html'],
    ['01-intro.md', '01-intro.html'],
    ['_parts/My Page.md', '_parts/My%20Page.html'],
  ])('%s', (path, expected) => {
    expect(address('vitepress', path)).toBe(below(expected));
  });

  it('a dynamic route is no page itself', () => {
    expect(address('vitepress', 'packages/[pkg].md')).toBeNull();
  });
});

describe('mkdocs, with directory addresses', () => {
  it.each([
    ['index.md', ''],
    ['about.md', 'about/'],
    ['user-guide/README.md', 'user-guide/'],
    ['user-guide/Readme.md', 'user-guide/Readme/'],
    ['user-guide/index.md', 'user-guide/'],
    ['user-guide/Getting Started.md', 'user-guide/Getting%20Started/'],
    ['_snippets/x.md', '_snippets/x/'],
  ])('%s', (path, expected) => {
    expect(address('mkdocs', path)).toBe(below(expected));
  });
});

describe('hugo', () => {
  it.each<readonly [string, JsonRecord, string]>([
    ['_index.md', {}, ''],
    ['posts/_index.md', {}, 'posts/'],
    ['posts/post-1.md', {}, 'posts/post-1/'],
    ['posts/my-post/index.md', {}, 'posts/my-post/'],
    ['about/index.md', {}, 'about/'],
    ['Posts/My First Post.md', {}, 'posts/my-first-post/'],
    ['posts/Fragen & Antworten.md', {}, 'posts/fragen-antworten/'],
    ['posts/Über uns.md', {}, 'posts/%C3%BCber-uns/'],
    ['posts/a - b.md', {}, 'posts/a-b/'],
    ['posts/post-1.md', { slug: 'My First' }, 'posts/my-first/'],
    ['posts/my-post/index.md', { slug: 'other' }, 'posts/other/'],
    // A section has no slug.
    ['posts/_index.md', { slug: 'other' }, 'posts/'],
    ['posts/post-1.md', { url: '/blog/Hello/', slug: 'x' }, 'blog/Hello/'],
    ['posts/post-1.md', { url: 'hello.html' }, 'hello.html'],
    ['01-intro.md', {}, '01-intro/'],
  ])('%s %j', (path, attributes, expected) => {
    expect(address('hugo', path, attributes)).toBe(below(expected));
  });

  it('a headless bundle has no page, and a whole address stays whole', () => {
    expect(address('hugo', 'shared/index.md', { headless: true })).toBeNull();
    expect(address('hugo', 'a.md', { url: 'https://other.example/a' })).toBe('https://other.example/a');
  });
});

describe('astro', () => {
  it.each<readonly [string, JsonRecord, string]>([
    ['index.mdx', {}, ''],
    ['guides/intro.md', {}, 'guides/intro/'],
    ['guides/index.md', {}, 'guides/'],
    ['src/content/docs/guides/intro.md', {}, 'guides/intro/'],
    ['src/content/docs/index.md', {}, ''],
    ['Guides/My First Page!.md', {}, 'guides/my-first-page/'],
    ['guides/Fragen & Antworten.md', {}, 'guides/fragen--antworten/'],
    ['01-intro.md', {}, '01-intro/'],
    ['über/größe.md', {}, '%C3%BCber/gr%C3%B6%C3%9Fe/'],
    ['guides/intro.md', { slug: 'start/here' }, 'start/here/'],
    ['guides/intro.md', { slug: '/start/' }, 'start/'],
    ['guides/intro.md', { slug: 'index' }, ''],
    ['src/pages/About Us.md', { slug: 'x' }, 'About%20Us/'],
    ['src/pages/index.md', {}, ''],
  ])('%s %j', (path, attributes, expected) => {
    expect(address('astro', path, attributes)).toBe(below(expected));
  });

  it('the address of another collection is not known, nor that of a dynamic route', () => {
    expect(address('astro', 'src/content/blog/hello.md')).toBeNull();
    expect(address('astro', 'src/pages/posts/[slug].md')).toBeNull();
  });
});

describe('partials', () => {
  it.each<readonly [Generator | null, string, boolean]>([
    ['docusaurus', '_note.md', true],
    ['docusaurus', 'guides/_note.mdx', true],
    ['docusaurus', 'guides/_parts/note.md', true],
    ['docusaurus', 'guides/my_note.md', false],
    ['astro', 'guides/_draft.md', true],
    ['astro', '_drafts/a.md', true],
    // There it is a page.
    ['hugo', '_index.md', false],
    ['hugo', 'posts/_index.md', false],
    ['vitepress', '_note.md', false],
    ['mkdocs', '_note.md', false],
    ['plain', '_note.md', false],
    [null, '_note.md', false],
  ])('%s: %s is one: %s', (generator, path, expected) => {
    expect(isPartial(path, generator, [])).toBe(expected);
  });

  it('may be declared, as folders and as globs, for any generator', () => {
    const declared = ['snippets', '**/*.part.md'];
    expect(
      ['snippets/a.md', 'snippets/deep/b.md', 'guides/a.part.md', 'guides/snippets/a.md', 'a.md'].map((path) =>
        isPartial(path, null, declared),
      ),
    ).toEqual([true, true, true, false, false]);
    const filter = partialFilter({ site: { url: 'https://x.example', generator: 'hugo' }, partials: declared });
    expect([filter('snippets/a.md'), filter('_index.md')]).toEqual([true, false]);
  });
});

describe('titles made from paths', () => {
  it.each<readonly [Generator | null, string, string]>([
    ['docusaurus', '01-guides/02-reset.md', 'guides/reset.md'],
    ['docusaurus', '2021-11-30-release.md', '2021-11-30-release.md'],
    ['hugo', 'posts/_index.md', 'posts/index.md'],
    ['hugo', 'posts/my_index.md', 'posts/my_index.md'],
    ['plain', '01-intro.md', '01-intro.md'],
    [null, '01-intro.md', '01-intro.md'],
  ])('%s: %s', (generator, path, expected) => {
    expect(pathForTitle(path, generator)).toBe(expected);
  });
});

describe('addresses of another form', () => {
  it.each<readonly [Generator, PageForm, string, string, string]>([
    // cleanUrls; trailingSlash false and true; use_directory_urls false; build.format file; uglyURLs.
    ['vitepress', 'bare', 'guides/a', 'guides/', ''],
    ['docusaurus', 'bare', 'guides/a', 'guides', ''],
    ['docusaurus', 'folder', 'guides/a/', 'guides/', ''],
    ['mkdocs', 'html', 'guides/a.html', 'guides/index.html', 'index.html'],
    ['astro', 'bare', 'guides/a', 'guides', ''],
    ['hugo', 'html', 'guides/a.html', 'guides/', ''],
    ['plain', 'html', 'guides/a.html', 'guides/', ''],
  ])('%s, %s', (generator, pages, page, folder, root) => {
    const at = (path: string) => address(generator, path, {}, { pages });
    const index = generator === 'hugo' ? '_index' : 'index';
    expect([at('guides/a.md'), at(`guides/${index}.md`), at(`${index}.md`)]).toEqual([below(page), below(folder), below(root)]);
  });

  it('an address that Hugo is told stays as it is', () => {
    expect(address('hugo', 'a.md', { url: '/old/a/' }, { pages: 'html' })).toBe(below('old/a/'));
  });
});
