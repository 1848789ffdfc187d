// A workspace at work: its loops, the watcher and the cron lines that hint at them. What is swapped when the configuration is read again.
import { sep } from 'node:path';
import { type GitWork, gitFolderOf, gitStamp, gitWorkIn } from '../content/git-work.ts';
import { watchContent } from '../content/watch.ts';
import { canaryEntry } from '../cycle/canary-entry.ts';
import type { Folder } from '../cycle/folder.ts';
import { failedEntry, runEntry } from '../cycle/run-entry.ts';
import { testEntry } from '../cycle/test-entry.ts';
import type { Config, TargetConfig } from '../model/config.ts';
import type { ContentProblem } from '../model/document.ts';
import type { SourceTrouble, SourceView } from '../model/source.ts';
import type { HistoryEntry } from '../state/history.ts';
import type { Workspace } from '../workspace.ts';
import { newCanaryRound } from './canary-round.ts';
import { followersOf } from './followers.ts';
import { createGitGate, type GitGate } from './git-gate.ts';
import { learntEntry } from './learnt.ts';
import { type Loop, type LoopTimers, type PassOutcome, startLoop } from './loop.ts';
import type { Pace, PassKind } from './pace.ts';
import { passOver } from './pass.ts';
import { type Puller, startPuller } from './puller.ts';
import { type Schedule, startSchedule, type WallClock } from './schedule.ts';
import { type SharedFolder, shareFolder } from './shared-folder.ts';
import type { Teller, Voice } from './voice.ts';

export interface EngineInput {
  readonly workspace: Workspace;
  /** `--target`: only these; empty for all. */
  readonly names: readonly string[];
  readonly initial: boolean;
  readonly voice: Voice;
  readonly teller: Teller;
  readonly timers: LoopTimers;
  /** Aborted: drop what is in flight. */
  readonly kill: AbortSignal;
  readonly doing: (target: string) => string | null;
  /** Of the engine that this one takes the place of; default: there was none. */
  readonly before?: Paces | null;
  /** Passes of that engine that have not come to their end: nothing begins at their targets before. Default: there are none. */
  readonly late?: ReadonlyMap<string, Promise<void>>;
  /** After each scan and fetch: why nothing may be deleted, and why the folder cannot be fetched; null where nothing is wrong. */
  readonly onFolder?: (trouble: string | null, fetching: SourceTrouble | null) => void;
  /** After each pass, when the state may have changed. */
  readonly onPass: (target: string, kind: PassKind, outcome: PassOutcome) => void;
  /** Watches the folder, ticks, and looks for git's marks; default: the real ones. */
  readonly watch?: typeof watchContent;
  readonly clock?: WallClock;
  readonly git?: GitMarks;
}

/** The pace of each target when its engine had stopped, for those that are still of the same vendor. */
export type Paces = ReadonlyMap<string, { readonly vendor: string; readonly pace: Pace }>;

/** What the next engine is to know of this one. */
export function pacesOf({ targets, loops }: Pick<Engine, 'targets' | 'loops'>): Paces {
  return new Map(
    targets.flatMap(({ name, vendor }) => {
      const pace = loops.get(name)?.pace();
      return pace === undefined ? [] : [[name, { vendor, pace }] as const];
    }),
  );
}

/** What git leaves in the repository that holds a folder. */
export interface GitMarks {
  work(): GitWork | null;
  /** Differs after each checkout, merge or commit. */
  stamp(): string;
}

export interface Engine {
  readonly workspace: Workspace;
  readonly targets: readonly TargetConfig[];
  /** Of every target that is not paused. */
  readonly loops: ReadonlyMap<string, Loop>;
  readonly folder: SharedFolder;
  doing(target: string): string | null;
  schedule(): ReturnType<Schedule['next']>;
  /** Why nothing is sent to this target, in words; null: it is not paused. */
  pausedWhy(target: TargetConfig): string | null;
  /** Takes on what a person has paused or resumed; resolves when what is paused now is at rest. */
  applyPauses(): Promise<void>;
  /** What is wrong in the folder, as of the last scan; with the files of golden questions where they are asked on a schedule. */
  problems(): readonly ContentProblem[];
  /** Fetches, where the folder comes from git; resolves when that has ended, well or not. Null: it is the user's own. */
  readonly fetch: (() => Promise<void>) | null;
  /** Where a fetched folder stands; null: it is the user's own. */
  source(): SourceView | null;
  /** Why nothing may be deleted, as of the last scan; null where the folder is whole. */
  folderTrouble(): string | null;
  /** What keeps it from being ready; [] when it is. */
  unready(): readonly string[];
  /** Watcher and cron end, passes under way are told to come to their end; resolves to those ends, by target. The workspace stays open. */
  leave(): Promise<ReadonlyMap<string, Promise<void>>>;
  /** The same, and resolves when all have. */
  stop(): Promise<void>;
}

