// `retract` against every kind of vendor over real HTTP: out at once, out for good, back when the file changes; and what is said of it.
import { rmSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { type Synced, type World, world } from '../support/bots.ts';
import { retractIn } from '../support/retracting.ts';

let bot: World;
afterEach(() => bot.close());

const wrong = '---\ntitle: Prices\n---\n## Refunds\n\nEvery refund is paid out in golden zebras within nine working days of the claim.\n';
const right = wrong.replace('golden zebras', 'plain euros');
const files = {
  'a.md': '# Ants\n\nThe ant carries a leaf up the hill in the evening sun.\n',
  'prices.md': wrong,
  'z.md': '# Zorillas\n\nThe zorilla sleeps below the old stone bridge all day long.\n',
};
const rows = (report: Synced) => report.results.map(({ operation, outcome }) => `${operation.action} ${operation.document} ${outcome}`);
const holds = (word: string) => bot.items().some((item) => item.text.includes(word));
const answers = (word: string) => bot.items().some((item) => item.answeredFrom?.includes(word) ?? false);

/** A bot that has learnt the three files. */
async function fed(flavour: string, settings: object = {}): Promise<void> {
  bot = await world(flavour, settings);
  bot.write(files);
  await bot.sync({ passes: { initial: true } });
}

const deleting: readonly [string, object, boolean][] = [
  ['chatthing', {}, true],
  ['sitegpt', {}, true],
  ['sitegpt+v0', {}, true],
  ['replycx+full', { profile: 'full' }, false],
  ['koreai', {}, true],
];

describe.each(deleting)('at %s %o, which can delete', (flavour, settings, canBeAsked) => {
  it('takes it out, has it forgotten, proves it, and keeps it out until the file changes', async () => {
    await fed(flavour, settings);
    const { exitCode, bot: row } = await retractIn(bot, 'prices.md');
    expect(row).toMatchObject({ knows: 'no', error: null });
    expect(exitCode).toBe(0);
    expect(row.operations.map(({ action, document, outcome }) => `${action} ${document} ${outcome}`)).toEqual(['delete prices.md done']);
    expect([holds('zebras'), answers('zebras')]).toEqual([false, false]);
    expect(holds('zorilla')).toBe(true);
    if (canBeAsked) {
      expect(row.proof.map(({ question, verdict }) => [question, verdict])).toEqual([
        ['What does "Prices" say about Refunds?', 'clear'],
        ['What does "Prices" say?', 'clear'],
      ]);
      expect(row.reason).toBe('asked 2 questions: it did not come out');
    } else expect(row).toMatchObject({ proof: [], reason: 'deleted there, and it cannot be asked whether it has forgotten' });

    const { plan } = await bot.plan();
    expect(plan.operations).toEqual([]);
    expect(plan.notes.join(' ')).toMatch(
      /Kept out by kbsync retract: prices\.md \(since 20..-..-..\); kbsync retract --undo prices\.md brings it back\./,
    );
    expect(await bot.sync()).toMatchObject({ exitCode: 0, requests: { write: 0 } });

    // Moved with the same bytes, and given an id: still the same words.
    bot.write({ 'prices.md': null, 'shop/costs.md': wrong });
    expect(rows(await bot.sync())).toEqual([]);
    bot.write({ 'shop/costs.md': wrong.replace('title: Prices', 'title: Prices\nkb: { id: costs }') });
    expect(rows(await bot.sync())).toEqual([]);
    expect(holds('zebras')).toBe(false);
    bot.write({ 'shop/costs.md': null });
    expect(rows(await bot.sync())).toEqual([]);
    bot.write({ 'prices.md': wrong });
    expect(rows(await bot.sync())).toEqual([]);

    bot.write({ 'prices.md': right });
    const back = await bot.sync();
    expect(back).toMatchObject({ exitCode: 0 });
    expect(back.results.map(({ operation }) => operation.reason)).toEqual([
      expect.stringMatching(/^changed since it was retracted on 20..-..-..$/),
    ]);
    expect([holds('euros'), holds('zebras')]).toEqual([true, false]);
    expect((await bot.view()).state.retracted).toEqual({});
    expect(await bot.sync()).toMatchObject({ exitCode: 0, requests: { write: 0 } });
  });

  it('--undo brings it back', async () => {
    await fed(flavour, settings);
    await retractIn(bot, 'prices.md', { ask: false });
    const { exitCode, bot: row, json } = await retractIn(bot, 'prices.md', { undo: true });
    expect([exitCode, json.undone, holds('zebras')]).toEqual([0, true, true]);
    expect(row.operations).toMatchObject([{ action: 'create', outcome: 'done' }]);
    expect((await bot.view()).state.retracted).toEqual({});
    expect(await bot.sync()).toMatchObject({ exitCode: 0, requests: { write: 0 } });
  });
});

describe('where a person has to do it', () => {
  it.each([
    ['cxgenie', {}],
    ['replycx', { profile: 'seed-only' }],
  ] as const)('%s: a todo with where and how, exit 4, and the answer says that the bot may still know it', async (flavour, settings) => {
    await fed(flavour, settings);
    const { exitCode, bot: row, stderr } = await retractIn(bot, 'prices.md');
    expect([exitCode, row.knows, row.proof]).toEqual([4, 'maybe', []]);
    expect(row.operations).toMatchObject([{ action: 'delete', document: 'prices.md', outcome: 'todo' }]);
    expect(row.reason).toMatch(/^only a person can take it out there: T1, .*dashboard/);
    expect(stderr).toContain('may still know it: bot');
    expect(await bot.sync()).toMatchObject({ requests: { write: 0 } });
    const { state } = await bot.view();
    expect(state.todos.map(({ id, operation }) => [id, operation.action, operation.document])).toEqual([['T1', 'delete', 'prices.md']]);
    expect(Object.keys(state.retracted ?? {})).toEqual(['prices.md']);
  });

  it('a bot of which a person says that it is done is asked all the same, and found out', async () => {
    await fed('cxgenie');
    await retractIn(bot, 'prices.md');
    const workspace = await bot.open();
    const [target] = workspace.targets(null);
    if (target === undefined) throw new Error('one target');
    const never = new AbortController().signal;
    await workspace.exclusively(target, { command: 'test', lockWaitMs: 0, stop: never, kill: never }, ({ memory }) =>
      memory.append([{ kind: 'by-person', todo: 'T1', document: 'prices.md', action: 'delete', items: [] }]),
    );
    await workspace.close();
    bot.clock.advance(3_600_000);
    const { exitCode, bot: row } = await retractIn(bot, 'prices.md');
    expect([exitCode, row.knows]).toEqual([4, 'yes']);
    expect(row.proof[0]).toMatchObject({ verdict: 'known', answer: expect.stringContaining('golden zebras') });
    expect(row.reason).toMatch(/^the answer says its words: "every refund is paid out in golden zebras"$/);
  });
});

describe('what may go wrong', () => {
  it('the same words in an item of somebody else come out: still known, exit 4', async () => {
    await fed('sitegpt');
    bot.emulator.plant('bot-1', { name: 'by hand', text: wrong });
    bot.clock.advance(60_000);
    const { exitCode, bot: row } = await retractIn(bot, 'prices.md');
    expect([exitCode, row.knows, row.proof[0]?.verdict]).toEqual([4, 'yes', 'known']);
  });

  it('the same words in a document that stays prove nothing against it', async () => {
    bot = await world('sitegpt');
    bot.write({ ...files, 'copy.md': wrong });
    await bot.sync();
    const { exitCode, bot: row } = await retractIn(bot, 'prices.md');
    expect([exitCode, row.knows]).toEqual([0, 'no']);
    expect(row.proof[0]).toMatchObject({ verdict: 'clear', answer: expect.stringContaining('golden zebras') });
  });

  it('a bot that gives no answer is not counted as one that has forgotten', async () => {
    await fed('chatthing');
    bot.served.setFault((request) => (request.path.endsWith('/message') ? { kind: 'status', status: 429 } : null));
    const { exitCode, bot: row } = await retractIn(bot, 'prices.md');
    expect([exitCode, row.knows, row.proof[0]?.verdict]).toEqual([4, 'maybe', 'inconclusive']);
    expect(row.reason).toContain('not proven forgotten: asking the bot: Chat Thing is out of message credits');
    bot.served.setFault(null);
    expect(await retractIn(bot, 'prices.md')).toMatchObject({
      exitCode: 0,
      bot: { knows: 'no', operations: [], proof: [{ verdict: 'clear' }, { verdict: 'clear' }] },
    });
  });

  it('--no-wait leaves training and proof to a later run, and does not look done', async () => {
    await fed('koreai');
    const first = await retractIn(bot, 'prices.md', { waitMs: 0 });
    expect(first).toMatchObject({ exitCode: 4, bot: { knows: 'maybe', proof: [] } });
    expect(first.bot.reason).toContain('nobody waited for the training');
    expect(answers('zebras')).toBe(true);
    expect(await retractIn(bot, 'prices.md')).toMatchObject({
      exitCode: 0,
      bot: { knows: 'no', proof: [{ verdict: 'clear' }, { verdict: 'clear' }] },
    });
    expect(answers('zebras')).toBe(false);
  });

  it('the vendor is down: held back here at once, exit 11, and the next sync takes it out first of all', async () => {
    await fed('chatthing');
    bot.served.setFault(() => 'reset-before');
    const down = await retractIn(bot, 'prices.md');
    expect(down).toMatchObject({ exitCode: 11, bot: { knows: 'maybe', error: { code: 'TARGET_UNREACHABLE' } } });
    expect(Object.keys((await bot.view()).state.retracted ?? {})).toEqual(['prices.md']);
    bot.served.setFault(null);
    bot.clock.advance(3_600_000);
    bot.write({ 'a.md': '# Ants\n\nEdited.\n' });
    const { plan } = await bot.plan();
    expect(plan.operations.map(({ action, document }) => `${action} ${document}`)).toEqual(['delete prices.md', 'update a.md']);
    expect(plan.operations[0]?.reason).toMatch(
      /^retracted on 20..-..-.. by kbsync retract; kbsync retract --undo prices\.md brings it back$/,
    );
    expect(await bot.sync()).toMatchObject({ exitCode: 0 });
    expect(holds('zebras')).toBe(false);
  });

  it('a write whose outcome is not known keeps it in doubt', async () => {
    bot = await world('cxgenie');
    bot.write(files);
    bot.served.setFault((request) => (request.method === 'POST' && request.body.toString().includes('zebras') ? 'reset-after' : null));
    await bot.sync({ passes: { initial: true } });
    bot.served.setFault(null);
    const { exitCode, bot: row } = await retractIn(bot, 'prices.md');
    expect([exitCode, row.knows]).toEqual([4, 'maybe']);
    expect(row.reason).toContain('a write whose outcome is not known');
  });

  it('a document that nobody knows is a typing error, and nothing is held', async () => {
    await fed('sitegpt');
    await expect(retractIn(bot, 'price.md')).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('prices.md') });
    await expect(retractIn(bot, 'prices.md', { undo: true })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('is not retracted'),
    });
    expect((await bot.view()).state.retracted).toEqual({});
  });
});

