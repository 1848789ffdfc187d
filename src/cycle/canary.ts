// One look at the freshness check of one target: begins it, follows the new code from acceptance over training to the bot's own words, and ends it.
// Pushes nothing itself: the document goes with the next sync, like any other.
import { capabilitiesOf } from '../connectors/connector.ts';
import { type CanaryCheck, type CanaryMemory, type CanaryOutcome, type CanaryRun, canaryId, canaryWords, took } from '../model/canary.ts';
import { asSyncError } from '../model/error.ts';
import { heldOperations } from '../plan/brake.ts';
import type { Unready } from '../plan/input.ts';
import { codeFrom, pauseAfter } from '../verify/canary.ts';
import { canaryAt } from './canary-document.ts';
import { hear, noted, unheard } from './canary-question.ts';
import { type CycleContext, type CycleTests, everything, noPasses } from './context.ts';
import { type Folder, renderOptionsOf } from './folder.ts';
import { planTarget } from './plan-target.ts';

export interface CanaryOptions {
  /** It is time for another check; without it one under way is only followed, and the very first one begun. */
  readonly begin: boolean;
  /** Why nobody has followed the check under way so far, in words; null: it was. */
  readonly unfollowed: string | null;
  /** What keeps the target from being pushed. */
  after(): Promise<Unready | null>;
}

/** What one look came to. */
export interface CanaryLook {
  /** The document has another code now: it is to be pushed. */
  readonly changed: boolean;
  /** A check is under way, or the first one has yet to be begun: worth another look after each pass over the target. */
  readonly open: boolean;
  /** Milliseconds until it is worth another look in any case; null: only after a pass. */
  readonly nextInMs: number | null;
  /** The check that has just ended. */
  readonly ended: CanaryCheck | null;
  /** What is worth telling, once; null: nothing is. */
  readonly told: CanaryTold | null;
}

export interface CanaryTold {
  readonly change: 'failing' | 'mended' | 'inconclusive';
  readonly words: string;
}

/** A question that is put so much later than it was due still tells the time; milliseconds. Or as late as the pause before it was long. */
const leastLateMs = 60_000;
/** Old codes that are known again. */
const mostOld = 10;
/** How long somebody else who asks this bot's questions is waited for, in milliseconds. */
const lockedMs = 10_000;

const idle: CanaryLook = { changed: false, open: false, nextInMs: null, ended: null, told: null };

/** Looks once. To be called with the target's lock held; throws what is a bug, and ABORTED. */
export async function lookAtCanary(context: CycleContext, folder: Folder, options: CanaryOptions): Promise<CanaryLook> {
  const { target, tests, memory: ledger } = context;
  if (tests === undefined || !target.canary) return idle;
  const memory = tests.canary();
  const unfit = unfitReason(context);
  if (unfit !== null) return memory.run === null && memory.last?.why === unfit ? idle : end(context, tests, { memory, why: unfit });
  if (memory.run !== null && options.unfollowed !== null) {
    return end(context, tests, { memory, why: options.unfollowed });
  }
  if (memory.run !== null) {
    return follow(context, tests, { memory, run: memory.run, folder: asRemembered(folder, target.name, memory), options });
  }
  if (!options.begin && memory.code !== null) return idle;
  // A bot that was never met may be anybody's: its first push goes first.
  return ledger.state.identity === null ? { ...idle, open: true } : begin(context, tests, memory);
}

/** Why a code that changes again and again can not be had there; null: it can. */
function unfitReason({ connection, target: { onUpdate } }: CycleContext): string | null {
  const { target, vendorLabel } = connection;
  if ('replaceAll' in target) return null;
  const capabilities = capabilitiesOf(target);
  if (capabilities.has('delete') && (capabilities.has('update') || onUpdate !== 'todo')) return null;
  return `${vendorLabel} cannot take an old text back through its API: each check would leave a copy for a person to remove`;
}

async function begin({ nowMs, config, newEffectId }: CycleContext, tests: CycleTests, memory: CanaryMemory): Promise<CanaryLook> {
  const startedAt = new Date(nowMs()).toISOString();
  const run: CanaryRun = { startedAt, acceptedAt: null, trainedAt: null, asks: 0, stale: 0, askAfter: null, unanswered: 0, trouble: null };
  const old = memory.code === null ? memory.old : [...memory.old, memory.code].slice(-mostOld);
  await tests.keepCanary({ ...memory, code: codeFrom(newEffectId()), old, run });
  return { ...idle, changed: true, open: true, nextInMs: config.canary.timeoutMs };
}

