// What a vendor cannot do, over whole runs: each such operation is on the todo list exactly once, goes when it is done or no longer due, and
// copies that only a person can remove are listed once. Nothing is sent twice.
import { describe, expect, it } from 'vitest';
import { renderPayload } from '../../src/content/render.ts';
import type { EntryBody } from '../../src/model/effect.ts';
import type { TargetState } from '../../src/model/record.ts';
import { doneByPerson, removedByPerson } from '../../src/push/person.ts';
import { openLedger } from '../../src/state/store.ts';
import { inboxOf } from '../../src/status/inbox.ts';
import { type EngineInput, type Files, folderOf, idsFrom, runSync } from '../../src/testkit/engine.ts';
import { memoryDisk } from '../../src/testkit/faults.ts';
import { type MemoryOptions, memoryVendor } from '../../src/testkit/memory.ts';

const long = (text: string): string => Array.from({ length: 8 }, (_, line) => `Line ${line} ${text}`).join('\n\n');

interface House {
  sync(files: Files): Promise<{ todo: string[]; done: string[]; writes: number }>;
  state(): Promise<TargetState>;
  append(entries: readonly EntryBody[]): Promise<void>;
  /** The inbox as `id: message`. */
  inbox(): Promise<string[]>;
  done(id: string, files: Files): Promise<void>;
  readonly texts: () => string[];
}

function house(options: Partial<MemoryOptions>, targetPatch: EngineInput['targetPatch'] = {}, withoutUpdate?: 'append'): House {
  const vendor = memoryVendor({ training: 'automatic', ...options });
  const base = vendor.connect();
  const target = { ...base, traits: { ...base.traits, ...(withoutUpdate !== undefined && { withoutUpdate }) } };
  const clock = { nowMs: Date.UTC(2026, 10, 21) };
  const disk = memoryDisk(() => clock.nowMs);
  const texts = new Map();
  const id = idsFrom(1);
  const open = () => openLedger({ disk, dir: '/state', target: 'bot', now: () => clock.nowMs });
  const append = async (entries: readonly EntryBody[]): Promise<void> => {
    const ledger = await open();
    await ledger.append(entries);
    await ledger.checkpoint();
    await ledger.close();
  };
  const state = async (): Promise<TargetState> => {
    const ledger = await open();
    await ledger.close();
    return ledger.state;
  };
  return {
    state,
    append,
    texts: () => [...vendor.items.values()].map(({ text }) => text.split('\n\n').at(-1)?.trim() ?? ''),
    async sync(files) {
      const before = vendor.writes.length;
      const report = await runSync({ target, disk, files, clock, texts, id, targetPatch });
      expect(report.error).toBeNull();
      const words = (wanted: string) =>
        report.results
          .flatMap(({ operation, outcome }) => (outcome === wanted ? [`${operation.action} ${operation.document}`] : []))
          .sort();
      return { todo: words('todo'), done: words('done'), writes: vendor.writes.length - before };
    },
    async inbox() {
      const items = inboxOf({
        target: 'bot',
        label: 'Memory',
        state: await state(),
        open: [],
        needsIds: true,
        findable: true,
        removal: 'remove it there',
      });
      for (const item of items) {
        expect(item.where).toBe("Memory, the bot's knowledge in the dashboard");
        expect(item.how.length).toBeGreaterThan(5);
      }
      return items.map(({ id: name, message }) => `${name}: ${message}`);
    },
    async done(name, files) {
      const now = await state();
      const todo = now.todos.find((one) => one.id === name);
      if (todo === undefined) return append(removedByPerson(name, target));
      const { scan } = folderOf(files);
      const document = scan.documents.find((one) => one.id === todo.operation.document);
      const render = { format: 'markdown', partBytes: null, titleCharacters: null, attributeKeys: [], links: false } as const;
      const head = document === undefined ? null : await renderPayload(document, scan.text(document), render);
      const facts = {
        state: now,
        target,
        workspace: 'docs',
        head,
        commit: null,
        newEffectId: id,
        now: new Date(clock.nowMs).toISOString(),
      };
      await append(doneByPerson(todo, facts));
    },
  };
}

const neither = { can: ['list', 'status'] } as const;
const start: Files = { 'a.md': long('a'), 'b.md': long('b'), 'c.md': long('c') };
const edited: Files = { ...start, 'a.md': `${long('a')}\n\nsecond` };

