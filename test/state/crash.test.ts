// A crash at every step of appends and checkpoints, with every way a disk can lose or tear what was not synced, and a second crash
// while the first is being recovered from.
import { describe, expect, it } from 'vitest';
import type { EntryBody } from '../../src/model/effect.ts';
import { canonical, type Json } from '../../src/model/json.ts';
import { type Ledger, openLedger, readLedger } from '../../src/state/store.ts';
import { Crash, crashingDisk, type Loss, type MemoryDisk, memoryDisk } from '../../src/testkit/faults.ts';
import { seededRandom } from '../../src/testkit/random.ts';
import { begin, create, done, noonMs, remove } from './entries.ts';

const place = { dir: '/state', target: 't' };

/** Each step is one append; a number stands for how many are known after it. Null: a checkpoint. */
const story: readonly (EntryBody[] | null)[] = [
  [begin(create('e1', 'a'), create('e2', 'b'))],
  [done('e1')],
  null,
  [done('e2')],
  [begin(create('e3', 'a', { supersedes: 'r-e1' }))],
  [done('e3')],
  null,
  [{ kind: 'training', news: [{ document: 'a', part: null, state: 'trained', error: null }] }],
  [begin(remove('e4', 'a', 'r-e1'))],
  null,
  [done('e4', null)],
  null,
];

/** What is known after each number of appends, without any crash. */
async function history(): Promise<string[]> {
  const ledger = await openLedger({ ...place, disk: memoryDisk(), now: () => noonMs });
  const known = [fact(ledger)];
  for (const bodies of story) {
    if (bodies === null) continue;
    await ledger.append(bodies);
    known.push(fact(ledger));
  }
  return known;
}

const fact = (view: Pick<Ledger, 'state' | 'open'>): string =>
  canonical(JSON.parse(JSON.stringify([{ ...view.state, serial: 0 }, view.open])) as Json);

/** Lives the story from where memory stands; returns how many appends were acknowledged in all. */
async function live(ledger: Ledger, known: readonly string[], acknowledged: (count: number) => void): Promise<void> {
  let count = 0;
  const start = known.indexOf(fact(ledger));
  for (const bodies of story) {
    if (bodies === null) {
      if (count >= start) await ledger.checkpoint();
      continue;
    }
    count += 1;
    if (count <= start) continue;
    await ledger.append(bodies);
    acknowledged(count);
  }
}

/** A process that crashes at a step; returns what the next one finds and what was promised. */
async function crashed(
  disk: MemoryDisk,
  crashAt: number,
  loses: Loss,
  known: readonly string[],
): Promise<{ next: MemoryDisk; promised: number; crashed: boolean }> {
  const doomed = crashingDisk(disk, { crashAt, loses, random: seededRandom(crashAt) });
  let promised = 0;
  try {
    const ledger = await openLedger({ ...place, disk: doomed, now: () => noonMs });
    promised = known.indexOf(fact(ledger));
    await live(ledger, known, (count) => {
      promised = count;
    });
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  }
  return { next: doomed.restart(), promised, crashed: doomed.crashed };
}

async function check(disk: MemoryDisk, promised: number, known: readonly string[]): Promise<number> {
  const view = await readLedger({ ...place, disk });
  const found = known.indexOf(fact(view));
  expect(found).toBeGreaterThanOrEqual(promised);
  expect(fact(await openLedger({ ...place, disk: disk.survivors('nothing'), now: () => noonMs }))).toBe(fact(view));
  return found;
}

describe.each<Loss>(['nothing', 'unsynced', 'torn'])('a disk that loses %s', (loses) => {
  it('always loads, and holds everything that was acknowledged, after a crash at any step', async () => {
    const known = await history();
    for (let at = 1; ; at += 1) {
      const first = await crashed(memoryDisk(), at, loses, known);
      await check(first.next, first.promised, known);
      if (!first.crashed) {
        expect(at).toBeGreaterThan(40);
        expect(first.promised).toBe(known.length - 1);
        return;
      }
    }
  });

  it('does so after a second crash while the first is recovered from, and then ends the same', async () => {
    const known = await history();
    for (let at = 1; ; at += 1) {
      const first = await crashed(memoryDisk(), at, loses, known);
      if (!first.crashed) return;
      const steps = at % 3 === 0 ? 30 : 6;
      for (let again = 1; again <= steps; again += 1) {
        const second = await crashed(first.next.survivors('nothing'), again, loses, known);
        await check(second.next, Math.max(first.promised, second.promised), known);
        const last = await openLedger({ ...place, disk: second.next, now: () => noonMs });
        await live(last, known, () => undefined);
        expect(fact(last)).toBe(known.at(-1));
        expect(fact(await readLedger({ ...place, disk: second.next }))).toBe(known.at(-1));
      }
    }
  });
});
