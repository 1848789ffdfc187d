// Audience and dates in the whole engine against an emulator: what becomes internal goes first of all, however it became so; what has a day
// comes and goes on it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Synced, type World, world } from '../support/bots.ts';

const internal = (text: string, more = '') => `---\nkb: { audience: internal${more} }\n---\n${text}`;
const did = (report: Synced) =>
  report.results.map(({ operation, outcome }) => [operation.action, operation.document, operation.reason, outcome]);
const pay = '# Pay\n\nThe boss earns a zebra.\n';

describe.each(['chatthing', 'sitegpt'])('the fence at %s', (vendor) => {
  let bot: World;

  beforeEach(async () => {
    bot = await world(vendor);
    bot.configure({
      extra: 'audience: [public]',
      content: '{ root: ./content, defaults: { audience: public }, frontMatter: { key: kb } }',
    });
    bot.write({ 'a.md': '# A\n\nAardvark.\n', 'pay.md': pay, 'z.md': '# Z\n\nZorilla.\n' });
    await bot.sync();
  });

  afterEach(() => bot.close());

  const knows = (word: string) => bot.items().some((item) => item.answeredFrom?.includes(word) ?? false);

  it('a document that becomes internal is retracted before anything else is done', async () => {
    bot.write({ 'a.md': '# A\n\nAnt.\n', 'pay.md': internal(pay), 'n.md': '# N\n\nNew.\n' });
    const { plan } = await bot.plan();
    expect(plan.operations.map(({ action, document }) => [action, document])).toEqual([
      ['delete', 'pay.md'],
      ['update', 'a.md'],
      ['create', 'n.md'],
    ]);
    const writes = bot.events.length;
    const report = await bot.sync();
    expect(did(report)[0]).toEqual(['delete', 'pay.md', 'audience internal is outside the fence [public]', 'done']);
    const firstWrite = bot.events.slice(writes).find((event) => event.kind === 'request' && event.intent === 'write');
    expect(JSON.stringify(firstWrite)).toMatch(/delete/i);
    expect(knows('zebra')).toBe(false);
    expect(knows('Ant.')).toBe(true);
  });

  it('a document that somebody has removed in the dashboard meanwhile is forgotten all the same', async () => {
    const ids = (await bot.view()).state.records['pay.md']?.items.flatMap(({ remoteId }) => remoteId ?? []) ?? [];
    expect(ids).toHaveLength(1);
    await bot.behind((target, call) => target.delete?.(ids, call) ?? Promise.resolve([]));
    // Past the drift window, so that the sync looks, and finds nothing to delete.
    bot.clock.advance(27 * 3_600_000);
    bot.write({ 'pay.md': internal(pay) });
    expect(await bot.sync()).toMatchObject({ exitCode: 0 });
    expect(knows('zebra')).toBe(false);
    expect((await bot.view()).state.forgetting).toEqual([]);
    bot.clock.advance(60_000);
    expect(await bot.sync()).toMatchObject({ exitCode: 0, requests: { write: 0 } });
  });

  it.each<readonly [string, Readonly<Record<string, string | null>>, string]>([
    [
      'by a move',
      { 'pay.md': null, 'internal/pay.md': internal(pay) },
      'now internal/pay.md: audience internal is outside the fence [public]',
    ],
    ['with an id of its own', { 'pay.md': internal(pay, ', id: pay') }, 'now pay: audience internal is outside the fence [public]'],
    [
      'with an id and another text',
      { 'pay.md': internal('# Pay\n\nThe boss earns two zebras.\n', ', id: pay') },
      'now pay: audience internal is outside the fence [public]',
    ],
  ])('also where it gets another name in the same edit: %s', async (_, files, reason) => {
    bot.write({ ...files, 'a.md': '# A\n\nAnt.\n' });
    const report = await bot.sync();
    expect(did(report)).toEqual([
      ['delete', 'pay.md', reason, 'done'],
      ['update', 'a.md', 'text changed', 'done'],
    ]);
    expect(knows('zebra')).toBe(false);
    expect(await bot.sync()).toMatchObject({ exitCode: 0, requests: { write: 0 } });
  });

  const long = (last: string) =>
    `# Pay\n\nThe boss earns a zebra.\n\n${Array.from({ length: 12 }, (_, n) => `Line ${n} of the pay.`).join('\n\n')}\n\n${last}\n`;

  // Whatever else is wrong with a file: what it plainly says of its readers holds.
  it.each<readonly [string, Readonly<Record<string, string | Uint8Array | null>>]>([
    ['an undefined variable', { 'pay.md': internal(`${pay}\n{{ nope }}\n`) }],
    ['an unknown key', { 'pay.md': internal(pay, ', audiance: x') }],
    ['a secret', { 'pay.md': internal(`${pay}\nhttps://deploy:Xk29vQpL77@git.corp.net/x\n`) }],
    ['an audience that cannot be read', { 'pay.md': `---\nkb: { audience: [internal] }\n---\n${pay}` }],
    ['an audience without a value', { 'pay.md': `---\nkb:\n  audience:\n---\n${pay}` }],
    ['an id that another file has, too', { 'pay.md': internal(pay, ', id: z'), 'z.md': '---\nkb: { id: z }\n---\n# Z\n\nZorilla.\n' }],
    ['bytes that are no text', { 'pay.md': new Uint8Array([0xff, 0xfe, 0xfd]) }],
  ])('goes also where the file is kept back for %s', async (name, files) => {
    const byRule = name.startsWith('bytes');
    bot.configure({
      extra: 'audience: [public]',
      content: '{ root: ./content, defaults: { audience: public }, frontMatter: { key: kb }, variables: { product: X } }',
      ...(byRule && { rules: '[{ match: pay.md, set: { audience: internal } }]' }),
    });
    bot.write(files);
    const report = await bot.sync();
    expect(did(report).slice(0, 1)).toEqual([['delete', 'pay.md', expect.stringContaining('outside the fence [public]'), 'done']]);
    expect(knows('zebra')).toBe(false);
  });

  it('a file that cannot be read at all stays as it is: it may be for everybody', async () => {
    bot.write({ 'pay.md': '---\nkb: { audience: internal\n---\nX' });
    expect((await bot.plan()).plan.blocked.map(({ document, reason }) => [document, reason])).toEqual([
      ['pay.md', expect.stringContaining('invalid file: line 2: not valid YAML')],
    ]);
    expect((await bot.sync()).requests.write).toBe(0);
    expect(knows('zebra')).toBe(true);
  });

  it.each<readonly [string, Readonly<Record<string, string>>]>([
    ['internal', { 'pay.md': internal(pay) }],
    ['one for another bot', { 'pay.md': `---\nkb: { targets: [] }\n---\n${pay}` }],
  ])('a page goes when one that it includes becomes %s', async (_, files) => {
    bot.write({ 'a.md': '# A\n\nAardvark.\n\n--8<-- "pay.md"\n' });
    await bot.sync();
    expect(bot.items().filter((item) => item.answeredFrom?.includes('zebra'))).toHaveLength(2);
    bot.write(files);
    const report = await bot.sync();
    expect(knows('zebra')).toBe(false);
    expect(did(report).map(([action, document]) => [action, document])).toEqual(
      expect.arrayContaining([
        ['delete', 'a.md'],
        ['delete', 'pay.md'],
      ]),
    );
    bot.write({ 'a.md': '# A\n\nAardvark.\n' });
    expect(did(await bot.sync()).map(([action, document]) => [action, document])).toEqual([['create', 'a.md']]);
  });

  it('a sidecar fences a Q&A file of its name, and a misnamed one keeps its document back', async () => {
    bot.write({ 'faq.qa.yaml': '- { q: "Who?", a: "The gnu." }\n' });
    await bot.sync();
    expect(knows('gnu')).toBe(true);
    bot.write({ 'faq.kb.yaml': 'audience: internal\n', 'n.md': '# N\n\nNutria.\n', 'n.md.kb.yaml': 'audience: internal\n' });
    const report = await bot.sync();
    expect(did(report)).toEqual([['delete', 'faq.qa.yaml#qa-who', 'audience internal is outside the fence [public]', 'done']]);
    expect([knows('gnu'), knows('Nutria')]).toEqual([false, false]);
  });

  it('renamed without its sidecar, a document stays out: what lies beside the sidecar and states no audience waits', async () => {
    bot.write({
      'own/plan.md': '# Plan\n\nThe numbat.\n',
      'own/plan.kb.yaml': 'audience: internal\n',
      'own/open.md': '---\nkb: { audience: public }\n---\n# Open\n\nThe quokka.\n',
    });
    await bot.sync();
    expect([knows('numbat'), knows('quokka')]).toEqual([false, true]);
    bot.write({ 'own/plan.md': null, 'own/renamed.md': '# Plan\n\nThe numbat.\n' });
    const { plan } = await bot.plan();
    expect(plan.operations).toEqual([]);
    await bot.sync();
    expect([knows('numbat'), knows('quokka')]).toEqual([false, true]);
    bot.write({ 'own/plan.kb.yaml': null, 'own/renamed.kb.yaml': 'audience: internal\n' });
    await bot.sync();
    expect(knows('numbat')).toBe(false);
  });

  it('moved, edited and internal in one is a retraction, and so is a question that was reworded', async () => {
    bot.write({ 'pay.md': long('End.'), 'faq.qa.yaml': '- { q: "Who?", a: "The gnu." }\n' });
    await bot.sync();
    bot.write({
      'pay.md': null,
      'internal/boss.md': internal(long('Another end.')),
      'faq.qa.yaml': '- { q: "Who is it?", a: "The gnu, again.", audience: internal }\n',
      'a.md': '# A\n\nAnt.\n',
    });
    const { plan } = await bot.plan();
    expect(plan.operations.map((operation) => [operation.document, operation.action === 'delete' && operation.retraction])).toEqual([
      ['faq.qa.yaml#qa-who', true],
      ['pay.md', true],
      ['a.md', false],
    ]);
  });

  it('a copy behind the fence does not retract what was moved inside it', async () => {
    bot.write({ 'pay.md': null, 'public/pay.md': pay, 'internal/pay.md': internal(pay) });
    expect(did(await bot.sync())).toEqual([['move', 'public/pay.md', 'moved from pay.md', 'done']]);
    expect(knows('zebra')).toBe(true);
  });

  it('questions go with their article, and alone', async () => {
    bot.write({
      'z.md': '---\nkb: { faq: [{ q: What is a zorilla?, a: A striped polecat. }] }\n---\n# Z\n\nZorilla.\n',
      'faq.qa.yaml': '- { q: "Who?", a: "The gnu." }\n- { q: "Where?", a: "The yak." }\n',
    });
    await bot.sync();
    expect([knows('polecat'), knows('gnu'), knows('yak')]).toEqual([true, true, true]);
    bot.write({
      'z.md': '---\nkb: { audience: internal, faq: [{ q: What is a zorilla?, a: A striped polecat. }] }\n---\n# Z\n\nZorilla.\n',
      'faq.qa.yaml': '- { q: "Who?", a: "The gnu.", audience: internal }\n- { q: "Where?", a: "The yak." }\n',
    });
    expect(did(await bot.sync()).map(([action, document]) => [action, document])).toEqual([
      ['delete', 'faq.qa.yaml#qa-who'],
      ['delete', 'z.md'],
      ['delete', 'z.md#qa-what-is-a-zorilla'],
    ]);
    expect([knows('polecat'), knows('gnu'), knows('yak')]).toEqual([false, false, true]);
  });
});

