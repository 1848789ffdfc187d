// A clock that is set, back or forward, within a run and between two: no wait without end, nothing stuck before its time, no look that is put off for years.
import { afterEach, describe, expect, it } from 'vitest';
import type { Hooks } from '../src/transport/connect.ts';
import { type World, world } from './support/bots.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const page = (n: number, head = ''): string => `${head}# Page ${n}\n\nThe word of page ${n} is zebra${n}.\n`;
const pages = (count: number): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}.md`, page(n)]));

let bot: World;
afterEach(() => bot.close());

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Sets the clock by so much, once, when training is asked about for the so-manieth time. */
function jump(byMs: number, at = 3): Hooks {
  let asked = 0;
  return {
    call: (name, work) => {
      if (name === 'status' && ++asked === at) bot.clock.advance(byMs);
      return work();
    },
  };
}

describe('set while a run waits for training', () => {
  it('back by a day: it waits no longer than it may, and says that it is not trained', async () => {
    bot = await world('sitegpt', { processingMs: 10 * hour });
    bot.write(pages(3));
    const before = sum(bot.clock.slept);
    const report = await bot.sync({ hooks: jump(-day) });
    expect(report).toMatchObject({ exitCode: 6, waited: 'deadline' });
    const sleptMs = sum(bot.clock.slept) - before;
    expect(sleptMs).toBeGreaterThan(25 * minute);
    expect(sleptMs).toBeLessThan(31 * minute);
    bot.clock.advance(day + 11 * hour);
    expect(await bot.sync()).toMatchObject({ exitCode: 0, requests: { write: 0 } });
  });

  it('forward by a day: nothing is stuck before it was waited for', async () => {
    bot = await world('sitegpt', { processingMs: 30 * day });
    bot.write(pages(3));
    const states: string[] = [];
    const before = sum(bot.clock.slept);
    const hooks = jump(day);
    await bot.sync({
      hooks: {
        call: async (name, work) => {
          if (name === 'status') states.push(Object.values((await bot.view()).state.records)[0]?.training ?? '');
          return hooks.call?.(name, work) ?? work();
        },
      },
    });
    expect(sum(bot.clock.slept) - before).toBeGreaterThan(25 * minute);
    expect(states.length).toBeGreaterThan(10);
    expect(states.slice(0, -1)).not.toContain('stuck');
  });

  it('forward by an hour, and the vendor is done: it is learnt', async () => {
    bot = await world('sitegpt', { processingMs: 20 * minute });
    bot.write(pages(3));
    expect(await bot.sync({ hooks: jump(hour) })).toMatchObject({ exitCode: 0, waited: 'learnt' });
  });
});

describe('set back between two runs', () => {
  it('what was accepted in the future, by the clock of today, is asked about within the next wait', async () => {
    // The vendor has a clock of its own, and is done: what it was given in "the future" is long ago for it.
    bot = await world('sitegpt', { queuedMs: -5 * hour, processingMs: 0 });
    bot.write(pages(3));
    await bot.sync({ waitMs: 0 });
    bot.clock.advance(-3 * hour);
    const before = sum(bot.clock.slept);
    expect(await bot.sync()).toMatchObject({ exitCode: 0, waited: 'learnt', training: { trained: 3 }, requests: { write: 0 } });
    expect(sum(bot.clock.slept) - before).toBeLessThan(5 * minute);
  });

  it('what a vendor that cannot tell was given in the future settles after its time of waiting', async () => {
    bot = await world('sitegpt+v0');
    bot.write(pages(2));
    await bot.sync({ passes: { initial: true }, waitMs: 0 });
    bot.clock.advance(-5 * hour);
    const before = sum(bot.clock.slept);
    const report = await bot.sync();
    expect(report).toMatchObject({ exitCode: 0, waited: 'learnt', training: { unknown: 2, pending: 0 } });
    expect(sum(bot.clock.slept) - before).toBeLessThan(2 * minute);
  });

  it.each([
    ['an hour', -hour],
    ['three years', -3 * 365 * day],
  ])('by %s: a last look in the future is none, and what is missing is found', async (_much, byMs) => {
    bot = await world('sitegpt');
    bot.write(pages(8));
    await bot.sync();
    bot.clock.advance(2 * hour);
    await bot.sync();
    const { state } = await bot.view();
    const id = state.records['p3.md']?.items[0]?.remoteId ?? '';
    await bot.behind((target, call) => target.delete?.([id], call) ?? Promise.resolve([]));
    bot.clock.advance(byMs);
    const { findings } = await bot.drift({ share: 0 });
    expect(findings.map(({ kind, document }) => [kind, document])).toEqual([['missing', 'p3.md']]);
  });
});

describe('a clock that is before the last sync', () => {
  const dated = (date: string): string => `---\nkb: { publishAt: ${date} }\n---\n`;

  it('holds what dates would take out or bring back, and lets go when it is right again', async () => {
    bot = await world('chatthing');
    bot.clock.set(Date.UTC(2026, 5, 2));
    bot.write({ ...pages(2), 'new.md': page(9, dated('2026-06-01')) });
    expect(await bot.sync()).toMatchObject({ exitCode: 0 });
    const writes = bot.writesOnWire();
    bot.clock.set(Date.UTC(1970, 0, 1));
    const report = await bot.sync();
    expect(report).toMatchObject({ exitCode: 5, held: [{ rule: 'clock-back', holds: 'all', documents: ['new.md'] }] });
    expect(report.held[0]?.message).toContain('before the last sync of bot (2026-06-02T');
    expect(await bot.sync(), 'the second time, too').toMatchObject({ exitCode: 5 });
    expect(bot.writesOnWire()).toBe(writes);
    bot.clock.set(Date.UTC(2026, 5, 3));
    expect(await bot.sync()).toMatchObject({ exitCode: 0, results: [], held: [] });
    expect((await bot.view()).state.held).toEqual([]);
  });

  it('is taken at its word once a person has approved the run', async () => {
    bot = await world('sitegpt');
    bot.write({ ...pages(2), 'new.md': page(9, dated('2026-06-01')) });
    await bot.sync();
    bot.clock.set(Date.UTC(2026, 4, 1));
    expect(await bot.sync()).toMatchObject({ exitCode: 5 });
    const { state } = await bot.view();
    const approvedAt = new Date(bot.clock.now()).toISOString();
    await bot.holding(({ memory }) => memory.append([{ kind: 'held', held: state.held.map((held) => ({ ...held, approvedAt })) }]));
    expect(await bot.sync()).toMatchObject({
      exitCode: 0,
      results: [{ operation: { action: 'delete', document: 'new.md' }, outcome: 'done' }],
    });
    bot.clock.advance(hour);
    expect(await bot.sync(), 'and goes by this clock from then on').toMatchObject({ exitCode: 0, held: [] });
  });

  it('by less than a day holds nothing: clocks are put right', async () => {
    bot = await world('sitegpt');
    bot.write(pages(2));
    await bot.sync();
    bot.clock.advance(-20 * hour);
    bot.write({ 'p2.md': page(2) });
    expect(await bot.sync()).toMatchObject({ exitCode: 0, held: [] });
  });
});
