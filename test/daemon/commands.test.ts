// Handed commands and loops: targets at rest while a command has them, turns, and what comes after.
import { describe, expect, it } from 'vitest';
import { createCommands } from '../../src/daemon/commands.ts';
import type { Engine } from '../../src/daemon/engine.ts';
import type { HandedCommand } from '../../src/daemon/handover.ts';

function bench(resting: Readonly<Record<string, Promise<void>>> = {}) {
  const readied: string[] = [];
  const log: string[] = [];
  const ends: ((code: number) => void)[] = [];
  const loop = (name: string) => ({
    name,
    hold: async () => {
      log.push(`hold ${name}`);
      await resting[name];
      return () => void log.push(`release ${name}`);
    },
    demand: () => void log.push(`demand ${name}`),
    hint: () => void log.push(`hint ${name}`),
  });
  const engine = {
    loops: new Map(['support', 'site'].map((name) => [name, loop(name)])),
    folder: { changed: () => void log.push('changed') },
  } as unknown as Engine;
  const stop = new AbortController();
  const commands = createCommands({
    engine: () => engine,
    run: (command, { ready }) => {
      for (const name of ['support', 'site']) void ready?.(name).then(() => readied.push(name));
      log.push(`run ${command.command} ${command.options.targets.join('+') || 'all'}`);
      return new Promise((resolve) => ends.push(resolve));
    },
    stop: stop.signal,
    kill: new AbortController().signal,
    onDone: () => {},
  });
  const talk: string[] = [];
  const hand = (command: 'sync' | 'todo', targets: readonly string[], request = {}, signal = new AbortController().signal) => {
    const handed: HandedCommand = {
      command,
      request,
      options: { config: null, targets, json: false, quiet: false, verbose: false },
      cwd: '/',
      colour: false,
      columns: null,
    };
    return commands.run(handed, { stdout: () => {}, stderr: (text) => void talk.push(text), stop: signal });
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { readied, log, ends, hand, talk, settle, commands, stop };
}

describe('handed commands', () => {
  it('hold the loops of their targets only, and hand over to them afterwards', async () => {
    const { log, ends, hand, settle } = bench();
    const code = hand('sync', ['site']);
    await settle();
    expect(log).toEqual(['hold site', 'run sync site']);
    ends[0]?.(0);
    expect(await code).toBe(0);
    expect(log.slice(2)).toEqual(['changed', 'demand site', 'release site']);
  });

  it('wait for each target on its own: a pass that hangs at one vendor keeps nobody from the others', async () => {
    let arrives = (): void => {};
    const hanging = new Promise<void>((resolve) => {
      arrives = resolve;
    });
    const { readied, log, ends, hand, settle } = bench({ support: hanging });
    const code = hand('sync', []);
    await settle();
    expect(log).toEqual(['hold support', 'hold site', 'run sync all']);
    expect(readied).toEqual(['site']);
    arrives();
    await settle();
    expect(readied).toEqual(['site', 'support']);
    ends[0]?.(0);
    expect(await code).toBe(0);
    await settle();
    expect(log.filter((line) => line.startsWith('release'))).toEqual(['release support', 'release site']);
  });

  it('take turns for one target, and go side by side for two', async () => {
    const { log, ends, hand, talk, settle } = bench();
    const first = hand('sync', ['site']);
    const second = hand('todo', [], { action: 'done', id: 'T1' });
    const other = hand('sync', ['support']);
    await settle();
    expect(log.filter((line) => line.startsWith('run'))).toEqual(['run sync site']);
    expect(talk).toContain('waiting for another command that was handed to the daemon\n');
    ends[0]?.(0);
    await first;
    await settle();
    expect(log.filter((line) => line.startsWith('run'))).toEqual(['run sync site', 'run todo all']);
    ends[1]?.(0);
    await second;
    await settle();
    ends[2]?.(0);
    expect(await other).toBe(0);
  });

  it('let the inbox be read while a command is at work', async () => {
    const { log, ends, hand, settle } = bench();
    const first = hand('sync', []);
    await settle();
    const list = hand('todo', [], { action: null });
    await settle();
    expect(log.at(-1)).toBe('run todo all');
    ends.at(-1)?.(0);
    expect(await list).toBe(0);
    ends[0]?.(0);
    await first;
  });

  it('leave a target that refused its credentials to its own pace', async () => {
    const { log, ends, hand, settle } = bench();
    const code = hand('sync', ['site']);
    await settle();
    ends[0]?.(8);
    expect(await code).toBe(8);
    expect(log).toContain('hint site');
    expect(log).not.toContain('demand site');
  });

  it('give up waiting when they are stopped, without running, and without letting a third pass the first', async () => {
    const { log, ends, hand, settle, commands } = bench();
    const control = new AbortController();
    const first = hand('sync', ['site']);
    const second = hand('sync', ['site'], {}, control.signal);
    const third = hand('sync', ['site']);
    await settle();
    control.abort();
    expect(await second).toBe(130);
    await settle();
    expect(log.filter((line) => line.startsWith('run'))).toHaveLength(1);
    ends[0]?.(0);
    await first;
    await settle();
    expect(log.filter((line) => line.startsWith('run'))).toHaveLength(2);
    ends[1]?.(0);
    await third;
    await commands.idle();
  });
});
