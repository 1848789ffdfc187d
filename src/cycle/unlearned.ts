// What left a bot, or was put right in it, and must not come out any more: noted as a sync does it, asked about by the next verify.
import type { Answer, Expectation, PlacedTest } from '../model/answer.ts';
import { canaryId } from '../model/canary.ts';
import type { DocumentId } from '../model/document.ts';
import { asSyncError, type SyncError } from '../model/error.ts';
import { fingerprint, type Timestamp } from '../model/json.ts';
import { answerIn } from '../model/payload.ts';
import type { DocumentRecord, TargetState } from '../model/record.ts';
import type { OperationResult } from '../model/report.ts';
import type { KeptTest, TestResult, Unlearning } from '../model/tests.ts';
import { type Forgotten, type ForgottenVerdict, judgeForgotten, questionsAbout, says } from '../verify/forgotten.ts';
import { type Heard, heard, holds, inWords } from '../verify/judge.ts';
import { isWorthless } from '../verify/run.ts';
import type { CycleContext } from './context.ts';
import type { Folder } from './folder.ts';
import type { VerifyOptions, VerifyScene } from './verify.ts';

/** What is not seen to be forgotten in this time will not be, or nobody asks. */
const keptMs = 30 * 86_400_000;
const mostKept = 200;
/** A Q&A's answer of so many words is what must not come out; of a longer one its runs of words are. */
const shortAnswer = 12;
const mostQuestions = 3;

/**
 * Notes what a pass has taken out or changed. `before`: the records as they were. Returns the fingerprints of the texts that are needed until
 * that has been asked about.
 */
export async function noteGone(
  context: CycleContext,
  before: TargetState['records'],
  results: readonly OperationResult[],
): Promise<readonly string[]> {
  const { tests, nowMs } = context;
  if (tests === undefined) return [];
  const old = tests.unlearning();
  const memory = tests.memory();
  const settled = new Set(memory.settled);
  const live = old.filter(({ id, since }) => !settled.has(id) && nowMs() - Date.parse(since) < keptMs);
  const asked = new Map<DocumentId, KeptTest[]>();
  for (const [key, kept] of Object.entries(memory.results)) {
    if (kept.document !== null && !isUnlearnedKey(key)) asked.set(kept.document, [...(asked.get(kept.document) ?? []), kept]);
  }
  const added = results.flatMap((result) => unlearningOf(result, before, asked, context));
  const replaced = new Set(added.map(({ document, why }) => `${why} ${document}`));
  const all = [...live.filter(({ document, why }) => !replaced.has(`${why} ${document}`)), ...added].slice(-mostKept);
  if (added.length > 0 || all.length !== old.length) await tests.note(all);
  return all.flatMap(({ pushed }) => (pushed === null ? [] : [pushed]));
}

function unlearningOf(
  { operation, outcome }: OperationResult,
  before: TargetState['records'],
  asked: ReadonlyMap<DocumentId, readonly KeptTest[]>,
  { texts, nowMs }: CycleContext,
): Unlearning[] {
  const gone = operation.action === 'delete' && operation.remoteId === null;
  // The freshness check asks about its own.
  if (operation.document === canaryId) return [];
  if (outcome !== 'done' || (!gone && operation.action !== 'update')) return [];
  const record = before[operation.document];
  if (record === undefined || record.items.length === 0) return [];
  const kept = (asked.get(operation.document) ?? []).filter(({ expect }) => expect.length > 0);
  const expected = kept.filter(({ verdict }) => verdict === 'pass').map(({ question, expect }) => ({ ask: question, expect }));
  const given = record.pushed === null ? null : texts.get(record.pushed);
  const isQuestion = operation.document.includes('#qa-');
  if (isQuestion && given !== null) {
    const answer = given.parts.map(({ text, title }) => answerIn({ text, title, format: 'markdown' })).join(' ');
    if (answer !== '' && answer.split(/\s+/).length <= shortAnswer) expected.push({ ask: record.title, expect: [answer] });
  }
  // A correction is asked about only where something is known that must not come out any more.
  if (!gone && expected.length === 0) return [];
  const since = new Date(nowMs()).toISOString();
  const { document, path } = operation;
  const own = [...(isQuestion ? [record.title] : []), ...kept.map(({ question }) => question)];
  const words = given === null ? [] : [...given.parts.map(({ text }) => text), given.body];
  return [
    {
      id: fingerprint({ document, pushed: record.pushed, since }).slice(0, 12),
      document,
      path,
      title: record.title,
      url: record.url,
      why: gone ? 'deleted' : 'corrected',
      pushed: given === null ? null : record.pushed,
      revision: (record.pushedCommit ?? record.pushed)?.slice(0, 7) ?? null,
      names: gone ? record.items.flatMap(({ remoteId, mark }) => [mark, ...(remoteId === null ? [] : [remoteId])]) : [],
      questions: gone ? questionsAbout(record.title, own, words) : [...new Set(expected.map(({ ask }) => ask))],
      expected,
      since,
    },
  ];
}

const keyPrefix = 'unlearned ';

