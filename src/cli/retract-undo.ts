// `retract --undo`: drops the hold, and brings the document back as any sync would.
import { covers, keptOut } from '../cycle/kept-out.ts';
import { syncTarget } from '../cycle.ts';
import type { TargetConfig } from '../model/config.ts';
import type { DocumentId } from '../model/document.ts';
import { asSyncError, SyncError } from '../model/error.ts';
import type { TargetState } from '../model/record.ts';
import { codesOf, strongest } from './exit.ts';
import { failedReport } from './failed-report.ts';
import { inTurn } from './invocation.ts';
import { type Retraction, tellRetraction } from './retract-print.ts';
import { exclusiveOf, keptBy, noteRetraction, optionsFor, type RetractScene } from './retract-scene.ts';
import type { RetractVerdict } from './retract-verdict.ts';

interface Holding {
  readonly target: TargetConfig;
  /** The id under which it is kept out there. */
  readonly held: DocumentId;
}

/** Undoes a retraction wherever there is one. Resolves to the exit code: that of a sync of the document. USAGE where there is none. */
export async function undo(id: DocumentId, targets: readonly TargetConfig[], scene: RetractScene, onEnd: () => void): Promise<number> {
  const { workspace, invocation } = scene;
  const holdings = await holdingsOf(id, targets, scene);
  const undoIn = (holding: Holding): Promise<Retraction> => {
    const work = (lender: RetractScene['lender']) => undoAt(holding, { ...scene, lender });
    return inTurn(invocation, holding.target.name, work, ({ report }) => (report?.error ?? null) === null);
  };
  const done = await Promise.all(holdings.map(undoIn));
  // Of the whole workspace: a target that joins it later is not held to it either.
  const whole = invocation.options.targets.length === 0;
  if (whole) for (const held of new Set(holdings.map((holding) => holding.held))) await workspace.retractions.endEverywhere(held);
  onEnd();
  await workspace.saveCache();
  const codes = done.flatMap(({ report }) => (report === null ? [] : codesOf(report)));
  const exitCode = strongest([...codes, ...(invocation.stop.aborted ? [130] : [])]);
  tellRetraction({ id, done, exitCode, undone: true }, invocation);
  return exitCode;
}

/** Where it is kept out. A memory that cannot be read is that target's trouble, and told by the next command that needs it. */
async function holdingsOf(id: DocumentId, targets: readonly TargetConfig[], { workspace, folder }: RetractScene): Promise<Holding[]> {
  const holdings: Holding[] = [];
  const others = new Set<DocumentId>();
  for (const target of targets) {
    const { state } = await workspace.view(target.name);
    for (const held of Object.keys(state.retracted)) others.add(held);
    const held = heldFor(id, state, keptOut(state, folder).out);
    if (held !== null) holdings.push({ target, held });
  }
  if (holdings.length > 0) return holdings;
  const list = others.size === 0 ? 'nothing is' : `${[...others].slice(0, 5).join(', ')}${others.size > 5 ? ' …' : ''}`;
  throw new SyncError('USAGE', { message: `${id} is not retracted; kept out by kbsync retract: ${list}` });
}

function heldFor(id: DocumentId, state: TargetState, out: ReadonlyMap<DocumentId, DocumentId>): DocumentId | null {
  if (state.retracted[id] !== undefined) return id;
  const held = out.get(id);
  if (held === undefined) return null;
  if (!covers(held, id)) return held;
  throw new SyncError('USAGE', {
    message: `${id} was retracted with its file`,
    next: `kbsync retract --undo ${held} brings back the whole of it`,
  });
}

async function undoAt({ target, held }: Holding, scene: RetractScene): Promise<Retraction> {
  const { workspace, folder, request, startedAt } = scene;
  try {
    const documents = await workspace.exclusively(target, { ...exclusiveOf(scene), offline: true }, async ({ memory }) => {
      const kept = keptBy(held, memory.state, folder);
      await memory.append([{ kind: 'retracted', document: held, retracted: null }]);
      await memory.checkpoint();
      return kept;
    });
    if (target.paused) return { target, report: null, knows: 'maybe', reason: 'it is paused in the configuration', proof: [] };
    return await workspace.exclusively(target, exclusiveOf(scene), async (context) => {
      // A bot that was never met is met by a whole sync, which has brakes for that.
      if (context.memory.state.identity === null)
        return { target, report: null, knows: 'maybe', reason: `kbsync sync --target ${target.name} brings it back`, proof: [] };
      const report = await syncTarget(context, folder, optionsFor(documents, request.waitMs));
      await noteRetraction(scene, report, startedAt, folder.commit);
      return { target, report, proof: [], ...broughtBack(documents, context.memory.state) };
    });
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED') throw thrown;
    return { target, report: failedReport(target, error), knows: 'maybe', reason: error.message, proof: [] };
  }
}

function broughtBack(documents: ReadonlySet<DocumentId>, { records }: TargetState): RetractVerdict {
  const there = Object.entries(records).filter(
    ([document, { items }]) => items.length > 0 && [...documents].some((id) => covers(id, document)),
  );
  if (there.length === 0) return { knows: 'no', reason: 'nothing of it is there: kbsync show says why' };
  const learnt = there.every(([, { pushed, trained }]) => pushed !== null && pushed === trained);
  return learnt ? { knows: 'yes', reason: '' } : { knows: 'maybe', reason: 'it is there, and not known to be learnt yet' };
}
