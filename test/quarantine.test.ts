// Bytes that failed for good are not sent again until they change, on whatever path they went; what failed for a reason that may pass is, and
// ever more seldom where nobody asks for it. `--only-failed` takes up exactly what failed.
import { describe, expect, it } from 'vitest';
import type { ItemResult, NewItem, Target } from '../src/connectors/connector.ts';
import { type ErrorCode, SyncError } from '../src/model/error.ts';
import type { TargetReport } from '../src/model/report.ts';
import { readLedger } from '../src/state/store.ts';
import { type EngineInput, type Files, idsFrom, runSync } from '../src/testkit/engine.ts';
import { memoryDisk } from '../src/testkit/faults.ts';
import { type MemoryOptions, memoryVendor } from '../src/testkit/memory.ts';

type Verdict = (text: string) => SyncError | null;

const refuses =
  (word: string, code: ErrorCode = 'DOCUMENT_REFUSED'): Verdict =>
  (text) =>
    text.includes(word) ? new SyncError(code, { message: `no ${word}` }) : null;

/** Without the title that the engine puts before it. */
const bodyOf = (text: string) => text.replace(/^# .*\n+/, '').trim();

class Bot {
  readonly disk = memoryDisk();
  readonly vendor;
  readonly clock = { nowMs: Date.UTC(2026, 10, 21) };
  /** Texts in each write, in order. */
  readonly sent: string[][] = [];
  verdict: Verdict = () => null;
  /** The whole call fails, as that of a vendor which answers once for a batch. */
  throws = false;
  private readonly id = idsFrom(1);
  private readonly texts = new Map();

  constructor(options: Partial<MemoryOptions> = {}) {
    this.vendor = memoryVendor({ can: ['update', 'delete', 'list', 'read', 'status'], ...options });
  }

  private target(): Target {
    const inner = this.vendor.connect();
    const judge = async <Item extends NewItem>(
      items: readonly Item[],
      write: (fine: readonly Item[]) => Promise<readonly ItemResult[]>,
    ) => {
      this.sent.push(items.map(({ text }) => bodyOf(text)));
      const errors = items.map(({ text }) => this.verdict(text));
      const first = errors.find((error) => error !== null);
      if (this.throws && first !== undefined && first !== null) throw first;
      const done = [...(await write(items.filter((_, index) => errors[index] === null)))];
      return errors.map((error): ItemResult => (error === null ? (done.shift() as ItemResult) : { ok: false, error }));
    };
    if ('replaceAll' in inner) {
      return {
        ...inner,
        replaceAll: async (items, call) => {
          this.sent.push(items.map(({ text }) => bodyOf(text)));
          const error = items.map(({ text }) => this.verdict(text)).find((found) => found !== null);
          return error === undefined || error === null ? inner.replaceAll(items, call) : { ok: false, error };
        },
      };
    }
    const { create, update } = inner;
    return {
      ...inner,
      create: (items, call) => judge(items, (fine) => create(fine, call)),
      ...(update !== undefined && { update: (items: Parameters<typeof update>[0], call) => judge(items, (fine) => update(fine, call)) }),
    };
  }

  /** A run, and what it sent. */
  async sync(files: Files, patch: Partial<EngineInput> = {}): Promise<TargetReport & { readonly wire: readonly string[] }> {
    const before = this.sent.length;
    const { disk, id, clock, texts } = this;
    const report = await runSync({ target: this.target(), disk, files, id, clock, texts, ...patch });
    return { ...report, wire: this.sent.slice(before).flat().sort() };
  }

  async record(id: string) {
    return (await readLedger({ disk: this.disk, dir: '/state', target: 'bot' })).state.records[id];
  }
}

const onlyFailed = { options: { only: { paths: null, failed: true, limit: null } } };
const outcomes = ({ results, blocked }: TargetReport) => [
  ...results.map(({ operation, outcome }) => `${outcome} ${operation.action} ${operation.document}`),
  ...blocked.map(({ action, document }) => `blocked ${action} ${document}`),
];

describe('bytes that failed for good', () => {
  it.each([
    ['the vendor answers for each item', false],
    ['the vendor answers once for the batch', true],
  ])('in a batch with good ones, where %s: only they stay out', async (_, throws) => {
    const bot = new Bot();
    bot.throws = throws;
    bot.verdict = refuses('bad');
    const files = { 'a.md': 'good a', 'b.md': 'bad b', 'c.md': 'good c' };
    expect(outcomes(await bot.sync(files))).toEqual(['done create a.md', 'failed create b.md', 'done create c.md']);
    const next = await bot.sync(files);
    expect([next.wire, outcomes(next)]).toEqual([[], ['blocked create b.md']]);
    expect(next.blocked[0]?.reason).toBe(
      'refused for good before: no bad; change the document, or have it tried once more: kbsync sync --only-failed',
    );
    // Changed bytes are others.
    expect((await bot.sync({ ...files, 'b.md': 'mended b' })).wire).toEqual(['mended b']);
    expect(bot.vendor.items.size).toBe(3);
  });

  it('as an update: the bot keeps what it had, and nothing is sent until the text changes', async () => {
    const bot = new Bot();
    await bot.sync({ 'a.md': 'good', 'b.md': 'fine' });
    bot.verdict = refuses('bad');
    const files = { 'a.md': 'bad', 'b.md': 'fine' };
    expect(outcomes(await bot.sync(files))).toEqual(['failed update a.md']);
    for (let run = 0; run < 3; run += 1) expect((await bot.sync(files)).wire).toEqual([]);
    // A restart and another file change nothing of it.
    expect((await bot.sync({ ...files, 'b.md': 'finer' })).wire).toEqual(['finer']);
    expect([...bot.vendor.items.values()].map(({ text }) => bodyOf(text)).sort()).toEqual(['finer', 'good']);
    expect((await bot.sync({ ...files, 'a.md': 'good', 'b.md': 'finer' })).wire).toEqual([]);
  });

  it('with --only-failed: tried once more, by a person’s word, and nothing else is', async () => {
    const bot = new Bot();
    await bot.sync({ 'a.md': 'good', 'c.md': 'c' });
    bot.verdict = refuses('bad');
    const files = { 'a.md': 'bad', 'b.md': 'bad too', 'c.md': 'c' };
    await bot.sync(files);
    const again = { ...files, 'c.md': 'changed', 'd.md': 'new' };
    const retried = await bot.sync(again, onlyFailed);
    expect([retried.wire, outcomes(retried).sort()]).toEqual([
      ['bad', 'bad too'],
      ['failed create b.md', 'failed update a.md'],
    ]);
    expect((await bot.sync(files, { options: {} })).wire).toEqual([]);
    bot.verdict = () => null;
    expect((await bot.sync(again, onlyFailed)).wire).toEqual(['bad', 'bad too']);
    expect((await bot.sync(again)).wire).toEqual(['changed', 'new']);
  });

  it('as a part of one text for the whole bot: the text is not sent again with them, and the others get in', async () => {
    const bot = new Bot({ whole: true, can: [] });
    await bot.sync({ 'a.md': 'a', 'b.md': 'b' });
    bot.verdict = refuses('bad');
    const files = { 'a.md': 'bad a', 'b.md': 'b', 'n.md': 'bad new' };
    const first = await bot.sync(files);
    expect([first.error, outcomes(first)]).toEqual([null, ['failed update a.md', 'failed create n.md']]);
    for (let run = 0; run < 2; run += 1) expect((await bot.sync(files)).wire).toEqual([]);
    // What they were refused with goes on without them, again and again.
    for (const b of ['b2', 'b3']) {
      const next = await bot.sync({ ...files, 'b.md': b });
      expect([next.wire, outcomes(next)]).toEqual([
        ['a', b],
        ['done update b.md', 'blocked update a.md', 'blocked create n.md'],
      ]);
    }
    // Any of them mended: whether it was the only one at fault nobody can tell, so both are tried.
    const half = { ...files, 'b.md': 'b3', 'a.md': 'a mended' };
    expect((await bot.sync(half)).wire).toEqual(['a mended', 'b3', 'bad new']);
    expect((await bot.sync(half)).wire).toEqual([]);
    expect((await bot.sync({ ...half, 'n.md': 'new' })).wire).toEqual(['a mended', 'b3', 'new']);
  });
});

describe('what failed for a reason that may pass', () => {
  const down: Verdict = () => new SyncError('TARGET_UNREACHABLE', { message: 'nobody is there' });
  const files = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`p${n}.md`, `text ${n}`]));

  it('stops the target after a handful, says of the rest that it was not sent, and the next run sends all of it', async () => {
    const bot = new Bot({ batch: 1 });
    bot.throws = true;
    bot.verdict = down;
    const report = await bot.sync(files);
    expect(report.error?.code).toBe('TARGET_UNREACHABLE');
    expect(report.wire).toHaveLength(3);
    expect(report.results.every(({ outcome }) => outcome === 'failed')).toBe(true);
    const words = report.results.map(({ error }) => error?.message);
    expect(words.filter((message) => message === 'nobody is there')).toHaveLength(3);
    expect(words.filter((message) => message === 'not sent: nobody is there')).toHaveLength(9);
    bot.verdict = () => null;
    expect((await bot.sync(files)).wire).toHaveLength(12);
  });

  it('--only-failed takes up those that were never sent, and no document that is new since', async () => {
    const bot = new Bot({ batch: 1 });
    await bot.sync({ 'old.md': 'old' });
    bot.throws = true;
    bot.verdict = down;
    await bot.sync({ 'old.md': 'old', ...files });
    bot.verdict = () => null;
    const retried = await bot.sync({ 'old.md': 'edited', 'fresh.md': 'fresh', ...files }, onlyFailed);
    expect(retried.wire).toEqual(Object.values(files).sort());
  });

  it('is tried ever more seldom where nobody asks, while the others go on; a person’s sync tries at once', async () => {
    const bot = new Bot({ batch: 1 });
    bot.verdict = refuses('cursed', 'VENDOR_FAILED');
    const cursed = { 'x.md': 'cursed' };
    let tries = 0;
    // A day of passes every five minutes, each with an edit of its own.
    for (let pass = 0; pass < 288; pass += 1) {
      const report = await bot.sync({ ...cursed, 'a.md': `edit ${pass}` }, { options: { spare: true, waitMs: 0 } });
      expect(report.wire).toContain(`edit ${pass}`);
      tries += report.wire.filter((text) => text === 'cursed').length;
      bot.clock.nowMs += 300_000;
    }
    expect(tries).toBeGreaterThan(5);
    expect(tries).toBeLessThan(12);
    const spared = await bot.sync({ ...cursed, 'a.md': 'last' }, { options: { spare: true, waitMs: 0 } });
    expect(spared.blocked.map(({ reason }) => reason).join()).toMatch(/failed \d+ times in a row.*tried again after 2026-11-2\d/);
    expect(new Set((await bot.sync({ ...cursed, 'a.md': 'last' })).wire)).toEqual(new Set(['cursed']));
    // Other bytes are tried at once, and one success is the end of it.
    bot.verdict = () => null;
    expect((await bot.sync({ 'x.md': 'lifted', 'a.md': 'last' }, { options: { spare: true, waitMs: 0 } })).wire).toEqual(['lifted']);
    expect((await bot.record('x.md'))?.tries).toBeUndefined();
  });
});
