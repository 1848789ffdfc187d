// A workspace at work: its loops, the watcher and the cron lines that hint at them. What is swapped when the configuration is read again.
import { sep } from 'node:path';
import { watchContent } from '../content/watch.ts';
import { canaryEntry } from '../cycle/canary-entry.ts';
import { failedEntry, runEntry } from '../cycle/run-entry.ts';
import { testEntry } from '../cycle/test-entry.ts';
import type { Config, TargetConfig } from '../model/config.ts';
import type { ContentProblem } from '../model/document.ts';
import type { HistoryEntry } from '../state/history.ts';
import type { Workspace } from '../workspace.ts';
import { followersOf } from './followers.ts';
import { learntEntry } from './learnt.ts';
import { type Loop, type LoopTimers, type PassOutcome, startLoop } from './loop.ts';
import type { PassKind } from './pace.ts';
import { passOver } from './pass.ts';
import { type Schedule, startSchedule } from './schedule.ts';
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
  /** After each scan: why nothing may be deleted; null where the folder is whole. */
  readonly onFolder?: (trouble: string | null) => void;
  /** After each pass, when the state may have changed. */
  readonly onPass: (target: string, kind: PassKind, outcome: PassOutcome) => void;
}

export interface Engine {
  readonly workspace: Workspace;
  readonly targets: readonly TargetConfig[];
  /** Of every target that is not paused. */
  readonly loops: ReadonlyMap<string, Loop>;
  readonly folder: SharedFolder;
  doing(target: string): string | null;
  schedule(): ReturnType<Schedule['next']>;
  /** What is wrong in the folder, as of the last scan; with the files of golden questions where they are asked on a schedule. */
  problems(): readonly ContentProblem[];
  /** Why nothing may be deleted, as of the last scan; null where the folder is whole. */
  folderTrouble(): string | null;
  /** What keeps it from being ready; [] when it is. */
  unready(): readonly string[];
  /** Watcher and cron end, passes under way come to their end; the workspace stays open. */
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
  let golden: readonly ContentProblem[] = [];
  const canaryRounds = new Map(
    targets.flatMap(({ name, canary }) => (canary ? [[name, { due: false }] as [string, { due: boolean }]] : [])),
  );
  const folder = shareFolder(async () => {
    const found = await workspace.readFolder();
    golden = config.schedule.verify === null ? [] : ((await found.scan.golden?.())?.problems ?? []);
    teller.folder([...found.scan.problems, ...golden], troubleOf(found.scan));
    input.onFolder?.(troubleOf(found.scan));
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
  const watcher = watchContent({
    root: config.content.root,
    ignored: (path) => path === config.stateDir || path.startsWith(`${config.stateDir}${sep}`) || ignoredName.test(path),
    polling: config.watch.polling,
    settleMs: config.watch.settleMs,
    maxWaitMs: config.watch.maxWaitMs,
    onChange: changed,
    onError: (error) => voice.complain(`watch: ${error.message}`),
  });
  await within(watcher.ready, watchReadyMs, timers);
  for (const target of targets) {
    if (target.paused) continue;
    const leaderError = () => (target.after === null ? null : (loops.get(target.after)?.view().error ?? null));
    const pass = passOver({
      workspace,
      target,
      folder,
      initial: input.initial,
      kill: input.kill,
      leaderError,
      canaryRound: canaryRounds.get(target.name) ?? { due: false },
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
  return {
    workspace,
    targets,
    loops,
    folder,
    doing: input.doing,
    schedule: () => schedule.next(),
    problems: () => [...(folder.latest()?.scan.problems ?? []), ...golden],
    folderTrouble() {
      const scan = folder.latest()?.scan;
      return scan === undefined ? null : troubleOf(scan);
    },
    unready() {
      const dead = [...loops.values()].filter((loop) => !loop.view().alive).map((loop) => `the loop of ${loop.name} has ended`);
      return [...(folder.latest() === null && loops.size > 0 ? ['the folder has not been scanned yet'] : []), ...dead];
    },
    async stop() {
      schedule.stop();
      await watcher.close();
      await Promise.all([...loops.values()].map((loop) => loop.stop()));
    },
  };
}

const noTraining = { pending: 0, training: 0, trained: 0, failed: 0, stuck: 0, unknown: 0 };

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
