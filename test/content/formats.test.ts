import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Packages } from '../../src/content/formats/extract.ts';
import { renderPayload, textFor } from '../../src/content/render.ts';
import type { Generator } from '../../src/model/config.ts';
import type { Format } from '../../src/model/payload.ts';
import { folderWith, ids, scanOf, told } from './folder.ts';

interface Asked {
  readonly path?: string;
  readonly format?: Format;
  readonly generator?: Generator;
}

/** The body of one document as a target is given it, without its title. */
async function rendered(text: string, { path = 'a.md', format = 'markdown', generator = 'plain' }: Asked = {}): Promise<string> {
  const site = { url: 'https://x.example/', generator };
  const scan = await scanOf(folderWith({ [path]: `---\ntitle: T\n---\n${text}` }), { content: { include: ['**/*'], site } });
  expect(scan.problems.filter((problem) => problem.severity === 'error')).toEqual([]);
  const [document] = scan.documents;
  if (document === undefined) throw new Error('no document');
  const options = { format, partBytes: null, titleCharacters: null, attributeKeys: [], target: 'support' };
  const [part] = (await renderPayload(document, await textFor(scan, document, options), options)).parts;
  const body = part?.text.replace(/^(?:# T|<h1>T<\/h1>|T)\n+/, '') ?? '';
  return body.replace(/\n*(?:<p>)?Source: (?:<a .*<\/a><\/p>|\S+)\n$/, '').trimEnd();
}

describe('output', () => {
  const text = [
    'A **bold** [link](https://y.example/) and `code`, line\\\nbreak &amp; more.',
    '- one\n- two\n  1. deep\n  2. deeper',
    '* [x] done\n* [ ] open',
    '```js\nif (a < b) {\n  run();\n}\n```',
    '| a | b |\n|---|---|\n| 1 | 2 |',
    '> quoted\n\n![a picture](https://y.example/p.png)',
    '***',
    'Note[^1]\n\n[^1]: The note.',
  ].join('\n\n');

  it('plain: lists, code and tables stay legible, links keep their address', async () => {
    expect(await rendered(text, { format: 'plain' })).toBe(
      [
        'A bold link (https://y.example/) and code, line\nbreak & more.',
        '- one\n- two\n  1. deep\n  2. deeper',
        '- [x] done\n- [ ] open',
        'if (a < b) {\n  run();\n}',
        'a | b\n1 | 2',
        'quoted',
        'a picture (https://y.example/p.png)',
        'Note[1]',
        'Footnotes',
        '1. The note.',
      ].join('\n\n'),
    );
  });

  it.each([
    ['<table><tr><td><p>Basic</p><p>monthly</p></td><td><ul><li>x</li><li>y</li></ul></td></tr></table>', 'Basic monthly | x y'],
    [
      '<table><tr><td>Run</td><td><pre>npm i\nnpm run</pre></td></tr></table>\n\n[A](https://y.example/a)',
      'Run | npm i npm run\n\nA (https://y.example/a)',
    ],
    ['10<sup>6</sup>, 1<sup>st</sup>, x<sup>-1</sup>', '10^6, 1st, x^-1'],
    ['<button>Press</button><label>Name</label>', 'Press Name'],
    ['<select><option>Red</option><option>Blue</option></select>', 'Red, Blue'],
    ['<details><summary>More</summary>hidden detail</details>', 'More\n\nhidden detail'],
  ])('plain: what a reader sees apart stays apart in %j', async (source, expected) => {
    expect(await rendered(source, { format: 'plain' })).toBe(expected);
    expect(await rendered(`<p>A</p>${source}`, { format: 'plain', path: 'a.html' })).toContain(expected.split(' |')[0]);
  });

  it('a page stays whole behind code and lists in the cells of a table', async () => {
    const page =
      '<table><tr><th>Do</th></tr><tr><td><pre>npm i\nnpm run</pre></td></tr><tr><td><ol><li>a</li></ol></td></tr></table><p>Then <a href="https://y.example/g">go</a>.</p>';
    const scan = await scanOf(folderWith({ 'a.html': page }), { content: { include: ['**/*'] } });
    const [document] = scan.documents;
    if (document === undefined) throw new Error('no document');
    const options = { format: 'markdown', partBytes: null, titleCharacters: null, attributeKeys: [], target: 'support' } as const;
    const [part] = (await renderPayload(document, await textFor(scan, document, options), options)).parts;
    expect(part?.text).toBe(
      '# A\n\n| Do              |\n| --------------- |\n| `npm i npm run` |\n| a               |\n\nThen [go](https://y.example/g).\n',
    );
  });

  it('html: what Markdown means, with nothing that runs', async () => {
    const html = await rendered(text, { format: 'html' });
    expect(html).toContain(
      '<p>A <strong>bold</strong> <a href="https://y.example/">link</a> and <code>code</code>, line<br>\nbreak &amp; more.</p>',
    );
    expect(html).toContain('<pre><code class="language-js">if (a &lt; b) {');
    expect(html).toContain('<td>1</td>');
    const hostile =
      'a <b onclick="x()">b</b> <a href="javascript:x()">c</a>\n\n<script>alert(1)</script>\n\n<iframe src="https://y.example"></iframe>\n\n<p style="color:red" hidden>gone</p>\n\n<!-- gone --><div>\n\nkept **d**\n\n</div>';
    expect(await rendered(hostile, { format: 'html' })).toBe(
      '<p>a <b>b</b> <a>c</a></p>\n\n\n\n<div>\n<p>kept <strong>d</strong></p>\n</div>',
    );
  });

  it('title and source line are in each format', async () => {
    const root = folderWith({ 'a.md': '---\ntitle: "A <b> & c"\nkb: { url: "https://x.example/a?b=1&c=2" }\n---\ntext' });
    const scan = await scanOf(root);
    const [document] = scan.documents;
    if (document === undefined) throw new Error('no document');
    const as = async (format: Format) =>
      (await renderPayload(document, 'text', { format, partBytes: null, titleCharacters: null, attributeKeys: [] })).parts[0]?.text;
    expect(await as('markdown')).toBe('# A <b> & c\n\ntext\n\nSource: https://x.example/a?b=1&c=2\n');
    expect(await as('html')).toBe(
      '<h1>A &lt;b> &amp; c</h1>\n<p>text</p>\n<p>Source: <a href="https://x.example/a?b=1&amp;c=2">https://x.example/a?b=1&amp;c=2</a></p>\n'.replace(
        /&amp;(?=c=2)/g,
        '&amp;',
      ),
    );
    expect(await as('plain')).toBe('A <b> & c\n\ntext\n\nSource: https://x.example/a?b=1&c=2\n');
  });

  it('plain text files are text in every format', async () => {
    const lines = 'First *line*\nsecond <b>\n\nNext & last';
    expect(await rendered(lines, { path: 'a.txt' })).toBe(lines);
    expect(await rendered(lines, { path: 'a.txt', format: 'plain' })).toBe(lines);
    expect(await rendered(lines, { path: 'a.txt', format: 'html' })).toBe('<p>First *line*<br>second &lt;b></p><p>Next &amp; last</p>');
  });
});

describe('HTML files', () => {
  const page =
    '<!doctype html><html><head><title>Page title</title><style>p{}</style></head><body><h1>Top</h1><p>One <em>two</em>.</p><ul><li>a<li>b</ul><pre><code class="language-sh">ls  -l\n</code></pre><table><caption>Caption</caption><tr><th>h<td>1</table><details><summary>More</summary>Hidden at first.</details><noscript>no</noscript><p hidden>never</p><script>run()</script></body></html>';

  it('become Markdown with all that is shown, their heading the title', async () => {
    const scan = await scanOf(folderWith({ 'a.html': page, 'b.htm': '<title>Only a title</title><p>x' }), {
      content: { include: ['**/*'] },
    });
    expect(scan.documents.map((document) => document.title)).toEqual(['Top', 'Only a title']);
    const [document] = scan.documents;
    if (document === undefined) throw new Error('no document');
    const options = { format: 'markdown', partBytes: null, titleCharacters: null, attributeKeys: [] } as const;
    const [part] = (await renderPayload(document, await textFor(scan, document, options), options)).parts;
    expect(part?.text).toBe(
      '# Top\n\nOne *two*.\n\n- a\n- b\n\n```sh\nls  -l\n```\n\nCaption\n\n| h | 1 |\n| - | - |\n\nMore\n\nHidden at first.\n',
    );
  });
});

describe('MDX', () => {
  it.each([
    ['import A from "a"\n\nText <A>inner</A>.', 'Text inner.'],
    ['export const x = 1\n\n{x} and {"two"} and {`three`}', '1 and two and three'],
    ['<div className="box">\n  <p>One</p>\n\n  Two\n</div>', 'One\n\nTwo'],
    ['- item\n\n  <Note>\n    inner\n\n        deeper\n  </Note>\n- next', '- item\n\n  **Note**\n\n  inner\n\n  deeper\n- next'],
    ['<Foo>\n\n    ```js\n    code\n      more\n    ```\n</Foo>', '```js\ncode\n  more\n```'],
    ['a <Kbd>b</Kbd>{/* note */} c\n\n{/* alone */}\n\nd', 'a b c\n\nd'],
    ['<Card title="T1" description="D1" href="/x">More</Card>', '[T1](https://x.example/x): D1 More'],
    ['<img src="https://y.example/p.png" alt="pic" />', '![pic](https://y.example/p.png)'],
    ['<Image src={pic} alt="described" />', 'described'],
    ['{list.map((item) => <li>each one</li>)}', 'each one'],
    ['`<Foo>` and `{x}` stay\n\n```\nimport x from "y"\n<Foo />\n```', '`<Foo>` and `{x}` stay\n\n```\nimport x from "y"\n<Foo />\n```'],
    ['<Tabs><Tab>one</Tab><Tab>two</Tab></Tabs>', 'one two'],
    ['## Head <Badge text="new" /> {#id}', '## Head new'],
  ])('%j', async (text, expected) => {
    expect(await rendered(text, { path: 'a.mdx', generator: text.includes('{#id}') ? 'docusaurus' : 'plain' })).toBe(expected);
  });

  it('what is no MDX is refused with its line and column', async () => {
    const files = {
      'a.mdx': '---\ntitle: T\n---\n\nfine\n\n<Open>\n\nnever closed\n',
      'b.mdx': 'a {b c} d',
      'c.mdx': 'see <https://x.example>',
      'd.mdx': 'fine',
    };
    const scan = await scanOf(folderWith(files));
    expect(ids(scan)).toEqual(['d.mdx']);
    expect(scan.problems.map(({ path, line, severity }) => `${severity} ${path}:${line}`)).toEqual([
      'error a.mdx:7',
      'error b.mdx:1',
      'error c.mdx:1',
    ]);
    expect(told(scan)[1]).toMatch(/^error b\.mdx:1 cannot be read as MDX: Could not parse expression with acorn/);
  });

  it('lists the components it does not know, once a document', async () => {
    const scan = await scanOf(folderWith({ 'a.mdx': 'x\n\n<Foo a="1" />\n\n<Bar>\n  <Foo />\n  text\n</Bar>\n\n<Tabs />' }));
    expect(told(scan)).toEqual([
      'warning a.mdx:3 components not known here: Foo (line 3), Bar (line 5); the text within stays, what it draws by itself is left out',
    ]);
  });
});

describe('containers', () => {
  it.each([
    [':::note\nText\n:::\nAfter', '**Note**\n\nText\n\nAfter'],
    ['Before\n:::warning[Mind *this*]{.x}\nText\n:::', 'Before\n\n**Warning: Mind *this***\n\nText'],
    ['> :::tip\n> Text\n> :::', '> **Tip**\n>\n> Text'],
    ['1. item\n\n   :::info\n   Text\n   :::\n\n2. next', '1. item\n\n   **Info**\n\n   Text\n\n2. next'],
    [':::{.box}\nText\n:::', 'Text'],
    ['::: my-box Own title\nText', '**Own title**\n\nText'],
    ['```\n:::note\n:::\n```\n\n:::', '```\n:::note\n:::\n```\n\n:::'],
  ])('%j', async (text, expected) => {
    expect(await rendered(text)).toBe(expected);
  });
});

describe('formulas in MDX', () => {
  it.each(['Let $x^{n-1}$ and $a_{1}^{2}$ be.', '$$\n\\sum_{i=0}^{n} x_{i}\n$$', 'A $\\frac{1}{2}$ <b>and</b> $a<b$.'])(
    '%j stays as it is',
    async (text) => {
      expect(await rendered(text, { path: 'a.mdx' })).toBe(text);
      expect(await rendered(text, { path: 'a.md', generator: 'docusaurus' })).toBe(text);
    },
  );

  it('prices are none', async () => {
    expect(await rendered('From $5 {"to"} $10.', { path: 'a.mdx' })).toBe('From $5 to $10.');
  });
});

describe('what components draw by themselves', () => {
  it.each([
    [
      "<Tabs values={[{label:'macOS',value:'mac'},{label:'Windows Eleven',value:'win'}]}>\n<TabItem value=\"mac\">Use brew.</TabItem>\n<TabItem value=\"win\">Use winget.</TabItem>\n</Tabs>",
      '**macOS** Use brew.\n**Windows Eleven** Use winget.',
    ],
    ['<Tabs>\n<TabItem value="Yarn Berry">Run it.</TabItem>\n</Tabs>', '**Yarn Berry** Run it.'],
    [
      "<Tabs items={['npm', 'pnpm two']}>\n<Tabs.Tab>One.</Tabs.Tab>\n<Tabs.Tab>Two.</Tabs.Tab>\n</Tabs>",
      '**npm** One.\n**pnpm two** Two.',
    ],
    ["<DocCardList items={[{label: 'First', description: 'Begin here', href: '/a'}]} />", '- [First](https://x.example/a) Begin here'],
    ['<details><summary>More</summary>hidden detail</details>', '**More** hidden detail'],
    ['<Translate id="x" description="not shown">Translated words</Translate>', 'Translated words'],
    ['<img src={require(\'./img/x.png\').default} alt="Picture" />', '![Picture](./img/x.png)'],
    ['<Admonition type="tip" title="My **bold** tip">Text</Admonition>', '**Tip: My bold tip** Text'],
  ])('%j', async (text, expected) => {
    expect((await rendered(text, { path: 'a.mdx' })).trim()).toBe(expected);
  });

  it('code that would have to be run is told, and no number is made up', async () => {
    const text = "Sum {1 + 1}, {`x${1+1}`}, {'a' + 1}.\n\n{toc.map(i => <li>Item {i.name}</li>)}";
    const scan = await scanOf(folderWith({ 'a.mdx': text }), {});
    expect(told(scan)).toEqual([
      'warning a.mdx:1 what stands between braces here (and in line 3) is code, which is not run: what it would show is left out',
    ]);
    expect(await rendered(text, { path: 'a.mdx' })).toBe('Sum , , a1.\n\nItem');
  });
});

describe('VitePress', () => {
  it.each([
    ['Mail <support-team@acme.com> or <John.Doe@acme.com>.', 'Mail <support-team@acme.com> or <John.Doe@acme.com>.'],
    ['<Comp title="The title">slot words</Comp>', '**The title** slot words'],
    ['<template><a :href="x()" v-if="y">words</a></template>', '<a>words</a>'],
    ['A <span v-pre>{{ kept }}</span> B', 'A <span>{{ kept }}</span> B'],
    ['```js\na() // [!code focus]\nb() // [!code --]\n```', '```js\na()\nb()\n```'],
  ])('%j', async (text, expected) => {
    expect(await rendered(text, { generator: 'vitepress' })).toBe(expected);
  });

  it('Docusaurus marks lines in code, too', async () => {
    const text = '```js\n// highlight-next-line\na()\n/* highlight-start */\nb()\n/* highlight-end */\n```';
    expect(await rendered(text, { generator: 'docusaurus' })).toBe('```js\na()\nb()\n```');
  });
});

describe('what generators draw', () => {
  const seen = async (head: string, text: string, generator: Generator, more: Record<string, string> = {}) => {
    const scan = await scanOf(folderWith({ 'a.md': `---\n${head}\n---\n${text}`, ...more }), {
      content: { site: { url: 'https://x.example/', generator } },
    });
    const document = scan.documents.find(({ path }) => path === 'a.md');
    if (document === undefined) throw new Error(told(scan).join('\n'));
    const options = { format: 'markdown', partBytes: null, titleCharacters: null, attributeKeys: [], target: 'support' } as const;
    const { parts } = await renderPayload(document, await textFor(scan, document, options), options);
    return (parts[0]?.text ?? '').replace(/\n+Source: .*\n$/, '');
  };

  it('a landing page from its front matter', async () => {
    const head =
      'layout: home\nhero: { name: Lantern, text: Light it, tagline: Bright., actions: [{ text: Start, link: /go }] }\nfeatures: [{ title: Fast, details: Very. }]';
    expect(await seen(head, '', 'vitepress')).toBe('# Lantern\n\nLight it\n\nBright.\n\n[Start](https://x.example/go)\n\n- Fast: Very.');
  });

  it("Hugo: the page's own parameters, words of unknown shortcodes, names of tabs, references through the site", async () => {
    expect(await seen('title: T\nparams: { version: "3.2.1" }', 'Version {{< param version >}}.', 'hugo')).toBe('# T\n\nVersion 3.2.1.');
    expect(await seen('title: T', 'Press {{< kbd "Ctrl" >}}. {{< faq question="What is it?" id="x1" >}}', 'hugo')).toBe(
      '# T\n\nPress Ctrl. What is it?',
    );
    expect(
      await seen(
        'title: T',
        '{{< tabs items="JSON,YAML file" >}}\n{{< tab >}}\na\n{{< /tab >}}\n{{< tab >}}\nb\n{{< /tab >}}\n{{< /tabs >}}',
        'hugo',
      ),
    ).toBe('# T\n\n**JSON**\n\na\n\n**YAML file**\n\nb');
    const net = { 'docs/net/dns.md': '# DNS' };
    expect(await seen('title: T', '[a]({{< ref "docs/net/dns#records" >}}) [b]({{< relref "dns" >}})', 'hugo', net)).toBe(
      '# T\n\n[a](https://x.example/docs/net/dns/#records) [b](https://x.example/docs/net/dns/)',
    );
  });

  it('MkDocs: cards with icons stay lists, Markdown in HTML is read, keys and changes read as they show', async () => {
    const card = '-   :material-clock-fast:{ .lg .middle } __Set up__\n\n    ---\n\n    Install it.';
    expect(await seen('title: T', card, 'mkdocs')).toBe('# T\n\n-   __Set up__\n\n    ---\n\n    Install it.');
    expect(
      await seen('title: T', '<figure markdown="span">\n  ![Fig](https://y.example/a.png){ width="300" }\n</figure>', 'mkdocs'),
    ).toContain('![Fig](https://y.example/a.png)\n');
    expect(await seen('title: T', 'Press ++ctrl+alt+del++, {--no--}{++yes++}.\n\n/// caption\nWords.\n///', 'mkdocs')).toBe(
      '# T\n\nPress ctrl+alt+del, yes.\n\nWords.',
    );
  });
});

describe('MkDocs blocks', () => {
  it.each([
    ['!!! tip\n    One\n\n    Two\n\nThree', '**Tip**\n\nOne\n\nTwo\n\nThree'],
    ['- item\n\n    !!! note "Here"\n        Text', '- item\n\n    **Note: Here**\n\n    Text'],
    ['=== "A"\n\n    a\n\n=== "B"\n\n    b', '**A**\n\na\n\n**B**\n\nb'],
    ['Hello\n!!! really\nnot a block', 'Hello\n!!! really\nnot a block'],
    ['```\n!!! note\n    in code\n```', '```\n!!! note\n    in code\n```'],
    ['    !!! note\n        in code', '    !!! note\n        in code'],
  ])('%j', async (text, expected) => {
    expect(await rendered(text)).toBe(expected);
  });
});

describe('binary documents', () => {
  const word = (name: string) => readFileSync(fileURLToPath(new URL(`../../node_modules/mammoth/test/test-data/${name}`, import.meta.url)));
  const missing = () => Promise.reject(Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' }));
  const files = { 'a.pdf': pdf('Reset the router'), 'b.docx': word('tables.docx'), 'c.pdf': pdf('Second'), 'd.md': 'D' };

  it('PDF and DOCX are documents with their text', async () => {
    const scan = await scanOf(folderWith({ ...files, 'a.kb.yaml': 'title: The manual\naudience: public\n' }), {
      content: { include: ['**/*'] },
    });
    expect(told(scan)).toEqual([]);
    expect(scan.documents.map(({ id, kind, title }) => [id, kind, title])).toEqual([
      ['a.pdf', 'file', 'The manual'],
      ['b.docx', 'file', 'B'],
      ['c.pdf', 'file', 'C'],
      ['d.md', 'article', 'D'],
    ]);
    const options = { format: 'markdown', partBytes: null, titleCharacters: null, attributeKeys: [] } as const;
    const texts = await Promise.all(
      scan.documents.map(
        async (document) => (await renderPayload(document, await textFor(scan, document, options), options)).parts[0]?.text,
      ),
    );
    expect(texts[0]).toBe('# The manual\n\nReset the router\n');
    expect(texts[1]).toContain('| Top left');
    expect(scan.documents[0]).toMatchObject({ mediaType: 'application/pdf', distribution: { audience: 'public' } });
  });

  it('without the package they stay as they are, told once a format', async () => {
    const packages: Packages = { unpdf: missing, mammoth: missing };
    const scan = await scanOf(folderWith(files), { content: { include: ['**/*'] }, packages });
    expect(told(scan)).toEqual([
      'warning a.pdf:- .pdf is read by the package unpdf, which is not installed (and 1 more): left as it is; npm install unpdf',
      'warning b.docx:- .docx is read by the package mammoth, which is not installed: left as it is; npm install mammoth',
    ]);
    expect(ids(scan)).toEqual(['d.md']);
    expect([...scan.blockedPaths.keys()]).toEqual(['a.pdf', 'b.docx', 'c.pdf']);
  });

  it("what Word calls the title is the document's, before any heading", async () => {
    const load = createRequire(createRequire(import.meta.url).resolve('mammoth'));
    const zip = await load('jszip').loadAsync(word('tables.docx'));
    const paragraph = (style: string, words: string) =>
      `<w:p><w:pPr><w:pStyle w:val="${style}"/></w:pPr><w:r><w:t>${words}</w:t></w:r></w:p>`;
    const xml: string = await zip.file('word/document.xml').async('string');
    const styled = xml.replace('<w:body>', `<w:body>${paragraph('Title', 'The Handbook')}${paragraph('Heading1', 'First steps')}`);
    zip.file('word/document.xml', styled);
    const scan = await scanOf(folderWith({ 'a.docx': await zip.generateAsync({ type: 'nodebuffer' }) }), {
      content: { include: ['**/*'] },
    });
    expect(scan.documents.map(({ title }) => title)).toEqual(['The Handbook']);
  });

  it('what is no PDF, or a DOCX without its end, is refused', async () => {
    const scan = await scanOf(folderWith({ 'a.pdf': 'no PDF', 'b.docx': word('tables.docx').subarray(0, 500) }), {
      content: { include: ['**/*'] },
    });
    expect(told(scan)).toEqual([
      expect.stringMatching(/^error a\.pdf:- cannot be read as PDF/),
      expect.stringMatching(/^error b\.docx:- cannot be read as DOCX/),
    ]);
  });
});

/** The smallest PDF that says something. */
function pdf(words: string): Uint8Array {
  const stream = `BT /F1 12 Tf 72 720 Td (${words}) Tj ET`;
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    '<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>',
    `<</Length ${stream.length}>>stream\n${stream}\nendstream`,
    '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>',
  ];
  let text = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const at = text.length;
    text += `${index + 1} 0 obj${object}endobj\n`;
    return at;
  });
  const start = text.length;
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  text += `xref\n0 6\n0000000000 65535 f \n${rows}trailer<</Size 6/Root 1 0 R>>\nstartxref\n${start}\n%%EOF`;
  return new TextEncoder().encode(text);
}
