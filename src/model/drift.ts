// What of the last look at the vendor still stands, and what counts as few. Pure: a finding is settled by what the state knows since.
import type { DocumentId } from './document.ts';
import type { DriftCheck, DriftFinding, TargetState } from './record.ts';

/**
 * "Unchanged" means seen at the vendor within this time, in milliseconds: a day, since the daemon looks once a day by default, and two hours more, so
 * that a pass that had to wait its turn makes nobody list the bot a second time.
 */
export const driftWindowMs = 26 * 3_600_000;

/** The findings of the last look that nothing has settled since: fold drops those whose item was written, deleted or taken into account. */
export function standingFindings(state: TargetState): readonly DriftFinding[] {
  return (state.drift?.findings ?? []).filter(({ kind, document, remoteId }) => {
    // A record that went otherwise, by a person's word for one, takes its findings with it.
    return kind === 'twin' || (state.records[document]?.items.some((item) => item.remoteId === remoteId) ?? false);
  });
}

/** The note of the last look without what was found of these items. */
export function withoutFindings(check: DriftCheck | undefined, remoteIds: readonly (string | null)[]): DriftCheck | undefined {
  if (check === undefined || !check.findings.some(({ remoteId }) => remoteIds.includes(remoteId))) return check;
  return { ...check, findings: check.findings.filter(({ remoteId }) => !remoteIds.includes(remoteId)) };
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

/** "2 missing, 1 changed"; '' for nothing. */
export function driftWords(counts: { readonly [kind in DriftFinding['kind']]: number }): string {
  return (['missing', 'twin', 'changed'] as const).flatMap((kind) => (counts[kind] === 0 ? [] : [`${counts[kind]} ${kind}`])).join(', ');
}
