import { describe, expect, it } from 'vitest';
import { configJsonSchema, notBuilt } from '../../src/config/schema.ts';
import type { Json, JsonRecord } from '../../src/model/json.ts';
import { acme, hosted } from './fixture.ts';

const schema = configJsonSchema([acme, hosted]);

const isRecord = (value: Json | undefined): value is JsonRecord => typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : []);
const record = (value: Json | undefined): JsonRecord => (isRecord(value) ? value : {});

/** Every schema within a schema, with its place. */
function all(part: JsonRecord, place = '$'): readonly (readonly [string, JsonRecord])[] {
  const inner = [
    ...Object.entries(record(part['properties'])).map(([key, value]) => [`${place}.${key}`, value] as const),
    ...['anyOf', 'oneOf', 'allOf'].flatMap((name) => list(part[name]).map((value, at) => [`${place}/${at}`, value] as const)),
    ...['items', 'additionalProperties'].map((name) => [`${place}[]`, part[name]] as const),
  ];
  return [[place, part], ...inner.flatMap(([where, value]) => (isRecord(value) ? all(value, where) : []))];
}

/** As much of a validator as the schema uses. */
function fits(value: Json, part: JsonRecord): boolean {
  const { not, pattern, minimum, maximum } = part;
  const types = [part['type']].flat();
  const kind = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  const whole = kind === 'number' && Number.isInteger(value) ? 'integer' : kind;
  if (part['type'] !== undefined && !types.includes(kind) && !types.includes(whole)) return false;
  if ('const' in part && part['const'] !== value) return false;
  if ('enum' in part && !list(part['enum']).some((one) => JSON.stringify(one) === JSON.stringify(value))) return false;
  if (isRecord(not) && fits(value, not)) return false;
  if (list(part['anyOf']).length > 0 && !list(part['anyOf']).some((branch) => isRecord(branch) && fits(value, branch))) return false;
  if (typeof value === 'string' && typeof pattern === 'string' && !new RegExp(pattern, 'u').test(value)) return false;
  if (typeof value === 'number' && typeof minimum === 'number' && value < minimum) return false;
  if (typeof value === 'number' && typeof maximum === 'number' && value > maximum) return false;
  if (Array.isArray(value)) return value.every((item: Json) => fits(item, record(part['items'])));
  if (!isRecord(value)) return true;
  const keys = record(part['properties']);
  const rest = part['additionalProperties'];
  const known = Object.entries(value).every(([key, inner]) => {
    if (isRecord(keys[key])) return fits(inner, keys[key]);
    return isRecord(rest) ? fits(inner, rest) : rest !== false;
  });
  return known && list(part['required']).every((key) => String(key) in value);
}

const good: JsonRecord = { name: 'docs', targets: [{ name: 'a', vendor: 'acme', botId: 'x', secretKey: '${K}' }] };
const withTarget = (target: JsonRecord): JsonRecord => ({ name: 'docs', targets: [{ name: 'a', vendor: 'acme', ...target }] });