describe('a vendor without update and delete', () => {
  it('an update is one todo until it is done, whatever happens meanwhile', async () => {
    const at = house(neither);
    await at.sync(start);
    expect(await at.sync(edited)).toEqual({ todo: ['update a.md'], done: [], writes: 0 });
    expect(await at.sync(edited)).toEqual({ todo: ['update a.md'], done: [], writes: 0 });
    const again = { ...edited, 'a.md': `${long('a')}\n\nthird` };
    await at.sync(again);
    expect(await at.inbox()).toEqual(['T1: update a.md: text changed']);
    await at.done('T1', again);
    expect(await at.inbox()).toEqual([]);
    expect(await at.sync(again)).toEqual({ todo: [], done: [], writes: 0 });
  });

  it('an update leaves the list when the file is as before', async () => {
    const at = house(neither);
    await at.sync(start);
    await at.sync(edited);
    expect(await at.sync(start)).toEqual({ todo: [], done: [], writes: 0 });
    expect(await at.inbox()).toEqual([]);
    // Its number is never given out again.
    await at.sync(edited);
    expect(await at.inbox()).toEqual(['T2: update a.md: text changed']);
  });

  it('a delete is one todo, goes with the file come back, and drops the document when it is done', async () => {
    const at = house(neither);
    await at.sync(start);
    const { 'b.md': _gone, ...rest } = start;
    expect(await at.sync(rest)).toEqual({ todo: ['delete b.md'], done: [], writes: 0 });
    await at.sync(rest);
    expect(await at.inbox()).toEqual(['T1: delete b.md: file deleted']);
    await at.sync(start);
    expect(await at.inbox()).toEqual([]);
    await at.sync(rest);
    await at.done('T2', rest);
    expect(Object.keys((await at.state()).records)).toEqual(['a.md', 'c.md']);
    expect(await at.sync(rest)).toEqual({ todo: [], done: [], writes: 0 });
  });

  it('a move of which the text changed too is a move in memory and one todo under the new name', async () => {
    const at = house(neither);
    await at.sync(start);
    const { 'a.md': text = '', ...rest } = start;
    const moved = { ...rest, 'z/a.md': `${text}\n\nsecond` };
    // The title is the path here, so the text differs by more than a line; what matters is that each is told once.
    const first = await at.sync(moved);
    expect(first.writes).toBe(0);
    expect([...first.todo, ...first.done]).toEqual(['update z/a.md', 'move z/a.md']);
    await at.sync(moved);
    expect(await at.inbox()).toEqual(['T1: update z/a.md: text changed']);
  });

  it('new documents are made all the same', async () => {
    const at = house(neither);
    await at.sync(start);
    expect(await at.sync({ ...edited, 'd.md': long('d') })).toEqual({ todo: ['update a.md'], done: ['create d.md'], writes: 1 });
  });
});

describe('append', () => {
  it.each<[string, EngineInput['targetPatch'], 'append' | undefined]>([
    ['as the configuration says', { onUpdate: 'append' }, undefined],
    ['as the connector says', {}, 'append'],
  ])('makes a new copy and lists the old one once, %s', async (_, patch, trait) => {
    const at = house(neither, patch, trait);
    await at.sync(start);
    expect(await at.sync(edited)).toEqual({ todo: [], done: ['update a.md'], writes: 1 });
    expect(await at.sync(edited)).toEqual({ todo: [], done: [], writes: 0 });
    const item = 'superseded copy, still there';
    expect(await at.inbox()).toEqual([`item-1: remove item item-1 of a.md: ${item}`]);
    await at.sync({ ...edited, 'a.md': `${long('a')}\n\nthird` });
    expect(await at.inbox()).toEqual([`item-1: remove item item-1 of a.md: ${item}`, `item-4: remove item item-4 of a.md: ${item}`]);
    await at.done('item-1', edited);
    const { 'a.md': _gone, ...rest } = edited;
    expect(await at.sync(rest)).toEqual({ todo: ['delete a.md'], done: [], writes: 0 });
    expect(await at.inbox()).toEqual(['T1: delete a.md: file deleted', `item-4: remove item item-4 of a.md: ${item}`]);
    // Nobody has said that the older copy is gone.
    await at.done('T1', rest);
    expect(await at.inbox()).toEqual([`item-4: remove item item-4 of a.md: ${item}`]);
    await at.done('item-4', rest);
    expect(await at.inbox()).toEqual([]);
    expect(await at.sync(rest)).toEqual({ todo: [], done: [], writes: 0 });
  });

  it('todo wins over what the connector would do', async () => {
    const at = house(neither, { onUpdate: 'todo' }, 'append');
    await at.sync(start);
    expect(await at.sync(edited)).toEqual({ todo: ['update a.md'], done: [], writes: 0 });
  });

  it('a copy that never had an id is listed by its name, once', async () => {
    const at = house(neither, { onUpdate: 'append' });
    await at.sync(start);
    const { records } = await at.state();
    const record = records['a.md'];
    const items = (record?.items ?? []).map((item) => ({ ...item, remoteId: null, effect: 'e7' }));
    await at.append([{ kind: 'by-person', todo: 'T0', document: 'a.md', action: 'create', items }]);
    expect(await at.sync(start)).toEqual({ todo: [], done: [], writes: 0 });
    expect(await at.sync(edited)).toEqual({ todo: [], done: ['update a.md'], writes: 1 });
    expect(await at.sync(edited)).toEqual({ todo: [], done: [], writes: 0 });
    expect(await at.inbox()).toEqual(['unnamed-e7: remove the older item of a.md: superseded copy, still there']);
    await at.done('unnamed-e7', edited);
    expect(await at.inbox()).toEqual([]);
  });
});

