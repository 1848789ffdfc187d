// One layer of keys (front matter, sidecar or rule) → what it states, each key checked, each mistake with its place. Pure.
import type { Expectation, GoldenTest } from '../model/answer.ts';
import type { ContentConfig } from '../model/config.ts';
import type { Json, JsonRecord } from '../model/json.ts';
import { readIsoDate } from './dates.ts';
import type { KeyTree, Where } from './front-matter.ts';
import { didYouMean } from './similar.ts';

export interface Pair {
  readonly q: string;
  readonly a: string;
}

/** What one layer says; null: nothing. */
export interface Stated {
  readonly id: string | null;
  readonly title: string | null;
  readonly url: string | null;
  readonly targets: readonly string[] | null;
  readonly audience: string | null;
  readonly draft: boolean | null;
  readonly unlisted: boolean | null;
  readonly publishAt: string | null;
  readonly expiresAt: string | null;
  readonly reviewBy: string | null;
  readonly faq: readonly Pair[] | null;
  readonly tests: readonly GoldenTest[] | null;
  readonly attributes: JsonRecord;
}

/** A pair of a Q&A file, and the defaults above its pairs, hold our keys directly, as a sidecar does. */
export type LayerKind = 'front matter' | 'sidecar' | 'rule' | 'pair' | 'defaults' | 'tests';

export interface Layer {
  readonly kind: LayerKind;
  readonly tree: KeyTree;
  readonly content: ContentConfig;
  readonly targetNames: readonly string[];
  readonly report: (severity: 'error' | 'warning', where: Where, message: string) => void;
}

const ours = ['id', 'url', 'targets', 'audience', 'publishAt', 'expiresAt', 'reviewBy', 'faq', 'tests'] as const;
const native = ['title', 'tags', 'description', 'draft', 'unlisted', 'slug'] as const;
/** A question is its own title, and has no page. */
const ofPairs = [
  'id',
  'url',
  'targets',
  'audience',
  'publishAt',
  'expiresAt',
  'reviewBy',
  'tests',
  'tags',
  'description',
  'draft',
  'unlisted',
];
/** Keys of Hugo's own, of which the first that is there counts (gohugo.io/configuration/front-matter#dates). */
const ofHugo: { readonly [name: string]: readonly string[] } = { publishAt: ['publishDate', 'date'], expiresAt: ['expiryDate'] };
type Key = (typeof ours)[number] | (typeof native)[number];

interface Found {
  readonly value: Json;
  readonly where: Where;
}

/** Reads one layer; what is wrong in it is reported, and left out of what is returned. */
export function readLayer(layer: Layer): Stated {
  const { data } = layer.tree;
  const key = layer.content.frontMatter.key;
  const nested = layer.kind === 'front matter' || (layer.kind === 'sidecar' && Object.hasOwn(data, key));
  const block = nested ? ourBlock(layer, key) : data;
  checkNames(layer, block, nested ? [key] : [], nested);
  const find = (name: Key): Found | null => {
    const isOurs = (ours as readonly string[]).includes(name);
    const places: Where[] = isOurs && nested ? [[key, name]] : [[name]];
    const mapped = layer.kind === 'front matter' ? layer.content.frontMatter.map[name] : undefined;
    if (mapped !== undefined) places.push([mapped]);
    if (layer.kind === 'front matter' && layer.content.site?.generator === 'hugo') {
      places.push(...(ofHugo[name] ?? []).filter((key) => key !== 'date' || isDate(data['date'])).map((key) => [key]));
    }
    for (const where of places) {
      const value = valueAt(where.length === 2 ? block : data, where.at(-1));
      if (value !== null) return { value, where };
    }
    return null;
  };
  return {
    id: readId(layer, find('id')),
    title: readScalar(layer, find('title')),
    url: readUrl(layer, find('url')),
    targets: readTargets(layer, find('targets')),
    audience: readScalar(layer, find('audience'), 'one text: a document has one audience'),
    draft: readBoolean(layer, find('draft')),
    unlisted: readBoolean(layer, find('unlisted')),
    publishAt: readDate(layer, find('publishAt')),
    expiresAt: readDate(layer, find('expiresAt')),
    reviewBy: readDate(layer, find('reviewBy')),
    faq: readList(layer, find('faq'), readPair),
    tests: readList(layer, find('tests'), (...item) => readTest(...item)),
    attributes: readAttributes(layer, key, nested, [find('tags'), find('description'), find('slug')]),
  };
}

