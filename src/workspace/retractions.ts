// The retractions of a workspace across its targets: kept in a file of their own beside the journals, and taken over by a target of which
// nothing is remembered.
import type { CycleContext, CycleMemory } from '../cycle/context.ts';
import type { DocumentId } from '../model/document.ts';
import type { EntryBody } from '../model/effect.ts';
import { asSyncError } from '../model/error.ts';
import type { Retracted, TargetState } from '../model/record.ts';
import type { Disk } from '../state/disk.ts';
import { acquireLock } from '../state/lock.ts';
import {
  appendRetractions,
  compactRetractions,
  hasRetractions,
  keptOutOf,
  lastWords,
  provenRetractions,
  type RetractionLine,
  readRetractions,
  retractionsLock,
} from '../state/retractions.ts';

export interface RetractionsPlace {
  readonly disk: Disk;
  /** The state folder. */
  readonly dir: string;
  readonly now: () => number;
  /** The targets of the configuration. */
  readonly names: readonly string[];
  /** The state of a target, none where it cannot be read. */
  readonly stateOf: (target: string) => Promise<readonly TargetState[]>;
}

export interface Retractions {
  /** What a target that was never met is to be told before it is planned; nothing for any other. STATE_DAMAGED. */
  missedBy(target: string, state: TargetState): Promise<readonly EntryBody[]>;
  /** What a cycle over a target asks: what it has missed, and whether nothing at all is remembered in this state folder. */
  lookingFrom(target: string, memory: Pick<CycleMemory, 'state'>): Required<Pick<CycleContext, 'missedRetractions' | 'forgotRetractions'>>;
  /** A live memory whose retractions are written beside it, too. */
  watching(target: string, memory: CycleMemory): CycleMemory;
  /** Writes down what only the state knows: it was made by a kbsync without this file, or the file was lost. */
  backfill(target: string, state: TargetState): Promise<void>;
  /** Ends a retraction for every target, also for those to come. STATE_UNWRITABLE. */
  endEverywhere(document: DocumentId): Promise<void>;
  /** What was said of a target is said of its new name. STATE_UNWRITABLE. */
  renamed(from: string, to: string): Promise<void>;
}

/** The retractions of one workspace. */
export function createRetractions({ disk, dir, now, names, stateOf }: RetractionsPlace): Retractions {
  const at = () => new Date(now()).toISOString();
  const lineOf = (target: string, document: DocumentId, retracted: Retracted | null): RetractionLine => {
    const targets = retracted === null ? [target] : (retracted.targets ?? null);
    return { at: at(), document, retracted, targets };
  };
  const write = (lines: readonly RetractionLine[]) => writeDown({ disk, dir, now }, lines);
  let forgotten: Promise<boolean> | null = null;
  const missedBy: Retractions['missedBy'] = async (target, state) => {
    if (state.identity !== null || !names.includes(target)) return [];
    const others = (await Promise.all(names.filter((name) => name !== target).map(stateOf))).flat();
    const kept = keptOutOf(
      target,
      provenRetractions(disk, dir),
      others.map(({ retracted }) => retracted),
    );
    return [...kept].flatMap(([document, retracted]) =>
      state.retracted[document] === undefined ? [{ kind: 'retracted' as const, document, retracted }] : [],
    );
  };
  return {
    missedBy,
    lookingFrom: (target, memory) => ({
      missedRetractions: () => missedBy(target, memory.state),
      // Asked once: by the time that a second target asks, the first one may be remembered again.
      forgotRetractions() {
        forgotten ??= hasRetractions(disk, dir)
          ? Promise.resolve(false)
          : Promise.all(names.map(stateOf)).then((states) => states.flat().every(({ identity }) => identity === null));
        return forgotten;
      },
    }),
    watching(target, memory) {
      return {
        get state() {
          return memory.state;
        },
        get open() {
          return memory.open;
        },
        get savedBy() {
          return memory.savedBy;
        },
        checkpoint: () => memory.checkpoint(),
        async append(entries) {
          await memory.append(entries);
          const told = entries.flatMap((entry) => (entry.kind === 'retracted' ? [lineOf(target, entry.document, entry.retracted)] : []));
          if (told.length === 0) return;
          const words = lastWords(readRetractions(disk, dir), target);
          // What was taken over, or is written for all by another target of the same command, stands there already.
          await write(told.filter((line) => !isSaid(line, words.get(line.document))));
        },
      };
    },
    async backfill(target, state) {
      const held = Object.entries(state.retracted);
      if (held.length === 0) return;
      const words = lastWords(readRetractions(disk, dir), target);
      const unsaid = held.filter(([document, { since }]) => {
        const word = words.get(document);
        return word === undefined || (word.retracted === null && word.at < since);
      });
      await write(unsaid.map(([document, retracted]) => lineOf(target, document, retracted)));
    },
    endEverywhere: (document) => write([{ at: at(), document, retracted: null, targets: null }]),
    async renamed(from, to) {
      const words = [...lastWords(readRetractions(disk, dir), from).values()];
      await write(words.flatMap((word) => (word.targets === null ? [] : [{ ...word, targets: [to] }])));
    },
  };
}

/** Longer than any compaction takes. */
const patienceMs = 10_000;

/** Appends, and compacts where it is due, alone. Whoever cannot have it alone appends all the same: a decision to keep a page out is never lost. */
async function writeDown(
  { disk, dir, now }: Pick<RetractionsPlace, 'disk' | 'dir' | 'now'>,
  lines: readonly RetractionLine[],
): Promise<void> {
  if (lines.length === 0) return;
  const request = { disk, path: retractionsLock(dir), now, command: 'kbsync retract', waitMs: patienceMs };
  const lock = await acquireLock(request).catch((thrown: unknown) => {
    if (asSyncError(thrown).code === 'LOCKED') return null;
    throw thrown;
  });
  try {
    await appendRetractions(disk, dir, lines);
    if (lock !== null) await compactRetractions(disk, dir);
  } finally {
    await lock?.release();
  }
}

function isSaid({ retracted, targets }: RetractionLine, word: RetractionLine | undefined): boolean {
  if (word === undefined) return false;
  if (retracted === null || word.retracted === null) return retracted === word.retracted;
  const { file, body = null } = word.retracted;
  return file === retracted.file && body === (retracted.body ?? null) && (targets !== null || word.targets === null);
}
