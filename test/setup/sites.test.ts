// What init reads off the configurations of site generators, which it never runs; which folder it takes; how front matter is written there.
import { describe, expect, it } from 'vitest';
import { findRoot, findSite, styleOf } from '../../src/setup/documents.ts';
import { tidied } from '../../src/setup/folder.ts';
import { literalAt, literalOnTop, literalsIn } from '../../src/setup/literals.ts';
import { countBelow, survey } from '../../src/setup/survey.ts';
import { projectOf } from './project.ts';

const page = '# Page\n\nText.\n';

function look(files: Readonly<Record<string, string>>, root: string | null = null) {
  const project = projectOf(files);
  const found = survey(project);
  const site = findSite(found, project, root);
  return { site, root: findRoot(found, site), found, project };
}

describe('a site generator', () => {
  it.each([
    [
      'docusaurus in TypeScript',
      {
        'docusaurus.config.ts': `import type {Config} from '@docusaurus/types';
// url: 'https://wrong.example.org',
const config: Config = {
  title: 'It\\'s',
  url: 'https://docs.acme.dev', baseUrl: '/help/', trailingSlash: false,
  presets: [['classic', { docs: { path: 'handbook', routeBasePath: '/guide', editUrl: 'https://github.com/acme/docs' }, blog: false }]],
  themeConfig: { navbar: { items: [{ url: 'https://else.example.org' }] } },
};
export default config;`,
        'handbook/a.md': page,
        'README.md': page,
      },
      { generator: 'docusaurus', root: 'handbook', url: 'https://docs.acme.dev/help/guide/', pages: 'bare' },
    ],
    [
      'docusaurus in a folder of its own, with its documents beside it',
      {
        'website/docusaurus.config.js': `const url = 'https://acme.dev';
module.exports = { url: url, baseUrl: "/", presets: [["classic", { docs: { path: "../docs" } }]], trailingSlash: true }`,
        'docs/a.md': page,
      },
      { generator: 'docusaurus', root: 'docs', url: 'https://acme.dev/docs/', pages: 'folder' },
    ],
    [
      'docusaurus with versions',
      {
        'docusaurus.config.mjs': `export default { url: 'https://acme.dev', baseUrl: '/' }`,
        'versions.json': '["1.0"]',
        'docs/a.md': page,
      },
      { generator: 'docusaurus', root: 'docs', url: 'https://acme.dev/docs/next/' },
    ],
    [
      'docusaurus whose address is computed',
      {
        'docusaurus.config.js': "module.exports = { url: process.env.URL ? 'https://a.dev' : 'https://b.dev', baseUrl: '/' }",
        'docs/a.md': page,
      },
      { generator: 'docusaurus', root: 'docs', url: null },
    ],
    [
      'docusaurus with the address of its template',
      { 'docusaurus.config.js': "module.exports = { url: 'https://your-docusaurus-site.example.com', baseUrl: '/' }", 'docs/a.md': page },
      { generator: 'docusaurus', url: null },
    ],
    [
      'vitepress',
      {
        'docs/.vitepress/config.mts': `export default defineConfig({ base: '/kb/', cleanUrls: true, sitemap: { hostname: 'https://acme.dev' } })`,
        'docs/index.md': page,
      },
      { generator: 'vitepress', root: 'docs', url: 'https://acme.dev/kb/', pages: 'bare' },
    ],
    [
      'vitepress at the top, with a source folder',
      { '.vitepress/config.js': `export default { srcDir: './src' }`, 'src/index.md': page },
      { generator: 'vitepress', root: 'src', url: null, pages: null },
    ],
    [
      'mkdocs',
      {
        'mkdocs.yml': `site_name: Acme\nsite_url: "https://acme.dev/manual" # ours\ndocs_dir: manual\nuse_directory_urls: false\nmarkdown_extensions:\n  - x: !!python/name:os.system\n`,
        'manual/index.md': page,
      },
      { generator: 'mkdocs', root: 'manual', url: 'https://acme.dev/manual/', pages: 'html' },
    ],
    [
      'mkdocs with an address from the environment',
      { 'mkdocs.yml': 'site_url: !ENV [URL, "https://acme.dev"]\n', 'docs/index.md': page },
      { generator: 'mkdocs', root: 'docs', url: null },
    ],
    [
      'astro with Starlight',
      {
        'astro.config.mjs': `export default defineConfig({ site: 'https://acme.dev', base: '/docs', trailingSlash: 'always', integrations: [starlight({ title: 'x' })] })`,
        'src/content/docs/a.mdx': page,
        'src/content.config.ts': `schema: docsSchema()`,
      },
      { generator: 'astro', root: 'src/content/docs', url: 'https://acme.dev/docs/', pages: 'folder', strict: false },
    ],
    [
      'astro with a strict collection',
      {
        'astro.config.ts': `export default defineConfig({ site: 'https://acme.dev' })`,
        'src/content/blog/a.md': page,
        'src/content/config.ts': `const blog = defineCollection({ schema: z.object({ title: z.string() }).strict() })`,
      },
      { generator: 'astro', root: 'src/content', url: null, strict: true },
    ],
    [
      'hugo in TOML',
      { 'hugo.toml': `baseURL = 'https://acme.dev/'\nuglyURLs = true\n[params]\nbaseURL = "https://wrong.dev"\n`, 'content/a.md': page },
      { generator: 'hugo', root: 'content', url: 'https://acme.dev/', pages: 'html' },
    ],
    [
      'hugo in a configuration folder',
      { 'config/_default/hugo.yaml': `baseURL: https://acme.dev/kb\ncontentDir: pages\n`, 'pages/a.md': page },
      { generator: 'hugo', root: 'pages', url: 'https://acme.dev/kb/' },
    ],
    [
      'hugo, as it was called',
      { 'config.toml': `baseURL = "https://acme.dev"\n`, 'content/a.md': page },
      { generator: 'hugo', root: 'content' },
    ],
    [
      'hugo in JSON',
      { 'hugo.json': `{"baseURL":"https://acme.dev"}`, 'content/a.md': page },
      { generator: 'hugo', url: 'https://acme.dev/' },
    ],
  ])('%s', (_name, files, expected) => {
    expect(look(files as unknown as Record<string, string>).site).toMatchObject(expected);
  });

  it.each([
    ['a config.toml of something else', { 'config.toml': `[server]\nbaseURL = "https://x.dev"\n`, 'content/a.md': page }],
    ['documents outside of the project', { 'mkdocs.yml': 'docs_dir: ../../etc\n', 'docs/a.md': page }],
    ['documents that are not there', { 'mkdocs.yml': 'docs_dir: nowhere\n', 'docs/a.md': page }],
    ['one among the packages', { 'node_modules/x/mkdocs.yml': 'site_name: x\n', 'node_modules/x/docs/a.md': page, 'docs/a.md': page }],
  ])('is not taken from %s', (_name, files) => {
    expect(look(files as unknown as Record<string, string>).site).toBeNull();
  });

  it('is the outermost one, or the one of the folder that was named', () => {
    const files = {
      'mkdocs.yml': 'site_name: a\n',
      'docs/a.md': page,
      'examples/b/mkdocs.yml': 'site_name: b\n',
      'examples/b/docs/b.md': page,
    };
    expect(look(files).site?.config).toBe('mkdocs.yml');
    expect(look(files, 'examples/b/docs').site?.config).toBe('examples/b/mkdocs.yml');
    expect(look(files, 'examples').site).toBeNull();
  });

  it('has no address with a password, a query or another scheme', () => {
    for (const url of ['https://u:p@acme.dev', 'javascript:alert(1)', 'https://acme.dev/?q=1', 'not an address']) {
      expect(look({ 'mkdocs.yml': `site_url: ${url}\n`, 'docs/a.md': page }).site).toMatchObject({ url: null });
    }
  });
});

