// Level 6: fails well. Each way a wire or a vendor can fail gives the right code, the right effect, in bounded time and requests.
import assert from 'node:assert/strict';
import type { ErrorCode, SyncError } from '../../model/error.ts';
import type { Bench, ContractCase, WireFault } from '../bench.ts';
import { failureOf, holders, makeItem, send } from '../steps.ts';

interface Failing {
  readonly name: string;
  readonly fault: WireFault;
  readonly codes: readonly ErrorCode[];
  /** What is known of a write's effect. */
  readonly effect: SyncError['facts']['effect'];
}

const failings: readonly Failing[] = [
  { name: '429 without Retry-After', fault: { kind: 'status', status: 429 }, codes: ['RATE_LIMITED', 'QUOTA_EXHAUSTED'], effect: 'none' },
  {
    name: '429 with Retry-After',
    fault: { kind: 'status', status: 429, retryAfter: 7 },
    codes: ['RATE_LIMITED', 'QUOTA_EXHAUSTED'],
    effect: 'none',
  },
  { name: '403', fault: { kind: 'status', status: 403 }, codes: ['CREDENTIALS_REFUSED'], effect: 'none' },
  { name: '500', fault: { kind: 'status', status: 500, after: true }, codes: ['VENDOR_FAILED'], effect: 'unconfirmed' },
  {
    name: '502 with a gateway’s page',
    fault: { kind: 'status', status: 502, body: '<html>Bad gateway</html>' },
    codes: ['VENDOR_FAILED'],
    effect: 'unconfirmed',
  },
  { name: 'HTML for JSON', fault: 'html', codes: ['REPLY_INVALID'], effect: 'unconfirmed' },
  { name: 'broken JSON', fault: 'broken-json', codes: ['REPLY_INVALID'], effect: 'unconfirmed' },
  { name: 'a reset before the effect', fault: 'reset-before', codes: ['TARGET_UNREACHABLE'], effect: 'unconfirmed' },
  { name: 'a reset after the effect', fault: 'reset-after', codes: ['TARGET_UNREACHABLE'], effect: 'unconfirmed' },
  { name: 'a stalled socket', fault: 'stall', codes: ['TARGET_UNREACHABLE'], effect: 'unconfirmed' },
  { name: 'a huge reply', fault: 'huge', codes: ['REPLY_INVALID'], effect: 'unconfirmed' },
];

/** What any one call may send, retries included: a bound, not a promise. */
const mostRequests = 60;
/** How long is waited for an answer that never comes. */
const timeoutMs = 150;

async function failing(bench: Bench, fault: WireFault, run: () => Promise<unknown>): Promise<{ error: SyncError; requests: number }> {
  const before = bench.wire.requests().length;
  bench.wire.setFault(() => fault);
  const error = await failureOf(run);
  bench.wire.setFault(null);
  return { error, requests: bench.wire.requests().length - before };
}

function told({ error, requests }: { error: SyncError; requests: number }, { codes }: Failing): void {
  assert.ok(codes.includes(error.code), `${error.code} instead of ${codes.join(' or ')}: ${error.message}`);
  assert.ok(error.message.length > 0 && error.next.length > 0, 'what happened, and the next step');
  assert.ok(requests <= mostRequests, `${requests} requests for one call`);
}

function onCreate(each: Failing): ContractCase {
  return {
    level: 6,
    name: `${each.name} on create`,
    needs: ['create'],
    async run(bench) {
      const impatient = await bench.fresh(each.fault === 'stall' ? { timeoutMs } : {});
      const item = makeItem(impatient, 'faulty', 'Written while things go wrong.');
      const outcome = await failing(impatient, each.fault, () => send(impatient, [item]));
      told(outcome, each);
      assert.equal(outcome.error.facts.effect, each.effect, outcome.error.message);
      assert.ok(holders(impatient, item).length <= 1, 'a create that may have arrived was sent again');
      if (each.effect === 'none') assert.equal(holders(impatient, item).length, 0);
      const next = makeItem(impatient, 'later', 'Written when all is well again.');
      assert.ok((await send(impatient, [next]))[0]?.ok === true, 'all is well again, and the target does not see it');
    },
  };
}

function onRead(each: Failing): ContractCase {
  return {
    level: 6,
    name: `${each.name} on check and list`,
    needs: [],
    async run(bench) {
      const impatient = await bench.fresh(each.fault === 'stall' ? { timeoutMs } : {});
      const { target, call } = impatient;
      const reads: (() => Promise<unknown>)[] = [];
      const before = impatient.wire.requests().length;
      await target.check(call);
      if (impatient.wire.requests().length > before) reads.push(() => target.check(call));
      const { list } = target;
      if (list !== undefined) {
        reads.push(async () => {
          for await (const entry of list.call(target, call)) assert.fail(`an entry came out of ${each.name}: ${JSON.stringify(entry)}`);
          assert.fail(`the listing ended well in spite of ${each.name}`);
        });
      }
      for (const read of reads) {
        const outcome = await failing(impatient, each.fault, read);
        told(outcome, each);
        assert.equal(outcome.error.facts.effect, 'none', 'a read has no effect');
      }
      await target.check(call);
    },
  };
}

function onAsk(each: Failing): ContractCase {
  return {
    level: 6,
    name: `${each.name} on ask`,
    needs: ['ask'],
    async run(bench) {
      const impatient = await bench.fresh(each.fault === 'stall' ? { timeoutMs } : {});
      const { target, call } = impatient;
      const { ask } = target;
      assert.ok(ask !== undefined);
      told(await failing(impatient, each.fault, () => ask.call(target, 'What is this?', call)), each);
    },
  };
}

export const failsWell: readonly ContractCase[] = [
  ...failings.flatMap((each) => [onCreate(each), onRead(each), onAsk(each)]),
  {
    level: 6,
    name: 'a Retry-After is waited for, and then the read goes through',
    needs: [],
    async run(bench) {
      const before = bench.clock.now();
      const sent = bench.wire.requests().length;
      bench.wire.setFault((_request, count) => (count === 1 ? { kind: 'status', status: 429, retryAfter: 7 } : null));
      await bench.target.check(bench.call);
      if (bench.wire.requests().length === sent) return;
      assert.ok(bench.clock.now() - before >= 7_000, `went on after ${bench.clock.now() - before} ms`);
    },
  },
  {
    level: 6,
    name: 'a create that is known to have had no effect is sent again once, and is held once',
    needs: ['create'],
    async run(bench) {
      const item = makeItem(bench, 'again', 'The second attempt is taken.');
      bench.wire.setFault((_request, count) => (count === 1 ? { kind: 'status', status: 429 } : null));
      assert.ok((await send(bench, [item]))[0]?.ok === true);
      assert.equal(holders(bench, item).length, 1);
    },
  },
  {
    level: 6,
    name: 'an aborted call sends nothing more and is ABORTED',
    needs: ['create'],
    async run(bench) {
      const stopped = { ...bench.call, signal: AbortSignal.abort() };
      const before = bench.wire.requests().length;
      const item = makeItem(bench, 'stopped', 'Never sent.');
      const { target } = bench;
      const error = await failureOf(() => ('replaceAll' in target ? target.replaceAll([item], stopped) : target.create([item], stopped)));
      assert.deepEqual([error.code, error.facts.effect], ['ABORTED', 'none']);
      assert.equal(bench.wire.requests().length, before);
    },
  },
];
