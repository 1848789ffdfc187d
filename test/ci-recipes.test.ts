// The shell lines of each recipe of docs/ci.md, run as they stand there: in fresh clones, by sh, with the real program, against the emulator.
import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ciJobs, type Job, type Jobs } from './support/ci-jobs.ts';
import { hasGit, plainEnv, withoutGit } from './support/git-repo.ts';
import { ended, type Ran } from './support/run-program.ts';

const doc = readFileSync(fileURLToPath(new URL('../docs/ci.md', import.meta.url)), 'utf8');
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** The text of a recipe. */
function recipe(system: string): string {
  const found = new RegExp(`<!-- recipe: ${system} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\\n\`\`\``).exec(doc)?.[1];
  if (found === undefined) throw new Error(`docs/ci.md has no recipe for ${system}`);
  return found;
}

interface Scripts {
  readonly look: string;
  readonly plan: string;
  readonly apply: string;
}

/** Every text in a value that a shell is given. */
function shellTexts(value: unknown): readonly string[] {
  if (typeof value === 'string') return /\bkbsync@/.test(value) ? [value] : [];
  if (Array.isArray(value))
    return value.every((one) => typeof one === 'string') && shellTexts(value.join('\n')).length > 0
      ? [value.join('\n')]
      : value.flatMap(shellTexts);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(shellTexts) : [];
}

function scriptsOf(system: string): Scripts {
  const text = recipe(system);
  const found =
    system === 'jenkins' ? [...text.matchAll(/sh '''([\s\S]*?)'''/g)].map(([, script = '']) => script) : shellTexts(parse(text));
  const [look, plan, apply, ...more] = found;
  if (look === undefined || plan === undefined || apply === undefined || more.length > 0)
    throw new Error(`${system}: ${found.length} scripts`);
  return { look, plan, apply };
}

/** Where the plan lies in a job, as the system brings it from one to the other. */
const artifacts: { readonly [system: string]: { readonly made: string; readonly found: string } } = {
  azure: { made: 'plan.json', found: '../workspace/kbsync/plan.json' },
  bitbucket: { made: 'plan.json', found: 'plan.json' },
  jenkins: { made: 'plan.json', found: 'plan.json' },
  circleci: { made: 'out/plan.json', found: 'out/plan.json' },
  gitlab: { made: 'plan.json', found: 'plan.json' },
};
const systems = Object.keys(artifacts);

/** Systems whose shell is given the same lines are one. */
function different(): string[] {
  const groups = new Map<string, string[]>();
  for (const system of systems) {
    const { plan, apply } = scriptsOf(system);
    const key = JSON.stringify([plan.trim(), apply.trim(), artifacts[system]]);
    groups.set(key, [...(groups.get(key) ?? []), system]);
  }
  return [...groups.values()].map((group) => group.join(', '));
}

let jobs: Jobs;

function shell(script: string, { dir }: Job): Promise<Ran> {
  const env = {
    ...plainEnv(dir),
    PATH: `${join(jobs.dir, 'bin')}:${process.env['PATH'] ?? ''}`,
    CI: 'true',
    PIPELINE_WORKSPACE: join(dir, '..', 'workspace'),
  };
  return ended(spawn('sh', ['-e', '-c', script], { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'] }));
}

describe.skipIf(!hasGit)(`docs/ci.md${withoutGit}`, () => {
  beforeAll(async () => {
    jobs = await ciJobs('sitegpt', { files: { 'a.md': '# A\n\nThe word is zero.\n', 'b.md': '# B\n\nIt stays.\n' } });
    const npx = join(jobs.dir, 'bin', 'npx');
    mkdirSync(dirname(npx));
    writeFileSync(
      npx,
      `#!/bin/sh\n[ "$1" = --yes ] && [ "$2" = kbsync@0.1 ] || exit 99\nshift 2\nexec '${process.execPath}' '${program}' "$@"\n`,
    );
    chmodSync(npx, 0o755);
  });
  afterAll(() => jobs.close());

  it('the look at a pull request is the same everywhere, and needs neither secret nor state', async () => {
    const looks = systems.map((system) => scriptsOf(system).look.trim().replace(/\n\s+/g, '\n'));
    expect(new Set(looks).size).toBe(1);
    const ran = await shell(looks[0] ?? '', jobs.job('look'));
    expect([ran.exitCode, ran.stdout], ran.stderr).toEqual([0, expect.stringContaining('create')]);
    expect([jobs.bot.items().length, jobs.tip()]).toEqual([0, null]);
  }, 30_000);

  it.each(different())(
    '%s: what one job has planned, another one applies',
    async (alike) => {
      const [system = ''] = alike.split(', ');
      const { plan, apply } = scriptsOf(system);
      const { made, found } = artifacts[system] ?? { made: '', found: '' };
      jobs.author.commit({ 'content/a.md': `# A\n\nThe word is ${system}.\n` });
      jobs.author.git('push', '--quiet', 'origin', 'main');
      const planning = jobs.job(`${system}-1`);
      const planned = await shell(plan, planning);
      expect(planned.exitCode, planned.stderr).toBe(0);
      const applying = jobs.job(`${system}-2`);
      mkdirSync(dirname(join(applying.dir, found)), { recursive: true });
      copyFileSync(join(planning.dir, made), join(applying.dir, found));
      const applied = await shell(apply, applying);
      expect(applied.exitCode, applied.stderr).toBe(0);
      expect(JSON.parse(readFileSync(join(applying.dir, 'kbsync-result.json'), 'utf8'))).toMatchObject({ exitCode: 0 });
      expect(jobs.bot.items().filter(({ text }) => text.includes(`is ${system}.`)).length).toBe(1);
      expect(jobs.bot.items().length).toBe(2);
    },
    60_000,
  );
});
