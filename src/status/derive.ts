// State + what is unconfirmed → the answer to "which revision of each document does this bot know right now?". Pure; never maintained, always derived.
import { verdicts } from '../model/answer.ts';
import { type CanaryCheck, type CanaryMemory, canaryId, standingWords, withoutCanary } from '../model/canary.ts';
import { driftCounts, driftWords, standingFindings } from '../model/drift.ts';
import type { Effect } from '../model/effect.ts';
import type { ErrorRecord } from '../model/error.ts';
import type { Timestamp } from '../model/json.ts';
import { knownRevision, stillBehind } from '../model/known.ts';
import type { DocumentRecord, HeldRun, LastSync, TargetState, Todo, TrainingState } from '../model/record.ts';
import { noTests, summaryOf, type TestsMemory, type TestsSummary } from '../model/tests.ts';

export interface StatusCounts {
  readonly documents: number;
  readonly pending: number;
  readonly training: number;
  readonly trained: number;
  readonly failed: number;
  readonly stuck: number;
  readonly unknown: number;
  readonly unconfirmed: number;
  readonly todo: number;
  readonly leftovers: number;
}

export interface DocumentStatus {
  readonly document: string;
  readonly path: string;
  readonly remoteIds: readonly string[];
  readonly pushedFingerprint: string | null;
  readonly trainedFingerprint: string | null;
  readonly pushedCommit: string | null;
  readonly trainedCommit: string | null;
  readonly training: TrainingState;
  readonly error: ErrorRecord | null;
}

/** The last verdicts on its golden questions. */
export interface TestsStatus extends TestsSummary {
  readonly ageMs: number;
}

/** The freshness check of a target that has one. */
export interface CanaryStatus {
  /** The last one that ended. */
  readonly last: CanaryCheck | null;
  readonly ageMs: number;
  /** Since when one is under way, and what it waits for; null: none is. */
  readonly running: { readonly forMs: number; readonly waitsFor: 'acceptance' | 'training' | 'the answer' } | null;
  /** The last one that says something of the bot timed out. */
  readonly failing: boolean;
}

/** A document that the bot does not know as the folder had it at the last look. */
export interface Behind {
  readonly document: string;
  /** The commit or short fingerprint that the bot answers from; null: it knows none. */
  readonly knows: string | null;
  /** gone: it was to leave the bot and has not been seen to. */
  readonly wanted: 'known' | 'gone';
  readonly training: TrainingState | null;
  /** Milliseconds that it has known the old one, or waits for the first; null where that is not known. */
  readonly ageMs: number | null;
  readonly error: ErrorRecord | null;
}

/** A document of which the last look at the vendor found an item missing or changed, whatever the bot was last given. */
export interface Strayed {
  readonly document: string;
  readonly how: 'missing' | 'changed';
}

export interface TargetStatus {
  readonly name: string;
  readonly vendor: string;
  readonly counts: StatusCounts;
  /** The last revision that the bot is known to hold whole; null: none yet. */
  readonly revision: string | null;
  readonly lastSync: LastSync | null;
  readonly held: readonly HeldRun[];
  /** What only a person can do, each with where and how. */
  readonly todos: readonly Todo[];
  /** Of the leftovers, those that a person has to remove. */
  readonly byHand: number;
  readonly behind: readonly Behind[];
  /** Not among those behind: known as it was given, but not there any more as it was given. */
  readonly strayed: readonly Strayed[];
  readonly inSync: boolean;
  /** Deleted, but the bot has not been seen to forget it. */
  readonly forgetting: number;
  /** Documents that `retract` keeps out, by id. */
  readonly retracted: readonly string[];
  readonly outOfScope: number;
  /** What the last look at the vendor found and nothing has settled since; null: nobody has looked yet. */
  readonly drift: DriftStatus | null;
  /** Null: no question was asked yet. */
  readonly tests: TestsStatus | null;
  /** Null: the freshness check is off here. */
  readonly canary: CanaryStatus | null;
  readonly documents: readonly DocumentStatus[];
}

export interface DriftStatus {
  readonly at: Timestamp;
  readonly ageMs: number;
  readonly missing: number;
  readonly twin: number;
  readonly changed: number;
  /** Items that are not ours, as of that look. */
  readonly foreign: number;
}

