// Level 4: sees. A listing is complete or it throws; marks come back; what is not ours is never taken for ours.
import assert from 'node:assert/strict';
import { SyncError } from '../../model/error.ts';
import type { Bench, ContractCase } from '../bench.ts';
import { idsOf, itemTarget, listAll, makeItem, push } from '../steps.ts';

/** More than two pages of any vendor here. */
const many = 205;

function manyItems(bench: Bench, count = many) {
  return Array.from({ length: count }, (_unused, index) => makeItem(bench, `list/n${index}`, `Entry number${index}x.`));
}

export const sees: readonly ContractCase[] = [
  {
    level: 4,
    name: 'an empty bot lists nothing',
    needs: ['list'],
    async run(bench) {
      assert.deepEqual(await listAll(bench), []);
    },
  },
  {
    level: 4,
    name: 'list gives each item once across pages, with its id, and marks come back as written',
    needs: ['list'],
    async run(bench) {
      const items = manyItems(bench);
      await push(bench, items);
      bench.clock.advance(bench.target.traits.lagMs);
      const entries = await listAll(bench);
      assert.equal(entries.length, many);
      assert.deepEqual(new Set(entries.map(({ remoteId }) => remoteId)), new Set(bench.vendor.inspect().map(({ remoteId }) => remoteId)));
      if (bench.target.traits.repeatedCreate === 'findable') {
        assert.deepEqual(entries.map(({ mark }) => mark).sort(), items.map(({ mark }) => mark).sort());
        for (const { mark } of entries)
          assert.ok(mark !== null && bench.target.marks.ours(mark, bench.workspace), `${mark} is not known as ours`);
      }
    },
  },
  {
    level: 4,
    name: 'a listing during deletes and creates gives every untouched item exactly once, or throws',
    needs: ['list', 'delete'],
    async run(bench) {
      const pushed = await push(bench, manyItems(bench));
      bench.clock.advance(bench.target.traits.lagMs);
      const target = itemTarget(bench);
      assert.ok(target.list !== undefined && target.delete !== undefined);
      const doomed = pushed.filter((_unused, index) => index % 40 === 20).flatMap(({ remoteId }) => (remoteId === null ? [] : [remoteId]));
      const seen: string[] = [];
      try {
        for await (const { remoteId } of target.list(bench.call)) {
          seen.push(remoteId);
          if (seen.length % 50 !== 25) continue;
          const next = doomed.pop();
          if (next !== undefined) await target.delete([next], bench.call);
          await target.create([makeItem(bench, `late/${seen.length}`, 'A late one.')], bench.call);
        }
      } catch (thrown) {
        assert.ok(thrown instanceof SyncError, String(thrown));
        return;
      }
      const still = new Set(
        bench.vendor
          .inspect()
          .filter(({ text }) => text !== '')
          .map(({ remoteId }) => remoteId),
      );
      const untouched = pushed.flatMap(({ remoteId }) => (remoteId !== null && still.has(remoteId) ? [remoteId] : []));
      const missed = untouched.filter((id) => !seen.includes(id));
      assert.deepEqual(missed, [], 'a listing that ends must be complete');
      assert.equal(new Set(seen).size, seen.length, 'an item was given twice');
    },
  },
  {
    level: 4,
    name: 'what was written is listed once lagMs has passed',
    needs: ['list'],
    condition: 'slow-lists',
    async run(bench) {
      const slow = await bench.fresh({ condition: 'slow-lists' });
      const item = makeItem(slow, 'late', 'It shows late.');
      const result = await itemTarget(slow).create([item], slow.call);
      assert.ok(result[0]?.ok === true);
      assert.deepEqual(await listAll(slow), [], 'the condition is that lists lag');
      slow.clock.advance(slow.target.traits.lagMs);
      assert.deepEqual(
        (await listAll(slow)).map(({ mark }) => mark),
        [item.mark],
      );
    },
  },
  {
    level: 4,
    name: 'what people made, and what another workspace made, is listed and never ours',
    needs: ['list'],
    async run(bench) {
      await push(bench, [makeItem(bench, 'ours', 'Ours.')]);
      const other = { workspace: `${bench.workspace}2`, document: 'ours.md', part: '', effect: bench.newEffectId() };
      const names = [
        'README.md',
        'Handmade page',
        `${bench.workspace} notes`,
        `${bench.workspace}`,
        'ours.md',
        bench.target.marks.write(other),
      ];
      const planted = names.map((name) => bench.vendor.plant({ name, text: `${name} was made by hand.` }));
      bench.clock.advance(bench.target.traits.lagMs);
      const entries = await listAll(bench);
      assert.equal(new Set(entries.map(({ remoteId }) => remoteId)).size, entries.length);
      const ours = entries.filter(({ mark }) => mark !== null && bench.target.marks.ours(mark, bench.workspace));
      assert.equal(ours.length, bench.target.traits.repeatedCreate === 'findable' ? 1 : 0, JSON.stringify(ours));
      for (const id of planted) assert.ok(!ours.some(({ remoteId }) => remoteId === id), `planted item ${id} is taken for ours`);
    },
  },
  {
    level: 4,
    name: 'a broken page throws instead of ending early',
    needs: ['list'],
    async run(bench) {
      await push(bench, manyItems(bench));
      bench.clock.advance(bench.target.traits.lagMs);
      for (const fault of ['broken-json', 'html', { kind: 'status', status: 500 }, { kind: 'status', status: 404 }] as const) {
        bench.wire.setFault((_request, count) => (count >= 2 ? fault : null));
        await assert.rejects(
          listAll(bench),
          (thrown) => thrown instanceof SyncError && thrown.facts.effect === 'none',
          JSON.stringify(fault),
        );
      }
      bench.wire.setFault(null);
      assert.equal((await listAll(bench)).length, many);
    },
  },
  {
    level: 4,
    name: 'find gives the ids of the marks asked for, in order, none for what is not there',
    needs: [],
    unless: (target) => (target.find === undefined ? 'no find: the engine lists' : null),
    async run(bench) {
      const pushed = await push(bench, manyItems(bench, 3));
      const absent = bench.target.marks.write({ workspace: bench.workspace, document: 'absent.md', part: '', effect: bench.newEffectId() });
      bench.clock.advance(bench.target.traits.lagMs);
      const marks = [pushed[2]?.item.mark ?? '', absent, pushed[0]?.item.mark ?? ''];
      assert.deepEqual(await idsOf(bench, marks), [[pushed[2]?.remoteId], [], [pushed[0]?.remoteId]]);
    },
  },
  {
    level: 4,
    name: 'read gives the text as the vendor holds it',
    needs: ['read'],
    async run(bench) {
      const [pushed] = await push(bench, [makeItem(bench, 'read', '# Read me\n\nThis is read back.')]);
      assert.ok(pushed?.remoteId != null && bench.target.read !== undefined);
      bench.clock.advance(bench.target.traits.lagMs);
      const { text } = await bench.target.read(pushed.remoteId, bench.call);
      assert.equal(text, pushed.item.text);
    },
  },
];
