// The reliability campaign: starts its parts with a seed and a time, and writes what they came to into docs/reliability.md.
//   npm run campaign                      all parts, half an hour on two busy cores
//   npm run campaign -- --minutes 60      longer: the fuzz and the sampled double crashes go on
//   npm run campaign -- --seed 7 --only fuzz,crash
//   npm run campaign -- --mutations       every test that keeps a promise, seen red once
//   npm run campaign -- --mutations --match fence    only these; the table keeps what it says of the others
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** How figures begin that are summed over the parts (campaign/figures.ts). */
const summed = 'in all: ';
const root = fileURLToPath(new URL('..', import.meta.url));
const document = join(root, 'docs', 'reliability.md');
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '20261121' },
    minutes: { type: 'string', default: '10' },
    only: { type: 'string', default: '' },
    mutations: { type: 'boolean', default: false },
    match: { type: 'string', default: '' },
    'dry-run': { type: 'boolean', default: false },
  },
});

// The kills first: they take the longest, and real time.
const all = ['kills', 'jobs', 'crash', 'vendors', 'fuzz', 'disk', 'late', 'inputs'];
const parts = values.mutations ? ['mutations'] : values.only === '' ? all : values.only.split(',');
const dir = mkdtempSync(join(tmpdir(), 'kbsync-campaign-'));
const env = {
  ...process.env,
  KBSYNC_CAMPAIGN_DIR: dir,
  KBSYNC_CAMPAIGN_SEED: values.seed,
  KBSYNC_CAMPAIGN_MINUTES: values.minutes,
  KBSYNC_CAMPAIGN_MUTATIONS: values.mutations ? '1' : '',
};
const words = [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--config', join(root, 'campaign', 'vitest.config.ts')];
const startedMs = Date.now();
const matching = values.match === '' ? [] : ['-t', values.match];
const child = spawn(
  process.execPath,
  [...words, '--reporter=verbose', ...matching, ...parts.map((part) => `campaign/${part}.campaign.ts`)],
  {
    cwd: root,
    env,
    stdio: 'inherit',
  },
);
const code = await new Promise((resolve) => child.on('close', resolve));
const minutes = (Date.now() - startedMs) / 60_000;
const whole = values.mutations || values.only === '';
const silent = parts.filter((part) => !readdirSync(dir).some((name) => name === `${part}.json` || name === `${part}.table.json`));
if (silent.length > 0) process.stderr.write(`nothing came of ${silent.join(', ')}\n`);
let good = code === 0 && silent.length === 0;
if (values.mutations && silent.length === 0) good = writeMutations() && good;
else if (good) {
  const text = figureTables();
  if (whole && !values['dry-run']) write('figures', text);
  process.stdout.write(text);
}
rmSync(dir, { recursive: true, force: true });
process.exitCode = good ? 0 : (code ?? 1) || 1;

/** Puts a text between its two marks in the document. */
function write(name, text) {
  const [start, end] = [`<!-- ${name}: written by npm run campaign -->`, `<!-- end of ${name} -->`];
  const before = readFileSync(document, 'utf8');
  const from = before.indexOf(start);
  const to = before.indexOf(end);
  if (from < 0 || to < from) throw new Error(`docs/reliability.md has no place for ${name}`);
  writeFileSync(document, `${before.slice(0, from)}${start}\n\n${text}\n${before.slice(to)}`);
}

function figureTables() {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const handed = readdirSync(dir)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(dir, name), 'utf8')))
    .sort((left, right) => (left.group < right.group ? -1 : 1));
  const table = (rows) => [
    '| what | how many |',
    '|---|--:|',
    ...rows.map(([name, count]) => `| ${name} | ${count.toLocaleString('en-US')} |`),
    '',
  ];
  const sums = new Map();
  for (const [name, count] of handed.flatMap(({ figures }) => Object.entries(figures)))
    if (name.startsWith(summed)) sums.set(name.slice(summed.length), (sums.get(name.slice(summed.length)) ?? 0) + count);
  const tables = handed.map(({ group, figures }) => {
    const rows = Object.entries(figures).filter(([name]) => !name.startsWith(summed));
    return [`### ${group}`, '', ...table(rows)].join('\n');
  });
  const when = new Date(startedMs).toISOString().slice(0, 10);
  const where = `${minutes.toFixed(0)} minutes on ${availableParallelism()} cores (${process.platform}, Node ${process.versions.node})`;
  const verdict = 'Lost: **0**. Doubled: **0**. Leaked: **0**. (One breach, and the campaign is red and writes no figures.)';
  return [`kbsync ${version}, seed ${values.seed}, ${when}: ${where}.`, '', verdict, '', ...table([...sums].sort()), ...tables].join('\n');
}

/** Puts what was seen red into the table, and keeps what it says of mutations that were not tried now. False where one has never been seen. */
function writeMutations() {
  const { all, tried, rows } = JSON.parse(readFileSync(join(dir, 'mutations.table.json'), 'utf8'));
  const keyOf = ({ promise, what }) => `| ${promise} | ${what} |`;
  const seen = new Map(rows.map((row) => [keyOf(row.mutation), rowOf(row)]));
  const untried = new Set(all.map(keyOf).filter((key) => !tried.map(keyOf).includes(key)));
  for (const line of readFileSync(document, 'utf8').split('\n')) {
    const key = [...untried].find((start) => line.startsWith(start));
    if (key !== undefined) seen.set(key, line);
  }
  const missing = all.map(keyOf).filter((key) => !seen.has(key));
  for (const key of missing) process.stderr.write(`not seen red: ${key}\n`);
  const lines = all.flatMap((mutation) => seen.get(keyOf(mutation)) ?? []);
  const text = ['| promise | spoilt on purpose | in | noticed by | seen |', '|---|---|---|---|---|', ...lines, ''].join('\n');
  if (!values['dry-run']) write('mutations', text);
  return missing.length === 0;
}

function rowOf({ mutation, seen, before }) {
  const files = [...new Set(mutation.edits.map(({ file }) => `\`${file}\``))].join(', ');
  return `| ${mutation.promise} | ${mutation.what} | ${files} | \`${mutation.test}\` | red: ${seen.failed} of ${before.passed} |`;
}
