// One look at what a bot holds, for `drift` and for its line in the schedule: who is it → list → compare → read texts. Writes nothing to the vendor.
import type { DocumentId } from '../model/document.ts';
import { isAbsent, SyncError } from '../model/error.ts';
import type { Payload } from '../model/payload.ts';
import type { TargetState } from '../model/record.ts';
import { otherBotMessage } from '../plan/brake.ts';
import { compareListing, type DriftItem, type Listing, lagWindowMs } from '../push/drift.ts';
import { compareTexts, type TextsLook } from '../push/drift-texts.ts';
import type { CycleContext } from './context.ts';
import { callsOf, containerOf, whoIsIt } from './plan-target.ts';
import { snapshotOf } from './seen.ts';

export interface LookOptions {
  /** Share of the documents whose texts are compared (0…1); 0: none. Less than all goes on behind the part of the look before. */
  readonly share: number;
  /** The payload as the folder gives it now, for a text that is no longer kept. */
  readonly payload: (document: DocumentId) => Promise<Payload | null>;
}

/** checked false: nothing could be compared, for this reason, which is no error. */
export type DriftLook =
  | { readonly checked: false; readonly reason: string }
  | {
      readonly checked: true;
      readonly before: TargetState;
      readonly listing: Listing;
      /** Null where texts were not asked for, or cannot be read here. */
      readonly texts: TextsLook | null;
      /** Of listing and texts together. */
      readonly findings: readonly DriftItem[];
      readonly notes: readonly string[];
      /** What was written within so many milliseconds is not judged. */
      readonly youngMs: number;
    };

/** Throws what keeps the bot from being listed whole: then nothing is found. Another bot behind the credentials is refused (HELD). */
export async function lookForDrift(context: CycleContext, options: LookOptions): Promise<DriftLook> {
  const { connection, memory, config, nowMs, emit, stop, texts, target: configured } = context;
  const { target } = connection;
  const reason = cannotBeChecked(context);
  if (reason !== null) return { checked: false, reason };
  await refuseOtherBot(context);
  const call = { ...callsOf(context), container: containerOf(context) };
  const before = snapshotOf(memory.state);
  const base = { target, state: before, open: memory.open, call, nowMs: nowMs(), emit };
  let listing: Listing;
  try {
    listing = await compareListing({ ...base, workspace: config.name });
  } catch (thrown) {
    if (!isAbsent(thrown)) throw thrown;
    return { checked: false, reason: `drift cannot be checked here: ${(thrown as SyncError).message}` };
  }
  const notes = [...listing.notes];
  let read: TextsLook | null = null;
  if (options.share > 0 && target.read === undefined)
    notes.push(`texts cannot be compared here: ${target.traits.missing.read?.remedy ?? 'this vendor shows none'}`);
  else if (options.share > 0) {
    const wanted = { share: options.share, after: before.drift?.texts.through ?? null };
    read = await compareTexts(listing.items, wanted, {
      ...base,
      stop,
      texts,
      concurrency: connection.concurrency,
      payload: options.payload,
    });
    notes.push(...read.notes);
    if (stop.aborted) throw new SyncError('ABORTED', { message: `${configured.name}: stopped before all texts were compared` });
  }
  return {
    checked: true,
    before,
    listing,
    texts: read,
    findings: [...listing.findings, ...(read?.findings ?? [])],
    notes,
    youngMs: lagWindowMs(target),
  };
}

function cannotBeChecked({ connection, memory, target: { name, paused } }: CycleContext): string | null {
  const { target, vendorLabel } = connection;
  if (memory.state.identity === null) {
    const first = paused ? 'it is paused in the configuration: take paused: true out, then ' : '';
    return `nothing is known of this bot yet: ${first}kbsync sync --target ${name} makes first contact`;
  }
  if ('replaceAll' in target) return `drift cannot be checked here: ${vendorLabel} takes one text for the whole bot; ${remedy(target)}`;
  return target.list === undefined ? `drift cannot be checked here: ${vendorLabel} lists nothing; ${remedy(target)}` : null;
}

function remedy({ traits }: CycleContext['connection']['target']): string {
  return traits.missing.list?.remedy ?? 'look in its dashboard';
}

/** What another bot holds says nothing about this one. */
async function refuseOtherBot(context: CycleContext): Promise<void> {
  const { memory, connection, target } = context;
  const { identity, container } = memory.state;
  const found = await whoIsIt(context);
  const box = connection.target.container?.configured ?? null;
  const moved = box !== null && container !== null && box !== container;
  if (identity === null || (found === identity && !moved)) return;
  const message = otherBotMessage(target.name, identity, moved ? `${found} ${box}` : found);
  throw new SyncError('HELD', { message, next: 'put the old credentials or bot id back, and run again' });
}