/** Whether a remembered result is one of these. */
export function isUnlearnedKey(key: string): boolean {
  return key.startsWith(keyPrefix);
}

export interface UnlearnedCheck {
  readonly results: readonly TestResult[];
  readonly leftOut: number;
  readonly error: SyncError | null;
  /** To be remembered, by key. */
  readonly kept: { readonly [key: string]: KeptTest };
  /** Seen to be forgotten, or of no more interest. */
  readonly settled: readonly string[];
}

/** Asks about everything that is noted and not settled. One that came out is a fail at once: one slip is enough. */
export async function checkUnlearned(
  scene: VerifyScene,
  mute: string | null,
  { only, since }: { readonly only: VerifyOptions['only']; readonly since: Timestamp | null },
): Promise<UnlearnedCheck> {
  const { context, store } = scene;
  const before = store.memory();
  const results: TestResult[] = [];
  const kept: { [key: string]: KeptTest } = {};
  const settled: string[] = [];
  const errors: SyncError[] = [];
  let leftOut = 0;
  let error: SyncError | null = null;
  const held = heldBy(scene);
  const pending = store.unlearning().filter(({ id }) => !before.settled.includes(id));
  for (const one of pending) {
    if (!only({ document: one.document, path: one.path })) continue;
    if (isMoot(one, context)) {
      settled.push(one.id);
      continue;
    }
    const stands = expectedStill(one, held, scene);
    if (one.why === 'corrected' && stands.length === 0) {
      settled.push(one.id);
      continue;
    }
    const waiting = mute ?? whyNotYet(one, context);
    const verdicts: ForgottenVerdict[] = [];
    for (const [number, question] of questionsOf(one, stands).entries()) {
      if (waiting !== null) {
        results.push({ ...blank(one, question, context), verdict: mute === null ? 'inconclusive' : 'skipped', reasons: [waiting] });
        verdicts.push('inconclusive');
        continue;
      }
      const key = `${keyPrefix}${one.id} ${number}`;
      const last = before.results[key];
      // Asked in this very round.
      if (since !== null && last !== undefined && last.at >= since) {
        verdicts.push(last.verdict === 'pass' ? 'clear' : 'inconclusive');
        continue;
      }
      if (error !== null || context.stop.aborted || !(await scene.spend())) {
        leftOut += 1;
        verdicts.push('inconclusive');
        continue;
      }
      const said = await askAbout(one, question, { stands, held, scene });
      if (said === null) {
        leftOut += 1;
        verdicts.push('inconclusive');
        continue;
      }
      if (said.error === null) errors.length = 0;
      else errors.push(said.error);
      if (isWorthless(errors)) error = said.error;
      verdicts.push(said.verdict);
      const result = resultOf(one, question, said, context);
      results.push(result);
      const now = keptOf(result, one, new Date(context.nowMs()).toISOString());
      kept[key] = now;
      if (now.verdict === 'fail' && last?.verdict !== 'fail') {
        context.emit({ kind: 'test', change: 'failing', document: one.document, question, reasons: result.reasons });
      }
    }
    if (verdicts.every((verdict) => verdict === 'clear')) settled.push(one.id);
  }
  return { results, leftOut, error, kept, settled };
}

/** A deleted document that is back, and a corrected one that is gone, have nothing to be asked about. */
function isMoot(one: Unlearning, { memory }: CycleContext): boolean {
  const there = (memory.state.records[one.document]?.items.length ?? 0) > 0;
  return one.why === 'deleted' ? there : !there;
}

function whyNotYet({ document, why }: Unlearning, { memory }: CycleContext): string | null {
  const { forgetting, leftovers, records } = memory.state;
  if (leftovers.some((leftover) => leftover.document === document)) return 'an older copy is still there: see kbsync todo';
  if (forgetting.some((gone) => gone.document === document)) return 'the bot has not been trained without it yet';
  const training = why === 'deleted' ? 'trained' : (records[document]?.training ?? 'pending');
  return training === 'trained' || training === 'unknown' ? null : 'the corrected text is not trained yet';
}

type Expected = Unlearning['expected'][number];

/** Of the old expectations, those that nothing that the bot holds now says, and that the question does not say itself. */
function expectedStill({ expected }: Unlearning, held: Held, { tools }: VerifyScene): readonly Expected[] {
  return expected.flatMap(({ ask, expect }) => {
    const asked = heard(ask, tools.plain);
    const left = expect.filter(
      (one) => holds(asked, one, tools) !== true && !held.heard().some((text) => holds(text, one, tools) !== false),
    );
    return left.length === 0 ? [] : [{ ask, expect: left }];
  });
}

function questionsOf({ questions }: Unlearning, stands: readonly Expected[]): readonly string[] {
  return [...new Set([...stands.map(({ ask }) => ask), ...questions])].slice(0, mostQuestions);
}

/** What the bot holds now, read when it is first asked for. */
interface Held {
  texts(): readonly string[];
  heard(): readonly Heard[];
}

