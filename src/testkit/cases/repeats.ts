// Level 5: repeats. What a second create does is what the trait says, also when the first answer was lost.
import assert from 'node:assert/strict';
import type { ContractCase } from '../bench.ts';
import { canSee, failureOf, holders, idsOf, makeItem, send } from '../steps.ts';

export const repeats: readonly ContractCase[] = [
  {
    level: 5,
    name: 'the same effect twice does what repeatedCreate says',
    needs: ['create'],
    async run(bench) {
      const item = makeItem(bench, 'twice', 'Sent twice.');
      for (let time = 0; time < 2; time += 1) assert.ok((await send(bench, [item]))[0]?.ok === true);
      bench.clock.advance(bench.target.traits.lagMs);
      const held = holders(bench, item).map(({ remoteId }) => remoteId);
      if (bench.target.traits.repeatedCreate === 'same-item') assert.equal(held.length, 1);
      else assert.equal(held.length, 2, 'the trait promises a twin');
      if (bench.target.traits.repeatedCreate !== 'findable') return;
      assert.ok(canSee(bench.target), 'findable means that the vendor can be asked');
      assert.deepEqual([...((await idsOf(bench, [item.mark]))[0] ?? [])].sort(), held.sort());
    },
  },
  {
    level: 5,
    name: 'a create whose answer was lost is unconfirmed, is not sent again by itself, and can be settled as the trait says',
    needs: ['create'],
    async run(bench) {
      const item = makeItem(bench, 'lost', 'The answer to this was lost.');
      bench.wire.setFault(() => 'reset-after');
      const error = await failureOf(() => send(bench, [item]));
      bench.wire.setFault(null);
      assert.equal(error.facts.effect, 'unconfirmed', `${error.code}: ${error.message}`);
      assert.equal(holders(bench, item).length, 1, 'carried out exactly once');
      bench.clock.advance(bench.target.traits.lagMs);
      const { repeatedCreate } = bench.target.traits;
      if (repeatedCreate === 'findable')
        assert.deepEqual(await idsOf(bench, [item.mark]), [holders(bench, item).map(({ remoteId }) => remoteId)]);
      if (repeatedCreate !== 'same-item') return;
      assert.ok((await send(bench, [item]))[0]?.ok === true);
      assert.equal(holders(bench, item).length, 1);
    },
  },
  {
    level: 5,
    name: 'a create that never arrived is not found',
    needs: ['create'],
    unless: (target) => (target.traits.repeatedCreate === 'findable' ? null : 'the vendor cannot be asked'),
    async run(bench) {
      const item = makeItem(bench, 'never', 'This never arrived.');
      bench.wire.setFault(() => 'reset-before');
      const error = await failureOf(() => send(bench, [item]));
      bench.wire.setFault(null);
      assert.equal(error.facts.effect, 'unconfirmed', 'a broken connection says nothing about what arrived');
      bench.clock.advance(bench.target.traits.lagMs);
      assert.deepEqual(await idsOf(bench, [item.mark]), [[]]);
    },
  },
];
