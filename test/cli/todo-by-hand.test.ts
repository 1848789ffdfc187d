// Work that a vendor's API cannot do: CX Genie, which can only create, and ReplyCX without delete. What is planned, what the todo list says of it, and
// every way it leaves the list. What a person types goes through the real program; the many syncs between run in this process.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../src/connectors/emulator.ts';
import { resolveEmulator } from '../../src/connectors/registry.ts';
import { createKnowledge } from '../../src/sandbox/retrieval.ts';
import { type Served, serveEmulators } from '../../src/sandbox/serve.ts';
import { memoryStore } from '../../src/sandbox/store.ts';
import { runHere } from '../support/run-here.ts';
import { type Home, home } from '../support/run-program.ts';

type Item = {
  id: string | null;
  kind: string;
  document: string | null;
  action: string | null;
  message: string;
  where: string | null;
  how: string;
  items: { remoteId: string | null; mark: string | null }[];
  commands: string[];
};
type Synced = {
  exitCode: number;
  targets: { operations: { action: string; document: string; outcome: string }[]; requests: { write: number } }[];
};

const bot = '0f4c2b1e-7d35-4a1b-9a51-3c8e0d5f6a77';
const key = 'workspace-token-4711';

let place: Home;
let served: Served;
let emulator: Emulator;

async function serve(vendor: string, id: string, settings: object = {}): Promise<void> {
  const spec = await resolveEmulator(vendor);
  const brains = new Map<string, ReturnType<typeof createKnowledge>>();
  const knowledge = (name: string) => {
    const known = brains.get(name) ?? createKnowledge();
    brains.set(name, known);
    return known;
  };
  emulator = spec.create({ store: memoryStore(), now: Date.now, random: Math.random, knowledge }, { ...spec.defaults, ...settings });
  emulator.provision({ id, secret: key });
  served = await serveEmulators({ emulators: [{ spec, emulator }], port: 0 });
}

function configure(options: string, site = ''): void {
  place.write({
    'sync.config.yaml': `version: 1\nname: acme\ncontent: { root: ./content${site} }\ntargets:\n  - { name: bot, baseUrl: "${served.origin}", ${options}, poll: { first: 100ms, max: 200ms }, rate: { perMinute: 60000 } }\n`,
  });
}

const inbox = async () => (await runHere<{ items: Item[] }>(place.dir, 'todo')).answer.items;
const sync = async (...words: string[]) => {
  const { answer: ran } = await runHere<Synced>(place.dir, 'sync', ...words);
  const [target] = ran.targets;
  return {
    exitCode: ran.exitCode,
    writes: target?.requests.write,
    did: target?.operations.map(({ action, document, outcome }) => `${action} ${document} ${outcome}`),
  };
};
const done = async (...words: string[]) => (await place.run('todo', ...words)).stdout.trim();

beforeEach(() => {
  place = home(null);
  place.write({
    'content/a.md': '# A\n\nThe first one.\n',
    'content/b.md': '# B\n\nThe second one.\n',
    'content/keep.md': '# Keep\n\nIt stays.\n',
  });
});

afterEach(async () => {
  place.remove();
  await served.close();
});

