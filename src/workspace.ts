// Configuration, connectors, sandbox, state and content wired together: here and nowhere else. Commands and daemon stand on it.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type ConfigProblem, type LoadInput, loadConfig } from './config/load.ts';
import type { SecretSet } from './config/secrets.ts';
import type { CycleContext, CycleMemory, OwnLook } from './cycle/context.ts';
import { type Folder, readFolder, renderOptionsOf } from './cycle/folder.ts';
import type { OwnQuestion } from './model/asked.ts';
import type { Config, TargetConfig } from './model/config.ts';
import type { JournalEntry } from './model/effect.ts';
import { asSyncError, SyncError } from './model/error.ts';
import type { EventBody, SyncEvent } from './model/event.ts';
import { fold } from './model/fold.ts';
import type { Numbers, TargetState } from './model/record.ts';
import { type ContentSource, createGitSource } from './source/git-source.ts';
import type { StateBranch } from './source/state-branch.ts';
import { readAsked } from './state/asked.ts';
import { type Disk, nodeDisk } from './state/disk.ts';
import { appendHistory, type HistoryEntry, type HistoryFound, type HistoryQuery, readHistory } from './state/history.ts';
import { acquireLock, type LockOwner, type LockState, lockState, readLock, releaseDead } from './state/lock.ts';
import { nodeProbe } from './state/process-probe.ts';
import { openScanCache } from './state/scan-cache.ts';
import { type LedgerView, listTargets, openLedger, readLedger } from './state/store.ts';
import { dropStray, readStrays } from './state/stray.ts';
import { openTests, type TestsStore } from './state/tests.ts';
import { openTexts } from './state/texts.ts';
import type { Hooks } from './transport/connect.ts';
import type { RetryPolicy } from './transport/retry.ts';
import { aloneWithTests, remembering } from './workspace/asking.ts';
import { type Bots, createBots } from './workspace/bots.ts';
import { createBranching } from './workspace/branch.ts';
import { copyOf } from './workspace/copy.ts';
import { createLease, type Lender } from './workspace/lease.ts';
import { createNaming, type Naming } from './workspace/naming.ts';
import { highestNumbers, type NumberSource, numbersFrom } from './workspace/numbers.ts';
import { createPausing, type Pausing } from './workspace/pausing.ts';
import { createRetractions, type Retractions } from './workspace/retractions.ts';
import { vendorKeys } from './workspace/vendors.ts';
import { createWebhooks, type Webhooks } from './workspace/webhooks.ts';

export interface WorkspaceInput extends Pick<LoadInput, 'readFile'> {
  readonly configFile: string | null;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** The name of this machine; by default that of the system. */
  readonly host?: string;
  /** Grows by what the configuration brings in; by default a set of its own. */
  readonly secrets?: SecretSet;
  /** Every event of every target. */
  readonly onEvent: (event: SyncEvent) => void;
  readonly now?: () => number;
  readonly random?: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly hooks?: Hooks;
  readonly retry?: Partial<RetryPolicy>;
}

export interface RunSignals {
  /** Aborted: begin nothing new and stop waiting. */
  readonly stop: AbortSignal;
  /** Aborted: drop what is in flight, too. */
  readonly kill: AbortSignal;
}

export type { Lender } from './workspace/lease.ts';

export interface Exclusive extends RunSignals {
  /** For the lock: what a person who meets it reads. */
  readonly command: string;
  readonly lockWaitMs: number;
  readonly onWait?: (holder: LockOwner | null) => void;
  /** The memory is all that is needed: no vendor is asked, and no secret is wanted. */
  readonly offline?: boolean;
  /** Others wait for this target in the same process: let them at it while this run only waits for a training. */
  readonly lender?: Lender | undefined;
}

