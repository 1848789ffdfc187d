// The package on every Node that it promises: packed, installed in an empty folder, and run there by that Node: from an empty folder to a bot that
// answers, the same again without a write, and the daemon from start to stop. `npm run check:node -- 26` tries one. The binaries are npm's "node".
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const given = process.argv.slice(2);
/** The oldest that package.json allows, and every line that is kept up. */
const versions = given.length > 0 ? given : ['20.19.0', '22', '24', '26'];
const work = mkdtempSync(join(tmpdir(), 'kbsync-node-'));
const run = (file, words, cwd, more = {}) =>
  execFileSync(file, words, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], ...more });

function installed() {
  const tarball = run('npm', ['pack', '--silent', '--pack-destination', work], root).trim().split('\n').at(-1);
  const home = join(work, 'home');
  mkdirSync(home);
  run('npm', ['init', '-y'], home);
  run('npm', ['install', '--silent', '--no-audit', '--no-fund', join(work, tarball)], home);
  return join(home, 'node_modules', 'kbsync', 'dist', 'main.js');
}

function nodeOf(version) {
  const home = join(work, `node-${version}`);
  mkdirSync(home);
  run('npm', ['init', '-y'], home);
  // What the install script of npm's "node" would fetch; this way no script runs.
  const binary = `node-${process.platform}-${process.arch}`;
  run('npm', ['install', '--silent', '--no-audit', '--no-fund', '--force', `${binary}@${version}`], home);
  return join(home, 'node_modules', binary, 'bin', 'node');
}

async function daemonRuns(node, program, cwd) {
  const child = spawn(node, [program, 'watch', '--log-format', 'json'], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  const ended = new Promise((resolve) => child.on('close', resolve));
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
  const address = await new Promise((resolve, reject) => {
    const look = () => {
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
      if (found !== null) resolve(found[0]);
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.on('close', () => reject(new Error(`the daemon ended: ${said}`)));
  });
  let ready = 0;
  while (ready !== 200 && child.exitCode === null) {
    ready = (await fetch(`${address}/readyz`)).status;
    if (ready !== 200) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  child.kill('SIGTERM');
  const code = await ended;
  clearTimeout(timer);
  if (ready !== 200 || code !== 0) throw new Error(`readyz ${ready}, exit code ${code}: ${said}`);
}

async function tried(version, program) {
  const node = nodeOf(version);
  const cwd = join(work, `folder-${version}`);
  mkdirSync(join(cwd, 'docs'), { recursive: true });
  writeFileSync(join(cwd, 'docs', 'reset.md'), '# Resetting\n\nA reset link is valid for 30 minutes.\n');
  const kbsync = (...words) => run(node, [program, ...words], cwd);
  const is = run(node, ['--version'], cwd).trim();
  kbsync('--version');
  kbsync('init', '--yes', '--sandbox');
  kbsync('sync', '--verify');
  const again = JSON.parse(kbsync('sync', '--json', '--quiet'));
  for (const target of again.targets) {
    if (target.requests.write !== 0 || target.training.state !== 'trained') throw new Error(JSON.stringify(target));
  }
  appendFileSync(join(cwd, 'sync.config.yaml'), '\ndaemon:\n  port: 0\n');
  await daemonRuns(node, program, cwd);
  return is;
}

let failed = 0;
try {
  const program = installed();
  for (const version of versions) {
    try {
      console.log(`${version}: ok (${await tried(version, program)})`);
    } catch (error) {
      failed += 1;
      console.log(`${version}: FAILED: ${error instanceof Error ? error.message : error}`);
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;
