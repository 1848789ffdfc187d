// Every test that keeps a promise, seen red once: the source is spoilt on purpose in a copy of the tree, and the named test must notice. Only with
// `npm run campaign -- --mutations`.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Mutation, mutations } from './mutations.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const wanted = process.env['KBSYNC_CAMPAIGN_MUTATIONS'] === '1';
let copy: string;

interface Seen {
  readonly passed: number;
  readonly failed: number;
  /** The first failure's first line. */
  readonly first: string;
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly assertionResults: readonly { readonly failureMessages?: readonly string[] }[] }[];
}

const rows: { readonly mutation: Mutation; readonly seen: Seen; readonly before: Seen }[] = [];
const tried: Mutation[] = [];
const green = new Map<string, Seen>();

/** Runs one test file, or some of it, in the copy. */
function run(test: string, only: string): Promise<Seen> {
  const output = join(copy, 'seen.json');
  rmSync(output, { force: true });
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const words = [
    vitest,
    'run',
    test,
    ...(only === '' ? [] : ['-t', only]),
    '--reporter=json',
    `--outputFile=${output}`,
    '--testTimeout=60000',
  ];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, words, { cwd: copy, env: { ...process.env, CI: '' }, maxBuffer: 1 << 28 }, () => {
      try {
        const { numPassedTests: passed, numFailedTests: failed, testResults } = JSON.parse(readFileSync(output, 'utf8')) as Report;
        const [first = ''] = testResults.flatMap(({ assertionResults }) => assertionResults.flatMap((each) => each.failureMessages ?? []));
        resolve({ passed, failed, first: first.split('\n', 1)[0] ?? '' });
      } catch (thrown) {
        reject(thrown);
      }
    });
  });
}

/** The program of the copy, anew from its source. */
function build(): Promise<void> {
  const compiler = join(root, 'node_modules', '.bin', 'tsc');
  return new Promise((resolve, reject) => {
    // What is spoilt may leave a name unused: what counts is that it was written.
    execFile(
      compiler,
      ['-p', 'tsconfig.build.json', '--noUnusedLocals', 'false', '--noUnusedParameters', 'false'],
      { cwd: copy },
      (error, stdout) => {
        if (error === null) resolve();
        else reject(new Error(`the spoilt source does not compile: ${stdout}`));
      },
    );
  });
}

describe.skipIf(!wanted)('mutations', () => {
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'kbsync-mutations-'));
    for (const name of [
      'src',
      'dist',
      'test',
      'package.json',
      'tsconfig.json',
      'tsconfig.build.json',
      'vitest.config.ts',
      'sync.config.yaml',
    ])
      cpSync(join(root, name), join(copy, name), { recursive: true });
    for (const name of ['node_modules', 'content']) symlinkSync(join(root, name), join(copy, name));
  });

  afterAll(() => {
    if (copy !== undefined) rmSync(copy, { recursive: true, force: true });
    const dir = process.env['KBSYNC_CAMPAIGN_DIR'];
    if (dir === undefined) return;
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'mutations.table.json'), JSON.stringify({ all: mutations, tried, rows }));
  });

  it.each(mutations)('$promise: $what', async (mutation) => {
    const { edits, test, only, program = false } = mutation;
    tried.push(mutation);
    const key = `${test} ${only}`;
    const before = green.get(key) ?? (await run(test, only));
    green.set(key, before);
    expect(before, 'unspoilt').toMatchObject({ failed: 0 });
    expect(before.passed, 'unspoilt').toBeGreaterThan(0);
    const originals = new Map(edits.map(({ file }) => [file, readFileSync(join(copy, file), 'utf8')]));
    try {
      for (const { file, find, put } of edits) {
        const text = readFileSync(join(copy, file), 'utf8');
        expect(text.split(find).length, `${file} has the place once`).toBe(2);
        writeFileSync(
          join(copy, file),
          text.replace(find, () => put),
        );
      }
      if (program) await build();
      const seen = await run(test, only);
      process.stdout.write(`${mutation.promise}: ${mutation.what}: ${seen.failed} of ${before.passed} red: ${seen.first}\n`);
      // Red for the right reason: tests ran and failed; a tree that does not load, or stumbles over what was put into it, proves nothing.
      expect(seen.failed, 'spoilt').toBeGreaterThan(0);
      expect(seen.first, 'spoilt').not.toMatch(/^(SyntaxError|ReferenceError)/);
      rows.push({ mutation, seen, before });
    } finally {
      for (const [file, text] of originals) writeFileSync(join(copy, file), text);
      if (program) await build();
    }
  });
});
