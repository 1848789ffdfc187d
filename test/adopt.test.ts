// Adopting a bot that people filled by hand, at every vendor that can be listed, over real HTTP: what is matched, that nothing is sent, and that
// afterwards nothing is doubled and nothing foreign is touched, whatever happens to the documents or the state.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Adoption } from '../src/cycle/adopt-target.ts';
import { everything } from '../src/cycle/context.ts';
import { type World, world } from './support/bots.ts';

interface Flavour {
  readonly name: string;
  readonly flavour: string;
  readonly settings?: object;
  /** Whether the vendor shows texts. */
  readonly reads: boolean;
  readonly extra?: string;
}

const flavours: readonly Flavour[] = [
  { name: 'chatthing', flavour: 'chatthing', reads: true },
  { name: 'sitegpt', flavour: 'sitegpt', reads: true },
  { name: 'replycx+full', flavour: 'replycx+full', settings: { profile: 'full' }, reads: false },
  { name: 'koreai', flavour: 'koreai', reads: false },
  { name: 'koreai that reads', flavour: 'koreai', extra: 'numberChunks: true', reads: true },
];

const page = (title: string, word: string): string =>
  `# ${title}\n\n${['first', 'second', 'third', 'fourth', 'fifth'].map((nth) => `The ${nth} line is about the ${word}.`).join('\n')}\n`;

const files: Readonly<Record<string, string>> = {
  'equal.md': page('Equal', 'ant'),
  'guides/edited.md': page('Edited', 'bee'),
  'guides/titled.md': page('What is a cat?', 'cat'),
  'new.md': page('New', 'dog'),
};

let bot: World;
afterEach(() => bot.close());

/** Plants items as people do, and tells their ids by name. */
function plant(items: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(items).map(([name, text]) => [name, bot.emulator.plant('bot-1', { name, text })]));
}

const did = ({ operations }: Adoption) => operations.map(({ document, reason }) => `${document}: ${reason}`);
const adoptedIds = ({ operations }: Adoption) =>
  Object.fromEntries(
    operations.map((operation) => [operation.document, operation.action === 'adopt' ? operation.items[0]?.remoteId : null]),
  );
const live = () => bot.items().filter(({ text }) => text !== '');
/** How many items hold a word. */
const holding = (word: string) => live().filter(({ text }) => text.includes(`the ${word}.`)).length;
const item = (id: string | undefined) => bot.items().find(({ remoteId }) => remoteId === id);

