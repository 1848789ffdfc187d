// The fence, from any set of rules and any documents to the payloads: nothing from outside a target's audience is ever in one. What stands
// where is worked out a second time here, from what was generated and not from what was parsed.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileParser } from '../../src/content/parse.ts';
import { renderPayload } from '../../src/content/render.ts';
import { fenceCount, outsideFence, selectFor } from '../../src/content/select.ts';
import { bodyOf } from '../../src/content/source.ts';
import type { ContentConfig, Rule } from '../../src/model/config.ts';
import type { Document } from '../../src/model/document.ts';
import { plainContent } from './folder.ts';

/** What a layer says of the audience. */
type Said = string | null | 'ABSENT' | 'BROKEN';

interface Written {
  readonly path: string;
  readonly front: Said;
  readonly language: 'yaml' | 'toml' | 'json';
  /** In the key that was there before, which content.frontMatter.map names. */
  readonly mapped: Said;
  readonly sidecar: Said;
  readonly faq: boolean;
}

interface Pairs {
  readonly path: string;
  readonly defaults: Said;
  readonly pairs: readonly Said[];
}

interface Ruled {
  readonly match: string;
  readonly said: Said;
}

const audiences = ['public', 'partner', 'internal', 'Public', 'public '] as const;
const said = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom<Said>(...audiences) },
  { weight: 4, arbitrary: fc.constant<Said>('ABSENT') },
  { weight: 1, arbitrary: fc.constantFrom<Said>(null, 'BROKEN') },
);
const folder = fc.constantFrom('', 'guides/', 'internal/', 'guides/internal/');
const name = fc.constantFrom('a', 'b', 'secret-c', 'd');
const written = fc.record({
  path: fc.tuple(folder, name).map(([where, what]) => `${where}${what}.md`),
  front: said,
  language: fc.constantFrom('yaml' as const, 'toml' as const, 'json' as const),
  mapped: said.map((value) => (value === null ? 'ABSENT' : value)),
  sidecar: said,
  faq: fc.boolean(),
});
const pairs = fc.record({
  path: fc.tuple(folder, name).map(([where, what]) => `${where}${what}.qa.yaml`),
  defaults: said,
  pairs: fc.array(said, { minLength: 1, maxLength: 3 }),
});
const matches: { readonly [pattern: string]: (path: string) => boolean } = {
  '**': () => true,
  'internal/**': (path) => path.startsWith('internal/'),
  '**/internal/**': (path) => `/${path}`.includes('/internal/'),
  'guides/*.md': (path) => /^guides\/[^/]+\.md$/.test(path),
  '**/secret-*': (path) => /(^|\/)secret-[^/]*$/.test(path),
  'a.md': (path) => path === 'a.md',
};
const ruled = fc.record({ match: fc.constantFrom(...Object.keys(matches)), said });
const scene = fc.record({
  rules: fc.array(ruled, { maxLength: 5 }),
  files: fc.uniqueArray(written, { selector: ({ path }) => path, minLength: 1, maxLength: 6 }),
  questions: fc.uniqueArray(pairs, { selector: ({ path }) => path, maxLength: 2 }),
  fallback: fc.constantFrom('public', 'internal', null),
  fence: fc.constantFrom<readonly string[]>(['public'], ['partner', 'public'], ['internal'], [], ['PUBLIC']),
});

// ── what it looks like on the disk ────────────────────────────────────────────────────────────────────────────────────

const literal = (said: Said): string => (said === 'BROKEN' ? '["public"]' : JSON.stringify(said));

function frontMatterOf({ front, mapped, language, faq }: Written, index: number): string {
  const own = front === 'ABSENT' ? {} : { audience: JSON.parse(literal(front)) as unknown };
  const ours = { ...own, ...(faq ? { faq: [{ q: `Question ${index}?`, a: `TOKEN-${index}-faq` }] } : {}) };
  const data = { ...(mapped === 'ABSENT' ? {} : { visibility: JSON.parse(literal(mapped)) as unknown }), kb: ours };
  if (language === 'json') return `---json\n${JSON.stringify(data, null, 2)}\n---\n`;
  if (language === 'yaml') return `---\n${JSON.stringify(data)}\n---\n`;
  const line = (key: string, value: unknown) => (value === null || value === undefined ? '' : `${key} = ${JSON.stringify(value)}\n`);
  const pair = faq ? `[[kb.faq]]\nq = "Question ${index}?"\na = "TOKEN-${index}-faq"\n` : '';
  return `+++\n${line('visibility', data['visibility'])}[kb]\n${line('audience', own.audience)}${pair}+++\n`;
}

function qaTextOf({ defaults, pairs: all }: Pairs, index: number): string {
  const line = (said: Said) => (said === 'ABSENT' ? '' : `, audience: ${literal(said)}`);
  const rows = all.map((each, at) => `  - { q: "Pair ${at}?", a: "TOKEN-q${index}-${at}"${line(each)} }`);
  return `${defaults === 'ABSENT' ? '' : `defaults: { tags: [x]${line(defaults)} }\n`}pairs:\n${rows.join('\n')}\n`;
}

