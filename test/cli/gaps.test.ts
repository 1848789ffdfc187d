// `kbsync gaps` at every vendor that tells what users asked: 200 conversations over real HTTP, the planted questions and the right document of each.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type GapsRequest, gaps } from '../../src/cli/gaps.ts';
import { Output } from '../../src/cli/output.ts';
import { createSecretSet } from '../../src/config/secrets.ts';
import { asSyncError, type SyncError } from '../../src/model/error.ts';
import { type World, world } from '../support/bots.ts';
import { askAsUser, dislike } from '../support/users.ts';
import { verifyIn } from '../support/verifying.ts';

const worlds: World[] = [];
afterEach(async () => {
  for (const one of worlds.splice(0)) await one.close();
});

const topics = ['billing', 'shipping', 'returns', 'password', 'notifications', 'calendar', 'printing', 'backup'];
const documents: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    topics.map((topic, index) => [
      `guides/${topic}.md`,
      `---\nkb: { audience: public }\n---\n# About ${topic}\n\n## Where ${topic} lives\n\nOpen the panel ${topic}${index} to change ${topic} for everybody.\n`,
    ]),
  ),
  'guides/recovery.md':
    '---\nkb: { audience: public }\n---\n# Getting back in\n\n## Recovery tokens\n\nA recovery token opens the account once and lapses after ten minutes.\n',
  'internal/resellers.md':
    '---\nkb: { audience: internal }\n---\n# Resellers\n\n## Margin\n\nThe margin on a reseller contract is agreed for each year.\n',
};

/** What users ask in vain, in several wordings, and where the answer lies: null where nobody has written it. */
const planted = [
  {
    asked: [
      'Do you have a fax number?',
      'What is your fax number?',
      'fax number please',
      'Is there a fax number I can use?',
      'hi, fax number??',
    ],
    kind: 'content',
    place: null,
  },
  {
    asked: [
      'Do you offer a student discount?',
      'student discount',
      'Is there any discount for a student?',
      'I need the student discount, please',
    ],
    kind: 'content',
    place: null,
  },
  {
    asked: ['What is the margin on a reseller contract?', 'reseller contract margin', 'Which margin does a reseller contract have?'],
    kind: 'not-given',
    place: 'internal/resellers.md#margin',
  },
  {
    asked: ['Wie lange ist mein Recovery-Token gültig?', 'Ist ein recovery token lange gültig?', 'gültig: recovery token wie lange'],
    kind: 'retrieval',
    place: 'guides/recovery.md#recovery-tokens',
  },
] as const;

const plain: GapsRequest = { since: { atMs: 0 }, limit: 50, most: 20_000, format: 'text', unmasked: false, asTests: null, unknown: [] };

interface Answer {
  readonly exitCode: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly targets: readonly {
    readonly exchanges: number;
    readonly repeated: readonly string[];
    readonly own: number;
    readonly notes: readonly string[];
    readonly reason: string | null;
  }[];
  readonly gaps: readonly {
    readonly question: string;
    readonly count: number;
    readonly kind: string;
    readonly nearest: {
      readonly path: string;
      readonly anchor: string | null;
      readonly givenTo: readonly string[];
      readonly tested: boolean;
    } | null;
  }[];
}

async function run(one: World, patch: Partial<GapsRequest> = {}, json = true) {
  const said = { out: '', err: '' };
  const secrets = createSecretSet();
  const output = new Output({
    secrets,
    stdout: {
      write: (text: string) => {
        said.out += text;
      },
    },
    stderr: {
      write: (text: string) => {
        said.err += text;
      },
    },
    json,
    quiet: false,
    colour: false,
  });
  const { signal } = new AbortController();
  const options = { config: null, targets: [], json, quiet: false, verbose: false };
  const exitCode = await gaps(
    { command: 'gaps', options, output, cwd: one.dir, env: {}, version: '0.0.0', secrets, stop: signal, kill: signal },
    { ...plain, ...patch },
    () => one.open(),
  );
  return { exitCode, out: said.out, err: said.err, answer: () => JSON.parse(said.out) as Answer };
}

/** A bot that has learnt the public documents, and users who asked it so many questions, 42 of them in vain. */
async function seeded(flavour: string, extra: string, count: number): Promise<World> {
  const one = await world(flavour);
  worlds.push(one);
  one.configure({ content: '{ root: ./content, defaults: { audience: public } }', extra: `audience: [public], ${extra}` });
  one.write(documents);
  expect((await one.sync({ passes: { initial: true } })).exitCode).toBe(0);
  one.clock.advance(60_000);
  const vain = planted.flatMap(({ asked }, index) => Array.from({ length: 12 - index }, (_, n) => asked[n % asked.length] ?? ''));
  const known = Array.from({ length: count - vain.length }, (_, n) => `Where do I change ${topics[n % topics.length]} for everybody?`);
  const all = Array.from({ length: count }, (_, n) => [known[n], vain[n]].filter((question) => question !== undefined)).flat();
  expect(all).toHaveLength(count);
  for (const [n, question] of all.entries()) {
    one.clock.advance(5_000);
    await askAsUser(one, flavour, question, `u-${n}`);
  }
  return one;
}

