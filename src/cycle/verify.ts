// The golden questions of one bot, asked and judged: which are due, what a day allows, what is remembered of each. Sends nothing but questions.
import type { Answer, PlacedTest, Verdict } from '../model/answer.ts';
import { withoutCanary } from '../model/canary.ts';
import type { DocumentId } from '../model/document.ts';
import { asSyncError, type ErrorRecord, SyncError } from '../model/error.ts';
import { type Fingerprint, fingerprint } from '../model/json.ts';
import type { DocumentRecord, TargetState } from '../model/record.ts';
import type { KeptTest, TestResult, TestsMemory } from '../model/tests.ts';
import { type JudgeTools, judge } from '../verify/judge.ts';
import { matchWithin } from '../verify/pattern.ts';
import { type Candidate, candidatesFor, inOrder, isDue, type Standing, type Which } from '../verify/questions.ts';
import { type Asked, askUntilClear, isWorthless } from '../verify/run.ts';
import { resolveSources } from '../verify/sources.ts';
import { openBudget } from './budget.ts';
import type { CycleContext, CycleTests } from './context.ts';
import { type Folder, guardOf, renderOptionsOf, type Wanted, wantedBy } from './folder.ts';
import { callsOf, containerOf } from './plan-target.ts';
import { checkUnlearned, isUnlearnedKey } from './unlearned.ts';

export interface VerifyOptions {
  readonly which: Which;
  /** Further narrowing: by tag, by document. */
  readonly only: (test: Pick<PlacedTest, 'document' | 'path' | 'tags'>) => boolean;
  /** golden: the tests. unlearned: what must not come out any more. */
  readonly kinds: { readonly golden: boolean; readonly unlearned: boolean };
  /** Calls that this run may make; null: what is left of the day; 'any': all that it takes. */
  readonly maxCalls: number | 'any' | null;
  /** Calls after which to come back, whatever else allows more. Left out: no such number. */
  readonly atMost?: number;
  /** How long to wait for somebody else who asks this bot's questions. */
  readonly lockWaitMs: number;
}

export interface LeftOut {
  readonly tests: number;
  readonly why: 'budget' | 'stopped' | 'error';
}

/** What the questions of one target came to. */
export interface VerifyReport {
  readonly target: string;
  readonly vendor: string;
  readonly required: boolean;
  readonly results: readonly TestResult[];
  /** Due, and not asked. */
  readonly leftOut: readonly LeftOut[];
  readonly calls: number;
  /** What ended it early, if anything did. */
  readonly error: ErrorRecord | null;
}

/** What the stages below are handed. */
export interface VerifyScene {
  readonly context: CycleContext;
  readonly folder: Folder;
  readonly store: CycleTests;
  readonly tools: JudgeTools;
  /** Before each call: false where none is left. */
  spend(): Promise<boolean>;
  /** One question, its sources resolved. */
  ask(question: string): Promise<Answer>;
  /** Gives a bot that cannot tell time to learn, before it is asked again. */
  pause(): Promise<void>;
}

/** A pattern has so long for one answer, in milliseconds. */
const patternMs = 200;

/** So long a run waits in all for bots that cannot tell what they have learnt, in milliseconds. */
const longestPausesMs = 60_000;

/** Asks what is due and judges it. Throws LOCKED where somebody else is at it, and what is a bug. */
export function verifyTarget(context: CycleContext, folder: Folder, options: VerifyOptions): Promise<VerifyReport> {
  const { tests } = context;
  if (tests === undefined) throw new SyncError('UNEXPECTED', { message: 'there is nowhere to remember what was asked' });
  return tests.alone(options.lockWaitMs, () => verifyAlone(context, folder, tests, options));
}

