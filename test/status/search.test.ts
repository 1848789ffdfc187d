// The list of documents: each filter, worst first, a page at a time, and fast enough for ten thousand documents in five bots.
import { describe, expect, it } from 'vitest';
import type { Effect } from '../../src/model/effect.ts';
import { SyncError } from '../../src/model/error.ts';
import type { TargetState } from '../../src/model/record.ts';
import { pageSize, queryOf, type Search, searchDocuments, searchOf } from '../../src/status/search.ts';
import type { TargetSnapshot } from '../../src/status/snapshot.ts';
import { nowMs, recordOf, snapshotOf, targetOf } from './snapshots.ts';

const hoursAgo = (hours: number): string => new Date(nowMs - hours * 3_600_000).toISOString();
const item = (remoteId: string) => ({ ...recordOf().items[0], remoteId });
const error = new SyncError('DOCUMENT_REFUSED', { message: 'too long', vendor: 'LIMIT reached' }).record();

const records: TargetState['records'] = {
  'a.md': recordOf({
    path: 'guides/a.md',
    title: 'Alpha',
    pushedCommit: 'abc123',
    trainedCommit: 'abc123',
    pushedAt: hoursAgo(2),
    trainedAt: hoursAgo(1.5),
  }),
  'b.md': recordOf({ path: 'b.md', title: 'Beta', training: 'failed', error, items: [item('doc_b')], pushedAt: hoursAgo(50) }),
  'c.md': recordOf({ path: 'c.md', title: 'Gamma', training: 'unknown', trained: null, pushedAt: hoursAgo(0.5) }),
  'd.md': recordOf({ path: 'd.md', title: 'Delta', items: [], pushed: null, trained: null, error }),
};
const open = [{ id: 'e', operation: null, action: 'create', document: 'new.md', path: 'new.md' }] as unknown as readonly Effect[];
const lastSync = { at: hoursAgo(1), commit: null, revision: 'r', documents: 5, behind: { 'c.md': 'f' }, outOfScope: 0 };
const drift = {
  at: hoursAgo(1),
  findings: [{ kind: 'missing', document: 'a.md', remoteId: 'doc_1' } as const],
  foreign: 0,
  texts: { compared: 0, through: null },
  host: null,
};
const site = targetOf({ records, lastSync, drift }, {}, { open });
const other = targetOf({ records: { 'a.md': recordOf({ path: 'guides/a.md', title: 'Alpha' }) } }, {}, { name: 'other' });
const documents = [
  { id: 'a.md', path: 'guides/a.md', title: 'Alpha' },
  { id: 'nowhere.md', path: 'nowhere.md', title: 'Nowhere' },
];
const snapshot = snapshotOf([site, other], { documents });

const idsFor = (patch: Partial<Search>): readonly string[] =>
  searchDocuments(snapshot, { ...searchOf(() => undefined), ...patch }).documents.map(({ id }) => id);

describe('searching documents', () => {
  it('lists all that the folder has and all that a bot knows of, worst first', () => {
    expect(idsFor({})).toEqual(['b.md', 'd.md', 'new.md', 'a.md', 'c.md', 'nowhere.md']);
  });

  it.each<[string, Partial<Search>, readonly string[]]>([
    ['id', { q: 'B.md' }, ['b.md']],
    ['path', { q: 'guides/' }, ['a.md']],
    ['title', { q: 'gamma' }, ['c.md']],
    ['vendor id', { q: 'DOC_B' }, ['b.md']],
    ['error', { q: 'limit reached' }, ['b.md', 'd.md']],
    ['target', { target: 'other', state: 'trained' }, ['a.md']],
    ['state', { state: 'failed' }, ['b.md']],
    ['state unknown', { state: 'unknown' }, ['c.md']],
    ['behind', { state: 'behind' }, ['c.md']],
    ['strayed', { state: 'strayed' }, ['a.md']],
    ['unconfirmed', { state: 'unconfirmed' }, ['new.md']],
    ['with an error', { state: 'error' }, ['b.md', 'd.md']],
    ['absent', { state: 'absent', target: 'site' }, ['d.md', 'new.md', 'nowhere.md']],
    ['revision', { revision: 'abc1' }, ['a.md']],
    ['exact vendor id', { remote: 'doc_b' }, ['b.md']],
    ['last error', { error: 'refused' }, ['b.md', 'd.md']],
    ['changed within an hour', { when: '1h' }, ['c.md']],
    ['changed within a day', { when: '24h' }, ['a.md', 'c.md']],
    ['standing longer than a day', { when: 'older-24h' }, ['b.md']],
    ['two at once', { q: 'md', state: 'error', error: 'too long', remote: 'doc_b' }, ['b.md']],
    ['nobody', { target: 'nobody' }, []],
  ])('filters by %s', (_name, patch, expected) => {
    expect(idsFor(patch)).toEqual(expected);
  });

  it('says what each bot has of it', () => {
    const found = searchDocuments(snapshot, { ...searchOf(() => undefined), q: 'b.md' }).documents[0];
    expect(found?.inFolder).toBe(false);
    expect(found?.cells[0]).toMatchObject({ target: 'site', training: 'failed', error: { vendor: 'LIMIT reached' }, unconfirmed: false });
    expect(found?.cells[1]).toMatchObject({ target: 'other', training: null, given: null });
  });

  it('takes its form back as a link, and nothing that is none of it', () => {
    const search = searchOf((name) => ({ q: ' a&b ', state: 'failed', page: '3', when: 'older-7d', target: 'site' })[name]);
    expect(search).toMatchObject({ q: 'a&b', state: 'failed', page: 3, when: 'older-7d' });
    expect(queryOf(search)).toBe('?q=a%26b&target=site&state=failed&when=older-7d&page=3');
    expect(queryOf(searchOf(() => undefined))).toBe('');
    expect(searchOf((name) => ({ state: 'nonsense', page: '-1', when: 'constructor' })[name])).toMatchObject({
      state: '',
      page: 1,
      when: '',
    });
  });

  it('pages through ten thousand documents in five bots, each time in well under a second', () => {
    const many = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, n) => [
        `d${n}.md`,
        recordOf({ path: `d${n}.md`, title: `Document ${n}`, pushedAt: hoursAgo(1), trainedAt: hoursAgo(1) }),
      ]),
    );
    const targets = ['a', 'b', 'c', 'd', 'e'].map((name): TargetSnapshot => targetOf({ records: many }, {}, { name }));
    const large = snapshotOf(targets, { documents: Object.keys(many).map((id) => ({ id, path: id, title: id })) });
    const began = performance.now();
    const last = searchDocuments(large, { ...searchOf(() => undefined), page: 999 });
    expect([last.total, last.pages, last.page, last.documents.length]).toEqual([10_000, 100, 100, pageSize]);
    const found = searchDocuments(large, { ...searchOf(() => undefined), q: 'd9999.md', when: '24h' });
    expect(found.total).toBe(1);
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});
