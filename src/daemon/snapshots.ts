// Engine → snapshot for page, API and metrics. Reading a large state costs something, so it is read again only when it may have changed.

import type { CycleContext } from '../cycle/context.ts';
import type { Folder } from '../cycle/folder.ts';
import type { TargetConfig } from '../model/config.ts';
import { asSyncError, type ErrorRecord } from '../model/error.ts';
import type { WebhookView } from '../model/notice.ts';
import type { TargetState } from '../model/record.ts';
import { emptyState } from '../model/record.ts';
import { deriveStatus, type TargetStatus } from '../status/derive.ts';
import { type InboxInput, inboxOf } from '../status/inbox.ts';
import type { FolderDocument, Snapshot, TargetSnapshot } from '../status/snapshot.ts';
import type { Workspace } from '../workspace.ts';
import type { Engine } from './engine.ts';
import type { LoopView } from './loop.ts';

interface Read {
  readonly status: TargetStatus;
  readonly state: Pick<TargetState, 'todos' | 'doubts'>;
  /** Null where the memory cannot be read. */
  readonly found: Pick<TargetSnapshot, 'ledger' | 'inbox' | 'asked'> | null;
  readonly error: ErrorRecord | null;
}

/** What the inbox wants to know of a target beyond its memory. */
export type InboxFacts = Pick<InboxInput, 'label' | 'needsIds' | 'findable' | 'after' | 'removal'>;

export interface Snapshots {
  take(): Promise<Snapshot>;
  /** The state of this target, or of all, has changed. */
  forget(target?: string): void;
}

export interface SnapshotsInput {
  readonly engine: () => Engine;
  readonly version: string;
  /** Left out: none. */
  readonly webhooks?: () => readonly WebhookView[];
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
  /** Left out: nobody looks into the inbox. */
  readonly facts?: ((context: CycleContext) => InboxFacts) | undefined;
}

/** All states are taken for the present for twenty times as long as reading them took: a twentieth of a core at most goes into looking. */
const restFactor = 20;

/** Snapshots of whatever engine is running. */
export function createSnapshots({ engine, version, monotonic, webhooks = () => [], facts }: SnapshotsInput): Snapshots {
  /** They change with the configuration alone. */
  const factsKnown = new WeakMap<Workspace, Map<string, Promise<InboxFacts>>>();
  const known = new Map<string, { readonly read: Promise<Read>; until: number }>();

  // Reading a memory of thirty thousand documents computes for a second: each starts in a turn of its own, so that probes, pushes and other
  // readers wait for one at most.
  let turn: Promise<void> = Promise.resolve();
  const afterOthers = (): Promise<void> => {
    turn = turn.then(() => new Promise((resolve) => setImmediate(resolve)));
    return turn;
  };
  const readOf = (target: TargetConfig): Promise<Read> => {
    const { name } = target;
    const before = known.get(name);
    if (before !== undefined && monotonic() < before.until) return before.read;
    const current = engine();
    const restTimes = restFactor * current.targets.length;
    let began = monotonic();
    const read = afterOthers().then(() => {
      began = monotonic();
      return readTarget(current, target, factsOf);
    });
    const entry = { read, until: Number.POSITIVE_INFINITY };
    known.set(name, entry);
    const done = (): void => {
      entry.until = monotonic() + (monotonic() - began) * restTimes;
    };
    read.then(done, done);
    return read;
  };
  const factsOf: FactsOf = ({ workspace }, name) => {
    const [target] = workspace.targets([name]);
    if (facts === undefined || target === undefined) return Promise.resolve(null);
    const ofWorkspace = factsKnown.get(workspace) ?? new Map<string, Promise<InboxFacts>>();
    factsKnown.set(workspace, ofWorkspace);
    const signal = new AbortController().signal;
    const read =
      ofWorkspace.get(name) ?? workspace.readOnly(target, { stop: signal, kill: signal }, true, async (context) => facts(context));
    ofWorkspace.set(name, read);
    read.catch(() => ofWorkspace.delete(name));
    return read;
  };
  /** A list of thousands is made once a scan. */
  const listed = new WeakMap<Folder, readonly FolderDocument[]>();
  const documentsOf = (folder: Folder): readonly FolderDocument[] => {
    const { documents, shownPaths } = folder.scan;
    const made = listed.get(folder) ?? documents.map(({ id, path, title }) => ({ id, path: shownPaths?.get(path) ?? path, title }));
    listed.set(folder, made);
    return made;
  };
  return {
    async take() {
      const current = engine();
      const { config } = current.workspace;
      const nowMs = current.workspace.now();
      const folder = current.folder.latest();
      const targets = await Promise.all(
        current.targets.map(async (target): Promise<TargetSnapshot> => {
          // First what the loop is at: a state read after "watching" is at least as new as that.
          const view = current.loops.get(target.name)?.view() ?? null;
          const { status, state, found, error } = await readOf(target);
          const pausedWhy = current.pausedWhy(target);
          const breaker = current.workspace.bots.stats(target.name)?.breaker;
          return {
            status,
            todos: state.todos,
            doubts: state.doubts,
            doing: pausedWhy ?? doingOf(view, current.doing(target.name)),
            paused: pausedWhy !== null,
            resumable: pausedWhy !== null && !target.paused,
            nextRun: pausedWhy === null ? nextRunOf(current, view, nowMs) : null,
            error: error ?? view?.error ?? null,
            breakerOpen: breaker === undefined ? null : breaker !== 'closed',
            ...found,
          };
        }),
      );
      return {
        workspace: config.name,
        version,
        nowMs,
        commit: folder?.commit ?? null,
        problems: current.problems(),
        folderTrouble: current.folderTrouble(),
        source: current.source(),
        targets,
        webhooks: webhooks(),
        schedule: current.schedule().map(({ name, at }) => ({ name, at: at.toISOString() })),
        ...(folder !== null && { documents: documentsOf(folder) }),
      };
    },
    forget(target) {
      if (target === undefined) known.clear();
      else known.delete(target);
    },
  };
}

