// The page says what a person must know, in plain HTML, and hostile text stays text.
import { describe, expect, it } from 'vitest';
import { canaryId } from '../../src/model/canary.ts';
import { SyncError } from '../../src/model/error.ts';
import type { TargetState } from '../../src/model/record.ts';
import type { FolderStory, GapsFound } from '../../src/status/desk.ts';
import { documentPage } from '../../src/status/pages/document.ts';
import { documents } from '../../src/status/pages/documents.ts';
import { gaps } from '../../src/status/pages/gaps.ts';
import { history } from '../../src/status/pages/history.ts';
import { missing } from '../../src/status/pages/missing.ts';
import { overview } from '../../src/status/pages/overview.ts';
import { tests } from '../../src/status/pages/tests.ts';
import { todo } from '../../src/status/pages/todo.ts';
import type { Past } from '../../src/status/past.ts';
import { statusRow } from '../../src/status/rows.ts';
import { searchOf } from '../../src/status/search.ts';
import { loginPage } from '../../src/status/shell.ts';
import type { Snapshot } from '../../src/status/snapshot.ts';
import { nowMs, recordOf, sceneOf, snapshotOf, targetOf, written } from './snapshots.ts';

const page = (snapshot: Snapshot): Promise<string> => written(sceneOf(snapshot), overview);
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
    const html = await page(snapshotOf([targetOf({ lastSync, records: { 'a.md': recordOf() } })]));
    expect(html).toContain('site: 1 of 1 at abcdef1');
    expect(html).toContain('<title>in sync: docs</title>');
    expect(html).toContain('2 min ago');
    expect(html).toContain('in 5 min');
    expect(html).toContain('next rescan in 1 min');
    expect(html).toContain('folder at <code>c0ffee0</code>');
    expect(html).toContain('<a href="/documents?target=site&amp;state=failed"><b class="nil">0</b><span>failed</span>');
    expect(html).toContain('<code>abcdef1</code>; the folder is at <code>c0ffee0</code>');
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
    const html = await page(snapshotOf([drifted]));
    expect(html).toContain('1 changed at the vendor (drift, 3 h ago): kbsync drift --target site --repair');
    expect(statusRow(drifted.status, false)['drift']).toEqual({ at: drift.at, missing: 0, twin: 0, changed: 1, foreign: 2 });
    const fine = targetOf({ lastSync, records: { 'a.md': recordOf() }, drift: { ...drift, findings: [] } });
    expect(fine.status.inSync, 'foreign items are no concern of ours').toBe(true);
    expect(await page(snapshotOf([fine]))).not.toContain('at the vendor (drift');
  });

  it('says which webhook takes nothing, what was given uncommitted, and what strayed at the vendor, on each page that tells of it', async () => {
    const lastSync = { at: since, commit: 'abcdef1', revision: 'abcdef1', documents: 2, behind: {}, outOfScope: 0, uncommitted: 1 };
    const findings = [{ kind: 'missing', document: 'a.md', remoteId: 'doc_1' } as const];
    const drift = { at: since, findings, foreign: 0, texts: { compared: 0, through: null }, host: null };
    const target = targetOf({
      lastSync,
      drift,
      records: {
        'a.md': recordOf(),
        [canaryId]: recordOf({ path: canaryId, title: 'Freshness', error: new SyncError('DOCUMENT_REFUSED').record() }),
      },
    });
    const counts = { delivered: 0, failed: 2, dropped: 0 };
    const webhooks = [
      { name: 'ops', failing: { since, error: hostile }, waiting: 1, counts },
      { name: 'fine', failing: null, waiting: 0, counts },
    ];
    const failed = { at: since, code: 'CONFIG_INVALID', message: hostile, next: 'mend it' } as const;
    const snapshot = snapshotOf([target, targetOf({}, { paused: true, resumable: false }, { name: 'fixed' })], {
      webhooks,
      reload: { loadedAt: since, failed },
    });
    const html = await page(snapshot);
    expect(html).toContain('webhook <strong>ops</strong> takes no notifications: <bdi>&lt;img src=x');
    expect(html).toContain('<code>kbsync notify test ops</code>');
    expect(html).not.toContain('notify test fine');
    expect(html).toMatch(/a newer configuration was refused .* and that of 2026-11-21 00:00 UTC is at work: <bdi>&lt;img/);
    expect(html, 'what the configuration says, no button takes back').not.toContain('action="/actions/resume"');
    expect(html.match(/action="\/actions\/pause"/g)).toHaveLength(1);
    expect(html).toContain('a.md missing at the vendor; 1 given with text that is not committed');
    expect(html).toContain('<a href="/documents?target=site&amp;state=strayed"><b class="warn">1</b><span>strayed</span>');
    expect(html, 'the document of the freshness check is none of the folder').not.toContain('<span>with an error</span>');
    const list = await written(sceneOf(snapshot), (scene) =>
      documents(
        scene,
        searchOf(() => undefined),
      ),
    );
    expect(list).toContain('trained, missing at the vendor');
    expect(list).toContain('which kbsync makes itself for the freshness check');
    const noFolder = { title: null, kind: null, path: null, inFolder: false, commit: null, problems: [], tests: [], others: [], given: [] };
    const noPast: Past = { from: '', to: '', runs: [], learnt: [], seconds: [], asked: [], rows: [], unnamed: 0 };
    const one = (id: string) => written(sceneOf(snapshot), (scene) => documentPage(scene, id, noFolder, noPast));
    expect(await one('a.md')).toContain('trained; missing at the vendor when it was last looked at');
    expect(await one(canaryId)).not.toContain('Retry where it failed');
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
    const html = await page(snapshotOf([targetOf(state, { error, doing: 'refused' })], { folderTrouble: 'the content folder is missing' }));
    for (const text of ['held H1', 'kbsync sync --target site --allow-deletes 312', 'kbsync todo approve H1', '/todo?target=site']) {
      expect(html).toContain(text);
    }
    expect(html).toContain('the bot still knows fffffff');
    expect(html).toContain('to be forgotten, not seen to be');
    expect(html).toContain('<span>out of scope</span>');
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
    const snapshot = snapshotOf([targetOf(state, { error, doing: hostile })], {
      workspace: hostile,
      problems,
      folderTrouble: hostile,
      documents: [{ id: hostile, path: hostile, title: hostile }],
    });
    const said = { id: 1, name: 'sync', what: hostile, at: since, state: 'failed', told: hostile } as const;
    const scene = sceneOf(snapshot, { here: hostile, jobs: [said], said });
    const folder: FolderStory = {
      title: hostile,
      kind: 'article',
      path: hostile,
      inFolder: true,
      commit: hostile,
      problems: [{ line: 1, message: hostile, severity: 'error' }],
      tests: [hostile],
      others: [hostile],
      given: [{ target: 'site', why: hostile, wanted: hostile }],
    };
    const line = { at: since, target: hostile, command: hostile, commit: hostile, document: hostile };
    const asked = { ...line, question: hostile, verdict: hostile, reasons: [hostile], answer: hostile, revision: hostile };
    const row = { ...line, action: hostile, path: hostile, from: 'x', reason: hostile, outcome: hostile };
    const run = { at: since, target: hostile, command: hostile, commit: hostile, what: hostile, error: hostile, durationMs: 1 };
    const past: Past = { from: '', to: '', runs: [run], learnt: [], seconds: [], asked: [asked], rows: [row], unnamed: 1 };
    const gap = { question: hostile, also: [hostile], count: 1, targets: [hostile], last: since, kind: hostile, words: hostile };
    const found: GapsFound = {
      at: since,
      days: 7,
      targets: [{ name: hostile, checked: false, reason: hostile, exchanges: 1, vain: 1 }],
      groups: 2,
      gaps: [{ ...gap, nearest: { document: hostile, heading: hostile } }],
    };
    const texts = await Promise.all([
      written(scene, overview),
      written(scene, (all) =>
        documents(
          all,
          searchOf(() => hostile),
        ),
      ),
      written(scene, (all) =>
        documents(
          all,
          searchOf(() => undefined),
        ),
      ),
      written(scene, (all) => documentPage(all, hostile, folder, past)),
      written(scene, (all) => tests(all, { target: '', verdict: '', page: 1 })),
      written(scene, (all) => todo(all, '')),
      written(scene, (all) => history(all, 7, past, { since, targets: {} })),
      written(scene, (all) => gaps(all, found)),
      written(scene, () => missing(hostile)),
      loginPage({ next: hostile, said: hostile, nonce: 'n0nce' }),
    ]);
    for (const html of texts) {
      expect(html).not.toContain('<img');
      expect(html).not.toContain('alert(1)"');
      expect(html.match(/<script/g) ?? []).toHaveLength(html === texts.at(-1) ? 0 : 1);
      expect(html).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;');
    }
  });

  it('shows buttons to who may press them, and says to the others how they come by them', async () => {
    const held = {
      id: 'H1',
      rule: 'x',
      message: '9 deletes',
      documents: ['a.md'],
      passWith: 'sync --target site',
      since,
      approvedAt: null,
    };
    const leftover = { remoteId: 'doc_9', document: 'a.md', mark: 'm', why: 'superseded', removable: 'by-hand', since } as const;
    const snapshot = snapshotOf([targetOf({ held: [held], leftovers: [leftover], records: { 'a.md': recordOf({ training: 'failed' }) } })]);
    const operator = sceneOf(snapshot, { here: '/todo?target=site' });
    const [first, inbox] = [await written(operator, overview), await written(operator, (scene) => todo(scene, ''))];
    for (const action of ['sync', 'verify', 'retry-failed', 'pause']) expect(first).toContain(`action="/actions/${action}"`);
    for (const action of ['todo-approve', 'todo-done']) expect(inbox).toContain(`action="/actions/${action}"`);
    expect(inbox).toContain('<input type="hidden" name="csrf" value="c5rf"><input type="hidden" name="next" value="/todo?target=site">');
    expect(inbox).toContain('<input type="hidden" name="id" value="doc_9">');
    expect(first).not.toContain('/actions/resume');
    expect(await written(sceneOf(snapshotOf([targetOf({}, { paused: true })])), overview)).toContain('/actions/resume');
    // Where the daemon cannot pause, nothing offers it.
    expect(await written(sceneOf(snapshot, { offered: new Set(['sync']) }), overview)).not.toContain('/actions/pause');
    for (const [standing, words] of [
      [{ kind: 'reader' }, 'with the token to sync'],
      [{ kind: 'no-token' }, 'Set KBSYNC_TOKEN'],
    ] as const) {
      const scene = sceneOf(snapshot, { standing });
      for (const html of [await written(scene, overview), await written(scene, (all) => todo(all, ''))]) {
        expect(html).not.toContain('/actions/');
        expect(html).toContain(words);
      }
      expect(await written(scene, (all) => gaps(all, { at: since, days: 7, targets: [], groups: 1, gaps: [] }))).not.toContain('Looked');
    }
  });

  it('needs no script and nothing from elsewhere', async () => {
    const html = await page(snapshotOf());
    expect(html).toContain('<noscript><meta http-equiv="refresh"');
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    expect(html).not.toMatch(/\son\w+=|\sstyle=/);
    for (const tag of html.match(/<(?:script|style)[^>]*>/g) ?? []) expect(tag).toContain('nonce="n0nce"');
    expect(html).toContain('name="viewport"');
    expect(html).toContain('prefers-color-scheme: dark');
  });
});
