// The retractions of a workspace across its targets: kept in a file of their own beside the journals, and taken over by a target of which
// nothing is remembered.
import type { CycleMemory } from '../cycle/context.ts';
import type { DocumentId } from '../model/document.ts';
import type { EntryBody } from '../model/effect.ts';
import type { Retracted, TargetState } from '../model/record.ts';
import type { Disk } from '../state/disk.ts';
import { appendRetractions, keptOutOf, lastWords, provenRetractions, type RetractionLine, readRetractions } from '../state/retractions.ts';

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
  return {
    async missedBy(target, state) {
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
    },
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
          await appendRetractions(
            disk,
            dir,
            told.filter((line) => !isSaid(line, words.get(line.document))),
          );
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
      await appendRetractions(
        disk,
        dir,
        unsaid.map(([document, retracted]) => lineOf(target, document, retracted)),
      );
    },
    endEverywhere: (document) => appendRetractions(disk, dir, [{ at: at(), document, retracted: null, targets: null }]),
    async renamed(from, to) {
      const words = [...lastWords(readRetractions(disk, dir), from).values()];
      await appendRetractions(
        disk,
        dir,
        words.flatMap((word) => (word.targets === null ? [] : [{ ...word, targets: [to] }])),
      );
    },
  };
}

function isSaid({ retracted, targets }: RetractionLine, word: RetractionLine | undefined): boolean {
  if (word === undefined) return false;
  if (retracted === null || word.retracted === null) return retracted === word.retracted;
  const { file, body = null } = word.retracted;
  return file === retracted.file && body === (retracted.body ?? null) && (targets !== null || word.targets === null);
}
