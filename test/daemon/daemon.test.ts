// The daemon whole: real workspace, real files, watcher, socket and status server, against emulators over HTTP.
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { handOver } from '../../src/cli/hand-over.ts';
import type { Invocation } from '../../src/cli/invocation.ts';
import { Output } from '../../src/cli/output.ts';
import type { SyncRequest } from '../../src/cli/sync.ts';
import { createSecretSet } from '../../src/config/secrets.ts';
import type { Daemon } from '../../src/daemon/daemon.ts';
import { type House, house, pages, secret, version } from './house.ts';

let home: House;

beforeEach(async () => {
  home = await house();
});
afterEach(() => home.close());

interface Status {
  readonly targets: readonly {
    readonly name: string;
    readonly inSync: boolean;
    readonly counts: { readonly documents: number; readonly trained: number };
    readonly held: readonly { readonly rule: string }[] | null;
    readonly error: { readonly code: string } | null;
    readonly doing: string;
    readonly paused: boolean;
    readonly nextRun: string | null;
  }[];
}

async function statusOf(daemon: Daemon): Promise<Status> {
  return (await (await fetch(`${daemon.url}api/status`)).json()) as Status;
}

async function metricsOf(daemon: Daemon): Promise<string> {
  return (await fetch(`${daemon.url}metrics`)).text();
}

async function targetOf(daemon: Daemon, name: string): Promise<Status['targets'][number]> {
  const found = (await statusOf(daemon)).targets.find((target) => target.name === name);
  if (found === undefined) throw new Error(`no target ${name}`);
  return found;
}

/** Every bot is known to hold so many documents, all trained, and nothing is under way. */
function inSync(daemon: Daemon, documents: number): () => Promise<boolean> {
  return async () => {
    const { targets } = await statusOf(daemon);
    return targets.every(({ inSync: whole, counts, doing }) => whole && counts.trained === documents && doing === 'watching');
  };
}

function holding(word: string): readonly boolean[] {
  return (['support', 'site'] as const).map((target) => home.items(target).some((item) => item.text.includes(word)));
}
const everywhere = (word: string): boolean => !holding(word).includes(false);
const somewhere = (word: string): boolean => holding(word).includes(true);

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

function invocationOf(targets: readonly string[] = []) {
  const said = { stdout: '', stderr: '' };
  const into = (name: 'stdout' | 'stderr') => ({
    write(text: string): void {
      said[name] += text;
    },
  });
  const [stdout, stderr] = [into('stdout'), into('stderr')];
  const none = new AbortController().signal;
  const secrets = createSecretSet();
  const invocation: Invocation = {
    command: 'sync',
    options: { config: null, targets, json: true, quiet: false, verbose: false },
    output: new Output({ stdout, stderr, json: true, quiet: false, colour: false, secrets }),
    cwd: home.dir,
    env: {},
    version,
    secrets,
    stop: none,
    kill: none,
  };
  return { said, invocation, streams: { stdout, stderr } };
}

