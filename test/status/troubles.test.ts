// What the memory of a target says is wrong: documents, doubts, tests and drift, and not what is the whole target's trouble.
import { describe, expect, it } from 'vitest';
import { noCanary } from '../../src/model/canary.ts';
import type { ErrorCode } from '../../src/model/error.ts';
import { blankRecord } from '../../src/model/failed.ts';
import { type DocumentRecord, emptyState, type TargetState } from '../../src/model/record.ts';
import { noTests } from '../../src/model/tests.ts';
import { kindsOfMemory, troublesOf } from '../../src/status/troubles.ts';

const at = '2026-01-01T00:00:00.000Z';
const record = (more: Partial<DocumentRecord>): DocumentRecord => ({
  ...blankRecord({ path: 'a.md', title: 'A', url: null, body: null }),
  ...more,
});
const error = (code: ErrorCode) => ({ code, message: 'refused', vendor: 'too odd', next: 'mend it' });
const state = (more: Partial<TargetState>): TargetState => ({ ...emptyState('site'), ...more });

describe('the troubles of a memory', () => {
  it('are documents that failed or are stuck, writes nobody knows the outcome of, failing tests and drift', () => {
    const item = {
      part: '',
      remoteId: 'r1',
      mark: 'm',
      fingerprint: null,
      training: 'trained',
      acceptedAt: at,
      commit: null,
      effect: null,
    } as const;
    const found = troublesOf(
      'site',
      state({
        records: {
          'a.md': record({ error: error('DOCUMENT_REFUSED') }),
          'b.md': record({ training: 'failed' }),
          'c.md': record({ training: 'stuck', error: error('NOT_TRAINED') }),
          'd.md': record({ training: 'trained', items: [item] }),
          // The document of the freshness check is told as that check.
          'kbsync-canary': record({ training: 'stuck' }),
        },
        doubts: [{ id: 'U1', effect: 'e1', error: null, since: at }],
        drift: {
          at,
          findings: [{ kind: 'missing', document: 'd.md', remoteId: 'r1' }],
          foreign: 4,
          texts: { compared: 0, through: null },
          host: null,
        },
      }),
      {
        ...noTests,
        results: {
          k: {
            document: 'd.md',
            path: 'd.md',
            question: 'How?',
            verdict: 'fail',
            at,
            tries: 1,
            reasons: ['missing: 30'],
            test: '',
            knew: null,
            revision: null,
            expect: [],
          },
        },
      },
      {
        ...noCanary,
        failing: true,
        last: {
          startedAt: at,
          at,
          outcome: 'timeout',
          acceptedMs: 2_000,
          trainedMs: null,
          quotedMs: null,
          asks: 0,
          stale: 0,
          why: null,
        },
      },
    );
    expect(found.map(({ kind, what, message }) => `${kind} ${what}: ${message}`)).toEqual([
      'failed a.md: refused (the vendor says: too odd)',
      'failed b.md: the vendor could not train it',
      'stuck c.md: accepted, and still not trained in time',
      'unconfirmed U1: the write may or may not have been carried out',
      'test d.md: How?: missing: 30',
      'drift : 1 missing',
      'freshness : did not answer from a change in time (accepted after 2.0 s)',
    ]);
    expect(new Set(found.map(({ kind }) => kind))).toEqual(new Set(kindsOfMemory));
  });

  it('are none of a document that only met the trouble of its target', () => {
    for (const code of ['CREDENTIALS_REFUSED', 'QUOTA_EXHAUSTED', 'RATE_LIMITED', 'ABORTED'] as const)
      expect(troublesOf('site', state({ records: { 'a.md': record({ error: error(code) }) } }))).toEqual([]);
  });
});
