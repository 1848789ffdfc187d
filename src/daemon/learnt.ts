// What a pass has seen to be learnt, as a line of the history: how many documents the bot knows now, and how long each took from save to trained.
// A document's save is its file's own time, where that lies within the time that this daemon watches: what was saved before waited for nobody.
import { join } from 'node:path';
import { withoutCanary } from '../model/canary.ts';
import type { Timestamp } from '../model/json.ts';
import type { TargetState, TrainingState } from '../model/record.ts';
import type { HistoryEntry } from '../state/history.ts';

export interface Learnt {
  readonly path: string;
  readonly pushedAt: Timestamp | null;
  readonly trainedAt: Timestamp;
}

/** Documents of which one line gives the seconds. */
const mostSeconds = 200;

/** Documents of the folder that have come to be trained since then. */
export function learntSince(state: TargetState, at: Timestamp): readonly Learnt[] {
  const { records } = withoutCanary(state);
  const found: Learnt[] = [];
  for (const { path, pushedAt, trainedAt, training } of Object.values(records))
    if (training === 'trained' && trainedAt !== null && trainedAt >= at) found.push({ path, pushedAt, trainedAt });
  return found;
}

export interface LearntFacts {
  readonly target: string;
  readonly vendor: string;
  readonly at: Timestamp;
  readonly training: { readonly [state in TrainingState]: number };
  /** Of the content. */
  readonly root: string;
  /** When a file was last written, in milliseconds since 1970; null: it is not there. */
  readonly modifiedMs: (file: string) => number | null;
  /** Since when the folder is watched, in milliseconds since 1970. */
  readonly sinceMs: number;
}

/** The line; null where nothing was learnt. */
export function learntEntry(learnt: readonly Learnt[], facts: LearntFacts): HistoryEntry | null {
  if (learnt.length === 0) return null;
  const { target, vendor, at, training, root, modifiedMs, sinceMs } = facts;
  const seconds = learnt.slice(0, mostSeconds).flatMap(({ path, pushedAt, trainedAt }) => {
    const savedMs = modifiedMs(join(root, path));
    // Saved again since it was sent: that save is not learnt yet.
    if (savedMs === null || savedMs < sinceMs || pushedAt === null || savedMs > Date.parse(pushedAt)) return [];
    return [Math.round((Date.parse(trainedAt) - savedMs) / 100) / 10];
  });
  const documents = Object.values(training).reduce((sum, count) => sum + count, 0);
  return { at, kind: 'learnt', target, vendor, learnt: learnt.length, trained: training.trained, documents, seconds };
}
