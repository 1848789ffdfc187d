// deploy/docker: the Dockerfile by hadolint's rules, the compose file by its own, and the program as the image runs it: process 1 of a read-only
// root, as nobody, without a capability. No container runtime is needed for that.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { lintDockerfile, readDockerfile, type Stage, wordsOf } from '../support/dockerfile.ts';
import { planted } from '../support/planted.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const text = read('deploy/docker/Dockerfile');
const stages = readDockerfile(text);
const last = stages.at(-1) as Stage;
const one = (word: string): string => last.instructions.filter((found) => found.word === word).at(-1)?.rest ?? '';

describe('the Dockerfile', () => {
  it('has nothing that hadolint complains of', () => {
    expect(lintDockerfile(stages)).toEqual([]);
  });

  it.each([
    ['FROM node:20.20.2-bookworm-slim AS build', 'FROM node AS build', 'DL3006'],
    ['USER 1000:1000', 'USER root', 'DL3002'],
    ['USER 1000:1000\n', '', 'DL3002'],
    ['WORKDIR /config', 'WORKDIR config', 'DL3000'],
    ['--from=build', '--from=builder', 'DL3022'],
    ['CMD ["watch"]', 'CMD watch', 'DL3025'],
    ['--no-install-recommends ', '', 'DL3015'],
    [' && rm -rf /var/lib/apt/lists/* \\\n', '', 'DL3009'],
    ['# hadolint ignore=DL3008\n', '', 'DL3008'],
    ['COPY src src/', 'ADD src src/', 'DL3020'],
    ['npm ci', 'npm install', 'DL3016'],
    ['EXPOSE 8420', 'EXPOSE 84200', 'DL3011'],
  ])('would be seen with another %s', (from, to, rule) => {
    expect(text).toContain(from);
    expect(lintDockerfile(readDockerfile(text.replace(from, () => to))).map((finding) => finding.split(' ')[0])).toContain(rule);
  });

  it('is pinned to the Node that the package asks for, and copies only what is there and let in', () => {
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
    expect(new Set(stages.map(({ base }) => base)).size).toBe(1);
    const [, major, minor] = /^node:(\d+)\.(\d+)\.\d+-/.exec(last.base) ?? [];
    const [, least, leastMinor] = /(\d+)\.(\d+)/.exec(engines.node) ?? [];
    expect(major).toBe(least);
    expect(Number(minor)).toBeGreaterThanOrEqual(Number(leastMinor));
    const letIn = read('deploy/docker/Dockerfile.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = stages.flatMap(({ instructions }) =>
      instructions
        .filter(({ word, rest }) => word === 'COPY' && !rest.includes('--from'))
        .flatMap(({ rest }) => rest.split(' ').slice(0, -1)),
    );
    expect([...new Set(copied)].sort()).toEqual([...letIn].sort());
    expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    // tsc -p tsconfig.build.json reads no other file.
    expect(read('deploy/docker/Dockerfile.dockerignore').split('\n')).toContain('*');
  });
});

interface Service {
  readonly user: string;
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly stop_grace_period: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly volumes: readonly { readonly type: string; readonly source: string; readonly target: string; readonly read_only?: boolean }[];
  readonly ports: readonly string[];
  readonly healthcheck: { readonly test: readonly string[] };
}

