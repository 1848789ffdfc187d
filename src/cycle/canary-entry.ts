// What a freshness check came to, as the line of the history that `kbsync history` reads. Pure.
import { type CanaryCheck, canaryWords } from '../model/canary.ts';
import type { HistoryEntry } from '../state/history.ts';

/** The line of one check. `words`: the same for people. */
export function canaryEntry(target: string, check: CanaryCheck, command: string): HistoryEntry {
  return { ...check, kind: 'canary', target, command, words: canaryWords(check) };
}
