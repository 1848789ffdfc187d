// The bytes that bots are given, kept in test/fixtures/golden.txt: whatever changes them, a new version of a package too, would push documents
// that nobody edited to every bot again. Where that is meant, raise rendererVersion and run
// UPDATE_GOLDEN=1 npx vitest run test/content/golden.test.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type RenderOptions, renderPayload, textFor } from '../../src/content/render.ts';
import { folderWith, scanOf } from './folder.ts';

const fixture = fileURLToPath(new URL('../fixtures/golden.txt', import.meta.url));
const word = fileURLToPath(new URL('../../node_modules/mammoth/test/test-data/tables.docx', import.meta.url));

const files = {
  'guide.md': `---
kb:
  faq:
    - { q: "Is it <safe> & sound?", a: "Yes, *very*; see [the page](page.html)." }
---
# Guide

Intro with *emphasis*, **strong _nested_**, \`code\`, ~~gone~~, a break\\
and [the page](page.html#part), https://bare.example and &copy; <b>raw</b> HTML.

## Lists

- one
- two
  1. deep
  1. deeper

     second paragraph
- [ ] open
- [x] done

1. first
1. second with \`inline | code\`
1. third

   > quoted
   > twice

## References

See [text][ref], [ref] and a note[^n]. ![Picture *of* it](https://x.example/p.png "Title")

| Left | Right \\| pipe |
|:-----|--------------:|
| a    | **b**         |
|      | [c][ref]      |

## Code

\`\`\`js title="a.js"
const a = '<b>'; // # no heading

\`\`\`

    indented

<table>

<tr><td>cell</td><td>

**other** cell

</td></tr>

</table>

<details>
<summary>More</summary>

Hidden *words*.

</details>

## Code

Another section of that name, setext below.

Under
-----

***

[ref]: https://x.example/ref "The reference"
[^n]: The note, with [text][ref].
`,
  'long.md': `# Long\n\n${Array.from(
    { length: 8 },
    (_, index) =>
      `## Part ${index % 3}\n\nPart ${index} says that ${'some words are long, others are not; '.repeat(1 + (index % 4))}that is all.\n\n${Array.from({ length: 5 }, (_, item) => `1. Step ${item} of ${index}\n`).join('')}`,
  ).join('\n')}`,
  'flat.md': Array.from({ length: 25 }, (_, index) => `Paragraph ${index}, ${'and on '.repeat(index % 7)}and off.`).join('\n\n'),
  'part.mdx':
    'import Steps from "./steps.mdx"\n\nexport const a = 1\n\n# MDX\n\n<Note>Words **in** it</Note>\n\n<Steps />\n\nEnd {/* gone */}.\n',
  'steps.mdx': '1. a\n2. b\n',
  'page.html':
    '<!doctype html><title>Page</title><style>p{}</style><h1>The page</h1><p>Some <em>words</em> &amp; <a href="guide.md">more</a>.<script>x()</script></p><h2 id="part">Part</h2><table><caption>C</caption><tr><th>a<th>b<tr><td>1<td>2</table><ul><li>x<li>y<ol start=3><li>z</ol></ul><pre><code class="language-sh">ls  -l\n</code></pre><p hidden>no</p>',
  'notes.txt': 'NOTES\n=====\n\nPlain *text* & <tags>\n  with lines\n\n1. one\n1. two\n\n\nLast [g]\n\n[g]: https://x.example\n',
  'word.docx': readFileSync(word),
};

const base: RenderOptions = { format: 'markdown', partBytes: null, titleCharacters: null, attributeKeys: ['path'] };
const ways: readonly (readonly [string, Partial<RenderOptions>])[] = [
  ['whole', {}],
  ['by heading', { split: 'heading' }],
  ['by size', { partBytes: 700 }],
];

async function golden(): Promise<string> {
  const scan = await scanOf(folderWith(files), {
    content: { include: ['**/*'], partials: ['steps.mdx'], site: { url: 'https://docs.example/', generator: 'docusaurus' } },
  });
  const lines: string[] = [];
  for (const document of scan.documents) {
    for (const format of ['markdown', 'html', 'plain'] as const) {
      for (const [way, patch] of ways) {
        const options = { ...base, ...patch, format };
        const { parts } = await renderPayload(document, await textFor(scan, document, options), options);
        for (const { key, title, fingerprint, text } of parts) {
          // What is not split comes out the same each way.
          if (key === '' && way !== 'whole') continue;
          lines.push(`=== ${document.id} as ${format} ${way}: ${JSON.stringify(key)} ${title} ${fingerprint}`, text);
        }
      }
    }
  }
  return lines.join('\n');
}

describe('the same documents, always the same bytes', () => {
  it('in each format, whole and in parts', async () => {
    const now = await golden();
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(fixture, now);
    const kept = readFileSync(fixture, 'utf8').replace(/\r\n/g, '\n');
    expect(now).toBe(kept);
    for (const name of Object.keys(files).filter((path) => path !== 'steps.mdx')) expect(kept).toContain(`=== ${name} as html`);
  });
});
