// One loop a target: at most one pass at a time, when the pace says so, until it is stopped or held. Owns no engine: a pass is handed in.
import { asSyncError, type ErrorRecord, type SyncError } from '../model/error.ts';
import {
  begun,
  canaryDue,
  carriedOver,
  demanded,
  driftDue,
  dueOf,
  hinted,
  interrupted,
  type Pace,
  type PassKind,
  type PassResult,
  passed,
  startingPace,
  stoppedBy,
  ticked,
  verifyDue,
  type Waiting,
} from './pace.ts';

/** Timers and a clock that never goes back, so that tests can turn them by hand. Milliseconds. */
export interface LoopTimers {
  now(): number;
  after(ms: number, run: () => void): unknown;
  cancel(timer: unknown): void;
}

export interface LoopInput {
  readonly name: string;
  readonly timers: LoopTimers;
  /** Nothing is due before the first hint. Default: a cycle is, at once. */
  readonly waits?: boolean;
  /** The pace of the loop that this one takes the place of, and the least interval as it is configured now. Default: there was none. */
  readonly before?: { readonly pace: Pace; readonly minIntervalMs: number | null } | undefined;
  /** Of the loop that this one takes the place of: its last pass has ended. Nobody is at the target before that, and no holder has it. Default: there is none. */
  readonly after?: Promise<void> | undefined;
  /** What a cycle has to wait for, in words; null: nothing. Asked whenever one could begin; whoever opens it hints. Default: nothing. */
  readonly gate?: () => string | null;
  /** One pass. `stop` aborted: begin nothing new, and come back. What it throws is told and backed off from. */
  readonly pass: (kind: PassKind, stop: AbortSignal) => Promise<PassResult>;
  readonly onBegin?: (kind: PassKind, why: string) => void;
  /** After each pass that was not cut short. */
  readonly onEnd?: (kind: PassKind, outcome: PassOutcome) => void;
}

export interface PassOutcome {
  readonly why: string;
  readonly durationMs: number;
  /** Null where the pass threw; `error` is set then. */
  readonly result: PassResult | null;
  readonly error: SyncError | null;
  /** Milliseconds until something is due again; null: nothing is. */
  readonly nextInMs: number | null;
}

export interface LoopView {
  readonly running: PassKind | null;
  /** Null: nothing is due until somebody hints. */
  readonly next: { readonly kind: PassKind; readonly inMs: number; readonly waiting: Waiting | null } | null;
  readonly failures: number;
  /** What stopped the last pass; null after one that went through. */
  readonly error: ErrorRecord | null;
  /** Cycles that came to an end. */
  readonly cycles: number;
  readonly held: boolean;
  /** A cycle that is due, or is reading the folder, waits for this; null: for nothing. */
  readonly gated: string | null;
  readonly alive: boolean;
}

export interface Loop {
  readonly name: string;
  /** Something may have changed: a cycle is due as soon as the pace allows. */
  hint(why: string): void;
  /** A person asks: as soon as nothing is running, whatever the pace says. */
  demand(why: string): void;
  /** schedule.training: a look at training, where anything is to be learnt. */
  tick(): void;
  /** schedule.drift: a look at what the vendor holds, when nothing else is due. */
  drift(): void;
  /** schedule.verify: the golden questions, when nothing else is due. */
  verify(): void;
  /** schedule.canary: the freshness check, when nothing else is due. */
  canary(): void;
  /** Ends a pass under way early (what is in flight is finished) and makes none until the last holder releases. */
  hold(): Promise<() => void>;
  view(): LoopView;
  /** For the loop that takes its place. */
  pace(): Pace;
  /** No pass is begun any more; resolves when the one under way has ended. */
  stop(): Promise<void>;
}

/** The pass of the loop before may take so long to come to its end, in milliseconds; it is taken for hanging then. */
const longestAfterMs = 3 * 3_600_000;

