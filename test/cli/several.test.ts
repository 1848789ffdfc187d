// Several targets in one command, with the real program: what one of them may not do to the others, and what is refused as a whole.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import type { Operation } from '../../src/model/operation.ts';
import { nodeDisk } from '../../src/state/disk.ts';
import { acquireLock } from '../../src/state/lock.ts';
import { type QuickSandbox, quickSandbox } from '../support/quick-sandbox.ts';
import { runHere } from '../support/run-here.ts';
import { ended, type Home, home } from '../support/run-program.ts';

const config = (name = 'acme', more = '') => `version: 1
name: ${name}
content: { root: ./content }
targets:
  - { name: support, vendor: chatthing, sandbox: true, poll: { first: 100ms, max: 1s } }
  - { name: site, vendor: sitegpt, sandbox: true, lagMs: 0ms, poll: { first: 100ms, max: 1s } }
${more}`;

type Row = { name: string; training: { state: string; trained: number }; notes: string[]; error: { code: string; message: string } | null };
type Answer = { exitCode: number; error?: { code: string; message: string }; targets?: Row[] };

describe('several targets', () => {
  let place: Home;
  let bots: QuickSandbox;

  beforeEach(async () => {
    place = home(config());
    place.write({ 'content/keep.md': '# Keep\n\nIt stays.\n' });
    bots = await quickSandbox(place.dir);
  });

  afterEach(async () => {
    await bots.close();
    place.remove();
  });

  const run = async (...words: string[]) => {
    const ran = await place.run(...words, '--json');
    const answer = ran.json<Answer>();
    expect(answer.exitCode).toBe(ran.exitCode);
    return answer;
  };
  const damage = (target: string) => {
    for (const end of ['json', 'json.bak', 'journal']) writeFileSync(join(place.dir, 'state', `${target}.${end}`), 'nonsense');
  };

  it('a path that names nothing is refused, beside others told; what is deleted, out of scope or no document is not', async () => {
    expect((await runHere(place.dir, 'sync')).exitCode).toBe(0);
    for (const slip of ['content/kepe.md', 'guidess/']) {
      const { exitCode, error } = await run('sync', slip);
      expect([exitCode, error?.message]).toEqual([2, expect.stringContaining(`${slip}: no document there`)]);
    }
    place.write({ 'content/logo.svg': '<svg/>', 'content/other.md': '# Other\n\nIt is other.\n' });
    const some = await place.run('sync', 'content/other.md', 'nosuch.md', '--quiet');
    expect([some.exitCode, some.stderr]).toEqual([0, expect.stringMatching(/^nosuch\.md: no document there/)]);
    place.write({ 'content/keep.md': null });
    expect((await run('sync', 'content/logo.svg', 'content/gone.svg')).exitCode).toBe(0);
    expect((await run('sync', 'content/keep.md')).targets).toMatchObject([{ counts: { delete: 1 } }, { counts: { delete: 1 } }]);
  }, 60_000);

  it('a damaged state is its own target’s trouble', async () => {
    expect((await runHere(place.dir, 'sync')).exitCode).toBe(0);
    damage('support');
    place.write({ 'content/new.md': '# New\n\nIt is new.\n' });
    const synced = await run('sync');
    expect(synced).toMatchObject({
      exitCode: 1,
      targets: [
        { name: 'support', error: { code: 'STATE_DAMAGED' }, training: { state: 'unknown' } },
        { name: 'site', error: null, counts: { create: 1 }, training: { state: 'trained', trained: 2 } },
      ],
    });
    const status = await run('status', '--documents');
    expect(status).toMatchObject({
      exitCode: 1,
      targets: [
        { name: 'support', inSync: false, error: { code: 'STATE_DAMAGED' } },
        { name: 'site', inSync: true, error: null, counts: { trained: 2 } },
      ],
    });
    const text = await place.run('status');
    expect([text.exitCode, text.stdout]).toEqual([1, expect.stringMatching(/^error support: .*cannot be used[\s\S]*\nsite: 2 of 2 at /)]);
    const base = { document: 'keep.md', path: 'keep.md', reason: '', by: 'person', note: null } as const;
    const operation: Operation = { ...base, id: 'update keep.md', action: 'update', fingerprint: 'f' };
    await place.remember('site', [
      { kind: 'todos', todos: [{ id: 'T1', operation, where: '', how: '', since: '2026-11-21T08:00:00.000Z' }] },
    ]);
    expect(await run('todo')).toMatchObject({
      exitCode: 1,
      items: [{ id: 'T1', target: 'site' }],
      errors: [{ target: 'support', error: { code: 'STATE_DAMAGED' } }],
    });
    expect((await place.run('todo', 'done', 'T1')).exitCode).toBe(0);
    place.write({ 'sync.config.yaml': config().replace('vendor: chatthing,', 'vendor: chatthing, required: false,') });
    expect([(await run('status')).exitCode, (await run('todo')).exitCode]).toEqual([0, 0]);
  }, 60_000);

  it('show tells what the others know of a document', async () => {
    expect((await runHere(place.dir, 'sync')).exitCode).toBe(0);
    damage('support');
    expect(await run('show', 'keep.md')).toMatchObject({
      exitCode: 1,
      document: 'keep.md',
      targets: [{ name: 'site', training: 'trained' }],
      errors: [{ target: 'support', error: { code: 'STATE_DAMAGED' } }],
    });
    const told = await place.run('show', 'keep.md');
    expect([told.exitCode, told.stdout, told.stderr]).toEqual([1, expect.stringContaining('site'), expect.stringContaining('support: ')]);
  }, 60_000);

  it('where only one of them is locked, the others are told in full; the short object is for all locked', async () => {
    const disk = nodeDisk();
    const lockOf = (name: string) =>
      acquireLock({ disk, path: join(place.dir, 'state', `${name}.lock`), now: Date.now, command: 'kbsync sync', waitMs: 0 });
    const support = await lockOf('support');
    expect(await run('sync')).toMatchObject({
      exitCode: 10,
      targets: [
        { name: 'support', error: { code: 'LOCKED' }, training: { state: 'unknown' } },
        { name: 'site', error: null, counts: { create: 1 } },
      ],
    });
    const site = await lockOf('site');
    const all = await run('sync');
    expect([all.error?.code, all.targets]).toEqual(['LOCKED', undefined]);
    await support.release();
    await site.release();
  }, 60_000);

  it('a paused one is said to be left alone, by sync and by plan', async () => {
    place.write({ 'sync.config.yaml': config().replace('vendor: sitegpt,', 'vendor: sitegpt, paused: true,') });
    const note = 'paused in the configuration: left alone';
    const synced = await run('sync');
    expect([synced.exitCode, synced.targets?.map(({ name }) => name)]).toEqual([0, ['support', 'site']]);
    expect(synced.targets?.[1]).toMatchObject({ notes: [note], error: null, operations: [], training: { state: 'unknown', trained: 0 } });
    const planned = await run('plan');
    expect(planned.targets?.map(({ notes }) => notes.includes(note))).toEqual([false, true]);
    expect((await place.run('plan')).stdout).toContain(`note: ${note}`);
  }, 60_000);

  it('plan tells the training that the state tells', async () => {
    expect((await runHere(place.dir, 'sync')).exitCode).toBe(0);
    expect((await run('plan')).targets?.map(({ training }) => training)).toMatchObject([
      { state: 'trained', trained: 1 },
      { state: 'trained', trained: 1 },
    ]);
    await place.remember('site', [{ kind: 'training', news: [{ document: 'keep.md', part: null, state: 'failed', error: null }] }]);
    expect((await run('plan')).targets?.[1]).toMatchObject({ training: { state: 'failed', trained: 0, failed: 1 } });
  }, 60_000);

  it('a sealed plan is for its workspace and its bots; --exact is for a sealed plan', async () => {
    expect((await run('sync', '--exact')).error).toMatchObject({
      code: 'USAGE',
      message: '--exact compares with a sealed plan, and none was given',
    });
    expect((await runHere(place.dir, 'sync')).exitCode).toBe(0);
    expect((await run('plan', '--out', 'plan.json')).exitCode).toBe(0);
    const { meta } = JSON.parse(readFileSync(join(place.dir, 'plan.json'), 'utf8')) as { meta: { identities: Record<string, string> } };
    expect(meta.identities['site']).toBe((await place.view('site')).state.identity);
    expect((await run('sync', '--plan', 'plan.json')).exitCode).toBe(0);
    place.write({ 'sync.config.yaml': config('shop') });
    expect(await run('sync', '--plan', 'plan.json')).toMatchObject({
      exitCode: 2,
      error: { code: 'USAGE', message: expect.stringContaining('workspace acme, and this one is shop') as string },
    });
    place.write({ 'sync.config.yaml': config(), 'state/site.json': null });
    for (const file of ['site.json.bak', 'site.journal']) place.write({ [`state/${file}`]: '' });
    place.write({ 'state/site.json.bak': null, 'state/site.journal': null });
    await place.remember('site', [{ kind: 'identity', identity: 'another bot' }]);
    expect(await run('sync', '--plan', 'plan.json')).toMatchObject({
      exitCode: 2,
      error: { code: 'USAGE', message: expect.stringContaining('and is another bot now') as string },
    });
  }, 60_000);

  it('a wrong id is answered with a few of the right ones', async () => {
    const base = { path: 'keep.md', reason: '', by: 'person', note: null, action: 'update', fingerprint: 'f' } as const;
    const todos = Array.from({ length: 56 }, (_, n) => {
      const operation: Operation = { ...base, document: `d${n}`, id: `update d${n}` };
      return { id: `T${n + 1}`, operation, where: '', how: '', since: '2026-11-21T08:00:00.000Z' };
    });
    await place.remember('site', [{ kind: 'todos', todos }]);
    expect((await run('todo', 'done', 'T99')).error?.message).toBe(
      'there is no T99; todo done takes: T1, T2, T3, T4, T5, T6, T7, T8, T9, T10 … and 46 more',
    );
  });
});

