// The inbox with the real program: work, unconfirmed writes, held runs and copies to be removed by hand, and every decision about them.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Effect, EntryBody } from '../../src/model/effect.ts';
import type { Operation } from '../../src/model/operation.ts';
import { type QuickSandbox, quickSandbox } from '../support/quick-sandbox.ts';
import { runHere } from '../support/run-here.ts';
import { type Home, home } from '../support/run-program.ts';

const config = `version: 1
name: acme
content: { root: ./content }
targets:
  - { name: support, vendor: chatthing, sandbox: true, poll: { first: 200ms, max: 1s } }
  - { name: site, vendor: sitegpt, sandbox: true, lagMs: 0ms, poll: { first: 200ms, max: 1s } }
`;

type Inbox = { items: { id: string | null; kind: string; target: string; document: string | null; message: string; commands: string[] }[] };
type Failed = { exitCode: number; error: { code: string; message: string; next: string } };

const since = '2026-11-21T08:00:00.000Z';

function create(id: string, document: string): Effect {
  const part = { document, path: document, title: document, url: null, body: 'b', part: '', mark: `acme ${document}.md`, fingerprint: 'f' };
  return { id, operation: null, commit: null, action: 'create', supersedes: null, ...part };
}

const doubt = (id: string, effect: string): EntryBody => ({ kind: 'doubt', doubt: { id, effect, error: null, since } });