/** Starts the loop. */
export function startLoop(input: LoopInput): Loop {
  const { timers } = input;
  const { before } = input;
  const first = before === undefined ? startingPace(timers.now()) : carriedOver(before.pace, before.minIntervalMs, timers.now());
  let pace: Pace = { ...first, ...(input.waits === true && { wantedAt: null }) };
  let why = 'start';
  let running: { readonly kind: PassKind; readonly control: AbortController; readonly ended: Promise<void> } | null = null;
  let timer: unknown = null;
  let error: ErrorRecord | null = null;
  let holds = 0;
  let cycles = 0;
  let stopped = false;
  let broken = false;
  const bornAt = timers.now();
  let ready = input.after === undefined;

  const disarm = (): void => {
    if (timer !== null) timers.cancel(timer);
    timer = null;
  };
  const arm = (): void => {
    disarm();
    if (stopped || running !== null || holds > 0 || !ready) return;
    const due = dueOf(pace);
    if (due !== null) timer = timers.after(Math.max(0, due.at - timers.now()), () => turn(due.kind));
  };
  const gateOf = (): string | null => (pace.wantedAt === null ? null : (input.gate?.() ?? null));
  /** At a closed gate the cycle stays due, and whatever else is takes its turn. */
  const turn = (kind: PassKind): void => {
    if (kind !== 'sync' || gateOf() === null) {
      begin(kind);
      return;
    }
    const other = dueOf({ ...pace, wantedAt: null });
    timer = other === null ? null : timers.after(Math.max(0, other.at - timers.now()), () => turn(other.kind));
  };
  const begin = (kind: PassKind): void => {
    timer = null;
    pace = begun(pace, kind);
    const because = kind === 'sync' ? why : kind === 'train' ? 'training' : kind;
    if (!isLook(kind)) why = 'again';
    const control = new AbortController();
    const startedAt = timers.now();
    input.onBegin?.(kind, because);
    const ended = input
      .pass(kind, control.signal)
      .then(
        (result): Attempt => ({ result, error: null }),
        (thrown: unknown): Attempt => ({ result: null, error: asSyncError(thrown) }),
      )
      .then((attempt) => end(kind, attempt, { because, startedAt, cut: control.signal.aborted }))
      .catch(() => {
        // A bug of ours: the loop is seen to be dead (/readyz) rather than going round at full speed.
        broken = true;
      });
    running = { kind, control, ended };
  };
  const end = (kind: PassKind, attempt: Attempt, pass: { because: string; startedAt: number; cut: boolean }): void => {
    const now = timers.now();
    running = null;
    const failure = attempt.result?.report.error ?? attempt.error?.record() ?? null;
    if (pass.cut) pace = interrupted(attempt.result === null ? pace : { ...pace, settings: attempt.result.settings }, kind, now);
    else if (attempt.result !== null) pace = passed(pace, kind, attempt.result, now);
    else pace = stoppedBy(pace, kind, attempt.error ?? { code: 'UNEXPECTED' }, now);
    if (!pass.cut) {
      // A look says nothing of the passes that push: what stopped those, or nothing, stays.
      if (!isLook(kind)) error = failure;
      if (kind === 'sync') cycles += 1;
      const due = dueOf(pace);
      const nextInMs = due === null ? null : due.at - now;
      input.onEnd?.(kind, { why: pass.because, durationMs: now - pass.startedAt, ...attempt, nextInMs });
    }
    arm();
  };
  const change = (next: Pace, reason: string | null): void => {
    if (reason !== null) why = reason;
    pace = next;
    arm();
  };

  const after = (input.after ?? Promise.resolve()).then(() => {
    ready = true;
    arm();
  });
  arm();
  return {
    name: input.name,
    hint: (reason) => change(hinted(pace, timers.now()), reason),
    demand: (reason) => change(demanded(pace, timers.now()), reason),
    tick: () => change(ticked(pace, timers.now()), null),
    drift: () => change(driftDue(pace, timers.now()), null),
    verify: () => change(verifyDue(pace, timers.now()), null),
    canary: () => change(canaryDue(pace, timers.now()), null),
    async hold() {
      holds += 1;
      disarm();
      running?.control.abort();
      await Promise.all([after, running?.ended]);
      let released = false;
      return () => {
        if (released) return;
        released = true;
        holds -= 1;
        arm();
      };
    },
    view() {
      const due = dueOf(pace);
      const next = due === null ? null : { kind: due.kind, inMs: Math.max(0, due.at - timers.now()), waiting: due.waiting };
      const { failures } = pace;
      const hangs = !ready && timers.now() - bornAt > longestAfterMs;
      const gated = !ready
        ? 'its run under the old configuration to end'
        : running === null
          ? gateOf()
          : running.kind === 'sync'
            ? (input.gate?.() ?? null)
            : null;
      return {
        running: running?.kind ?? null,
        next,
        failures,
        error,
        cycles,
        held: holds > 0,
        gated,
        alive: !broken && !stopped && !hangs,
      };
    },
    pace: () => pace,
    async stop() {
      stopped = true;
      disarm();
      running?.control.abort();
      await Promise.all([after, running?.ended]);
    },
  };
}

/** It pushes nothing, and says nothing of the passes that do. */
function isLook(kind: PassKind): boolean {
  return kind === 'drift' || kind === 'verify' || kind === 'canary';
}

interface Attempt {
  readonly result: PassResult | null;
  readonly error: SyncError | null;
}

/** The real ones: monotonic, so that a clock that is set neither delays nor doubles anything. */
export const realTimers: LoopTimers = {
  now: () => performance.now(),
  after: (ms, run) => setTimeout(run, ms),
  cancel: (timer) => clearTimeout(timer as NodeJS.Timeout),
};
