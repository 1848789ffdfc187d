// A burst of changes under the running daemon: every file rewritten at once, several times over, and as many again touched without a change.
// Tells for each burst how long until the bot knows all of it, and what memory the daemon holds before, at most, and after; at the end a plan
// shows whether anything was missed. Linux only (/proc). The bots are served by a process of their own.
// Usage: npm run build && node bench/burst.mjs [documents=10000] [bursts=4]
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const wholeNumber = (text, usual) => {
  const number = text === undefined ? usual : Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`${text}: expected a whole number`);
  return number;
};
const documents = wholeNumber(process.argv[2], 10_000);
const bursts = wholeNumber(process.argv[3], 4);
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'kbsync-burst-'));
const env = { PATH: process.env.PATH, HOME: home, NO_COLOR: '1' };
const children = [];

function start(words, until) {
  const child = spawn(process.execPath, [program, ...words], { cwd: home, env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (text) => {
      said += text;
      const found = until.exec(said);
      if (found !== null) resolve({ child, found });
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
    child.on('exit', (code) => reject(new Error(`kbsync ${words.join(' ')} ended with ${code}:\n${said}`)));
  });
}

const pathOf = (number) => join(home, 'content', `topic-${Math.floor(number / 100)}`, `document-${number}.md`);
function writeAll(word) {
  for (let number = 0; number < documents; number += 1) {
    writeFileSync(pathOf(number), `# Document ${number}\n\nThe word of document ${number} is ${word}${number}.\n`);
  }
}

/** Memory of a process in MB, as the kernel counts it. */
function memory(pid, field = 'VmRSS') {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(line?.[1] ?? 0) / 1_024);
}

try {
  for (let number = 0; number < documents; number += 100) mkdirSync(join(home, 'content', `topic-${number / 100}`), { recursive: true });
  writeAll('first');
  writeFileSync(
    join(home, 'sync.config.yaml'),
    'version: 1\nname: bench\ndaemon: { port: 0 }\nschedule: { rescan: "*/20 * * * * *", drift: null }\n' +
      'safety: { maxUpdate: { share: 100%, floor: 1000000 } }\n' +
      'targets:\n  - { name: bot, vendor: chatthing, sandbox: true, poll: { first: 500ms, max: 2s } }\n',
  );
  await start(['sandbox'], /http:\/\/127\.0\.0\.1:\d+/);
  const { child, found } = await start(['watch'], /status page: (\S+)/);
  const { pid } = child;
  const known = async () => {
    if (child.exitCode !== null) throw new Error(`the daemon has ended with ${child.exitCode}`);
    // Busy for longer than a connection is kept: asked again later.
    const answer = await fetch(`${found[1]}api/status`, { headers: { connection: 'close' } }).catch(() => null);
    if (answer === null) return false;
    const { targets } = await answer.json();
    const [{ inSync, behind, counts, doing }] = targets;
    return inSync && behind === 0 && counts.trained === documents && doing === 'watching';
  };
  let peak = 0;
  const sampler = setInterval(() => {
    peak = Math.max(peak, memory(pid));
  }, 200);
  const settled = async (what, act) => {
    const before = memory(pid);
    peak = before;
    const began = performance.now();
    act();
    const written = performance.now() - began;
    // Two rescans later nothing more can come.
    await wait(3_000);
    for (let tries = 0; !(await known()); tries += 1) {
      if (tries > 1_200) throw new Error(`${what}: not known after 20 minutes`);
      await wait(1_000);
    }
    const took = performance.now() - began;
    await wait(5_000);
    console.log(
      `${what}: written in ${(written / 1_000).toFixed(1)} s, known after ${(took / 1_000).toFixed(0)} s; memory ${before} MB before, ${peak} MB at most, ${memory(pid)} MB after`,
    );
  };
  console.log(`${documents} documents, ${bursts} bursts`);
  await settled('first sync', () => {});
  for (let burst = 1; burst <= bursts; burst += 1) {
    await settled(`burst ${burst}, every file rewritten`, () => writeAll(`burst${burst}x`));
    await settled(`burst ${burst}, every file touched`, () => {
      const now = new Date();
      for (let number = 0; number < documents; number += 1) utimesSync(pathOf(number), now, now);
    });
  }
  clearInterval(sampler);
  const plan = spawnSync(process.execPath, [program, 'plan', '--offline', '--json'], {
    cwd: home,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const { counts } = JSON.parse(plan.stdout).targets[0];
  console.log(
    `missed: ${documents - counts.unchanged} of ${documents} (plan: ${counts.create} create, ${counts.update} update, ${counts.delete} delete)`,
  );
  child.removeAllListeners('exit');
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const began = performance.now();
  child.kill('SIGTERM');
  const code = await Promise.race([ended, wait(30_000)]);
  console.log(`stopped in ${Math.round(performance.now() - began)} ms with ${code}`);
} finally {
  for (const child of children) {
    child.removeAllListeners('exit');
    child.kill('SIGKILL');
  }
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}
