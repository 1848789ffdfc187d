// Handed commands at one target, one of which only waits for a training there: the others are let at it, and nothing is taken back.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { handOver } from '../../src/cli/hand-over.ts';
import type { Invocation } from '../../src/cli/invocation.ts';
import { Output } from '../../src/cli/output.ts';
import type { SyncRequest } from '../../src/cli/sync.ts';
import { createSecretSet } from '../../src/config/secrets.ts';
import { type House, house, pages, version } from './house.ts';

let home: House;
beforeEach(async () => {
  home = await house({ learnMs: 1_500 });
  // The daemon itself sees no edit: what is pushed, the commands push.
  home.configure({ targets: 'site', watch: '{ settle: 10m, maxWait: 20m }' });
});
afterEach(() => home.close());

const wholeSync: SyncRequest = {
  paths: [],
  waitMs: null,
  planFile: null,
  exact: false,
  onlyFailed: false,
  limit: null,
  allowDeletes: null,
  allowUpdates: null,
  initial: false,
  trainOnly: false,
  lockWaitMs: null,
};
const retractBad = { document: 'bad.md', undo: false, ask: false, waitMs: null, lockWaitMs: null };

/** A command of a second terminal: its exit code, and what it said. */
function hand(command: 'sync' | 'retract', request: SyncRequest | typeof retractBad, stop = new AbortController().signal) {
  const said = { stdout: '', stderr: '' };
  const into = (name: 'stdout' | 'stderr') => ({
    write(text: string): void {
      said[name] += text;
    },
  });
  const [stdout, stderr] = [into('stdout'), into('stderr')];
  const secrets = createSecretSet();
  const options = { config: null, targets: [], json: true, quiet: false, verbose: false };
  const output = new Output({ stdout, stderr, json: true, quiet: false, colour: false, secrets });
  const kill = new AbortController().signal;
  const invocation: Invocation = { command, options, output, cwd: home.dir, env: {}, version, secrets, stop, kill };
  const ended = { yet: false };
  const code = handOver(invocation, command, request, { stdout, stderr }).finally(() => Object.assign(ended, { yet: true }));
  return { code, said, ended, json: () => JSON.parse(said.stdout) as { targets: { error: unknown }[] } };
}

const holds = (word: string): boolean => home.items('site').some(({ text }) => text.includes(word));

async function inStep(documents: number): Promise<void> {
  const { url } = await home.start();
  await home.until('in step', async () => {
    const { targets } = (await (await fetch(`${url}api/status`)).json()) as { targets: { inSync: boolean; counts: { trained: number } }[] };
    return targets.every(({ inSync, counts }) => inSync && counts.trained === documents);
  });
}

describe('a command that waits for a training', () => {
  it('lets a retraction at its target, which is through with it first, and then ends as it would have', async () => {
    home.write({ ...pages(3), 'bad.md': '# Bad\n\nThe moon is made of green cheese.\n' });
    await inStep(4);
    home.write({ 'slow.md': '# Slow\n\nlearnt slowly.\n' });
    const sync = hand('sync', wholeSync);
    await home.until('it waits', () => holds('learnt slowly'));
    const retract = hand('retract', retractBad);
    await home.until('the page is out', () => !holds('cheese'));
    expect(sync.ended.yet).toBe(false);
    expect([await retract.code, await sync.code]).toEqual([0, 0]);
    expect(retract.said.stderr).toContain('waiting for another command');
    expect(sync.json()).toMatchObject({ targets: [{ name: 'site', error: null, training: { state: 'trained', trained: 4 } }] });
    expect(home.items('site')).toHaveLength(4);
  });

  it('takes nothing back that another sync has pushed meanwhile', async () => {
    home.write(pages(3));
    await inStep(3);
    home.write({ 'p0.md': '# Page 0\n\nfirst.\n' });
    const first = hand('sync', wholeSync);
    await home.until('the first waits', () => holds('first.'));
    home.write({ 'p0.md': '# Page 0\n\nsecond.\n' });
    const second = hand('sync', wholeSync);
    await home.until('the second has pushed', () => holds('second.'));
    expect(first.ended.yet).toBe(false);
    expect([await first.code, await second.code]).toEqual([0, 0]);
    expect([holds('first.'), holds('second.'), home.items('site').length]).toEqual([false, true, 3]);
    const again = hand('sync', wholeSync);
    expect(await again.code).toBe(0);
    expect(again.json()).toMatchObject({
      targets: [{ counts: { create: 0, update: 0, delete: 0, unchanged: 3 }, requests: { write: 0 } }],
    });
  });

  it('ends when it is stopped while another is at work there, without touching anything', async () => {
    home.write({ ...pages(2), 'bad.md': '# Bad\n\nThe moon is made of green cheese.\n' });
    await inStep(3);
    home.write({ 'slow.md': '# Slow\n\nlearnt slowly.\n' });
    const control = new AbortController();
    const sync = hand('sync', wholeSync, control.signal);
    await home.until('it waits', () => holds('learnt slowly'));
    let deleting = false;
    home.served.setFault(({ method }) => {
      deleting ||= method === 'DELETE';
      return method === 'DELETE' ? { delayMs: 500 } : null;
    });
    const retract = hand('retract', retractBad);
    await home.until('the retraction is at it', () => deleting);
    control.abort();
    expect(await sync.code).toBe(130);
    expect(retract.ended.yet).toBe(false);
    expect(await retract.code).toBe(0);
    expect(holds('cheese')).toBe(false);
  });
});