/** How long to wait for the watcher before the first scan: it is only a hint. */
const watchReadyMs = 10_000;

/** Starts to watch, and then every loop. CONFIG_INVALID for a cron line that is none; nothing has been started then. */
export async function startEngine(input: EngineInput): Promise<Engine> {
  const { workspace, voice, timers, teller } = input;
  const { config } = workspace;
  const sinceMs = workspace.now();
  const targets = workspace.targets(input.names);
  const loops = new Map<string, Loop>();
  // A clone of our own is never in the middle of anything that a reader sees.
  const git = input.git ?? (workspace.source === null ? gitMarks(config.content.root) : noMarks);
  await workspace.source?.check();
  const gate = createGitGate({
    look: () => git.work(),
    timers,
    settleMs: config.watch.settleMs,
    onOpen: () => hint('git is done'),
    tell: (message) => voice.complain(message),
  });
  let golden: readonly ContentProblem[] = [];
  const clocks = { wall: workspace.now, steady: timers.now };
  const canaryRounds = new Map(targets.flatMap(({ name, canary }) => (canary ? [[name, newCanaryRound(clocks)] as const] : [])));
  const folder = shareFolder(async () => {
    await fetched(puller, timers);
    const found = await readQuietly(workspace, git, gate);
    golden = config.schedule.verify === null ? [] : ((await found.scan.golden?.())?.problems ?? []);
    teller.folder([...found.scan.problems, ...golden], troubleOf(found.scan));
    input.onFolder?.(troubleOf(found.scan), puller?.view().failing ?? null);
    return found;
  }, timers.now);
  const followers = followersOf(targets, loops);
  const hint = (why: string): void => {
    folder.changed();
    for (const loop of loops.values()) loop.hint(why);
  };
  /** Who comes after another is hinted once that one is through with it. */
  const changed = (): void => {
    folder.changed();
    for (const loop of loops.values()) if (!followers.waits(loop.name)) loop.hint('files changed');
  };
  const schedule = scheduleOf(config, {
    rescan: () => hint('rescan'),
    training() {
      for (const loop of loops.values()) loop.tick();
    },
    drift() {
      for (const loop of loops.values()) loop.drift();
    },
    verify() {
      for (const loop of loops.values()) loop.verify();
    },
    canary() {
      for (const [name, round] of canaryRounds) {
        round.due = true;
        loops.get(name)?.canary();
      }
    },
  });
  const watcher = (workspace.source === null ? (input.watch ?? watchContent) : watchNothing)({
    root: config.content.root,
    ignored: (path) => path === config.stateDir || path.startsWith(`${config.stateDir}${sep}`) || ignoredName.test(path),
    polling: config.watch.polling,
    settleMs: config.watch.settleMs,
    maxWaitMs: config.watch.maxWaitMs,
    onChange: changed,
    onError: (error) => voice.complain(`watch: ${error.message}`),
  });
  const puller =
    workspace.source === null
      ? null
      : startPuller({
          source: workspace.source,
          everyMs: config.content.git?.everyMs ?? 0,
          timers,
          voice,
          now: workspace.now,
          onChange: changed,
          onFetched() {
            const scan = folder.latest()?.scan;
            if (scan !== undefined) input.onFolder?.(troubleOf(scan), puller?.view().failing ?? null);
          },
        });
  await within(watcher.ready, watchReadyMs, timers);
  for (const target of targets) {
    if (target.paused) continue;
    const before = input.before?.get(target.name);
    const leaderError = () => (target.after === null ? null : (loops.get(target.after)?.view().error ?? null));
    const pass = passOver({
      workspace,
      target,
      folder,
      initial: input.initial,
      kill: input.kill,
      leaderError,
      canaryRound: canaryRounds.get(target.name) ?? newCanaryRound(clocks),
    });
    const onEnd = (kind: PassKind, outcome: PassOutcome): void => {
      teller.ends(target.name, kind, outcome);
      input.onPass(target.name, kind, outcome);
      followers.ended(target.name, kind, outcome);
      const entry = historyOf(target, kind, outcome, { nowMs: workspace.now(), commit: folder.latest()?.commit ?? null });
      const at = new Date(workspace.now()).toISOString();
      const asked = (outcome.result?.tests ?? []).flatMap((result) => testEntry(result, at, 'watch') ?? []);
      const learnt = learntEntry(outcome.result?.learnt ?? [], {
        target: target.name,
        vendor: target.vendor,
        at,
        training: outcome.result?.report.training ?? noTraining,
        root: config.content.root,
        modifiedMs: (file) => workspace.disk.stat(file)?.modifiedMs ?? null,
        sinceMs,
      });
      const check = outcome.result?.canary?.ended ?? null;
      const ended = check === null ? [] : [canaryEntry(target.name, check, 'watch')];
      void appendAll(workspace, [entry, learnt].filter((line) => line !== null).concat(asked, ended)).catch((error: Error) =>
        voice.complain(`history: ${error.message}`),
      );
    };
    loops.set(
      target.name,
      startLoop({
        name: target.name,
        timers,
        waits: followers.has(target),
        before:
          before?.vendor === target.vendor ? { pace: stillWanted(before.pace, config), minIntervalMs: target.minIntervalMs } : undefined,
        after: input.late?.get(target.name),
        gate: () => gate.closed(),
        pass,
        onBegin: (kind, why) => {
          followers.began(target.name);
          teller.begins(target.name, kind, why);
        },
        onEnd,
      }),
    );
    // The first one, or one that this daemon's predecessor began.
    if (target.canary) loops.get(target.name)?.canary();
  }
  const paused = new Map<string, ReturnType<Loop['hold']>>();
  const applyPauses = async (): Promise<void> => {
    const wanted = workspace.pauses();
    for (const [name, hold] of paused) {
      if (wanted.has(name)) continue;
      paused.delete(name);
      const round = canaryRounds.get(name);
      // What the bot did meanwhile says nothing of how soon it learns.
      if (round !== undefined) round.unfollowed ??= 'the target was paused meanwhile';
      void hold.then((release) => release());
      loops.get(name)?.demand('resumed');
    }
    for (const loop of loops.values()) if (wanted.has(loop.name) && !paused.has(loop.name)) paused.set(loop.name, loop.hold());
    await Promise.all(paused.values());
  };
  const leave: Engine['leave'] = async () => {
    schedule.stop();
    gate.end();
    await Promise.all([watcher.close(), puller?.end()]);
    return new Map([...loops].map(([name, loop]) => [name, loop.stop()]));
  };
  void applyPauses();
  // Every bot may have to wait for its interval: what is in the folder is worth knowing before. A failure is told by the first pass.
  if (input.before != null) void folder.get().catch(() => undefined);
  return {
    workspace,
    targets,
    loops,
    folder,
    doing: input.doing,
    pausedWhy: (target) => (target.paused || paused.has(target.name) ? workspace.pausedWhy(target) : null),
    applyPauses,
    schedule: () => schedule.next(),
    problems: () => [...(folder.latest()?.scan.problems ?? []), ...golden],
    fetch: puller === null ? null : () => puller.now(),
    source: () => puller?.view() ?? null,
    folderTrouble() {
      const scan = folder.latest()?.scan;
      return scan === undefined ? null : troubleOf(scan);
    },
    unready() {
      const dead = [...loops.values()].filter((loop) => !loop.view().alive).map((loop) => `the loop of ${loop.name} has ended`);
      const unscanned = folder.latest() === null && loops.size > paused.size;
      const why = unscanned ? gate.closed() : null;
      return [...(unscanned ? [`the folder has not been scanned yet${why === null ? '' : `, waiting for ${why}`}`] : []), ...dead];
    },
    leave,
    async stop() {
      await Promise.all((await leave()).values());
    },
  };
}

