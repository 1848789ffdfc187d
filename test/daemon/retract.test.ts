// `retract` while a daemon runs: handed over, obeyed by its loops, and ended by them when the file changes.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { handOver } from '../../src/cli/hand-over.ts';
import type { Invocation } from '../../src/cli/invocation.ts';
import { Output } from '../../src/cli/output.ts';
import { state } from '../../src/cli/state.ts';
import { createSecretSet } from '../../src/config/secrets.ts';
import type { RetractJson } from '../support/retracting.ts';
import { type House, house, pages, version } from './house.ts';

let home: House;
beforeEach(async () => {
  home = await house();
});
afterEach(() => home.close());

function invocationOf(command: string) {
  const said = { stdout: '', stderr: '' };
  const into = (name: 'stdout' | 'stderr') => ({
    write(text: string): void {
      said[name] += text;
    },
  });
  const [stdout, stderr] = [into('stdout'), into('stderr')];
  const none = new AbortController().signal;
  const options = { config: null, targets: [], json: true, quiet: false, verbose: false };
  const secrets = createSecretSet();
  const output = new Output({ stdout, stderr, json: true, quiet: false, colour: false, secrets });
  const invocation: Invocation = { command, options, output, cwd: home.dir, env: {}, version, secrets, stop: none, kill: none };
  return { said, invocation, streams: { stdout, stderr } };
}

const holding = (word: string): readonly boolean[] =>
  (['support', 'site'] as const).map((target) => home.items(target).some((item) => item.text.includes(word)));
const everywhere = (word: string): boolean => !holding(word).includes(false);

it('is taken over the socket; the loops keep the document out, and bring it back when its file changes', async () => {
  home.write({ ...pages(3), 'bad.md': '# Bad\n\nThe moon is made of nothing but old green cheese.\n' });
  await home.start();
  await home.until('the first sync', () => everywhere('cheese') && everywhere('word2'));
  const { said, invocation, streams } = invocationOf('retract');
  const request = { document: 'bad.md', undo: false, ask: true, waitMs: null, lockWaitMs: null };
  expect(await handOver(invocation, 'retract', request, streams)).toBe(0);
  expect(said.stderr).toContain('handed to the daemon');
  const { targets } = JSON.parse(said.stdout) as RetractJson;
  expect(targets.map(({ name, knows, proof }) => [name, knows, proof.map(({ verdict }) => verdict)])).toEqual([
    ['support', 'no', ['clear']],
    ['site', 'no', ['clear']],
  ]);
  home.write({ 'p0.md': '# Page 0\n\nedited0.\n' });
  await home.until('an edit of another file', () => everywhere('edited0'));
  expect(holding('cheese')).toEqual([false, false]);
  home.write({ 'bad.md': '# Bad\n\nThe moon is made of rock.\n' });
  await home.until('the mended file', () => everywhere('rock'));
  const workspace = await home.open();
  await home.until('the end of the retraction', async () => Object.keys((await workspace.view('site')).state.retracted ?? {}).length === 0);
  await workspace.close();
});

it('no state is renamed under a daemon', async () => {
  home.write(pages(1));
  const daemon = await home.start();
  await home.until('the first sync', () => everywhere('word0'));
  const { invocation } = invocationOf('state');
  await expect(state(invocation, { action: 'rename', from: 'old', to: 'site' })).rejects.toMatchObject({
    code: 'LOCKED',
    next: expect.stringContaining('stop the daemon') as string,
  });
  await daemon.stop();
  await expect(state(invocation, { action: 'rename', from: 'old', to: 'site' })).rejects.toMatchObject({ code: 'USAGE' });
});
