import { test } from 'vitest';
import { draftOf, foldInto, type Effect, type JournalEntry } from '../../src/model/effect.ts';
import { emptyState } from '../../src/model/record.ts';
test('bench', () => {
  for (const n of [10000, 20000]) {
  const draft = draftOf(emptyState('t')); const open = new Map<string, Effect>();
  const at = '2026-01-01T00:00:00.000Z';
  const fp = 'a'.repeat(64);
  const run = (label: string, make: (i: number) => JournalEntry[]) => { const t = performance.now(); for (let i = 0; i < n; i++) for (const e of make(i)) foldInto(draft, open, e); process.stderr.write(`BENCH ${n} ${label} ${Math.round(performance.now() - t)}\n`); };
  const part = (i: number) => ({ document: `d${i}.md`, path: `d${i}.md`, title: 't', url: null, body: fp, part: '', mark: `m${i}`, fingerprint: fp });
  const base = (id: string) => ({ id, operation: null, commit: null });
  run('create', (i) => [{ at, kind: 'begin', effects: [{ ...base(`c${i}`), action: 'create', supersedes: null, ...part(i) }] }, { at, kind: 'done', effect: `c${i}`, remoteId: `r${i}`, settledBy: 'reply' }]);
  run('supersede', (i) => [{ at, kind: 'begin', effects: [{ ...base(`s${i}`), action: 'create', supersedes: { remoteId: `r${i}`, mark: 'm', removable: 'once-trained' }, ...part(i) }] }, { at, kind: 'done', effect: `s${i}`, remoteId: `q${i}`, settledBy: 'reply' }]);
  run('trained', (i) => [{ at, kind: 'training', news: [{ document: `d${i}.md`, part: null, state: 'trained', error: null }] }]);
  run('delete leftovers', (i) => [{ at, kind: 'begin', effects: [{ ...base(`l${i}`), action: 'delete', document: `d${i}.md`, path: '', remoteId: `r${i}`, retrain: true }] }, { at, kind: 'done', effect: `l${i}`, remoteId: null, settledBy: 'reply' }]);
  run('delete', (i) => [{ at, kind: 'begin', effects: [{ ...base(`x${i}`), action: 'delete', document: `d${i}.md`, path: '', remoteId: `q${i}`, retrain: true }] }, { at, kind: 'done', effect: `x${i}`, remoteId: null, settledBy: 'reply' }]);
  }
}, 600000);
