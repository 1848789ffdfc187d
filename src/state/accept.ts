// A hand-edited snapshot taken at its word: the way out for a person who knows. Everything but the checksum is held against what the engine rests on.
import { SyncError } from '../model/error.ts';
import { readJournal } from './journal.ts';
import { ledgerPaths, replay } from './recovery.ts';
import { decodeEdited, decodeSnapshot, encodeSnapshot, unknownWriter } from './snapshot.ts';
import { type LedgerInput, listTargets, noSuchState } from './store.ts';

/**
 * Takes a snapshot that a person has edited at its word, and gives it its checksum anew; the caller holds the lock. 'as-it-was': nobody has edited
 * it. STATE_DAMAGED names what it says that cannot be; STATE_NEWER.
 */
export async function acceptEdited(input: LedgerInput): Promise<'accepted' | 'as-it-was'> {
  const { disk, dir, target, guard } = input;
  const paths = ledgerPaths(dir, target);
  const text = disk.read(paths.snapshot)?.toString('utf8');
  if (text === undefined) throw noSuchState(target, listTargets(disk, dir), 'kbsync status');
  if (isAsWritten(text, paths.snapshot, target)) return 'as-it-was';
  const snapshot = decodeEdited(text, paths.snapshot, target);
  // What the journal goes on with is folded over it from now on: the two must be of one moment still.
  replay(input, { snapshot, source: 'current', recovered: null, damage: null }, readJournal(disk, paths.journal));
  guard?.();
  const state = { ...snapshot.state, serial: snapshot.state.serial + 1 };
  await disk.replace(paths.snapshot, encodeSnapshot({ ...snapshot, savedBy: input.writer ?? unknownWriter, state }));
  return 'accepted';
}

function isAsWritten(text: string, file: string, target: string): boolean {
  try {
    decodeSnapshot(text, file, target);
    return true;
  } catch (error) {
    if (error instanceof SyncError && error.data['edited'] === true) return false;
    throw error;
  }
}
