// `plan --diff` and `plan --at` with the real program: what each bot will read, what a day brings, and that neither changes anything.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type QuickSandbox, quickSandbox } from '../support/quick-sandbox.ts';
import { type Home, home } from '../support/run-program.ts';

const config = (extra = '') => `version: 1
name: acme
content: { root: ./content, defaults: { audience: public } }
targets:
  - { name: support, vendor: chatthing, sandbox: true, audience: [public], poll: { first: 200ms, max: 1s }${extra} }
`;

interface Planned {
  readonly at?: string;
  readonly targets: readonly {
    readonly operations: readonly {
      readonly action: string;
      readonly document: string;
      readonly reason: string;
      readonly diff?: string | null;
    }[];
    readonly notes: readonly string[];
  }[];
}

describe('plan --diff and --at', () => {
  let place: Home;
  let bots: QuickSandbox;

  beforeAll(async () => {
    place = home(config());
    bots = await quickSandbox(place.dir);
    place.write({
      'content/reset.md': '# Reset\n\nOpen Settings.\n\nThe link is valid for 30 minutes.\n',
      'content/gone.md': '# Gone\n\nNobody needs this.\n',
      'content/pay.md': '# Pay\n\nThe boss earns a zebra.\n',
      'content/promo.md': '---\nkb: { publishAt: 2030-12-01, expiresAt: 2031-01-01 }\n---\n# Promo\n\nBuy one.\n',
      'content/old.md': '---\nkb: { expiresAt: 2031-01-01, reviewBy: 2030-06-01 }\n---\n# Old\n\nStill true.\n',
    });
    expect((await place.run('sync')).exitCode).toBe(0);
    place.write({
      'content/reset.md': '# Reset\n\nOpen Settings.\n\nThe link is valid for `45` minutes \u202e|now|.\n',
      'content/gone.md': null,
      'content/pay.md': '---\nkb: { audience: internal }\n---\n# Pay\n\nThe boss earns a zebra.\n',
      'content/new.md': '# New\n\nA ```fence``` and <b>bold</b>.\n',
    });
  }, 60_000);

  afterAll(async () => {
    await bots.close();
    place.remove();
  });

  it('shows what changes in the text that the bot reads, as text', async () => {
    const { stdout, exitCode } = await place.run('plan', '--diff');
    expect(exitCode).toBe(0);
    const lines = stdout.split('\n');
    const from = lines.findIndex((line) => line.includes('~ reset.md'));
    expect(lines.slice(from, from + 9)).toEqual([
      '  ~ reset.md  text changed',
      '      --- given',
      '      +++ to be given',
      '      @@ -2,4 +2,4 @@',
      '       ',
      '       Open Settings.',
      '       ',
      '      -The link is valid for 30 minutes.',
      // What a terminal would act on is shown as its code.
      '      +The link is valid for `45` minutes \\u202e|now|.',
    ]);
    expect(stdout).toContain('      -Nobody needs this.');
    expect(stdout).toContain('      +A ```fence``` and <b>bold</b>.');
    expect(stdout).toContain(
      'note: fence [public]: 4 documents inside, 1 outside (1 internal): not sent; 1 retraction before anything else',
    );
    expect(lines.findIndex((line) => line.includes('- pay.md  audience internal is outside the fence [public]'))).toBe(1);
  });

  it('as Markdown inside a block that no text gets out of', async () => {
    const { stdout } = await place.run('plan', '--diff', '--format', 'markdown', '--offline');
    expect(stdout).toContain('<details><summary>new.md</summary>\n\n````text\n--- nothing\n+++ to be given\n');
    expect(stdout).toContain('+A ```fence``` and <b>bold</b>.\n````\n\n</details>');
  });

  it('as JSON beside each operation, and only when asked for', async () => {
    const operations = (await place.run('plan', '--diff', '--json')).json<Planned>().targets[0]?.operations ?? [];
    expect(operations.map(({ action, document }) => [action, document])).toEqual([
      ['delete', 'pay.md'],
      ['update', 'reset.md'],
      ['create', 'new.md'],
      ['delete', 'gone.md'],
    ]);
    expect(operations[0]?.diff).toContain('-The boss earns a zebra.');
    expect(operations[2]?.diff).toMatch(/^--- nothing\n\+\+\+ to be given\n/);
    expect((await place.run('plan', '--json')).json<Planned>().targets[0]?.operations[0]).not.toHaveProperty('diff');
  });

  it('is bounded, and says what it leaves out', async () => {
    const long = Array.from({ length: 600 }, (_, line) => `Line ${line} of a long page that nobody reads to the end.\n`).join('\n');
    const files = Object.fromEntries(Array.from({ length: 14 }, (_, page) => [`content/long-${page}.md`, `# Long ${page}\n\n${long}`]));
    place.write(files);
    const { stdout } = await place.run('plan', '--diff', '--offline');
    expect(stdout.length).toBeLessThan(64_000);
    expect(stdout).toMatch(/… [\d,]+ more lines of the diff/);
    expect(stdout).toContain('more operations are left out for length; --verbose shows them.');
    // As data, each document keeps its bound, and none is left out: a job's summary has the room.
    const [target] = (await place.run('plan', '--diff', '--offline', '--json')).json<Planned>().targets;
    const diffs = (target?.operations ?? []).filter(({ document }) => document.startsWith('long-')).map(({ diff }) => diff ?? '');
    expect(diffs.map((diff) => diff.length > 5_000 && diff.length < 17_000)).toEqual(diffs.map(() => true));
    expect(diffs).toHaveLength(14);
    expect((target?.notes ?? []).join(' ')).not.toContain('left out');
    expect((await place.run('plan', '--diff', '--offline', '--verbose')).stdout.length).toBeGreaterThan(200_000);
    place.write(Object.fromEntries(Object.keys(files).map((path) => [path, null])));
  });

  it('plans as if it were another day, online and offline, and changes nothing', async () => {
    const journal = () =>
      ['support.json', 'support.journal']
        .map((name) => join(place.dir, 'state', name))
        .map((file) => (existsSync(file) ? readFileSync(file, 'utf8') : null));
    const before = journal();
    for (const offline of [[], ['--offline']]) {
      const on = async (date: string) => {
        const { at, targets } = (await place.run('plan', '--json', '--at', date, ...offline)).json<Planned>();
        const dated = targets[0]?.operations.filter(({ document }) => /promo|old/.test(document)) ?? [];
        return [at, ...dated.map(({ action, document, reason }) => `${action} ${document}: ${reason}`)];
      };
      expect(await on('2030-11-30')).toEqual(['2030-11-30T00:00:00.000Z']);
      expect(await on('2030-12-01')).toEqual(['2030-12-01T00:00:00.000Z', 'create promo.md: new file']);
      expect(await on('2030-12-31T23:59:59+00:00')).toEqual(['2030-12-31T23:59:59.000Z', 'create promo.md: new file']);
      expect(await on('2031-01-01')).toEqual(['2031-01-01T00:00:00.000Z', 'delete old.md: expired 2031-01-01']);
    }
    expect(journal()).toEqual(before);
  });

  it('warns of a review that will be due then', async () => {
    const then = await place.run('plan', '--at', '2030-06-01');
    expect(then.stderr).toContain('old.md warning: its review was due on 2030-06-01');
    expect(then.stderr).toContain('planned as if it were 2030-06-01T00:00:00.000Z');
    expect((await place.run('plan')).stderr).not.toContain('review');
  });

  it('refuses a date that is none, and to seal a plan of another day', async () => {
    const wrong = await place.run('plan', '--at', '2030-02-30');
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('--at: found "2030-02-30", expected a day that exists')]);
    const sealed = await place.run('plan', '--at', '2030-12-01', '--out', 'plan.json');
    expect([sealed.exitCode, existsSync(join(place.dir, 'plan.json'))]).toEqual([2, false]);
    expect(sealed.stderr).toContain('cannot be sealed');
  });

  it('a format that the vendor does not take is a mistake in the configuration, told with its line', async () => {
    place.write({ 'sync.config.yaml': config(', format: html') });
    const ran = await place.run('plan', '--offline');
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain('target support (line 5 of the configuration): format is html, but Chat Thing takes only markdown');
    place.write({ 'sync.config.yaml': config() });
  });
});
