// Five small trees in the manner of five site generators: every word a reader of the site sees is in the payloads, in each format, and
// nothing of front matter, imports or component syntax is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { renderPayload, textFor } from '../../src/content/render.ts';
import type { Generator } from '../../src/model/config.ts';
import type { Format, Payload } from '../../src/model/payload.ts';
import { scanOf, told } from './folder.ts';
import { missingWords, visibleText } from './visible-words.ts';

const fixtures = fileURLToPath(new URL('../fixtures/sites', import.meta.url));

interface Tree {
  readonly generator: Generator;
  readonly partials: readonly string[];
  /** Files whose words must be in a document beside its own. */
  readonly shows: { readonly [document: string]: readonly string[] };
  readonly problems: readonly string[];
  /** Of the Markdown payloads, whole blocks as they must read. */
  readonly reads: { readonly [document: string]: readonly string[] };
}

const trees: readonly Tree[] = [
  {
    generator: 'docusaurus',
    partials: [],
    shows: { 'intro.mdx': ['_partials/_limits.mdx', '_partials/_note.mdx', '_examples/deploy.sh'] },
    problems: [
      'warning guides/setup.mdx:25 the link "./missing.mdx" leads nowhere: there is no such file',
      'warning intro.mdx:59 a component not known here: PriceTable (line 59); the text within stays, what it draws by itself is left out',
      'warning intro.mdx:77 the image "./img/harbor.png" is not there',
    ],
    reads: {
      'intro.mdx': [
        'You are reading the Community edition.',
        '**With npm**\n\n```bash\nnpm install @harbor/cli\n```\n\nThen run `harbor init` once.\n\n**With Yarn**\n\n```bash',
        '**Note: Before you start**\n\nPorts are listed in [the setup guide](https://site.example/guides/setup#ports)',
        'The **Starter** plan allows twelve projects.\n\nAsk support for more. See [the tokens page](https://site.example/guides/tokens).',
        '**deploy.sh**\n\n```sh\n#!/bin/sh\nharbor deploy "$1" --retries 3\n```',
        "```jsx\nimport React from 'react';\n<Tabs>{children}</Tabs>\n```",
      ],
      'guides/setup.mdx': ['**Tip: Behind a proxy**\n\nForward both ports.\n\n1. Open the firewall.\n2. Reload the proxy.'],
      'guides/loose.md': ['3 < 4, and <https://harbor.example/status>'],
    },
  },
  {
    generator: 'vitepress',
    partials: ['parts'],
    shows: { 'guide/start.md': ['parts/common.md', 'parts/deep.md'] },
    problems: [
      'warning guide/settings.md:7 a component not known here: CustomBox (line 7); the text within stays, what it draws by itself is left out',
      'warning index.md:16 what stands between braces here is code, which is not run: what it would show is left out',
      'warning index.md:18 a component not known here: TeamList (line 18); the text within stays, what it draws by itself is left out',
      'warning index.md:24 the link "./guide/archive.html" leads nowhere: there is no such file',
    ],
    reads: {
      'index.md': [
        '# Lantern version two\n',
        '[the guide](https://site.example/guide/start.html), [settings](https://site.example/guide/settings.html#timeouts)',
      ],
      'guide/start.md': [
        '# Start\n\n**Info**\n\nLantern needs a modern browser.\n\n**Tip: CUSTOM TITLE**',
        '**Warning: Nested boxes**\n\nOuter words.\n\n**Danger**\n\nInner words.',
        '```py [setup.py]\nOPTIONS = {\n  "brightness": 7,\n}\n```',
        'Deeply shared words.',
        '<div>Visible remark.</div>',
      ],
      'guide/settings.md': ['Use `{{ raw }}` in templates.'],
    },
  },
  {
    generator: 'mkdocs',
    partials: ['includes'],
    shows: { 'index.md': ['includes/support.md', 'includes/hours.md'] },
    problems: [],
    reads: {
      'index.md': [
        'Kiln bakes reports for Claywork. [Get started](https://site.example/guide/install/#requirements)\n\nWrite to help@kiln.example in doubt.\n\nPhones',
        '![Kiln logo](https://site.example/assets/logo.png)\n',
      ],
      'guide/install.md': [
        '**Note**\n\nKiln needs Python.\n\n**Warning: Mind the version**\n\nOlder ones fail.\n\n```python\nimport kiln  # keep this import\n',
        '**Tip: A hidden hint**\n\nUse a [virtual environment](https://site.example/).',
        '**Linux**\n\nInstall with your package manager:\n\n1. refresh the list\n2. install `kiln`\n\n**Windows**',
        '```bash\ncurl -O kiln.tar\ntar xf kiln.tar\n```',
        '\n--8<-- "how snippets are written"\n',
      ],
    },
  },
  {
    generator: 'hugo',
    partials: ['docs/_shared'],
    shows: { '_index.md': ['docs/_shared/contact.md'] },
    problems: [
      'warning docs/begin.md:27 the image "form.png" is not there',
      'warning docs/begin.md:31 a shortcode not known here: survey-box (line 31); the text within stays, what it draws by itself is left out',
    ],
    reads: {
      '_index.md': [
        '[how to begin](https://site.example/docs/begin/) or [the fields](https://site.example/docs/fields/#types)',
        'Contact the Green gardeners at noon.',
      ],
      'docs/begin.md': [
        '**Warning: Heads up**\n\nSave often.\n\n**Note**\n\nA **note** with words.\n\n**macOS**\n\nDrag the icon.',
        '```go\nfmt.Println("meadow")\n```',
        'Shortcodes are written {{< like-this >}}.',
      ],
    },
  },
  {
    generator: 'astro',
    partials: [],
    shows: { 'index.mdx': ['_partials/requirements.mdx', '_partials/legal.md', '_examples/orbit.toml'] },
    problems: [
      'warning guides/begin.mdx:8 what stands between braces here is code, which is not run: what it would show is left out',
      'warning index.mdx:65 a component not known here: Chart (line 65); the text within stays, what it draws by itself is left out',
    ],
    reads: {
      'index.mdx': [
        '**Fast**\n\nPages arrive in **milliseconds**.\n\n**Calm**',
        '[Read the guide](https://site.example/guides/begin/): Ten minutes at most.',
        '**Caution: Careful**\n\nOrbit writes to `dist`.\n\n**Tip: Did you know?**\n\nShortcuts exist.',
        '1. Create a project.\n\n   ```sh\n   npm create orbit\n   ```\n\n2. Open it.',
        '**orbit.toml**\n\n```toml\nsite = "https://orbit.example"\n```',
        '**Note** Orbit 5 needs a recent runtime.\n\nAll rights rest with the *makers*.',
      ],
      'guides/begin.mdx': [
        'dear reader: start  now.\n\nOnly when ready.\n\n[Back home](https://site.example/), or look at ![the orbit](https://site.example/orbit.svg).',
      ],
    },
  },
];

