// What the daemon says: each thing once, everything that matters, and nothing that could forge a line.
import { describe, expect, it } from 'vitest';
import type { PassOutcome } from '../../src/daemon/loop.ts';
import { createTeller } from '../../src/daemon/voice.ts';
import { SyncError } from '../../src/model/error.ts';
import { createdWith, resultOf, type Told } from './reports.ts';

function bench() {
  const said: string[] = [];
  const teller = createTeller({ talk: (line) => void said.push(line), complain: (line) => void said.push(`! ${line}`) });
  const ends = (told: Told, patch: Partial<PassOutcome> = {}, kind: 'sync' | 'train' = 'sync'): string[] => {
    const before = said.length;
    teller.ends('site', kind, { why: 'files changed', durationMs: 1_234, result: resultOf(told), error: null, nextInMs: null, ...patch });
    return said.slice(before);
  };
  return { said, teller, ends };
}

const trained = (count: number, training = 0) => ({ pending: 0, training, trained: count, failed: 0, stuck: 0, unknown: 0 });

describe('voice', () => {
  it('tells what a cycle did, and keeps quiet about a rescan that found nothing', () => {
    const { ends, teller, said } = bench();
    const report = { results: [createdWith('done', null)], unchanged: 3, training: trained(3, 1) };
    expect(ends({ report, learning: true })).toEqual(['site: 1 created, 3 unchanged; 3 of 4 trained, 1 training (1.2 s)']);
    expect(ends({ report: { training: trained(4) } }, {}, 'train')).toEqual(['site: 4 of 4 trained']);
    expect(ends({ report: { training: trained(4) } }, { why: 'rescan' })).toEqual([]);
    teller.begins('site', 'sync', 'rescan');
    teller.begins('site', 'train', 'training');
    teller.begins('site', 'sync', 'files changed');
    expect(said.at(-1)).toBe('site: syncing (files changed)');
    expect(said.filter((line) => line.includes('syncing'))).toHaveLength(1);
  });

  it('tells what a look at the vendor has found, once, and when it is right again', () => {
    const { teller, said } = bench();
    for (const drift of ['2 missing', '2 missing', null, '2 missing, 1 changed', '', '']) {
      const result = { ...resultOf(), drift };
      teller.ends('site', 'drift', { why: 'drift', durationMs: 5, result, error: null, nextInMs: null });
    }
    expect(said).toEqual([
      '! site: 2 missing at the vendor; to put it right: kbsync drift --target site --repair',
      '! site: 2 missing, 1 changed at the vendor; to put it right: kbsync drift --target site --repair',
      'site: the vendor holds what it was given again',
    ]);
  });

  it('tells of a freshness check what has begun, what is mended, and nothing else', () => {
    const { teller, said } = bench();
    const look = { open: false, nextInMs: null, ended: null };
    for (const told of [
      { change: 'failing', words: 'did not answer from a change in time: \u001b[2Jit was asked' },
      null,
      { change: 'mended', words: 'answered from a change after 48 s' },
      { change: 'inconclusive', words: 'could not be measured: held' },
    ] as const) {
      const result = { ...resultOf(), canary: { ...look, told } };
      teller.ends('site', 'canary', { why: 'canary', durationMs: 5, result, error: null, nextInMs: null });
    }
    expect(said).toHaveLength(3);
    expect(said[0]).toMatch(/^! site: freshness: it did not answer from a change in time: /);
    expect(said[0]).not.toContain('\u001b');
    expect(said.slice(1)).toEqual([
      'site: freshness: it answered from a change after 48 s; it is in time again',
      'site: freshness: it could not be measured: held',
    ]);
  });

  it('names each document that did not go through, with the next step', () => {
    const [line] = bench().ends({ report: { results: [createdWith('failed', 'DOCUMENT_REFUSED')] } });
    expect(line).toBe(
      '! site: failed: create a.md: the vendor refused the document. Next: change the document; these bytes are not sent again',
    );
  });

  it('shouts once about a brake, with the way to pass it, and says when it is gone', () => {
    const { ends } = bench();
    const held = [
      { id: 'H1', rule: 'too-many-deletes', holds: 'deletes', documents: [], message: '312 deletes', passWith: 'sync --allow-deletes 312' },
    ] as const;
    expect(ends({ report: { held } }, { why: 'rescan' })).toEqual([
      '! site: held H1: 312 deletes; to pass it: kbsync sync --allow-deletes 312, or kbsync todo approve H1',
    ]);
    expect(ends({ report: { held } }, { why: 'rescan' })).toEqual([]);
    expect(ends({}, { why: 'rescan' })).toEqual(['site: no longer held']);
  });

  it('tells a refused credential once however often it is probed, and that it works again', () => {
    const { ends } = bench();
    const refused = { result: null, error: new SyncError('CREDENTIALS_REFUSED', { vendor: 'Bad token' }), nextInMs: 3_600_000 };
    expect(ends({}, refused)).toEqual([
      "! site: CREDENTIALS_REFUSED: the target refused its credentials (the vendor says: Bad token). Next: check the key and its rights in the vendor's dashboard. Trying again in 1 h.",
    ]);
    expect(ends({}, refused)).toEqual([]);
    expect(ends({}, { why: 'rescan' })).toEqual(['site: works again']);
    expect(ends({}, refused)).toHaveLength(1);
  });

  it('shows where a bug happened', () => {
    const cause = new TypeError('undefined is not a function');
    const lines = bench().ends(
      {},
      { result: null, error: new SyncError('UNEXPECTED', { message: cause.message, cause }), nextInMs: 30_000 },
    );
    expect(lines[0]).toContain('UNEXPECTED: undefined is not a function');
    expect(lines[1]).toContain('voice.test.ts');
  });

  it('tells what is new of the folder’s problems, and lets no file name forge a line', () => {
    const { teller, said } = bench();
    const problem = { path: 'a\n! site: all is well\u001b[2J.md', line: 3, column: 1, message: 'unknown key', severity: 'error' } as const;
    teller.folder([problem], null);
    teller.folder([problem], 'the content folder is missing');
    teller.folder([problem], 'the content folder is missing');
    teller.folder([], null);
    expect(said).toEqual([
      'content: a\\u000a! site: all is well\\u001b[2J.md:3:1 error: unknown key',
      '! content: the content folder is missing; nothing is deleted',
      'content: whole again',
    ]);
  });
});
