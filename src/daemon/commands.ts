// Handed commands among the loops: a command has its targets to itself while it runs, and two commands for one target take turns.

import type { Engine } from './engine.ts';
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
  /** Resolves when the daemon's own pass over that target has come to its end. */
  readonly ready?: (target: string) => Promise<void>;
}

export interface Commands {
  run(command: HandedCommand, streams: CommandStreams): Promise<number>;
  /** Resolves when no command is at work. */
  idle(): Promise<void>;
}

/** After these, what the command left is worth a cycle at once; after others the loop's own pace is. */
const wentThrough: ReadonlySet<number> = new Set([0, 3, 4, 5, 6]);

/** Runs commands in the daemon's process, each with the loops of its targets at rest. */
export function createCommands(input: CommandsInput): Commands {
  const turns = new Map<string, Promise<void>>();
  const working = new Set<Promise<number>>();

  const runIn = async (command: HandedCommand, streams: CommandStreams): Promise<number> => {
    const stop = AbortSignal.any([streams.stop, input.stop]);
    const own = { ...streams, stop, kill: input.kill };
    if (onlyReads(command)) return input.run(command, own);
    const engine = input.engine();
    const loops = [...engine.loops.values()].filter(
      ({ name }) => command.options.targets.length === 0 || command.options.targets.includes(name),
    );
    const done = takeTurn(
      turns,
      loops.map(({ name }) => name),
    );
    try {
      if (done.waits && !command.options.quiet) streams.stderr('waiting for another command that was handed to the daemon\n');
      await Promise.race([done.turn, aborted(stop)]);
      if (stop.aborted) return 130;
      const holds = new Map(loops.map((loop) => [loop.name, loop.hold()]));
      let exitCode = 1;
      try {
        if (!waitsByItself.has(command.command)) await Promise.all(holds.values());
        exitCode = await input.run(command, { ...own, ready: (target) => atRest(holds.get(target), stop) });
        return exitCode;
      } finally {
        engine.folder.changed();
        for (const loop of loops) {
          if (wentThrough.has(exitCode) && !looksOnly(command)) loop.demand(`after kbsync ${command.command}`);
          else loop.hint('again');
        }
        for (const hold of holds.values()) void hold.then((release) => release());
      }
    } finally {
      done.end();
      input.onDone();
    }
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
    async idle() {
      while (working.size > 0) await Promise.allSettled(working);
    },
  };
}

/** These wait for each target on its own: a pass that hangs at one vendor must not keep the command from the others. */
const waitsByItself: ReadonlySet<string> = new Set(['sync', 'todo', 'verify']);

async function atRest(hold: Promise<unknown> | undefined, stop: AbortSignal): Promise<void> {
  await Promise.race([hold, aborted(stop)]);
}

/** The inbox as it stands needs nobody to wait. */
function onlyReads({ command, request }: HandedCommand): boolean {
  return command === 'todo' && (request['action'] ?? null) === null;
}

/** It leaves nothing behind but what it found: the loop's own pace is good enough for that. */
function looksOnly({ command, request }: HandedCommand): boolean {
  return command === 'verify' || (command === 'drift' && request['repair'] !== true && request['prune'] !== true);
}

function takeTurn(
  turns: Map<string, Promise<void>>,
  names: readonly string[],
): { readonly turn: Promise<unknown>; readonly waits: boolean; end(): void } {
  const before = names.flatMap((name) => turns.get(name) ?? []);
  let end = (): void => {};
  const mine = new Promise<void>((resolve) => {
    end = resolve;
  });
  for (const name of names) turns.set(name, mine);
  return {
    turn: Promise.all(before),
    waits: before.length > 0,
    end() {
      for (const name of names) if (turns.get(name) === mine) turns.delete(name);
      // Whoever waits for this one waits for those before it, too, where it gave up waiting.
      void Promise.all(before).then(end);
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