/** Chat Thing has the 200 of the issue; the others fewer, so that the suite stays quick. */
describe.each([
  { flavour: 'chatthing', count: 200, extra: 'historyConversations: 500' },
  { flavour: 'sitegpt', count: 60, extra: '' },
  { flavour: 'sitegpt+v0', count: 60, extra: '' },
  { flavour: 'cxgenie', count: 60, extra: 'historyCustomers: 500' },
  { flavour: 'koreai', count: 60, extra: '' },
])('at $flavour', ({ flavour, count, extra }) => {
  it(`finds the planted questions among ${count} conversations, with the right document of each, and none of kbsync's own`, async () => {
    const one = await seeded(flavour, extra, count);
    // What kbsync asks itself is no user's question, whatever the bot says.
    const own = await ownQuestion(one, 'Who made kbsync at all?');
    one.clock.advance(300_000);
    const { answer, exitCode } = await run(one);
    expect(exitCode).toBe(0);
    const found = answer();
    const told = found.gaps.map(({ kind, count: asked, nearest }) => {
      return { kind, asked, place: nearest === null ? null : `${nearest.path}#${nearest.anchor}` };
    });
    expect(told).toEqual(planted.map(({ kind, place }, index) => ({ kind, asked: 12 - index, place })));
    for (const [index, { asked }] of planted.entries()) expect(asked).toContain(found.gaps[index]?.question);
    expect(found.gaps[3]?.nearest?.givenTo).toEqual(['bot']);
    expect(found.gaps[2]?.nearest?.givenTo).toEqual([]);
    expect(found.counts).toMatchObject({ vain: 42, groups: 4, content: 2, notGiven: 1, retrieval: 1 });
    // Kore.ai tells only what it could not handle.
    expect(found.counts['exchanges']).toBe(flavour === 'koreai' ? 42 : count);
    // CX Genie's own customer and Kore.ai's own user are left out by the connector: nobody has to remember them.
    expect(found.counts['own']).toBe(['cxgenie', 'koreai'].includes(flavour) ? 0 : own);
    expect(found.targets[0]?.notes).toEqual([]);
  });
});

/** Asks as `kbsync ask` does. Returns how many questions were asked. */
async function ownQuestion(one: World, question: string): Promise<number> {
  const workspace = await one.open();
  const { signal } = new AbortController();
  const [target] = workspace.targets(null);
  if (target === undefined) throw new Error('one target is configured');
  await workspace.readOnly(target, { stop: signal, kill: signal }, false, async ({ connection, memory }) => {
    await connection.target.ask?.(question, { signal, workspace: 'docs', container: memory.state.container });
  });
  await workspace.close();
  return 1;
}

/** A bot that knows one document, and these questions of users. */
async function asked(flavour: string, questions: readonly string[], settings: object = {}): Promise<World> {
  const one = await world(flavour, settings);
  worlds.push(one);
  one.write({ 'hours.md': '# Hours\n\n## Opening hours\n\nThe shop opens at nine.\n' });
  expect((await one.sync({ passes: { initial: true } })).exitCode).toBe(0);
  one.clock.advance(60_000);
  for (const [n, question] of questions.entries()) {
    one.clock.advance(5_000);
    await askAsUser(one, flavour, question, `u-${n}`);
  }
  one.clock.advance(300_000);
  return one;
}

describe('personal data', () => {
  const question = 'Hello, my name is Erika Mustermann, erika@example.org, +49 170 1234567: where is my parcel ORD-2026-11831?';

  it('is masked on every way out, and shown only where that is asked for, with a warning', async () => {
    const one = await asked('chatthing', [question]);
    for (const patch of [{}, { format: 'markdown' }, { asTests: true }] as const) {
      const { out, err } = await run(one, patch, false);
      for (const secret of ['Erika', 'Mustermann', 'example.org', '1234567', '11831']) expect(out + err).not.toContain(secret);
      expect(out).toContain('parcel');
    }
    expect((await run(one)).out).not.toMatch(/Erika|11831/);
    const shown = await run(one, { unmasked: true }, false);
    expect(shown.out).toContain('erika@example.org');
    expect(shown.err).toContain('warning: --unmasked');
    // Nothing of it is kept anywhere.
    for (const name of readdirSync(join(one.dir, 'state'), { recursive: true, withFileTypes: true }))
      if (name.isFile()) expect(readFileSync(join(name.parentPath, name.name)).toString('latin1')).not.toMatch(/Erika|example\.org/);
  });

  it('never goes into a file of tests', async () => {
    const one = await asked('chatthing', [question]);
    expect((await refused(run(one, { unmasked: true, asTests: 'x.golden.yaml' }))).message).toContain('always masked');
    expect(existsSync(join(one.dir, 'x.golden.yaml'))).toBe(false);
  });
});

