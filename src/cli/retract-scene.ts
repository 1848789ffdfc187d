// What `retract` and its undoing share: the request, the scene, and how one target is run.
import { everything, noPasses, type SyncOptions } from '../cycle/context.ts';
import type { Folder } from '../cycle/folder.ts';
import { keptOut } from '../cycle/kept-out.ts';
import { runEntry } from '../cycle/run-entry.ts';
import type { DocumentId } from '../model/document.ts';
import type { TargetState } from '../model/record.ts';
import type { TargetReport } from '../model/report.ts';
import type { Lender, Workspace } from '../workspace.ts';
import type { Invocation } from './invocation.ts';
import { noteInHistory } from './note-run.ts';
import { ciLockWaitMs } from './sync.ts';

/** `retract`, parsed. */
export interface RetractRequest {
  /** A document's id or path, or an item's id or name at a vendor. */
  readonly document: string;
  readonly undo: boolean;
  /** false: prove nothing by questions, which cost a message each. */
  readonly ask: boolean;
  /** How long to wait for training; null: the target's trainTimeout; 0: ask for it and go. */
  readonly waitMs: number | null;
  readonly lockWaitMs: number | null;
}

/** One invocation at work. */
export interface RetractScene {
  readonly workspace: Workspace;
  readonly folder: Folder;
  readonly invocation: Invocation;
  readonly request: RetractRequest;
  readonly startedAt: number;
  /** At one target, of a command handed to the daemon: others there. */
  readonly lender?: Lender | undefined;
}

/** How a target's lock is taken, by this command as by its undoing. */
export function exclusiveOf({ invocation, request, workspace, lender }: RetractScene) {
  const { stop, kill } = invocation;
  return {
    lender,
    command: 'kbsync retract',
    lockWaitMs: request.lockWaitMs ?? (workspace.underCi ? ciLockWaitMs : 0),
    stop,
    kill,
  };
}

/** A run narrowed to these documents and their questions. */
export function optionsFor(documents: ReadonlySet<DocumentId>, waitMs: number | null): SyncOptions {
  return { passes: noPasses, only: { ...everything, documents }, offline: false, waitMs, trainOnly: false };
}

/** For the history: what the run did, as every run. */
export async function noteRetraction(scene: RetractScene, report: TargetReport, startedAt: number, commit: string | null): Promise<void> {
  const facts = { command: 'retract', startedAt, durationMs: Date.now() - startedAt, commit, exitCode: null };
  await noteInHistory(scene.workspace, runEntry(report, facts), scene.invocation.output);
}

/** Documents of the folder that a retraction keeps out, whatever they are called by now. */
export function keptBy(held: DocumentId, state: TargetState, folder: Folder): ReadonlySet<DocumentId> {
  const { out } = keptOut(state, folder);
  return new Set([held, ...[...out].flatMap(([document, id]) => (id === held ? [document] : []))]);
}