describe('the compose file', () => {
  const compose = parse(read('deploy/docker/compose.yaml')) as {
    readonly services: Readonly<Record<string, Service>>;
    readonly secrets: Readonly<Record<string, { readonly file: string }>>;
    readonly volumes: object;
  };
  const service = compose.services['kbsync'] as Service;

  it('locks the container down, and agrees with the image', () => {
    expect(service).toMatchObject({ user: one('USER'), read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect(Number.parseInt(service.stop_grace_period, 10)).toBeGreaterThan(30);
    expect(['CMD', ...wordsOf(one('HEALTHCHECK').replace(/^.* CMD /, ''))]).toEqual(service.healthcheck.test);
    expect(service.ports).toEqual([`127.0.0.1:${one('EXPOSE')}:${one('EXPOSE')}`]);
    const writable = service.volumes.filter((volume) => volume.read_only !== true);
    expect(writable).toEqual([{ type: 'volume', source: 'state', target: one('VOLUME') }]);
    expect(Object.keys(compose.volumes)).toEqual(['state']);
    expect(service.volumes.map(({ target }) => target)).toContain(one('WORKDIR'));
  });

  it('gives every secret as a file that is named by NAME_FILE, and none in the environment', () => {
    expect(Object.keys(compose.secrets)).toEqual(service.secrets);
    expect(service.environment).toEqual({ KBSYNC_TOKEN_FILE: '/run/secrets/kbsync_token' });
    for (const { file } of Object.values(compose.secrets))
      expect(read('.gitignore').split('\n')).toContain(`deploy/docker/${dirname(file).slice(2)}/`);
  });
});

/** Root may put on other namespaces; others could not drop to nobody. */
const able = process.getuid?.() === 0 && spawnSync('unshare', ['-mpf', '--mount-proc', 'setpriv', '--version']).status === 0;

describe.skipIf(!able)(`the program as the image runs it${able ? '' : ' (needs root, unshare and setpriv)'}`, () => {
  let dir: string;
  let child: ChildProcess;
  let said: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'kbsync-image-'));
    said = '';
    for (const name of ['config', 'docs', 'state', 'secrets']) mkdirSync(join(dir, name));
    writeFileSync(join(dir, 'docs', 'a.md'), '# A\n\nwords.\n');
    writeFileSync(join(dir, 'secrets', 'kbsync_token'), `${planted}\n`);
    // As shipped, but for the port and where things lie.
    const config = read('deploy/docker/config/sync.config.yaml').replace('port: 8420', 'port: 0').replace('root: /docs', 'root: ../docs');
    writeFileSync(join(dir, 'config', 'sync.config.yaml'), config);
    spawnSync('chown', ['-R', '1000:1000', join(dir, 'state'), join(dir, 'secrets')]);
    spawnSync('chmod', ['755', dir]);
    spawnSync('chmod', ['400', join(dir, 'secrets', 'kbsync_token')]);
  });
  afterEach(() => {
    child.kill('SIGKILL');
    rmSync(join(dir, 'secrets', 'kbsync_token'), { force: true });
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  });

  const healthcheck = (url: string) =>
    spawnSync(process.execPath, [join(root, 'deploy/docker/healthcheck.mjs')], { env: { KBSYNC_HEALTH_URL: url }, encoding: 'utf8' });

  it('works as process 1 of a read-only root, as nobody without rights, answers its health check, and ends on SIGTERM with 0', async () => {
    // The same folder again, writable, over the root that is not: the volume.
    const script = [
      'mount --bind "$1/state" "$1/state"',
      'mount -o remount,bind,ro /',
      'cd "$1/config"',
      'touch "$1/docs/b" 2>/dev/null && echo "the root can be written" >&2',
      'exec setpriv --reuid 1000 --regid 1000 --clear-groups --bounding-set -all --inh-caps -all --no-new-privs "$2" "$3" watch',
    ].join('\n');
    const env = {
      PATH: process.env['PATH'] ?? '',
      NODE_ENV: 'production',
      STATE_DIRECTORY: join(dir, 'state'),
      KBSYNC_TOKEN_FILE: join(dir, 'secrets', 'kbsync_token'),
    };
    child = spawn(
      'unshare',
      ['-mpf', '--mount-proc', '--kill-child', 'sh', '-c', script, 'sh', dir, process.execPath, join(root, 'dist/main.js')],
      {
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    child.stderr?.setEncoding('utf8').on('data', (some: string) => {
      said += some;
    });
    const ended = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
    const until = async (what: string, holds: () => boolean): Promise<void> => {
      const deadline = Date.now() + 40_000;
      while (!holds()) {
        if (Date.now() > deadline || child.exitCode !== null) throw new Error(`never came: ${what}\n${said}`);
        await wait(50);
      }
    };
    await until('the status page', () => /status page: (\S+)/.test(said));
    const port = /status page: \S+:(\d+)\//.exec(said)?.[1] ?? '';
    const url = `http://127.0.0.1:${port}/readyz`;
    await until('health', () => healthcheck(url).status === 0);
    expect(said).not.toContain('the root can be written');
    expect(healthcheck('http://127.0.0.1:9/readyz').status).toBe(1);
    // Off loopback, all but the probes needs the token.
    expect((await fetch(`http://127.0.0.1:${port}/api/status`)).status).toBe(401);
    await until('the first push', () => /support: .*1 created/.test(said) && /site: .*1 created/.test(said));

    const inner = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim());
    const status = readFileSync(`/proc/${inner}/status`, 'utf8');
    expect(status).toMatch(/^NSpid:\t\d+\t1$/m);
    expect(status).toMatch(/^Uid:\t1000\t1000\t1000\t1000$/m);
    for (const set of ['CapEff', 'CapPrm', 'CapBnd', 'CapInh', 'CapAmb']) expect(status).toMatch(new RegExp(`^${set}:\\t0+$`, 'm'));
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    process.kill(inner, 'SIGTERM');
    expect([await ended, said]).toEqual([0, expect.not.stringContaining(planted)]);
  }, 60_000);
});
