// What runs that were cut off may have done at a bot after another one had looked for it. Pure.
import type { Effect, Stray } from './effect.ts';
import type { TargetState } from './record.ts';

/**
 * The writes of a stray that leave something unknown of what the records say: under the document that has the item now; not those of the very bytes that
 * are remembered of it, which the bot holds either way. What was made besides is no record's.
 */
export function strayWrites({ effects }: Pick<Stray, 'effects'>, { records }: Pick<TargetState, 'records'>): readonly Effect[] {
  const owners = new Map(
    Object.entries(records).flatMap(([document, { items }]) =>
      items.map(({ remoteId, fingerprint }) => [remoteId, { document, fingerprint }] as const),
    ),
  );
  return effects.flatMap((effect): Effect[] => {
    if (effect.action === 'replace-all') return [effect];
    if (effect.action !== 'update' && effect.action !== 'delete') return [];
    const owner = owners.get(effect.remoteId);
    if (owner === undefined) return [effect];
    return effect.action === 'update' && owner.fingerprint === effect.fingerprint ? [] : [{ ...effect, document: owner.document }];
  });
}