describe('days', () => {
  let bot: World;

  beforeEach(async () => {
    bot = await world('sitegpt');
    bot.clock.set(Date.parse('2026-11-21T00:00:00Z'));
    bot.write({
      'a.md': '# A\n',
      'promo.md': '---\nkb: { publishAt: 2026-12-01, expiresAt: 2026-12-24, reviewBy: 2026-12-20 }\n---\n# Promo\n',
    });
  });

  afterEach(() => bot.close());

  it('a document comes on the one and goes on the other', async () => {
    expect(did(await bot.sync()).map(([action, document]) => [action, document])).toEqual([['create', 'a.md']]);
    bot.clock.set(Date.parse('2026-12-01T00:00:00Z'));
    expect(did(await bot.sync())).toEqual([['create', 'promo.md', 'new file', 'done']]);
    bot.clock.set(Date.parse('2026-12-23T23:00:00Z'));
    expect(did(await bot.sync())).toEqual([]);
    bot.clock.set(Date.parse('2026-12-24T00:00:00Z'));
    expect(did(await bot.sync())).toEqual([['delete', 'promo.md', 'expired 2026-12-24', 'done']]);
  });
});

describe('a file that becomes a partial', () => {
  it('leaves the bot, and says why', async () => {
    const bot = await world('sitegpt');
    try {
      bot.write({ 'a.md': '# A\n', 'parts/note.md': '# Note\n' });
      await bot.sync();
      bot.configure({ content: '{ root: ./content, partials: [parts] }' });
      expect(did(await bot.sync())).toEqual([['delete', 'parts/note.md', 'a partial: only included in others', 'done']]);
    } finally {
      await bot.close();
    }
  });
});
