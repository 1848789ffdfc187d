// Level 3: changes. Update and delete touch what they name and nothing else.
import assert from 'node:assert/strict';
import type { ChangedItem } from '../../connectors/connector.ts';
import type { Bench, ContractCase } from '../bench.ts';
import { failureOf, holders, itemTarget, makeItem, oneTextOnly, type Pushed, push, send } from '../steps.ts';

function changed(bench: Bench, { item, remoteId }: Pushed, text: string): ChangedItem {
  assert.ok(remoteId !== null, 'the id is not known');
  const { format } = item;
  return { ...item, effect: bench.newEffectId(), remoteId, text: format === 'html' ? `<p>${text}</p>` : text };
}

async function update(bench: Bench, items: readonly ChangedItem[]) {
  const target = itemTarget(bench);
  assert.ok(target.update !== undefined);
  return target.update(items, bench.call);
}

async function remove(bench: Bench, remoteIds: readonly (string | null)[]) {
  const target = itemTarget(bench);
  assert.ok(target.delete !== undefined);
  return target.delete(
    remoteIds.filter((id) => id !== null),
    bench.call,
  );
}

/** Three items to change one of. */
function three(bench: Bench): Promise<readonly Pushed[]> {
  return push(
    bench,
    ['left', 'middle', 'right'].map((name) => makeItem(bench, name, `The ${name} one says oldword.`)),
  );
}

export const changes: readonly ContractCase[] = [
  {
    level: 3,
    name: 'update replaces the text of the item it names, and of no other',
    needs: ['update'],
    unless: oneTextOnly,
    async run(bench) {
      const pushed = await three(bench);
      const [, middle] = pushed;
      assert.ok(middle !== undefined);
      const item = changed(bench, middle, 'The middle one says newword.');
      const [result] = await update(bench, [item]);
      assert.ok(result?.ok === true, 'not updated');
      assert.ok(result.remoteId === null || result.remoteId === middle.remoteId, 'an update keeps the id');
      assert.deepEqual(
        holders(bench, item).map(({ remoteId }) => remoteId),
        [middle.remoteId],
      );
      assert.equal(bench.vendor.inspect().filter(({ text }) => text.includes('oldword')).length, 2);
    },
  },
  {
    level: 3,
    name: 'the same update twice is one update',
    needs: ['update'],
    unless: oneTextOnly,
    async run(bench) {
      const [first] = await three(bench);
      assert.ok(first !== undefined);
      const item = changed(bench, first, 'The left one says newword.');
      for (let time = 0; time < 2; time += 1) assert.ok((await update(bench, [item]))[0]?.ok === true);
      assert.equal(holders(bench, item).length, 1);
      assert.equal(bench.vendor.inspect().length, 3);
    },
  },
  {
    level: 3,
    name: 'an update of something deleted elsewhere is REMOTE_GONE, and makes nothing',
    needs: ['update', 'delete'],
    unless: oneTextOnly,
    async run(bench) {
      const [, middle] = await three(bench);
      assert.ok(middle !== undefined);
      await remove(bench, [middle.remoteId]);
      bench.clock.advance(bench.target.traits.lagMs);
      const error = await failureOf(() => update(bench, [changed(bench, middle, 'Too late.')]));
      assert.equal(error.code, 'REMOTE_GONE', error.message);
      assert.deepEqual([error.facts.effect, error.facts.stops], ['none', 'document']);
      assert.equal(bench.vendor.inspect().filter(({ text }) => text !== '').length, 2);
    },
  },
  {
    level: 3,
    name: 'delete takes out what it names, and nothing else',
    needs: ['delete'],
    unless: oneTextOnly,
    async run(bench) {
      const pushed = await three(bench);
      const [result] = await remove(bench, [pushed[1]?.remoteId ?? null]);
      assert.ok(result?.ok === true, 'not deleted');
      assert.deepEqual(
        pushed.map(({ item }) => holders(bench, item).length),
        [1, 0, 1],
      );
    },
  },
  {
    level: 3,
    name: 'delete twice succeeds, also in a batch with one that is still there',
    needs: ['delete'],
    unless: oneTextOnly,
    async run(bench) {
      const pushed = await three(bench);
      const ids = pushed.map(({ remoteId }) => remoteId);
      assert.ok((await remove(bench, ids.slice(0, 1)))[0]?.ok === true);
      assert.ok((await remove(bench, ids.slice(0, 1)))[0]?.ok === true, 'already gone is success');
      const most = bench.target.traits.limits.batch;
      for (let from = 0; from < ids.length; from += most) {
        const results = await remove(bench, ids.slice(from, from + most));
        for (const result of results) assert.ok(result.ok, 'already gone is success');
      }
      assert.deepEqual(
        pushed.map(({ item }) => holders(bench, item).length),
        [0, 0, 0],
      );
    },
  },
  {
    level: 3,
    name: 'the whole text is replaced by the next one: what is no longer in it is gone',
    needs: ['create'],
    unless: (target) => (oneTextOnly(target) === null ? 'keeps items apart' : null),
    async run(bench) {
      const pushed = await three(bench);
      const items = pushed.map(({ item }) => item);
      const [left, , right] = items;
      assert.ok(left !== undefined && right !== undefined);
      const [result] = await send(bench, [left, right]);
      assert.ok(result?.ok === true);
      assert.deepEqual(
        items.map((item) => holders(bench, item).length),
        [1, 0, 1],
      );
    },
  },
];