describe('brakes', () => {
  it.each<readonly [string, () => void]>([
    ['a folder that is gone', () => bot.write({ 'a.md': null, 'prices.md': null, 'z.md': null })],
    [
      'a folder with other files',
      () => bot.write({ 'a.md': null, 'prices.md': null, 'z.md': null, 'x1.md': 'x one', 'x2.md': 'x two', 'x3.md': 'x three' }),
    ],
  ])('%s holds no retraction', async (_, spoil) => {
    bot = await world('sitegpt');
    const more = Object.fromEntries(Array.from({ length: 9 }, (__, n) => [`m${n}.md`, `# Page ${n}\n\nThe word is w${n}.\n`]));
    bot.write({ ...files, ...more });
    await bot.sync();
    spoil();
    bot.write(Object.fromEntries(Object.keys(more).map((path) => [path, null])));
    expect(await retractIn(bot, 'prices.md')).toMatchObject({ exitCode: 0, bot: { knows: 'no' } });
    expect([holds('zebras'), bot.items().length]).toEqual([false, 11]);
    expect(await bot.sync()).toMatchObject({ exitCode: 5 });
  });

  it('a pending retraction goes where a whole sync is held for too many updates, and is forgotten', async () => {
    bot = await world('koreai');
    bot.write(
      Object.fromEntries(Array.from({ length: 45 }, (_, n) => [`d${n}.md`, `# Page ${n}\n\nThe word of page ${n} is gnu${n}x.\n`])),
    );
    await bot.sync({ passes: { initial: true } });
    bot.served.setFault(() => 'reset-before');
    await retractIn(bot, 'd7.md');
    bot.served.setFault(null);
    bot.clock.advance(3_600_000);
    bot.write(
      Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`d${n}.md`, `# Page ${n}\n\nThe word of page ${n} is yak${n}x.\n`])),
    );
    // The file of the retracted one stays as it was.
    bot.write({ 'd7.md': '# Page 7\n\nThe word of page 7 is gnu7x.\n' });
    const report = await bot.sync();
    expect(report).toMatchObject({ exitCode: 5, held: [{ rule: 'too-many-updates' }] });
    expect(rows(report).filter((row) => !row.endsWith('held'))).toEqual(['delete d7.md done']);
    expect([answers('gnu7x'), answers('yak'), answers('gnu8x')]).toEqual([false, false, true]);
  });

  it('another bot behind the credentials: nothing is done there, exit 5', async () => {
    await fed('sitegpt');
    const workspace = await bot.open();
    const [target] = workspace.targets(null);
    if (target === undefined) throw new Error('one target');
    const never = new AbortController().signal;
    await workspace.exclusively(target, { command: 'test', lockWaitMs: 0, stop: never, kill: never, offline: true }, ({ memory }) =>
      memory.append([{ kind: 'identity', identity: 'sitegpt|https://elsewhere|other' }]),
    );
    await workspace.close();
    const writes = bot.writesOnWire();
    const { exitCode, bot: row } = await retractIn(bot, 'prices.md');
    expect([exitCode, row.knows, row.held?.map(({ rule }) => rule)]).toEqual([5, 'maybe', ['other-bot']]);
    expect(row.reason).toMatch(/^held H1: bot was always/);
    expect(bot.writesOnWire()).toBe(writes);
  });

  it('a sealed plan that does not list the delete does not hold it', async () => {
    await fed('sitegpt');
    bot.served.setFault(() => 'reset-before');
    await retractIn(bot, 'prices.md');
    bot.served.setFault(null);
    bot.clock.advance(3_600_000);
    bot.write({ 'z.md': null });
    const report = await bot.sync({ passes: { sealed: new Set<string>() } });
    expect(rows(report).sort()).toEqual(['delete prices.md done', 'delete z.md held']);
  });

  it('a bot that was never met is not met by this: it says so, holds, and the first sync leaves it out', async () => {
    bot = await world('cxgenie');
    bot.write(files);
    const { exitCode, bot: row } = await retractIn(bot, 'prices.md');
    expect([exitCode, row.knows, bot.writesOnWire()]).toEqual([4, 'maybe', 0]);
    expect(row.reason).toContain('kbsync has not met this bot yet');
    expect(await bot.sync()).toMatchObject({ exitCode: 5, held: [{ rule: 'first-contact' }] });
    expect(rows(await bot.sync({ passes: { initial: true } }))).toEqual(['create a.md done', 'create z.md done']);
  });

  it.each([
    ['chatthing', 'prices.md'],
    // Its mark is too long to show the document: only the folder can tell whose it is.
    ['sitegpt', `guides/${'long-'.repeat(30)}prices.md`],
  ])('a lost state at %s: what is ours is taken back, and the retracted one goes', async (flavour, path) => {
    bot = await world(flavour);
    const { 'prices.md': _, ...others } = files;
    bot.write({ ...others, [path]: wrong });
    await bot.sync();
    rmSync(`${bot.dir}/state`, { recursive: true });
    expect(await retractIn(bot, path)).toMatchObject({ exitCode: 4, bot: { knows: 'maybe' } });
    expect(rows(await bot.sync())).toContain(`delete ${path} done`);
    expect([holds('zebras'), holds('zorilla'), bot.items().length]).toEqual([false, true, 2]);
  });
});

