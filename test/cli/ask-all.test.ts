// `kbsync ask --all` with the real program: what the answers rest on, by the vendor or by our best match, and where they contradict each other.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type QuickSandbox, quickSandbox } from '../support/quick-sandbox.ts';
import { type Home, home } from '../support/run-program.ts';

const config = `version: 1
name: acme
content: { root: ./content, defaults: { audience: public } }
targets:
  - { name: support, vendor: chatthing, sandbox: true, poll: { first: 200ms, max: 1s } }
  - { name: site, vendor: sitegpt, sandbox: true, lagMs: 0ms, poll: { first: 200ms, max: 1s } }
`;

let place: Home;
let bots: QuickSandbox;
beforeAll(async () => {
  place = home(config);
  bots = await quickSandbox(place.dir);
  place.write({
    'content/support.md':
      '---\nkb: { targets: [support] }\n---\n# Reset links\n\nA reset link stays valid for 30 minutes after it was sent.\n',
    'content/site.md': '---\nkb: { targets: [site] }\n---\n# Reset links\n\nA reset link stays valid for 2 hours after it was sent.\n',
    'content/museum.md': '---\nkb: { targets: [site] }\n---\n# Museum\n\nThe museum opens on Sundays.\n',
    'content/price.md': '# Price\n\nThe basic plan costs 9 EUR a month, and the link to it is short.\n',
  });
  expect((await place.run('sync')).exitCode).toBe(0);
}, 60_000);
afterAll(async () => {
  await bots.close();
  place.remove();
});

it('names the contradiction, with who says what, and marks our own match', async () => {
  const { stdout, exitCode } = await place.run('ask', '--all', 'How long does a reset link stay valid?');
  expect(exitCode).toBe(0);
  expect(stdout).toContain('the vendor named no source\n  our match: support.md (Reset links)');
  expect(stdout).toContain('rests on site.md (Reset links)');
  expect(stdout).toContain('they disagree on a duration: support says 30 minutes; site says 2 hours');
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
});

it('says the same as JSON', async () => {
  const { answers, disagreements } = (await place.run('ask', '--all', 'How long does a reset link stay valid?', '--json')).json<{
    answers: { target: string; sources: { document: string; matched: boolean }[] }[];
    disagreements: unknown[];
  }>();
  expect(answers.map(({ target, sources }) => [target, sources.map(({ document, matched }) => [document, matched])])).toEqual([
    ['support', [['support.md', true]]],
    ['site', [['site.md', false]]],
  ]);
  expect(disagreements).toEqual([
    {
      kind: 'duration',
      of: 's',
      sides: [
        { targets: ['support'], says: ['30 minutes'] },
        { targets: ['site'], says: ['2 hours'] },
      ],
    },
  ]);
});

it('never calls it agreement, and says who does not know', async () => {
  const same = await place.run('ask', '--all', 'What does the basic plan cost?');
  expect(same.stdout).toContain('no difference in figures, dates, links, or yes and no was found; more is not compared');
  const unknown = await place.run('ask', '--all', 'Who painted the ceiling of the chapel?');
  expect(unknown.stdout).not.toContain('our match');
  expect(unknown.stdout).not.toContain('they disagree');
  expect((await place.run('ask', '--all', 'When does the museum open?')).stdout).toContain('does not know: support');
});

it('its questions are no questions of users', async () => {
  const found = await place.run('gaps', '--json');
  expect(found.exitCode).toBe(0);
  expect(found.json<{ gaps: unknown[]; counts: { own: number } }>()).toMatchObject({ gaps: [], counts: { own: 10, vain: 0 } });
});