async function verifyAlone(context: CycleContext, folder: Folder, store: CycleTests, options: VerifyOptions): Promise<VerifyReport> {
  const { target, config, nowMs, stop, emit, connection } = context;
  const { spokenText } = await import('../content/formats/spoken.ts');
  const tools: JudgeTools = { matches: matchWithin(patternMs), plain: spokenText };
  const budget = openBudget(store, {
    timezone: config.schedule.timezone,
    perDay: config.verify.maxCallsPerDay,
    allowed: options.maxCalls,
    atMost: options.atMost ?? Number.POSITIVE_INFINITY,
    nowMs,
  });
  let pausedMs = 0;
  const scene: VerifyScene = {
    context,
    folder,
    store,
    tools,
    spend: () => budget.spend(),
    async ask(question) {
      const call = { ...callsOf(context), container: containerOf(context) };
      const answer = await connection.target.ask?.(question, call);
      if (answer === undefined) throw new SyncError('USAGE', { message: 'it cannot be asked' });
      return { text: answer.text, sources: resolveSources(answer.sources, context.memory.state) };
    },
    async pause() {
      if (pausedMs >= longestPausesMs) return;
      const ms = target.poll.firstMs ?? connection.target.traits.poll.firstMs;
      pausedMs += ms;
      await context.sleep(ms, stop);
    },
  };
  const mute = muteReason(context);
  const results: TestResult[] = [];
  const leftOut: LeftOut[] = [];
  let error: SyncError | null = null;
  const unlearned = options.kinds.unlearned
    ? await checkUnlearned(scene, mute, { only: options.only, since: options.which.only === 'before' ? options.which.at : null })
    : { results: [], leftOut: 0, error: null, kept: {}, settled: [] };
  results.push(...unlearned.results);
  error = unlearned.error;
  if (unlearned.leftOut > 0) leftOut.push({ tests: unlearned.leftOut, why: error === null ? 'budget' : 'error' });
  budget.remember((memory) => remembered(memory, unlearned.kept, unlearned.settled, store));

  if (options.kinds.golden) {
    const candidates = candidatesFor(target.name, await allTests(folder), await standings(context, folder), store.memory());
    const due = inOrder(candidates.filter((candidate) => options.only(candidate.test) && isDue(candidate, options.which)));
    const errors: SyncError[] = [];
    let done = 0;
    for (const candidate of due) {
      emit({ kind: 'phase', phase: 'verifying', done, total: due.length });
      const early = earlyResult(candidate, target.name, mute);
      if (early !== null) {
        results.push(early);
        done += 1;
        continue;
      }
      const why = stop.aborted ? 'stopped' : error !== null ? 'error' : null;
      const asked = why === null ? await askAt(candidate, scene) : null;
      if (asked === null) {
        leftOut.push({ tests: 1, why: why ?? (stop.aborted ? 'stopped' : 'budget') });
        continue;
      }
      if (asked.error === null) errors.length = 0;
      else errors.push(asked.error);
      if (isWorthless(errors)) error = asked.error;
      const result = resultOf(candidate, target.name, asked);
      results.push(result);
      done += 1;
      const kept = keptOf(candidate, result, new Date(nowMs()).toISOString());
      tellChange(context, candidate.kept, kept);
      budget.remember((memory) => ({ ...memory, results: { ...memory.results, [candidate.key]: kept } }));
    }
    if (folder.scan.complete) {
      const known = new Set(candidates.map(({ key }) => key));
      budget.remember((memory) => pruned(memory, known, folder));
    }
  }
  await budget.close();
  emit({ kind: 'phase', phase: 'idle', done: 0, total: 0 });
  return {
    target: target.name,
    vendor: target.vendor,
    required: target.required,
    results,
    leftOut: summed(leftOut),
    calls: budget.calls(),
    error: stop.aborted && error === null && leftOut.length > 0 ? new SyncError('ABORTED').record() : (error?.record() ?? null),
  };
}

function muteReason({ connection }: CycleContext): string | null {
  if (connection.target.ask !== undefined) return null;
  return `it cannot be asked: ${connection.target.traits.missing.ask?.remedy ?? `${connection.vendorLabel} gives no way to`}`;
}