function heldBy(scene: VerifyScene): Held {
  let texts: readonly string[] | null = null;
  let ready: readonly Heard[] | null = null;
  const read = (): readonly string[] => {
    texts ??= textsNow(scene);
    return texts;
  };
  return {
    texts: read,
    heard() {
      // Thousands of texts: marks within words go, and no parser is asked.
      ready ??= read().map((text) => heard(text, (raw) => raw.replace(/[*_`]|<\/?[a-z][^>]*>/gi, '')));
      return ready;
    },
  };
}

/** Every text that the bot holds now: as it was given, else as the folder has it. */
function textsNow({ context, folder }: VerifyScene): readonly string[] {
  const { memory, texts } = context;
  const files = new Map(folder.scan.documents.map((document) => [document.id, document]));
  return Object.entries(memory.state.records).flatMap(([id, record]: [string, DocumentRecord]) => {
    if (record.items.length === 0) return [];
    const given = record.pushed === null ? null : texts.get(record.pushed);
    if (given !== null) return given.parts.map(({ title, text }) => `${title}\n${text}`);
    const file = files.get(id);
    return file === undefined ? [] : textOf(file, folder);
  });
}

function textOf(document: Folder['scan']['documents'][number], { scan }: Folder): string[] {
  try {
    return [scan.text(document)];
  } catch (thrown) {
    if (asSyncError(thrown).code === 'UNEXPECTED') throw thrown;
    return [];
  }
}

interface Said {
  readonly verdict: ForgottenVerdict;
  readonly answer: Answer | null;
  readonly reason: string | null;
  readonly error: SyncError | null;
}

/** Null: stopped. */
async function askAbout(
  one: Unlearning,
  question: string,
  { stands, held, scene }: { readonly stands: readonly Expected[]; readonly held: Held; readonly scene: VerifyScene },
): Promise<Said | null> {
  let answer: Answer;
  try {
    answer = await scene.ask(question);
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED') throw thrown;
    if (error.code === 'ABORTED') return null;
    const words = `${error.message}${error.vendor === null ? '' : ` (the vendor says: ${error.vendor})`}`;
    return { verdict: 'inconclusive', answer: null, reason: words, error };
  }
  const said = heard(answer.text, scene.tools.plain);
  for (const { ask, expect } of stands) {
    if (ask !== question || !expect.every((each) => holds(said, each, scene.tools) === true)) continue;
    return { verdict: 'known', answer, reason: `still says ${expect.map(inWords).join(', ')}`, error: null };
  }
  const judged = judgeForgotten(question, answer, forgottenOf(one, held, scene));
  return { ...judged, answer, error: null };
}

function forgottenOf(one: Unlearning, held: Held, scene: VerifyScene): Forgotten {
  const { texts, memory } = scene.context;
  const given = one.pushed === null ? null : texts.get(one.pushed);
  const others = Object.values(memory.state.records);
  const gone = one.why === 'deleted';
  return {
    documents: new Set(gone ? [one.document] : []),
    names: new Set(one.names),
    titles: new Set(gone && !others.some(({ title }) => title === one.title) ? [one.title] : []),
    urls: new Set(gone && one.url !== null && !others.some(({ url }) => url === one.url) ? [one.url] : []),
    texts: given === null ? [] : [...given.parts.map(({ text }) => text), given.body],
    staysElsewhere: (words) => held.texts().some((text) => says(text, words)),
  };
}

function blank(one: Unlearning, question: string, { target }: CycleContext) {
  const expect: readonly Expectation[] = [];
  return {
    target: target.name,
    kind: 'unlearned',
    document: one.document,
    path: one.path,
    line: null,
    tags: [],
    question,
    expect,
    reject: one.expected.filter(({ ask }) => ask === question).flatMap((each) => each.expect),
    cite: false,
    answer: null,
    sources: [],
    tries: 0,
    asked: [],
    revision: one.revision,
  } as const;
}

function resultOf(one: Unlearning, question: string, said: Said, context: CycleContext): TestResult {
  const verdict = said.verdict === 'known' ? 'fail' : said.verdict === 'clear' ? 'pass' : 'inconclusive';
  const what = one.why === 'deleted' ? 'it was deleted, and' : 'it was corrected, and';
  const reasons = said.reason === null ? [] : [verdict === 'fail' ? `${what} ${said.reason}` : said.reason];
  const answer = said.answer?.text ?? null;
  const asked = [{ verdict, answer, reasons }] as const;
  return { ...blank(one, question, context), verdict, answer, sources: said.answer?.sources ?? [], reasons, tries: 1, asked };
}

function keptOf({ question, verdict, reasons }: TestResult, one: Unlearning, at: string): KeptTest {
  const { document, path, pushed, revision } = one;
  return { document, path, question, verdict, at, tries: 1, reasons, test: one.id, knew: pushed, revision, expect: [] };
}

/** Whether a test may be narrowed to by document or path; unlearned ones have no tags. */
export function concerns(documents: ReadonlySet<string> | null, test: Pick<PlacedTest, 'document' | 'path'>): boolean {
  if (documents === null) return true;
  if (test.document !== null && documents.has(test.document)) return true;
  for (const one of documents) if (test.path === one || test.path.startsWith(`${one}/`)) return true;
  return false;
}
