// What `drift --prune` may remove: leftovers of ours and documents out of scope, each proven to be ours by its mark in a listing just made. Whatever is
// not proven is left, and told. Deletes go through the journaled push like any other.
import { capabilitiesOf, type RemoteEntry } from '../connectors/connector.ts';
import type { DocumentId } from '../model/document.ts';
import type { Operation } from '../model/operation.ts';
import { type Leftover, namelessPrefix } from '../model/record.ts';
import type { OperationResult } from '../model/report.ts';
import { counted, figure } from '../plan/words.ts';
import { documentsOf } from '../push/drift.ts';
import type { CycleContext } from './context.ts';
import type { Folder, Wanted } from './folder.ts';
import { sendOperations } from './push-target.ts';

/** One item that is ours and unwanted. */
export interface PruneItem {
  readonly document: DocumentId;
  readonly path: string;
  readonly remoteId: string;
  readonly name: string | null;
  readonly mark: string | null;
  /** What it is: out of scope, superseded copy … */
  readonly why: string;
  /** Null: proven to be ours, and may go. Else why it is left as it is. */
  readonly left: string | null;
}

/** Everything that could go, and everything that looks so and stays. `listed`: a complete listing of the target, just made. */
export function pruneItems(
  context: CycleContext,
  folder: Folder,
  wanted: Wanted,
  listed: ReadonlyMap<string, RemoteEntry>,
): readonly PruneItem[] {
  const judge = judgeOf(context, folder, wanted, listed);
  const { state } = context.memory;
  const copies = state.leftovers.map((leftover) => judge.leftover(leftover));
  const outside = outOfScope(context, folder, wanted).flatMap((document) => {
    const record = state.records[document];
    return (record?.items ?? []).map(({ remoteId, mark }) =>
      judge.item({
        document,
        path: record?.path ?? document,
        remoteId: remoteId ?? `${namelessPrefix}${document}`,
        mark,
        why: 'out of scope',
      }),
    );
  });
  return [...copies, ...outside].sort((left, right) => (left.path < right.path ? -1 : left.path > right.path ? 1 : 0));
}

/** Documents that the bot holds and that the folder or the target no longer looks at. Rests on the configuration, not on what was not found. */
function outOfScope({ memory }: CycleContext, { scan }: Folder, wanted: Wanted): readonly DocumentId[] {
  const taken = new Set([...wanted.heads, ...wanted.failed].map(({ document }) => document));
  const unsettled = documentsOf(memory.open);
  return Object.entries(memory.state.records).flatMap(([id, { path, items }]) => {
    const claimed =
      taken.has(id) || wanted.leaves.has(id) || unsettled.has(id) || scan.blockedPaths.has(path) || scan.blockedIds?.has(id) === true;
    return items.length === 0 || claimed || scan.rootMissing || wanted.inScope(path) ? [] : [id];
  });
}

function judgeOf(context: CycleContext, { scan }: Folder, wanted: Wanted, listed: ReadonlyMap<string, RemoteEntry>) {
  const { connection, memory, config } = context;
  const { target } = connection;
  const { marks } = target;
  const stem = (mark: string) => marks.stem?.(mark) ?? mark;
  const wantedMarks = new Set(
    wanted.heads.flatMap(({ document, parts }) =>
      parts.map((part) => stem(marks.write({ workspace: config.name, document, part: part.key, effect: '' }))),
    ),
  );
  const used = new Set(Object.values(memory.state.records).flatMap(({ items }) => items.map(({ remoteId }) => remoteId)));
  const unsettled = documentsOf(memory.open);
  const item = (found: Omit<PruneItem, 'name' | 'left'>, otherwise: string | null = null): PruneItem => {
    const entry = listed.get(found.remoteId);
    const name = entry?.name ?? null;
    return { ...found, mark: entry?.mark ?? found.mark, name, left: otherwise ?? unproven(entry) };
  };
  const unproven = (entry: RemoteEntry | undefined): string | null => {
    if (!capabilitiesOf(target).has('delete')) return `by hand: ${target.traits.missing.delete?.remedy ?? 'delete it in the dashboard'}`;
    if (entry === undefined) return 'not in the listing: nothing proves what it is';
    if (entry.mark === null) return 'carries no mark there: nothing proves that it is ours';
    return marks.ours(entry.mark, config.name) ? null : 'its mark there is not ours';
  };
  /** What keeps a copy of ours where it is, whatever its mark says. */
  const kept = ({ document, remoteId, mark, why, removable }: Leftover): string | null => {
    if (used.has(remoteId)) return 'a record rests on it';
    if (unsettled.has(document)) return 'a write to its document is unconfirmed: see kbsync todo';
    if (removable === 'once-trained') return 'goes by itself once the new text is trained';
    if (why !== 'orphan') return null;
    const [broken] = scan.blockedPaths.keys();
    if (mark !== null && wantedMarks.has(stem(mark))) return 'its document is wanted: the next sync takes it back';
    if (broken !== undefined) return `${broken} cannot be read, and may be its file`;
    return scan.complete && !scan.rootMissing ? null : 'the folder could not be read completely: its document may be there';
  };
  return {
    item,
    leftover(leftover: Leftover): PruneItem {
      const { document, remoteId, mark } = leftover;
      const path = memory.state.records[document]?.path ?? document;
      return item({ document, path, remoteId, mark, why: words[leftover.why] }, kept(leftover));
    },
  };
}

const words = {
  superseded: 'superseded copy',
  twin: 'twin of a newer one',
  orphan: 'copy of a document that is not there',
  deleted: 'left over from a deleted document',
} as const;

/** Why so many may not go at once; null where they may. The brake for deletes, over what is pruned. */
export function tooMany(count: number, { memory, config, target }: CycleContext, allowed: number | null): string | null {
  const known = Object.values(memory.state.records).filter(({ items }) => items.length > 0).length + memory.state.leftovers.length;
  const { share, count: most, floor } = config.safety.maxDelete;
  const limit = allowed ?? Math.max(floor, Math.min(share * known, most));
  if (count <= limit) return null;
  const rule = allowed === null ? 'safety.maxDelete allows' : '--allow-deletes allows';
  return `${target.name} would lose ${figure(count)} of ${counted(known, 'item')} of ours; ${rule} ${figure(limit)}: nothing is pruned.`;
}

/** Deletes what was proven; journaled, and with one result an item. */
export async function pruneProven(
  items: readonly PruneItem[],
  context: CycleContext,
  folder: Folder,
  wanted: Wanted,
): Promise<{ readonly results: readonly OperationResult[]; readonly stoppedBy: Awaited<ReturnType<typeof sendOperations>>['stoppedBy'] }> {
  const operations = items.filter(({ left }) => left === null).map(operationOf);
  const { results, stoppedBy } = await sendOperations(context, folder, wanted, operations);
  return {
    results: results.map(({ step, outcome, remoteIds, error }) => ({ operation: step.operation, outcome, remoteIds, error })),
    stoppedBy,
  };
}

function operationOf({ document, path, remoteId, why }: PruneItem): Operation {
  return {
    id: `delete ${document} ${remoteId}`,
    action: 'delete',
    document,
    path,
    reason: why,
    by: 'vendor',
    note: null,
    remoteId,
    retraction: false,
  };
}
