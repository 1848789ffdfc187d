// Level 7: learns. Trained is said only on evidence, and failure, endlessness and refusal are told as what they are.
import assert from 'node:assert/strict';
import type { Bench, ContractCase } from '../bench.ts';
import { failureOf, holds, itemTarget, type Look, learn, lookAt, makeItem, oneTextOnly, type Pushed, push, startRun } from '../steps.ts';

/** Ids that a look says are trained: those it names, or all of them where a run that covers them has succeeded. */
function trainedBy({ report }: Look, pushed: readonly Pushed[]): string[] {
  if (report.run?.state === 'succeeded') return pushed.flatMap(({ remoteId }) => (remoteId === null ? [] : [remoteId]));
  return report.items.filter(({ state }) => state === 'trained').map(({ remoteId }) => remoteId);
}

/** Throws where a look claims more than the bot knows. */
function honest(bench: Bench, look: Look, pushed: readonly Pushed[]): void {
  const held = new Map(bench.vendor.inspect().map((item) => [item.remoteId, item]));
  for (const id of trainedBy(look, pushed)) {
    const ours = pushed.find(({ remoteId }) => remoteId === id);
    const { answeredFrom } = held.get(id) ?? { answeredFrom: null };
    assert.ok(
      ours === undefined || (answeredFrom !== null && holds(answeredFrom, ours.item.text)),
      `${id} is called trained, and the bot does not know it`,
    );
  }
}

function some(bench: Bench): Promise<readonly Pushed[]> {
  return push(
    bench,
    ['one', 'two', 'three'].map((name) => makeItem(bench, name, `Lesson ${name}x is to be learnt.`)),
  );
}

/** Where the vendor trains by itself, or is asked to: looks for an hour by its clock. */
async function looksForAnHour(bench: Bench, pushed: readonly Pushed[], each: (look: Look) => void): Promise<void> {
  const run = await startRun(bench);
  for (let minute = 0; minute < 60; minute += 3) {
    each(await lookAt(bench, pushed, run));
    bench.clock.advance(180_000);
  }
}

export const learns: readonly ContractCase[] = [
  {
    level: 7,
    name: 'everything is trained in the end, and nothing is called trained that the bot does not know',
    needs: ['status'],
    unless: oneTextOnly,
    async run(bench) {
      const pushed = await some(bench);
      const last = await learn(bench, pushed, (look) => honest(bench, look, pushed));
      assert.ok(last !== null);
      assert.deepEqual(new Set(trainedBy(last, pushed)), new Set(pushed.map(({ remoteId }) => remoteId)));
      for (const { item } of pushed)
        assert.ok(bench.vendor.inspect().some(({ answeredFrom }) => answeredFrom !== null && holds(answeredFrom, item.text)));
    },
  },
  {
    level: 7,
    name: 'after an update, trained means the new text',
    needs: ['status', 'update'],
    unless: oneTextOnly,
    async run(bench) {
      const pushed = await some(bench);
      await learn(bench, pushed);
      const target = itemTarget(bench);
      const [first] = pushed;
      assert.ok(target.update !== undefined && first?.remoteId != null);
      const item = { ...first.item, effect: bench.newEffectId(), text: first.item.text.replace('Lesson', 'The new lesson') };
      assert.ok((await target.update([{ ...item, remoteId: first.remoteId }], bench.call))[0]?.ok === true);
      const updated = [{ ...first, item, acceptedAt: new Date(bench.clock.now()).toISOString() }];
      const last = await learn(bench, updated, (look) => honest(bench, look, updated));
      assert.ok(last !== null && trainedBy(last, updated).includes(first.remoteId));
    },
  },
  {
    level: 7,
    name: 'asking for training is not being trained',
    needs: ['train', 'status'],
    async run(bench) {
      const pushed = await some(bench);
      const first = await lookAt(bench, pushed, await startRun(bench));
      honest(bench, first, pushed);
    },
  },
  {
    level: 7,
    name: 'a second run succeeds too, and is not taken for the first',
    needs: ['train', 'status'],
    async run(bench) {
      const pushed = await some(bench);
      await learn(bench, pushed);
      const later = await push(bench, [makeItem(bench, 'later', 'A later lesson.')]);
      const last = await learn(bench, later, (look) => honest(bench, look, later));
      assert.equal(last?.report.run?.state, 'succeeded');
    },
  },
  {
    level: 7,
    name: 'a run while another is under way is refused as BUSY, with no effect',
    needs: ['train'],
    async run(bench) {
      await some(bench);
      await startRun(bench);
      const error = await failureOf(() => startRun(bench));
      assert.deepEqual([error.code, error.facts.effect, error.facts.retry], ['BUSY', 'none', 'later'], error.message);
    },
  },
  {
    level: 7,
    name: 'a run that is not allowed is QUOTA_EXHAUSTED, and not BUSY',
    needs: ['train'],
    condition: 'training-refused',
    async run(bench) {
      const refusing = await bench.fresh({ condition: 'training-refused' });
      await some(refusing);
      const error = await failureOf(() => startRun(refusing));
      assert.deepEqual([error.code, error.facts.effect], ['QUOTA_EXHAUSTED', 'none'], error.message);
    },
  },
  {
    level: 7,
    name: 'a training that fails is failed, with an error, and never trained',
    needs: ['status'],
    condition: 'training-fails',
    unless: oneTextOnly,
    async run(bench) {
      const failing = await bench.fresh({ condition: 'training-fails' });
      const pushed = await some(failing);
      const last = await learn(failing, pushed, (look) => assert.deepEqual(trainedBy(look, pushed), []));
      assert.ok(last !== null);
      const { run, items } = last.report;
      const failures = run === null ? items.filter(({ state }) => state === 'failed') : [run];
      assert.ok(failures.length > 0);
      for (const failure of failures) {
        assert.equal(failure.state, 'failed');
        assert.equal(failure.error?.code, 'TRAINING_FAILED', failure.error?.message ?? 'no error');
      }
    },
  },
  {
    level: 7,
    name: 'a training that never ends is never trained, and each question about it ends',
    needs: ['status'],
    condition: 'training-never-ends',
    unless: oneTextOnly,
    async run(bench) {
      const endless = await bench.fresh({ condition: 'training-never-ends' });
      const pushed = await some(endless);
      await looksForAnHour(endless, pushed, (look) => {
        assert.deepEqual(trainedBy(look, pushed), []);
        assert.equal(look.over, false, JSON.stringify(look.report));
      });
    },
  },
];
