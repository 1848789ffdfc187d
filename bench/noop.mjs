// A run in which nothing changed, against `git status --porcelain` over the same folder: alternating rounds, ratios of the fastest wall time
// and of CPU time. Usage: npm run build && node bench/noop.mjs [documents=2000] [rounds=7]
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const documents = whole(process.argv[2], 2_000);
const rounds = whole(process.argv[3], 7);
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** Folders of 25 documents, 1 to 20 KB of Markdown each, always the same ones. */
function makeCorpus(folder) {
  let seed = 1;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed / 2_147_483_648;
  };
  const words = 'account reset invoice export plan token training answer question document folder revision limit queue'.split(' ');
  const sentence = () => `${Array.from({ length: 12 }, () => words[Math.floor(random() * words.length)]).join(' ')}.`;
  for (let number = 0; number < documents; number += 1) {
    const place = Math.floor(number / 25);
    const below = join(folder, 'content', `area-${Math.floor(place / 20)}`, `topic-${place}`);
    if (number % 25 === 0) mkdirSync(below, { recursive: true });
    const body = Array.from({ length: 10 + Math.floor(random() * 190) }, sentence).join('\n\n');
    const head = `---\ntitle: Document ${number}\ntags: [bench]\n---\n`;
    writeFileSync(join(below, `document-${number}.md`), `${number % 20 === 0 ? '' : head}# Document ${number}\n\n${body}\n`);
  }
  writeFileSync(
    join(folder, 'sync.config.yaml'),
    'version: 1\nname: bench\ncontent: { root: ./content }\ntargets:\n  - { name: site, vendor: sitegpt, sandbox: true }\n',
  );
  writeFileSync(join(folder, '.gitignore'), 'state/\n');
}

/** One process: wall and CPU milliseconds, from the kernel's account of our finished children. */
function measure(command, args, cwd) {
  const before = childCpuMs();
  const start = process.hrtime.bigint();
  const done = spawnSync(command, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: environment(),
  });
  const wallMs = Number(process.hrtime.bigint() - start) / 1e6;
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${done.status}: ${done.stderr || done.error}`);
  return { wallMs, cpuMs: childCpuMs() - before, out: done.stdout };
}

/** process.cpuUsage() is our own; the shell's `times` would be its children's. Linux keeps ours in /proc: fields 16 and 17, in ticks of 10 ms. */
function childCpuMs() {
  try {
    const fields = execFileSync('cat', [`/proc/${process.pid}/stat`], { encoding: 'utf8' })
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[13]) + Number(fields[14])) * 10;
  } catch {
    return Number.NaN;
  }
}

function environment() {
  return { ...process.env, NO_COLOR: '1', GIT_OPTIONAL_LOCKS: '0' };
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const least = (numbers) => Math.min(...numbers);

const folder = mkdtempSync(join(tmpdir(), 'kbsync-bench-'));
try {
  makeCorpus(folder);
  const git = (...args) => execFileSync('git', args, { cwd: folder, stdio: 'ignore', env: environment() });
  git('init', '-q');
  git('add', '-A');
  git('-c', 'user.name=bench', '-c', 'user.email=bench@localhost', 'commit', '-qm', 'corpus');
  const contestants = [
    { name: 'git status --porcelain', run: () => measure('git', ['status', '--porcelain'], folder) },
    { name: 'node -e 0', run: () => measure(process.execPath, ['-e', '0'], folder) },
    { name: 'kbsync plan --offline', run: () => measure(process.execPath, [program, 'plan', '--offline', '--json', '--quiet'], folder) },
  ];
  // A push first, so that the plan has nothing to say; then the cache settles: a stamp younger than the file proves nothing.
  measure(process.execPath, [program, 'sync', '--quiet', '--json'], folder);
  for (const one of contestants) one.run();
  const results = contestants.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < contestants.length; turn += 1) {
      const at = (round + turn) % contestants.length;
      results[at].push(contestants[at].run());
    }
  }
  const planned = JSON.parse(results[2].at(-1).out);
  const [target] = planned.targets;
  if (target.operations.length !== 0 || target.counts.unchanged !== documents) throw new Error('the plan was not one without changes');
  const [reference] = results;
  console.log(`${documents} documents, ${rounds} rounds, Node ${process.version}`);
  console.log('| case | wall ms: median (least) | CPU ms | x git: least wall / CPU |');
  console.log('|---|---|---|---|');
  contestants.forEach(({ name }, index) => {
    const walls = results[index].map(({ wallMs }) => wallMs);
    const cpus = results[index].map(({ cpuMs }) => cpuMs);
    const ratios = `${(least(walls) / least(reference.map(({ wallMs }) => wallMs))).toFixed(2)} / ${(median(cpus) / Math.max(10, median(reference.map(({ cpuMs }) => cpuMs)))).toFixed(2)}`;
    console.log(`| ${name} | ${median(walls).toFixed(0)} (${least(walls).toFixed(0)}) | ${median(cpus).toFixed(0)} | ${ratios} |`);
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function whole(text, fallback) {
  const value = Number(text ?? fallback);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`found "${text}", expected a whole number of at least 1`);
  return value;
}
