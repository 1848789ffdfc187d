// What another copy of this state may have put at the bot: a folder that was copied, restored or kept in two places. Before anything is made anew,
// what carries our mark is looked for, so that it is taken back and not made a second time. Writes nothing to the vendor.
import { type Call, capabilitiesOf, type RemoteEntry } from '../connectors/connector.ts';
import { ageOf } from '../model/age.ts';
import type { DocumentId } from '../model/document.ts';
import type { EntryBody } from '../model/effect.ts';
import type { Operation, Plan } from '../model/operation.ts';
import type { PayloadHead } from '../model/payload.ts';
import type { TargetState } from '../model/record.ts';
import { heldOperations } from '../plan/brake.ts';
import { lagWindowMs } from '../push/drift.ts';
import type { CycleContext } from './context.ts';
import type { Seen } from './seen.ts';

type Target = CycleContext['connection']['target'];

/** An item that carries our mark. */
export interface Marked extends RemoteEntry {
  readonly mark: string;
}

/** A look of this very process is good for so long, in milliseconds: a burst of edits in a daemon does not list each time. */
const ownLookGoodForMs = 600_000;

/** So many recorded items are listed whenever something is made, whatever the state says of the last look: it may have been copied. */
const mostListed = 1000;

/** Items that a page of a vendor's list is taken to hold, and how long a look that cost one page is good for, in milliseconds. */
const pageItems = 100;
const pageGoodForMs = 120_000;

/** What a plan would put beside what is there: creates, and at vendors without update every new text. Held operations put nothing. */
export function makesAnew(plan: Plan, target: Target): readonly Operation[] {
  const holds = heldOperations(plan);
  const canUpdate = capabilitiesOf(target).has('update');
  return plan.operations.filter(({ action, by, id }) => {
    if (by === 'person' || holds.has(id)) return false;
    return action === 'create' || (!canUpdate && (action === 'update' || action === 'move'));
  });
}

/** How a run looks before it makes anything anew: at everything, or for the marks concerned; null: it need not, or cannot. */
export function lookBeforeMaking(context: CycleContext, call: Call): 'list' | 'find' | null {
  const { memory, connection, config, nowMs, ownLook } = context;
  const { target } = connection;
  if (config.schedule.drift === null || (target.container !== undefined && call.container === null)) return null;
  const own = ownLook?.atMs ?? null;
  if (own !== null && Math.abs(nowMs() - own) < ownLookGoodForMs) return null;
  const items = Object.values(memory.state.records).reduce((sum, record) => sum + record.items.length, 0);
  if (target.list !== undefined && items <= mostListed) return 'list';
  // Where each copy has a mark of its own, another's cannot be asked for.
  if (target.find !== undefined && target.marks.stem === undefined) return 'find';
  return target.list !== undefined && isTooOld(memory.state, items, nowMs()) ? 'list' : null;
}

/** Of a large bot: at most one listed page in two minutes is spent on it. */
function isTooOld({ drift }: TargetState, items: number, nowMs: number): boolean {
  const goodForMs = Math.ceil(items / pageItems) * pageGoodForMs;
  return drift === null || Math.abs(nowMs - Date.parse(drift.at)) > goodForMs;
}

/** The marks that the wanted parts of these documents have, where every copy of one has the same. */
export function marksOf(made: readonly Operation[], heads: readonly PayloadHead[], { connection, config }: CycleContext): string[] {
  const documents = new Set(made.map(({ document }) => document));
  return heads
    .filter(({ document }) => documents.has(document))
    .flatMap(({ document, parts }) =>
      parts.map(({ key }) => connection.target.marks.write({ workspace: config.name, document, part: key, effect: '' })),
    );
}

/**
 * How long, in milliseconds, until the vendor can say whether an item with the mark of something about to be made is a copy or was deleted a
 * moment ago; 0: nothing is in doubt.
 */
export function doubtMs(
  made: readonly Operation[],
  marks: readonly string[],
  seen: Pick<Seen, 'unjudged'> | null,
  context: CycleContext,
): number {
  const { memory, connection, nowMs } = context;
  const { target } = connection;
  const { lastSync } = memory.state;
  if (seen === null || seen.unjudged.length === 0 || made.length === 0 || lastSync === null) return 0;
  const stem = (mark: string) => target.marks.stem?.(mark) ?? mark;
  const concerned = new Set(marks.map(stem));
  if (!seen.unjudged.some(({ mark }) => concerned.has(stem(mark)))) return 0;
  return Math.max(0, lagWindowMs(target) - ageOf(lastSync.at, nowMs()));
}

