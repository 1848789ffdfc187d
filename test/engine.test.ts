// The whole engine against each vendor's emulator over real HTTP: what a user would see on good days and on bad ones.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../src/sandbox/serve.ts';
import { secret, type World, world } from './support/bots.ts';

const files = Object.fromEntries(
  Array.from({ length: 8 }, (_, n) => [`guides/page-${n}.md`, `# Page ${n}\n\nThe secret word of page ${n} is zebra${n}.\n`]),
);

describe.each(['chatthing', 'sitegpt'])('%s', (vendor) => {
  let bot: World;

  beforeEach(async () => {
    bot = await world(vendor);
    bot.write(files);
  });

  afterEach(() => bot.close());

  /** The bot holds exactly these texts, each once, and answers from them. */
  function holds(texts: readonly string[]): void {
    const held = bot.items();
    for (const text of texts) expect(held.filter((item) => item.answeredFrom?.includes(text)).length, text).toBe(1);
    expect(held.length).toBe(texts.length);
  }

  const words = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, n) => `zebra${from + n}.`);

  it('the first run ends trained, the second writes nothing', async () => {
    const first = await bot.sync();
    expect(first).toMatchObject({ exitCode: 0, error: null, unchanged: 0, waited: 'learnt' });
    expect(first.training.trained).toBe(8);
    holds(words(0, 7));
    const before = bot.writesOnWire();
    const second = await bot.sync();
    expect(second).toMatchObject({ exitCode: 0, unchanged: 8, requests: { write: 0 } });
    expect(bot.writesOnWire()).toBe(before);
  });

  it('edit, move, delete, add: exactly those operations', async () => {
    await bot.sync();
    bot.write({
      'guides/page-0.md': '# Page 0\n\nNow the word is gnu0.\n',
      'guides/page-1.md': null,
      'moved/page-1.md': files['guides/page-1.md'] ?? '',
      'guides/page-2.md': null,
      'new.md': '# New\n\nThe word is yak.\n',
    });
    const report = await bot.sync();
    const did = report.results.map(({ operation, outcome }) => [operation.action, operation.path, outcome]).sort();
    expect(did).toEqual([
      ['create', 'new.md', 'done'],
      ['delete', 'guides/page-2.md', 'done'],
      ['move', 'moved/page-1.md', 'done'],
      ['update', 'guides/page-0.md', 'done'],
    ]);
    expect(report).toMatchObject({ exitCode: 0, unchanged: 5 });
    holds([...words(3, 7), 'zebra1.', 'gnu0', 'yak']);
    expect(await bot.sync()).toMatchObject({ exitCode: 0, unchanged: 8, requests: { write: 0 } });
  });

  it('another machine, another path, a lost cache: nothing to do', async () => {
    await bot.sync();
    rmSync(join(bot.dir, 'state', 'scan.cache'));
    expect(await bot.sync()).toMatchObject({ unchanged: 8, requests: { write: 0 } });
  });

  it('a narrower include changes nothing outside its scope', async () => {
    await bot.sync();
    bot.configure({ extra: 'include: ["guides/page-[0-3].md"]' });
    const report = await bot.sync();
    expect(report).toMatchObject({ exitCode: 0, unchanged: 4, outOfScope: 4, results: [], requests: { write: 0 } });
    holds(words(0, 7));
  });

  it('a wrong key: exit 8, nothing lost', async () => {
    await bot.sync();
    bot.configure({ key: 'wrong-key-0815' });
    bot.write({ 'new.md': '# New' });
    const report = await bot.sync();
    expect(report.exitCode).toBe(8);
    expect(report.error?.next).toMatch(/key|bot/i);
    bot.configure({});
    expect(await bot.sync()).toMatchObject({ exitCode: 0, unchanged: 8 });
  });

  it('an unreachable host: exit 11, and the next run finishes', async () => {
    bot.configure({ baseUrl: 'http://127.0.0.1:9' });
    const report = await bot.sync();
    expect(report.exitCode).toBe(11);
    expect(report.error?.message).toMatch(/127\.0\.0\.1:9/);
    bot.configure({});
    // The state belongs to no bot yet: it is the first contact all the same.
    expect(await bot.sync()).toMatchObject({ exitCode: 0 });
    holds(words(0, 7));
  });

  const faults: readonly [string, Fault][] = [
    ['a 429 with Retry-After', { kind: 'status', status: 429, retryAfter: 7 }],
    ['a 500', { kind: 'status', status: 500 }],
    ['a 500 after the effect', { kind: 'status', status: 500, after: true }],
    ['HTML for JSON', 'html'],
    ['a reset before the effect', 'reset-before'],
    ['a reset after the effect', 'reset-after'],
    ['broken JSON', 'broken-json'],
  ];

  it.each(faults)('%s on every third request: nothing lost, nothing doubled, the run after that is clean', async (_name, fault) => {
    await bot.sync();
    let count = 0;
    bot.served.setFault(() => (++count % 3 === 0 ? fault : null));
    bot.write({
      'guides/page-0.md': '# Page 0\n\nNow gnu0.\n',
      'guides/page-1.md': null,
      'a.md': '# A\n\nant',
      'b.md': '# B\n\nbee',
      'c.md': '# C\n\ncow',
    });
    const report = await bot.sync();
    const green = report.results.every(({ outcome }) => outcome === 'done') && report.error === null && report.waited === 'learnt';
    expect(report.exitCode === 0).toBe(green);
    bot.served.setFault(null);
    // A second run after trouble may write what was left; the third has nothing to do.
    bot.clock.advance(60_000);
    await bot.sync();
    const last = await bot.sync();
    expect(last).toMatchObject({ exitCode: 0, unchanged: 10, requests: { write: 0 } });
    holds([...words(2, 7), 'gnu0', 'ant', 'bee', 'cow']);
  });

  it('Retry-After is waited for', async () => {
    bot.served.setFault((_request, _vendor, count) => (count === 2 ? { kind: 'status', status: 429, retryAfter: 17 } : null));
    const startedAt = bot.clock.now();
    expect(await bot.sync()).toMatchObject({ exitCode: 0 });
    expect(bot.events.some((event) => event.kind === 'paused' && event.forMs === 17_000)).toBe(true);
    expect(bot.clock.now() - startedAt).toBeGreaterThanOrEqual(17_000);
  });

  it('a vendor that only answers 500: exit 11, told in its own words, nothing doubled afterwards', async () => {
    bot.served.setFault(() => ({ kind: 'status', status: 500, body: '{"message":"the hamster died"}' }));
    const report = await bot.sync();
    expect(report.exitCode).toBe(11);
    expect(report.error?.vendor).toContain('hamster');
    bot.served.setFault(null);
    bot.clock.advance(3_600_000);
    expect(await bot.sync()).toMatchObject({ exitCode: 0 });
    holds(words(0, 7));
  });

  it('the state lost: what carries our mark is taken back, nothing is doubled', async () => {
    await bot.sync();
    rmSync(join(bot.dir, 'state'), { recursive: true });
    const planned = await bot.plan();
    expect(planned.plan.operations).toEqual([]);
    expect(await bot.sync()).toMatchObject({ exitCode: 0, unchanged: 8, results: [] });
    holds(words(0, 7));
    expect(await bot.sync()).toMatchObject({ exitCode: 0, unchanged: 8, requests: { write: 0 } });
  });

  it('the state lost, and an edit meanwhile: an update, never "in sync"', async () => {
    await bot.sync();
    rmSync(join(bot.dir, 'state'), { recursive: true });
    bot.write({ 'guides/page-3.md': '# Page 3\n\nNow it is okapi.\n' });
    const report = await bot.sync();
    expect(report.results.map(({ operation }) => [operation.action, operation.document])).toEqual([['update', 'guides/page-3.md']]);
    holds([...words(0, 2), ...words(4, 7), 'okapi']);
  });

  it('a bot filled by hand: held whole with its ways on, then --initial adds beside it', async () => {
    const planted = bot.emulator.plant('bot-1', { name: 'by hand', text: 'Somebody typed this: walrus.' });
    const report = await bot.sync();
    expect(report.exitCode).toBe(5);
    expect(report.requests.write).toBe(0);
    expect(report.held[0]).toMatchObject({ rule: 'existing-content', passWith: 'sync --target bot --initial' });
    expect(report.held[0]?.message).toMatch(/1 .*adopt bot.*--export.*sync --initial/);
    expect(report.held[0]?.id).toMatch(/^H\d+$/);
    expect(await bot.sync({ passes: { initial: true } })).toMatchObject({ exitCode: 0 });
    expect(bot.items().length).toBe(9);
    expect(bot.items().some((item) => item.remoteId === planted)).toBe(true);
    bot.write({ 'guides/page-0.md': null });
    await bot.sync();
    expect(bot.items().some((item) => item.remoteId === planted)).toBe(true);
  });

  it('too many deletes: those are held, the rest goes on, and the named command passes it', async () => {
    await bot.sync();
    for (const n of [0, 1, 2, 3, 4, 5]) bot.write({ [`guides/page-${n}.md`]: null });
    bot.write({ 'new.md': '# New\n\nThe word is yak.' });
    const report = await bot.sync();
    expect(report.exitCode).toBe(5);
    expect(report.results.filter(({ outcome }) => outcome === 'held').length).toBe(6);
    expect(report.results.filter(({ outcome }) => outcome === 'done').map(({ operation }) => operation.path)).toEqual(['new.md']);
    holds([...words(0, 7), 'yak']);
    expect(report.held[0]?.passWith).toBe('sync --target bot --allow-deletes 6');
    expect(await bot.sync({ passes: { allowDeletes: 5 } })).toMatchObject({ exitCode: 5, requests: { write: 0 } });
    expect(await bot.sync({ passes: { allowDeletes: 6 } })).toMatchObject({ exitCode: 0 });
    holds(['zebra6.', 'zebra7.', 'yak']);
  });

  it('a folder that was never there is a mistake in the configuration: exit 2', async () => {
    bot.configure({ content: '{ root: ./elsewhere }' });
    expect(await bot.sync()).toMatchObject({ exitCode: 2, error: { code: 'CONTENT_MISSING' } });
  });

  it('the folder vanished or empty: held, never a delete', async () => {
    await bot.sync();
    bot.configure({ content: '{ root: ./elsewhere }' });
    expect(await bot.sync()).toMatchObject({ exitCode: 5, requests: { write: 0 } });
    bot.configure({});
    for (const path of Object.keys(files)) bot.write({ [path]: null });
    expect(await bot.sync()).toMatchObject({ exitCode: 5, requests: { write: 0 } });
    holds(words(0, 7));
  });

  it('stopped in the middle: within the call, and the next run finishes the rest', async () => {
    const stop = new AbortController();
    let calls = 0;
    const hooks = {
      call<T>(name: string, run: () => Promise<T>): Promise<T> {
        if (name === 'create' && ++calls === 1) stop.abort();
        return run();
      },
    };
    const report = await bot.sync({ hooks, stop: stop.signal });
    expect(report.exitCode).toBe(130);
    expect(await bot.sync()).toMatchObject({ exitCode: 0 });
    holds(words(0, 7));
  });

  it('no secret on any sink: state, events, reports of failures', async () => {
    bot.served.setFault((_request, _vendor, count) => (count === 3 ? { kind: 'status', status: 500, body: `you sent ${secret}` } : null));
    const report = await bot.sync();
    const state = readdirSync(join(bot.dir, 'state'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
    expect([...state, JSON.stringify(report), JSON.stringify(bot.events)].join('\n')).not.toContain(secret);
  });
});

