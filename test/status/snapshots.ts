// Snapshots for tests of page and server: one target, told what differs.
import type { Effect } from '../../src/model/effect.ts';
import { emptyState, type TargetState } from '../../src/model/record.ts';
import { deriveStatus } from '../../src/status/derive.ts';
import { actionNames } from '../../src/status/desk.ts';
import { inboxOf } from '../../src/status/inbox.ts';
import { type Page, type Scene, shell } from '../../src/status/shell.ts';
import type { Snapshot, TargetSnapshot } from '../../src/status/snapshot.ts';

export const nowMs = Date.UTC(2026, 10, 21, 12);

export function targetOf(
  state: Partial<TargetState> = {},
  patch: Partial<TargetSnapshot> = {},
  { name = 'site', open = [] }: { readonly name?: string; readonly open?: readonly Effect[] } = {},
): TargetSnapshot {
  const whole: TargetState = { ...emptyState(name), ...state };
  const facts = { label: 'SiteGPT', needsIds: true, findable: true, removal: null };
  return {
    status: deriveStatus({ name, vendor: 'sitegpt', state: whole, open, nowMs }),
    ledger: { state: whole, open },
    inbox: inboxOf({ target: name, state: whole, open, ...facts }),
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

/** A page's scene for somebody who may do everything, unless told otherwise. */
export function sceneOf(snapshot: Snapshot = snapshotOf(), patch: Partial<Scene> = {}): Scene {
  const standing = { kind: 'operator', csrf: 'c5rf' } as const;
  return { snapshot, standing, offered: new Set(actionNames), jobs: [], here: '/', said: null, ...patch };
}

/** What a page writes, as it is sent. */
export function written(scene: Scene, make: (scene: Scene) => Page): Promise<string> {
  return shell(scene, make(scene), 'n0nce');
}