describe('--as-tests', () => {
  const hostile = ['Fax: "yes" # no?\\ - {x}', "'fax\u001b[2J: |\n- ask: evil?", 'fax \u2028 number: [draft], & * ! %'];

  it('drafts a file that reads as tests that expect nothing, whatever users wrote', async () => {
    const one = await asked('chatthing', [...hostile, 'What are the opening hours of the museum in Berlin?']);
    const ran = await run(one, { asTests: 'drafts/new.golden.yaml' });
    expect(ran.exitCode).toBe(0);
    expect(ran.err).toContain('drafted');
    const text = readFileSync(join(one.dir, 'drafts/new.golden.yaml'), 'utf8');
    expect(text).not.toMatch(/[\u001b\u2028]/);
    const tests = parse(text) as { ask: string; expect: unknown[]; tags: string[]; targets: string[] }[];
    expect(tests).toHaveLength(ran.answer().gaps.length);
    for (const test of tests) {
      expect(Object.keys(test)).toEqual(['ask', 'expect', 'targets', 'tags']);
      expect(test).toMatchObject({ expect: [], tags: ['draft'], targets: ['bot'] });
      expect(test.ask.trim()).not.toBe('');
    }
    // As verify reads it: no mistake, and none of them is asked.
    one.write({ 'drafts.golden.yaml': text });
    const verified = await verifyIn(one);
    expect(verified.stderr).not.toContain('error');
    expect(verified.tests.map(({ path, verdict, reasons }) => [path, verdict, ...reasons])).toEqual(
      tests.map(() => ['drafts.golden.yaml', 'skipped', 'it expects nothing']),
    );
    expect(verified.targets.map(({ calls }) => calls)).toEqual([0]);
  });

  it('a question that a golden file asks is told to be tested', async () => {
    const one = await asked('chatthing', ['Fax number of porters?']);
    one.write({ 'fax.md': '# Fax\n\nThe fax number lies with the porter.\n' });
    const tested = async () => (await run(one)).answer().gaps.map(({ nearest }) => nearest?.tested);
    expect(await tested()).toEqual([false]);
    one.write({ 'x.golden.yaml': '- ask: Fax number of porters?\n  expect: lies\n  document: fax.md\n' });
    expect(await tested()).toEqual([true]);
  });

  it('never overwrites a file, and refuses a name that is no file of tests, before anything is read', async () => {
    const one = await asked('chatthing', ['Fax?']);
    writeFileSync(join(one.dir, 'mine.golden.yaml'), 'mine');
    const before = one.events.length;
    expect(await refused(run(one, { asTests: 'mine.golden.yaml' }))).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('not overwritten'),
    });
    expect(await refused(run(one, { asTests: 'mine.yaml' }))).toMatchObject({ code: 'USAGE', next: '--as-tests mine.golden.yaml' });
    expect(await refused(run(one, { asTests: true }))).toMatchObject({ code: 'USAGE' });
    expect(readFileSync(join(one.dir, 'mine.golden.yaml'), 'utf8')).toBe('mine');
    expect(one.events.slice(before)).toEqual([]);
  });

  it('writes a file without tests where nothing was asked in vain', async () => {
    const one = await asked('chatthing', ['When does the shop open?']);
    expect(parse((await run(one, { asTests: true }, false)).out)).toEqual([]);
  });
});

async function refused(work: Promise<unknown>): Promise<SyncError> {
  return work.then(
    () => {
      throw new Error('it was not refused');
    },
    (thrown: unknown) => asSyncError(thrown),
  );
}

