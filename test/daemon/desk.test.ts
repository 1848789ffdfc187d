// Behind the status page: its buttons do what the commands do, in a running daemon over real HTTP; what is counted, learnt and looked up for it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { learntEntry, learntSince } from '../../src/daemon/learnt.ts';
import { resting } from '../../src/daemon/resting.ts';
import { countTraffic } from '../../src/daemon/traffic.ts';
import type { SyncEvent } from '../../src/model/event.ts';
import { emptyState } from '../../src/model/record.ts';
import { recordOf } from '../status/snapshots.ts';
import { type House, house, pages } from './house.ts';

const token = 'correct-horse-battery';
let home: House | null = null;

afterEach(async () => {
  await home?.close();
  home = null;
});

/** A browser without a browser: logs in, reads pages, presses buttons. */
async function reader(url: string) {
  const own = { 'sec-fetch-site': 'same-origin' };
  const post = (path: string, headers: Record<string, string>, form: Record<string, string>) =>
    fetch(new URL(path, url), { method: 'POST', redirect: 'manual', headers: { ...own, ...headers }, body: new URLSearchParams(form) });
  const reply = await post('/login', {}, { token });
  const cookie = /^[^;]+/.exec(reply.headers.get('set-cookie') ?? '')?.[0] ?? '';
  const read = async (path: string): Promise<string> => (await fetch(new URL(path, url), { headers: { cookie } })).text();
  const csrf = /name="csrf" value="([^"]+)"/.exec(await read('/'))?.[1] ?? '';
  return {
    read,
    press: async (action: string, form: Record<string, string> = {}) => {
      const pressed = await post(`/actions/${action}`, { cookie }, { csrf, next: '/', ...form });
      return pressed.status;
    },
  };
}

describe('the buttons of the page', () => {
  it('retry what a vendor refused for good, as sync --only-failed does', async () => {
    home = await house();
    home.configure({ daemon: `{ port: 0, token: "${token}" }` });
    home.write(pages(2));
    const daemon = await home.start();
    const page = await reader(daemon.url);
    await home.until('both in sync', async () => (await page.read('/')).includes('Every bot is in sync'));
    const refused = { kind: 'status', status: 422, body: { ok: false, error: { code: 'INVALID_CONTENT', message: 'no' } } } as const;
    home.served.setFault((request, vendor) => (vendor === 'sitegpt' && request.method !== 'GET' ? refused : null));
    home.write({ 'new.md': '# New\n\nNew words.\n' });
    await home.until('it is refused', async () => (await page.read('/documents?state=error')).includes('href="/documents/new.md"'));
    home.served.setFault(null);
    // Bytes that were refused for good are not sent again by themselves.
    await page.press('sync', { target: 'site' });
    await home.until('it was asked', async () => (await page.read('/')).includes('site: syncs as soon as nothing else is running there'));
    const story = await page.read('/documents/new.md');
    expect(story).toContain('INVALID_CONTENT');
    expect(story).toContain('value="new.md"');
    await page.press('retry-failed', { target: 'site', path: '../outside.md' });
    await home.until('a path elsewhere is refused', async () => (await page.read('/')).includes('does not lie in the content folder'));
    expect(await page.press('retry-failed', { target: 'site', path: 'new.md' })).toBe(303);
    await home.until('it is trained', async () => (await page.read('/')).includes('site: 3 of 3 at'));
    expect(home.items('site').some(({ text }) => text.includes('New words'))).toBe(true);
    expect(home.said).toContain('status page: retry what failed new.md at site');
    await home.until('the history knows', async () =>
      (await page.read('/documents/new.md')).includes('refused for good before, once more'),
    );
    home.write({ 'later.md': '# Later\n\nSaved while it watches.\n' });
    await home.until('its seconds are drawn', async () => (await page.read('/history?days=1')).match(/seconds-site-title/) !== null);
  });

  it('approve what a brake holds, and say of a second press that there is nothing left', async () => {
    home = await house();
    home.configure({ daemon: `{ port: 0, token: "${token}" }`, targets: 'site' });
    home.write(pages(30));
    const daemon = await home.start();
    const page = await reader(daemon.url);
    await home.until('in sync', async () => (await page.read('/')).includes('Every bot is in sync'));
    home.write(Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`p${n}.md`, null])));
    await home.until('it is held', async () => (await page.read('/todo')).includes('Approve H1 and sync'));
    expect(await page.read('/todo')).toContain('the 20 documents');
    await page.press('todo-approve', { target: 'site', id: 'H1' });
    await home.until('they are gone', () => home?.items('site').length === 10);
    await home.until('nothing waits', async () => (await page.read('/todo')).includes('Nothing waits for a person'));
    await page.press('todo-approve', { target: 'site', id: 'H1' });
    await home.until('the second press is told', async () => (await page.read('/')).includes('there is no H1'));
    await page.press('todo-done', { target: 'site' });
    await home.until('it is told what is missing', async () => (await page.read('/')).includes('which one?'));
  });

  it('pause one bot and resume it, and are the same desk where a reload has moved the page', async () => {
    home = await house();
    const daemonAt = (port: number) => `{ port: ${port}, token: "${token}" }`;
    home.configure({ daemon: daemonAt(0) });
    home.write(pages(1));
    const daemon = await home.start();
    const page = await reader(daemon.url);
    await home.until('both in sync', async () => (await page.read('/')).includes('Every bot is in sync'));
    expect(await page.press('pause', { target: 'site' })).toBe(303);
    const paused = await page.read('/');
    expect(paused).toContain('site: paused; what is under way there is finished first');
    expect(paused).toMatch(/paused since [^<]* UTC \(kbsync watch resume site\)/);
    expect(paused).toContain('in sync, paused</span>');
    expect(paused.match(/action="\/actions\/resume"/g)).toHaveLength(1);
    expect(paused.match(/action="\/actions\/pause"/g)).toHaveLength(1);
    expect(await page.read('/metrics')).toContain('kbsync_target_paused{target="site"} 1');
    home.write({ 'new.md': '# New\n\nNew words.\n' });
    await home.until('the other has it', async () => (await page.read('/')).includes('support: 2 of 2 at'));
    expect(home.items('site')).toHaveLength(1);
    expect(await page.press('resume', { target: 'site' })).toBe(303);
    await home.until('it catches up', async () => (await page.read('/')).includes('site: 2 of 2 at'));
    const before = daemon.url;
    // Any other: 0 would be the same setting.
    const free = await new Promise<number>((resolve) => {
      const probe = createServer().listen(0, '127.0.0.1', () => {
        const { port } = probe.address() as AddressInfo;
        probe.close(() => resolve(port));
      });
    });
    home.configure({ daemon: daemonAt(free), targets: 'site' });
    await daemon.reload();
    expect(daemon.url).not.toBe(before);
    const moved = await (await reader(daemon.url)).read('/');
    expect(moved).toContain('pause at site</bdi></strong>: <span class="good">done');
    expect(moved).toContain('site: 2 of 2 at');
  });

  it('look for gaps when asked, and not before', async () => {
    home = await house();
    home.configure({ daemon: `{ port: 0, token: "${token}" }` });
    home.write(pages(1));
    const daemon = await home.start();
    const page = await reader(daemon.url);
    expect(await page.read('/gaps')).not.toContain('Looked');
    await page.press('gaps', { days: '1' });
    await home.until('somebody has looked', async () => (await page.read('/gaps')).includes('at the last 24 hours'));
  });
});