export interface StatusInput {
  readonly name: string;
  readonly vendor: string;
  readonly state: TargetState;
  readonly open: readonly Effect[];
  /** What is remembered of golden questions; left out: nothing. */
  readonly tests?: TestsMemory;
  /** What is remembered of the freshness check; null, or left out: it is off. */
  readonly canary?: CanaryMemory | null;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** The status of one target, from memory alone. */
export function deriveStatus({ name, vendor, state: whole, open, nowMs, tests = noTests, canary = null }: StatusInput): TargetStatus {
  // What counts is the folder's; what the vendor holds of the freshness check stands only in the list.
  const state = withoutCanary(whole);
  const counts = countsOf(state, open);
  const behind = stillBehind(state).map((id) => behindOf(id, state, nowMs));
  const drift = driftOf(state, nowMs);
  const drifted = drift === null ? 0 : drift.missing + drift.twin + drift.changed;
  const owed = drifted + counts.unconfirmed + counts.todo + counts.leftovers + state.forgetting.length + state.held.length;
  return {
    name,
    vendor,
    counts,
    revision: knownRevision(state),
    lastSync: state.lastSync,
    held: state.held,
    todos: state.todos,
    byHand: state.leftovers.filter(({ removable }) => removable === 'by-hand').length,
    behind,
    strayed: strayedIn(state, new Set(behind.map(({ document }) => document))),
    inSync: state.lastSync !== null && behind.length === 0 && owed === 0 && counts.trained === counts.documents,
    forgetting: state.forgetting.length,
    retracted: Object.keys(state.retracted),
    outOfScope: state.lastSync?.outOfScope ?? 0,
    drift,
    tests: testsOf(tests, nowMs),
    canary: canary === null ? null : canaryOf(canary, nowMs),
    documents: Object.entries(whole.records).map(([id, record]) => documentOf(id, record)),
  };
}

function testsOf(memory: TestsMemory, nowMs: number): TestsStatus | null {
  const summary = summaryOf(memory);
  return summary === null ? null : { ...summary, ageMs: Math.max(0, nowMs - Date.parse(summary.at)) };
}

/** "tests: 41 pass, 1 fail (2 h ago)"; null where no question was asked yet. */
export function testsSentence({ tests }: Pick<TargetStatus, 'tests'>): string | null {
  if (tests === null) return null;
  const words = verdicts.flatMap((verdict) =>
    tests.counts[verdict] === 0 ? [] : [`${tests.counts[verdict].toLocaleString('en-US')} ${verdict}`],
  );
  return `tests: ${words.join(', ')} (${age(tests.ageMs)} ago)`;
}

function canaryOf({ run, last, failing }: CanaryMemory, nowMs: number): CanaryStatus {
  const ago = (at: Timestamp) => Math.max(0, nowMs - Date.parse(at));
  const waitsFor = run?.acceptedAt == null ? 'acceptance' : run.trainedAt === null && run.asks === 0 ? 'training' : 'the answer';
  return { last, ageMs: last === null ? 0 : ago(last.at), failing, running: run === null ? null : { forMs: ago(run.startedAt), waitsFor } };
}

/** "freshness: answered from a change after 48 s (…), 3 h ago"; null where it is off. */
export function canarySentence({ canary }: Pick<TargetStatus, 'canary'>): string | null {
  if (canary === null) return null;
  const { failing, last, ageMs, running } = canary;
  const now = running === null ? [] : [`a check waits for ${running.waitsFor}, ${age(running.forMs)} so far`];
  const before = last === null ? [] : [`${standingWords({ failing, last })}, ${age(ageMs)} ago`];
  const words = [...before, ...now];
  return `freshness: ${words.length === 0 ? 'not checked yet (kbsync watch begins it)' : words.join('; ')}`;
}

function strayedIn(state: TargetState, behind: ReadonlySet<string>): readonly Strayed[] {
  const found = new Map<string, Strayed>();
  for (const { kind, document } of standingFindings(state)) {
    if (kind === 'twin' || document === canaryId || behind.has(document)) continue;
    // Of several parts the one that is gone says more than the one that is changed.
    if (kind === 'missing' || !found.has(document)) found.set(document, { document, how: kind });
  }
  return [...found.values()];
}

function driftOf(state: TargetState, nowMs: number): DriftStatus | null {
  const { drift } = state;
  if (drift === null) return null;
  const { at, foreign } = drift;
  return { at, ageMs: Math.max(0, nowMs - Date.parse(at)), ...driftCounts(standingFindings(state)), foreign };
}

/** "2 missing, 1 changed at the vendor (drift, 3 h ago): kbsync drift --target site --repair"; null where nothing stands. */
export function driftSentence({ name, drift }: Pick<TargetStatus, 'name' | 'drift'>): string | null {
  const words = drift === null ? '' : driftWords(drift);
  return drift === null || words === ''
    ? null
    : `${words} at the vendor (drift, ${age(drift.ageMs)} ago): kbsync drift --target ${name} --repair`;
}

function countsOf(state: TargetState, open: readonly Effect[]): StatusCounts {
  const training = { pending: 0, training: 0, trained: 0, failed: 0, stuck: 0, unknown: 0 };
  let documents = 0;
  for (const record of Object.values(state.records)) {
    if (record.items.length === 0) continue;
    documents += 1;
    training[record.training] += 1;
  }
  const unconfirmed = open.filter((effect) => effect.action !== 'train').length;
  return { documents, ...training, unconfirmed, todo: state.todos.length, leftovers: state.leftovers.length };
}

/** One document at this target, as JSON and page show it. */
export function documentOf(document: string, record: DocumentRecord): DocumentStatus {
  return {
    document,
    path: record.path,
    remoteIds: record.items.flatMap((item) => (item.remoteId === null ? [] : [item.remoteId])),
    pushedFingerprint: record.pushed,
    trainedFingerprint: record.trained,
    pushedCommit: record.pushedCommit,
    trainedCommit: record.trainedCommit,
    training: record.training,
    error: record.error,
  };
}

function behindOf(document: string, state: TargetState, nowMs: number): Behind {
  const record = state.records[document];
  const wanted = state.lastSync?.behind[document] === '' ? 'gone' : 'known';
  const knows = record?.trained == null ? null : short(record.trainedCommit ?? record.trained);
  const since = record?.trainedAt ?? record?.pushedAt ?? null;
  const ageMs = since === null ? null : Math.max(0, nowMs - Date.parse(since));
  return { document, knows, wanted, training: record?.training ?? null, ageMs, error: record?.error ?? null };
}

/** Seven characters are enough to tell commits and fingerprints apart for a reader. */
export function short(revision: string): string {
  return revision.slice(0, 7);
}

/** "3 days", "5 min": one unit, rounded down. */
export function age(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.floor(ms / 1_000)} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h`;
  return `${Math.floor(hours / 24)} days`;
}

/** The sentence that answers the question: "site: 2,998 of 3,000 at 3f2a1c; pricing.md still 9b1e (3 days)". */
export function statusSentence(status: TargetStatus): string {
  const { lastSync, behind, strayed, name, counts } = status;
  if (lastSync === null) return `${name}: never synced`;
  const missing = behind.filter((one) => one.wanted === 'known').length;
  const known = Math.max(0, lastSync.documents - missing - strayed.length);
  const first = `${name}: ${known.toLocaleString('en-US')} of ${lastSync.documents.toLocaleString('en-US')} at ${short(lastSync.revision)}`;
  const shown = [...behind].sort((left, right) => (right.ageMs ?? 0) - (left.ageMs ?? 0)).slice(0, 3);
  const details = shown.map(phraseOf);
  if (behind.length > shown.length) details.push(`${(behind.length - shown.length).toLocaleString('en-US')} more`);
  const gone = strayed.slice(0, 3).map(({ document, how }) => `${document} ${how} at the vendor`);
  if (strayed.length > gone.length) gone.push(`${(strayed.length - gone.length).toLocaleString('en-US')} more missing or changed there`);
  details.push(...gone);
  const uncommitted = lastSync.uncommitted ?? 0;
  // The commit alone would not say what the bot was given.
  if (uncommitted > 0) details.push(`${uncommitted.toLocaleString('en-US')} given with text that is not committed`);
  if (counts.unknown > 0) details.push(`${counts.unknown.toLocaleString('en-US')} unknown: this vendor cannot tell`);
  return [first, ...details].join('; ');
}

function phraseOf({ document, knows, wanted, training, ageMs, error }: Behind): string {
  const time = ageMs === null ? '' : ` (${age(ageMs)})`;
  if (wanted === 'gone') return `${document} not forgotten yet`;
  const failed = error === null ? '' : `failed with ${error.code}`;
  if (knows !== null) return `${document} still ${knows}${time}${failed === '' ? '' : `, ${failed}`}`;
  if (failed !== '') return `${document} ${failed}`;
  return training === null ? `${document} not there yet` : `${document} ${training}${time}`;
}