/** What is not on the schedule any more is not looked at. */
function stillWanted(pace: Pace, { schedule }: Config): Pace {
  return {
    ...pace,
    driftAt: schedule.drift === null ? null : pace.driftAt,
    verifyAt: schedule.verify === null ? null : pace.verifyAt,
  };
}

const noTraining = { pending: 0, training: 0, trained: 0, failed: 0, stuck: 0, unknown: 0 };

/**
 * The folder as one revision of it: what git changed while it was read is read again. A lock that was left behind makes it incomplete, so that
 * nothing is deleted for what a killed checkout took away.
 */
async function readQuietly(workspace: Workspace, git: GitMarks, gate: GitGate): Promise<Folder> {
  for (let reads = 1; ; reads += 1) {
    await gate.opened();
    const before = git.stamp();
    const found = await workspace.readFolder();
    const closed = gate.closed() !== null;
    if (!closed && (git.stamp() === before || reads >= mostReads)) {
      const doubt = gate.doubtful();
      return doubt === null ? found : { ...found, scan: { ...found.scan, complete: false, incompleteWhy: doubt } };
    }
  }
}

/** Before the first fetch has ended there may be nothing to read; where there is, a server that does not answer is not waited for. */
async function fetched(puller: Puller | null, timers: LoopTimers): Promise<void> {
  if (puller === null) return;
  if (puller.view().commit === null) await puller.first;
  else await within(puller.first, firstFetchMs, timers);
}

