// What waits for a person, and the commands it is answered with.
import { describe, expect, it } from 'vitest';
import type { Effect } from '../../src/model/effect.ts';
import { fold } from '../../src/model/fold.ts';
import { emptyState, type HeldRun } from '../../src/model/record.ts';
import { type InboxInput, inboxOf, whichItems } from '../../src/status/inbox.ts';

const since = '2026-11-21T00:00:00.000Z';
const part = { document: 'a', path: 'a.md', title: 'A', url: null, body: '', part: '', mark: 'docs:a', fingerprint: 'f' };
const create: Effect = { id: 'e1', operation: null, commit: null, action: 'create', supersedes: null, ...part };
const update: Effect = { id: 'e2', operation: null, commit: null, action: 'update', remoteId: 'r', ...part };
const train: Effect = { id: 'e3', operation: null, commit: null, action: 'train', baseline: '', covers: null };
const held: HeldRun = {
  id: 'H1',
  rule: 'too-many-deletes',
  message: 'Many.',
  documents: ['a', 'b'],
  passWith: 'sync --allow-deletes 2',
  since,
  approvedAt: null,
};

function inbox(patch: Partial<InboxInput>, state: Partial<InboxInput['state']> = {}) {
  const base = { target: 'bot', label: 'Chat Thing', open: [], needsIds: true, findable: false, removal: null };
  return inboxOf({ ...base, ...patch, state: { ...emptyState('bot'), ...state } });
}

