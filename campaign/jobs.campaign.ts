// CI jobs that share nothing but a branch, each SIGKILLed at a random moment (also in the middle of a push of the state) until one is left to end: a fresh
// clone each, one bot, each kind of vendor. What no job could save was found again, or is shown as not known; nothing is there twice.
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../src/testkit/random.ts';
import { ciJobs } from '../test/support/ci-jobs.ts';
import { hasGit } from '../test/support/git-repo.ts';
import { ended } from '../test/support/run-program.ts';
import { add, type Figures, handBack, seed } from './figures.ts';

const figures: Figures = {};
afterAll(() => handBack('jobs', 'CI jobs on one state branch', figures));

const documents = 24;
const files = Object.fromEntries(Array.from({ length: documents }, (_, n) => [`p${n}.md`, `# Page ${n}\n\nThe word is zebra${n}.\n`]));
const kinds = [
  { flavour: 'sitegpt', kills: 8 },
  { flavour: 'koreai', kills: 6 },
  { flavour: 'cxgenie', kills: 8 },
  { flavour: 'sitegpt+v0', kills: 6 },
] as const;

interface Result {
  readonly targets: readonly [{ readonly counts: Readonly<Record<string, number>> }];
}

describe.skipIf(!hasGit).each(kinds)('$flavour', ({ flavour, kills }) => {
  it(`${kills} jobs are killed, the next one ends it (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const jobs = await ciJobs(flavour, { files, settings: flavour === 'koreai' ? { reingestMode: 'overwrite' } : {} });
    try {
      jobs.bot.served.setFault(({ method }) => (method === 'GET' ? null : { delayMs: 15 }));
      let killed = 0;
      for (let n = 0; n < kills; n += 1) {
        const child = jobs.job(`job-${n}`).start('sync', '--quiet', '--no-wait', '--initial');
        const end = ended(child);
        // From the moment at which it holds the branch.
        for (let tip = jobs.tip(), held = tip; held === tip && child.exitCode === null; held = jobs.tip()) await wait(5);
        await wait(random() * 900);
        child.kill('SIGKILL');
        if ((await end).exitCode === null) killed += 1;
        jobs.bot.clock.advance(300_000);
      }
      jobs.bot.served.setFault(null);
      const last = await jobs.job('last').run('sync', '--json', '--no-wait', '--initial');
      const doubts = last.json<Result>().targets[0].counts['blocked'] ?? 0;
      const words = jobs.bot.items().flatMap(({ text }) => [...text.matchAll(/zebra\d+/g)].map(([word]) => word));
      expect(new Set(words).size, last.stderr).toBe(words.length);
      expect(words.length + doubts).toBeGreaterThanOrEqual(documents);
      if (flavour !== 'cxgenie') expect([doubts, words.length]).toEqual([0, documents]);
      add(figures, 'jobs killed', killed);
      add(figures, 'documents there twice', words.length - new Set(words).size);
      add(figures, 'documents shown as unconfirmed (CX Genie)', doubts);
    } finally {
      await jobs.close();
    }
  });
});
