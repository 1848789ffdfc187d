// `retract`: takes one document out of every bot now, keeps it out until its file changes, and proves by questions that it is forgotten.
// The hold is on disk before anything is sent, so that whatever becomes of this process the next sync goes on with it.
import type { Folder } from '../cycle/folder.ts';
import { bodyOf, covers } from '../cycle/kept-out.ts';
import { type ProofRow, prove, toForget } from '../cycle/prove.ts';
import { syncTarget } from '../cycle.ts';
import type { TargetConfig } from '../model/config.ts';
import type { DocumentId } from '../model/document.ts';
import { asSyncError, type SyncError } from '../model/error.ts';
import type { Retracted, TargetState } from '../model/record.ts';
import { parentOf } from '../plan/input.ts';
import type { LedgerView } from '../state/store.ts';
import { codeOfStop, strongest } from './exit.ts';
import { failedReport, pausedReport } from './failed-report.ts';
import { type Found, findDocument } from './find-document.ts';
import { type Invocation, inTurn, workspaceOf } from './invocation.ts';
import { createProgress } from './progress.ts';
import { tellProblems } from './reports.ts';
import { type Retraction, tellRetraction } from './retract-print.ts';
import { exclusiveOf, noteRetraction, optionsFor, type RetractRequest, type RetractScene } from './retract-scene.ts';
import { undo } from './retract-undo.ts';
import { hasTrace, provenVerdict, type Remains, type RetractVerdict, stillThere } from './retract-verdict.ts';

/** Runs `retract` and prints its result. Resolves to the exit code: 4 while any bot may still know the document. */
export async function retract(invocation: Invocation, request: RetractRequest, open = workspaceOf): Promise<number> {
  const { output, options } = invocation;
  const startedAt = Date.now();
  const progress = createProgress(output, options.verbose, Date.now);
  const workspace = await open(invocation, progress.onEvent);
  try {
    const targets = workspace.targets(options.targets);
    const folder = await workspace.readFolder();
    tellProblems(folder.scan.problems, output);
    const found = await findDocument(request.document, workspace, folder, invocation.cwd);
    const scene: RetractScene = { workspace, folder, invocation, request, startedAt };
    if (request.undo) return await undo(found.id, targets, scene, () => progress.end());
    // A file that holds nothing but questions is retracted as a whole where it is named itself.
    const id = found.atPath ? parentOf(found.id) : found.id;
    const retractIn = (target: TargetConfig): Promise<Retraction> => {
      const work = (lender: RetractScene['lender']) => retractAt(target, id, found, { ...scene, lender });
      return inTurn(invocation, target.name, work, ({ report }) => (report?.error ?? null) === null);
    };
    const done = await Promise.all(targets.map(retractIn));
    progress.end();
    await workspace.saveCache();
    const exitCode = strongest([...done.flatMap(codesOf), ...(invocation.stop.aborted ? [130] : [])]);
    tellRetraction({ id, done, exitCode, undone: false }, invocation);
    return exitCode;
  } finally {
    progress.end();
    await workspace.close();
  }
}

/** One target, whatever becomes of it: what cannot be had there is a row, so that it never hinders another. */
async function retractAt(target: TargetConfig, id: DocumentId, found: Found, scene: RetractScene): Promise<Retraction> {
  try {
    const held = await hold(target, id, found, scene);
    const early = notToBeRun(target, id, held);
    if (early !== null) return { target, report: target.paused ? pausedReport(target) : null, proof: [], ...early };
    return await takeOut(target, id, scene);
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED') throw thrown;
    return { target, report: failedReport(target, error), proof: [], ...(await afterFailure(target, id, error, scene)) };
  }
}

interface Held {
  readonly view: Omit<LedgerView, 'savedBy'>;
  /** It was kept out before: what it may have known then is not in the state any more. */
  readonly again: boolean;
}

/** Writes the hold down, without a secret and without a word to the vendor. */
function hold(target: TargetConfig, id: DocumentId, found: Found, scene: RetractScene): Promise<Held> {
  const { workspace, folder } = scene;
  return workspace.exclusively(target, { ...exclusiveOf(scene), offline: true }, async ({ memory, nowMs }) => {
    const before = memory.state.retracted[id];
    const since = new Date(nowMs()).toISOString();
    const now = { ...retractedNow(id, found, memory.state, folder, since), ...boundTo(scene.invocation.options.targets, before) };
    const same =
      before !== undefined &&
      before.file === now.file &&
      (before.body ?? null) === (now.body ?? null) &&
      before.targets?.join() === now.targets?.join();
    if (!same) {
      await memory.append([{ kind: 'retracted', document: id, retracted: now }]);
      await memory.checkpoint();
    }
    return { view: { state: { ...memory.state }, open: memory.open, recovered: null }, again: before !== undefined };
  });
}

