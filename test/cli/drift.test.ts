// `kbsync drift` as a person runs it: words, JSON, exit codes, and what `status` says of it afterwards.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blankDrift, type DriftReport, printDrift } from '../../src/cli/drift-report.ts';
import type { Output } from '../../src/cli/output.ts';
import type { TargetConfig } from '../../src/model/config.ts';
import type { KnownDocument } from '../../src/model/effect.ts';
import type { TargetReport } from '../../src/model/report.ts';
import { type QuickSandbox, quickSandbox } from '../support/quick-sandbox.ts';
import { runHere } from '../support/run-here.ts';
import { type Home, home } from '../support/run-program.ts';

const config = `version: 1
name: acme
content: { root: ./content }
targets:
  - { name: site, vendor: sitegpt, sandbox: true, poll: { first: 100ms, max: 1s } }
  - { name: genie, vendor: cxgenie, sandbox: true }
`;

/** A document that is wanted and recorded, with an item that the vendor does not have. */
const lost: KnownDocument = {
  document: 'lost.md',
  path: 'lost.md',
  title: 'Lost',
  url: null,
  body: null,
  origin: 'created',
  items: [
    {
      part: '',
      remoteId: 'doc_nowhere',
      mark: 'acme lost.md',
      fingerprint: 'f',
      training: 'trained',
      acceptedAt: '2020-01-01T00:00:00.000Z',
      commit: null,
      effect: 'e',
    },
  ],
};

describe('kbsync drift', () => {
  let place: Home;
  let bots: QuickSandbox;

  beforeEach(async () => {
    place = home(config);
    bots = await quickSandbox(place.dir);
    place.write({ 'content/a.md': '# A\n\nant\n', 'content/b.md': '# B\n\nbee\n' });
    expect((await runHere(place.dir, 'sync')).exitCode).toBe(0);
    place.write({ 'content/lost.md': '# Lost\n\nFound again.\n' });
    await place.remember('site', [{ kind: 'known', documents: [lost] }]);
  }, 60_000);

  afterEach(async () => {
    await bots.close();
    place.remove();
  });

  it('tells, changes nothing, and status knows; a repair puts it right', async () => {
    const told = await place.run('drift', '--target', 'site');
    expect(told.exitCode).toBe(3);
    expect(told.stdout).toMatch(
      /^site \(sitegpt\): 1 missing, 2 written within the last minute: not judged, texts of 0 of \d documents compared$/m,
    );
    expect(told.stdout).toContain('lost.md  [doc_nowhere]  not there any more');
    expect(told.stdout).toContain('next: kbsync drift --target site --repair');

    const asked = await place.run('drift', '--texts', 'none', '--json');
    expect(asked.exitCode).toBe(3);
    expect(asked.json()).toMatchObject({
      version: 1,
      command: 'drift',
      exitCode: 3,
      targets: [
        {
          name: 'site',
          vendor: 'sitegpt',
          checked: true,
          reason: null,
          counts: { missing: 1, foreign: 0, twin: 0, changed: 0, outOfScope: 0, leftovers: 0 },
          texts: { compared: 0 },
          findings: [
            { kind: 'missing', document: 'lost.md', path: 'lost.md', remoteId: 'doc_nowhere', name: null, detail: 'not there any more' },
          ],
          error: null,
        },
        { name: 'genie', checked: false, findings: [], error: null },
      ],
    });
    expect((await place.run('status', '--target', 'site')).stdout).toMatch(
      /1 missing at the vendor \(drift, \d+ s ago\): kbsync drift --target site --repair/,
    );
    expect((await place.run('status', '--json')).json()).toMatchObject({
      targets: [{ drift: { missing: 1 }, inSync: false }, { drift: null }],
    });

    const repaired = await place.run('drift', '--target', 'site', '--repair', '--json');
    expect(repaired.exitCode).toBe(0);
    expect(repaired.json()).toMatchObject({
      targets: [
        { repair: { operations: [{ action: 'create', document: 'lost.md', reason: 'no longer at the vendor', outcome: 'done' }] } },
      ],
    });
    expect((await place.run('drift', '--target', 'site')).stdout).toContain('no drift');
  }, 60_000);

  it('prune shows a list, and says what to type', async () => {
    place.write({ 'sync.config.yaml': config.replace('sandbox: true, poll', 'sandbox: true, include: ["a.md"], poll') });
    const list = await place.run('drift', '--target', 'site', '--prune');
    expect(list.exitCode).toBe(3);
    expect(list.stdout).toMatch(/to prune b\.md {2}\[doc_\w+\] {2}out of scope; ours by its mark acme/);
    expect(list.stdout).toMatch(/left lost\.md {2}\[doc_nowhere\] {2}out of scope; not in the listing/);
    expect(list.stdout).toContain('kbsync drift --target site --prune --yes');
    const done = await place.run('drift', '--target', 'site', '--prune', '--yes', '--json');
    expect(done.json()).toMatchObject({
      targets: [
        {
          prune: {
            items: [
              { document: 'b.md', outcome: 'done' },
              { document: 'lost.md', outcome: 'left' },
            ],
            held: null,
          },
        },
      ],
    });
  }, 60_000);
});

