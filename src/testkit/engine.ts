// The whole engine over a folder in memory, any target and any disk: what crash and cycle tests and level 9 of the contract run on. No real files.
import type { Target } from '../connectors/connector.ts';
import type { Scan } from '../content/scan.ts';
import { type CycleContext, type CycleTexts, everything, noPasses, type Passes, type SyncOptions } from '../cycle/context.ts';
import type { Folder } from '../cycle/folder.ts';
import { syncTarget } from '../cycle.ts';
import type { Config, TargetConfig } from '../model/config.ts';
import type { Document } from '../model/document.ts';
import { fingerprint } from '../model/json.ts';
import { numbersWith } from '../model/record.ts';
import type { TargetReport } from '../model/report.ts';
import type { GivenText } from '../push/context.ts';
import type { Disk } from '../state/disk.ts';
import { type Ledger, openLedger } from '../state/store.ts';

export type Files = Readonly<Record<string, string>>;

/** A complete scan of files held in memory: every file one article, its text the body. */
export function folderOf(files: Files, patch: Partial<Scan> = {}): Folder {
  const documents = Object.entries(files).map(
    ([path, text]): Document => ({
      kind: 'article',
      id: path,
      path,
      title: path,
      url: null,
      attributes: {},
      distribution: { targets: null, audience: null, draft: false, publishAt: null, expiresAt: null, reviewBy: null },
      tests: [],
      body: fingerprint(text),
    }),
  );
  const scan: Scan = {
    documents,
    problems: [],
    complete: true,
    incompleteWhy: null,
    rootMissing: false,
    files: documents.length,
    filesRead: documents.length,
    inScope: () => true,
    blockedPaths: new Map(),
    presentPaths: new Set(Object.keys(files)),
    text: (document) => files[document.path] ?? '',
    digest: (path) => (files[path] === undefined ? null : fingerprint(files[path])),
    ...patch,
  };
  return { scan, commit: 'c0ffee', prefix: '', commitOf: () => 'c0ffee', cache: null };
}

export const targetConfig: TargetConfig = {
  name: 'bot',
  vendor: 'memory',
  sandbox: false,
  baseUrl: null,
  audience: null,
  include: ['**'],
  format: 'markdown',
  maxDocumentBytes: null,
  split: 'size',
  rate: { perMinute: null, perHour: null, concurrency: null },
  poll: { firstMs: null, maxMs: null },
  settleMs: null,
  minIntervalMs: null,
  trainTimeoutMs: 1_800_000,
  onUpdate: 'default',
  onUnconfirmed: 'default',
  required: true,
  after: null,
  paused: false,
  canary: false,
  paths: {},
  options: {},
  missing: [],
  line: 1,
};

const config = {
  file: '/nowhere/sync.config.yaml',
  name: 'docs',
  schedule: { timezone: 'UTC', rescan: null, training: null, drift: '17 3 * * *', verify: null },
  safety: { maxDelete: { share: 0.1, count: 50, floor: 5 }, maxUpdate: { share: 0.5, floor: 20 } },
} as unknown as Config;

export interface EngineInput {
  readonly target: Target;
  readonly disk: Disk;
  readonly files: Files;
  readonly folder?: Folder;
  readonly passes?: Partial<Passes>;
  readonly options?: Partial<SyncOptions>;
  readonly targetPatch?: Partial<TargetConfig>;
  /** Kept apart from the disk, or (openTexts) on it. */
  readonly texts?: Map<string, GivenText> | CycleTexts;
  readonly clock?: { nowMs: number };
  /** What happens meanwhile, whenever the engine waits; the clock has gone on by then. */
  readonly onSleep?: () => Promise<void>;
  /** Whether others were at the target while this run waited for its training. */
  readonly lent?: boolean;
  readonly id?: () => string;
  readonly stop?: AbortSignal;
  /** The machine that runs it. */
  readonly host?: string;
}

/** One `sync` of one target over the given disk; opens and closes the ledger as a process would. */
export async function runSync(input: EngineInput): Promise<TargetReport> {
  const clock = input.clock ?? { nowMs: Date.UTC(2026, 10, 21) };
  const ledger: Ledger = await openLedger({
    disk: input.disk,
    dir: '/state',
    target: 'bot',
    now: () => clock.nowMs,
    writer: { kbsync: '0.0.0', host: input.host ?? 'here' },
  });
  const context = contextOf(input, ledger, clock);
  const options: SyncOptions = {
    passes: { ...noPasses, initial: true, ...input.passes },
    only: everything,
    offline: false,
    waitMs: null,
    trainOnly: false,
    ...input.options,
  };
  const report = await syncTarget(context, input.folder ?? folderOf(input.files), options);
  await ledger.close();
  return report;
}

function contextOf(input: EngineInput, ledger: Ledger, clock: { nowMs: number }): CycleContext {
  const texts = textsOf(input.texts ?? new Map());
  const numbers = { ...numbersWith(ledger.state.numbers, []) };
  return {
    config,
    target: { ...targetConfig, ...input.targetPatch },
    connection: {
      target: input.target,
      vendorLabel: 'Memory',
      concurrency: 1,
      rate: { perMinute: null, concurrency: 1 },
      requests: () => ({ read: 0, write: 0 }),
    },
    memory: ledger,
    texts,
    emit: () => {},
    nowMs: () => clock.nowMs,
    host: input.host ?? 'here',
    ownLook: { atMs: null },
    newEffectId: input.id ?? idsFrom(1),
    nextNumber: (kind) => `${kind}${++numbers[kind]}`,
    sleep: async (ms) => {
      clock.nowMs += ms;
      await input.onSleep?.();
    },
    wasLent: () => input.lent === true,
    stop: input.stop ?? new AbortController().signal,
    kill: new AbortController().signal,
    underCi: false,
    elsewhere: new Set(),
  };
}

function textsOf(texts: Map<string, GivenText> | CycleTexts): CycleTexts {
  if (!(texts instanceof Map)) return texts;
  return { put: (key, given) => void texts.set(key, given), get: (key) => texts.get(key) ?? null, sweep: () => {} };
}

/** Effect ids in order, for tests that need them reproducible and never used twice across restarts. */
export function idsFrom(start: number): () => string {
  let next = start;
  return () => (next++).toString(16).padStart(16, '0');
}