describe('the JSON Schema', () => {
  it('is plain draft-07 without references or keywords of ours', () => {
    expect(schema['$schema']).toBe('http://json-schema.org/draft-07/schema#');
    const text = JSON.stringify(schema);
    expect(text).not.toMatch(/"\$ref"|"\$defs"|"definitions"|"secret":/);
    expect(JSON.parse(text)).toEqual(schema);
  });

  it('describes every key', () => {
    const keys = all(schema).flatMap(([place, part]) =>
      Object.entries(record(part['properties'])).map(([key, value]) => [`${place}.${key}`, record(value)['description']] as const),
    );
    expect(keys.length).toBeGreaterThan(100);
    expect(keys.filter(([, description]) => typeof description !== 'string' || description.length < 3)).toEqual([]);
  });

  it('takes no unknown keys, but for those of a connector that is not ours', () => {
    const open = all(schema).filter(([, part]) => isRecord(part['properties']) && part['additionalProperties'] !== false);
    expect(open.map(([place, part]) => [place, record(record(part['properties'])['vendor'])['pattern']])).toMatchObject([
      ['$.targets[]/2', expect.any(String)],
    ]);
  });

  it.each<readonly [string, JsonRecord]>([
    ['a small configuration', good],
    ['an id written as a number', withTarget({ botId: 123 })],
    [
      'variables where numbers and switches stand',
      withTarget({ batch: '${B:-5}', paused: '${P}', settle: '${S}', rate: { perMinute: '${R}' }, api: '${A}' }),
    ],
    ['a duration of 0', withTarget({ settle: 0 })],
    ['empty notify', { ...good, notify: [] }],
    ['a webhook', { ...good, notify: [{ url: '${HOOK}', kind: 'slack', events: ['held', 'folder'], targets: ['a'], name: 'ops' }] }],
    ['another way of updating', withTarget({ onUpdate: 'append' })],
    ...['./connectors/mine.js', '../mine.mjs', '@acme/kbsync', 'kbsync-connector-acme', '/opt/mine.js'].map(
      (vendor): readonly [string, JsonRecord] => [
        `the keys of a connector at ${vendor}`,
        { name: 'docs', targets: [{ name: 'a', vendor, boardId: 7, token: '${T}', nested: { key: ['x'] } }] },
      ],
    ),
    ['a generator', { ...good, content: { site: { url: 'https://x.example', generator: 'hugo' } } }],
    [
      'variables, partials and lint',
      { ...good, content: { variables: { product: 'Acme' }, partials: ['_parts'], lint: { secrets: 'off' } } },
    ],
    ['a format and a way to split', withTarget({ format: 'html', split: 'heading' })],
  ])('fits %s', (_, value) => {
    expect(fits(value, schema)).toBe(true);
  });

  it.each<readonly [string, JsonRecord]>([
    ['an unknown key', { ...good, nmae: 'x' }],
    ['an unknown key within', { ...good, watch: { setle: '1s' } }],
    ['no name', { targets: [] }],
    ['an unknown key of a target', withTarget({ botID: 'x' })],
    ["another vendor's key", { name: 'docs', targets: [{ name: 'a', vendor: 'hosted', secretKey: 'x' }] }],
    ['an unknown vendor', { name: 'docs', targets: [{ name: 'a', vendor: 'acem' }] }],
    [
      'a common key of a connector that is not ours, with a wrong value',
      { ...good, targets: [{ name: 'a', vendor: './x.js', settle: '5' }] },
    ],
    ['a sandbox of a connector that is not ours', { ...good, targets: [{ name: 'a', vendor: './x.js', sandbox: true }] }],
    ['an unknown way of updating', withTarget({ onUpdate: 'merge' })],
    ['a rule of lint that there is not', { ...good, content: { lint: { secret: 'off' } } }],
    ['a severity that there is not', { ...good, content: { lint: { secrets: 'warn' } } }],
    ['a generator that there is not', { ...good, content: { site: { url: 'https://x.example', generator: 'jekyll' } } }],
    ['a way to split that there is not', withTarget({ split: 'headings' })],
    ['a wrong duration', withTarget({ settle: '5' })],
    ['a wrong choice', withTarget({ api: 'v3' })],
    ['a wrong share', { ...good, safety: { maxDelete: { share: '10' } } }],
    ['a number out of range', { ...good, daemon: { port: 70_000 } }],
  ])('does not fit %s', (_, value) => {
    expect(fits(value, schema)).toBe(false);
  });

  it.each<readonly [string, JsonRecord]>([
    ['state.kind', { ...good, state: { kind: 's3' } }],
    ['targets[].paths', withTarget({ paths: { upload: '/x' } })],
  ])('says that %s is not built yet', (key, value) => {
    expect(notBuilt.map((row) => row.key)).toContain(key);
    expect(fits(value, schema)).toBe(false);
  });

  it('has a case above for each key that is not built yet', () => {
    expect(notBuilt).toHaveLength(2);
  });
});