describe('a document of several parts', () => {
  const sections = (words: readonly string[]): string => words.map((word) => `## Part ${word}\n\n${long(word)}`).join('\n\n');
  const patch = { onUpdate: 'append', maxDocumentBytes: 190 } as const;

  it('a part without an id that has not changed is not made again; one that is gone is listed once', async () => {
    const at = house(neither, patch);
    await at.sync({ 'a.md': sections(['one', 'two', 'three']) });
    const record = (await at.state()).records['a.md'];
    expect(record?.items).toHaveLength(3);
    const items = (record?.items ?? []).map((item) => ({ ...item, remoteId: null }));
    await at.append([{ kind: 'by-person', todo: 'T0', document: 'a.md', action: 'create', items }]);
    expect(await at.sync({ 'a.md': sections(['one', 'two', 'three']) })).toEqual({ todo: [], done: [], writes: 0 });
    const changed = { 'a.md': sections(['one', 'two']).replace('Line 3 two', 'Line 3 two, changed') };
    expect(await at.sync(changed)).toEqual({ todo: [], done: ['update a.md'], writes: 1 });
    expect(await at.sync(changed)).toEqual({ todo: [], done: [], writes: 0 });
    expect(await at.inbox()).toEqual(
      [2, 1].map((part) => `unnamed-${items[part]?.effect}: remove the older item of a.md: superseded copy, still there`),
    );
    expect((await at.state()).records['a.md']?.items).toHaveLength(2);
  });
});

describe('a vendor with delete, but without update', () => {
  const deletes = { can: ['delete', 'list', 'status'] } as const;

  it('puts the new copy up and takes the old one down by itself', async () => {
    const at = house(deletes);
    await at.sync(start);
    expect((await at.sync(edited)).todo).toEqual([]);
    expect(await at.inbox()).toEqual([]);
    expect(at.texts().sort()).toEqual([...Object.values(edited)].map((text) => text.split('\n\n').at(-1)).sort());
  });

  it('leaves it to a person where that is wanted', async () => {
    const at = house(deletes, { onUpdate: 'todo' });
    await at.sync(start);
    expect(await at.sync(edited)).toEqual({ todo: ['update a.md'], done: [], writes: 0 });
  });

  it('leaves a copy that never had an id to a person', async () => {
    const at = house(deletes);
    await at.sync(start);
    const { records } = await at.state();
    const items = (records['a.md']?.items ?? []).map((item) => ({ ...item, remoteId: null, effect: 'e7' }));
    await at.append([{ kind: 'by-person', todo: 'T0', document: 'a.md', action: 'create', items }]);
    expect(await at.sync(edited)).toEqual({ todo: [], done: ['update a.md'], writes: 1 });
    expect(await at.inbox()).toEqual(['unnamed-e7: remove the older item of a.md: superseded copy, still there']);
    expect(await at.sync(edited)).toEqual({ todo: [], done: [], writes: 0 });
  });
});
