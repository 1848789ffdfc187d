// The steps of deploy/docker/Dockerfile, done in a folder that stands for the image: what is copied and built there runs by itself. `docker build`
// does the same where there is a daemon. It installs from the registry, so it runs where KBSYNC_IMAGE is set (.ci/run does).
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { readDockerfile, type Stage, wordsOf } from '../support/dockerfile.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const wanted = (process.env['KBSYNC_IMAGE'] ?? '') !== '';
const daemon = wanted && spawnSync('docker', ['info']).status === 0;
const dir = wanted ? mkdtempSync(join(tmpdir(), 'kbsync-image-')) : '';
afterAll(() => {
  // By another program: thousands of files of packages need not be looked through for secrets.
  if (wanted) spawnSync('rm', ['-rf', dir]);
}, 300_000);

/** Does the steps of a stage below a folder of its own, but those that are Debian's. */
function build(stage: Stage, at: string, earlier: ReadonlyMap<string, string>): void {
  let cwd = at;
  let owner = '0';
  for (const { word, rest } of stage.instructions) {
    if (word === 'WORKDIR') cwd = join(at, rest);
    mkdirSync(cwd, { recursive: true });
    if (word === 'USER') owner = rest;
    if (word === 'COPY') {
      const paths = rest.split(' ').filter((one) => !one.startsWith('--'));
      const from = earlier.get(/--from=(\S+)/.exec(rest)?.[1] ?? '') ?? root;
      const to = join(cwd, paths.at(-1) ?? '');
      for (const path of paths.slice(0, -1)) {
        const whole = join(from, path);
        cpSync(whole, statSync(whole).isDirectory() ? to : join(to, basename(path)), { recursive: true, verbatimSymlinks: true });
      }
    }
    if (word !== 'RUN' || rest.startsWith('apt-get')) continue;
    const env = { PATH: process.env['PATH'] ?? '', HOME: at, npm_config_registry: process.env['npm_config_registry'] };
    const ran = spawnSync('sh', ['-ec', rest], { cwd, env, encoding: 'utf8' });
    if (ran.status !== 0) throw new Error(`${rest}: ${ran.stdout}${ran.stderr}`);
  }
  expect(owner === '0' || owner === '1000:1000').toBe(true);
}

describe.skipIf(!wanted)(`the image${wanted ? '' : ' (KBSYNC_IMAGE is not set)'}`, () => {
  it('is made by the steps of the Dockerfile, holds no development package, and runs', () => {
    const built = new Map<string, string>();
    let image = '';
    for (const [index, stage] of readDockerfile(readFileSync(join(root, 'deploy/docker/Dockerfile'), 'utf8')).entries()) {
      image = join(dir, String(index));
      mkdirSync(image);
      build(stage, image, built);
      if (stage.name !== null) built.set(stage.name, image);
    }
    const app = join(image, 'opt/kbsync');
    expect(readdirSync(app).sort()).toEqual(['LICENSE', 'dist', 'docs', 'healthcheck.mjs', 'node_modules', 'package.json']);
    for (const name of ['typescript', 'vitest', '@biomejs', 'knip'])
      expect([name, existsSync(join(app, 'node_modules', name))]).toEqual([name, false]);
    const work = join(dir, 'work');
    mkdirSync(join(work, 'content'), { recursive: true });
    writeFileSync(join(work, 'content', 'a.md'), '# A\n\nwords.\n');
    writeFileSync(
      join(work, 'sync.config.yaml'),
      'version: 1\nname: docs\ntargets:\n  - { name: support, vendor: chatthing, sandbox: true }\n',
    );
    const ran = spawnSync(process.execPath, [join(app, 'dist/main.js'), 'sync', '--json'], {
      cwd: work,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '' },
    });
    expect([ran.status, ran.stderr]).toEqual([0, expect.any(String)]);
    expect(JSON.parse(ran.stdout)).toMatchObject({ exitCode: 0, targets: [{ name: 'support', training: { trained: 1 } }] });
  }, 600_000);

  it.skipIf(!daemon)(
    `is built by docker${daemon ? '' : ' (no docker daemon here)'}`,
    () => {
      const ran = spawnSync('docker', ['build', '-q', '-f', 'deploy/docker/Dockerfile', '-t', 'kbsync:test', '.'], {
        cwd: root,
        encoding: 'utf8',
      });
      expect([ran.status, ran.stderr]).toEqual([0, '']);
      expect(spawnSync('docker', ['run', '--rm', '--read-only', '--cap-drop=ALL', 'kbsync:test', ...wordsOf('["--version"]')]).status).toBe(
        0,
      );
    },
    1_200_000,
  );
});