/** Those of documents first, as the folder has them, then those of files. */
export async function allTests({ scan }: Folder): Promise<readonly PlacedTest[]> {
  const own = scan.documents.flatMap(({ id, path, tests }) =>
    tests.map((test): PlacedTest => ({ ...test, document: id, path, line: null })),
  );
  return [...own, ...((await scan.golden?.())?.tests ?? [])];
}

/** How each document stands at this bot: an answer says something only of what it was given, and has learnt as far as anybody can tell. */
async function standings(context: CycleContext, folder: Folder): Promise<(document: DocumentId | null) => Standing> {
  const { memory, target, connection, nowMs } = context;
  const state = withoutCanary(memory.state);
  const known = givenAtAll(state);
  const wanted: Wanted = await wantedBy(
    target,
    folder,
    renderOptionsOf(target, connection.target.traits),
    nowMs(),
    guardOf(context.knownSecrets),
  );
  const heads = new Map(wanted.heads.map((head) => [head.document, head.fingerprint]));
  const failed = new Map(wanted.failed.map(({ document, error }) => [document, error.message]));
  const young = (record: DocumentRecord) =>
    record.training === 'unknown' && record.pushedAt !== null && nowMs() - Date.parse(record.pushedAt) < target.trainTimeoutMs;
  const isFresh = Object.values(state.records).some((record) => record.items.length > 0 && young(record));
  return (document) => {
    // It may be answered from anything: what the bot has been given at all.
    if (document === null) return state.identity === null ? notYet('the bot was never synced') : ready(known, state.revision, isFresh);
    const refused = failed.get(document);
    if (refused !== undefined) return notYet(`it cannot be given to this bot: ${refused}`);
    const head = heads.get(document);
    if (head === undefined || state.retracted?.[document] !== undefined) return { is: 'none' };
    const record = state.records[document];
    if (record === undefined || record.items.length === 0) return notYet('the bot has not been given it yet: run kbsync sync');
    if (record.pushed !== null && record.pushed !== head) {
      const todo = state.todos.find(({ operation }) => operation.document === document && operation.action !== 'delete');
      const next = todo === undefined ? 'run kbsync sync' : `a person has to change it (${todo.id}), see kbsync todo`;
      return notYet(`the bot was given another revision of it (${shortOf(record) ?? 'unknown'}) than the folder has: ${next}`);
    }
    const why = {
      pending: 'it is not trained yet',
      training: 'it is not trained yet',
      failed: 'its training failed',
      stuck: 'its training is stuck',
    };
    const { training } = record;
    if (training === 'trained' || training === 'unknown') return ready(record.pushed, shortOf(record), young(record));
    return notYet(why[training]);
  };
}

/** Changed by whatever changes what the bot has of the folder; by the last write it would be changed by each freshness check as well. */
function givenAtAll({ identity, records, leftovers }: TargetState): Fingerprint {
  const texts = Object.values(records).flatMap(({ items }) => items.map((item) => `${item.part} ${item.fingerprint ?? ''}`));
  return fingerprint({ identity, texts: texts.sort(), copies: leftovers.map(({ remoteId }) => remoteId).sort() });
}

function notYet(why: string): Standing {
  return { is: 'not-yet', why };
}

function ready(knew: string | null, revision: string | null, isFresh: boolean): Standing {
  return { is: 'ready', knew, revision, isFresh };
}

function shortOf({ pushed, pushedCommit }: DocumentRecord): string | null {
  return (pushedCommit ?? pushed)?.slice(0, 7) ?? null;
}

/** Where there is no use in asking: why. */
function earlyResult({ test, standing }: Candidate, target: string, mute: string | null): TestResult | null {
  const blank = (verdict: Verdict, reason: string): TestResult => ({
    ...placed(test, target),
    verdict,
    answer: null,
    sources: [],
    reasons: [reason],
    tries: 0,
    asked: [],
    revision: standing.is === 'ready' ? standing.revision : null,
  });
  if (mute !== null) return blank('skipped', mute);
  if (test.expect.length === 0 && test.reject.length === 0 && !test.cite) return blank('skipped', 'it expects nothing');
  return standing.is === 'not-yet' ? blank('inconclusive', standing.why) : null;
}

