// The fence, from a folder on the disk to the payloads: includes, partials, regions, headings, sidecars and Q&A files. What each bot may read
// is worked out here from what was generated; every word that is not everybody's is a token of its own.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderPayload, textFor } from '../../src/content/render.ts';
import { scanContent } from '../../src/content/scan.ts';
import { leavesOfBlocked, selectFor } from '../../src/content/select.ts';
import { plainContent } from './folder.ts';

const targets = [
  { name: 'site', audience: ['public'], include: ['**'] },
  { name: 'staff', audience: ['public', 'internal'], include: ['**'] },
  { name: 'partner', audience: ['partner'], include: ['**'] },
] as const;
const audience = fc.constantFrom('public', 'internal', 'partner');
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });

/** How a page says who may have it. */
const placed = fc.record({
  front: optional(audience),
  sidecar: optional(audience),
  /** Its folder has a rule. */
  folder: fc.constantFrom('', 'internal/', 'partner/'),
});
const page = fc.record({
  placed,
  only: optional(fc.constantFrom('site', 'staff', 'partner')),
  ignored: fc.boolean(),
  /** A heading that stands within a region. */
  hidesHeading: fc.boolean(),
  includes: optional(fc.nat({ max: 5 })),
  includesPartial: optional(fc.nat({ max: 1 })),
  isBroken: fc.boolean(),
});
const scene = fc.record({
  pages: fc.array(page, { minLength: 1, maxLength: 5 }),
  partials: fc.array(optional(audience), { minLength: 2, maxLength: 2 }),
  questions: optional(fc.record({ sidecar: optional(audience), pairs: fc.array(optional(audience), { minLength: 1, maxLength: 3 }) })),
  fallback: audience,
});
type Scene = typeof scene extends fc.Arbitrary<infer Value> ? Value : never;

const ruleOf: { readonly [folder: string]: string | null } = { '': null, 'internal/': 'internal', 'partner/': 'partner' };
const pathOf = ({ pages }: Scene, index: number) => `${pages[index]?.placed.folder ?? ''}p${index}.md`;

/** The strongest statement. */
function audienceOf({ pages, fallback }: Scene, index: number): string {
  const found = pages[index]?.placed;
  return found?.front ?? found?.sidecar ?? ruleOf[found?.folder ?? ''] ?? fallback;
}

/** Every token with the audience of the place that it stands in, and the targets of the region around it. */
interface Token {
  readonly word: string;
  readonly audience: string;
  readonly only: string | null;
}

function written(all: Scene): { files: Map<string, string>; tokens: Token[] } {
  const files = new Map<string, string>();
  const tokens: Token[] = [];
  const token = (name: string, audience: string, only: string | null = null): string => {
    const word = `TOKEN${name.replace(/\W/g, 'x')}END`;
    tokens.push({ word, audience, only });
    return word;
  };
  all.pages.forEach((one, index) => {
    const own = audienceOf(all, index);
    const lines = [`${token(`body${index}`, own)} stands here.`];
    const region = (marker: string, only: string, name: string) =>
      `<!-- ${marker} -->\n\n${one.hidesHeading ? `# ${token(`${name}head${index}`, own, only)}\n\n` : ''}${token(`${name}${index}`, own, only)}\n\n<!-- kb:end -->`;
    if (one.only !== null) lines.unshift(region(`kb:only ${one.only}`, one.only, 'only'));
    if (one.ignored) lines.unshift(region('kb:ignore', 'nobody', 'ignored'));
    if (one.includes !== null && one.includes < all.pages.length && one.includes !== index)
      lines.push(`--8<-- "${pathOf(all, one.includes)}"`);
    if (one.includesPartial !== null) lines.push(`--8<-- "_parts/s${one.includesPartial}.md"`);
    if (one.isBroken) lines.push('{{ nope }}');
    const head = one.placed.front === null ? '' : `---\nkb: { audience: ${one.placed.front} }\n---\n`;
    files.set(pathOf(all, index), `${head}${lines.join('\n\n')}\n`);
    if (one.placed.sidecar !== null) files.set(pathOf(all, index).replace('.md', '.kb.yaml'), `audience: ${one.placed.sidecar}\n`);
  });
  all.partials.forEach((stated, index) => {
    // One that states nothing has its includer's audience: any bot that may have the page may read it.
    const words = stated === null ? 'free words' : token(`partial${index}`, stated);
    files.set(`_parts/s${index}.md`, `${stated === null ? '' : `---\nkb: { audience: ${stated} }\n---\n`}${words}\n`);
  });
  if (all.questions !== null) {
    const { sidecar, pairs } = all.questions;
    const rows = pairs.map((stated, index) => {
      const words = token(`pair${index}`, stated ?? sidecar ?? all.fallback);
      return `- { q: "Question ${index}?", a: "${words}"${stated === null ? '' : `, audience: ${stated}`} }`;
    });
    files.set('faq.qa.yaml', `${rows.join('\n')}\n`);
    if (sidecar !== null) files.set('faq.kb.yaml', `audience: ${sidecar}\n`);
  }
  return { files, tokens };
}

async function sentTo(all: Scene): Promise<{ readonly sent: ReadonlyMap<string, string>; readonly tokens: readonly Token[] }> {
  const root = mkdtempSync(join(tmpdir(), 'kbsync-fence-'));
  try {
    const { files, tokens } = written(all);
    for (const [path, text] of files) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const content = { ...plainContent, root, defaults: { audience: all.fallback }, partials: ['_parts'], variables: { product: 'X' } };
    const rules = ['internal', 'partner'].map((name) => ({ match: `${name}/**`, set: { audience: name } }));
    const scan = await scanContent({
      content,
      rules,
      targetNames: targets.map(({ name }) => name),
      neverEnter: [],
      cache: null,
      now: () => 0,
    });
    const sent = new Map<string, string>();
    for (const target of targets) {
      const texts: string[] = [];
      for (const document of selectFor(target, scan.documents, 0).wanted) {
        const options = { format: 'markdown', partBytes: null, titleCharacters: null, attributeKeys: [], target: target.name } as const;
        const { parts, title } = await renderPayload(document, await textFor(scan, document, options), options);
        texts.push(title, ...parts.map((part) => `${part.title}\n${part.text}`));
      }
      sent.set(target.name, texts.join('\n'));
      // What is plainly outside leaves, whatever is wrong with its file.
      const leaves = leavesOfBlocked(target, scan.claims ?? [], 0);
      all.pages.forEach((one, index) => {
        const outside = !(target.audience as readonly string[]).includes(audienceOf(all, index));
        if (one.isBroken && outside) expect(leaves.get(pathOf(all, index))?.retraction).toBe(true);
      });
    }
    return { sent, tokens };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

describe('the fence around a folder', () => {
  it('lets no word out of its audience or region, through includes, partials, titles, sidecars or questions', async () => {
    let seen = 0;
    await fc.assert(
      fc.asyncProperty(scene, async (all) => {
        const { sent, tokens } = await sentTo(all);
        for (const target of targets) {
          const text = sent.get(target.name) ?? '';
          for (const { word, audience: stated, only } of tokens) {
            const mayRead = (target.audience as readonly string[]).includes(stated) && (only === null || only === target.name);
            if (text.includes(word)) seen += 1;
            if (!mayRead) expect(text).not.toContain(word);
          }
        }
      }),
      { numRuns: 100, seed: 20261122 },
    );
    expect(seen).toBeGreaterThan(250);
  }, 60_000);
});