// ── what it must come to ──────────────────────────────────────────────────────────────────────────────────────────────

/** The strongest layer that says anything; undefined: a mistake somewhere, and nothing of the file may go out. */
function effective(layers: readonly Said[], fallback: string | null): string | null | undefined {
  // A key without a value was meant to say something.
  if (layers.includes('BROKEN') || layers.includes(null)) return undefined;
  const strongest = layers.findLast((layer) => layer !== 'ABSENT');
  return strongest === undefined ? fallback : (strongest?.trim() ?? fallback);
}

function ruleLayers(rules: readonly Ruled[], path: string): readonly Said[] {
  const article = path.replace(/\.qa\.yaml$/, '.md');
  return rules.filter(({ match }) => matches[match]?.(path) || matches[match]?.(article)).map(({ said }) => said);
}

describe('the fence', () => {
  it('lets no payload out of its audience, and keeps none in, in 1,000 random sets of rules and documents', async () => {
    let sent = 0;
    let kept = 0;
    await fc.assert(
      fc.asyncProperty(scene, async ({ rules, files, questions, fallback, fence }) => {
        const content: ContentConfig = {
          ...plainContent,
          root: '/r',
          frontMatter: { key: 'kb', map: { audience: 'visibility' } },
          defaults: { audience: fallback },
        };
        const setRules: Rule[] = rules.map(({ match, said }) => ({
          match,
          set: said === 'ABSENT' ? {} : said === 'BROKEN' ? { audience: ['public'] } : { audience: said },
        }));
        const parse = fileParser({ content, rules: setRules, targetNames: ['bot'] });
        const documents: Document[] = [];
        const bodies = new Map<string, string>();
        const allowed = new Set<string>();
        const allow = (token: string, audience: string | null | undefined) => {
          if (audience !== undefined && audience !== null && fence.includes(audience)) allowed.add(token);
        };
        for (const [index, file] of files.entries()) {
          const text = `${frontMatterOf(file, index)}# Title\n\nTOKEN-${index}-body\n`;
          const beside = file.sidecar === 'ABSENT' ? null : { path: `${file.path}.kb.yaml`, text: `audience: ${literal(file.sidecar)}\n` };
          const parsed = parse({ path: file.path, text, sidecar: beside });
          documents.push(...parsed.documents);
          bodies.set(file.path, bodyOf(text, parsed.bodyStart));
          // Within front matter our own key is stronger than the one that it was mapped to.
          // TOML has no null.
          const front = file.front === null && file.language === 'toml' ? 'ABSENT' : file.front;
          const broken = file.mapped === 'BROKEN' && front === 'ABSENT';
          const own = front === 'ABSENT' ? (file.mapped === 'BROKEN' ? 'ABSENT' : file.mapped) : front;
          const audience = effective(
            [...ruleLayers(rules, file.path), file.sidecar, own, ...(broken ? (['BROKEN'] as const) : [])],
            fallback,
          );
          allow(`TOKEN-${index}-body`, audience);
          if (file.faq) allow(`TOKEN-${index}-faq`, audience);
        }
        for (const [index, file] of questions.entries()) {
          documents.push(...parse({ path: file.path, text: qaTextOf(file, index), sidecar: null }).documents);
          const above = [...ruleLayers(rules, file.path), file.defaults];
          const whole = effective([...above, ...file.pairs], fallback);
          file.pairs.forEach((pair, at) => {
            allow(`TOKEN-q${index}-${at}`, whole === undefined ? undefined : effective([...above, pair], fallback));
          });
        }
        const target = { name: 'bot', audience: fence, include: ['**'] };
        const selection = selectFor(target, documents, 0);
        const payloads = await Promise.all(
          selection.wanted.map((document) =>
            renderPayload(document, bodies.get(document.path) ?? '', {
              format: 'markdown',
              partBytes: null,
              titleCharacters: null,
              attributeKeys: [],
            }),
          ),
        );
        const found = payloads.flatMap((payload) => payload.parts.flatMap((part) => part.text.match(/TOKEN-[\w-]+/g) ?? []));
        expect(new Set(found)).toEqual(allowed);
        for (const document of documents) {
          expect(selection.wanted.includes(document)).toBe(outsideFence(target, document) === null);
          if (!selection.wanted.includes(document)) expect(selection.leaves.get(document.id)?.retraction).toBe(true);
        }
        const count = fenceCount(target, documents);
        expect([count?.inside, [...(count?.outside.values() ?? [])].reduce((sum, each) => sum + each, 0)]).toEqual([
          selection.wanted.length,
          documents.length - selection.wanted.length,
        ]);
        sent += found.length;
        kept += documents.length - selection.wanted.length;
      }),
      { numRuns: 1_000, seed: 20_261_121 },
    );
    // Neither side of the fence was empty throughout.
    expect(sent).toBeGreaterThan(500);
    expect(kept).toBeGreaterThan(500);
  });
});