function valueAt(record: JsonRecord, name: string | number | undefined): Json {
  return typeof name === 'string' && Object.hasOwn(record, name) ? (record[name] ?? null) : null;
}

function isRecord(value: Json): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Hugo takes forms of `date` that no publication hangs on here. */
function isDate(value: Json | undefined): boolean {
  return typeof value === 'string' && readIsoDate(value).ok;
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function ourBlock(layer: Layer, key: string): JsonRecord {
  const value = valueAt(layer.tree.data, key);
  if (value === null) return {};
  if (isRecord(value)) return value;
  layer.report(
    'error',
    [key],
    `"${key}" must hold keys such as id or audience, not ${describe(value)}; where it is another tool's, give ours another name with content.frontMatter.key`,
  );
  return {};
}

function checkNames(layer: Layer, block: JsonRecord, prefix: Where, nested: boolean): void {
  const isPair = layer.kind === 'pair' || layer.kind === 'defaults';
  const known: readonly string[] = nested ? ours : isPair ? ofPairs : [...ours, ...native];
  for (const name of Object.keys(block)) {
    if (known.includes(name)) continue;
    const place = nested ? `below ${prefix.join('.')}` : layer.kind === 'defaults' ? 'in defaults' : `in a ${layer.kind}`;
    layer.report('error', [...prefix, name], `unknown key "${name}" ${place}${didYouMean(name, known)}`);
  }
  refuseEmpty(layer, block, prefix);
  if (!nested) return;
  const mapped = Object.values(layer.content.frontMatter.map);
  const { key } = layer.content.frontMatter;
  for (const name of ['audience', 'targets', 'publishAt', 'expiresAt', 'faq']) {
    if (!Object.hasOwn(layer.tree.data, name) || mapped.includes(name)) continue;
    // Where fences stand, it was meant for them.
    const value = layer.tree.data[name];
    // A sentence ("Developers and admins") is for people; one word, or a list of them, looks like ours.
    const isWord = typeof value !== 'string' || /^[\w.-]+$/.test(value.trim());
    const isFence = name === 'audience' && isWord && layer.content.defaults.audience !== null && !Object.hasOwn(block, name);
    const instead = isFence ? `: write it below "${key}", or map it with content.frontMatter.map` : '';
    layer.report(isFence ? 'error' : 'warning', [name], `"${name}" stands outside "${key}" and has no effect there${instead}`);
  }
  for (const name of Object.keys(layer.tree.data)) {
    const isOurs = name !== key && (name.toLowerCase() === key.toLowerCase() || name.toLowerCase().startsWith(`${key.toLowerCase()}.`));
    if (isOurs) layer.report('error', [name], `unknown key "${name}": our keys stand below "${key}"`);
  }
}

/** Who may have a document, and when: a key without a value was meant to say something, and what it would fall back to may say the opposite. */
function refuseEmpty(layer: Layer, block: JsonRecord, prefix: Where): void {
  const { map } = layer.content.frontMatter;
  for (const name of ['audience', 'targets', 'publishAt', 'expiresAt']) {
    const places: readonly [JsonRecord, string, Where][] = [
      [block, name, [...prefix, name]],
      ...(layer.kind === 'front matter' && map[name] !== undefined
        ? [[layer.tree.data, map[name], [map[name]]] as [JsonRecord, string, Where]]
        : []),
    ];
    for (const [data, key, where] of places) {
      if (!Object.hasOwn(data, key) || data[key] !== null) continue;
      layer.report('error', where, `"${where.join('.')}" has no value: give it one, or leave the key out`);
    }
  }
}

function readAttributes(layer: Layer, key: string, nested: boolean, read: readonly (Found | null)[]): JsonRecord {
  const mapped = Object.values(layer.content.frontMatter.map);
  const left = new Set<string>([key, 'title', 'draft', 'unlisted', 'tags', 'description', 'slug', ...(nested ? mapped : ours)]);
  const others = Object.entries(layer.tree.data).filter(([name]) => !left.has(name));
  const [tags, description, slug] = read;
  const known: { [name: string]: Json } = {};
  if (tags) known['tags'] = isArray(tags.value) ? tags.value.filter((tag) => tag !== null).map(plain) : [plain(tags.value)];
  if (description) known['description'] = plain(description.value);
  if (slug) known['slug'] = plain(slug.value);
  return { ...Object.fromEntries(others), ...known };
}

function plain(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function describe(value: Json): string {
  if (value === null) return 'nothing';
  if (isArray(value)) return 'a list';
  if (isRecord(value)) return 'a mapping';
  return JSON.stringify(value).slice(0, 60);
}

function wrong(layer: Layer, found: Found, expected: string): null {
  const name = found.where.filter((step) => typeof step === 'string').join('.');
  layer.report('error', found.where, `"${name}" must be ${expected}, not ${describe(found.value)}`);
  return null;
}

/** Text on one line; numbers and dates as they were written. Null for nothing or an empty text. */
function readScalar(layer: Layer, found: Found | null, expected = 'a text'): string | null {
  const text = readText(layer, found, expected);
  if (text === null || found === null) return null;
  return text.trim() === '' ? wrong(layer, found, 'a text') : text.replace(/\s+/g, ' ').trim();
}

function readText(layer: Layer, found: Found | null, expected = 'a text'): string | null {
  if (found === null) return null;
  if (typeof found.value === 'string') return found.value;
  if (typeof found.value === 'object') return wrong(layer, found, expected);
  return layer.tree.source(found.where) ?? String(found.value);
}

function readId(layer: Layer, found: Found | null): string | null {
  if (found !== null && layer.kind === 'rule')
    return wrong(layer, found, 'set in front matter or a sidecar: a rule would give many documents one id');
  const text = readText(layer, found);
  if (text === null || found === null) return null;
  const id = text.normalize('NFC');
  if (id === '' || id !== id.trim() || id.length > 500 || /[\u0000-\u001f\u007f]/.test(id)) {
    return wrong(layer, found, 'a text of 1 to 500 characters without spaces around it');
  }
  return id.includes('#qa-') ? wrong(layer, found, 'a text without "#qa-", which marks question/answer pairs') : id;
}

function readUrl(layer: Layer, found: Found | null): string | null {
  const text = readScalar(layer, found);
  if (text === null || found === null) return null;
  const fine = /^https?:\/\/\S+$/i.test(text) && URL.canParse(text);
  return fine ? text : wrong(layer, found, 'an address that begins with https:// or http://');
}

function readTargets(layer: Layer, found: Found | null): readonly string[] | null {
  if (found === null) return null;
  const { value, where } = found;
  const list = typeof value === 'string' ? [value] : value;
  if (!isArray(list) || !list.every((item) => typeof item === 'string')) return wrong(layer, found, 'a list of target names');
  const names = list.filter((item) => typeof item === 'string');
  names.forEach((name, index) => {
    if (layer.targetNames.includes(name)) return;
    const place = isArray(value) ? [...where, index] : where;
    layer.report('error', place, `unknown target "${name}"${didYouMean(name, layer.targetNames)}`);
  });
  return names;
}

function readBoolean(layer: Layer, found: Found | null): boolean | null {
  if (found === null) return null;
  return typeof found.value === 'boolean' ? found.value : wrong(layer, found, 'true or false');
}

/** `YYYY-MM-DD` as it is (midnight UTC), a timestamp as ISO in UTC; one without a zone is UTC. */
function readDate(layer: Layer, found: Found | null): string | null {
  if (found === null) return null;
  const read = readIsoDate(typeof found.value === 'string' ? found.value : '');
  if (read.ok) return read.iso;
  const expected = 'a date such as 2026-12-01 or a timestamp such as 2026-12-01T08:00:00Z';
  return wrong(layer, found, read.fault === 'day' ? 'a day that exists' : expected);
}

type ItemReader<T> = (layer: Layer, item: JsonRecord, where: Where) => T | null;

function readList<T>(layer: Layer, found: Found | null, read: ItemReader<T>): readonly T[] | null {
  if (found === null) return null;
  if (!isArray(found.value)) return wrong(layer, found, 'a list');
  return found.value.flatMap((item, index) => {
    const where = [...found.where, index];
    if (!isRecord(item)) {
      wrong(layer, { value: item, where }, 'a list of mappings');
      return [];
    }
    const value = read(layer, item, where);
    return value === null ? [] : [value];
  });
}

function checkItem(layer: Layer, item: JsonRecord, where: Where, known: readonly string[]): void {
  for (const name of Object.keys(item)) {
    if (!known.includes(name))
      layer.report('error', [...where, name], `unknown key "${name}" in ${where.at(-2) ?? 'tests'}${didYouMean(name, known)}`);
  }
}

function required(layer: Layer, item: JsonRecord, where: Where, name: string): string | null {
  const value = valueAt(item, name);
  const text = value === null ? null : readText(layer, { value, where: [...where, name] });
  if (text !== null && text.trim() !== '') return text.trim();
  if (value === null || typeof value !== 'object') layer.report('error', where, `"${name}" is missing in ${where.at(-2) ?? 'tests'}`);
  return null;
}

function readPair(layer: Layer, item: JsonRecord, where: Where): Pair | null {
  checkItem(layer, item, where, ['q', 'a']);
  const q = required(layer, item, where, 'q');
  const a = required(layer, item, where, 'a');
  return q === null || a === null ? null : { q: q.replace(/\s+/g, ' '), a };
}

/** One golden question; `more` are keys that it may have where it stands, read by the caller. */
export function readTest(layer: Layer, item: JsonRecord, where: Where, more: readonly string[] = []): GoldenTest | null {
  checkItem(layer, item, where, ['ask', 'expect', 'reject', 'cite', 'targets', 'tags', ...more]);
  const at = (name: string): Found | null => {
    const value = valueAt(item, name);
    return value === null ? null : { value, where: [...where, name] };
  };
  const ask = required(layer, item, where, 'ask');
  const test = {
    expect: readExpectations(layer, at('expect')),
    reject: readExpectations(layer, at('reject')),
    cite: readBoolean(layer, at('cite')) ?? false,
    targets: readTargets(layer, at('targets')),
  };
  const tags = readTags(layer, at('tags'));
  if (ask === null) return null;
  if (test.expect.length === 0 && test.reject.length === 0 && !test.cite) {
    layer.report('warning', where, 'a test without expect, reject or cite proves nothing');
  }
  return { ask, ...test, ...(tags !== null && { tags }) };
}

function readTags(layer: Layer, found: Found | null): readonly string[] | null {
  if (found === null) return null;
  const list = isArray(found.value) ? found.value : [found.value];
  if (list.some((tag) => tag === null || typeof tag === 'object')) return wrong(layer, found, 'a list of tags');
  return list.map((tag) => plain(tag));
}

function readExpectations(layer: Layer, found: Found | null): readonly Expectation[] {
  if (found === null) return [];
  const list = isArray(found.value) ? found.value : [found.value];
  return list.flatMap((item, index) => {
    const where = isArray(found.value) ? [...found.where, index] : found.where;
    const value = readExpectation(layer, { value: item, where });
    return value === null ? [] : [value];
  });
}

/** An empty text stands in no answer, or in every one. */
function readExpected(layer: Layer, found: Found): string | null {
  const text = readText(layer, found);
  if (text === null || text.trim() !== '') return text;
  return nothing(layer, found, 'an empty text');
}

function nothing(layer: Layer, { where }: Found, what: string): null {
  layer.report('error', where, `${what} proves nothing`);
  return null;
}

function readExpectation(layer: Layer, found: Found): Expectation | null {
  const { value, where } = found;
  if (isArray(value)) {
    if (value.length === 0) return nothing(layer, found, 'any of no text');
    const any = value.map((item, index) => readExpected(layer, { value: item, where: [...where, index] }));
    return any.filter((text) => text !== null);
  }
  if (!isRecord(value)) return value === null ? wrong(layer, found, 'a text, a list of texts or { re: … }') : readExpected(layer, found);
  const re = valueAt(value, 're');
  if (Object.keys(value).length !== 1 || typeof re !== 'string') return wrong(layer, found, 'a text, a list of texts or { re: … }');
  if (re === '') return nothing(layer, found, 'an empty pattern');
  try {
    new RegExp(re, 'i');
    return { re };
  } catch (thrown) {
    layer.report('error', where, `"re" is no regular expression: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    return null;
  }
}
