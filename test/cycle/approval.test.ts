// `todo approve`: what a person let through is done exactly once, also where the run dies on the way, and nothing more than that is.
import { describe, expect, it } from 'vitest';
import type { TargetReport } from '../../src/model/report.ts';
import { approvedByPerson } from '../../src/push/person.ts';
import { openLedger, readLedger } from '../../src/state/store.ts';
import { type EngineInput, type Files, idsFrom, runSync } from '../../src/testkit/engine.ts';
import { Crash, type MemoryDisk, memoryDisk } from '../../src/testkit/faults.ts';
import { memoryVendor } from '../../src/testkit/memory.ts';

const named = (names: readonly string[]): Files => Object.fromEntries(names.map((name) => [`${name}.md`, `text of ${name}`]));
const all = named([...'abcdefghij']);
const left = named(['a', 'b']);
const at = '2026-11-21T00:00:00.000Z';

class Scene {
  disk: MemoryDisk = memoryDisk();
  readonly vendor = memoryVendor({ can: ['update', 'delete', 'list', 'read', 'status'] });
  private readonly id = idsFrom(1);

  run(files: Files, patch: Partial<EngineInput> = {}): Promise<TargetReport> {
    return runSync({ target: this.vendor.connect(), disk: this.disk, files, id: this.id, ...patch });
  }

  /** A run that dies at the n-th step; resolves to whether there were so many. */
  async dies(files: Files, crashAt: number): Promise<boolean> {
    let steps = 0;
    const step = (where: string): void => {
      steps += 1;
      if (steps >= crashAt) throw new Crash(where);
    };
    await this.run(files, { target: this.vendor.connect(step), disk: this.disk.watched(step) }).catch((thrown) => {
      if (steps < crashAt) throw thrown;
    });
    this.disk = this.disk.survivors('unsynced');
    return steps >= crashAt;
  }

  async approve(): Promise<void> {
    const ledger = await openLedger({ disk: this.disk, dir: '/state', target: 'bot', now: () => Date.parse(at) });
    const [held] = ledger.state.held;
    await ledger.append(approvedByPerson(ledger.state, held?.id ?? '', at));
    await ledger.close();
  }

  async held() {
    return (await readLedger({ disk: this.disk, dir: '/state', target: 'bot' })).state.held;
  }

  /** Ten documents, eight of them deleted: held, and approved. */
  static async approved(): Promise<Scene> {
    const scene = new Scene();
    await scene.run(all);
    expect((await scene.run(left)).held.map(({ rule }) => rule)).toEqual(['too-many-deletes']);
    expect(scene.vendor.items.size).toBe(10);
    await scene.approve();
    return scene;
  }
}

describe('an approved run', () => {
  it('is done once; the next one like it is held again', async () => {
    const scene = await Scene.approved();
    expect((await scene.run(left)).held).toEqual([]);
    expect([scene.vendor.items.size, await scene.held()]).toEqual([2, []]);
    await scene.run(all);
    expect((await scene.run(left)).held).toHaveLength(1);
    expect(scene.vendor.items.size).toBe(10);
  });

  it('is finished by a later run wherever the first one died', async () => {
    let crashAt = 1;
    for (; ; crashAt += 1) {
      const scene = await Scene.approved();
      const died = await scene.dies(left, crashAt);
      // Deletes whose outcome was lost are planned again: one more run, never another approval.
      expect((await scene.run(left)).held, `died at step ${crashAt}`).toEqual([]);
      expect([scene.vendor.items.size, await scene.held()], `died at step ${crashAt}`).toEqual([2, []]);
      if (!died) break;
    }
    expect(crashAt).toBeGreaterThan(10);
  });

  it('does not cover more than was approved', async () => {
    const scene = await Scene.approved();
    const report = await scene.run(named(['a']));
    expect(report.held).toMatchObject([{ rule: 'too-many-deletes', id: expect.stringMatching(/^H/) }]);
    expect(scene.vendor.items.size).toBe(10);
    expect(await scene.held()).toMatchObject([{ approvedAt: null, documents: expect.arrayContaining(['b.md']) }]);
  });

  it('waits for a whole run: a narrowed one leaves it, and what is held, as they are', async () => {
    const scene = await Scene.approved();
    const only = { paths: ['a.md'], failed: false, limit: null };
    await scene.run(left, { options: { only } });
    expect(await scene.held()).toMatchObject([{ rule: 'too-many-deletes', approvedAt: at }]);
    const unapproved = new Scene();
    await unapproved.run(all);
    await unapproved.run(left);
    await unapproved.run(left, { options: { only } });
    expect(await unapproved.held()).toMatchObject([{ rule: 'too-many-deletes', approvedAt: null }]);
  });
});
