// A memory under another name: struck at every step of the disk, it is under exactly one of the two names, whole, and running it again ends it.
import { describe, expect, it } from 'vitest';
import type { EntryBody } from '../../src/model/effect.ts';
import type { HeldRun } from '../../src/model/record.ts';
import { openLedger, readLedger, renameLedger } from '../../src/state/store.ts';
import { Crash, type Loss, type MemoryDisk, memoryDisk } from '../../src/testkit/faults.ts';

const dir = '/state';
const now = () => Date.UTC(2026, 10, 21);
const written = { path: 'a.md', title: 'A', url: null, body: 'b', part: '', mark: 'docs:a.md', fingerprint: 'f' };
const held: HeldRun = {
  id: 'H1',
  rule: 'too-many-deletes',
  message: 'old would lose 9 of 12 documents',
  documents: ['a.md'],
  passWith: 'sync --target old --allow-deletes 9',
  since: '2026-11-21T00:00:00.000Z',
  approvedAt: null,
};
/** A record, a held run, a retraction, and a create whose fate is not known. */
const entries: readonly EntryBody[] = [
  { kind: 'identity', identity: 'vendor|origin|bot' },
  {
    kind: 'begin',
    effects: [{ id: 'e1', operation: null, commit: null, action: 'create', supersedes: null, document: 'a.md', ...written }],
  },
  { kind: 'done', effect: 'e1', remoteId: 'r1', settledBy: 'reply' },
  { kind: 'held', held: [held] },
  { kind: 'retracted', document: 'b.md', retracted: { path: 'b.md', file: 'x', since: '2026-11-21T00:00:00.000Z' } },
  {
    kind: 'begin',
    effects: [
      { id: 'e2', operation: null, commit: null, action: 'create', supersedes: null, document: 'c.md', ...written, mark: 'docs:c.md' },
    ],
  },
  { kind: 'doubt', doubt: { id: 'U1', effect: 'e2', error: null, since: '2026-11-21T00:00:00.000Z' } },
];

/** checkpointed: the snapshot holds most of it; else all of it lies in the journal. */
async function filled(checkpointed: boolean): Promise<MemoryDisk> {
  const disk = memoryDisk();
  const ledger = await openLedger({ disk, dir, target: 'old', now });
  await ledger.append(entries.slice(0, 4));
  if (checkpointed) await ledger.checkpoint();
  await ledger.append(entries.slice(4));
  if (checkpointed) await ledger.checkpoint();
  await ledger.close();
  return disk;
}

/** Under which of the names the memory is; everything of it is checked. */
async function ownerOf(disk: MemoryDisk, history: string): Promise<'old' | 'new'> {
  const found: ('old' | 'new')[] = [];
  for (const target of ['old', 'new'] as const) {
    const view = await readLedger({ disk, dir, target }).catch((error: Error) => {
      expect(error.message, history).toContain('was handed to new');
      return null;
    });
    if (view === null || view.state.identity === null) continue;
    found.push(target);
    expect(view.state, history).toMatchObject({
      target,
      identity: 'vendor|origin|bot',
      records: { 'a.md': { items: [{ remoteId: 'r1' }] } },
    });
    expect(view.state.held, history).toEqual([{ ...held, passWith: `sync --target ${target} --allow-deletes 9` }]);
    expect(
      [Object.keys(view.state.retracted ?? {}), view.state.doubts.map(({ id }) => id), view.open.map(({ id }) => id)],
      history,
    ).toEqual([['b.md'], ['U1'], ['e2']]);
  }
  expect(found, history).toHaveLength(1);
  return found[0] ?? 'old';
}

describe.each([true, false])('a memory with a snapshot: %s', (checkpointed) => {
  it('goes over whole, and can be written on', async () => {
    const disk = await filled(checkpointed);
    expect(await renameLedger({ disk, dir, target: 'old', now }, 'new')).toBe('renamed');
    expect(await ownerOf(disk, 'renamed')).toBe('new');
    expect(Object.keys(disk.files())).toEqual(['/state/new.journal', '/state/new.json']);
    expect(await ownerOf(disk.survivors('unsynced'), 'a power cut right after')).toBe('new');
    const ledger = await openLedger({ disk, dir, target: 'new', now });
    await ledger.append([{ kind: 'done', effect: 'e2', remoteId: 'r2', settledBy: 'list' }]);
    await ledger.checkpoint();
    await ledger.close();
    expect((await readLedger({ disk, dir, target: 'new' })).state.records['c.md']?.items[0]?.remoteId).toBe('r2');
  });

  it.each(['nothing', 'unsynced', 'torn'] as const)('struck at every step, the disk loses %s', async (loses: Loss) => {
    const owners = new Set<string>();
    for (let crashAt = 1; ; crashAt += 1) {
      const whole = await filled(checkpointed);
      let steps = 0;
      const struck = whole.watched((step) => {
        steps += 1;
        if (steps >= crashAt) throw new Crash(step);
      });
      const died = await renameLedger({ disk: struck, dir, target: 'old', now }, 'new').then(
        () => false,
        () => true,
      );
      if (!died) break;
      const history = `crash at step ${crashAt}, loses ${loses}`;
      const disk = whole.survivors(loses);
      const owner = await ownerOf(disk, history);
      owners.add(owner);
      // Either it is run again, or somebody opens the new name first.
      const other = disk.survivors('nothing');
      await renameLedger({ disk, dir, target: 'old', now }, 'new').catch((error: Error) =>
        expect(error.message, history).toContain('no state of old'),
      );
      expect(await ownerOf(disk, `${history}, again`)).toBe('new');
      if (owner === 'new') {
        await (await openLedger({ disk: other, dir, target: 'new', now })).close();
        expect(await ownerOf(other, `${history}, opened`)).toBe('new');
        expect(
          Object.keys(other.files()).filter((name) => name.includes('old') && !name.endsWith('.tmp')),
          history,
        ).toEqual([]);
      }
    }
    expect([...owners].sort()).toEqual(['new', 'old']);
  });
});

describe('refused', () => {
  it('where the new name has a memory, the old one has none, or another rename is under way', async () => {
    const disk = await filled(true);
    await (await openLedger({ disk, dir, target: 'taken', now })).append([{ kind: 'identity', identity: 'x' }]);
    const before = disk.files();
    await expect(renameLedger({ disk, dir, target: 'old', now }, 'taken')).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('taken has a state of its own'),
    });
    await expect(renameLedger({ disk, dir, target: 'nobody', now }, 'new')).rejects.toMatchObject({
      code: 'USAGE',
      message: 'there is no state of nobody; there is that of old, taken',
    });
    expect(disk.files()).toEqual(before);
    disk.plant('/state/new.renaming', '{"rename":1}');
    await expect(renameLedger({ disk, dir, target: 'old', now }, 'new')).rejects.toMatchObject({ code: 'STATE_DAMAGED' });
  });
});