/** The folder may have been read before the code was changed. */
function asRemembered(folder: Folder, target: string, { code }: CanaryMemory): Folder {
  return code === null ? folder : { ...folder, canaries: new Map([...(folder.canaries ?? []), [target, code]]) };
}

interface Following {
  readonly memory: CanaryMemory;
  readonly run: CanaryRun;
  readonly folder: Folder;
  readonly options: CanaryOptions;
}

async function follow(context: CycleContext, tests: CycleTests, following: Following): Promise<CanaryLook> {
  const { memory, folder, options } = following;
  const { nowMs, config, connection } = context;
  const { run, canTell } = await progressOf(context, following);
  const now = nowMs();
  const deadline = Date.parse(run.startedAt) + config.canary.timeoutMs;
  const wait = async (next: CanaryRun, at: number): Promise<CanaryLook> => {
    if (JSON.stringify(next) !== JSON.stringify(memory.run)) await tests.keepCanary({ ...memory, run: next });
    return { ...idle, open: true, nextInMs: Math.max(0, Math.min(at, deadline) - nowMs()) };
  };
  const ending = { memory: { ...memory, run } };
  if (run.acceptedAt === null) {
    if (now < deadline) return wait(run, deadline);
    const { held, why } = await reasonNotAccepted(context, folder, options);
    return end(context, tests, { ...ending, outcome: held ? 'inconclusive' : 'timeout', why: `not accepted: ${why}` });
  }
  if (run.trainedAt === null && canTell) {
    if (now < deadline) return wait(run, deadline);
    const record = context.memory.state.records[canaryId];
    const trouble = record?.error === null || record === undefined ? '' : `: ${record.error.message}`;
    return end(context, tests, {
      ...ending,
      outcome: 'timeout',
      why: `accepted, but not trained (${record?.training ?? 'pending'})${trouble}`,
    });
  }
  const { ask, traits } = connection.target;
  if (ask === undefined) {
    const why = `it cannot be asked: ${traits.missing.ask?.remedy ?? `${connection.vendorLabel} gives no way to`}`;
    return end(context, tests, { ...ending, outcome: 'measured', why });
  }
  // Where nothing tells when it was trained, since when it could have been asked is not known either.
  const dueSince = run.askAfter ?? run.trainedAt;
  const askAt = Math.min(deadline, dueSince === null ? now : Date.parse(dueSince));
  if (now < askAt) return wait(run, askAt);
  const heard = await hear(context, tests, memory);
  // Asked again as soon as nobody else does; since when it could not be, the time says.
  if (heard.is === 'busy') return { ...(await wait(run, askAt)), nextInMs: lockedMs };
  const asked = noted(run, heard);
  const pauseOf = (asks: number) => pauseAfter(asks, context.target.poll.firstMs ?? traits.poll.firstMs);
  if (heard.is === 'new') {
    const lateMs = now - askAt;
    const tooLate = lateMs > Math.max(leastLateMs, pauseOf(run.asks));
    const why = `it knows the new code, but could not be asked for ${took(lateMs)} before${run.trouble === null || run.unanswered === 0 ? '' : `: ${run.trouble}`}`;
    const outcome = tooLate ? 'inconclusive' : 'measured';
    return end(context, tests, { memory: { ...memory, run: asked }, outcome, why: tooLate ? why : null, quoted: !tooLate });
  }
  if (now >= deadline) return end(context, tests, { memory: { ...memory, run: asked }, ...unheard(asked) });
  const next = nowMs() + pauseOf(asked.asks + asked.unanswered);
  // A question that was not even put is still due since then.
  if (heard.is === 'silent' && !heard.spent) return wait({ ...asked, askAfter: new Date(askAt).toISOString() }, next);
  return wait({ ...asked, askAfter: new Date(next).toISOString() }, next);
}

/** What the records say of the new code. Moments once seen stay, whatever is pushed after it. */
async function progressOf(
  context: CycleContext,
  { run, folder }: Following,
): Promise<{ readonly run: CanaryRun; readonly canTell: boolean }> {
  const { target, connection, memory } = context;
  const { payload } = await canaryAt(target, folder, renderOptionsOf(target, connection.target.traits));
  const record = memory.state.records[canaryId];
  if (payload === null || record === undefined || record.pushed !== payload.fingerprint) return { run, canTell: true };
  const acceptedAt = run.acceptedAt ?? record.pushedAt;
  const trainedAt = run.trainedAt ?? (record.trained === payload.fingerprint ? record.trainedAt : null);
  return { run: { ...run, acceptedAt, trainedAt }, canTell: record.training !== 'unknown' };
}

