// doctor over real folders, emulators and a dead address: each trouble is a row with what to do, hides no other, and nothing is changed anywhere.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openHandover } from '../../src/daemon/handover.ts';
import type { EntryBody } from '../../src/model/effect.ts';
import { nodeDisk } from '../../src/state/disk.ts';
import { acquireLock } from '../../src/state/lock.ts';
import { nodeProbe } from '../../src/state/process-probe.ts';
import { openLedger } from '../../src/state/store.ts';
import { leaveForetold } from '../../src/state/stray.ts';
import { type World, world } from '../support/bots.ts';
import { look } from '../support/doctor-here.ts';
import { gitRepo, hasGit, withoutGit } from '../support/git-repo.ts';

const sandbox = 'targets: [{ name: site, vendor: sitegpt, sandbox: true }]';
const cleaning: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean();
});

function folder(config = sandbox, files: Readonly<Record<string, string>> = { 'content/a.md': '# A\n' }): string {
  const dir = mkdtempSync(join(tmpdir(), 'kbsync-doctor-'));
  cleaning.push(() => rmSync(dir, { recursive: true, force: true }));
  for (const [path, text] of Object.entries({ 'sync.config.yaml': `version: 1\nname: docs\n${config}\n`, ...files })) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return dir;
}

async function bot(flavour = 'sitegpt'): Promise<World> {
  const made = await world(flavour);
  cleaning.push(() => made.close());
  return made;
}

function tree(dir: string): readonly string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .map(
      (entry) => `${join(entry.parentPath, entry.name)} ${entry.isFile() ? readFileSync(join(entry.parentPath, entry.name), 'utf8') : ''}`,
    )
    .sort();
}

async function remember(dir: string, entries: readonly EntryBody[], target = 'site'): Promise<void> {
  const ledger = await openLedger({ disk: nodeDisk(), dir: join(dir, 'state'), target, now: Date.now });
  await ledger.append(entries);
  await ledger.checkpoint();
  await ledger.close();
}