/**
 * Copies of documents that this plan makes anew where there is no update: whoever made them, they are older than what is about to be made, and
 * go with the copy that it replaces.
 */
export function replacedToo(made: readonly Operation[], twins: readonly Marked[], state: TargetState, context: CycleContext): EntryBody[] {
  const { target } = context.connection;
  if (twins.length === 0 || !capabilitiesOf(target).has('delete')) return [];
  const stem = (mark: string) => target.marks.stem?.(mark) ?? mark;
  const owners = new Map<string, DocumentId>();
  for (const { document } of made) for (const { mark } of state.records[document]?.items ?? []) owners.set(stem(mark), document);
  const known = new Set(Object.values(state.records).flatMap(({ items }) => items.map(({ remoteId }) => remoteId)));
  const since = new Date(context.nowMs()).toISOString();
  return twins.flatMap(({ remoteId, mark }): EntryBody[] => {
    const document = owners.get(stem(mark));
    if (document === undefined || known.has(remoteId)) return [];
    return [{ kind: 'leftover', leftover: { remoteId, document, mark, why: 'twin', removable: 'once-trained', since } }];
  });
}

/** What is said of documents that were there already. */
export function takenBackNote(count: number): string | null {
  if (count === 0) return null;
  const [documents, they] = count === 1 ? ['1 document', 'it was'] : [`${count} documents`, 'they were'];
  return `${documents} with our mark ${count === 1 ? 'was' : 'were'} there already, and this state did not know: ${they} taken back and not made a second time. One bot, one state: is another copy of it in use?`;
}

/**
 * What is said of items with our mark that no record knows, where something is made: second copies of known documents, and items whose documents this
 * folder does not have, one of which may be what is made, under its old name.
 */
export function unaccountedNotes(
  made: readonly Operation[],
  twins: readonly Marked[],
  state: TargetState,
  { connection, target }: Pick<CycleContext, 'connection' | 'target'>,
): readonly string[] {
  const stem = (mark: string) => connection.target.marks.stem?.(mark) ?? mark;
  const items = Object.values(state.records).flatMap((record) => record.items);
  const known = new Set([...items.map(({ remoteId }) => remoteId), ...state.leftovers.map(({ remoteId }) => remoteId)]);
  const strange = twins.filter(({ remoteId }) => !known.has(remoteId));
  if (strange.length === 0 || !made.some(({ action }) => action === 'create')) return [];
  const ours = new Set(items.map(({ mark }) => stem(mark)));
  const copies = strange.filter(({ mark }) => ours.has(stem(mark)));
  const others = strange.filter((item) => !copies.includes(item));
  return [
    ...(copies.length === 0
      ? []
      : [`There twice, with our mark: ${namedFew(copies)}. kbsync drift --target ${target.name} tells which, and --repair settles it.`]),
    ...(others.length === 0
      ? []
      : [
          `With our mark, but of no document that this folder has: ${namedFew(others)}. They are left alone; if one is a page that was moved, it is there twice now: kbsync drift lists them.`,
        ]),
  ];
}

function namedFew(items: readonly Marked[]): string {
  const named = items.slice(0, 3).map(({ mark }) => mark);
  return `${named.join(', ')}${items.length > named.length ? ` and ${items.length - named.length} more` : ''}`;
}

/** What is said where nobody can be asked, and the state comes from another machine; null where there is nothing to say. */
export function cannotTellNote(made: readonly Operation[], { memory, connection, config, host }: CycleContext): string | null {
  const { target, vendorLabel } = connection;
  const last = memory.savedBy.host;
  if (made.length === 0 || last === null || last === host || 'replaceAll' in target) return null;
  if (target.list !== undefined && config.schedule.drift !== null) return null;
  const why = target.list === undefined ? `${vendorLabel} cannot be asked what it holds` : 'schedule.drift is off';
  return `This state was last saved on ${last}, and ${why}: what another copy of it has made since then is made a second time. One bot, one state.`;
}