function placed(test: PlacedTest, target: string) {
  const { document, path, line, tags = [], ask: question, expect, reject, cite } = test;
  return { target, kind: 'golden', document, path, line, tags, question, expect, reject, cite } as const;
}

async function askAt({ test, standing }: Candidate, scene: VerifyScene): Promise<Asked | null> {
  const { context, tools } = scene;
  try {
    return await askUntilClear(test.ask, context.config.verify, {
      ask: scene.ask,
      spend: scene.spend,
      ...(standing.is === 'ready' && standing.isFresh && { pause: scene.pause }),
      judge: (answer) => judge(test, answer, tools),
    });
  } catch (thrown) {
    if (asSyncError(thrown).code === 'ABORTED') return null;
    throw thrown;
  }
}

function resultOf({ test, standing }: Candidate, target: string, { error: _, ...asked }: Asked): TestResult {
  return { ...placed(test, target), ...asked, revision: standing.is === 'ready' ? standing.revision : null };
}

/** Characters of a reason that are remembered. */
const mostWords = 500;

/** No answer says nothing against the verdict before, as long as that was of the same words and the same revision. */
function keptOf({ test, kept, standing, fingerprint }: Candidate, result: TestResult, at: string): KeptTest {
  const knew = standing.is === 'ready' ? standing.knew : null;
  const stands = result.verdict === 'inconclusive' && kept !== null && kept.test === fingerprint && kept.knew === knew;
  if (stands && kept.verdict !== 'inconclusive') return { ...kept, at };
  const { document, path, question, verdict, tries, revision } = result;
  const reasons = result.reasons.map((reason) => reason.slice(0, mostWords));
  return { document, path, question, verdict, at, tries, reasons, test: fingerprint, knew, revision, expect: test.expect };
}

/** For whoever wants to be told: a test that begins to fail, and one that is mended. */
export function tellChange({ emit }: CycleContext, before: KeptTest | null, now: KeptTest): void {
  const failed = before?.verdict === 'fail';
  const { document, question, reasons } = now;
  if (now.verdict === 'fail' && !failed) emit({ kind: 'test', change: 'failing', document, question, reasons });
  if (now.verdict === 'pass' && failed) emit({ kind: 'test', change: 'mended', document, question, reasons });
}

/** What is no question any more is forgotten; what a file at fault may still hold is not. */
function pruned(memory: TestsMemory, known: ReadonlySet<string>, { scan }: Folder): TestsMemory {
  const isBlocked = ({ path, document }: KeptTest) =>
    scan.blockedPaths.has(path) || (document !== null && scan.blockedIds?.has(document) === true);
  const results = Object.entries(memory.results).filter(([key, kept]) => known.has(key) || isUnlearnedKey(key) || isBlocked(kept));
  return { ...memory, results: Object.fromEntries(results) };
}

/** Verdicts on what is to be forgotten stay as long as it is. */
function remembered(memory: TestsMemory, kept: TestsMemory['results'], settled: readonly string[], store: CycleTests): TestsMemory {
  const live = new Set(store.unlearning().map(({ id }) => id));
  const all = [...new Set([...memory.settled, ...settled])].filter((id) => live.has(id));
  const done = new Set(all);
  const stays = (key: string) => !isUnlearnedKey(key) || (live.has(unlearningOf(key)) && !done.has(unlearningOf(key)));
  const results = Object.entries({ ...memory.results, ...kept }).filter(([key]) => stays(key));
  return { ...memory, results: Object.fromEntries(results), settled: all };
}

function unlearningOf(key: string): string {
  return key.split(' ')[1] ?? '';
}

function summed(leftOut: readonly LeftOut[]): readonly LeftOut[] {
  return (['budget', 'error', 'stopped'] as const).flatMap((why) => {
    const tests = leftOut.filter((one) => one.why === why).reduce((sum, one) => sum + one.tests, 0);
    return tests === 0 ? [] : [{ tests, why }];
  });
}
