// Level 1: talks. Who the bot is, who may talk to it, and that nothing is sent before it is asked for.
import assert from 'node:assert/strict';
import { SyncError } from '../../model/error.ts';
import type { Bench, ContractCase } from '../bench.ts';
import { failureOf, makeItem, send } from '../steps.ts';

/** The first thing that must fail where credentials or bot are wrong: the check, or (where nothing can be checked without a write) the write. */
async function refusal(bench: Bench): Promise<SyncError> {
  try {
    const { proven } = await bench.target.check(bench.call);
    assert.equal(proven, 'nothing', 'a check that passes with a wrong key or a wrong bot has proven nothing');
  } catch (thrown) {
    assert.ok(thrown instanceof SyncError, String(thrown));
    return thrown;
  }
  return failureOf(() => send(bench, [makeItem(bench, 'refused', 'This must not be taken.')]));
}

export const talks: readonly ContractCase[] = [
  {
    level: 1,
    name: 'connect makes no request',
    needs: [],
    async run(bench) {
      const bare = await bench.fresh({ bare: true });
      assert.deepEqual(bare.wire.requests(), []);
    },
  },
  {
    level: 1,
    name: 'check tells who the bot is, always the same, by reads only and without the credential',
    needs: [],
    async run(bench) {
      const bare = await bench.fresh({ bare: true });
      const first = await bare.target.check(bare.call);
      const second = await bare.target.check(bare.call);
      assert.deepEqual(second, first);
      assert.ok(first.identity.includes(bare.spec.name), `${first.identity} does not name the vendor`);
      assert.ok(first.label.length > 0, 'a label for people');
      for (const secret of bare.secrets) assert.ok(!JSON.stringify(first).includes(secret), 'the check tells a credential');
      const intents = bare.events.flatMap((event) => (event.kind === 'request' ? [event.intent] : []));
      assert.deepEqual(
        intents.filter((intent) => intent !== 'read'),
        [],
      );
      assert.deepEqual(bare.vendor.inspect(), []);
    },
  },
  {
    level: 1,
    name: 'two bots have two identities',
    needs: [],
    async run(bench) {
      const other = await bench.fresh();
      assert.notEqual((await other.target.check(other.call)).identity, (await bench.target.check(bench.call)).identity);
    },
  },
  {
    level: 1,
    name: 'a wrong key is CREDENTIALS_REFUSED, and nothing is written',
    needs: [],
    async run(bench) {
      const wrong = await bench.fresh({ wrongKey: true, bare: true });
      const error = await refusal(wrong);
      assert.equal(error.code, 'CREDENTIALS_REFUSED', error.message);
      assert.equal(error.facts.effect, 'none');
      assert.equal(error.facts.stops, 'target');
      assert.deepEqual(wrong.vendor.inspect(), []);
    },
  },
  {
    level: 1,
    name: 'a bot that does not exist is told as such, or as refused credentials',
    needs: [],
    async run(bench) {
      const error = await refusal(await bench.fresh({ noBot: true, bare: true }));
      assert.ok(['BOT_NOT_FOUND', 'CREDENTIALS_REFUSED'].includes(error.code), `${error.code}: ${error.message}`);
      assert.equal(error.facts.effect, 'none');
    },
  },
  {
    level: 1,
    name: 'an unknown option is named',
    needs: [],
    async run({ spec, options }) {
      const parsed = spec.options.safeParse({ ...options, notAnOption: 1 });
      assert.equal(parsed.success, false, 'an unknown key was taken');
      assert.ok(JSON.stringify(parsed.error?.issues).includes('notAnOption'), 'the unknown key is not named');
    },
  },
];
