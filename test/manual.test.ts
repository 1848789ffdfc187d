// The shipped manual, read as a user's folder is: no problem in it, every golden question answered from it, every command and key in it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Loaded, loadConfig } from '../src/config/load.ts';
import { commonTargetKeys, configKeys, notBuilt } from '../src/config/schema.ts';
import { isRecord, jsonSchemaOf, propertiesOf } from '../src/config/shape.ts';
import { registry, resolveConnector } from '../src/connectors/registry.ts';
import { renderPayload } from '../src/content/render.ts';
import { type Scan, scanContent } from '../src/content/scan.ts';
import type { Expectation } from '../src/model/answer.ts';
import type { Document } from '../src/model/document.ts';
import type { JsonRecord } from '../src/model/json.ts';
import { marker } from '../src/model/mark.ts';
import type { Payload } from '../src/model/payload.ts';
import { createKnowledge } from '../src/sandbox/retrieval.ts';
import { commandsOf } from './support/program.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const content = join(root, 'content');

let loaded: Loaded;
let scan: Scan;
let payloads: readonly { readonly document: Document; readonly payload: Payload }[];

/** Case and white space do not count. */
function folded(text: string): string {
  return text.toLowerCase().replace(/\s+/g, ' ');
}

function holds(answer: string, expectation: Expectation): boolean {
  if (typeof expectation === 'string') return folded(answer).includes(folded(expectation));
  if ('re' in expectation) return new RegExp(expectation.re, 'i').test(answer);
  return expectation.some((one) => holds(answer, one));
}

