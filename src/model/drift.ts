// What of the last look at the vendor still stands, and what counts as few. Pure: a finding is settled by what the state knows since.
import type { DocumentId } from './document.ts';
import type { DocumentRecord, DriftCheck, DriftFinding, RemoteItem, TargetState } from './record.ts';

/**
 * "Unchanged" means seen at the vendor within this time, in milliseconds: a day, since the daemon looks once a day by default, and two hours more, so
 * that a pass that had to wait its turn makes nobody list the bot a second time.
 */
export const driftWindowMs = 26 * 3_600_000;

/** The findings of the last look that nothing has settled since. */
export function standingFindings(state: TargetState): readonly DriftFinding[] {
  const { drift } = state;
  if (drift === undefined || drift.findings.length === 0) return [];
  const accounted = new Set(state.leftovers.map(({ remoteId }) => remoteId));
  for (const record of Object.values(state.records))
    for (const { remoteId } of record.items) if (remoteId !== null) accounted.add(remoteId);
  return drift.findings.filter((finding) => {
    const { kind, remoteId, document } = finding;
    if (kind === 'twin') return !accounted.has(remoteId);
    const item = itemOf(state.records[document], remoteId);
    if (item === undefined) return false;
    // Written since, or to be written again anyway: what it holds is no longer what was found.
    return kind === 'missing' || (item.fingerprint !== null && item.acceptedAt <= drift.at);
  });
}

function itemOf(record: DocumentRecord | undefined, remoteId: string): RemoteItem | undefined {
  return record?.items.find((item) => item.remoteId === remoteId);
}

/** How many findings there are of each kind. */
export function driftCounts(findings: readonly Pick<DriftFinding, 'kind'>[]): { readonly [kind in DriftFinding['kind']]: number } {
  const counts = { missing: 0, twin: 0, changed: 0 };
  for (const { kind } of findings) counts[kind] += 1;
  return counts;
}

/**
 * The note of a new look. A look at a part of the texts says nothing of the others: what was found changed there before still stands.
 * `compared`: the documents whose texts this look has compared.
 */
export function notedCheck(state: TargetState, check: DriftCheck, compared: ReadonlySet<DocumentId>): DriftCheck {
  const known = new Set(check.findings.map(({ remoteId }) => remoteId));
  const before = standingFindings(state).filter(
    ({ kind, document, remoteId }) => kind === 'changed' && !compared.has(document) && !known.has(remoteId),
  );
  return { ...check, findings: [...check.findings, ...before] };
}

/**
 * Documents that may be missing without a person being asked, of `known` in all: a tenth, and always five. Where nothing but the listing says so
 * (`proven` false), at most half, so that a listing cut short never doubles a small bot.
 */
export function mostVanished(known: number, proven: boolean): number {
  const few = Math.max(5, Math.floor(known / 10));
  return proven ? few : Math.min(few, Math.floor(known / 2));
}