describe.each(['chatthing', 'sitegpt'])('%s: the state lost', (vendor) => {
  let bot: World;

  beforeEach(async () => {
    bot = await world(vendor);
    bot.write(files);
  });

  afterEach(() => bot.close());

  const lose = (): void => rmSync(join(bot.dir, 'state'), { recursive: true });

  it('status knows what was taken back to be trained', async () => {
    await bot.sync();
    lose();
    await bot.sync();
    const { state } = await bot.view();
    const behind = Object.entries(state.records).filter(([, record]) => record.trained === null || record.trained !== record.pushed);
    expect(behind).toEqual([]);
    expect(state.revision ?? state.lastSync?.behind).toEqual({});
  });

  it('documents that had moved are known by their text, and not made twice', async () => {
    await bot.sync();
    for (const [path, text] of Object.entries(files)) bot.write({ [path]: null, [`moved/${path}`]: text });
    await bot.sync();
    lose();
    const report = await bot.sync();
    // No document is sent. Where training is on request one is owed, since nobody knows what was deleted last.
    expect(report).toMatchObject({ exitCode: 0, results: [], requests: { write: vendor === 'chatthing' ? 1 : 0 } });
    expect(bot.items().length).toBe(8);
    expect(await bot.sync()).toMatchObject({ exitCode: 0, unchanged: 8, requests: { write: 0 } });
  });

  it('moved and edited meanwhile: held rather than doubled, where the mark no longer tells the document', async () => {
    await bot.sync();
    bot.write({ 'guides/page-0.md': null, 'b/page-0.md': files['guides/page-0.md'] ?? '' });
    await bot.sync();
    lose();
    bot.write({ 'b/page-0.md': '# Page 0\n\nAll new: quagga.\n' });
    const report = await bot.sync();
    if (vendor === 'chatthing') {
      expect(report).toMatchObject({ exitCode: 0 });
    } else {
      expect(report).toMatchObject({ exitCode: 5, requests: { write: 0 } });
      expect(report.held[0]?.message).toMatch(/1 copy .*state that knew them is lost/);
      expect((await bot.sync()).exitCode).toBe(5);
    }
    expect(bot.items().length).toBe(8);
  });

  it('a document whose file is broken just then is not deleted', async () => {
    bot.write({ 'named.md': '---\nkb:\n  id: guides/named.md\n---\n# Named\n\nnarwhal' });
    await bot.sync();
    lose();
    bot.write({ 'named.md': '---\nkb: [\n---\n# Named\n\nnarwhal' });
    const report = await bot.sync();
    expect(report.results.filter(({ operation }) => operation.action === 'delete')).toEqual([]);
    expect(bot.items().some((item) => item.answeredFrom?.includes('narwhal'))).toBe(true);
    bot.write({ 'named.md': '---\nkb:\n  id: guides/named.md\n---\n# Named\n\nnarwhal' });
    await bot.sync({ passes: { initial: true } });
    expect(bot.items().filter((item) => item.answeredFrom?.includes('narwhal')).length).toBe(1);
  });
});
