// Documents nobody here wrote: what npm packages ship. Every word that a reader of them sees is in the payloads, in each format, whole and split
// at headings.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromHtml } from 'hast-util-from-html';
import { toHtml } from 'hast-util-to-html';
import { toText } from 'hast-util-to-text';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { toHast } from 'mdast-util-to-hast';
import { gfm } from 'micromark-extension-gfm';
import { describe, expect, it } from 'vitest';
import { renderPayload, textFor } from '../../src/content/render.ts';
import { folderWith, scanOf } from './folder.ts';
import { missingWords } from './visible-words.ts';

const options = { format: 'html', partBytes: null, titleCharacters: null, attributeKeys: [], target: 'support' } as const;
const packages = fileURLToPath(new URL('../../node_modules', import.meta.url));

/** Without the one in Devanagari: the second opinion counts its vowel signs as ends of words. */
function shipped(most: number): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (folder: string, below: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (Object.keys(found).length >= most) return;
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules') walk(path, `${below}${entry.name}/`);
      else if (entry.isFile() && /\.md$/i.test(entry.name) && !/changelog|\.hi\.md$/i.test(entry.name))
        found[`${below}${entry.name}`] = readFileSync(path, 'utf8').replace(/\r\n?/g, '\n');
    }
  };
  walk(packages, '');
  return found;
}

/** What a browser shows of it, by the packages themselves and without a step of ours. An image stands between words; so does, as plain text, an address. */
function shown(source: string, format: 'html' | 'plain'): string {
  const tree = toHast(fromMarkdown(source, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }), { allowDangerousHtml: true });
  // A raised number is told apart from what it stands behind; marks of footnotes are counted anew in each part.
  const html = toHtml(tree, { allowDangerousHtml: true }).replace(
    /<img[^>]*>|<a [^>]*data-footnote-(?:backref|ref)[\s\S]*?<\/a>|<\/?sup>/g,
    ' ',
  );
  return toText(fromHtml(format === 'plain' ? html.replaceAll('</a>', '</a> ') : html, { fragment: true }));
}

describe('documents of npm packages', () => {
  const files = shipped(120);
  const scanned = () => scanOf(folderWith(files), { content: { include: ['**/*.md'], gitignore: false } });

  it('as Markdown they stay byte for byte', async () => {
    const scan = await scanned();
    const changed: string[] = [];
    for (const document of scan.documents) {
      const { text } = await textFor(scan, document, { ...options, format: 'markdown' });
      const source = files[document.path] ?? '';
      // Comments are for editors: they alone are taken out, with the blank lines around them.
      const bare = (words: string) =>
        words
          .replace(/^---\n[\s\S]*?\n---\n/, '')
          .replace(/<!--[\s\S]*?-->|^\[(?:\/\/|comment).*$/gm, '')
          .replace(/\s+/g, ' ')
          .trim();
      if (bare(text) !== bare(source)) changed.push(document.path);
    }
    expect(scan.documents.length).toBeGreaterThan(100);
    expect(changed).toEqual([]);
  });

  it.each(['html', 'plain'] as const)(
    'as %s, split at headings, no word is lost',
    async (format) => {
      const scan = await scanned();
      const lost: string[] = [];
      for (const document of scan.documents) {
        const { parts } = await renderPayload(document, await textFor(scan, document, options), { ...options, format, split: 'heading' });
        const text = parts.map((part) =>
          format === 'html' ? toText(fromHtml(part.text.replace(/<img[^>]*>/g, ' '), { fragment: true })) : part.text,
        );
        const body = (files[document.path] ?? '').replace(/^---\n[\s\S]*?\n---\n/, '');
        const missing = missingWords(shown(body, format), text.join('\n'));
        if (missing.length > 0) lost.push(`${document.path}: ${missing.join(', ')}`);
      }
      expect(lost).toEqual([]);
    },
    60_000,
  );
});