describe('CX Genie, which can only create', () => {
  const target = `vendor: cxgenie, botId: ${bot}, workspaceToken: "${key}"`;

  beforeEach(async () => {
    await serve('cxgenie', bot);
    configure(target);
  });

  it('each update and delete is one piece of work with where, which and how, until it is done or no longer due', async () => {
    expect(await sync('--initial')).toMatchObject({ exitCode: 0, writes: 3 });
    place.write({ 'content/a.md': '# A\n\nThe first one, changed.\n', 'content/b.md': null });
    const planned = await place.run('plan');
    expect(planned.stdout).toContain('1 to update, 1 to delete, 2 of these by hand');
    expect(planned.stdout).toMatch(/\? a\.md {2}update by hand: text changed \(in CX Genie's dashboard, .* then kbsync todo done\)/);
    expect(await sync()).toEqual({ exitCode: 0, writes: 0, did: ['delete b.md todo', 'update a.md todo'].sort().reverse() });
    expect((await sync()).did).toHaveLength(2);

    const items = await inbox();
    expect(items.map(({ id, kind, action, document }) => [id, kind, action, document])).toEqual([
      ['T1', 'work', 'update', 'a.md'],
      ['T2', 'work', 'delete', 'b.md'],
    ]);
    const [update, remove] = items;
    const held = emulator.inspect(bot);
    expect(update).toMatchObject({
      where: "CX Genie, the bot's knowledge in the dashboard",
      how: expect.stringContaining("in CX Genie's dashboard, under the bot's Training Data, open the article"),
      items: [
        {
          remoteId: held.find(({ text }) => text.includes('The first'))?.remoteId,
          mark: expect.stringMatching(/^acme:a\.md #[0-9a-f]{8}$/),
        },
      ],
      commands: ['kbsync todo done T1', 'kbsync show a.md --as bot'],
    });
    // The name is the one by which the dashboard lists the article.
    expect(held.map(({ name }) => name)).toContain(`A [${update?.items[0]?.mark}]`);
    expect(remove?.how).toContain('delete the article whose title ends in the mark');

    const status = await place.run('status');
    expect(status.stdout).toMatch(/by hand T1, update: in CX Genie's dashboard/);
    expect(status.stdout).toMatch(/by hand T2, delete: in CX Genie's dashboard/);
    expect((await place.run('status', '--fail-if', 'todo')).exitCode).toBe(3);

    const issue = (await place.run('todo', '--format', 'github-issue')).stdout.split('\n');
    expect(issue[0]).toBe('# kbsync: 2 things wait for a person');
    expect(issue.filter((line) => line.startsWith('- [ ] '))).toHaveLength(2);
    expect(issue).toContain('  - `kbsync todo done T2`');

    // As it was: nothing is left to do of it. What was done stays done.
    place.write({ 'content/b.md': '# B\n\nThe second one.\n' });
    expect(await sync()).toEqual({ exitCode: 0, writes: 0, did: ['update a.md todo'] });
    expect((await inbox()).map(({ id }) => id)).toEqual(['T1']);
    expect(await done('done', 't1')).toBe('a.md counts as pushed, as it is in the folder');
    expect(await sync()).toEqual({ exitCode: 0, writes: 0, did: [] });
    expect((await place.run('todo')).stdout).toBe('nothing waits for a person\n');
    expect((await place.run('todo', '--format', 'github-issue')).stdout).toBe('# kbsync: nothing waits for a person\n');
    expect((await place.run('status', '--fail-if', 'todo')).exitCode).toBe(0);

    place.write({ 'content/b.md': null });
    await sync();
    expect(await done('done', 'T3')).toBe('b.md counts as deleted');
    expect(await sync()).toEqual({ exitCode: 0, writes: 0, did: [] });
  }, 120_000);

  it('a create whose answer is lost is never sent twice by itself, and a person settles it either way', async () => {
    served.setFault((request) =>
      request.method === 'POST' && request.body.includes('The ') && !request.body.includes('It stays') ? 'reset-after' : null,
    );
    const first = await sync('--initial');
    expect(first).toMatchObject({
      exitCode: 4,
      did: expect.arrayContaining(['create a.md unconfirmed', 'create b.md unconfirmed', 'create keep.md done']),
    });
    served.setFault(null);
    expect(emulator.inspect(bot)).toHaveLength(3);
    for (let run = 0; run < 2; run += 1) expect((await sync()).writes).toBe(0);
    const items = await inbox();
    expect(items.map(({ kind, document }) => [kind, document])).toEqual([
      ['unconfirmed', 'a.md'],
      ['unconfirmed', 'b.md'],
    ]);
    expect(items[0]).toMatchObject({
      commands: ['kbsync todo created U1', 'kbsync todo retry U1'],
      items: [{ remoteId: null, mark: expect.stringContaining('acme:a.md #') }],
    });
    expect(items[0]?.how).toMatch(
      /^look for "A" \(named acme:a\.md #[0-9a-f]{8}\); if it is there: todo created U1; if not: todo retry U1$/,
    );
    expect(await done('created', 'U1')).toBe('a.md counts as created, without an id, which nothing needs there');
    expect(await done('retry', 'U2')).toBe('b.md counts as not created: kbsync sync --target bot makes it again');
    expect(await sync()).toMatchObject({ exitCode: 0, writes: 1, did: ['create b.md done'] });
    // The second b.md is what the person asked for.
    expect(emulator.inspect(bot)).toHaveLength(4);
    expect(await sync()).toEqual({ exitCode: 0, writes: 0, did: [] });
    expect(await inbox()).toEqual([]);
    // A document without an id changes like any other; its work is found by the name.
    place.write({ 'content/a.md': '# A\n\nThe first one, changed.\n' });
    expect((await sync()).did).toEqual(['update a.md todo']);
    expect(await inbox()).toMatchObject([{ action: 'update', items: [{ remoteId: null, mark: expect.stringContaining('acme:a.md #') }] }]);
  }, 120_000);

  it('append: a new copy, and the old one on the list once, also where it never had an id', async () => {
    configure(`${target}, onUpdate: append, onUnconfirmed: assume-created`);
    served.setFault((request) => (request.body.includes('The second') ? 'reset-after' : null));
    await sync('--initial');
    served.setFault(null);
    expect((await sync()).did).toEqual([]);
    place.write({ 'content/a.md': '# A\n\nThe first one, changed.\n', 'content/b.md': '# B\n\nThe second one, changed.\n' });
    expect(await sync()).toMatchObject({ exitCode: 0, writes: 2, did: ['update a.md done', 'update b.md done'] });
    expect(await sync()).toEqual({ exitCode: 0, writes: 0, did: [] });
    const items = await inbox();
    expect(items.map(({ kind, document, message }) => [kind, document, message.replace(/item [0-9a-f-]{36}/, 'item ID')])).toEqual([
      ['leftover', 'a.md', 'remove item ID of a.md: superseded copy, still there'],
      ['leftover', 'b.md', 'remove the older item of b.md: superseded copy, still there'],
    ]);
    // Each names the old copy, not the new one.
    const names = emulator
      .inspect(bot)
      .filter(({ text }) => !text.includes('changed'))
      .map(({ name }) => name);
    for (const { items: which } of items) expect(names.some((name) => name?.includes(which[0]?.mark ?? '-'))).toBe(true);
    expect((await place.run('status', '--fail-if', 'todo')).exitCode).toBe(3);
    for (const { commands } of items) {
      const [command = ''] = commands;
      expect(await done(...command.split(' ').slice(2))).toMatch(/counts as removed$/);
    }
    expect(await inbox()).toEqual([]);
  }, 120_000);

  it('url: articles with a link are given as links, and a change of the page is work for a person', async () => {
    configure(`${target}, onUpdate: url`, ', site: { url: https://docs.example.com/ }');
    place.write({ 'content/q.md': '---\nkb:\n  faq:\n    - { q: How long?, a: 30 minutes. }\n---\n\n# Q\n\nQuestions.\n' });
    expect(await sync('--initial')).toMatchObject({ exitCode: 0 });
    const texts = emulator.inspect(bot).map(({ text }) => text);
    expect(texts.filter((text) => text.startsWith('https://docs.example.com/'))).toHaveLength(4);
    expect(texts.some((text) => text.includes('30 minutes.'))).toBe(true);
    expect((await place.run('show', 'a.md', '--as', 'bot')).stdout.trim()).toMatch(/^https:\/\/docs\.example\.com\/a/);
    place.write({ 'content/a.md': '# A\n\nThe first one, changed.\n' });
    expect(await sync()).toEqual({ exitCode: 0, writes: 0, did: ['update a.md todo'] });
    const [item] = await inbox();
    expect(item?.how).toContain('a link: press its re-crawl button');
    expect(await done('done', 'T1')).toContain('counts as pushed');
    expect(await sync()).toEqual({ exitCode: 0, writes: 0, did: [] });
  }, 120_000);
});

describe('ReplyCX without delete', () => {
  const target = `vendor: replycx, knowledgeBaseId: "876", token: "${key}"`;

  it('uploads the new version and lists the old source once; a deleted document is work; todo leaves the update to a person', async () => {
    await serve('replycx', '876', { profile: 'seed-only' });
    configure(target);
    expect(await sync('--initial')).toMatchObject({ exitCode: 0 });
    place.write({ 'content/a.md': '# A\n\nThe first one, changed.\n', 'content/b.md': null });
    expect((await place.run('plan')).stdout).toMatch(/~ a\.md {2}text changed \(new copy; the old text stays until a person removes it: /);
    expect(await sync()).toMatchObject({ exitCode: 0, did: expect.arrayContaining(['update a.md done', 'delete b.md todo']) });
    expect((await sync()).did).toEqual(['delete b.md todo']);
    const items = await inbox();
    expect(items.map(({ kind, document, action }) => [kind, action, document])).toEqual([
      ['work', 'delete', 'b.md'],
      ['leftover', 'delete', 'a.md'],
    ]);
    for (const { how } of items) expect(how).toContain('delete the source with this id');
    for (const { commands } of items) await done(...(commands[0] ?? '').split(' ').slice(2));
    expect(await inbox()).toEqual([]);
    expect(await sync()).toMatchObject({ exitCode: 0, did: [] });

    configure(`${target}, onUpdate: todo`);
    place.write({ 'content/a.md': '# A\n\nThe first one, changed again.\n' });
    expect((await sync()).did).toEqual(['update a.md todo']);
    expect((await inbox())[0]?.how).toContain('upload the new text');

    configure(`${target}, onUpdate: url`);
    const refused = await place.run('plan', '--json');
    expect(refused.json<{ error: { message: string } }>().error.message).toContain(
      'expected one of default, todo, append: what replycx can do with these options',
    );
    configure(`${target}, features: { delete: true }, onUpdate: append`);
    expect((await place.run('plan', '--json')).exitCode).toBe(2);
  }, 120_000);
});
