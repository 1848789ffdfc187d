// Snapshots for tests of page and server: one target, told what differs.
import { emptyState, type TargetState } from '../../src/model/record.ts';
import { deriveStatus } from '../../src/status/derive.ts';
import type { Snapshot, TargetSnapshot } from '../../src/status/snapshot.ts';

export const nowMs = Date.UTC(2026, 10, 21, 12);

export function targetOf(state: Partial<TargetState> = {}, patch: Partial<TargetSnapshot> = {}): TargetSnapshot {
  const whole: TargetState = { ...emptyState('site'), ...state };
  return {
    status: deriveStatus({ name: 'site', vendor: 'sitegpt', state: whole, open: [], nowMs }),
    todos: whole.todos,
    doubts: whole.doubts,
    doing: 'watching',
    nextRun: new Date(nowMs + 300_000).toISOString(),
    error: null,
    breakerOpen: false,
    ...patch,
  };
}

export function snapshotOf(targets: readonly TargetSnapshot[] = [targetOf()], patch: Partial<Snapshot> = {}): Snapshot {
  const schedule = [{ name: 'rescan', at: new Date(nowMs + 60_000).toISOString() }];
  return {
    workspace: 'docs',
    version: '1.2.3',
    nowMs,
    commit: 'c0ffee0ddf00d',
    problems: [],
    folderTrouble: null,
    targets,
    schedule,
    ...patch,
  };
}

/** A record of one item. */
export function recordOf(patch: object = {}): TargetState['records'][string] {
  return {
    path: 'a.md',
    title: 'A',
    url: null,
    body: null,
    items: [
      {
        part: '',
        remoteId: 'doc_1',
        mark: 'm',
        fingerprint: 'ffff',
        training: 'trained',
        acceptedAt: '2026-11-21T00:00:00.000Z',
        commit: null,
        effect: null,
      },
    ],
    pushed: 'ffffffffff',
    trained: 'ffffffffff',
    training: 'trained',
    pushedCommit: null,
    trainedCommit: null,
    pushedAt: null,
    trainedAt: null,
    origin: 'created',
    error: null,
    refused: null,
    ...patch,
  } as TargetState['records'][string];
}
