// The steps that contract cases are made of: make items, push them, look for them, learn, and tell failures. Throws AssertionErrors only.
import assert from 'node:assert/strict';
import type { ItemResult, ItemTarget, NewItem, StatusReport, Target, WholeTarget } from '../connectors/connector.ts';
import { SyncError } from '../model/error.ts';
import type { TrainingRun } from '../model/record.ts';
import type { Bench, HeldItem } from './bench.ts';

/** An item that the vendor took. */
export interface Pushed {
  readonly item: NewItem;
  /** Null at targets that take one text, and where the vendor gives no ids and cannot be asked. */
  readonly remoteId: string | null;
  readonly acceptedAt: string;
}

export function isWhole(target: Target): target is WholeTarget {
  return 'replaceAll' in target;
}

/** The target as one that keeps items apart; a case that calls it says so in `unless`. */
export function itemTarget(bench: Bench): ItemTarget {
  assert.ok(!isWhole(bench.target), 'this case is for targets that keep items apart');
  return bench.target;
}

/** Why a case for separate items says nothing about a target. */
export function oneTextOnly(target: Target): string | null {
  return isWhole(target) ? 'one text for the whole bot' : null;
}

/** An item as the engine would hand it over. */
export function makeItem(bench: Bench, name: string, text: string, patch: Partial<NewItem> = {}): NewItem {
  const effect = bench.newEffectId();
  const document = patch.document ?? `${name}.md`;
  const format = bench.target.traits.formats[0] ?? 'markdown';
  return {
    effect,
    document,
    kind: 'article',
    path: document,
    part: '',
    mark: bench.target.marks.write({ workspace: bench.workspace, document, part: '', effect }),
    title: name,
    url: `https://docs.example.com/${encodeURIComponent(name)}`,
    format,
    text: format === 'html' ? `<p>${escapeHtml(text)}</p>` : text,
    attributes: {},
    ...patch,
  };
}

/** Creates (or replaces all) and insists on success. Where the vendor gives no ids, finds them by mark. */
export async function push(bench: Bench, items: readonly NewItem[]): Promise<readonly Pushed[]> {
  const results = await send(bench, items);
  for (const [index, result] of results.entries()) {
    assert.ok(result.ok, `${items[index]?.document} was not taken: ${result.ok ? '' : result.error.message}`);
  }
  const acceptedAt = new Date(bench.clock.now()).toISOString();
  const pushed = items.map((item, index) => {
    const result = results[index];
    return { item, remoteId: result?.ok === true ? result.remoteId : null, acceptedAt };
  });
  if (isWhole(bench.target) || pushed.every(({ remoteId }) => remoteId !== null) || !canSee(bench.target)) return pushed;
  bench.clock.advance(bench.target.traits.lagMs);
  const found = await idsOf(
    bench,
    items.map((item) => item.mark),
  );
  return pushed.map((one, index) => {
    const ids = found[index] ?? [];
    assert.equal(ids.length, 1, `${one.item.document}: ${ids.length} items carry its mark after lagMs, not one`);
    return { ...one, remoteId: one.remoteId ?? ids[0] ?? null };
  });
}

/** Sends in batches that the target declares; one result an item. */
export async function send(bench: Bench, items: readonly NewItem[]): Promise<readonly ItemResult[]> {
  const { target, call } = bench;
  if (isWhole(target)) {
    const result = await target.replaceAll(items, call);
    return items.map(() => result);
  }
  const results: ItemResult[] = [];
  for (const batch of batches(items, target)) {
    const answer = await target.create(batch, call);
    assert.equal(answer.length, batch.length, 'create answers once for each item');
    results.push(...answer);
  }
  return results;
}

function batches(items: readonly NewItem[], { traits }: Target): NewItem[][] {
  const made: NewItem[][] = [];
  let bytes = 0;
  for (const item of items) {
    const size = Buffer.byteLength(item.text);
    const last = made.at(-1);
    const full =
      last === undefined || last.length >= traits.limits.batch || bytes + size > (traits.limits.batchBytes ?? Number.POSITIVE_INFINITY);
    if (full) made.push([item]);
    else last.push(item);
    bytes = full ? size : bytes + size;
  }
  return made;
}

/** Whether the vendor can be asked which items carry a mark. */
export function canSee(target: Target): boolean {
  return target.find !== undefined || target.list !== undefined;
}

