// The page says what a person must know, in plain HTML, and hostile text stays text.
import { describe, expect, it } from 'vitest';
import { SyncError } from '../../src/model/error.ts';
import type { TargetState } from '../../src/model/record.ts';
import { page } from '../../src/status/page.ts';
import { statusRow } from '../../src/status/rows.ts';
import { nowMs, recordOf, snapshotOf, targetOf } from './snapshots.ts';

const since = '2026-11-21T00:00:00.000Z';
const hostile = `<img src=x onerror="alert(1)"></script><script>alert('2')</script>&"'`;

describe('status page', () => {
  it('says of each bot what it knows, what it is at and when it looks again', async () => {
    const lastSync = {
      at: new Date(nowMs - 120_000).toISOString(),
      commit: 'abcdef1234',
      revision: 'abcdef1234',
      documents: 1,
      behind: {},
      outOfScope: 0,
    };
    const html = await page(snapshotOf([targetOf({ lastSync, records: { 'a.md': recordOf() } })]), 'n0nce');
    expect(html).toContain('site: 1 of 1 at abcdef1');
    expect(html).toContain('<title>in sync: docs</title>');
    expect(html).toContain('2 min ago');
    expect(html).toContain('in 5 min');
    expect(html).toContain('next rescan in 1 min');
    expect(html).toContain('folder at <code>c0ffee0</code>');
    expect(html).toContain('<code>doc_1</code>');
    expect(html).toContain('/api/documents?target=site');
  });

  it('a bot that holds something else than it was given is not in sync, and says what to type', async () => {
    const lastSync = { at: new Date(nowMs).toISOString(), commit: null, revision: 'abcdef1', documents: 1, behind: {}, outOfScope: 0 };
    const findings = [{ kind: 'changed', document: 'a.md', remoteId: 'doc_1' } as const];
    const drift = {
      at: new Date(nowMs - 3 * 3_600_000).toISOString(),
      findings,
      foreign: 2,
      texts: { compared: 1, through: 'a.md' },
      host: null,
    };
    const drifted = targetOf({ lastSync, records: { 'a.md': recordOf() }, drift });
    expect(drifted.status.inSync).toBe(false);
    const html = await page(snapshotOf([drifted]), 'n0nce');
    expect(html).toContain('1 changed at the vendor (drift, 3 h ago): kbsync drift --target site --repair');
    expect(statusRow(drifted.status, false)['drift']).toEqual({ at: drift.at, missing: 0, twin: 0, changed: 1, foreign: 2 });
    const fine = targetOf({ lastSync, records: { 'a.md': recordOf() }, drift: { ...drift, findings: [] } });
    expect(fine.status.inSync, 'foreign items are no concern of ours').toBe(true);
    expect(await page(snapshotOf([fine]), 'n0nce')).not.toContain('at the vendor (drift');
  });

  it('shows what is held, to do, in doubt and behind, each with its way on', async () => {
    const operation = {
      id: 'delete b.md',
      document: 'b.md',
      path: 'b.md',
      reason: 'file deleted',
      by: 'person',
      note: null,
      action: 'delete',
      remoteId: null,
      retraction: false,
    } as const;
    const state: Partial<TargetState> = {
      held: [
        {
          id: 'H1',
          rule: 'too-many-deletes',
          message: '312 deletes',
          documents: [],
          passWith: 'sync --target site --allow-deletes 312',
          since,
          approvedAt: null,
        },
      ],
      todos: [{ id: 'T3', operation, where: 'the dashboard', how: 'remove it', since }],
      doubts: [{ id: 'U1', effect: 'e', error: new SyncError('UNCONFIRMED', { message: 'no answer' }).record(), since }],
      lastSync: { at: since, commit: null, revision: 'r2', documents: 2, behind: { 'a.md': 'eeee', 'gone.md': '' }, outOfScope: 4 },
      records: { 'a.md': recordOf(), 'gone.md': recordOf({ path: 'gone.md' }) },
    };
    const error = new SyncError('CREDENTIALS_REFUSED', { vendor: 'Invalid token' }).record();
    const html = await page(
      snapshotOf([targetOf(state, { error, doing: 'refused' })], { folderTrouble: 'the content folder is missing' }),
      'n',
    );
    for (const text of [
      'held H1',
      'kbsync sync --target site --allow-deletes 312',
      'kbsync todo approve H1',
      'kbsync todo done T3',
      'U1',
      'no answer',
    ]) {
      expect(html).toContain(text);
    }
    expect(html).toContain('the bot still knows fffffff');
    expect(html).toContain('to be forgotten, not seen to be');
    expect(html).toContain('4 out of scope');
    expect(html).toContain('Invalid token');
    expect(html).toContain('the content folder is missing');
    expect(html).toContain('<title>1 of 1 not in sync: docs</title>');
  });

  it('keeps hostile titles, paths, messages and vendor words text', async () => {
    const error = new SyncError('VENDOR_FAILED', { message: hostile, vendor: hostile, next: hostile }).record();
    const state: Partial<TargetState> = {
      records: {
        [hostile]: recordOf({ path: hostile, training: 'failed', error, items: [{ ...recordOf().items[0], remoteId: hostile }] }),
      },
      held: [{ id: 'H1', rule: 'x', message: hostile, documents: [], passWith: hostile, since, approvedAt: null }],
      lastSync: { at: since, commit: null, revision: hostile, documents: 1, behind: { [hostile]: 'x' }, outOfScope: 0 },
    };
    const problems = [{ path: hostile, line: 3, column: 1, message: hostile, severity: 'error' as const }];
    const html = await page(
      snapshotOf([targetOf(state, { error, doing: hostile })], { workspace: hostile, problems, folderTrouble: hostile }),
      'n',
    );
    expect(html).not.toContain('<img');
    expect(html).not.toContain('alert(1)"');
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html.match(/<\/script>/g)).toHaveLength(1);
    expect(html).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;');
  });

  it('lists the first 200 documents, the unlearnt ones first, and links to the rest', async () => {
    const records = Object.fromEntries(
      Array.from({ length: 250 }, (_, n) => [`p${n}.md`, recordOf({ path: `p${n}.md`, training: n === 249 ? 'stuck' : 'trained' })]),
    );
    const html = await page(snapshotOf([targetOf({ records })]), 'n');
    expect(html.match(/<tr><td>/g)).toHaveLength(200);
    expect(html.indexOf('p249.md')).toBeLessThan(html.indexOf('p0.md'));
    expect(html).toContain('all 250, 50 of them not listed here');
  });

  it('needs no script and nothing from elsewhere', async () => {
    const html = await page(snapshotOf(), 'n0nce');
    expect(html).toContain('<noscript><meta http-equiv="refresh"');
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    expect(html).not.toMatch(/\son\w+=|\sstyle=/);
    for (const tag of html.match(/<(?:script|style)[^>]*>/g) ?? []) expect(tag).toContain('nonce="n0nce"');
    expect(html).toContain('name="viewport"');
    expect(html).toContain('prefers-color-scheme: dark');
  });
});
