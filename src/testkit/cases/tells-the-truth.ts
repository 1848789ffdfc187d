// Level 10: tells the truth. About what it cannot do, what its limits are, and never about a secret.
import assert from 'node:assert/strict';
import { type Capability, capabilitiesOf } from '../../connectors/connector.ts';
import { SyncError } from '../../model/error.ts';
import type { ContractCase } from '../bench.ts';
import { canSee, isWhole, makeItem, send } from '../steps.ts';

const every: readonly Capability[] = ['create', 'update', 'delete', 'list', 'read', 'status', 'train', 'ask', 'history'];

export const tellsTheTruth: readonly ContractCase[] = [
  {
    level: 10,
    name: 'each missing capability is explained with remedy, source and date, and none that is there is called missing',
    needs: [],
    async run({ target }) {
      const can = capabilitiesOf(target);
      for (const capability of every) {
        const missing = target.traits.missing[capability];
        if (can.has(capability)) {
          assert.equal(missing, undefined, `${capability} is there and is called missing`);
          continue;
        }
        // A vendor that trains by itself says so in its traits.
        if (capability === 'train' && target.traits.training === 'automatic' && missing === undefined) continue;
        assert.ok(missing !== undefined, `${capability} is missing, and nothing says why`);
        assert.ok(missing.remedy.length > 10 && missing.source.length > 3, `${capability}: what a person does instead, and who says so`);
        assert.match(missing.checked, /^\d{4}-\d\d-\d\d$/);
      }
    },
  },
  {
    level: 10,
    name: 'traits do not contradict the functions',
    needs: [],
    async run({ target }) {
      const { traits } = target;
      assert.ok(traits.trainedMeans.length > 10, 'what counts as proof of trained, in one sentence');
      assert.ok(traits.formats.length > 0);
      assert.ok(traits.repeatedCreate !== 'findable' || canSee(target), 'findable, and nothing to find it with');
      assert.ok(traits.training !== 'automatic' || target.train === undefined, 'trains by itself, and can be told to');
      assert.ok(traits.training !== 'on-request' || target.train !== undefined || traits.missing.train !== undefined);
      assert.ok(!traits.renames || capabilitiesOf(target).has('update'), 'renames by an update that is not there');
      const { perMinute, perHour, concurrency, batch, batchBytes, partBytes, titleCharacters } = traits.limits;
      for (const limit of [perMinute, concurrency, batch]) assert.ok(limit >= 1);
      for (const limit of [perHour, batchBytes, partBytes, titleCharacters]) assert.ok(limit === null || limit >= 1);
      assert.ok(batchBytes === null || partBytes === null || isWhole(target) || batchBytes >= partBytes, 'a part that no call can take');
      assert.ok(traits.lagMs >= 0 && traits.poll.firstMs > 0 && traits.poll.maxMs >= traits.poll.firstMs);
    },
  },
  {
    level: 10,
    name: 'two connections say the same of themselves',
    needs: [],
    async run(bench) {
      const other = await bench.fresh();
      assert.deepEqual(other.target.traits, bench.target.traits);
      const source = { workspace: bench.workspace, document: 'a.md', part: '', effect: bench.newEffectId() };
      assert.equal(other.target.marks.write(source), bench.target.marks.write(source));
    },
  },
  {
    level: 10,
    name: 'a mark is known as ours by our workspace only, whatever the document is called',
    needs: [],
    async run({ target, workspace, newEffectId }) {
      for (const document of ['a.md', 'guides/Ünï code.md', '日本語/説明.md', 'x'.repeat(600), 'a: b|c"d?.md', 'faq.md#qa-how', '#', ' ']) {
        for (const part of ['', 'section-2']) {
          const mark = target.marks.write({ workspace, document, part, effect: newEffectId() });
          assert.ok(mark.length > 0);
          assert.ok(target.marks.ours(mark, workspace), `${mark} is not known as ours`);
          assert.ok(!target.marks.ours(mark, `${workspace}-other`), `${mark} is known as another workspace’s`);
        }
      }
    },
  },
  {
    level: 10,
    name: 'a secret that the vendor echoes is on no sink',
    needs: ['create'],
    async run(bench) {
      const { target, call, secrets } = bench;
      assert.ok(secrets.length > 0, 'the bench knows the secrets');
      const echo = `key ${secrets.join(' and ')} is not welcome; <b>${secrets[0]}</b>`;
      const told: string[] = [];
      for (const status of [400, 401, 403, 404, 422, 429, 500]) {
        for (const body of [echo, { error: { message: echo, code: 1 }, message: echo, errors: [{ msg: echo }] }]) {
          bench.wire.setFault(() => ({ kind: 'status', status, body }));
          for (const run of [
            () => target.check(call),
            () => send(bench, [makeItem(bench, 'secret', 'No secret in here.')]),
            () => target.ask?.('Who?', call),
          ]) {
            try {
              const outcome: unknown = await run();
              told.push(JSON.stringify(outcome, (_key, value: unknown) => (value instanceof SyncError ? textOf(value) : value)) ?? '');
            } catch (thrown) {
              assert.ok(thrown instanceof SyncError, String(thrown));
              told.push(textOf(thrown));
            }
          }
        }
      }
      told.push(JSON.stringify(bench.events));
      for (const secret of secrets) {
        const where = told.find((text) => text.includes(secret));
        assert.equal(where, undefined, 'a secret was told');
      }
    },
  },
];

/** Everything of an error that anybody may print. */
function textOf(error: SyncError): string {
  return [JSON.stringify(error.record()), JSON.stringify(error.data), error.message, error.stack ?? '', String(error.cause ?? '')].join(
    '\n',
  );
}
