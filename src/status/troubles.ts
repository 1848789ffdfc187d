// Memory of one target → what is wrong in it that somebody should be told. Pure; what stops a pass as a whole is not known here.
import { type CanaryMemory, standingWords, withoutCanary } from '../model/canary.ts';
import { driftCounts, driftWords, standingFindings } from '../model/drift.ts';
import type { ErrorCode, ErrorRecord } from '../model/error.ts';
import type { Finding, IncidentKind } from '../model/notice.ts';
import type { DocumentRecord, TargetState } from '../model/record.ts';
import { summaryOf, type TestsMemory } from '../model/tests.ts';

/** The kinds that a memory tells by itself. */
export const kindsOfMemory: readonly IncidentKind[] = ['failed', 'unconfirmed', 'stuck', 'test', 'drift', 'freshness'];

/** What the memory of a target says is wrong with it. `tests` and `canary` left out: no question was asked. */
export function troublesOf(name: string, whole: TargetState, tests?: TestsMemory, canary?: CanaryMemory): readonly Finding[] {
  // The document of the freshness check is told as that check.
  const state = withoutCanary(whole);
  const drift = driftWords(driftCounts(standingFindings(state)));
  return [
    ...Object.entries(state.records).flatMap(([document, record]) => ofRecord(document, record)),
    ...state.doubts.map(
      ({ id, error }): Finding => ({
        kind: 'unconfirmed',
        what: id,
        message: error?.message ?? 'the write may or may not have been carried out',
        next: 'kbsync todo',
      }),
    ),
    ...(tests === undefined ? [] : (summaryOf(tests)?.failing ?? [])).map(
      ({ document, question, reasons }): Finding => ({
        kind: 'test',
        what: document === null ? question : `${document}: ${question}`,
        message: reasons.join('; '),
        next: `kbsync ask ${name} "…"`,
      }),
    ),
    ...(drift === '' ? [] : [{ kind: 'drift', what: '', message: drift, next: `kbsync drift --target ${name} --repair` } as const]),
    ...(canary?.failing === true && canary.last !== null
      ? [
          {
            kind: 'freshness',
            what: '',
            message: standingWords({ failing: true, last: canary.last }),
            next: `kbsync history --target ${name}`,
          } as const,
        ]
      : []),
  ];
}

/** The target's own trouble, which is told as that: the document is only where it showed. */
const ofTheTarget: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CREDENTIALS_REFUSED',
  'BOT_NOT_FOUND',
  'SECRET_MISSING',
  'RATE_LIMITED',
  'QUOTA_EXHAUSTED',
  'LOCKED',
  'BUSY',
  'ABORTED',
]);

function ofRecord(document: string, { error, training }: DocumentRecord): readonly Finding[] {
  if (training === 'stuck') {
    const message = 'accepted, and still not trained in time';
    return [{ kind: 'stuck', what: document, message, next: `kbsync show ${document}` }];
  }
  if (error !== null && !ofTheTarget.has(error.code)) {
    return [{ kind: 'failed', what: document, message: wordsOf(error), next: error.next }];
  }
  const failed: Finding = { kind: 'failed', what: document, message: 'the vendor could not train it', next: `kbsync show ${document}` };
  return training === 'failed' && error === null ? [failed] : [];
}

/** An error's sentence, with the vendor's own words. */
export function wordsOf({ message, vendor }: Pick<ErrorRecord, 'message' | 'vendor'>): string {
  return vendor === null ? message : `${message} (the vendor says: ${vendor})`;
}
