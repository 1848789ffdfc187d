// What a run that lost its lock leaves to its successors: everything it had in hand, and nothing where it had nothing.
import { expect, it } from 'vitest';
import { openLedger, readLedger, renameLedger } from '../../src/state/store.ts';
import { readStrays } from '../../src/state/stray.ts';
import { type MemoryDisk, memoryDisk } from '../../src/testkit/faults.ts';
import { begin, create, done, failed, noon, noonMs, pushed, update } from './entries.ts';

const dir = '/state';
const now = () => noonMs;

/** A run that has pushed a.md, has a create and an update in hand, and finds its lock taken. */
async function asleep() {
  const disk = memoryDisk();
  let lost = false;
  const guard = (): void => {
    if (lost) throw new Error('lost the lock');
  };
  const ledger = await openLedger({ disk, dir, target: 't', now, guard });
  await ledger.append(pushed('e1', 'a.md'));
  await ledger.append([begin(create('e2', 'b.md'), update('e3', 'a.md', 'r-e1'))]);
  return {
    disk,
    ledger,
    wakes: () => {
      lost = true;
    },
  };
}

const straysOf = (disk: MemoryDisk, target = 't') => readStrays({ disk, dir, target });
const fileIn = (disk: MemoryDisk): string => Object.keys(disk.files()).find((path) => path.includes('.stray-')) ?? 'there is none';

it('what is in hand is left with the ids that the vendor has answered, and shown as open where it may have changed a record', async () => {
  const { disk, ledger, wakes } = await asleep();
  wakes();
  await expect(ledger.append([done('e2', 'r2')])).rejects.toThrow('lost the lock');
  await expect(ledger.append([failed('e3')])).rejects.toThrow('lost the lock');
  await ledger.close();
  const [stray] = straysOf(disk);
  expect([stray?.at, stray?.effects.map(({ id }) => id), [...(stray?.made ?? [])]]).toEqual([noon, ['e2'], [['e2', 'r2']]]);
});

it('an id that this run has found in a listing may be of an item that the other one made: it is not told', async () => {
  const { disk, ledger, wakes } = await asleep();
  wakes();
  await expect(ledger.append([{ kind: 'done', effect: 'e2', remoteId: 'r2', settledBy: 'list' }])).rejects.toThrow('lost the lock');
  await ledger.close();
  expect(straysOf(disk).map(({ effects, made }) => [effects.map(({ id }) => id), made.size])).toEqual([[['e2', 'e3'], 0]]);
  // Whoever reads without a lock is told that a.md may have been written over since.
  await (await openLedger({ disk, dir, target: 't', now })).append([failed('e2'), failed('e3')]);
  expect((await readLedger({ disk, dir, target: 't' })).open.map(({ id }) => id)).toEqual(['e3']);
});

it('nothing in hand, or the lock still held: nothing is left', async () => {
  const { disk, ledger, wakes } = await asleep();
  await ledger.close();
  expect(straysOf(disk)).toEqual([]);
  const next = await openLedger({ disk, dir, target: 't', now });
  await next.append([done('e2'), done('e3', 'r-e1')]);
  wakes();
  await next.close();
  expect(straysOf(disk)).toEqual([]);
});

it('goes over with the memory that is renamed', async () => {
  const { disk, ledger, wakes } = await asleep();
  wakes();
  await ledger.close();
  await renameLedger({ disk, dir, target: 't', now }, 'u');
  expect([straysOf(disk).length, straysOf(disk, 'u').map(({ effects }) => effects.length)]).toEqual([0, [2]]);
});

it('one that is damaged is named, with the next step, and is not passed over', async () => {
  const { disk, ledger, wakes } = await asleep();
  wakes();
  await ledger.close();
  const file = fileIn(disk);
  await disk.replace(file, (disk.read(file)?.toString() ?? '').replace('b.md', 'c.md'));
  expect(() => straysOf(disk)).toThrow(expect.objectContaining({ code: 'STATE_DAMAGED', message: expect.stringContaining(file) }));
  expect(() => straysOf(disk)).toThrow(expect.objectContaining({ next: expect.stringContaining('kbsync drift --target t --repair') }));
});