/** What is never text: outside code, in whatever format. */
const syntax = [
  /^(?:import|export)\s.+from\s/m,
  /<\/?[A-Z][A-Za-z]*/,
  /<(?:script|style)\b/,
  /^:::/m,
  /^(?:!!!|\?\?\?|===)\s/m,
  /\{\{[<%]/,
  /\{\s*[#.][\w-]/,
  /<!--|\{\/\*/,
  /className|client:load|@theme|never shown|sidebar_position|tagline/,
  /\[\[toc\]\]|\[TOC\]/,
];

async function payloadsOf(
  tree: Tree,
  format: Format,
): Promise<{ readonly payloads: ReadonlyMap<string, Payload>; readonly problems: readonly string[] }> {
  const scan = await scanOf(join(fixtures, tree.generator), {
    content: {
      site: { url: 'https://site.example/', generator: tree.generator },
      partials: tree.partials,
      variables: { company: 'Claywork', 'support.mail': 'help@kiln.example', team: 'Green' },
      gitignore: false,
      lint: { 'broken-link': 'warning' },
    },
  });
  const payloads = new Map<string, Payload>();
  for (const document of scan.documents) {
    const options = { format, partBytes: null, titleCharacters: null, attributeKeys: [], target: 'support' };
    payloads.set(document.path, await renderPayload(document, await textFor(scan, document, options), options));
  }
  return { payloads, problems: told(scan).map((line) => line.replace(/:(\d+) /, ':$1 ')) };
}

/** Without code blocks and code in lines, in which anything may stand. */
function proseOf(text: string, format: Format): string {
  if (format === 'html') return text.replace(/<pre>[\s\S]*?<\/pre>|<code>[\s\S]*?<\/code>/g, '');
  return text.replace(/^[ \t]*```[\s\S]*?^[ \t]*```$/gm, '').replace(/`[^`\n]*`/g, '');
}

describe.each(trees)('$generator', (tree) => {
  const root = join(fixtures, tree.generator);

  it('reads as the site does', async () => {
    const { payloads, problems } = await payloadsOf(tree, 'markdown');
    expect(problems).toEqual(tree.problems);
    for (const [path, blocks] of Object.entries(tree.reads)) {
      const text = payloads.get(path)?.parts[0]?.text ?? '';
      for (const block of blocks) expect(text).toContain(block);
    }
  });

  it.each(['markdown', 'html', 'plain'] as const)('as %s: no word is lost, and no syntax is left', async (format) => {
    const { payloads } = await payloadsOf(tree, format);
    expect(payloads.size).toBeGreaterThan(1);
    for (const [path, payload] of payloads) {
      const files = [path, ...(tree.shows[path] ?? [])].map((file) => readFileSync(join(root, file), 'utf8'));
      const [own = '', ...others] = files;
      const visible = [
        visibleText(own),
        ...others.map((text, index) => (/\.mdx?$/.test(tree.shows[path]?.[index] ?? '') ? visibleText(text) : text)),
      ];
      const text = payload.parts.map((part) => part.text).join('\n');
      expect({ path, missing: missingWords(visible.join('\n'), text) }).toEqual({ path, missing: [] });
      if (format === 'plain') continue;
      const prose = proseOf(text, format).replace('{{< like-this >}}', '');
      for (const pattern of syntax) expect({ path, found: pattern.exec(prose)?.[0] ?? null }).toEqual({ path, found: null });
    }
  });
});