describe('a configuration in JavaScript', () => {
  it('is read as text: nested keys, comments, quotes, and nothing that is computed', () => {
    const found = literalsIn(
      `/* url: 'a' */ const x = { 'url': "b", deep: [{ url: \`c\` }], t: \`\${x}\`, n: 1, flag: true, sum: 'a' + 'b', f() { return { q: 'z' } } }`,
    );
    expect(literalOnTop(found, 'url')).toBe('b');
    expect(literalAt(found, 'deep', 'url')).toBe('c');
    expect(literalOnTop(found, 'flag')).toBe(true);
    for (const key of ['t', 'n', 'sum']) expect(literalOnTop(found, key)).toBeNull();
  });

  it('ends on anything, fast', () => {
    for (const text of ['{'.repeat(200_000), `'`.repeat(50_000), `/*${'x'.repeat(300_000)}`, '`${'.repeat(50_000), 'a:'.repeat(100_000)]) {
      expect(literalsIn(text).length).toBeLessThan(10);
    }
  });
});

describe('the folder of documents', () => {
  it.each([
    [{ 'docs/a.md': page, 'src/b.md': page }, 'docs'],
    [{ 'website/docs/a.md': page }, 'website/docs'],
    [{ 'README.md': page, 'pages/a.md': page, 'pages/b.md': page, 'other/c.md': page }, 'pages'],
    [{ 'README.md': page, 'a.md': page }, ''],
    [{ 'README.md': page, 'CHANGELOG.md': page }, null],
    [{ 'node_modules/x/docs/a.md': page, 'dist/a.md': page, '.hidden/a.md': page }, null],
    [{}, null],
  ])('of %j is %j', (files, expected) => {
    expect(look(files as unknown as Record<string, string>).root).toBe(expected);
  });

  it('is looked for within bounds, the nearest folders first', () => {
    const far = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`docs/${'deep/'.repeat(20)}${at}.md`, page]));
    const project = projectOf({ ...far, 'docs/near.md': page });
    expect(survey(project)).toMatchObject({ markdown: ['docs/near.md'], complete: false });
    const many = projectOf(Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`docs/${at}.md`, page])));
    const cut = survey(many, { entries: 100, depth: 8 });
    expect(cut.complete).toBe(false);
    expect(countBelow(cut, 'docs')).toBe(99);
  });

  it('never lies outside', () => {
    expect(tidied('a/../b/./c')).toBe('b/c');
    for (const path of ['../x', 'a/../../x', '/etc', 'C:\\x']) expect(tidied(path)).toBeNull();
  });
});

describe('the style of front matter', () => {
  const style = (...heads: readonly string[]) => {
    const { found, project } = look(Object.fromEntries(heads.map((head, at) => [`docs/${at}.md`, `---\n${head}\n---\ntext\n`])));
    return styleOf(found, 'docs', project);
  };

  it('takes a key for the id that most files have and no two share', () => {
    expect(style('doc_id: a', 'doc_id: b', 'title: x').id).toEqual({ key: 'doc_id', sure: true });
    expect(style('uid: 1', 'uid: 2').id).toEqual({ key: 'uid', sure: true });
    expect(style('id: a', 'id: a').id).toBeNull();
    expect(style('id: a', 'title: b', 'title: c').id).toBeNull();
    expect(style('slug: a', 'slug: b').id).toBeNull();
  });

  it('leaves kb to those who use it for something else', () => {
    expect(style('kb: { id: a }', 'title: b').key).toBe('kb');
    expect(style('kb: 4711').key).toBe('kbsync');
    expect(style('kb: { article: 1 }').key).toBe('kbsync');
  });
});