describe('what is learnt', () => {
  const modified = (ms: number | null) => () => ms;
  const facts = {
    target: 'site',
    vendor: 'sitegpt',
    at: '2026-11-21T10:00:10.000Z',
    training: { pending: 0, training: 1, trained: 4, failed: 0, stuck: 0, unknown: 0 },
    root: '/content',
    sinceMs: Date.parse('2026-11-21T09:00:00.000Z'),
  };
  const one = { path: 'a.md', pushedAt: '2026-11-21T10:00:02.000Z', trainedAt: '2026-11-21T10:00:05.500Z' };

  it('is what has come to be trained since the pass began', () => {
    const trained = (trainedAt: string, training = 'trained') => recordOf({ trainedAt, training });
    const state = {
      ...emptyState('site'),
      records: {
        'old.md': trained('2026-11-21T09:00:00.000Z'),
        'new.md': trained('2026-11-21T10:00:00.000Z'),
        'bad.md': trained('2026-11-21T10:00:00.000Z', 'failed'),
      },
    };
    expect(learntSince(state, '2026-11-21T09:59:00.000Z')).toHaveLength(1);
  });

  it('takes so long from save to trained, where the save is one that was waited for', () => {
    const secondsAt = (saved: string | null) =>
      learntEntry([one], { ...facts, modifiedMs: modified(saved === null ? null : Date.parse(saved)) })?.['seconds'];
    expect(learntEntry([one], { ...facts, modifiedMs: modified(Date.parse('2026-11-21T10:00:01.000Z')) })).toEqual({
      at: facts.at,
      kind: 'learnt',
      target: 'site',
      vendor: 'sitegpt',
      learnt: 1,
      trained: 4,
      documents: 5,
      seconds: [4.5],
    });
    // Saved before the daemon watched; saved again since it was sent; gone.
    for (const saved of ['2026-11-20T00:00:00.000Z', '2026-11-21T10:00:03.000Z', null]) expect(secondsAt(saved)).toEqual([]);
    expect(learntEntry([], { ...facts, modifiedMs: modified(null) })).toBeNull();
  });
});

describe('what is counted and rested', () => {
  it('counts requests and refusals by the hour', () => {
    const counter = countTraffic('2026-11-21T10:00:00.000Z');
    const request = (at: string, status: number | null): SyncEvent =>
      ({ kind: 'request', target: 'site', at, intent: 'read', method: 'GET', path: '/', status, durationMs: 1, attempt: 1 }) as const;
    for (const status of [200, 429, 500, null]) counter.take(request('2026-11-21T10:59:59.000Z', status));
    counter.take(request('2026-11-21T11:00:00.000Z', 200));
    counter.take({ kind: 'note', target: 'site', at: '2026-11-21T11:00:00.000Z', message: 'x' });
    expect(counter.read().targets).toEqual({
      site: [
        { hour: '2026-11-21T10:00:00.000Z', requests: 4, refused: 2, unanswered: 1 },
        { hour: '2026-11-21T11:00:00.000Z', requests: 1, refused: 0, unanswered: 0 },
      ],
    });
  });

  it('looks again only after twenty times as long as looking took, and once for all who ask meanwhile', async () => {
    let now = 0;
    let looks = 0;
    const look = resting(
      async (key: string) => {
        looks += 1;
        now += 10;
        return `${key}${looks}`;
      },
      () => now,
    );
    expect(await Promise.all([look('a'), look('a')])).toEqual(['a1', 'a1']);
    now += 199;
    expect(await look('a')).toBe('a1');
    now += 1;
    expect(await look('a')).toBe('a2');
    expect(await look('b')).toBe('b3');
  });
});
