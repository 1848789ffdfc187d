// Looking for what could be adopted: in which box, which items there are, and what they say. Reads only.
import type { Call } from '../connectors/connector.ts';
import { asSyncError, type ErrorRecord, SyncError } from '../model/error.ts';
import type { TargetState } from '../model/record.ts';
import { counted } from '../plan/words.ts';
import type { ForeignItem } from '../push/adopt.ts';
import type { CycleContext } from './context.ts';
import { callsOf } from './plan-target.ts';

/** A text that could not be had. */
export interface Unread {
  readonly remoteId: string;
  readonly name: string | null;
  readonly error: ErrorRecord;
}

/** The vendor-side box to look in. looked false: the vendor has boxes, and there is none yet. */
export async function boxOf(context: CycleContext, state: TargetState): Promise<{ readonly id: string | null; readonly looked: boolean }> {
  const { container } = context.connection.target;
  if (container === undefined) return { id: null, looked: true };
  const known = container.configured ?? state.container;
  if (known !== null) return { id: known, looked: true };
  const all = (await container.list({ ...callsOf(context), container: null })).filter((id) => !context.elsewhere.has(id));
  const [only, ...others] = all;
  if (only === undefined) return { id: null, looked: false };
  if (others.length === 0) return { id: only, looked: true };
  const shown = all.slice(0, 10).join(', ');
  throw new SyncError('USAGE', {
    message: `${context.target.name} does not say in which of ${counted(all.length, 'data source')} to look: ${shown}${all.length > 10 ? ' …' : ''}`,
    next: 'name one in the configuration (chatthing: dataSourceId) and run again',
  });
}

interface Strangers {
  readonly items: readonly ForeignItem[];
  /** With our mark, but known to nobody: not a matter of adopting. */
  readonly strays: number;
}

/** Items that kbsync did not make, and copies of ours of which nobody can say what document they are. */
export async function strangersAt(context: CycleContext, state: TargetState, container: string | null): Promise<Strangers> {
  const { target } = context.connection;
  const call: Call = { ...callsOf(context), container };
  const orphans = new Set(state.leftovers.flatMap(({ why, remoteId }) => (why === 'orphan' ? [remoteId] : [])));
  const known = new Set(state.leftovers.map(({ remoteId }) => remoteId).filter((id) => !orphans.has(id)));
  for (const record of Object.values(state.records)) for (const item of record.items) if (item.remoteId !== null) known.add(item.remoteId);
  const items: ForeignItem[] = [];
  let strays = 0;
  for await (const entry of target.list?.(call) ?? []) {
    if (known.has(entry.remoteId)) continue;
    const ours = entry.mark !== null && target.marks.ours(entry.mark, context.config.name);
    if (ours && !orphans.has(entry.remoteId)) strays += 1;
    else items.push({ ...entry, text: null });
  }
  return { items, strays };
}

/** Each text that the vendor shows. What went away meanwhile is left out; one that cannot be read stays without. */
export async function withTexts(
  listed: readonly ForeignItem[],
  context: CycleContext,
  container: string | null,
): Promise<{ readonly items: readonly ForeignItem[]; readonly unread: readonly Unread[] }> {
  const { connection, emit, stop } = context;
  const { target, concurrency } = connection;
  const { read } = target;
  if (read === undefined) return { items: listed, unread: [] };
  const call: Call = { ...callsOf(context), container };
  const items = new Map<ForeignItem, ForeignItem>();
  const unread: Unread[] = [];
  const total = listed.length;
  let next = 0;
  let failuresInARow = 0;
  const worker = async (): Promise<void> => {
    for (let item = listed[next++]; item !== undefined; item = listed[next++]) {
      if (stop.aborted) throw new SyncError('ABORTED', { message: 'stopped while texts were read; nothing was recorded' });
      try {
        const { text, training } = await read.call(target, item.remoteId, call);
        items.set(item, { ...item, text, training: training ?? item.training });
        failuresInARow = 0;
      } catch (thrown) {
        const error = asSyncError(thrown);
        if (error.code === 'REMOTE_GONE') continue;
        if (error.facts.stops !== 'document') failuresInARow += 1;
        if (!isOfOneItem(error) || failuresInARow >= mostFailuresInARow) throw thrown;
        items.set(item, item);
        unread.push({ remoteId: item.remoteId, name: item.name, error: error.record() });
      }
      emit({ kind: 'phase', phase: 'planning', done: items.size, total });
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: Math.max(1, concurrency) }, worker));
  for (const ended of workers) if (ended.status === 'rejected') throw ended.reason;
  return { items: listed.flatMap((item) => items.get(item) ?? []), unread };
}

/** Failures of the target itself, one after the other, after which the rest need not be tried. */
const mostFailuresInARow = 3;

/** What a vendor says of a text may be about that text alone, though of a write it would be about all. */
function isOfOneItem({ code, facts }: SyncError): boolean {
  return (
    code !== 'UNEXPECTED' &&
    (facts.stops === 'document' || code === 'REQUEST_REFUSED' || code === 'REPLY_INVALID' || code === 'VENDOR_FAILED')
  );
}