describe('inbox', () => {
  it('an unconfirmed create with its number: how to look, and both answers', () => {
    const doubts = [{ id: 'U1', effect: 'e1', error: null, since }];
    const [item] = inbox({ open: [create, train] }, { doubts });
    expect(item).toMatchObject({
      id: 'U1',
      kind: 'unconfirmed',
      document: 'a',
      since,
      where: "Chat Thing, the bot's knowledge in the dashboard",
    });
    expect(item?.message).toBe('create a.md (a): whether it was carried out is not known');
    expect(item?.how).toContain('look for "A" (named docs:a)');
    expect(item?.commands).toEqual(['kbsync todo created U1 ID', 'kbsync todo retry U1']);
    expect(inbox({ open: [create], needsIds: false }, { doubts })[0]?.commands[0]).toBe('kbsync todo created U1');
    expect(inbox({ open: [create], findable: true }, { doubts })[0]?.commands[0]).toBe('kbsync sync --target bot');
  });

  it('what nobody has looked at yet has no number, only the command that looks', () => {
    for (const effect of [create, update]) {
      expect(inbox({ open: [effect] })).toMatchObject([{ id: null, commands: ['kbsync sync --target bot'] }]);
    }
  });

  it('held runs: to be approved, approved already, or not to be passed', () => {
    expect(inbox({}, { held: [held] })[0]?.commands).toEqual(['kbsync todo approve H1', 'kbsync sync --allow-deletes 2']);
    expect(inbox({}, { held: [{ ...held, approvedAt: since }] })[0]).toMatchObject({
      message: `Many. Approved ${since}.`,
      commands: ['kbsync sync --target bot'],
    });
    expect(inbox({}, { held: [{ ...held, passWith: null }] })[0]?.commands).toEqual(['kbsync sync --target bot']);
  });

  it('a run held behind another target: what that one needs, and never the run that would be held again', () => {
    const after = (message: string) => inbox({ after: 'staging' }, { held: [{ ...held, rule: 'after', message, passWith: null }] })[0];
    expect(after('1 operation held; see kbsync todo --target staging. To push …')?.commands).toEqual(['kbsync todo --target staging']);
    expect(after('1 held; run kbsync sync --target staging-2, or kbsync sync --target staging.')?.commands).toEqual([
      'kbsync sync --target staging',
    ]);
    expect(after('it is paused; take paused: true out there, and sync.')).toMatchObject({
      how: 'see to staging first: until it has gone well this one is held again',
      commands: ['kbsync sync --target staging'],
    });
  });

  it('what is paused is not to be synced: the pause goes first', () => {
    const run = { ...held, rule: 'after', message: 'it is paused; take paused: true out there, and sync.', passWith: null } as const;
    expect(inbox({ after: 'staging', paused: new Set(['staging']) }, { held: [run] })[0]).toMatchObject({
      how: 'staging is paused: take paused: true out of its configuration, then kbsync sync --target staging; until it has gone well this one is held again',
      commands: [],
    });
    const [own] = inbox({ paused: new Set(['bot']) }, { held: [held] });
    expect(own?.how).toMatch(/^bot is paused: take paused: true out of its configuration first, then kbsync todo approve H1; /);
    expect(own?.commands.join()).not.toMatch(/kbsync (?:sync|todo approve)/);
    expect(inbox({ paused: new Set(['another']) }, { held: [held] })[0]?.commands).toContain('kbsync todo approve H1');
  });

  it('content that kbsync did not make: matching it comes first', () => {
    const run = { ...held, rule: 'existing-content', passWith: 'sync --target bot --initial' };
    expect(inbox({}, { held: [run] })[0]).toMatchObject({
      how: 'match what is there first; to add beside it, approve',
      commands: ['kbsync adopt bot', 'kbsync todo approve H1', 'kbsync sync --target bot --initial'],
    });
  });

  it('work: which items it is about, and how the new text is had', () => {
    const item = {
      part: '',
      remoteId: 'r1',
      mark: 'docs:a',
      fingerprint: 'f',
      training: 'unknown',
      acceptedAt: since,
      commit: null,
      effect: null,
    } as const;
    const { state } = fold(emptyState('bot'), []);
    const record = {
      path: 'it is/a.md',
      title: 'A',
      url: null,
      body: null,
      pushed: 'f',
      trained: null,
      training: 'unknown',
      origin: 'created',
    } as const;
    const rest = { pushedCommit: null, trainedCommit: null, pushedAt: null, trainedAt: null, error: null, refused: null };
    const records = { "it's": { ...record, ...rest, items: [item, { ...item, part: 'two', remoteId: null, mark: 'docs:a#two' }] } };
    const base = { document: "it's", path: 'it is/a.md', reason: 'text changed', by: 'person', note: null } as const;
    const todos = [
      { id: 'T1', operation: { ...base, id: 'u', action: 'update', fingerprint: 'g' } as const, where: 'there', how: 'so', since },
      {
        id: 'T2',
        operation: { ...base, id: 'd', action: 'delete', remoteId: 'r1', retraction: false } as const,
        where: 'there',
        how: 'so',
        since,
      },
    ];
    const items = inbox({}, { ...state, records, todos });
    expect(items.map((one) => whichItems(one.items))).toEqual(['id r1, named docs:a; named docs:a#two', 'id r1, named docs:a']);
    expect(items.map(({ commands }) => commands)).toEqual([
      ['kbsync todo done T1', `kbsync show 'it'\\''s' --as bot`],
      ['kbsync todo done T2'],
    ]);
    const many = Array.from({ length: 12 }, (_, n) => ({ remoteId: `${n}`, mark: null }));
    expect(whichItems(many)).toMatch(/^id 0; .*; id 9; and 2 more/);
    expect(whichItems([{ remoteId: null, mark: null }])).toBeNull();
  });

  it('of a leftover without an id only its name is told', () => {
    const leftovers = [
      { remoteId: 'unnamed-e1', document: 'a', mark: 'docs:a #1', why: 'superseded', removable: 'by-hand', since } as const,
    ];
    expect(inbox({}, { leftovers })).toMatchObject([
      {
        id: 'unnamed-e1',
        message: 'remove the older item of a: superseded copy, still there',
        items: [{ remoteId: null, mark: 'docs:a #1' }],
        commands: ['kbsync todo done unnamed-e1'],
      },
    ]);
  });

  it('of leftovers only those that nobody else removes', () => {
    const leftover = { remoteId: 'x', document: 'a', mark: 'docs:a', why: 'twin', since } as const;
    const leftovers = [
      { ...leftover, removable: 'by-hand' as const },
      { ...leftover, remoteId: 'y', removable: 'now' as const },
    ];
    expect(inbox({}, { leftovers })).toMatchObject([
      { id: 'x', kind: 'leftover', how: 'delete it there', items: [{ remoteId: 'x', mark: 'docs:a' }], commands: ['kbsync todo done x'] },
    ]);
    expect(inbox({ removal: 'Ask support.' }, { leftovers })[0]?.how).toBe('Ask support.');
  });
});
