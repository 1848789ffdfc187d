// `after`: whether the target that another one comes after has gone well at this very folder. The judgement is pure; what it is given is read
// from that target's memory alone, so that a run of the follower by itself comes to the same answer as one of both.
import { canaryId, withoutCanary } from '../model/canary.ts';
import type { Config, TargetConfig } from '../model/config.ts';
import type { DocumentId } from '../model/document.ts';
import { asSyncError, type ErrorRecord } from '../model/error.ts';
import type { Plan } from '../model/operation.ts';
import type { TargetState } from '../model/record.ts';
import { testFingerprint } from '../model/tests.ts';
import type { Unready } from '../plan/input.ts';
import { counted } from '../plan/words.ts';
import { trainingCounts } from '../training/follow.ts';
import { type CycleContext, noPasses, type PlanOptions } from './context.ts';
import type { Folder } from './folder.ts';
import { planTarget } from './plan-target.ts';
import { isUnlearnedKey } from './unlearned.ts';
import { allTests } from './verify.ts';

/** What is known of a target that others come after. */
export interface LeaderFacts {
  readonly name: string;
  readonly paused: boolean;
  /** What stopped its pass in this run, or its latest one where a daemon makes them; null: nothing did. */
  readonly error: ErrorRecord | null;
  /** What it would still be given of this folder, planned from memory. */
  readonly plan: Plan;
  readonly state: TargetState;
  readonly unconfirmed: number;
  /** What its golden questions say against it, as a clause; null: nothing, or none were asked. */
  readonly tests: string | null;
}

/**
 * What is wrong with it, the most telling first; null: it holds this folder, and has learnt it as far as its vendor can tell. A file that is at
 * fault is blocked at every bot alike and says nothing of this one.
 */
export function unreadyOf(facts: LeaderFacts): Unready | null {
  const { name, paused, error, unconfirmed, tests } = facts;
  // The freshness check of the leader is nothing to wait for.
  const state = withoutCanary(facts.state);
  const isOther = ({ document }: { readonly document: DocumentId }) => document !== canaryId;
  const plan = { ...facts.plan, operations: facts.plan.operations.filter(isOther), blocked: facts.plan.blocked.filter(isOther) };
  const found = (why: string, next: string): Unready => ({ target: name, why, next });
  const sync = `run kbsync sync --target ${name}`;
  if (paused) return found('it is paused in the configuration', 'take paused: true out there, and sync');
  // What another run does there meanwhile shows in its memory.
  if (error !== null && error.code !== 'LOCKED') return found(`its run was stopped: ${error.message}`, error.next);
  if (state.lastSync === null) return found('it was never synced', sync);
  const [brake] = plan.brakes;
  if (brake !== undefined) return found(`it is held itself (${brake.rule})`, `see kbsync todo --target ${name}`);
  const failed = failedAt({ plan, state });
  if (failed.length > 0) return found(`${documents(failed)} failed there`, `see kbsync status --documents --target ${name}`);
  // A superseded copy that is still there takes nothing from what the bot knows.
  const owed = plan.operations.filter((operation) => operation.action !== 'delete' || operation.remoteId === null);
  const byPerson = owed.filter(({ by }) => by === 'person').map(({ document }) => document);
  const byVendor = owed.filter(({ by }) => by === 'vendor').map(({ document }) => document);
  if (byVendor.length > 0) return found(`${documents(byVendor)} not as in this folder there`, sync);
  if (byPerson.length > 0) return found(`${documents(byPerson)} waiting for a person there`, `see kbsync todo --target ${name}`);
  if (unconfirmed > 0) return found(`${counted(unconfirmed, 'write')} there unconfirmed`, `see kbsync todo --target ${name}`);
  const { pending, training, stuck } = trainingCounts(state);
  if (stuck > 0) return found(`${counted(stuck, 'document')} stuck in training there`, `see kbsync status --documents --target ${name}`);
  const learning = pending + training;
  if (learning > 0) return found(`${counted(learning, 'document')} not trained there yet`, `${sync}, which waits for it`);
  if (state.forgetting.length > 0)
    return found(`${counted(state.forgetting.length, 'deleted document')} not forgotten there yet`, `${sync}, which waits for it`);
  return tests === null ? null : found(tests, `run kbsync verify --target ${name} once it is mended`);
}

/** Refused for good, or not to be trained. */
function failedAt({ plan, state }: Pick<LeaderFacts, 'plan' | 'state'>): readonly DocumentId[] {
  const refused = plan.blocked.filter(({ document }) => state.records[document]?.refused != null).map(({ document }) => document);
  const untrained = Object.entries(state.records).flatMap(([id, record]) =>
    record.items.length > 0 && record.training === 'failed' ? [id] : [],
  );
  return [...new Set([...refused, ...untrained])];
}

function documents(ids: readonly DocumentId[]): string {
  const more = ids.length > 3 ? ', …' : '';
  return `${counted(ids.length, 'document')} (${ids.slice(0, 3).join(', ')}${more})`;
}

/** Where a target's memory can be read: the workspace. */
export interface LeaderSource {
  readonly config: Pick<Config, 'targets'>;
  readOnly<T>(
    target: TargetConfig,
    signals: { readonly stop: AbortSignal; readonly kill: AbortSignal },
    offline: boolean,
    work: (context: CycleContext) => Promise<T>,
  ): Promise<T>;
}

export interface LeaderQuestion {
  readonly folder: Folder;
  /** What the run is narrowed to: no more is asked of the leader. */
  readonly only: PlanOptions['only'];
  /** What stopped the leader in this run; null: nothing did, or it was not part of it. */
  readonly error: ErrorRecord | null;
  readonly signals: { readonly stop: AbortSignal; readonly kill: AbortSignal };
  readonly atMs?: number;
}

/** What keeps this target from being pushed, as far as `after` goes; null: nothing. Asks no vendor and takes no lock. */
export async function unreadyLeader(target: TargetConfig, source: LeaderSource, question: LeaderQuestion): Promise<Unready | null> {
  const leader = source.config.targets.find(({ name }) => name === target.after);
  if (leader === undefined) return null;
  const { folder, only, error, signals, atMs } = question;
  const { name, paused } = leader;
  try {
    return await source.readOnly(leader, signals, true, async (context) => {
      const options = { passes: noPasses, only, offline: true, ...(atMs !== undefined && { atMs }) };
      const { plan } = await planTarget(context, folder, options);
      const { state, open } = context.memory;
      const unconfirmed = open.filter((effect) => effect.action !== 'train').length;
      return unreadyOf({ name, paused, error, plan, state, unconfirmed, tests: await testsAgainst(context, folder) });
    });
  } catch (thrown) {
    const failure = asSyncError(thrown);
    if (failure.code === 'UNEXPECTED') throw thrown;
    return { target: name, why: `what it holds is not known: ${failure.message}`, next: failure.next };
  }
}

/** What failed when it was last asked, as far as it is still a question of this folder or of something that was to be forgotten. */
async function testsAgainst({ tests, target }: CycleContext, folder: Folder): Promise<string | null> {
  const failing = Object.entries(tests?.memory().results ?? {}).filter(([, { verdict }]) => verdict === 'fail');
  if (failing.length === 0) return null;
  const asked = await allTests(folder);
  const known = new Set(asked.filter((test) => test.targets === null || test.targets.includes(target.name)).map(testFingerprint));
  const still = failing.filter(([key, kept]) => isUnlearnedKey(key) || known.has(kept.test));
  return still.length === 0 ? null : `${counted(still.length, 'golden question')} failed there (${still[0]?.[1].question ?? ''})`;
}
