// What carrying a plan out will cost in calls and time, at the target's configured rate. An estimate: retries and status polls are not in it.
import type { Forecast, Operation } from '../model/operation.ts';
import type { PartHead } from '../model/payload.ts';
import type { Drafted } from './fit.ts';
import type { PlanInput } from './input.ts';

/** Items that a page of a vendor's list is taken to hold. */
const pageItems = 100;
/** What one call is taken to last where the rate does not decide, in milliseconds. */
const callMs = 400;

interface Sizes {
  readonly creates: number[];
  readonly updates: number[];
  deletes: number;
  /** Copies that go in a second round, once their replacement is trained. */
  replaced: number;
}

/** The cost of what is really done: pass only operations that no brake holds. */
export function forecastOf(drafts: readonly Drafted[], input: PlanInput): Forecast {
  const sent = drafts.filter(({ operation }) => operation.by === 'vendor');
  if (sent.length === 0) return { writes: 0, reads: 0, durationMs: 0 };
  const sizes: Sizes = { creates: [], updates: [], deletes: 0, replaced: 0 };
  for (const drafted of sent) addSizes(drafted, input, sizes);
  const written = sizes.creates.length + sizes.updates.length + sizes.deletes;
  const writes = input.target.whole ? 1 : writeCalls(sizes, input) + trainingCalls(written, sizes.replaced, input);
  const reads = written === 0 ? 0 : readCalls(sizes.creates.length, input);
  const calls = written === 0 && !input.target.whole ? 0 : writes + reads;
  return { writes, reads, durationMs: durationOf(calls, input) };
}

function durationOf(calls: number, { target }: PlanInput): number {
  const perMinute = target.rate.perMinute ?? target.traits.limits.perMinute;
  const paced = perMinute > 0 ? (calls * 60_000) / perMinute : 0;
  return Math.round(Math.max(paced, (calls * callMs) / Math.max(1, target.rate.concurrency)));
}

function addSizes({ operation, payload, record }: Drafted, input: PlanInput, sizes: Sizes): void {
  switch (operation.action) {
    case 'create':
    case 'update':
    case 'move': {
      const parts = partsSent(operation, payload?.parts ?? [], record?.items ?? []);
      const canUpdate = input.target.capabilities.has('update');
      const held = new Set((record?.items ?? []).map((item) => item.part));
      for (const part of parts) {
        if (!held.has(part.key)) sizes.creates.push(part.bytes);
        else if (canUpdate) sizes.updates.push(part.bytes);
        else {
          sizes.creates.push(part.bytes);
          if (input.target.capabilities.has('delete')) sizes.replaced += 1;
        }
      }
      if (operation.action !== 'move' || operation.fingerprint !== null)
        sizes.deletes += droppedItems(payload?.parts ?? [], record?.items ?? []);
      return;
    }
    case 'delete':
      sizes.deletes += operation.remoteId === null ? (record?.items.length ?? 1) : 1;
      return;
    case 'adopt':
      return;
    default:
      operation satisfies never;
  }
}

type Held = readonly { readonly part: string; readonly fingerprint: string | null }[];

function partsSent(operation: Operation, parts: readonly PartHead[], items: Held): readonly PartHead[] {
  if (operation.action === 'move' && operation.fingerprint === null && !operation.rename) return [];
  if (operation.action === 'move' && operation.rename) return parts;
  const known = new Map(items.map((item) => [item.part, item.fingerprint]));
  return parts.filter((part) => known.get(part.key) !== part.fingerprint);
}

function droppedItems(parts: readonly PartHead[], items: Held): number {
  const keys = new Set(parts.map((part) => part.key));
  return items.filter((item) => !keys.has(item.part)).length;
}

function writeCalls(sizes: Sizes, { target }: PlanInput): number {
  const { batch, batchBytes } = target.traits.limits;
  const blank = (count: number) => Array.from({ length: count }, () => 0);
  const rounds = [sizes.creates, sizes.updates, blank(sizes.deletes), blank(sizes.replaced)];
  return rounds.reduce((sum, bytes) => sum + batches(bytes, batch, batchBytes), 0);
}

/** How many calls take these items, in their order, none over the limits (a single item always goes). */
function batches(bytes: readonly number[], batch: number, batchBytes: number | null): number {
  let calls = 0;
  let items = 0;
  let filled = 0;
  for (const size of bytes) {
    if (calls === 0 || items >= batch || (batchBytes !== null && filled + size > batchBytes)) {
      calls += 1;
      items = 0;
      filled = 0;
    }
    items += 1;
    filled += size;
  }
  return calls;
}

/** One training for what was written, and one more for the copies that go after it. */
function trainingCalls(written: number, replaced: number, { target }: PlanInput): number {
  if (target.traits.training !== 'on-request' || !target.capabilities.has('train') || written === 0) return 0;
  return replaced > 0 ? 2 : 1;
}

/** Pages of the list where ids come by listing: vendors that take many items a call give none back. */
function readCalls(creates: number, { target, state }: PlanInput): number {
  const byListing = target.traits.repeatedCreate === 'findable' && target.capabilities.has('list') && target.traits.limits.batch > 1;
  if (!byListing || creates === 0) return 0;
  const held = Object.values(state.records).reduce((sum, record) => sum + record.items.length, 0);
  return Math.ceil((held + creates) / pageItems);
}
