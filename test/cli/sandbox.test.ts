// `sandbox` with the real program: serves until a signal, what it prints can be pasted, a second one finds the first.
import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ended, type Home, home } from '../support/run-program.ts';

type Printed = { origin: string; servedBy: number; targets: Record<string, string>[] };

/** The first line that the process prints. */
function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\n')) resolve(text.split('\n')[0] ?? '');
    });
    child.on('close', () => reject(new Error('it ended without a word')));
  });
}

describe('sandbox', () => {
  let place: Home;

  beforeEach(() => {
    place = home(null);
  });

  afterEach(() => place.remove());

  it('serves bots that a pasted configuration syncs to, and ends with 0', async () => {
    const child = place.start('sandbox', '--port', '0', '--json');
    const over = ended(child);
    const printed = JSON.parse(await firstLine(child)) as Printed;
    expect(printed.servedBy).toBe(child.pid);
    const second = (await place.run('sandbox', '--json')).json<Printed>();
    expect([second.origin, second.servedBy]).toEqual([printed.origin, child.pid]);
    const targets = printed.targets.map(
      (target) =>
        `  - ${JSON.stringify({ ...target, poll: { first: '200ms', max: '1s' }, rate: { perMinute: 60_000, perHour: 1_000_000 } })}`,
    );
    place.write({ 'sync.config.yaml': `version: 1\nname: acme\ntargets:\n${targets.join('\n')}\n`, 'content/a.md': '# A\n\nzebra\n' });
    // By baseUrl these are bots like any other: those that cannot be listed are held until a person says that they are new.
    const held = (await place.run('sync', '--json')).json<{
      exitCode: number;
      targets: { vendor: string; held: { rule: string }[] | null }[];
    }>();
    expect(held.exitCode).toBe(5);
    expect(held.targets.flatMap(({ vendor, held: brakes }) => (brakes === null ? [] : [[vendor, brakes.map(({ rule }) => rule)]]))).toEqual(
      [
        ['cxgenie', ['first-contact']],
        ['replycx', ['first-contact']],
      ],
    );
    const synced = await place.run('sync', '--initial', '--json');
    expect(synced.json()).toMatchObject({
      exitCode: 0,
      targets: printed.targets.map(({ name, vendor }) => ({ name, training: { state: vendor === 'cxgenie' ? 'unknown' : 'trained' } })),
    });
    child.kill('SIGTERM');
    expect((await over).exitCode).toBe(0);
  }, 60_000);

  it('a port that is taken is a mistake in the command line', async () => {
    const taken = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => {
        const address = taken.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    const ran = await place.run('sandbox', '--port', String(port));
    taken.close();
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain(`port ${port} is in use`);
    expect((await place.run('sandbox', '--port', '70000')).exitCode).toBe(2);
  });
});

describe.skipIf(process.platform !== 'linux')('a state folder that cannot be made', () => {
  it('is told, and nothing waits for it: Node itself would try for ever', async () => {
    const stuck = home(
      'version: 1\nname: t\nstate: { dir: /proc/kbsync/state }\ntargets: [{ name: site, vendor: sitegpt, sandbox: true }]\n',
    );
    try {
      stuck.write({ 'content/a.md': '# A\n\nWords.\n' });
      for (const command of ['plan', 'sync']) {
        const ran = await stuck.run(command);
        expect(ran.exitCode).not.toBe(0);
        expect(ran.stdout + ran.stderr).toContain('/proc/kbsync/state');
      }
    } finally {
      stuck.remove();
    }
  }, 20_000);
});