const firstFetchMs = 30_000;

const noMarks: GitMarks = { work: () => null, stamp: () => '' };

/** Of a folder that nobody but the puller changes. */
const watchNothing = (): ReturnType<typeof watchContent> => ({ ready: Promise.resolve(), close: () => Promise.resolve() });

/** A repository that is committed to all the time is read as it is. */
const mostReads = 3;

/** The marks of the repository that holds the folder, looked for each time: it may be cloned, or replaced, while this runs. */
function gitMarks(root: string): GitMarks {
  const look = <T>(of: (folder: string) => T, none: T): T => {
    const folder = gitFolderOf(root);
    return folder === null ? none : of(folder);
  };
  return { work: () => look<GitWork | null>((folder) => gitWorkIn(folder), null), stamp: () => look((folder) => gitStamp(folder), '') };
}

/** One after the other: each finds the line before it whole. */
async function appendAll({ history }: Workspace, entries: readonly HistoryEntry[]): Promise<void> {
  for (const entry of entries) await history.append(entry);
}

/** CONFIG_INVALID where a cron line is none. */
export function checkSchedule(config: Config): void {
  scheduleOf(config, { rescan() {}, training() {}, drift() {}, verify() {}, canary() {} }).stop();
}

const jobNames = ['rescan', 'training', 'drift', 'verify', 'canary'] as const;

function scheduleOf({ schedule, targets }: Config, ticks: Readonly<Record<(typeof jobNames)[number], () => void>>): Schedule {
  const isIdle = (name: (typeof jobNames)[number]) => name === 'canary' && !targets.some(({ canary }) => canary);
  const jobs = jobNames.map((name) => ({ name, line: isIdle(name) ? null : schedule[name], run: ticks[name] }));
  return startSchedule({ timezone: schedule.timezone, jobs });
}

/** Whether it came to an end in that time. */
export async function within(work: Promise<unknown>, ms: number, timers: LoopTimers): Promise<boolean> {
  let timer: unknown;
  const late = new Promise<boolean>((resolve) => {
    timer = timers.after(ms, () => resolve(false));
  });
  const inTime = await Promise.race([work.then(() => true), late]);
  timers.cancel(timer);
  return inTime;
}

const ignoredName = /[\\/](?:\.git|node_modules)(?:[\\/]|$)/;

function troubleOf(scan: {
  readonly rootMissing: boolean;
  readonly complete: boolean;
  readonly incompleteWhy: string | null;
}): string | null {
  if (scan.rootMissing) return 'the content folder is missing';
  return scan.complete ? null : `the content folder cannot be listed completely: ${scan.incompleteWhy ?? ''}`;
}

/** What is worth remembering of a pass: one that did something, or could not. */
function historyOf(
  target: TargetConfig,
  kind: PassKind,
  { result, error, durationMs }: PassOutcome,
  { nowMs, commit }: { readonly nowMs: number; readonly commit: string | null },
): HistoryEntry | null {
  const code = result?.report.error?.code ?? error?.code ?? null;
  if (kind !== 'sync' || code === 'LOCKED' || code === 'ABORTED') return null;
  const facts = { command: 'watch', startedAt: nowMs - durationMs, durationMs, commit, exitCode: null };
  if (result !== null) return result.report.results.length === 0 && code === null ? null : runEntry(result.report, facts);
  return error === null ? null : failedEntry(target, error.code, facts);
}