describe('a bot at work', () => {
  it('is all well, by calls that read only, and nothing on the disk is another than before', async () => {
    const place = await bot();
    place.write({ 'a.md': '# A\n\nwords\n' });
    expect((await place.sync()).exitCode).toBe(0);
    const before = tree(place.dir);
    const writes = place.writesOnWire();
    const found = await look(place.dir);
    expect(found.checks.filter(({ state, check }) => state === 'error' || (state === 'warning' && !check.startsWith('machine')))).toEqual([
      // The world of the tests has its key in the file.
      expect.objectContaining({ check: 'configuration', where: expect.stringContaining('sync.config.yaml:6:') }),
      // And no limit to speak of.
      expect.objectContaining({ check: 'target.rate', what: 'faster than the vendor documents: perMinute 60000 (documented: 60)' }),
    ]);
    expect(found.exitCode).toBe(0);
    expect(found.of('target.key')).toMatchObject([{ target: 'bot', state: 'ok', what: expect.stringContaining('the key opens') }]);
    expect(found.of('target.identity')).toMatchObject([{ state: 'ok' }]);
    expect(found.of('target.rights')).toMatchObject([{ state: 'ok' }]);
    expect(found.of('network.reach')).toMatchObject([{ state: 'ok', where: 'targets bot' }]);
    expect(found.of('network.clock')).toMatchObject([{ state: 'ok' }]);
    expect(found.of('state.memory')).toMatchObject([{ state: 'ok', what: '1 document remembered' }]);
    expect(found.of('content.root')).toMatchObject([{ what: '1 file in 1 folder' }]);
    expect(tree(place.dir)).toEqual(before);
    expect(place.writesOnWire()).toBe(writes);
  });

  it('is another one than before: held, exit 5, before any sync', async () => {
    const place = await bot();
    place.write({ 'a.md': '# A\n' });
    await place.sync();
    place.emulator.provision({ id: 'bot-2', secret: 'another-secret-4712' });
    const file = join(place.dir, 'sync.config.yaml');
    writeFileSync(
      file,
      readFileSync(file, 'utf8')
        .replace('bot-1', 'bot-2')
        .replace(/planted-secret-\d+/, 'another-secret-4712'),
    );
    const found = await look(place.dir);
    expect(found.of('target.identity')).toMatchObject([
      { state: 'error', code: 'HELD', next: expect.stringContaining('put the old id back') },
    ]);
    expect(found.exitCode).toBe(5);
  });

  it('is known under another name: the command that renames it', async () => {
    const place = await bot();
    place.write({ 'a.md': '# A\n' });
    await place.sync();
    const file = join(place.dir, 'sync.config.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('name: bot,', 'name: desk,'));
    const found = await look(place.dir);
    expect(found.of('target.identity')).toMatchObject([{ state: 'warning', next: 'kbsync state rename bot desk' }]);
    expect(found.of('state.memory').filter(({ state }) => state === 'warning')).toMatchObject([
      {
        what: 'there is a state of bot, which is no target of the configuration',
        next: expect.stringContaining('kbsync state rename bot desk'),
      },
    ]);
    expect(found.exitCode).toBe(0);
  });

  it('that has no call to prove a key says so', async () => {
    const genie = await look((await bot('cxgenie')).dir);
    expect(genie.of('target.key')).toMatchObject([{ state: 'ok', what: expect.stringContaining('nothing shows but a push') }]);
    expect(genie.of('target.abilities')[0]?.why).toContain('no update');
    const reply = await look((await bot('replycx')).dir);
    expect(reply.of('target.key')).toMatchObject([{ state: 'skipped', why: expect.stringContaining('without writing') }]);
  });
});

describe('keys', () => {
  it('that are refused, not set or unreachable are told each, with the strongest exit code, and hide no other', async () => {
    const place = await bot();
    const real = (name: string, key: string, base: string, id = 'bot-1') =>
      `  - { name: ${name}, vendor: sitegpt, chatbotId: ${id}, token: ${key}, baseUrl: "${base}" }`;
    const targets = [
      real('good', '"${GOOD}"', place.served.origin),
      real('bad', '"${BAD}"', place.served.origin, 'bot-3'),
      real('unset', '"${UNSET}"', place.served.origin, 'bot-4'),
      real('dead', '"${GOOD}"', 'http://127.0.0.1:1'),
    ];
    const dir = folder(`targets:\n${targets.join('\n')}`);
    const env = { GOOD: 'planted-secret-4711', BAD: 'no-key-at-all-1234' };
    const found = await look(dir, { env });
    const keys = Object.fromEntries(found.of('target.key').map(({ target, state, code }) => [target, [state, code]]));
    expect(keys).toEqual({
      good: ['ok', null],
      bad: ['error', 'CREDENTIALS_REFUSED'],
      unset: ['error', 'SECRET_MISSING'],
      dead: ['error', 'TARGET_UNREACHABLE'],
    });
    expect(found.of('network.reach').map(({ state, where }) => [state, where])).toEqual([
      ['ok', 'targets good, bad, unset'],
      ['error', 'targets dead'],
    ]);
    expect(found.exitCode).toBe(2);
    expect((await look(dir, { env, targets: ['bad'] })).exitCode).toBe(8);
    expect((await look(dir, { env, targets: ['dead'] })).exitCode).toBe(11);
    expect((await look(dir, { env, targets: ['good'] })).exitCode).toBe(0);
    const offline = await look(dir, { env, request: { offline: true } });
    expect(offline.of('target.key').map(({ state }) => state)).toEqual(['skipped', 'skipped', 'warning', 'skipped']);
    expect([offline.exitCode, offline.of('network.reach').map(({ state }) => state)]).toEqual([0, ['skipped']]);
  });

  it('of targets that are not required do not count', async () => {
    const dir = folder('targets: [{ name: site, vendor: sitegpt, chatbotId: b, token: "${UNSET}", required: false }]');
    const found = await look(dir, { request: { offline: false }, targets: ['site'] });
    expect(found.of('target.key')).toMatchObject([{ state: 'error' }]);
    expect(
      found.checks.filter(({ state, target }) => state === 'error' && target === null).every(({ check }) => check === 'network.reach'),
    ).toBe(true);
  });

  it('hang: the check ends within its time, and the others are told', async () => {
    const sockets: { destroy(): void }[] = [];
    const server: Server = createServer((socket) => void sockets.push(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleaning.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const { port } = server.address() as { port: number };
    const dir = folder(
      `targets:\n  - { name: slow, vendor: sitegpt, chatbotId: b, token: "\${T}", baseUrl: "http://127.0.0.1:${port}" }\n  - { name: sand, vendor: sitegpt, sandbox: true }`,
    );
    const found = await look(dir, { env: { T: 'a-token-of-mine-1' }, limitMs: 150 });
    expect(found.of('target.key')).toMatchObject([
      { target: 'slow', state: 'error', what: 'not finished within 0.15 s' },
      { target: 'sand', state: 'ok' },
    ]);
    expect(found.of('content.root')).toMatchObject([{ state: 'ok' }]);
    expect(found.exitCode).toBe(11);
  });
});

describe('a configuration', () => {
  it('that is wrong: every mistake with line and column, and the machine all the same', async () => {
    const dir = folder('targets:\n  - { name: site, vendor: sitegpt, sandbox: true, audence: [public] }\nwatch: { settle: 2 }');
    const found = await look(dir);
    expect(found.of('configuration').map(({ where, state }) => [where, state])).toEqual([
      ['sync.config.yaml:4:51', 'error'],
      ['sync.config.yaml:5:18', 'error'],
    ]);
    expect(found.of('machine.node')).toHaveLength(1);
    expect(found.of('target')).toMatchObject([{ state: 'skipped' }]);
    expect(found.exitCode).toBe(2);
  });

  it('that is not there: what makes one', async () => {
    const dir = folder();
    rmSync(join(dir, 'sync.config.yaml'));
    const found = await look(dir);
    expect(found.of('configuration')).toMatchObject([{ code: 'CONFIG_INVALID', next: expect.stringContaining('kbsync init') }]);
  });

  it('with secrets in the open: in the file, in a readable .env, in git', async () => {
    const dir = folder(
      'targets: [{ name: site, vendor: sitegpt, chatbotId: b, token: literal-secret-99, baseUrl: "http://127.0.0.1:1" }]',
      {
        '.env': 'A=b\n',
        'content/a.md': 'a\n',
      },
    );
    chmodSync(join(dir, '.env'), 0o644);
    if (hasGit) gitRepo(dir);
    const found = await look(dir);
    expect(
      found
        .of('configuration')
        .filter(({ state }) => state === 'warning')
        .map(({ check, next }) => [check, next?.split(' ')[0]]),
    ).toEqual([['configuration', 'move'], ['configuration.env', 'chmod'], ...(hasGit ? [['configuration.env', 'printf']] : [])]);
    expect(JSON.stringify(found)).not.toContain('literal-secret-99');
  });

  it('whose schedule has a day that never comes is told with its line', async () => {
    const found = await look(folder(`${sandbox}\nschedule: { verify: "0 0 30 2 *" }`));
    expect(found.of('configuration')).toMatchObject([
      {
        state: 'error',
        what: expect.stringContaining('this one never comes'),
        where: expect.stringMatching(/sync\.config\.yaml:\d+:\d+$/),
      },
    ]);
  });

  it('whose schedule never comes, and whose webhook has no address', async () => {
    const dir = folder(`${sandbox}\nschedule: { verify: "0 0 30W 2 *" }\nnotify: [{ url: "\${HOOK}", name: on-call }]`);
    const found = await look(dir);
    expect(found.of('configuration.schedule').map(({ state, next }) => [state, next])).toEqual([
      ['ok', null],
      ['warning', 'mend schedule.verify in sync.config.yaml, or set it to null'],
    ]);
    expect(found.exitCode).toBe(0);
    expect(found.of('configuration.schedule')[0]?.what).toMatch(/^next \(UTC\): rescan \d{4}-/);
    expect(found.of('configuration.notify')).toMatchObject([
      { state: 'warning', next: expect.stringContaining('kbsync notify test on-call') },
    ]);
  });
});

describe('content', () => {
  it('that is a link to nowhere: not a folder to be made', async () => {
    const dir = folder();
    rmSync(join(dir, 'content'), { recursive: true });
    symlinkSync(join(dir, 'gone'), join(dir, 'content'));
    expect((await look(dir)).of('content.root')).toMatchObject([
      { state: 'error', what: 'content.root is a link that leads nowhere', next: expect.stringMatching(/^ls -l /) },
    ]);
  });

  it.skipIf(!hasGit)('keys and state that git would commit: the commands work as they are, from anywhere, and mend it', async () => {
    const dir = folder(sandbox, { 'content/a.md': '# A\n', '.env': 'A=1\n', '.gitignore': 'node_modules' });
    chmodSync(join(dir, '.env'), 0o600);
    const repo = gitRepo(dir);
    mkdirSync(join(dir, 'state'));
    repo.commit({ 'state/site.json': '{}' });
    rmSync(join(dir, 'state', 'site.json'));
    const rows = async () => (await look(dir)).checks.filter(({ check }) => check === 'configuration.env' || check === 'state.git');
    const before = (await rows()).filter(({ state }) => state === 'warning');
    expect(before.map(({ check }) => check)).toEqual(['configuration.env', 'state.git']);
    for (const { next } of before) expect(spawnSync('sh', ['-c', next ?? ''], { cwd: tmpdir() }).status).toBe(0);
    expect((await rows()).map(({ check, state }) => [check, state])).toEqual([['configuration.env', 'ok']]);
    expect(repo.git('check-ignore', 'node_modules')).toBe('node_modules');
  });

  it('that is missing, empty or a file', async () => {
    const dir = folder();
    rmSync(join(dir, 'content'), { recursive: true });
    expect((await look(dir)).of('content.root')).toMatchObject([
      { state: 'error', code: 'CONTENT_MISSING', next: expect.stringContaining('mkdir -p') },
    ]);
    mkdirSync(join(dir, 'content'));
    expect((await look(dir)).of('content.root')).toMatchObject([{ state: 'warning', what: 'no file is taken' }]);
    rmSync(join(dir, 'content'), { recursive: true });
    writeFileSync(join(dir, 'content'), '');
    const found = await look(dir);
    expect([found.exitCode, found.of('content.root')[0]?.what]).toEqual([2, 'content.root is not a folder']);
  });

  it('with links out, names that differ in case, and formats whose reader is missing', async () => {
    const dir = folder(`${sandbox}\ncontent: { include: ["**/*.{md,pdf}"] }`, {
      'content/a/x.md': 'x\n',
      'content/a/X.md': 'x\n',
      'content/b.pdf': '%PDF-1.4\n',
    });
    symlinkSync('/etc', join(dir, 'content', 'out'));
    const found = await look(dir);
    expect(found.of('content.links')).toMatchObject([{ state: 'warning', what: '1 link not followed: out' }]);
    if (found.of('content.root')[0]?.what.startsWith('3 files')) expect(found.of('content.case')[0]?.what).toContain('a/X.md and a/x.md');
    expect(found.of('content.packages')).toMatchObject([{ what: expect.stringMatching(/^1 PDF file: unpdf is (?:not )?installed$/) }]);
  });

  it('on a network mount is polled, or told where it is not', async () => {
    const dir = folder();
    const mountinfo = `36 35 98:0 / / rw - ext4 /dev/sda rw\n37 36 0:40 / ${dir}/content rw - nfs4 server:/x rw\n`;
    const text = (path: string) => (path === '/proc/self/mountinfo' ? mountinfo : null);
    expect((await look(dir, { system: { text } })).of('content.mount')).toMatchObject([
      { state: 'ok', what: expect.stringContaining('nfs4') },
    ]);
    writeFileSync(join(dir, 'sync.config.yaml'), `version: 1\nname: docs\n${sandbox}\nwatch: { polling: false }\n`);
    expect((await look(dir, { system: { text } })).of('content.mount')).toMatchObject([
      { state: 'warning', next: 'set watch.polling to auto' },
    ]);
  });

  it('of more folders than the kernel watches', async () => {
    const dir = folder(sandbox, { 'content/a/b/c/d.md': 'd\n' });
    const text = (path: string) => (path.endsWith('max_user_watches') ? '6\n' : null);
    expect((await look(dir, { system: { text } })).of('content.watch')).toMatchObject([
      { state: 'warning', what: '4 folders to watch, 6 watches a user', next: 'sudo sysctl fs.inotify.max_user_watches=524288' },
    ]);
  });

  it('where upper and lower case are one', async () => {
    const dir = folder();
    const facts = async (path: string) => ({ kind: 'folder', mode: 0o700, identity: 'one', real: path }) as const;
    expect((await look(dir, { system: { facts } })).of('content.case')).toMatchObject([
      { state: 'warning', what: expect.stringContaining('does not tell upper') },
    ]);
  });
});

describe('state', () => {
  it('that is damaged, newer, or unfinished, each at its target, and the key is tried all the same', async () => {
    const place = await bot();
    place.write({ 'a.md': '# A\n' });
    await place.sync();
    const file = join(place.dir, 'state', 'bot.json');
    const good = readFileSync(file, 'utf8');
    writeFileSync(file, good.slice(0, 40));
    rmSync(`${file}.bak`, { force: true });
    const damaged = await look(place.dir);
    expect(damaged.of('state.memory')).toMatchObject([{ target: 'bot', state: 'error', code: 'STATE_DAMAGED' }]);
    expect(damaged.of('target.key')).toMatchObject([{ state: 'ok' }]);
    expect(damaged.exitCode).toBe(1);
  });

  it('with a write whose outcome is open', async () => {
    const dir = folder();
    const effect = { id: '00112233aabbccdd', operation: null, action: 'delete', document: 'a.md', remoteId: 'r1', part: '', mark: 'm' };
    await remember(dir, [{ kind: 'begin', effects: [effect] } as never]);
    expect((await look(dir)).of('state.memory').map(({ state, next }) => [state, next])).toEqual([
      ['ok', null],
      ['warning', expect.stringContaining('kbsync todo')],
    ]);
  });

  it('that others may write, that git would commit, and that cannot be written', async () => {
    const dir = folder();
    mkdirSync(join(dir, 'state'));
    chmodSync(join(dir, 'state'), 0o777);
    if (hasGit) gitRepo(dir);
    const found = await look(dir);
    expect(found.of('state').map(({ check, state }) => `${check} ${state}`)).toEqual([
      'state.folder ok',
      'state.rights warning',
      ...(hasGit ? ['state.git warning'] : []),
      'state.memory ok',
      'state.lock ok',
    ]);
    expect(readdirSync(join(dir, 'state'))).toEqual([]);
    rmSync(join(dir, 'state'), { recursive: true });
    writeFileSync(join(dir, 'state'), '');
    const file = await look(dir);
    expect(file.of('state.folder')).toMatchObject([{ state: 'error', code: 'STATE_UNWRITABLE' }]);
    expect(file.exitCode).toBe(1);
    expect((await look(dir, { system: { facts: async () => null, mayWrite: async () => false } })).of('state.folder')).toMatchObject([
      { state: 'error', next: expect.stringContaining('mkdir -p') },
    ]);
  });

  it('whose locks are held, or left behind', async () => {
    const dir = folder();
    const path = join(dir, 'state', 'site.lock');
    const lock = await acquireLock({ disk: nodeDisk(), path, now: Date.now, command: 'kbsync sync', waitMs: 0 });
    expect((await look(dir)).of('state.lock')).toMatchObject([{ state: 'ok', what: expect.stringContaining('which is at work') }]);
    await lock.release();
    const at = new Date(Date.now() - 3_600_000).toISOString();
    writeFileSync(
      path,
      JSON.stringify({ ...nodeProbe().self, pid: 2 ** 22 + 1, startTime: null, id: 'dead', command: 'kbsync watch', since: at, beat: at }),
    );
    const found = await look(dir);
    expect(found.of('state.lock')).toMatchObject([
      { state: 'warning', target: 'site', next: expect.stringContaining('kbsync unlock --target site') },
    ]);
    expect(found.exitCode).toBe(0);
  });

  it('on a disk that is full, or nearly so', async () => {
    const dir = folder();
    const space = (freeBytes: number, freeFiles: number | null) => ({ system: { space: async () => ({ freeBytes, freeFiles }) } });
    expect((await look(dir, space(1_000_000, 9e6))).of('machine.disk')).toMatchObject([{ state: 'error', code: 'STATE_UNWRITABLE' }]);
    expect((await look(dir, space(100_000_000, 9e6))).of('machine.disk')).toMatchObject([{ state: 'warning' }]);
    expect((await look(dir, space(9e12, 10))).of('machine.disk')).toMatchObject([
      { state: 'warning', next: expect.stringContaining('df -i') },
    ]);
    expect((await look(dir, space(9e12, null))).of('machine.disk')).toMatchObject([{ state: 'ok' }]);
  });
});

describe('the daemon', () => {
  it('at work, of another version, gone with its socket left behind, or with its port taken', async () => {
    const dir = folder();
    const handover = { disk: nodeDisk(), stateDir: join(dir, 'state'), now: Date.now, run: async () => 0 };
    const same = await openHandover({ ...handover, version: '0.0.0' });
    expect((await look(dir)).of('daemon')).toMatchObject([{ state: 'ok', what: expect.stringMatching(/^runs: process \d+/) }]);
    const left = readFileSync(join(dir, 'state', 'daemon', 'daemon.json'));
    await same.close();
    const other = await openHandover({ ...handover, version: '9.9.9' });
    expect((await look(dir)).of('daemon')).toMatchObject([{ state: 'warning', next: expect.stringContaining('restart it') }]);
    await other.close();
    writeFileSync(join(dir, 'state', 'daemon', 'daemon.json'), left);
    expect((await look(dir)).of('daemon')[0]).toMatchObject({
      state: 'warning',
      what: expect.stringContaining('left behind'),
      next: expect.stringContaining('kbsync watch'),
    });
    rmSync(join(dir, 'state', 'daemon'), { recursive: true });
    expect((await look(dir, { system: { listens: async () => true } })).of('daemon')).toMatchObject([
      { state: 'warning', what: expect.stringContaining('something else listens on 127.0.0.1:8420') },
    ]);
  });
});

describe.skipIf(!hasGit)(`content.git${withoutGit}`, () => {
  it('is asked for its tip, and nothing is fetched; a server that is away is told', async () => {
    const dir = folder();
    const repo = gitRepo(join(dir, 'origin'));
    repo.commit({ 'docs/a.md': '# A\n' });
    const git = `content: { root: docs, git: { url: ./origin, branch: main } }`;
    const configuration = join(dir, 'sync.config.yaml');
    writeFileSync(configuration, `version: 1\nname: docs\n${git}\n${sandbox}\n`);
    const found = await look(dir, { env: { PATH: process.env['PATH'] ?? '' } });
    expect(found.of('content.git').map(({ what }) => what)).toEqual([
      'nothing was fetched yet',
      expect.stringMatching(/^the server answers: [0-9a-f]{7}$/),
    ]);
    writeFileSync(configuration, `version: 1\nname: docs\n${git.replace('main', 'nowhere')}\n${sandbox}\n`);
    expect((await look(dir, { env: { PATH: process.env['PATH'] ?? '' } })).of('content.git').at(-1)).toMatchObject({
      state: 'error',
      what: expect.stringContaining('no branch nowhere'),
    });
    writeFileSync(configuration, `version: 1\nname: docs\n${git.replace('./origin', './gone')}\n${sandbox}\n`);
    expect((await look(dir, { env: { PATH: process.env['PATH'] ?? '' } })).of('content.git').at(-1)).toMatchObject({
      state: 'error',
      code: 'CONTENT_MISSING',
    });
    expect(readdirSync(dir).includes('state')).toBe(false);
  });
});

describe.skipIf(!hasGit)(`state.git${withoutGit}`, () => {
  it('that is not there yet, held, silent, not kbsync’s, without a remote or a token; and what a run that was cut off has left', async () => {
    const dir = folder(`${sandbox}\nstate: { git: { branch: memory } }`);
    const env = { PATH: process.env['PATH'] ?? '' };
    const branch = async (given: Record<string, string> = env) => {
      const [row] = (await look(dir, { env: given })).of('state.branch');
      return [row?.state, row?.what, row?.next];
    };
    expect(await branch()).toEqual([
      'error',
      expect.stringContaining('lies in no git repository'),
      expect.stringContaining('state.git.remote'),
    ]);
    const repo = gitRepo(dir);
    expect(await branch()).toEqual([
      'error',
      expect.stringContaining('has no remote origin'),
      expect.stringContaining('git remote add origin'),
    ]);
    const server = gitRepo(join(dir, 'server'));
    repo.git('remote', 'add', 'origin', server.dir);
    expect(await branch()).toEqual(['ok', expect.stringContaining('no such branch yet'), 'kbsync sync']);
    expect((await look(dir, { env })).of('state.memory')[0]?.what).toContain('the branch of state.git');

    const lease = {
      id: '0123456789abcdef',
      command: 'kbsync sync',
      user: 'ci',
      host: 'runner',
      pid: 7,
      startTime: '1',
      bootId: 'b',
      pidNamespace: null,
    };
    const leased = (beatMs: number) => {
      const beat = new Date(beatMs).toISOString();
      return JSON.stringify({ kbsync: 'state', version: 1, workspace: 'docs', savedAt: beat, lease: { ...lease, since: beat, beat } });
    };
    server.git('checkout', '--quiet', '-b', 'memory');
    server.commit({ 'branch.json': leased(Date.now()), 'README.md': '' });
    expect(await branch()).toEqual(['ok', expect.stringContaining('held by "kbsync sync" of ci, process 7 on runner'), null]);
    server.commit({ 'branch.json': leased(Date.now() - 600_000) });
    expect(await branch()).toEqual(['warning', expect.stringContaining('silent since'), expect.stringContaining('kbsync unlock')]);
    server.commit({ 'notes.txt': 'mine' });
    expect(await branch()).toEqual([
      'error',
      expect.stringContaining('"notes.txt" in it is nothing that kbsync put there'),
      expect.any(String),
    ]);
    const file = join(dir, 'sync.config.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('branch: memory', 'branch: memory, token: "${STATE_TOKEN}"'));
    expect(await branch()).toEqual(['error', expect.stringContaining('STATE_TOKEN, which is not set'), expect.any(String)]);

    const effect = {
      ...{ id: 'e1', operation: null, commit: null, action: 'delete' as const, document: 'a.md', path: 'a.md' },
      remoteId: 'r',
      retrain: false,
    };
    mkdirSync(join(dir, 'state'), { recursive: true });
    await leaveForetold({ disk: nodeDisk(), dir: join(dir, 'state'), target: 'site' }, [effect], new Date().toISOString());
    expect((await look(dir, { env })).of('state.stray')).toMatchObject([
      {
        state: 'warning',
        target: 'site',
        what: '1 run cut off, with 1 write that may have reached the bot later',
        next: expect.stringContaining('kbsync sync --target site'),
      },
    ]);
  });
});

describe('a stumble', () => {
  it('is a row with its place, and hides no other', async () => {
    const dir = folder();
    const found = await look(dir, {
      system: {
        listens: () => {
          throw new Error('never thought of');
        },
      },
    });
    expect(found.of('daemon')).toMatchObject([
      { state: 'error', code: 'UNEXPECTED', what: 'never thought of', where: expect.stringContaining('doctor.test.ts') },
    ]);
    expect(found.of('content.root')).toMatchObject([{ state: 'ok' }]);
    expect(found.exitCode).toBe(1);
  });
});
