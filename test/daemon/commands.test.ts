// Handed commands and loops: targets at rest while a command has them, turns, lending while a training is waited for, and what comes after.
import { describe, expect, it } from 'vitest';
import { createCommands, type HandedStreams } from '../../src/daemon/commands.ts';
import type { Engine } from '../../src/daemon/engine.ts';
import type { HandedCommand } from '../../src/daemon/handover.ts';

type Name = HandedCommand['command'];

/** One command as the bench runs it: at each target it waits for its turn, and is there until the test says so. */
interface Run {
  readonly words: string;
  readonly streams: HandedStreams;
  end(code: number): void;
}

function bench(resting: Readonly<Record<string, Promise<void>>> = {}) {
  const log: string[] = [];
  const runs: Run[] = [];
  const engineOf = (prefix: string) => {
    const loop = (name: string) => ({
      name,
      hold: async () => {
        log.push(`${prefix}hold ${name}`);
        await resting[name];
        return () => void log.push(`${prefix}release ${name}`);
      },
      demand: () => void log.push(`${prefix}demand ${name}`),
      hint: () => void log.push(`${prefix}hint ${name}`),
    });
    return {
      loops: new Map(['support', 'site'].map((name) => [name, loop(name)])),
      folder: { changed: () => {} },
      applyPauses: async () => void log.push('pauses'),
    } as unknown as Engine;
  };
  const current = { engine: engineOf('') };
  const stop = new AbortController();
  const commands = createCommands({
    engine: () => current.engine,
    run: (command, streams) => {
      const words = `${command.command} ${command.options.targets.join('+') || 'all'}`;
      log.push(`run ${words}`);
      return new Promise((resolve) => runs.push({ words, streams, end: resolve }));
    },
    stop: stop.signal,
    kill: new AbortController().signal,
    onDone: () => {},
  });
  const talk: string[] = [];
  const hand = (command: Name, targets: readonly string[] = [], request = {}, signal = new AbortController().signal) => {
    const options = { config: null, targets, json: false, quiet: false, verbose: false };
    const handed: HandedCommand = { command, request, options, cwd: '/', colour: false, columns: null };
    return commands.run(handed, { stdout: () => {}, stderr: (text) => void talk.push(text), stop: signal });
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const runOf = (at: number): Run => {
    const run = runs[at];
    if (run === undefined) throw new Error(`command ${at} has not begun`);
    return run;
  };
  /** Has that command go to a target; `at` says when its turn there has come. */
  const go = (at: number, name: string) => {
    const there = { is: false };
    void runOf(at)
      .streams.ready?.(name)
      .then(() => {
        there.is = true;
      });
    return there;
  };
  return { log, runOf, go, hand, talk, settle, commands, stop, swap: () => Object.assign(current, { engine: engineOf('new ') }) };
}

describe('handed commands', () => {
  it('hold the loops of their targets only, and hand over to them afterwards', async () => {
    const { log, runOf, hand, settle } = bench();
    const code = hand('sync', ['site']);
    await settle();
    expect(log).toEqual(['hold site', 'run sync site']);
    runOf(0).end(0);
    expect(await code).toBe(0);
    expect(log.slice(2)).toEqual(['demand site', 'release site']);
  });

  it('wait for each target on its own: a pass that hangs at one vendor keeps nobody from the others', async () => {
    let arrives = (): void => {};
    const hanging = new Promise<void>((resolve) => {
      arrives = resolve;
    });
    for (const name of ['sync', 'retract', 'drift'] as const) {
      const { go, log, runOf, hand, settle } = bench({ support: hanging });
      const code = hand(name);
      await settle();
      expect(log).toEqual(['hold support', 'hold site', `run ${name} all`]);
      const [support, site] = [go(0, 'support'), go(0, 'site')];
      await settle();
      expect([support.is, site.is]).toEqual([false, true]);
      if (name === 'drift') arrives();
      runOf(0).end(0);
      expect(await code).toBe(0);
    }
  });

  it('hold everything they need from the start where they cannot wait by themselves', async () => {
    const { hand, log, runOf, settle } = bench();
    const first = hand('sync', ['site']);
    await settle();
    const adopt = hand('adopt', [], { target: 'site' });
    await settle();
    expect(log.filter((line) => line.startsWith('run'))).toEqual(['run sync site']);
    expect(log).not.toContain('hold support');
    runOf(0).end(0);
    await first;
    await settle();
    expect(log.filter((line) => line.startsWith('run'))).toEqual(['run sync site', 'run adopt all']);
    runOf(1).end(0);
    await adopt;
  });

  it('take turns for one target, in their order, and go side by side for two', async () => {
    const { go, runOf, hand, talk, settle } = bench();
    const codes = [hand('sync', ['site']), hand('retract'), hand('sync', ['support'])];
    await settle();
    const places = [go(0, 'site'), go(1, 'site'), go(1, 'support'), go(2, 'support')];
    await settle();
    expect(places.map(({ is }) => is)).toEqual([true, false, true, false]);
    expect(talk).toEqual(Array(2).fill('waiting for another command that was handed to the daemon\n'));
    runOf(0).end(0);
    await settle();
    expect(places.map(({ is }) => is)).toEqual([true, true, true, false]);
    runOf(1).end(0);
    await settle();
    expect(places.map(({ is }) => is)).toEqual([true, true, true, true]);
    runOf(2).end(0);
    expect(await Promise.all(codes)).toEqual([0, 0, 0]);
  });

  it('lend a target while they only wait for a training there, to one after the other, and come back when it is their turn', async () => {
    const { go, runOf, hand, settle } = bench();
    const codes = [hand('sync', ['site'])];
    await settle();
    go(0, 'site');
    await settle();
    const lender = runOf(0).streams.lender?.('site');
    if (lender === undefined) throw new Error('a handed command can lend');
    const wanted = { is: false };
    void lender.wanted().then(() => Object.assign(wanted, { is: true }));
    await settle();
    expect(wanted.is).toBe(false);
    codes.push(hand('retract', ['site']), hand('sync', ['site']));
    await settle();
    const [second, third] = [go(1, 'site'), go(2, 'site')];
    await settle();
    expect([wanted.is, second.is, third.is]).toEqual([true, false, false]);
    lender.leave();
    const back = { is: false };
    void lender.back().then(() => Object.assign(back, { is: true }));
    await settle();
    // Never two at once.
    expect([second.is, third.is, back.is]).toEqual([true, false, false]);
    runOf(1).streams.done?.('site', true);
    await settle();
    expect([third.is, back.is]).toEqual([true, false]);
    runOf(2).end(0);
    await settle();
    expect(back.is).toBe(true);
    for (const at of [0, 1]) runOf(at).end(0);
    expect(await Promise.all(codes)).toEqual([0, 0, 0]);
  });

  it('let loop and others go on at a target as soon as they are through with it', async () => {
    const { go, log, runOf, hand, settle } = bench();
    const first = hand('sync');
    await settle();
    runOf(0).streams.done?.('site', true);
    await settle();
    expect(log.slice(-2)).toEqual(['demand site', 'release site']);
    const second = hand('sync', ['site']);
    await settle();
    const there = go(1, 'site');
    await settle();
    expect(there.is).toBe(true);
    runOf(0).end(8);
    await first;
    expect(log).toContain('hint support');
    expect(log.filter((line) => line.endsWith('site') && line.startsWith('demand'))).toHaveLength(1);
    runOf(1).end(0);
    await second;
  });

  it('keep nothing but the one target that a decision of the inbox is about', async () => {
    const { go, log, runOf, hand, settle } = bench();
    const first = hand('todo', [], { action: 'approve', id: 'H1' });
    await settle();
    go(0, 'site');
    await settle();
    expect(log).toContain('release support');
    const second = hand('sync', ['support']);
    await settle();
    const there = go(1, 'support');
    await settle();
    expect(there.is).toBe(true);
    for (const at of [0, 1]) runOf(at).end(0);
    await Promise.all([first, second]);
  });

  it('let nobody wait for questions: who asks them writes nothing there', async () => {
    const { go, runOf, hand, settle } = bench();
    const asking = hand('verify');
    await settle();
    go(0, 'site');
    const retract = hand('retract', ['site']);
    await settle();
    const there = go(1, 'site');
    await settle();
    expect(there.is).toBe(true);
    for (const at of [0, 1]) runOf(at).end(0);
    await Promise.all([asking, retract]);
  });

  it('rest the loops of another engine that takes over, until they are done', async () => {
    const { log, runOf, hand, settle, commands, swap } = bench();
    const code = hand('sync', ['site']);
    await settle();
    swap();
    commands.moved();
    expect(log.at(-1)).toBe('new hold site');
    runOf(0).end(0);
    await code;
    await settle();
    expect(log.slice(-2)).toEqual(['new demand site', 'new release site']);
  });

  it('let the inbox be read, and a target be paused, while a command is at work', async () => {
    const { log, runOf, hand, settle } = bench();
    const first = hand('sync');
    await settle();
    const list = hand('todo', [], { action: null });
    const pause = hand('watch', [], { action: 'pause', targets: ['site'] });
    await settle();
    expect(log.slice(-2)).toEqual(['run todo all', 'run watch all']);
    runOf(1).end(0);
    expect(await list).toBe(0);
    runOf(2).end(0);
    expect(await pause).toBe(0);
    expect(log.at(-1)).toBe('pauses');
    runOf(0).end(0);
    await first;
  });

  it('leave a target that refused its credentials to its own pace', async () => {
    const { log, runOf, hand, settle } = bench();
    const code = hand('sync', ['site']);
    await settle();
    runOf(0).end(8);
    expect(await code).toBe(8);
    expect(log).toContain('hint site');
    expect(log).not.toContain('demand site');
  });

  it('give up waiting when they are stopped, without letting a third pass the first', async () => {
    const { go, runOf, hand, settle, commands } = bench();
    const control = new AbortController();
    const first = hand('sync', ['site']);
    const second = hand('sync', ['site'], {}, control.signal);
    const third = hand('sync', ['site']);
    await settle();
    const places = [0, 1, 2].map((at) => go(at, 'site'));
    control.abort();
    await settle();
    // Not its turn, but told to go: the command sees that it was stopped.
    expect(places.map(({ is }) => is)).toEqual([true, true, false]);
    expect(runOf(1).streams.stop.aborted).toBe(true);
    runOf(1).end(130);
    expect(await second).toBe(130);
    await settle();
    expect(places[2]?.is).toBe(false);
    runOf(0).end(0);
    await first;
    await settle();
    expect(places[2]?.is).toBe(true);
    runOf(2).end(0);
    await third;
    await commands.idle();
  });
});