describe('todo', () => {
  let place: Home;
  let bots: QuickSandbox;

  beforeEach(async () => {
    place = home(config);
    place.write({ 'content/keep.md': '# Keep\n\nIt stays.\n' });
    bots = await quickSandbox(place.dir);
  });

  afterEach(async () => {
    await bots.close();
    place.remove();
  });

  const inbox = async () => (await place.run('todo', '--json')).json<Inbox>().items;
  const refused = async (...words: string[]) => {
    const ran = await place.run('todo', ...words, '--json');
    expect(ran.exitCode).toBe(2);
    return ran.json<Failed>().error;
  };

  it('a held run: listed, approved, done, and not a second time', async () => {
    place.write(Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`content/p${n}.md`, `# Page ${n}\n\nzebra${n}\n`])));
    expect((await runHere(place.dir, 'sync', '--target', 'site')).exitCode).toBe(0);
    for (let n = 0; n < 8; n += 1) place.write({ [`content/p${n}.md`]: null });
    expect((await runHere(place.dir, 'sync', '--target', 'site')).exitCode).toBe(5);
    expect(await inbox()).toMatchObject([
      { id: 'H1', kind: 'held', target: 'site', commands: ['kbsync todo approve H1', 'kbsync sync --target site --allow-deletes 8'] },
    ]);
    expect((await refused('approve', 'H2')).message).toBe('there is no H2; todo approve takes: H1');
    const approved = await place.run('todo', 'approve', 'h1', '--json');
    expect(approved.exitCode).toBe(0);
    expect(approved.stderr).toContain('H1 approved: site would lose 8 of 9 documents');
    expect(approved.json()).toMatchObject({
      command: 'todo',
      exitCode: 0,
      targets: [{ name: 'site', counts: { delete: 8, held: 0 }, held: null }],
    });
    expect(await inbox()).toEqual([]);
    expect(Object.keys((await place.view('site')).state.records)).toEqual(['keep.md']);
    expect((await refused('approve', 'H1')).message).toContain('there is no H1');
  }, 60_000);

  it('an unconfirmed create: made by a word of a person, or made again', async () => {
    await place.remember('site', [{ kind: 'begin', effects: [create('e1', 'a.md'), create('e2', 'b.md'), create('e3', 'c.md')] }]);
    await place.remember('site', [doubt('U1', 'e1'), doubt('U2', 'e2')]);
    const items = await inbox();
    expect(items.map(({ id, kind, document }) => [id, kind, document])).toEqual([
      ['U1', 'unconfirmed', 'a.md'],
      ['U2', 'unconfirmed', 'b.md'],
      [null, 'unconfirmed', 'c.md'],
    ]);
    expect(items[0]?.commands).toEqual(['kbsync sync --target site', 'kbsync todo created U1 ID', 'kbsync todo retry U1']);
    expect(items[2]?.commands).toEqual(['kbsync sync --target site']);
    expect((await refused('done', 'U1')).message).toContain('U1 is of another kind (unconfirmed)');
    // Without an id the vendor is asked by the mark, and shows none.
    expect((await refused('created', 'U1')).message).toContain('shows no item of site that is named acme a.md.md');
    expect((await place.run('todo', 'created', 'U1', 'doc_1')).stdout).toBe('a.md counts as created, as doc_1\n');
    expect((await refused('created', 'U2', 'doc_1')).message).toContain('doc_1 is the id of another item');
    expect((await place.run('todo', 'retry', 'U2')).exitCode).toBe(0);
    const { state, open } = await place.view('site');
    expect(state.records['a.md']?.items).toMatchObject([{ remoteId: 'doc_1', training: 'pending' }]);
    expect(state.records['b.md']).toMatchObject({ items: [], refused: null });
    expect([open.map(({ id }) => id), state.doubts]).toEqual([['e3'], []]);
  }, 60_000);

  it('several at once, and none of them unless all are open', async () => {
    const documents = ['a.md', 'b.md', 'c.md', 'd.md'];
    await place.remember('site', [{ kind: 'begin', effects: documents.map((document, index) => create(`e${index}`, document)) }]);
    await place.remember(
      'site',
      documents.map((_, index) => doubt(`U${index + 1}`, `e${index}`)),
    );
    expect((await refused('retry', 'U1', 'U9')).message).toContain('there is no U9');
    expect((await place.view('site')).open).toHaveLength(4);
    const some = await refused('created', 'U1', 'doc_1', 'U2', 'doc_1');
    expect(some.message).toContain('U2: ');
    expect(some.message).toContain('(decided before it: U1)');
    const ran = await place.run('todo', 'retry', 'u2', 'U3', 'U2', '--json');
    expect(ran.json()).toMatchObject({
      exitCode: 0,
      action: 'retry',
      decisions: [
        { id: 'U2', target: 'site', message: expect.stringContaining('b.md counts as not created') },
        { id: 'U3', target: 'site', message: expect.stringContaining('c.md counts as not created') },
      ],
    });
    expect((await place.run('todo', 'created', 'U4', 'doc_4')).stdout).toBe('d.md counts as created, as doc_4\n');
    const { state, open } = await place.view('site');
    expect([open, state.doubts, state.records['a.md']?.items[0]?.remoteId]).toEqual([[], [], 'doc_1']);
  }, 60_000);

  it('work of a person and copies left by hand: done', async () => {
    expect((await runHere(place.dir, 'sync', '--target', 'support')).exitCode).toBe(0);
    const before = (await place.view('support')).state;
    const record = before.records['keep.md'];
    place.write({ 'content/keep.md': '# Keep\n\nIt stays, changed.\n' });
    const shown = await place.run('show', 'keep.md', '--target', 'support', '--json');
    const [target] = shown.json<{ targets: { wantedFingerprint: string }[] }>().targets;
    const base = { document: 'keep.md', path: 'keep.md', reason: 'text changed', by: 'person', note: null } as const;
    const update: Operation = { ...base, id: 'update keep.md', action: 'update', fingerprint: target?.wantedFingerprint ?? '' };
    const leftover = { remoteId: 'old-1', document: 'keep.md', mark: null, why: 'superseded', removable: 'by-hand', since } as const;
    await place.remember('support', [
      { kind: 'todos', todos: [{ id: 'T1', operation: update, where: 'the dashboard', how: 'paste it', since }] },
      { kind: 'leftover', leftover },
    ]);
    expect((await inbox()).map(({ id, kind, commands }) => [id, kind, commands])).toEqual([
      ['T1', 'work', ['kbsync todo done T1', 'kbsync show keep.md --as support']],
      ['old-1', 'leftover', ['kbsync todo done old-1']],
    ]);
    expect((await refused('done', 'T9')).message).toBe('there is no T9; todo done takes: T1, old-1');
    expect((await refused('done')).message).toBe('todo done: which one?');
    expect((await refused('undo', 'T1')).message).toContain('expected done, created, retry or approve');
    expect((await place.run('todo', 'done', 'T1')).stdout).toBe('keep.md counts as pushed, as it is in the folder\n');
    expect((await place.run('todo', 'done', 'old-1')).exitCode).toBe(0);
    const after = (await place.view('support')).state;
    expect([after.todos, after.leftovers]).toEqual([[], []]);
    expect(after.records['keep.md']).toMatchObject({ pushed: target?.wantedFingerprint, training: 'pending' });
    expect(after.records['keep.md']?.items[0]?.remoteId).toBe(record?.items[0]?.remoteId);
    // Nothing is sent for it, but the training that it needs is asked for.
    const next = (await place.run('sync', '--target', 'support', '--json')).json<{ targets: { counts: object; training: object }[] }>();
    expect(next.targets).toMatchObject([{ counts: { update: 0, unchanged: 1 }, training: { state: 'trained' }, requests: { write: 1 } }]);
  }, 60_000);
});