describe('what drift says beside its findings', () => {
  const finding = {
    kind: 'twin',
    document: 'a.md',
    remoteId: 'r2',
    path: 'a.md',
    name: null,
    mark: 'acme:a.md',
    detail: 'a second copy',
  } as const;
  const foreign = [{ remoteId: 'f1', mark: null, name: 'Imprint', training: null }];
  const request = {
    share: 1,
    repair: false,
    prune: false,
    yes: false,
    allowUpdates: null,
    allowDeletes: null,
    allowForeign: false,
    lockWaitMs: null,
  };
  const repair: TargetReport = {
    target: 'site',
    vendor: 'sitegpt',
    required: true,
    results: [],
    blocked: [],
    unchanged: 1,
    unchangedDocuments: [],
    outOfScope: 0,
    requests: { read: 1, write: 0 },
    held: [],
    training: { pending: 0, training: 0, trained: 1, unknown: 0, failed: 0, stuck: 0 },
    owed: { forgetting: 0, leftovers: 0, byHand: 0 },
    todos: 0,
    waited: 'learnt',
    error: null,
    notes: [],
  };

  function told(patch: Partial<DriftReport>, asked: Partial<typeof request> = {}): string {
    const lines: string[] = [];
    const styled = (_: string, text: string) => text;
    const output = { data: (line: string) => lines.push(line), complain: (line: string) => lines.push(line), style: styled };
    const target = { name: 'site', vendor: 'sitegpt', required: true } as TargetConfig;
    const report = { ...blankDrift(target), checked: true, ...patch };
    printDrift(report, { ...request, ...asked }, output as unknown as Output, false);
    return lines.join('\n');
  }

  it('how many are too young to be judged, of all there are', () => {
    expect(told({ texts: { compared: 0, of: 2, young: 2 }, youngMs: 60_000 })).toBe(
      'site (sitegpt): no drift, 2 written within the last minute: not judged, texts of 0 of 2 documents compared',
    );
    expect(told({ texts: { compared: 2, of: 2, young: 0 }, youngMs: 60_000 })).not.toContain('not judged');
  });

  it('what removes a twin, where a prune does not', () => {
    const text = told({ findings: [finding], left: 1, prune: { items: [], results: [], held: null } }, { prune: true });
    expect(text).toContain('twins are removed by kbsync drift --target site --repair');
    expect(told({ prune: { items: [], results: [], held: null } }, { prune: true })).not.toContain('twins are removed');
  });

  it('--allow-foreign only to whom it helps, and after a repair that they alone are left', () => {
    expect(told({ foreign })).toContain('--allow-foreign: told, and not counted');
    expect(told({ foreign }, { allowForeign: true })).not.toContain('--allow-foreign');
    const alone = 'only foreign items are left, and they alone are why this ends with 3';
    expect(told({ foreign, repair }, { repair: true })).toContain(alone);
    expect(told({ foreign, repair }, { repair: true, allowForeign: true })).not.toContain(alone);
    expect(told({ foreign, repair, left: 1 }, { repair: true })).not.toContain(alone);
    expect(told({ repair }, { repair: true })).not.toContain(alone);
  });
});

describe('a kbsync drift that is none', () => {
  it.each([
    [['--texts', '101%'], 'expected all, none, or a share such as 5%'],
    [['--repair', '--prune'], 'one at a time'],
    [['--yes'], '--prune'],
  ])('refuses %j', async (words, why) => {
    const place = home(config);
    const ran = await place.run('drift', ...words);
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain(why);
    place.remove();
  });
});