describe('what is kept out', () => {
  it('stays out of narrowed runs, of a folder that takes in less, and while its file is broken', async () => {
    await fed('sitegpt');
    await retractIn(bot, 'prices.md', { ask: false });
    const only = { paths: ['prices.md'], failed: false, limit: null };
    expect(rows(await bot.sync({ only }))).toEqual([]);
    expect(rows(await bot.sync({ only: { paths: null, failed: true, limit: null } }))).toEqual([]);
    bot.write({ 'prices.md': '---\nkb: { nonsense: 1 }\n---\nBroken.\n' });
    expect(rows(await bot.sync())).toEqual([]);
    bot.write({ 'prices.md': wrong });
    bot.configure({ content: '{ root: ./content, include: ["a.md"] }' });
    expect(rows(await bot.sync())).toEqual([]);
    bot.configure({});
    expect(rows(await bot.sync())).toEqual([]);
    expect(holds('zebras')).toBe(false);
  });

  it('leaves also where the folder no longer takes it in, or lies no more', async () => {
    await fed('sitegpt');
    bot.configure({ content: '{ root: ./content, include: ["a.md"] }' });
    expect(await retractIn(bot, 'prices.md', { ask: false })).toMatchObject({ exitCode: 0, bot: { knows: 'no' } });
    expect(holds('zebras')).toBe(false);
    // By an item's id, of a document whose file is gone.
    bot.configure({});
    bot.write({ 'z.md': null });
    const [item] = bot.items().filter(({ text }) => text.includes('zorilla'));
    const { json } = await retractIn(bot, item?.remoteId ?? '', { ask: false });
    expect([json.document, json.exitCode, holds('zorilla')]).toEqual(['z.md', 0, false]);
    // Restored as it was: still out. Other words: in.
    bot.write({ 'z.md': files['z.md'] });
    expect(rows(await bot.sync())).toEqual([]);
    bot.write({ 'z.md': '# Zorillas\n\nIt sleeps elsewhere now.\n' });
    expect(rows(await bot.sync())).toEqual(['create z.md done']);
  });

  it('is kept out of a bot that does not have it yet, without a word to the vendor', async () => {
    await fed('sitegpt');
    bot.write({ 'new.md': '# New\n\nThe gnu is new here.\n' });
    const requests = bot.events.length;
    expect(await retractIn(bot, 'new.md')).toMatchObject({ exitCode: 0, bot: { knows: 'no', proof: [], operations: [] } });
    expect(bot.events.slice(requests).filter(({ kind }) => kind === 'request')).toEqual([]);
    expect(rows(await bot.sync())).toEqual([]);
  });

  it('takes its questions with it; a question goes alone; a file of questions goes by its path', async () => {
    bot = await world('sitegpt');
    const faq = '---\nkb: { faq: [{ q: "Who pays the zebras?", a: "The treasurer of the zoo pays them all in gold." }] }\n---\n';
    bot.write({
      'pay.md': `${faq}# Pay\n\nThe gnu earns nothing at all in these long dry summers.\n`,
      'more.qa.yaml':
        '- { q: "Where is the yak?", a: "High up in the hills behind the old mill." }\n- { q: "Where is the emu?", a: "Down in the garden behind the new mill." }\n',
    });
    await bot.sync();
    const { exitCode, bot: row } = await retractIn(bot, 'pay.md');
    expect([exitCode, holds('treasurer'), holds('gnu'), holds('yak')]).toEqual([0, false, false, true]);
    expect(row.proof.map(({ question }) => question)).toEqual(['Who pays the zebras?']);
    const question = Object.keys((await bot.view()).state.records).find((id) => id.includes('yak'));
    const alone = await retractIn(bot, question ?? '', { ask: false });
    expect([alone.exitCode, holds('yak'), holds('emu')]).toEqual([0, false, true]);
    // Another pair of the file may change: this one stays out until its own words do.
    bot.write({
      'more.qa.yaml':
        '- { q: "Where is the yak?", a: "High up in the hills behind the old mill." }\n- { q: "Where is the emu?", a: "Gone." }\n',
    });
    await bot.sync();
    expect([holds('yak'), holds('Gone.')]).toEqual([false, true]);
    expect(await retractIn(bot, 'more.qa.yaml', { ask: false })).toMatchObject({ exitCode: 0, json: { document: 'more.qa.yaml' } });
    expect(bot.items()).toEqual([]);
    expect(rows(await bot.sync())).toEqual([]);
    await expect(retractIn(bot, `${question}`, { undo: true })).resolves.toMatchObject({ exitCode: 0 });
    expect(holds('yak')).toBe(false);
  });
});
