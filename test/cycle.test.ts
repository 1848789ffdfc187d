// One pass over a vendor in memory: what no real folder and no real vendor can be made to do on every machine.
import { describe, expect, it } from 'vitest';
import { codesOf, strongest } from '../src/cli/exit.ts';
import { readLedger } from '../src/state/store.ts';
import { folderOf, idsFrom, runSync } from '../src/testkit/engine.ts';
import { memoryDisk } from '../src/testkit/faults.ts';
import { memoryVendor } from '../src/testkit/memory.ts';

const files = { 'a.md': 'alpha', 'b.md': 'beta', 'c.md': 'gamma' };

function setting(options: Parameters<typeof memoryVendor>[0] = {}) {
  const vendor = memoryVendor(options);
  const disk = memoryDisk();
  const id = idsFrom(1);
  const clock = { nowMs: Date.UTC(2026, 10, 21) };
  const run = (patch: Partial<Parameters<typeof runSync>[0]> = {}) =>
    runSync({ target: vendor.connect(), disk, files, id, clock, ...patch });
  return { vendor, disk, run };
}

describe('one pass', () => {
  it('an incomplete scan: zero deletes, exit 5, and it says why', async () => {
    const { vendor, run } = setting();
    await run();
    const folder = folderOf({ 'a.md': 'alpha, new' }, { complete: false, incompleteWhy: 'deep: permission denied' });
    const report = await run({ folder });
    expect(report.held[0]).toMatchObject({ rule: 'incomplete-scan', holds: 'deletes' });
    expect(report.held[0]?.message).toContain('permission denied');
    expect(strongest(codesOf(report))).toBe(5);
    expect(vendor.writes.filter((write) => write === 'delete')).toEqual([]);
    expect([...vendor.items.values()].map((item) => item.text).join()).toContain('alpha, new');
    expect(vendor.items.size).toBe(3);
  });

  it('one text for the whole bot: held deletes keep their old text, what goes on goes on', async () => {
    const { vendor, run } = setting({ whole: true, can: [] });
    const many = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`p${n}.md`, `page ${n}`]));
    const texts = new Map();
    await run({ files: many, texts });
    const report = await run({ files: { 'p0.md': 'page 0, new', 'p1.md': 'page 1' }, texts, passes: { initial: false } });
    expect(report.held.length).toBe(1);
    expect(vendor.items.size).toBe(10);
    expect([...vendor.items.values()].filter((item) => item.text.includes('page 0, new')).length).toBe(1);
    const passed = await run({ files: { 'p0.md': 'page 0, new', 'p1.md': 'page 1' }, texts, passes: { allowDeletes: 8 } });
    expect(passed.held).toEqual([]);
    expect(
      [...vendor.items.values()]
        .map((item) => item.text)
        .sort()
        .join(),
    ).toMatch(/page 0, new[\s\S]*page 1/);
    expect(vendor.items.size).toBe(2);
  });

  it('without update and delete: the change is work for a person, once, and is not done behind their back', async () => {
    const { vendor, disk, run } = setting({ can: ['status'], repeatedCreate: 'twin' });
    await run();
    const changed = { 'a.md': 'alpha, new', 'b.md': 'beta' };
    const first = await run({ files: changed });
    expect(first.results.map(({ operation, outcome }) => [operation.action, operation.document, outcome]).sort()).toEqual([
      ['delete', 'c.md', 'todo'],
      ['update', 'a.md', 'todo'],
    ]);
    await run({ files: changed });
    const { state } = await readLedger({ disk, dir: '/state', target: 'bot' });
    expect(state.todos.map((todo) => todo.operation.document).sort()).toEqual(['a.md', 'c.md']);
    expect(vendor.writes).toEqual(['create']);
  });

  it('pushes nothing more of its folder once others were at the target, who may have read a newer one: the next run clears up', async () => {
    const { vendor, run } = setting({ can: ['delete', 'list', 'read', 'status'] });
    await run();
    const changed = { ...files, 'a.md': 'alpha, new' };
    const lent = await run({ files: changed, lent: true });
    expect(lent.waited).toBe('learnt');
    // The copy that was superseded stands beside the new one.
    expect(vendor.items.size).toBe(4);
    const after = await run({ files: changed });
    expect(after.results.filter(({ operation }) => operation.action !== 'delete')).toEqual([]);
    expect(vendor.items.size).toBe(3);
    const alone = await run({ files: { ...files, 'a.md': 'alpha, newest' } });
    expect([alone.waited, vendor.items.size]).toEqual(['learnt', 3]);
  });

  it('a vendor that cannot tell: unknown, never trained, and no failure', async () => {
    const { run } = setting({ can: ['update', 'delete', 'list', 'read'] });
    const report = await run({ targetPatch: { settleMs: 60_000 } });
    expect(report.training).toMatchObject({ unknown: 3, trained: 0 });
    expect(strongest(codesOf(report))).toBe(0);
  });
});

describe('a lost state where texts cannot be read', () => {
  it('everything is sent again to be sure, and that trips no brake', async () => {
    const { vendor, run } = setting({ can: ['update', 'delete', 'list', 'status'] });
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`p${n}.md`, `page ${n}`]));
    await run({ files: many });
    const report = await runSync({ target: vendor.connect(), disk: memoryDisk(), files: many, id: idsFrom(10_000) });
    expect(report.held).toEqual([]);
    expect(report.results.every(({ operation, outcome }) => operation.action === 'update' && outcome === 'done')).toBe(true);
    expect(vendor.items.size).toBe(60);
  });
});
