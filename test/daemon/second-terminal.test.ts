// An incident while the daemon runs: the real program in a second terminal, handing its work to a daemon over the socket.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageVersion } from '../../src/cli/invocation.ts';
import { ended, type Ran } from '../support/run-program.ts';
import { type House, house, pages } from './house.ts';

const program = process.env['KBSYNC_PROGRAM'] ?? fileURLToPath(new URL('../../dist/main.js', import.meta.url));

let home: House;
beforeEach(async () => {
  home = await house();
  home.configure({ targets: 'site' });
});
afterEach(() => home.close());

/** The second terminal. */
function kbsync(...words: readonly string[]): Promise<Ran> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: home.dir, NO_COLOR: '1' };
  return ended(spawn(process.execPath, [program, ...words], { cwd: home.dir, env, stdio: ['ignore', 'pipe', 'pipe'] }));
}

/** Only a program of the same version hands its work over. */
async function daemon(): Promise<void> {
  const { url } = await home.start({ version: packageVersion() });
  await home.until('in sync', async () => {
    const { targets } = (await (await fetch(`${url}api/status`)).json()) as { targets: { inSync: boolean; doing: string }[] };
    return targets.every(({ inSync, doing }) => inSync && doing === 'watching');
  });
}

const holds = (word: string): boolean => home.items('site').some(({ text }) => text.includes(word));

describe('a second terminal, while the daemon runs', () => {
  it('has a page taken out, and it stays out', async () => {
    home.write({ ...pages(2), 'bad.md': '# Bad\n\nThe moon is made of green cheese.\n' });
    await daemon();
    const retract = await kbsync('retract', 'bad.md', '--no-ask', '--json');
    expect(retract.stderr).toContain('handed to the daemon');
    expect(retract.exitCode).toBe(0);
    expect(holds('cheese')).toBe(false);
    home.write({ 'p0.md': '# Page 0\n\nchanged.\n' });
    await home.until('the next edit is pushed', () => holds('changed.'));
    expect(holds('cheese')).toBe(false);
  });

  it('has a held run approved, and it is carried out', async () => {
    home.write(pages(12));
    await daemon();
    for (let n = 0; n < 8; n += 1) rmSync(join(home.dir, 'content', `p${n}.md`));
    await home.until('held', () => home.said.some((line) => line.startsWith('! site: held H')));
    expect(home.items('site')).toHaveLength(12);
    const inbox = (await kbsync('todo', '--json')).json<{ items: { id: string }[] }>();
    const approved = await kbsync('todo', 'approve', inbox.items[0]?.id ?? '', '--json');
    expect(approved.stderr).toContain('handed to the daemon');
    expect(approved.exitCode).toBe(0);
    expect(home.items('site')).toHaveLength(4);
  });

  it('has what failed for good tried once more, and nothing else', async () => {
    let refusing = true;
    home.served.setFault((request) =>
      refusing && request.method === 'POST' ? { kind: 'status', status: 422, body: { message: 'no tables, please' } } : null,
    );
    home.write(pages(2));
    await home.start({ version: packageVersion() });
    await home.until('refused', () => home.said.filter((line) => line.startsWith('! site: failed: create')).length === 2);
    refusing = false;
    const plain = await kbsync('sync', '--json');
    expect(plain.json()).toMatchObject({ targets: [{ counts: { create: 0, blocked: 2 } }] });
    const ran = await kbsync('sync', '--only-failed', '--json');
    expect(ran.stderr).toContain('handed to the daemon');
    expect([ran.exitCode, ran.json()]).toMatchObject([0, { targets: [{ counts: { create: 2, failed: 0 }, training: { trained: 2 } }] }]);
  });

  it('has a target paused and resumed, with a daemon and without one', async () => {
    home.write(pages(2));
    const paused = await kbsync('watch', 'pause', 'site');
    expect([paused.exitCode, paused.stdout]).toEqual([
      0,
      expect.stringMatching(/^site: paused: nothing is sent until kbsync watch resume site/),
    ]);
    const { url } = await home.start({ version: packageVersion() });
    const alone = await kbsync('sync', '--json');
    expect([alone.exitCode, alone.stderr]).toEqual([0, expect.stringContaining('site: paused since')]);
    expect((await kbsync('status')).stdout).toContain('(kbsync watch resume site): nothing is sent');
    expect(home.items('site')).toHaveLength(0);
    expect((await fetch(`${url}readyz`)).status).toBe(200);
    expect((await kbsync('watch', 'resume', 'site', '--json')).json()).toMatchObject({
      targets: [{ name: 'site', paused: false, changed: true }],
    });
    await home.until('it is given everything', () => home.items('site').length === 2);
    expect((await kbsync('watch', 'resume', 'site')).stdout).toBe('site: was not paused\n');
    expect((await kbsync('watch', 'pause')).exitCode).toBe(2);
    expect((await kbsync('watch', 'pause', 'nobody')).exitCode).toBe(2);
    expect((await kbsync('watch', 'poise', 'site')).stderr).toContain('expected pause or resume');
  });
});