/** How a bot names what it was trained on: the title, nothing (Chat Thing is not trained on names), or the mark (SiteGPT). */
const namings: { readonly [name: string]: (document: Document) => string } = {
  'by title': (document) => document.title,
  'without a name': () => '',
  'by mark': (document) =>
    marker({ maxCharacters: 100, barred: /[\\/<>:"|?*]/, suffix: '.md' }).write({
      workspace: 'kbsync-manual',
      document: document.id,
      part: '',
      effect: '',
    }),
};

beforeAll(async () => {
  const vendors = Object.assign((name: string) => (Object.hasOwn(registry, name) ? resolveConnector(name, '/') : Promise.resolve(null)), {
    names: Object.keys(registry),
  });
  loaded = await loadConfig({ file: null, cwd: root, env: {}, vendors });
  scan = await scanContent({
    content: loaded.config.content,
    rules: loaded.config.rules,
    targetNames: loaded.config.targets.map((target) => target.name),
    neverEnter: [loaded.config.stateDir],
    cache: null,
    now: () => 0,
  });
  const options = { format: 'markdown', partBytes: null, titleCharacters: null, attributeKeys: [] } as const;
  payloads = await Promise.all(
    scan.documents.map(async (document) => ({ document, payload: await renderPayload(document, scan.text(document), options) })),
  );
});

describe('the shipped configuration', () => {
  it('loads without a secret and without a warning, and points editors at its schema', () => {
    expect(loaded.warnings).toEqual([]);
    expect(loaded.source.split('\n')[0]).toBe('# yaml-language-server: $schema=./sync.config.schema.json');
    expect(loaded.config.name).toBe('kbsync-manual');
    expect(loaded.config.content.root).toBe(content);
  });

  it('has a sandbox bot of every vendor that is built', () => {
    expect(loaded.config.targets.every((target) => target.sandbox)).toBe(true);
    expect(loaded.config.targets.map((target) => target.vendor).sort()).toEqual(Object.keys(registry).sort());
  });
});

describe('the manual', () => {
  it('is a folder without a single problem', () => {
    expect(scan.problems).toEqual([]);
    expect(scan.complete).toBe(true);
  });

  it('gives every article a title, tags and at least one golden question', () => {
    const articles = scan.documents.filter((document) => document.kind === 'article');
    expect(articles.length).toBeGreaterThanOrEqual(25);
    const bare = articles.filter((document) => document.tests.length === 0 || document.attributes['tags'] === undefined);
    expect(bare.map((document) => document.path)).toEqual([]);
    expect(scan.documents.some((document) => document.kind === 'qa')).toBe(true);
    expect(articles.some((document) => document.id !== document.path)).toBe(true);
  });

  it.each(Object.keys(namings))('answers every golden question, where a bot knows its documents %s', (naming) => {
    const knowledge = createKnowledge();
    for (const { document, payload } of payloads) {
      for (const part of payload.parts) knowledge.put(document.id, namings[naming]?.(document) ?? '', part.text);
    }
    const wrong: string[] = [];
    let asked = 0;
    for (const { document } of payloads) {
      for (const test of document.tests) {
        const { text, sources } = knowledge.answer(test.ask);
        const missing = test.expect.filter((expectation) => !holds(text, expectation));
        const said = test.reject.filter((expectation) => holds(text, expectation));
        asked += 1;
        if (missing.length + said.length > 0) {
          wrong.push(
            `${document.path}: ${test.ask}\n  lacks ${JSON.stringify(missing)}, says ${JSON.stringify(said)}; from ${sources.join(', ')}:\n${text}`,
          );
        }
      }
    }
    expect(wrong.join('\n\n')).toBe('');
    expect(asked).toBeGreaterThanOrEqual(40);
  });

  it('expects only what the document itself says', () => {
    const texts = new Map<string, string>();
    for (const { document, payload } of payloads) {
      const article = document.kind === 'qa' ? document.parent : document.id;
      texts.set(article, `${texts.get(article) ?? ''}\n${plain(payload.parts.map((part) => part.text).join('\n'))}`);
    }
    const strange = payloads.flatMap(({ document }) =>
      document.tests.flatMap((test) =>
        test.expect
          .filter((expectation) => !holds(texts.get(document.id) ?? '', expectation))
          .map((expectation) => `${document.path}: ${JSON.stringify(expectation)}`),
      ),
    );
    expect(strange).toEqual([]);
  });

  it('names every command and every option of the program', () => {
    const manual = manualText();
    const missing = commandsOf().flatMap(({ name, options }) => [
      ...(manual.includes(`kbsync ${name}`) ? [] : [`kbsync ${name}`]),
      ...options.filter((option) => !manual.includes(option)).map((option) => `${name} ${option}`),
    ]);
    expect(missing).toEqual([]);
  });

  it('names every key of the configuration, and every key of each vendor', async () => {
    const manual = manualText();
    const vendors = await Promise.all(Object.keys(registry).map((name) => resolveConnector(name, '/')));
    const keys = [
      ...keysOf(jsonSchemaOf(configKeys)),
      ...commonTargetKeys,
      ...vendors.flatMap((vendor) => Object.keys(propertiesOf(jsonSchemaOf(vendor.options)))),
    ];
    const missing = [...new Set(keys)].filter((key) => !new RegExp(`\\b${key}\\b`).test(manual));
    expect(missing).toEqual([]);
  });

  it('shows only configurations that load', async () => {
    const vendors = Object.assign((name: string) => (Object.hasOwn(registry, name) ? resolveConnector(name, '/') : Promise.resolve(null)), {
      names: Object.keys(registry),
    });
    const files = ['README.md', ...payloads.flatMap(({ document }) => (document.kind === 'article' ? [`content/${document.path}`] : []))];
    const examples = files.flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8').replace(/^---\n[\s\S]*?\n---\n/, '');
      const blocks = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((found) => found[1] ?? '');
      return blocks.filter((block) => /^(?:version|content|rules|safety):|^targets:$/m.test(block)).map((block) => ({ file, block }));
    });
    expect(examples.length).toBeGreaterThanOrEqual(8);
    const wrong: string[] = [];
    for (const { file, block } of examples) {
      // A part of a configuration is made whole; what it leaves out is not what it shows.
      const whole = [
        /^name:/m.test(block) ? '' : 'name: example\n',
        /^targets:/m.test(block) ? '' : 'targets:\n  - { name: support, vendor: chatthing, sandbox: true }\n',
        block,
      ].join('');
      const readFile = (path: string) =>
        path.endsWith('example.yaml') ? Promise.resolve(whole) : Promise.reject(Object.assign(new Error('none'), { code: 'ENOENT' }));
      try {
        await loadConfig({ file: 'example.yaml', cwd: root, env: {}, vendors, readFile });
      } catch (thrown) {
        wrong.push(`${file}: ${thrown instanceof Error ? thrown.message : String(thrown)}\n${whole}`);
      }
    }
    expect(wrong.join('\n\n')).toBe('');
  });

  it('says of every key that is refused in this version that it is not built', () => {
    const page = readFileSync(join(content, 'help/not-built.md'), 'utf8');
    const missing = notBuilt.map(({ key }) => key.replace('[]', '')).filter((key) => !page.includes(key));
    expect(missing).toEqual([]);
  });
});

function manualText(): string {
  return payloads.map(({ payload }) => payload.parts.map((part) => part.text).join('\n')).join('\n');
}

/** As the sandbox reads it: inline marks aside. */
function plain(text: string): string {
  return text.replace(/\*\*|`/g, '').replace(/!?\[([^\]]*)\]\([^)\s]*\)/g, '$1');
}

/** All keys of a JSON Schema, at every depth. */
function keysOf(schema: JsonRecord): string[] {
  const own = Object.entries(propertiesOf(schema)).flatMap(([key, below]) => [key, ...keysOf(below)]);
  const items = schema['items'];
  const branches = Array.isArray(schema['anyOf']) ? (schema['anyOf'] as readonly JsonRecord[]) : [];
  return [...own, ...(items !== undefined && isRecord(items) ? keysOf(items) : []), ...branches.flatMap(keysOf)];
}