describe('what counts as asked in vain', () => {
  it('at SiteGPT: escalated and disliked; not what was said to the person, nor what met an empty quota', async () => {
    const one = await asked('sitegpt', ['When does the shop open? HUMAN', 'When does the shop open?'], { escalateMarker: 'HUMAN' });
    const found = (await run(one)).answer();
    expect(found.gaps).toMatchObject([{ count: 1, reasons: [{ reason: 'escalated', count: 1 }] }]);
    const v0 = await asked('sitegpt+v0', ['When does the shop open?']);
    await dislike(v0, await askAsUser(v0, 'sitegpt+v0', 'Does the shop open late?'));
    expect((await run(v0)).answer().gaps).toMatchObject([
      { question: 'Does the shop open late?', reasons: [{ reason: 'disliked', count: 1 }] },
    ]);
    const full = await asked('sitegpt', ['When does the shop open?', 'Fax?', 'Fax?'], { messageLimit: 1 });
    expect((await run(full)).answer()).toMatchObject({ gaps: [], counts: { vain: 0, unserved: 2 } });
  });

  it("at CX Genie: the bot's own words, whatever they are", async () => {
    const own = await asked('cxgenie', ['Fax?'], { replyUnknown: 'Tut uns sehr leid!' });
    expect((await run(own)).answer().gaps).toMatchObject([{ reasons: [{ reason: 'unknown' }] }]);
  });

  it('elsewhere: the words that --unknown names, which it offers once five different questions got them', async () => {
    const questions = ['Where is the shop open?', 'How is the shop open?', 'Which shop is open?', 'Shop, open?', 'Is a shop open?'];
    const one = await asked('chatthing', questions);
    const first = (await run(one)).answer();
    expect(first.gaps).toEqual([]);
    const [answer = ''] = first.targets[0]?.repeated ?? [];
    expect(answer).toContain('The shop opens at nine');
    expect((await run(one, { unknown: [answer] })).answer().gaps).toMatchObject([{ count: 5, reasons: [{ reason: 'said-so', count: 5 }] }]);
  });

  it('says nothing of a message that is being answered', async () => {
    const one = await asked('sitegpt', ['Fax?'], { answerNull: true });
    expect((await run(one)).answer().gaps).toMatchObject([{ reasons: [{ reason: 'no-answer' }] }]);
    await askAsUser(one, 'sitegpt', 'Telex?');
    expect((await run(one)).answer().gaps).toHaveLength(1);
  });

  it('counts small talk and names no document for it', async () => {
    const one = await asked('chatthing', ['hi', 'Thanks!', 'ok']);
    expect((await run(one)).answer()).toMatchObject({ gaps: [], counts: { aboutNothing: 3 } });
  });

  it('leaves out what is older than --since', async () => {
    const one = await asked('chatthing', ['Fax?']);
    expect((await run(one, { since: { agoMs: 3_600_000 } })).answer().gaps).toHaveLength(1);
    one.clock.advance(3 * 86_400_000);
    expect((await run(one, { since: { agoMs: 3_600_000 } })).answer().gaps).toEqual([]);
  });

  it('stops at --most, and says so', async () => {
    const one = await asked('chatthing', ['Fax?', 'Telex?', 'Pigeon?']);
    const found = (await run(one, { most: 2 })).answer();
    expect(found.counts['exchanges']).toBe(2);
    expect(found.targets[0]?.notes).toEqual([expect.stringContaining('only the first 2 exchanges were read')]);
  });
});

describe('what is told of a target', () => {
  it('that gives no way to read what users asked: why, and what to do instead', async () => {
    const one = await world('replycx');
    worlds.push(one);
    const { answer, exitCode } = await run(one);
    expect(exitCode).toBe(0);
    expect(answer().targets[0]).toMatchObject({ checked: false, reason: expect.stringContaining('ReplyCX gives no way') });
  });

  it('that refuses its key: the error and its exit code, and a target that is paused: nothing is sent', async () => {
    const one = await asked('chatthing', ['Fax?']);
    one.configure({ key: 'wrong' });
    const failed = await run(one);
    expect(failed.exitCode).toBe(8);
    expect(failed.answer().targets[0]).toMatchObject({ checked: false, error: { code: 'CREDENTIALS_REFUSED' } });
    one.configure({ extra: 'paused: true' });
    const before = one.events.length;
    expect((await run(one)).answer().targets[0]).toMatchObject({ checked: false, reason: expect.stringContaining('paused') });
    expect(one.events.slice(before)).toEqual([]);
  });
});

describe('hostile conversations', () => {
  const evil = [
    '\u001b]0;owned\u0007 fax \u001b[31m',
    '<img src=x onerror=alert(1)> fax | table | `code` @everyone [x](javascript:1)',
    `fax ${'A'.repeat(30_000)}`,
    `${'('.repeat(5_000)} fax`,
    '\u202efax\u202c \ud800 \u0000',
    '１．０ ﷽ 社會科學院語學研究所 ﷺ',
    '🏳️‍🌈 𝕿𝖍𝖊 𝖋𝖆𝖝 ',
  ];

  it('reach neither terminal nor issue as anything but text', async () => {
    const one = await asked('chatthing', evil);
    const text = (await run(one, {}, false)).out;
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e\ud800]/u);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(2_000);
    const markdown = (await run(one, { format: 'markdown' }, false)).out;
    expect(markdown).not.toMatch(/<img|@everyone|\]\(javascript/);
    const rows = markdown.split('\n').filter((line) => /^\| [\d,]+ \|/.test(line));
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(row.split(/(?<!\\)\|/)).toHaveLength(7);
  });
});
