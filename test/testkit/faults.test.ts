// The faulty disk is itself tested: what it keeps and loses is what the crash tests rest on.
import { expect, it } from 'vitest';
import { Crash, crashingDisk, memoryDisk } from '../../src/testkit/faults.ts';

it('keeps a durable replace whole in every mode once it has resolved', async () => {
  const disk = memoryDisk();
  await disk.replace('/a', 'old');
  await disk.replace('/a', 'new');
  for (const loses of ['nothing', 'unsynced', 'torn'] as const) expect(disk.survivors(loses).files()).toEqual({ '/a': 'new' });
});

it('shows the old or the new content, never another, after a crash at any step of a replace', async () => {
  for (const loses of ['nothing', 'unsynced', 'torn'] as const) {
    for (let crashAt = 1; crashAt <= 5; crashAt += 1) {
      const memory = memoryDisk();
      await memory.replace('/a', 'old');
      const disk = crashingDisk(memory, { crashAt, loses });
      await expect(disk.replace('/a', 'new')).rejects.toThrow(Crash);
      expect(['old', 'new']).toContain(disk.restart().files()['/a']);
      expect(disk.crashed).toBe(true);
      await expect(disk.append('/b', 'x')).rejects.toThrow(Crash);
    }
    const through = crashingDisk(memoryDisk(), { crashAt: null, loses });
    await through.replace('/a', 'new');
    expect(through.steps).toBe(5);
  }
});

it('loses or tears what was written loosely', async () => {
  const disk = memoryDisk();
  disk.writeLoosely('/a', 'abcdef');
  expect(disk.survivors('nothing').files()).toEqual({ '/a': 'abcdef' });
  expect(disk.survivors('unsynced').files()).toEqual({});
  expect(disk.survivors('torn', () => 0.5).files()).toEqual({ '/a': 'abc' });
});

it('tears an append that was not synced, and only that', async () => {
  const memory = memoryDisk();
  await memory.append('/log', 'first|');
  const disk = crashingDisk(memory, { crashAt: 2, loses: 'torn', random: () => 0.5 });
  await expect(disk.append('/log', 'second')).rejects.toThrow(/step 2, sync/);
  expect(disk.restart().files()).toEqual({ '/log': 'first|sec' });
});
