// What of the last look at the vendor still stands, and what counts as few. Pure: a finding is settled by what the state knows since.
import type { DocumentId } from './document.ts';
import type { Effect, JournalEntry } from './effect.ts';
import type { DriftCheck, DriftFinding, EffectId, TargetState } from './record.ts';

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

/** Takes out of the last look's note what an entry, about to be folded, tells something newer about. */
export function dropSettled(draft: { drift: DriftCheck | null }, open: ReadonlyMap<EffectId, Effect>, entry: JournalEntry): void {
  const { drift } = draft;
  if (drift === null || drift.findings.length === 0) return;
  const settled = new Set(itemsOf(open, entry));
  const findings = drift.findings.filter(({ remoteId }) => !settled.has(remoteId));
  if (findings.length < drift.findings.length) draft.drift = { ...drift, findings };
}

function itemsOf(open: ReadonlyMap<EffectId, Effect>, entry: JournalEntry): readonly (string | null)[] {
  switch (entry.kind) {
    case 'done':
    case 'blurred': {
      const effect = open.get(entry.effect);
      if (effect?.action === 'create') return [effect.supersedes?.remoteId ?? null];
      return effect !== undefined && 'remoteId' in effect ? [effect.remoteId] : [];
    }
    case 'leftover':
      return [entry.leftover.remoteId];
    case 'gone':
    case 'altered':
      return entry.remoteIds;
    case 'known':
      return entry.documents.flatMap(({ items }) => items.map(({ remoteId }) => remoteId));
    default:
      return [];
  }
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