describe('daemon', () => {
  it('brings every bot in step at the start, then learns each edit, and writes nothing when it starts again', async () => {
    home.write(pages(12));
    const daemon = await home.start();
    await home.until('everything trained', inSync(daemon, 12));
    expect((await fetch(`${daemon.url}readyz`)).status).toBe(200);

    home.write({ 'p0.md': '# Page 0\n\nchanged.\n', 'new.md': '# New\n\nfresh.\n', 'p1.md': null });
    await home.until(
      'the edit is learnt',
      async () => (await inSync(daemon, 12)()) && everywhere('changed.') && everywhere('fresh.') && !somewhere('word1.'),
    );
    await daemon.stop();
    expect(existsSync(join(home.dir, 'state', 'support.lock'))).toBe(false);
    expect(existsSync(join(home.dir, 'state', 'daemon', 'daemon.lock'))).toBe(false);

    const before = home.writes('support') + home.writes('site');
    const again = await home.start();
    await home.until(
      'looked at again',
      async () =>
        (await fetch(`${again.url}readyz`)).ok &&
        (await inSync(again, 12)()) &&
        home.said.filter((line) => line.includes('12 unchanged')).length === 2,
    );
    await again.stop();
    expect(home.writes('support') + home.writes('site')).toBe(before);
  });

  it('learns in the next cycle what is edited during one, and ends up with the last of it', async () => {
    home.configure({ targets: 'site' });
    home.write(pages(3));
    let creating = 0;
    home.served.setFault((request) => {
      if (request.method !== 'POST') return null;
      creating += 1;
      return { delayMs: 300 };
    });
    const daemon = await home.start();
    await home.until('a push is under way', () => creating > 0);
    home.write({ 'p0.md': '# Page 0\n\nsecond.\n' });
    await home.until('the hint came', async () => (await targetOf(daemon, 'site')).doing.startsWith('pushing'));
    home.write({ 'p0.md': '# Page 0\n\nthird.\n' });
    home.served.setFault(null);
    await home.until(
      'the last edit is learnt',
      async () => (await inSync(daemon, 3)()) && home.items('site').some((item) => item.text.includes('third.')),
    );
    expect(home.items('site').filter((item) => item.text.includes('Page 0'))).toHaveLength(1);
  });

  it('lets one broken target back off alone, and pauses one that is refused, with one alert', async () => {
    home.configure({ key: 'sgpt_a-wrong-key-0815' });
    home.write(pages(4));
    const daemon = await home.start();
    await home.until('the other is in step', async () => (await targetOf(daemon, 'support')).inSync);
    await home.until('the alert', async () => (await targetOf(daemon, 'site')).error?.code === 'CREDENTIALS_REFUSED');
    home.write({ 'p0.md': '# Page 0\n\nchanged.\n' });
    await home.until(
      'the other learns on',
      async () => (await targetOf(daemon, 'support')).inSync && home.items('support').some((item) => item.text.includes('changed.')),
    );
    const site = await targetOf(daemon, 'site');
    expect(site.doing).toContain('once an hour');
    expect(home.said.filter((line) => line.includes('CREDENTIALS_REFUSED'))).toHaveLength(1);
    // Not unready: a vendor's trouble is a metric.
    expect((await fetch(`${daemon.url}readyz`)).status).toBe(200);
    const metrics = await (await fetch(`${daemon.url}metrics`)).text();
    expect(metrics).toContain('kbsync_failing{target="site"} 1');
    expect(metrics).toContain('kbsync_failing{target="support"} 0');
  });

  it('never deletes because the folder vanished: held, shouted, and whole again when it is back', async () => {
    home.write(pages(12));
    const daemon = await home.start();
    await home.until('everything trained', inSync(daemon, 12));
    renameSync(join(home.dir, 'content'), join(home.dir, 'elsewhere'));
    await home.until('held', async () => (await statusOf(daemon)).targets.every((target) => target.held !== null));
    await home.until('it is shouted', () =>
      ['! content: the content folder is missing', '! site: held H', '! support: held H'].every((start) =>
        home.said.some((line) => line.startsWith(start)),
      ),
    );
    expect([home.items('support').length, home.items('site').length]).toEqual([12, 12]);
    expect(await (await fetch(daemon.url)).text()).toContain('the content folder is missing');
    renameSync(join(home.dir, 'elsewhere'), join(home.dir, 'content'));
    home.write({ 'p3.md': '# Page 3\n\nback again.\n' });
    await home.until(
      'in step again',
      async () => (await inSync(daemon, 12)()) && home.items('site').some((item) => item.text.includes('back again.')),
    );
  });

  it('stops in the middle of a push: what is in flight ends, the rest is the next start’s, and nothing is there twice', async () => {
    home.configure({ targets: 'site' });
    home.write(pages(60));
    home.served.setFault(() => ({ delayMs: 20 }));
    const daemon = await home.start();
    await home.until('some are pushed', () => home.items('site').length > 5);
    await daemon.stop();
    await daemon.finished;
    const pushed = home.items('site').length;
    expect(pushed).toBeLessThan(60);
    await expect(fetch(`${daemon.url}healthz`)).rejects.toThrow();
    home.served.setFault(null);
    const again = await home.start();
    await home.until('all are there', inSync(again, 60));
    expect(home.items('site')).toHaveLength(60);
  });

  it('lists the vendors on schedule, tells what it found, and takes a drift of another process', async () => {
    home.configure({ targets: 'site', extra: 'schedule: { drift: "* * * * * *" }\n' });
    home.write(pages(3));
    const daemon = await home.start();
    await home.until('in sync', inSync(daemon, 3));
    const workspace = await home.open();
    const signals = { stop: new AbortController().signal, kill: new AbortController().signal };
    const [config] = workspace.targets(['site']);
    if (config === undefined) throw new Error('site is configured');
    await workspace.readOnly(config, signals, false, async ({ connection: { target } }) => {
      if (!('create' in target)) throw new Error('it takes items');
      const mark = target.marks.write({ workspace: 'docs', document: 'p1.md', part: '', effect: '' });
      const call = { signal: signals.kill, workspace: 'docs', container: null };
      const item = { effect: 'x', document: 'p1.md', kind: 'article', path: 'p1.md', part: '', mark, title: 'x', url: null } as const;
      await target.create([{ ...item, format: 'markdown', text: 'A second copy.', attributes: {} }], call);
    });
    await workspace.close();
    const sentence = /1 twin at the vendor/;
    await home.until('the twin is told', () => home.said.some((line) => sentence.test(line)));
    expect(home.said.filter((line) => sentence.test(line))).toHaveLength(1);
    expect(await targetOf(daemon, 'site')).toMatchObject({ inSync: false, drift: { twin: 1, missing: 0 } });
    expect(await (await fetch(`${daemon.url}metrics`)).text()).toContain('kbsync_drift_items{target="site",kind="twin"} 1');
    expect(home.events.some((event) => event.kind === 'drift' && event.found.twin === 1)).toBe(true);
    const { invocation, said, streams } = invocationOf();
    const nothing = { allowUpdates: null, allowDeletes: null, allowForeign: false, lockWaitMs: null, prune: false, yes: false };
    expect(await handOver(invocation, 'drift', { share: 0, repair: true, ...nothing }, streams)).toBe(0);
    expect(JSON.parse(said.stdout)).toMatchObject({ version: 1, command: 'drift', targets: [{ name: 'site', counts: { twin: 1 } }] });
    await home.until('in sync again', inSync(daemon, 3));
    expect(home.items('site')).toHaveLength(3);
  });

  it('drops what hangs when its time to stop is over', async () => {
    home.configure({ targets: 'site', daemon: '{ port: 0, shutdownTimeout: 1500ms }' });
    home.write(pages(3));
    let hanging = false;
    home.served.setFault(() => {
      hanging = true;
      return { delayMs: 60_000 };
    });
    const daemon = await home.start();
    await home.until('a request hangs', () => hanging);
    const began = Date.now();
    await daemon.stop();
    expect(Date.now() - began).toBeLessThan(3_000);
    expect(home.said.some((line) => line.includes('still in flight is dropped'))).toBe(true);
    home.served.setFault(null);
  });

  it('refuses a second daemon on the same state folder, naming the first, and leaves the first alone', async () => {
    const daemon = await home.start();
    await expect(home.start()).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining(`process ${process.pid}`) as string,
    });
    expect(await (await fetch(`${daemon.url}healthz`)).text()).toBe('ok');
  });

  it('leaves nothing open where it cannot start', async () => {
    const port = Number(new URL(home.served.origin).port);
    home.configure({ daemon: `{ port: ${port} }` });
    await expect(home.start()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`port ${port}`) as string,
    });
    expect(existsSync(join(home.dir, 'state', 'daemon', 'daemon.lock'))).toBe(false);
    home.configure();
    await (await home.start()).stop();
  });

  it('takes a sync over the socket, prints its JSON there, and goes on by itself', async () => {
    home.write(pages(4));
    const daemon = await home.start();
    await home.until('everything trained', inSync(daemon, 4));
    home.write({ 'more.md': '# More\n\nmore words.\n' });
    const { said, invocation, streams } = invocationOf();
    const exitCode = await handOver(invocation, 'sync', wholeSync, streams);
    expect(exitCode).toBe(0);
    expect(said.stderr).toContain(`handed to the daemon (process ${process.pid})`);
    const report = JSON.parse(said.stdout) as {
      command: string;
      targets: { name: string; training: { state: string; trained: number } }[];
    };
    expect(report).toMatchObject({
      command: 'sync',
      targets: [
        { name: 'support', training: { trained: 5 } },
        { name: 'site', training: { trained: 5 } },
      ],
    });
    expect(said.stdout.trimEnd().split('\n')).toHaveLength(1);
    await home.until('the daemon has seen it', inSync(daemon, 5));

    const todo = invocationOf();
    expect(await handOver(todo.invocation, 'todo', { action: null, words: [] }, todo.streams)).toBe(0);
    expect(JSON.parse(todo.said.stdout)).toMatchObject({ items: [] });
    await daemon.stop();
    expect(await handOver(invocationOf().invocation, 'sync', wholeSync, streams)).toBeNull();
  });

  it('syncs on POST with the token, and keeps the token and the keys off every answer', async () => {
    home.configure({ daemon: '{ port: 0, token: a-token-of-our-own }' });
    // A document with a key in it is kept from the bots, and the rest goes through.
    home.write({ 'p0.md': `# Key\n\nThe key is ${secret}.\n`, 'p1.md': '# One\n\nword1.\n' });
    const daemon = await home.start();
    await home.until('one trained', () => everywhere('word1.'));
    await home.until(
      'the other refused',
      () => home.said.filter((line) => line.includes('holds a secret of the configuration')).length >= 2,
    );
    expect(somewhere(secret)).toBe(false);
    expect((await fetch(`${daemon.url}api/sync`, { method: 'POST' })).status).toBe(401);
    const cycles = (): number => home.said.filter((line) => line.startsWith('site: syncing (asked for)')).length;
    const reply = await fetch(`${daemon.url}api/sync`, {
      method: 'POST',
      headers: { authorization: 'Bearer a-token-of-our-own' },
      body: '{"targets":["site"]}',
    });
    expect([reply.status, await reply.json()]).toEqual([202, { version: 1, command: 'sync', accepted: ['site'] }]);
    await home.until('the cycle asked for', () => cycles() === 1);
    for (const path of ['', 'metrics', 'api/status?documents=1', 'api/documents', 'readyz']) {
      const text = await (await fetch(`${daemon.url}${path}`)).text();
      expect(text).not.toContain(secret);
      expect(text).not.toContain('a-token-of-our-own');
    }
  });

  it('reads its configuration again: the new one is swapped in, a wrong one is told and changes nothing', async () => {
    home.configure({ targets: 'site' });
    home.write(pages(3));
    const daemon = await home.start();
    await home.until('trained', inSync(daemon, 3));
    writeFileSync(join(home.dir, 'sync.config.yaml'), 'version: 1\nname: docs\nnonsense: true\n');
    await daemon.reload();
    expect(home.said.at(-1)).toMatch(/^! reload: the old configuration goes on: [\s\S]*nonsense/);
    const probe = await fetch(`${daemon.url}readyz`);
    expect([probe.status, await probe.json()]).toMatchObject([
      200,
      { config: { failed: { message: expect.stringContaining('nonsense') } } },
    ]);
    expect(await (await fetch(daemon.url)).text()).toContain('a newer configuration was refused');
    expect(await metricsOf(daemon)).toContain('kbsync_config_last_reload_successful 0');
    home.configure({ targets: 'site' });
    appendFileSync(join(home.dir, 'sync.config.yaml'), 'state: { dir: ./elsewhere }\n');
    await daemon.reload();
    expect(home.said.at(-1)).toContain('state.dir has changed');
    home.write({ 'p3.md': '# Page 3\n\nword3.\n' });
    await home.until('the old one goes on', inSync(daemon, 4));
    home.configure({ targets: 'both', daemon: '{ port: 0, token: a-new-token-4711 }' });
    await daemon.reload();
    const reply = await fetch(`${daemon.url}api/sync`, { method: 'POST', headers: { authorization: 'Bearer a-new-token-4711' } });
    expect([reply.status, await reply.json()]).toEqual([202, { version: 1, command: 'sync', accepted: ['support', 'site'] }]);
    await home.until('both are in step', async () => (await statusOf(daemon)).targets.length === 2 && (await inSync(daemon, 4)()));
    expect(home.items('support')).toHaveLength(4);
    expect(home.said).toContain('reload: the new configuration is at work: support added');
    expect(await metricsOf(daemon)).toContain('kbsync_config_last_reload_successful 1');
    home.configure({ targets: 'site' });
    await daemon.reload();
    expect(home.said.at(-1)).toContain('support removed');
    expect((await statusOf(daemon)).targets.map(({ name }) => name)).toEqual(['site']);
    // What leaves the configuration leaves no bot.
    expect(home.items('support')).toHaveLength(4);
  });

  it('keeps the least time between two pushes over a reload, and is ready meanwhile', async () => {
    const everyHour = (least: string): void => {
      home.configure({ targets: 'site' });
      const file = join(home.dir, 'sync.config.yaml');
      writeFileSync(file, readFileSync(file, 'utf8').replace('minInterval: 0', `minInterval: ${least}`));
    };
    everyHour('1h');
    home.write(pages(3));
    const daemon = await home.start();
    await home.until('trained', inSync(daemon, 3));
    home.write({ 'p3.md': '# Page 3\n\nword3.\n' });
    const waits = async () => (await targetOf(daemon, 'site')).doing === 'changes wait for minInterval';
    await home.until('it waits', waits);
    const before = home.writes('site');
    await daemon.reload();
    await home.until('the new one is ready', () => daemon.unready().length === 0);
    expect([await waits(), home.writes('site')]).toEqual([true, before]);
    everyHour('0');
    await daemon.reload();
    await home.until('learnt', inSync(daemon, 4));
  });

  it('takes another content root and another place of its page, and stays where it was if it cannot have that', async () => {
    home.configure({ targets: 'site' });
    home.write(pages(3));
    const daemon = await home.start();
    await home.until('trained', inSync(daemon, 3));
    const taken = Number(new URL(home.served.origin).port);
    home.configure({ targets: 'site', daemon: `{ port: ${taken} }` });
    const before = daemon.url;
    await daemon.reload();
    expect(home.said.at(-1)).toContain(`port ${taken}`);
    expect([daemon.url, (await fetch(`${before}healthz`)).status]).toEqual([before, 200]);
    renameSync(join(home.dir, 'content'), join(home.dir, 'docs'));
    writeFileSync(join(home.dir, 'docs', 'p3.md'), '# Page 3\n\nword3.\n');
    home.configure({ targets: 'site', daemon: '{ host: localhost, port: 0 }', root: './docs' });
    await daemon.reload();
    expect(daemon.url).not.toBe(before);
    await expect(fetch(`${before}healthz`)).rejects.toThrow();
    await home.until('the other root is learnt', inSync(daemon, 4));
    writeFileSync(join(home.dir, 'docs', 'p4.md'), '# Page 4\n\nword4.\n');
    await home.until('it is watched', inSync(daemon, 5));
    // Counters outlive the move.
    expect(await metricsOf(daemon)).toMatch(/kbsync_cycles_total\{target="site",outcome="done"\} [2-9]/);
  });

  it('takes a rotated key from its file, and goes on where the old one was refused', async () => {
    const file = join(home.dir, 'site.secret');
    home.write(pages(3));
    home.configure({ targets: 'site', key: '${SITE_KEY}' });
    writeFileSync(join(home.dir, '.env'), `SITE_KEY_FILE=${file}\n`);
    writeFileSync(file, 'sgpt_the-key-of-last-year-4711\n');
    const daemon = await home.start();
    await home.until('refused', async () => (await targetOf(daemon, 'site')).error?.code === 'CREDENTIALS_REFUSED');
    writeFileSync(file, `${secret}\n`);
    await daemon.reload();
    await home.until('trained', inSync(daemon, 3));
    for (const line of home.said) expect(line).not.toMatch(/last-year-4711/);
    expect(home.said.join('\n')).not.toContain(secret);
  });

  it('reads its configuration again while a command waits for a training, which goes on as it began', async () => {
    home.configure({ targets: 'site' });
    home.write(pages(3));
    const daemon = await home.start();
    await home.until('trained', inSync(daemon, 3));
    let hanging = false;
    home.served.setFault(({ method }) => {
      hanging ||= method === 'POST';
      return method === 'POST' ? { delayMs: 400 } : null;
    });
    home.write({ 'more.md': '# More\n\nmore words.\n' });
    const { said, invocation, streams } = invocationOf();
    const code = handOver(invocation, 'sync', wholeSync, streams);
    await home.until('a push is under way', () => hanging);
    home.configure({ targets: 'both' });
    await daemon.reload();
    expect(home.said.at(-1)).toContain('the new configuration is at work');
    expect(said.stdout).toBe('');
    home.served.setFault(null);
    expect(await code).toBe(0);
    expect(JSON.parse(said.stdout)).toMatchObject({ targets: [{ name: 'site', training: { trained: 4 } }] });
    await home.until('both are in step', inSync(daemon, 4));
    // The new loops have rested for it, and not run into its lock.
    expect(home.said.filter((line) => line.includes('is locked by'))).toEqual([]);
    expect(home.items('site')).toHaveLength(4);
  });

  it('leaves a paused target alone, also after a restart, tells so everywhere, lets a retraction through, and catches up', async () => {
    home.configure({ daemon: '{ port: 0, token: a-token-of-our-own }' });
    home.write(pages(4));
    const first = await home.start();
    await home.until('trained', inSync(first, 4));
    const { invocation, said, streams } = invocationOf();
    expect(await handOver(invocation, 'watch', { action: 'pause', targets: ['site'] }, streams)).toBe(0);
    expect(JSON.parse(said.stdout)).toMatchObject({ action: 'pause', targets: [{ name: 'site', paused: true, changed: true }] });
    home.write({ 'p0.md': '# Page 0\n\nchanged.\n' });
    await home.until('the other learns', () => home.items('support').some((item) => item.text.includes('changed.')));
    await first.stop();

    const daemon = await home.start();
    await home.until(
      'the other is in sync',
      async () => (await targetOf(daemon, 'support')).inSync && (await fetch(`${daemon.url}readyz`)).ok,
    );
    const before = home.writes('site');
    const site = await targetOf(daemon, 'site');
    expect(site).toMatchObject({
      paused: true,
      nextRun: null,
      doing: expect.stringMatching(/^paused since .* UTC \(kbsync watch resume site\)$/),
    });
    expect(await metricsOf(daemon)).toContain('kbsync_target_paused{target="site"} 1');
    const post = (path: string, body = '') =>
      fetch(`${daemon.url}api/${path}`, { method: 'POST', headers: { authorization: 'Bearer a-token-of-our-own' }, body });
    expect(await (await post('sync')).json()).toMatchObject({ accepted: ['support'] });
    const named = await post('sync', '{"targets":["site"]}');
    expect([named.status, await named.json()]).toMatchObject([400, { error: { message: expect.stringContaining('site is paused') } }]);
    const sync = invocationOf();
    expect(await handOver(sync.invocation, 'sync', wholeSync, sync.streams)).toBe(0);
    expect(sync.said.stderr).toContain('site: paused since');
    expect(home.writes('site')).toBe(before);

    const retract = invocationOf();
    const request = { document: 'p1.md', undo: false, ask: false, waitMs: null, lockWaitMs: null };
    expect(await handOver(retract.invocation, 'retract', request, retract.streams)).toBe(0);
    expect(somewhere('word1.')).toBe(false);
    expect(home.items('site').some((item) => item.text.includes('changed.'))).toBe(false);

    expect(await (await post('resume', '{"targets":["site"]}')).json()).toMatchObject({ accepted: ['site'] });
    await home.until('it catches up', async () => (await inSync(daemon, 3)()) && everywhere('changed.'));
    expect(await (await post('pause', '{"targets":["nobody"]}')).json()).toMatchObject({ error: { code: 'USAGE' } });
  });

  it('pauses a push under way: what is in flight ends, the rest waits for the resume', async () => {
    home.configure({ targets: 'site', daemon: '{ port: 0, token: a-token-of-our-own }' });
    home.write(pages(40));
    home.served.setFault(() => ({ delayMs: 20 }));
    const daemon = await home.start();
    await home.until('some are pushed', () => home.items('site').length > 3);
    const { invocation, streams } = invocationOf();
    expect(await handOver(invocation, 'watch', { action: 'pause', targets: ['site'] }, streams)).toBe(0);
    const there = home.items('site').length;
    expect(there).toBeLessThan(40);
    expect((await targetOf(daemon, 'site')).doing).toContain('paused since');
    const writes = home.writes('site');
    home.served.setFault(null);
    const resume = invocationOf();
    expect([home.items('site').length, home.writes('site')]).toEqual([there, writes]);
    expect(await handOver(resume.invocation, 'watch', { action: 'resume', targets: ['site'] }, resume.streams)).toBe(0);
    await home.until('all are there', inSync(daemon, 40));
    expect(home.items('site')).toHaveLength(40);
  });

  it('says of damaged state which, on page and status, and does not start over', async () => {
    home.configure({ targets: 'site' });
    home.write(pages(2));
    const first = await home.start();
    await home.until('trained', inSync(first, 2));
    await first.stop();
    for (const name of ['site.json', 'site.json.bak'])
      if (existsSync(join(home.dir, 'state', name))) writeFileSync(join(home.dir, 'state', name), '{"broken');
    const again = await home.start();
    await home.until('it is told', async () => (await targetOf(again, 'site')).error?.code === 'STATE_DAMAGED');
    expect(await (await fetch(again.url)).text()).toContain('STATE_DAMAGED');
    expect(readFileSync(join(home.dir, 'state', 'site.json'), 'utf8')).toBe('{"broken');
    expect(home.items('site')).toHaveLength(2);
  });

  it('starts without a content folder, and waits for it', async () => {
    rmSync(join(home.dir, 'content'), { recursive: true });
    const daemon = await home.start();
    await home.until('scanned', async () => (await fetch(`${daemon.url}readyz`)).ok);
    mkdirSync(join(home.dir, 'content'));
    home.write(pages(2));
    await home.until('trained', inSync(daemon, 2));
  });
});