/** Ids by mark, through find or a whole listing. */
export async function idsOf(bench: Bench, marks: readonly string[]): Promise<readonly (readonly string[])[]> {
  const { target, call } = bench;
  if (target.find !== undefined) return target.find(marks, call);
  const entries = await listAll(bench);
  return marks.map((mark) => entries.filter((entry) => entry.mark === mark).map((entry) => entry.remoteId));
}

export async function listAll(bench: Bench) {
  const { target, call } = bench;
  assert.ok(target.list !== undefined, 'this case needs list');
  return collect(target.list(call));
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** What the bot holds of an item: those whose text has every line of it. */
export function holders(bench: Bench, item: Pick<NewItem, 'text'>): readonly HeldItem[] {
  return bench.vendor.inspect().filter((held) => holds(held.text, item.text));
}

/** Whether a text at the vendor has every line of ours; headings may have become titles, characters entities, white space less. */
export function holds(held: string, ours: string): boolean {
  const raw = squash(held);
  const decoded = squash(unescapeHtml(held));
  const lines = ours.split(/\r\n?|\n/).map((line) => squash(line.replace(/^\s*#{1,6}\s+/, '')));
  return lines.every((line) => raw.includes(line) || decoded.includes(squash(unescapeHtml(line))));
}

function squash(text: string): string {
  return text.normalize('NFC').replace(/\s+/g, ' ').trim();
}

function escapeHtml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

function unescapeHtml(text: string): string {
  return text
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#0?39;|&apos;/g, "'")
    .replace(/&amp;/g, '&');
}

// ── failures ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The error that a call ends in: thrown, or in the result of the (first) item. Anything but a SyncError fails the case. */
export async function failureOf(run: () => Promise<unknown>): Promise<SyncError> {
  let outcome: unknown;
  try {
    outcome = await run();
  } catch (thrown) {
    assert.ok(
      thrown instanceof SyncError,
      `not a SyncError but ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`,
    );
    return thrown;
  }
  const first: unknown = Array.isArray(outcome) ? outcome[0] : outcome;
  const error = typeof first === 'object' && first !== null && 'error' in first ? first.error : null;
  assert.ok(error instanceof SyncError, `no failure but ${JSON.stringify(outcome)?.slice(0, 300)}`);
  return error;
}

// ── learning ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** One look at how training goes. */
export interface Look {
  readonly report: StatusReport;
  /** Whether everything that was asked about is over: trained or failed. */
  readonly over: boolean;
}

/** Asks for training where it has to be asked for; the run, or null where the vendor trains by itself. */
export async function startRun(bench: Bench): Promise<TrainingRun | null> {
  const { target, call } = bench;
  if (target.train === undefined) return null;
  const baseline = await target.train.baseline(call);
  const requestedAt = new Date(bench.clock.now()).toISOString();
  const { handle } = await target.train.start(baseline, call);
  return { effect: bench.newEffectId(), baseline, handle, requestedAt, covers: null };
}

/** How training of these items goes now. */
export async function lookAt(bench: Bench, pushed: readonly Pushed[], run: TrainingRun | null): Promise<Look> {
  const { target, call } = bench;
  assert.ok(target.status !== undefined, 'this case needs status');
  const items = pushed.flatMap(({ item, remoteId, acceptedAt }) =>
    remoteId === null ? [] : [{ remoteId, document: item.document, acceptedAt }],
  );
  const report = await target.status({ items, run }, call);
  if (run !== null) return { report, over: report.run !== null && report.run.state !== 'running' };
  const done = report.items.filter(({ state }) => state === 'trained' || state === 'failed').map(({ remoteId }) => remoteId);
  return { report, over: items.every(({ remoteId }) => done.includes(remoteId)) };
}

const mostLooks = 200;

/**
 * Trains and lets the vendor's time go by until everything is learnt (or failed); calls `each` after every look.
 * Where the vendor cannot tell, half an hour goes by.
 */
export async function learn(bench: Bench, pushed: readonly Pushed[], each: (look: Look) => void = () => {}): Promise<Look | null> {
  const run = await startRun(bench);
  if (bench.target.status === undefined) {
    bench.clock.advance(1_800_000);
    return null;
  }
  const stepMs = Math.max(1_000, bench.target.traits.poll.firstMs);
  for (let looks = 0; looks < mostLooks; looks += 1) {
    const look = await lookAt(bench, pushed, run);
    each(look);
    if (look.over) return look;
    bench.clock.advance(stepMs);
  }
  throw new assert.AssertionError({
    message: `training was not over after ${mostLooks} looks, ${(mostLooks * stepMs) / 1000} s by the vendor's clock`,
  });
}