describe.each(flavours)('$name', ({ flavour, settings, extra, reads }) => {
  const start = async () => {
    bot = await world(flavour, settings ?? {});
    if (extra !== undefined) bot.configure({ extra });
    bot.write(files);
  };
  const byHand = {
    'equal.md': files['equal.md'] ?? '',
    'edited.md': page('Edited', 'bear'),
    'What is a cat': page('What is a cat?', 'cat').replace('fifth line is about the cat', 'last line is about the cow'),
    'Handbook.pdf': 'The handbook of the walrus.',
  };

  it('matches, sends nothing; then each text once, and a second sync writes nothing', async () => {
    await start();
    const ids = plant(byHand);
    expect(await bot.sync()).toMatchObject({ exitCode: 5, held: [{ rule: 'existing-content' }] });
    const before = bot.items();
    const adoption = await bot.adopt();
    expect(adoptedIds(adoption)).toEqual({
      'equal.md': ids['equal.md'],
      'guides/edited.md': ids['edited.md'],
      'guides/titled.md': ids['What is a cat'],
    });
    expect(did(adoption)[0]).toBe(
      reads ? 'equal.md: same text; nothing to send' : 'equal.md: same path; its text is not known: to be updated',
    );
    expect(adoption.matching.foreign.map(({ remoteId }) => remoteId)).toEqual([ids['Handbook.pdf']]);
    expect(adoption.matching.unmatched).toEqual(['new.md']);
    expect([bot.writesOnWire(), bot.items()]).toEqual([0, before]);
    const { state } = await bot.view();
    expect(state.identity).not.toBeNull();
    expect(state.held).toEqual([]);
    expect(Object.values(state.records).map(({ origin, pushed }) => [origin, pushed !== null])).toEqual([
      ['adopted', reads],
      ['adopted', false],
      ['adopted', false],
    ]);
    expect(state.records['guides/edited.md']?.items[0]).toMatchObject({ mark: 'edited.md', fingerprint: null });

    const { plan } = await bot.plan();
    expect(plan.brakes).toEqual([]);
    const updates = reads ? ['guides/edited.md', 'guides/titled.md'] : ['equal.md', 'guides/edited.md', 'guides/titled.md'];
    expect(plan.operations.map(({ action, document }) => `${action} ${document}`)).toEqual([
      ...updates.map((document) => `update ${document}`),
      'create new.md',
    ]);
    expect(plan.operations[0]?.reason).toBe('adopted: the bot holds another text, or one that cannot be read');

    expect(await bot.sync()).toMatchObject({ exitCode: 0 });
    expect(['ant', 'bee', 'cat', 'dog', 'walrus', 'bear', 'cow'].map(holding)).toEqual([1, 1, 1, 1, 1, 0, 0]);
    expect(item(ids['Handbook.pdf'])).toMatchObject({ name: 'Handbook.pdf', text: 'The handbook of the walrus.' });
    const writes = bot.writesOnWire();
    expect(await bot.sync()).toMatchObject({ exitCode: 0, results: [], unchanged: 4 });
    expect(bot.writesOnWire()).toBe(writes);
  });

  it('a second adopt does nothing; a later one matches only what has no item yet', async () => {
    await start();
    plant(byHand);
    await bot.adopt();
    const { state: once } = await bot.view();
    const again = await bot.adopt();
    expect(did(again)).toEqual([]);
    expect((await bot.view()).state).toEqual(once);
    bot.write({ 'late.md': page('Late', 'eel') });
    const ids = plant({ 'late.md': page('Late', 'eagle'), 'equal.md': page('Equal', 'ant') });
    const late = await bot.adopt();
    expect(adoptedIds(late)).toEqual({ 'late.md': ids['late.md'] });
    expect(late.matching.foreign.map(({ remoteId }) => remoteId)).toContain(ids['equal.md']);
    expect((await bot.view()).state.records['equal.md']).toEqual(once.records['equal.md']);
    expect(bot.writesOnWire()).toBe(0);
  });

  it('adopted documents are edited, moved and deleted like any other', async () => {
    await start();
    const ids = plant(byHand);
    await bot.adopt();
    await bot.sync();
    bot.write({ 'equal.md': page('Equal', 'asp'), 'guides/edited.md': null, 'moved/edited.md': files['guides/edited.md'] ?? '' });
    bot.write({ 'guides/titled.md': null });
    const report = await bot.sync();
    expect(report).toMatchObject({ exitCode: 0 });
    expect(
      report.results
        .map(({ operation }) => `${operation.action} ${operation.document}`)
        .sort()
        .slice(0, 3),
    ).toEqual(expect.arrayContaining(['delete guides/titled.md', 'move moved/edited.md']));
    await bot.sync();
    expect(['asp', 'ant', 'bee', 'cat', 'walrus'].map(holding)).toEqual([1, 0, 1, 0, 1]);
    expect(item(ids['Handbook.pdf'])?.text).toBe('The handbook of the walrus.');
    const writes = bot.writesOnWire();
    expect(await bot.sync()).toMatchObject({ exitCode: 0, results: [] });
    expect(bot.writesOnWire()).toBe(writes);
  });

  it('moved right after it was adopted, before anything was sent: still the same document', async () => {
    await start();
    plant(byHand);
    await bot.adopt();
    bot.write({ 'guides/edited.md': null, 'moved/edited.md': files['guides/edited.md'] ?? '' });
    expect(await bot.sync()).toMatchObject({ exitCode: 0 });
    expect(['bee', 'bear'].map(holding)).toEqual([1, 0]);
    expect(Object.keys((await bot.view()).state.records).sort()).toEqual(['equal.md', 'guides/titled.md', 'moved/edited.md', 'new.md']);
  });

  it('the state lost: nothing is doubled, and adopting again leads to the same', async () => {
    await start();
    plant(byHand);
    await bot.adopt();
    await bot.sync();
    const before = live().length;
    rmSync(join(bot.dir, 'state'), { recursive: true });
    const lost = await bot.sync();
    // What kbsync has written anew under its own mark is taken back; what kept the name a person gave it looks foreign.
    if (lost.exitCode === 5) {
      expect(lost.held[0]?.message).toMatch(/kbsync did not make \(\d documents? that would be created (is|are) named like them\)/);
      expect(lost.requests.write).toBe(0);
      await bot.adopt();
      expect(await bot.sync()).toMatchObject({ exitCode: 0 });
    } else expect(lost).toMatchObject({ exitCode: 0 });
    expect(live().length).toBe(before);
    expect(['ant', 'bee', 'cat', 'dog', 'walrus'].map(holding)).toEqual([1, 1, 1, 1, 1]);
  });

  it('ambiguous twins are left alone, both', async () => {
    await start();
    const [one, two] = ['one', 'two'].map((word) => bot.emulator.plant('bot-1', { name: 'equal.md', text: `All about ${word}.` }));
    const adoption = await bot.adopt();
    expect(did(adoption)).toEqual([]);
    expect(adoption.matching.ambiguous).toMatchObject([{ documents: ['equal.md'], items: [{ remoteId: one }, { remoteId: two }] }]);
    expect(await bot.sync()).toMatchObject({ exitCode: 0 });
    expect([item(one)?.text, item(two)?.text]).toEqual(['All about one.', 'All about two.']);
  });

  it('a rehearsal and a stopped run record nothing', async () => {
    await start();
    plant(byHand);
    expect(did(await bot.adopt({ dryRun: true }))).toHaveLength(3);
    expect((await bot.view()).state).toMatchObject({ identity: null, records: {} });
    if (!reads) return;
    await expect(bot.adopt({ stop: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    expect((await bot.view()).state).toMatchObject({ identity: null, records: {} });
  });
});

describe('the fence', () => {
  it('a document outside of it is never matched, though its text is there', async () => {
    bot = await world('sitegpt');
    bot.configure({ extra: 'audience: [public]', content: '{ root: ./content, defaults: { audience: public } }' });
    bot.write({ 'open.md': page('Open', 'ant'), 'secret.md': `---\nkb: { audience: internal }\n---\n${page('Secret', 'bee')}` });
    const ids = plant({ 'secret.md': page('Secret', 'bee') });
    const adoption = await bot.adopt();
    expect(did(adoption)).toEqual([]);
    expect(adoption.matching.foreign.map(({ remoteId }) => remoteId)).toEqual([ids['secret.md']]);
    expect(adoption.matching.unmatched).toEqual(['open.md']);
  });
});

describe('another workspace in the same bot', () => {
  it.each(['chatthing', 'sitegpt', 'replycx+full', 'koreai'] as const)(
    '%s: what it has made is left to it, whatever it says',
    async (flavour) => {
      bot = await world(flavour, flavour.startsWith('replycx') ? { profile: 'full' } : {});
      const config = join(bot.dir, 'sync.config.yaml');
      const own = readFileSync(config, 'utf8');
      bot.write(files);
      writeFileSync(config, own.replace('name: docs', 'name: other'));
      await bot.sync({ passes: { initial: true } });
      rmSync(join(bot.dir, 'state'), { recursive: true });
      writeFileSync(config, own);
      const before = live();
      const adoption = await bot.adopt();
      expect([did(adoption), adoption.matching.foreign.length, adoption.matching.unmatched.length]).toEqual([[], 4, 4]);
      expect(adoption.notes).toMatchObject([expect.stringMatching(/^4 items left alone carry the mark of another workspace/)]);
      await bot.sync();
      for (const { remoteId, text, name } of before) expect(item(remoteId)).toMatchObject({ text, name });
    },
  );
});

describe('what is refused, with the reason and what to do instead', () => {
  it.each([
    ['cxgenie', {}, /cannot list what it holds/, /sync --initial --target bot/],
    ['replycx', { profile: 'seed-only' }, /cannot list what it holds/, /features.list: true/],
    ['sitegpt+v0', {}, /one text for the whole bot/, /takeOver/],
  ] as const)('%s', async (flavour, settings, message, next) => {
    bot = await world(flavour, settings);
    bot.write(files);
    await expect(bot.adopt()).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(message),
      next: expect.stringMatching(next),
    });
    expect((await bot.view()).state.identity).toBeNull();
  });

  it('ReplyCX with features.list, where the vendor has no such call', async () => {
    bot = await world('replycx+full', { profile: 'seed-only' });
    bot.write(files);
    await expect(bot.adopt()).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('another bot behind the same name', async () => {
    bot = await world('sitegpt');
    bot.write(files);
    await bot.sync({ passes: { initial: true } });
    bot.emulator.provision({ id: 'bot-2', secret: 'planted-secret-4711' });
    bot.configure({ withoutId: true, extra: 'chatbotId: bot-2' });
    await expect(bot.adopt()).rejects.toMatchObject({ code: 'HELD', message: expect.stringContaining('was always') });
  });

  it('a folder that is not there', async () => {
    bot = await world('sitegpt');
    bot.configure({ content: '{ root: ./elsewhere }' });
    await expect(bot.adopt()).rejects.toMatchObject({ code: 'CONTENT_MISSING' });
  });
});

describe('data sources of Chat Thing', () => {
  it('the only one is looked in, and remembered where something was adopted', async () => {
    bot = await world('chatthing');
    bot.write(files);
    plant({ 'Handbook.pdf': 'The handbook of the walrus.' });
    await bot.adopt();
    expect((await bot.view()).state).toMatchObject({ container: null, identity: expect.stringContaining('chatthing|') });
    plant({ 'equal.md': page('Equal', 'asp') });
    await bot.adopt();
    const { container } = (await bot.view()).state;
    expect(container).not.toBeNull();
    await bot.sync();
    expect((await bot.view()).state.container).toBe(container);
    expect(['ant', 'asp', 'walrus'].map(holding)).toEqual([1, 0, 1]);
  });

  it('of several, the configuration has to name one', async () => {
    bot = await world('chatthing');
    bot.write(files);
    const made = async () => {
      const headers = { 'x-api-secret-key': 'planted-secret-4711', 'content-type': 'application/json' };
      const address = `${bot.served.origin}/api/public/channels/bot-1/1.0/data-sources`;
      const reply = (await (await fetch(address, { method: 'POST', headers })).json()) as { readonly dataSource: { readonly id: string } };
      return reply.dataSource.id;
    };
    const first = await made();
    plant({ 'equal.md': page('Equal', 'asp') });
    const second = await made();
    expect(second).not.toBe(first);
    await expect(bot.adopt()).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(first),
      next: expect.stringContaining('dataSourceId'),
    });
    bot.configure({ extra: `dataSourceId: "${first}"` });
    expect(did(await bot.adopt())).toHaveLength(1);
    expect((await bot.view()).state.container).toBe(first);
  });

  it('a row is renamed to our mark with its first update, and stays what it is called until then', async () => {
    bot = await world('chatthing');
    bot.write(files);
    const ids = plant({ 'equal.md': files['equal.md'] ?? '', 'edited.md': page('Edited', 'bear') });
    await bot.adopt();
    await bot.sync();
    expect([item(ids['equal.md'])?.name, item(ids['edited.md'])?.name]).toEqual(['equal.md', 'docs:guides/edited.md']);
  });
});

describe('state and folder', () => {
  it('copies of ours that no document was known for are matched too, and no longer a work for a person', async () => {
    bot = await world('sitegpt');
    bot.write({ 'guides/a.md': page('A', 'ant') });
    await bot.sync();
    // The name cannot be changed there; with the state goes what it stood for, and the text has changed meanwhile.
    bot.write({ 'guides/a.md': null, 'b.md': page('A', 'ant').replace('first', '1st') });
    rmSync(join(bot.dir, 'state'), { recursive: true });
    expect(await bot.sync()).toMatchObject({ exitCode: 5, held: [{ rule: 'existing-content' }] });
    expect(did(await bot.adopt())).toEqual(['b.md: similar text; the text differs: to be updated']);
    const { state } = await bot.view();
    expect(state.leftovers).toEqual([]);
    expect(await bot.sync()).toMatchObject({ exitCode: 0 });
    expect(live().map(({ text }) => text.includes('1st'))).toEqual([true]);
  });

  it('documents of a write unconfirmed are left to that', async () => {
    bot = await world('replycx+full', { profile: 'full' });
    // Texts carry no mark that a listing could show: a person has to look.
    bot.configure({ extra: 'upload: { as: text }' });
    bot.write({ 'a.md': page('A', 'ant') });
    bot.served.setFault((request) => (request.method === 'POST' ? 'reset-after' : null));
    expect((await bot.sync({ passes: { initial: true } })).results).toMatchObject([{ outcome: 'unconfirmed' }]);
    bot.served.setFault(null);
    plant({ 'a.md': page('A', 'ape') });
    bot.write({ 'b.md': page('B', 'bee') });
    const adoption = await bot.adopt();
    expect([did(adoption), adoption.matching.unmatched]).toEqual([[], ['b.md']]);
    expect((await bot.view()).open).toHaveLength(1);
  });

  it('deletes and updates of what was adopted count in brakes as any', async () => {
    bot = await world('sitegpt');
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`p${n}.md`, page(`Page ${n}`, `x${n}`)]));
    bot.write(many);
    plant(Object.fromEntries(Object.keys(many).map((path) => [path, `Old text of ${path}.`])));
    expect(did(await bot.adopt())).toHaveLength(30);
    const held = await bot.sync();
    expect(held).toMatchObject({ exitCode: 5, held: [{ rule: 'too-many-updates', passWith: 'sync --target bot --allow-updates 30' }] });
    for (let n = 0; n < 10; n += 1) bot.write({ [`p${n}.md`]: null });
    const { held: rules } = await bot.sync({ passes: { allowUpdates: 30 } });
    expect(rules.map(({ rule, documents }) => [rule, documents.length])).toEqual([['too-many-deletes', 10]]);
    expect(live()).toHaveLength(30);
  });

  it('the state lost where only some items are ours: documents that look like what is there are not created beside it', async () => {
    bot = await world('sitegpt');
    bot.write(files);
    plant({ 'equal.md': files['equal.md'] ?? '' });
    await bot.adopt();
    await bot.sync();
    rmSync(join(bot.dir, 'state'), { recursive: true });
    const report = await bot.sync();
    expect(report).toMatchObject({ exitCode: 5, requests: { write: 0 } });
    expect(report.held[0]?.message).toBe(
      'bot holds 1 document kbsync did not make (1 document that would be created is named like them): `kbsync adopt bot` to match it, `kbsync adopt bot --export DIR` to save it, `kbsync sync --initial --target bot` to add beside it.',
    );
    await bot.adopt();
    expect(await bot.sync({ only: everything })).toMatchObject({ exitCode: 0, results: [] });
    expect(live()).toHaveLength(4);
  });
});