export interface Workspace extends Pausing, Naming {
  readonly config: Config;
  readonly secrets: SecretSet;
  readonly warnings: readonly ConfigProblem[];
  readonly underCi: boolean;
  readonly now: () => number;
  /** The targets of these names, or all; USAGE for a name that is not configured. */
  targets(names: readonly string[] | null): readonly TargetConfig[];
  /** `atMs`: the moment (milliseconds since 1970) by which reviews are overdue; by default now. */
  readFolder(atMs?: number): Promise<Folder>;
  /** Where the folder is fetched from; null: from nowhere, it is the user's own. */
  readonly source: ContentSource | null;
  /** Where the state lies between runs; null: in the folder alone. Looked at by whoever opens the workspace; held by whatever writes. */
  readonly stateBranch: StateBranch | null;
  /** What decides the bytes that a target is given. Asks no vendor and wants no secret. */
  renderOptions(target: TargetConfig): Promise<ReturnType<typeof renderOptionsOf>>;
  /** Keeps what was read and rendered for the next scan. Never throws. */
  saveCache(): Promise<void>;
  /** State and what is unconfirmed, read without a lock. */
  view(target: string): Promise<LedgerView>;
  /** A pass that may write: lock held, memory live. LOCKED where another run holds the target. */
  exclusively<T>(target: TargetConfig, how: Exclusive, work: (context: CycleContext) => Promise<T>): Promise<T>;
  /** A pass that changes nothing: the memory is a copy that is thrown away. */
  readOnly<T>(target: TargetConfig, signals: RunSignals, offline: boolean, work: (context: CycleContext) => Promise<T>): Promise<T>;
  /** Who holds a target's lock, and whether that process is at work; null where nobody does. */
  lockHolder(target: string): { readonly owner: LockOwner; readonly state: LockState } | null;
  /** Removes a lock whose process is gone. */
  unlock(target: string): ReturnType<typeof releaseDead>;
  readonly retractions: Pick<Retractions, 'endEverywhere'>;
  readonly bots: Pick<Bots, 'stats' | 'connect'>;
  /** What is remembered of golden questions; reads small files. */
  tests(target: string): Pick<TestsStore, 'memory' | 'unlearning' | 'canary'>;
  /** Questions that kbsync itself asked this target since then, as hashes. */
  asked(target: string, since: string): readonly OwnQuestion[];
  history: { append(entry: HistoryEntry): Promise<void>; read(query: HistoryQuery): HistoryFound };
  /** Tells a webhook something. */
  readonly post: Webhooks['post'];
  readonly disk: Disk;
  close(): Promise<void>;
}