/** What keeps the folder from being planned keeps it from being pushed, too, and says nothing of the bot. */
async function reasonNotAccepted(...asked: Parameters<typeof whyNotAccepted>): ReturnType<typeof whyNotAccepted> {
  try {
    return await whyNotAccepted(...asked);
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED' || error.code === 'ABORTED') throw thrown;
    return { held: true, why: error.message };
  }
}

/** Why the new code has not gone out. What a brake or a person holds says nothing of the bot. */
async function whyNotAccepted(
  context: CycleContext,
  folder: Folder,
  { after }: CanaryOptions,
): Promise<{ readonly held: boolean; readonly why: string }> {
  const { state } = context.memory;
  if (state.retracted[canaryId] !== undefined)
    return { held: true, why: `it is retracted; kbsync retract --undo ${canaryId} brings it back` };
  const { plan } = await planTarget(context, folder, { passes: noPasses, only: everything, offline: true, after: await after() });
  const blocked = plan.blocked.find(({ document }) => document === canaryId);
  if (blocked !== undefined) return { held: false, why: blocked.reason };
  const own = plan.operations.filter(({ document, action }) => document === canaryId && action !== 'delete');
  const holds = heldOperations(plan);
  const byPerson = own.find(({ by }) => by === 'person');
  if (byPerson !== undefined) return { held: true, why: `it waits for a person: ${byPerson.note ?? byPerson.reason}` };
  if (own.length === 0 || own.every(({ id }) => holds.has(id))) {
    const rules = plan.brakes.filter((brake) => brake.holds !== 'deletes').map(({ rule }) => rule);
    const waits = plan.notes.find((note) => note.startsWith('The freshness check waits'));
    return {
      held: true,
      why: rules.length > 0 ? `${context.target.name} is held (${rules.join(', ')})` : (waits ?? 'there was nothing to push'),
    };
  }
  const failure = state.records[canaryId]?.error ?? null;
  const { minIntervalMs } = context.target;
  if (failure === null && minIntervalMs !== null && minIntervalMs >= context.config.canary.timeoutMs)
    return { held: true, why: `minInterval (${took(minIntervalMs)}) leaves no time for it within canary.timeout` };
  return { held: false, why: failure === null ? 'it was not pushed in time' : failure.message };
}

interface Ending {
  readonly memory: CanaryMemory;
  /** Left out: inconclusive. */
  readonly outcome?: CanaryOutcome;
  readonly why: string | null;
  readonly quoted?: boolean;
}

async function end(context: CycleContext, tests: CycleTests, ending: Ending): Promise<CanaryLook> {
  const { memory, outcome = 'inconclusive', why, quoted = false } = ending;
  const at = new Date(context.nowMs()).toISOString();
  const run = memory.run ?? { startedAt: at, acceptedAt: null, trainedAt: null, asks: 0, stale: 0 };
  const { startedAt, asks, stale } = run;
  const since = (moment: string | null) => (moment === null ? null : Math.max(0, Date.parse(moment) - Date.parse(startedAt)));
  const times = { acceptedMs: since(run.acceptedAt), trainedMs: since(run.trainedAt), quotedMs: quoted ? since(at) : null };
  const check: CanaryCheck = { startedAt, at, outcome, ...times, asks, stale, why };
  const failing = outcome === 'inconclusive' ? memory.failing : outcome === 'timeout';
  await tests.keepCanary({ ...memory, run: null, last: check, failing });
  const change = failing === memory.failing ? null : failing ? 'failing' : 'mended';
  context.emit({ kind: 'canary', change, check });
  return { ...idle, ended: check, told: toldOf(check, change, memory.last) };
}

function toldOf(check: CanaryCheck, change: 'failing' | 'mended' | null, before: CanaryCheck | null): CanaryTold | null {
  if (change !== null) return { change, words: canaryWords(check) };
  // The same that stood in the way the last time is told once.
  const isNews = check.outcome === 'inconclusive' && (before?.outcome !== 'inconclusive' || before.why !== check.why);
  return isNews ? { change: 'inconclusive', words: canaryWords(check) } : null;
}