// Each of them waits for what a signal takes: side by side, in folders of their own.
describe.concurrent('a vendor', () => {
  interface There {
    readonly place: Home;
    readonly origin: string;
    readonly heard: Promise<void>;
  }

  async function at(finished: TestContext['onTestFinished'], answer: (heard: () => void) => RequestListener): Promise<There> {
    let tell = (): void => {};
    const heard = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const server = createServer(answer(tell));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const place = home(
      `version: 1\nname: acme\ntargets: [{ name: site, vendor: sitegpt, chatbotId: "1", token: "planted-token", baseUrl: "${origin}" }]\n`,
    );
    place.write({ 'content/a.md': '# A\n' });
    finished(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      place.remove();
    });
    return { place, origin, heard };
  }

  it.sequential('that refuses the very first request: 11, for sync, plan and ask', async ({ expect, onTestFinished }) => {
    const { place } = await at(
      onTestFinished,
      () => (_, reply) => reply.writeHead(400, { 'content-type': 'application/json' }).end('{"error":{"code":"BAD","message":"no"}}'),
    );
    for (const command of ['sync', 'plan']) {
      const ran = await place.run(command, '--json');
      expect([ran.exitCode, ran.json<Answer>().targets?.[0]?.error?.code]).toEqual([11, 'REQUEST_REFUSED']);
    }
    expect((await place.run('ask', 'site', 'Anybody?')).exitCode).toBe(11);
  }, 30_000);

  it('that hangs keeps nobody waiting: the others are done while it still hangs', async ({ expect, onTestFinished }) => {
    const { place, origin, heard } = await at(onTestFinished, (tell) => tell);
    const hangs = `  - { name: dead, vendor: sitegpt, chatbotId: "1", token: "planted-token", baseUrl: "${origin}" }\n`;
    place.write({ 'sync.config.yaml': config('acme', hangs), 'content/keep.md': '# Keep\n\nIt stays.\n' });
    const child = place.start('sync', '--json');
    await heard;
    for (const name of ['support', 'site']) {
      while (((await place.view(name)).state.lastSync?.documents ?? 0) === 0) await new Promise((resolve) => setTimeout(resolve, 50));
      while (Object.values((await place.view(name)).state.records).some(({ training }) => training !== 'trained'))
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(child.exitCode, 'it still hangs').toBeNull();
    child.kill('SIGINT');
    const { exitCode, stdout } = await ended(child);
    expect(exitCode).toBe(130);
    expect((JSON.parse(stdout) as Answer).targets).toMatchObject([
      { name: 'support', error: null, training: { state: 'trained' } },
      { name: 'site', error: null, training: { state: 'trained' } },
      { name: 'dead', error: { code: 'ABORTED' } },
    ]);
  }, 60_000);

  it('that hangs: Ctrl-C ends what only reads at once, and a sync in its time', async ({ expect, onTestFinished }) => {
    const { place, heard } = await at(onTestFinished, (tell) => tell);
    const since = { plan: 0, sync: 0 };
    const runs = (['plan', 'sync'] as const).map(async (command) => {
      const child = place.start(command, '--json');
      await heard;
      // Both have asked by now, or are about to: a signal counts either way.
      await new Promise((resolve) => child.stderr?.once('data', resolve));
      const began = Date.now();
      child.kill('SIGINT');
      const { exitCode } = await ended(child);
      since[command] = Date.now() - began;
      return exitCode;
    });
    expect(await Promise.all(runs)).toEqual([130, 130]);
    expect(since.plan).toBeLessThan(2_500);
    expect(since.sync).toBeLessThan(8_500);
  }, 30_000);
});
