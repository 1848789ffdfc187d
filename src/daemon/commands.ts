// Handed commands among the loops: a command has its targets to itself while it works there, and commands for one target take turns.

import type { Lender } from '../workspace.ts';
import type { Engine } from './engine.ts';
import { createFloors, type Place } from './floors.ts';
import type { CommandStreams, HandedCommand } from './handover.ts';

export interface CommandsInput {
  readonly engine: () => Engine;
  readonly run: (command: HandedCommand, streams: HandedStreams) => Promise<number>;
  /** Aborted when the daemon stops. */
  readonly stop: AbortSignal;
  readonly kill: AbortSignal;
  readonly onDone: () => void;
}

/** What a handed command is given beside its words. */
export interface HandedStreams extends CommandStreams {
  readonly kill: AbortSignal;
  /** Resolves when it is this command's turn at that target, and the daemon's own pass over it has come to its end. */
  readonly ready?: (target: string) => Promise<void>;
  /** The command is through with that target, well or not: others, and the loop, may go on there. */
  readonly done?: (target: string, well: boolean) => void;
  /** For a command that waits for a training there. */
  readonly lender?: (target: string) => Lender;
}

export interface Commands {
  run(command: HandedCommand, streams: CommandStreams): Promise<number>;
  /** Another engine is at work: its loops rest where commands are under way. To be called before any of them can have begun. */
  moved(): void;
  /** Resolves when no command is at work. */
  idle(): Promise<void>;
}

/** After these, what the command left is worth a cycle at once; after others the loop's own pace is. */
const wentThrough: ReadonlySet<number> = new Set([0, 3, 4, 5, 6]);

/** One command at work: its places in the lines, and the loops that rest for it. */
interface Work {
  readonly command: HandedCommand;
  readonly places: Map<string, Place>;
  holds: Map<string, Promise<() => void>>;
}

/** Runs commands in the daemon's process, each with the loops of its targets at rest. */
export function createCommands(input: CommandsInput): Commands {
  const floors = createFloors();
  const works = new Set<Work>();
  const working = new Set<Promise<number>>();

  const holdsOf = (names: Iterable<string>): Work['holds'] => {
    const { loops } = input.engine();
    return new Map(
      [...names].flatMap((name) => {
        const loop = loops.get(name);
        return loop === undefined ? [] : [[name, loop.hold()] as const];
      }),
    );
  };
  const begin = (command: HandedCommand): Work => {
    const places = new Map(namesOf(command, input.engine().loops.keys()).map((name) => [name, floors.enter(name)]));
    const work: Work = { command, places, holds: holdsOf(places.keys()) };
    works.add(work);
    return work;
  };
  const endAt = (work: Work, name: string, well: boolean): void => {
    const { command, places, holds } = work;
    if (!places.has(name)) return;
    const { folder, loops } = input.engine();
    folder.changed();
    if (well && !looksOnly(command)) loops.get(name)?.demand(`after kbsync ${command.command}`);
    else loops.get(name)?.hint('again');
    places.get(name)?.leave();
    places.delete(name);
    void holds.get(name)?.then((release) => release());
    holds.delete(name);
  };
  const runIn = async (command: HandedCommand, streams: CommandStreams): Promise<number> => {
    const stop = AbortSignal.any([streams.stop, input.stop]);
    const own = { ...streams, stop, kill: input.kill };
    if (onlyReads(command)) return input.run(command, own);
    if (command.command === 'watch') return pausing(command, own);
    const work = begin(command);
    let exitCode = 130;
    try {
      if ([...work.places.values()].some((place) => !place.isMine()) && !command.options.quiet)
        streams.stderr('waiting for another command that was handed to the daemon\n');
      const ready = (name: string): Promise<void> => readyAt(work, name, stop);
      if (command.command === 'adopt') await Promise.all([...work.places.keys()].map(ready));
      if (stop.aborted) return exitCode;
      exitCode = 1;
      const done = (name: string, well: boolean): void => endAt(work, name, well);
      exitCode = await input.run(command, { ...own, ready, done, lender: (name) => lenderAt(work, name, stop) });
      return exitCode;
    } finally {
      for (const name of [...work.places.keys()]) endAt(work, name, wentThrough.has(exitCode));
      works.delete(work);
      input.onDone();
    }
  };
  const readyAt = async (work: Work, name: string, stop: AbortSignal): Promise<void> => {
    // It is about one target, which only it can find out.
    if (work.command.command === 'todo') for (const other of [...work.places.keys()]) if (other !== name) endAt(work, other, false);
    const place = work.places.get(name);
    await Promise.race([Promise.all([place?.turn, work.holds.get(name)]), aborted(stop)]);
    // It writes nothing there: whoever comes next need not wait for its questions.
    if (work.command.command === 'verify') place?.leave();
  };
  const lenderAt = (work: Work, name: string, stop: AbortSignal): Lender => ({
    wanted: () => work.places.get(name)?.wanted() ?? new Promise(() => {}),
    leave: () => work.places.get(name)?.leave(),
    async back() {
      const place = floors.enter(name);
      work.places.set(name, place);
      await Promise.race([place.turn, aborted(stop)]);
    },
  });
  /** Needs no turn: it sends nothing, and what is under way at the target is what it is to end. */
  const pausing = async (command: HandedCommand, own: HandedStreams): Promise<number> => {
    const exitCode = await input.run(command, own);
    await Promise.race([input.engine().applyPauses(), aborted(own.stop)]);
    input.onDone();
    return exitCode;
  };
  return {
    async run(command, streams) {
      const work = runIn(command, streams);
      working.add(work);
      try {
        return await work;
      } finally {
        working.delete(work);
      }
    },
    moved() {
      for (const work of works) work.holds = holdsOf(work.places.keys());
    },
    async idle() {
      while (working.size > 0) await Promise.allSettled(working);
    },
  };
}

/** What the command may touch. All but `adopt` wait for each target on its own: a pass that hangs at one vendor keeps nobody from the others. */
function namesOf({ command, options, request }: HandedCommand, loops: Iterable<string>): readonly string[] {
  const named = command === 'adopt' ? [request['target']] : options.targets;
  return [...loops].filter((name) => named.length === 0 || named.includes(name));
}

/** The inbox as it stands needs nobody to wait. */
function onlyReads({ command, request }: HandedCommand): boolean {
  return command === 'todo' && (request['action'] ?? null) === null;
}

/** It leaves nothing behind but what it found: the loop's own pace is good enough for that. */
function looksOnly({ command, request }: HandedCommand): boolean {
  return command === 'verify' || (command === 'drift' && request['repair'] !== true && request['prune'] !== true);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
