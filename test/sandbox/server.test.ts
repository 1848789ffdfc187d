import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Claim, latestClaim, takeClaim } from '../../src/sandbox/claim.ts';
import { joinSandbox, type Sandbox, type SandboxSystem } from '../../src/sandbox/server.ts';
import { notebook } from './notebook.ts';

let dir = '';
const open: Sandbox[] = [];
let asked = 0;

/** A process of its own: only what `system` says tells them apart. */
const start = (system: Partial<SandboxSystem> = {}, settings?: { [vendor: string]: object }): Sandbox => {
  const sandbox = joinSandbox({
    dir,
    emulators: async () => {
      asked += 1;
      return [notebook];
    },
    now: () => Date.UTC(2026, 0, 1),
    random: () => 0.25,
    ...(settings === undefined ? {} : { settings }),
    system,
  });
  open.push(sandbox);
  return sandbox;
};
const note = async (sandbox: Sandbox, text: string) =>
  (await fetch(`${await sandbox.origin()}/api/notes`, { method: 'POST', body: text })).json();
const bot = { id: 'b1', secret: 's3cret' };
const claimOf = (over: Partial<Claim>): Claim => ({
  version: 1,
  id: 'dead',
  pid: 999_999,
  startedAt: '2026-01-01T00:00:00.000Z',
  port: 1,
  token: 't',
  open: true,
  ...over,
});

beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), 'kbsync-sandbox-')), 'sandbox');
  asked = 0;
});
afterEach(async () => {
  for (const sandbox of open.splice(0)) await sandbox.close();
  rmSync(join(dir, '..'), { recursive: true });
});

describe('joinSandbox', () => {
  it('opens nothing before the first question, then serves, and keeps serving from the same place', async () => {
    const sandbox = start();
    expect([asked, existsSync(dir)]).toEqual([0, false]);
    const origin = await sandbox.origin();
    expect(await sandbox.origin()).toBe(origin);
    expect(asked).toBe(1);
    expect(await (await fetch(`${origin}/api/notes`)).json()).toEqual({ greeting: 'hello', notes: [] });
  });

  it('lets a second process meet the same bots, through the first', async () => {
    const [first, second] = [start(), start()];
    const origin = await first.origin();
    await first.provision('notebook', bot);
    expect(await second.origin()).toBe(origin);
    await note(second, 'from the second');
    expect(await second.plant('notebook', 'b1', { name: 'n', text: 'by hand' })).toBe('planted-0.25');
    const items = [
      { remoteId: '0', name: null, text: 'from the second', answeredFrom: null },
      { remoteId: 'planted-0.25', name: null, text: 'by hand', answeredFrom: null },
    ];
    expect(await second.inspect('notebook', 'b1')).toEqual(items);
    expect(await first.inspect('notebook', 'b1')).toEqual(items);
    expect(asked).toBe(1);
    await expect(second.inspect('none', 'b1')).rejects.toThrow(/there is no emulator for the vendor none/);
  });

  it('is taken over by the next who asks once its process has closed, with everything it held', async () => {
    const [first, second] = [start(), start()];
    const before = await first.origin();
    await second.provision('notebook', bot);
    await note(second, 'kept');
    await first.close();
    const after = await second.origin();
    expect(after).not.toBe(before);
    expect(await second.inspect('notebook', 'b1')).toEqual([{ remoteId: '0', name: null, text: 'kept', answeredFrom: null }]);
    await second.close();
    expect(await start().inspect('notebook', 'b1')).toHaveLength(1);
    await expect(second.origin()).rejects.toThrow(/after it was closed/);
  });

  it('gives the serving to exactly one of many that start at once', async () => {
    const all = Array.from({ length: 6 }, () => start());
    const origins = await Promise.all(all.map((sandbox) => sandbox.origin()));
    expect(new Set(origins).size).toBe(1);
    await Promise.all(all.map((sandbox, index) => note(sandbox, `note ${index}`)));
    const served = (await (await fetch(`${origins[0]}/api/notes`)).json()) as { notes: string[] };
    expect(served.notes).toHaveLength(6);
    expect(readdirSync(dir).filter((name) => name.startsWith('server.'))).toHaveLength(1);
  });

  it('gives a dead process’s serving to exactly one of many that find it', async () => {
    takeClaim(dir, 7, claimOf({}));
    const all = Array.from({ length: 5 }, () => start({ isAlive: (pid) => pid !== 999_999 }));
    expect(new Set(await Promise.all(all.map((sandbox) => sandbox.origin()))).size).toBe(1);
    expect(readdirSync(dir).filter((name) => name.startsWith('server.'))).toEqual(['server.8.json']);
  });

  it('takes over where a stranger has got the port', async () => {
    const stranger = createServer((_request, response) => void response.end('{"id":"somebody else"}'));
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const { port } = stranger.address() as AddressInfo;
    takeClaim(dir, 1, claimOf({ port, pid: process.pid }));
    expect(await start().origin()).not.toBe(`http://127.0.0.1:${port}`);
    stranger.close();
  });

  it('waits for a process that is closing, but not for ever', async () => {
    let time = 0;
    takeClaim(dir, 1, claimOf({ pid: process.pid }));
    const sleeps: number[] = [];
    const sandbox = start({
      monotonic: () => time,
      sleep: async (ms) => {
        sleeps.push(ms);
        time += 500;
      },
    });
    await sandbox.origin();
    expect(sleeps).toHaveLength(8);
    expect(latestClaim(dir)?.number).toBe(2);
  });

  it('takes over from a claim that cannot be read', async () => {
    let time = 0;
    takeClaim(dir, 1, claimOf({}));
    writeFileSync(join(dir, 'server.1.json'), '{"version":1,"id"');
    const sleep = async () => {
      time += 500;
    };
    await start({ monotonic: () => time, sleep }).origin();
    expect(latestClaim(dir)?.number).toBe(2);
  });

  it('keeps its token to the owner of the file, and its own paths to who has the token', async () => {
    const sandbox = start();
    const origin = await sandbox.origin();
    const file = join(dir, 'server.1.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { token, id } = JSON.parse(readFileSync(file, 'utf8')) as Claim;
    const call = (headers: { [name: string]: string }) =>
      fetch(`${origin}/__sandbox/call`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ action: 'provision', vendor: 'notebook', bot }),
      });
    expect([
      (await call({})).status,
      (await call({ 'x-sandbox-token': `${token}x` })).status,
      (await call({ 'x-sandbox-token': token })).status,
    ]).toEqual([403, 403, 200]);
    expect(await (await fetch(`${origin}/__sandbox/ping`)).json()).toEqual({ id });
    await sandbox.close();
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ open: false, token: '' });
  });

  it('passes a vendor’s settings on', async () => {
    const sandbox = start({}, { notebook: { greeting: 'moin' } });
    expect(await (await fetch(`${await sandbox.origin()}/api/notes`)).json()).toMatchObject({ greeting: 'moin' });
  });
});

describe('claims', () => {
  it('are never taken under a number that has been passed', () => {
    expect(takeClaim(dir, 2, claimOf({ id: 'live' }))).toBe(true);
    expect(takeClaim(dir, 1, claimOf({ id: 'slow' }))).toBe(false);
    expect(takeClaim(dir, 2, claimOf({ id: 'second' }))).toBe(false);
    expect(readdirSync(dir)).toEqual(['server.2.json']);
    expect(latestClaim(dir)?.claim?.id).toBe('live');
  });
});
