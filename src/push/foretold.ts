// What a push is about to write over or take out, told before the first of it is sent: where the memory lies on a branch, a job that is killed leaves
// word of it there, so that the next one does not trust what it remembers of these items. Pure.
import type { Effect } from '../model/effect.ts';
import type { PayloadHead } from '../model/payload.ts';
import type { EffectId, TargetState } from '../model/record.ts';
import type { Step } from './effects.ts';

/** Updates and deletes of steps as effects of their own, never sent as these. */
export function foretold(
  steps: readonly Step[],
  heads: ReadonlyMap<string, PayloadHead>,
  { state, newEffectId }: { readonly state: TargetState; readonly newEffectId: () => EffectId },
): readonly Effect[] {
  return steps.flatMap(({ operation, writes }) =>
    writes.flatMap((write): Effect[] => {
      const base = { id: newEffectId(), operation: operation.id, commit: null };
      if (write.action === 'delete')
        return [{ ...base, action: 'delete', document: write.document, path: write.path, remoteId: write.remoteId, retrain: false }];
      const head = heads.get(write.document);
      const part = head?.parts.find(({ key }) => key === write.part);
      if (write.action === 'create' || head === undefined || part === undefined) return [];
      const { document, path, title, url, body, fingerprint: payload } = head;
      const mark = state.records[document]?.items.find(({ remoteId }) => remoteId === write.remoteId)?.mark ?? '';
      const written = { document, path, title, url, body, part: part.key, mark, fingerprint: part.fingerprint, payload };
      return [{ ...base, action: 'update', remoteId: write.remoteId, ...written }];
    }),
  );
}
