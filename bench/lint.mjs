// Lint of a large folder, as `kbsync lint` runs it: all files new, nothing changed, one file changed; and the pairs of near-duplicates alone.
// Usage: npm run build && node bench/lint.mjs [documents=10000]
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const documents = process.argv[2] === undefined ? 10_000 : Number(process.argv[2]);
if (!Number.isInteger(documents) || documents < 20) throw new Error(`${process.argv[2]}: expected a whole number of at least 20`);
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

let seed = 1;
function random() {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
}
const words = Array.from({ length: 3_000 }, (_, number) => `w${number.toString(36)}ord`);
const sentence = () => `${Array.from({ length: 12 }, () => words[Math.floor(random() ** 2 * words.length)]).join(' ')}.`;

const folder = mkdtempSync(join(tmpdir(), 'kbsync-lint-'));
try {
  let bytes = 0;
  const pathOf = (number) => join(folder, 'content', `topic-${Math.floor(number / 50)}`, `document-${number}.md`);
  let last = '';
  for (let number = 0; number < documents; number += 1) {
    if (number % 50 === 0) mkdirSync(join(folder, 'content', `topic-${number / 50}`), { recursive: true });
    // One in twenty is the one before it, with a sentence more.
    const body =
      number % 20 === 19 ? `${last}\n\n${sentence()}` : Array.from({ length: 20 + Math.floor(random() * 120) }, sentence).join('\n\n');
    last = body;
    bytes += body.length;
    writeFileSync(pathOf(number), `# Document ${number}\n\n${body}\n`);
  }
  writeFileSync(
    join(folder, 'sync.config.yaml'),
    'version: 1\nname: bench\ncontent: { root: ./content }\ntargets:\n  - { name: site, vendor: sitegpt, sandbox: true }\n',
  );
  console.log(`${documents} documents, ${(bytes / 1e6).toFixed(1)} MB`);
  const env = { PATH: process.env.PATH, HOME: folder, NO_COLOR: '1' };
  const run = (name) => {
    const start = performance.now();
    const { stdout, stderr, status } = spawnSync(process.execPath, [program, 'lint', '--json'], {
      cwd: folder,
      encoding: 'utf8',
      env,
      maxBuffer: 1 << 28,
    });
    if (status !== 0) throw new Error(stderr);
    console.log(`${name}: ${Math.round(performance.now() - start)} ms, ${JSON.parse(stdout).counts.warning} warnings`);
  };
  run('all files new');
  // The cache trusts a file two seconds after its last change.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500);
  run('the same, its stamps now old enough');
  run('nothing changed');
  writeFileSync(pathOf(7), `# Document 7\n\n${sentence()}\n`);
  run('one file changed');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