/** Named targets alone are bound, unless the whole workspace is already. */
function boundTo(named: readonly string[], before: Retracted | undefined): Pick<Retracted, 'targets'> {
  return named.length === 0 || (before !== undefined && before.targets === undefined) ? {} : { targets: named };
}

/** The document as it is at this moment, so that it is known again, and known to have changed. */
function retractedNow(id: DocumentId, found: Found, state: TargetState, { scan }: Folder, since: string): Retracted {
  const inFolder = scan.documents.filter((document) => covers(id, document.id));
  const path = inFolder[0]?.path ?? found.path;
  const known = Object.entries(state.records).flatMap(([document, { body }]) => (covers(id, document) ? [{ id: document, body }] : []));
  return { path, file: scan.digest?.(path) ?? null, body: bodyOf(inFolder.length > 0 ? inFolder : known), since };
}

/** Where there is nothing to do, or nothing may be done: what that means. Null: it is to be taken out. */
function notToBeRun(target: TargetConfig, id: DocumentId, { view, again }: Held): RetractVerdict | null {
  const { state } = view;
  const trace = hasTrace({ ...view, covers: (document) => covers(id, document), whole: false });
  if (state.identity === null) {
    const why = 'kbsync has not met this bot yet, or lost its state: it does not know what the bot holds';
    const first = target.paused ? `it is paused in the configuration: take paused: true out, then ` : '';
    return {
      knows: 'maybe',
      reason: `${why}; ${first}kbsync sync --target ${target.name} meets it, and takes the document out if it is there`,
    };
  }
  if (target.paused) {
    const reason = trace ? 'it is paused in the configuration, so nothing is sent there: take paused: true out and run this again' : never;
    return { knows: trace ? 'maybe' : 'no', reason };
  }
  return trace || again ? null : { knows: 'no', reason: never };
}

const never = 'kbsync never gave it this document, and does not from now on';

/** The ordinary cycle, narrowed to this document, and then the questions. */
function takeOut(target: TargetConfig, id: DocumentId, scene: RetractScene): Promise<Retraction> {
  const { workspace, folder, request, invocation, startedAt } = scene;
  return workspace.exclusively(target, exclusiveOf(scene), async (context) => {
    const forget = toForget(id, context, folder);
    const report = await syncTarget(context, folder, optionsFor(new Set([id]), request.waitMs));
    await noteRetraction(scene, report, startedAt, folder.commit);
    const { state, open } = context.memory;
    const remains: Remains = { state, open, covers: (document) => covers(id, document), whole: 'replaceAll' in context.connection.target };
    const there = stillThere(remains, report);
    if (there !== null) return { target, report, knows: 'maybe', reason: there, proof: [] };
    const unasked = whyUnasked(request, context.connection.target.ask === undefined);
    let proof: readonly ProofRow[] = [];
    if (unasked === null) {
      const count = forget.questions.length;
      invocation.output.talk(
        `${target.name}: asking ${count === 1 ? 'one question, which costs a message' : `${count} questions, each of which costs a message`}`,
      );
      proof = await prove(context, folder, forget);
    }
    return { target, report, proof, ...provenVerdict(proof, unasked) };
  });
}

function whyUnasked({ ask }: RetractRequest, mute: boolean): string | null {
  if (mute) return 'it cannot be asked whether it has forgotten';
  return ask ? null : 'not asked whether it has forgotten (--no-ask)';
}

/** What a target that could not be had means: where the hold could be written down, and nothing of the document is there, nothing. */
async function afterFailure(
  target: TargetConfig,
  id: DocumentId,
  error: SyncError,
  { workspace }: RetractScene,
): Promise<RetractVerdict & { readonly held: boolean }> {
  const reason = `${error.message}; ${error.next}`;
  try {
    const view = await workspace.view(target.name);
    const held = view.state.retracted[id] !== undefined;
    return { knows: 'maybe', held, reason: held ? reason : `${reason}. It is not kept out of this bot yet: run this again` };
  } catch (thrown) {
    if (asSyncError(thrown).code === 'UNEXPECTED') throw thrown;
    return { knows: 'maybe', held: false, reason };
  }
}

/** What one target earns: nothing where the bot does not know the document any more, whatever else is the matter there. */
function codesOf({ report, knows }: Retraction): number[] {
  // Also where the target is not required: a customer of that bot is told the wrong thing all the same.
  if (knows === 'no') return [];
  const error = report?.error ?? null;
  const held = report?.results.some(({ outcome }) => outcome === 'held') ?? false;
  return [4, ...(error === null ? [] : [codeOfStop(error.code)]), ...(held ? [5] : [])];
}