type FactsOf = (engine: Engine, name: string) => Promise<InboxFacts | null>;

async function readTarget(engine: Engine, { name, vendor, canary: hasCanary }: TargetConfig, factsOf: FactsOf): Promise<Read> {
  const { workspace } = engine;
  const nowMs = workspace.now();
  try {
    const { state, open } = await workspace.view(name);
    const remembered = workspace.tests(name);
    const [tests, canary] = [remembered.memory(), hasCanary ? remembered.canary() : null];
    const facts = await factsOf(engine, name);
    const inbox = facts === null ? null : inboxOf({ target: name, state, open, ...facts });
    const found = { ledger: { state, open }, asked: Object.values(tests.results), ...(inbox !== null && { inbox }) };
    return { status: deriveStatus({ name, vendor, state, open, nowMs, tests, canary }), state, found, error: null };
  } catch (thrown) {
    const state = emptyState(name);
    return { status: deriveStatus({ name, vendor, state, open: [], nowMs }), state, found: null, error: asSyncError(thrown).record() };
  }
}

/** Its own next look, or the next tick of the rescan, whichever comes first. */
function nextRunOf(engine: Engine, view: LoopView | null, nowMs: number): string | null {
  if (view === null) return null;
  const rescan = engine
    .schedule()
    .find(({ name }) => name === 'rescan')
    ?.at.getTime();
  const own = view.running !== null ? nowMs : view.next === null ? undefined : nowMs + view.next.inMs;
  const times = [rescan, own].filter((time) => time !== undefined);
  return times.length === 0 ? null : new Date(Math.min(...times)).toISOString();
}

function doingOf(view: LoopView | null, phase: string | null): string {
  if (view === null) return 'paused in the configuration';
  if (!view.alive) return 'stopped';
  if (view.held) return 'a command handed to the daemon is at work';
  if (view.running === 'train') return 'asking how training goes';
  if (view.running === 'drift') return phase === null || phase === 'idle' ? 'comparing with what the vendor holds' : phase;
  if (view.running === 'verify') return phase === null || phase === 'idle' ? 'asking golden questions' : phase;
  if (view.running === 'canary') return 'looking how fresh the answers are';
  if (view.running === 'sync') return phase === null || phase === 'idle' ? 'looking at the folder' : phase;
  if (view.gated !== null) return `waiting for ${view.gated}`;
  if (view.next === null) return 'watching';
  switch (view.next.waiting) {
    case 'interval':
      return 'changes wait for minInterval';
    case 'back-off':
      return `failed ${view.failures === 1 ? 'once' : `${view.failures} times`}, trying again later`;
    case 'locked':
      return 'another run holds it, trying again';
    case 'refused':
      return 'refused: tried again once an hour, or when asked to';
    case null:
      return nextWords[view.next.kind];
  }
}

const nextWords = {
  train: 'waiting for training',
  sync: 'about to sync',
  drift: 'about to compare with what the vendor holds',
  verify: 'about to ask golden questions',
  canary: 'watching',
} as const;