/** Loads the configuration and wires what it names. Sends nothing and writes nothing. */
export async function openWorkspace(input: WorkspaceInput): Promise<Workspace> {
  const loaded = await loadConfig({ ...input, file: input.configFile, vendors: vendorKeys() });
  const { config, secrets, warnings } = loaded;
  const now = input.now ?? Date.now;
  const random = input.random ?? Math.random;
  const sleep = input.sleep ?? sleepFor;
  const disk = nodeDisk();
  const host = input.host ?? nodeProbe().self.host;
  const writer = { kbsync: input.version, host };
  const { version, hooks, retry } = input;
  const bots = createBots({
    config,
    sandboxDir: join(config.stateDir, 'sandbox'),
    secrets,
    env: input.env,
    now,
    random,
    sleep,
    version,
    hooks,
    retry,
  });
  const webhooks = createWebhooks({ version, secrets, now, env: input.env });
  const underCi = (input.env['CI'] ?? '') !== '' && input.env['CI'] !== 'false';
  let cache: ReturnType<typeof openScanCache> | null = null;
  // Megabytes for a large folder: read when the folder is, and not by `status` or a hand-over.
  const theCache = () => {
    cache ??= openScanCache(join(config.stateDir, 'scan.cache'), {
      read: (path) => disk.read(path),
      write: (path, content) => disk.writeLoosely(path, content),
      mayKeep: (text) => secrets.findIn(text) === null,
    });
    return cache;
  };
  const { git = null } = config.content;
  const source = git === null ? null : createGitSource({ git, disk, env: input.env, now, secrets });
  const claims = { disk, folder: join(config.stateDir, 'numbers') };
  const note = (message: string): void => {
    const [target] = config.targets;
    if (target !== undefined) emitFor(target.name)({ kind: 'note', message });
  };
  const branching = createBranching({ config, disk, env: input.env, now, secrets, note });

  /** By target: what this process has itself seen of its bot, as against what a state says that was copied or brought along. */
  const ownLooks = new Map<string, OwnLook>();
  const ownLookOf = (target: string): OwnLook => {
    const known = ownLooks.get(target) ?? { atMs: null };
    ownLooks.set(target, known);
    return known;
  };

  const ledgerView = (target: string) => readLedger({ disk, dir: config.stateDir, target });
  const retractions = createRetractions({
    disk,
    dir: config.stateDir,
    now,
    names: config.targets.map(({ name }) => name),
    stateOf: (target) => stateIfReadable(target),
  });
  /** With the retractions that its first run takes over. */
  const view = async (target: string): Promise<LedgerView> => {
    const found = await ledgerView(target);
    const missed = await retractions.missedBy(target, found.state);
    if (missed.length === 0) return found;
    const at = new Date(now()).toISOString();
    return {
      ...found,
      state: fold(
        found.state,
        missed.map((entry) => ({ ...entry, at }) as JournalEntry),
      ).state,
    };
  };
  const lockPlace = (target: string) => ({ disk, path: join(config.stateDir, `${target}.lock`), now });
  const emitFor = (target: string) => (event: EventBody) =>
    input.onEvent({ ...event, target, at: new Date(now()).toISOString() } as SyncEvent);
  /** Of a state that cannot be read the numbers are not known either: its trouble is told when that target's turn comes. */
  const stateIfReadable = (target: string): Promise<readonly TargetState[]> =>
    ledgerView(target).then(
      ({ state }) => [state],
      (thrown: unknown) => {
        if (asSyncError(thrown).code === 'UNEXPECTED') throw thrown;
        return [];
      },
    );
  /** Read once: what others give out meanwhile, the claims tell. */
  let given: Promise<Numbers> | null = null;
  /** Only what is kept needs a number of its own: a plan claims none. */
  const theNumbers = async (readOnly: boolean): Promise<NumberSource> => {
    given ??= Promise.all(config.targets.map(({ name }) => stateIfReadable(name))).then((states) => highestNumbers(states.flat()));
    return numbersFrom(await given, readOnly ? null : claims);
  };

  async function contextFor(
    target: TargetConfig,
    signals: RunSignals,
    offline: boolean,
    memory: CycleMemory,
    how: {
      readonly guard?: (() => void) | undefined;
      readonly readOnly?: boolean;
      readonly lease?: Pick<CycleContext, 'rest' | 'wasLent'>;
    } = {},
  ): Promise<CycleContext> {
    const emit = emitFor(target.name);
    const { guard, readOnly = false } = how;
    const numbered = await theNumbers(readOnly);
    const alone = async <T>(waitMs: number, work: () => Promise<T>): Promise<T> => {
      await branching.hold({ command: 'kbsync verify', waitMs, signal: signals.stop });
      return aloneWithTests(place, target.name, { waitMs, signal: signals.stop }, work);
    };
    const connection = remembering(place, await bots.connect(target, emit, offline), target.name, emit);
    return {
      config,
      target,
      connection,
      memory: branching.memory(memory, connection, { target: target.name, readOnly }),
      texts: openTexts(disk, join(config.stateDir, 'texts', target.name)),
      tests: { ...tests(target.name), alone },
      emit,
      nowMs: now,
      host: branching.host(host),
      ownLook: ownLookOf(target.name),
      strays: { read: () => readStrays({ disk, dir: config.stateDir, target: target.name }), drop: (stray) => dropStray(disk, stray) },
      ...(guard !== undefined && { guard: branching.guarded(guard) }),
      newEffectId: () => randomBytes(8).toString('hex'),
      nextNumber: (kind) => numbered.next(kind),
      sleep,
      ...how.lease,
      stop: signals.stop,
      kill: signals.kill,
      underCi,
      knownSecrets: secrets,
      elsewhere: await containersOfOthers(target),
      knownAs: (identity) => knownAs(target.name, identity),
      ...retractions.lookingFrom(target.name, memory),
      readOnly,
    };
  }

  const place = { disk, stateDir: config.stateDir, now };
  const tests = (target: string) => openTests(disk, config.stateDir, target);
  /** What the document of the freshness check says, where there is one. */
  const canaries = () => {
    const codes = new Map<string, string>();
    for (const { name, canary } of config.targets) {
      const code = canary ? tests(name).canary().code : null;
      if (code !== null) codes.set(name, code);
    }
    return codes;
  };

  /** Another name in the state folder that remembers this very bot. A state that cannot be read is told when its own turn comes. */
  async function knownAs(name: string, identity: string): Promise<{ readonly target: string; readonly configured: boolean } | null> {
    for (const other of listTargets(disk, config.stateDir)) {
      if (other === name) continue;
      const [state] = await stateIfReadable(other);
      if (state?.identity === identity) return { target: other, configured: config.targets.some((target) => target.name === other) };
    }
    return null;
  }

  /** What other targets of the vendor name in their options or remember as their container. A state that cannot be read is that target's trouble. */
  async function containersOfOthers(target: TargetConfig): Promise<ReadonlySet<string>> {
    const others = config.targets.filter((other) => other.name !== target.name && other.vendor === target.vendor);
    const named = others.flatMap((other) => Object.values(other.options).filter((value) => typeof value === 'string'));
    const remembered = await Promise.all(
      others.map((other) =>
        view(other.name).then(
          ({ state }) => state.container,
          () => null,
        ),
      ),
    );
    return new Set([...named, ...remembered.filter((container) => container !== null)]);
  }

  return {
    config,
    secrets,
    warnings,
    underCi,
    now,
    disk,
    bots,
    retractions,
    view,
    tests,
    targets(names) {
      if (names === null || names.length === 0) return config.targets;
      return names.map((name) => {
        const found = config.targets.find((target) => target.name === name);
        if (found !== undefined) return found;
        throw new SyncError('USAGE', {
          message: `there is no target ${name}; configured: ${config.targets.map((target) => target.name).join(', ')}`,
        });
      });
    },
    source,
    stateBranch: branching.branch,
    readFolder(atMs) {
      const input = { config, cache: theCache(), nowMs: now, atMs, canaries: canaries(), secrets };
      return source === null ? readFolder(input) : source.read((at) => readFolder({ ...input, at }));
    },
    renderOptions: async (target) => renderOptionsOf(target, (await bots.connect(target, emitFor(target.name), true)).target.traits),
    // Only a cache: a folder that cannot be written costs time, nothing else.
    saveCache: async () => cache?.save().catch(() => {}),
    async exclusively(target, how, work) {
      await branching.hold({ command: how.command, waitMs: how.lockWaitMs, signal: how.stop, onWait: how.onWait });
      const open = async (waitMs: number) => {
        const { command, stop: signal, onWait } = how;
        const lock = await acquireLock({ ...lockPlace(target.name), command, waitMs, signal, ...(onWait !== undefined && { onWait }) });
        // A run that lost its lock (a machine asleep for minutes) must not write over its successor's state.
        const guard = () => lock.verify();
        try {
          const ledger = await openLedger({ disk, dir: config.stateDir, target: target.name, now, guard, writer });
          return { ledger, guard, close: () => ledger.close().finally(() => lock.release()) };
        } catch (thrown) {
          await lock.release();
          throw thrown;
        }
      };
      const lease = await createLease({ open, waitMs: how.lockWaitMs, lender: how.lender, sleep });
      try {
        const { recovered, state } = lease.ledger();
        if (recovered !== null) emitFor(target.name)({ kind: 'note', message: recovered });
        await retractions.backfill(target.name, state);
        const memory = retractions.watching(target.name, lease.memory);
        return await work(await contextFor(target, how, how.offline ?? false, memory, { guard: lease.guard, lease: lease.waiting }));
      } finally {
        await lease.close();
      }
    },
    async readOnly(target, signals, offline, work) {
      return work(await contextFor(target, signals, offline, copyOf(await view(target.name), now), { readOnly: true }));
    },
    lockHolder(target) {
      const place = lockPlace(target);
      const owner = readLock(disk, place.path);
      return owner === null ? null : { owner, state: lockState(owner, place) };
    },
    unlock: (target) => releaseDead(lockPlace(target)),
    ...branching.pausing(createPausing(place)),
    ...createNaming({ place, writer, lockPlace, retractions, hold: branching.hold }),
    asked: (target, since) => readAsked(disk, config.stateDir, target, since),
    history: {
      append: (entry) => appendHistory(disk, config.stateDir, entry),
      read: (query) => readHistory(disk, config.stateDir, query),
    },
    post: webhooks.post,
    async close() {
      webhooks.close();
      try {
        await bots.close();
      } finally {
        await branching.branch?.end();
      }
    },
  };
}

async function sleepFor(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => {});
}
