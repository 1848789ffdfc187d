// The real workspace in a temporary folder against emulators over real HTTP, with one clock for both sides: what whole-engine tests run on.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type DriftRequest, driftTarget } from '../../src/cli/drift.ts';
import { codesOfDrift, type DriftReport } from '../../src/cli/drift-report.ts';
import { codesOf, strongest } from '../../src/cli/exit.ts';
import { failedReport } from '../../src/cli/failed-report.ts';
import type { Call, ItemTarget } from '../../src/connectors/connector.ts';
import type { EmulatedItem, Emulator } from '../../src/connectors/emulator.ts';
import { resolveEmulator } from '../../src/connectors/registry.ts';
import { type Adoption, adoptAt, type FoundItems } from '../../src/cycle/adopt-target.ts';
import { type CycleContext, everything, noPasses, type Passes, type SyncOptions } from '../../src/cycle/context.ts';
import { type Planned, planTarget } from '../../src/cycle/plan-target.ts';
import { syncTarget } from '../../src/cycle.ts';
import { asSyncError } from '../../src/model/error.ts';
import type { SyncEvent } from '../../src/model/event.ts';
import type { TargetReport } from '../../src/model/report.ts';
import { createKnowledge } from '../../src/sandbox/retrieval.ts';
import { type Served, serveEmulators } from '../../src/sandbox/serve.ts';
import { memoryStore } from '../../src/sandbox/store.ts';
import type { LedgerView } from '../../src/state/store.ts';
import { type Clock, settableClock } from '../../src/testkit/clock.ts';
import type { Hooks } from '../../src/transport/connect.ts';
import { openWorkspace, type Workspace } from '../../src/workspace.ts';
import { seeded } from './emulator-tools.ts';
import { holdsPlanted, planted } from './planted.ts';

/** The one that the whole test run is searched for. */
export const secret = planted;

/** How each vendor's one target of these tests is configured; behind a `+` another flavour of the same vendor. */
const targets: Readonly<Record<string, string>> = {
  chatthing: `channelId: bot-1, secretKey: "${secret}"`,
  sitegpt: `chatbotId: bot-1, token: "${secret}"`,
  'sitegpt+v0': `chatbotId: bot-1, apiVersion: v0, apiKey: "${secret}", takeOver: true`,
  cxgenie: `botId: bot-1, workspaceToken: "${secret}"`,
  'cxgenie+append': `botId: bot-1, workspaceToken: "${secret}", onUpdate: append`,
  replycx: `knowledgeBaseId: bot-1, token: "${secret}"`,
  'replycx+full': `knowledgeBaseId: bot-1, token: "${secret}", features: { delete: true, list: true }`,
  koreai: `botId: bot-1, clientId: cs-bot-1, clientSecret: "${secret}", lagMs: 3s`,
};

export interface World {
  readonly vendor: string;
  readonly dir: string;
  readonly clock: Clock;
  readonly served: Served;
  readonly emulator: Emulator;
  readonly events: SyncEvent[];
  write(files: Readonly<Record<string, string | Uint8Array | null>>): void;
  configure(patch: { key?: string; baseUrl?: string; extra?: string; content?: string; rules?: string; withoutId?: boolean }): void;
  sync(
    patch?: Partial<Omit<SyncOptions, 'passes'>> & {
      passes?: Partial<Passes>;
      hooks?: Hooks;
      stop?: AbortSignal;
      env?: Record<string, string>;
    },
  ): Promise<Synced>;
  plan(): Promise<Planned>;
  /** `kbsync drift` of the one target: its report, and the exit code that it earns. */
  drift(request?: Partial<DriftRequest>): Promise<DriftReport & { readonly exitCode: number }>;
  /** Calls the vendor's API as somebody else would who holds the key: nothing of it is known to kbsync. */
  behind<T>(work: (target: ItemTarget, call: Call) => Promise<T>): Promise<T>;
  /** Holds the target's lock while it works, with its memory. */
  holding<T>(work: (context: CycleContext) => Promise<T>): Promise<T>;
  /** From now on it all happens on a machine of this name; 'here' at first. */
  moveTo(host: string): void;
  /** The workspace as a command opens it. Close it. */
  open(hooks?: Hooks): Promise<Workspace>;
  /** Throws what adopt refuses. */
  adopt(patch?: { dryRun?: boolean; save?: (found: FoundItems) => Promise<void>; stop?: AbortSignal }): Promise<Adoption>;
  view(): Promise<LedgerView>;
  /** What the bot holds that kbsync made or a person planted, by name. */
  items(): readonly EmulatedItem[];
  writesOnWire(): number;
  close(): Promise<void>;
}

export interface Synced extends TargetReport {
  readonly exitCode: number;
}

/** A folder, a configuration and one bot of this vendor. Close it. */
export async function world(flavour: string, settings: object = {}, ids = 1): Promise<World> {
  const vendor = flavour.replace(/\+.*$/, '');
  const dir = mkdtempSync(join(tmpdir(), 'kbsync-bots-'));
  const clock = settableClock();
  const spec = await resolveEmulator(vendor);
  const brains = new Map<string, ReturnType<typeof createKnowledge>>();
  const knowledge = (bot: string) => {
    const known = brains.get(bot) ?? createKnowledge();
    brains.set(bot, known);
    return known;
  };
  const emulator = spec.create({ store: memoryStore(), now: clock.now, random: seeded(ids), knowledge }, { ...spec.defaults, ...settings });
  emulator.provision({ id: 'bot-1', secret });
  const served = await serveEmulators({ emulators: [{ spec, emulator }], port: 0 });
  const events: SyncEvent[] = [];
  const configFile = join(dir, 'sync.config.yaml');
  let host = 'here';

  const configure: World['configure'] = ({
    key = secret,
    baseUrl = served.origin,
    extra = '',
    content = '{ root: ./content }',
    rules = '[]',
    withoutId = false,
  }) => {
    const all = (targets[flavour] ?? '').replace(secret, key);
    const options = withoutId ? all.replace(/^\w+: bot-1, /, '') : all;
    writeFileSync(
      configFile,
      `version: 1\nname: docs\ncontent: ${content}\nrules: ${rules}\ntargets:\n  - { name: bot, vendor: ${vendor}, baseUrl: "${baseUrl}", ${options}, rate: { perMinute: 60000, concurrency: 2 }, ${extra} }\n`,
    );
  };
  const open = (hooks?: Hooks, env: Record<string, string> = {}) =>
    openWorkspace({
      configFile,
      cwd: dir,
      env,
      version: '0.0.0',
      host,
      onEvent: (event) => events.push(event),
      now: clock.now,
      random: seeded(3),
      sleep: clock.sleep,
      ...(hooks !== undefined && { hooks }),
    });

  mkdirSync(join(dir, 'content'));
  configure({});
  return {
    vendor,
    dir,
    clock,
    served,
    emulator,
    events,
    open,
    configure,
    moveTo(name) {
      host = name;
    },
    write(files) {
      for (const [path, text] of Object.entries(files)) {
        const file = join(dir, 'content', path);
        mkdirSync(dirname(file), { recursive: true });
        if (text === null) rmSync(file);
        else writeFileSync(file, text);
      }
    },
    async sync({ hooks, stop, env, passes, ...patch } = {}) {
      const workspace = await open(hooks, env);
      const signals = { stop: stop ?? new AbortController().signal, kill: new AbortController().signal };
      const [target] = workspace.targets(null);
      if (target === undefined) throw new Error('one target is configured');
      const options: SyncOptions = {
        passes: { ...noPasses, ...passes },
        only: everything,
        offline: false,
        waitMs: null,
        trainOnly: false,
        ...patch,
      };
      try {
        const folder = await workspace.readFolder();
        const how = { command: 'test', lockWaitMs: 0, ...signals };
        const report = await workspace.exclusively(target, how, (context) => syncTarget(context, folder, options));
        await workspace.saveCache();
        if (holdsPlanted(JSON.stringify(report))) throw new Error(`the planted secret is in a report: ${JSON.stringify(report)}`);
        return { ...report, exitCode: strongest(codesOf(report)) };
      } catch (thrown) {
        const error = asSyncError(thrown);
        if (error.code === 'UNEXPECTED') throw thrown;
        const report = failedReport(target, error);
        return { ...report, exitCode: strongest(codesOf(report)) };
      } finally {
        await workspace.close();
      }
    },
    async plan() {
      const workspace = await open();
      const [target] = workspace.targets(null);
      if (target === undefined) throw new Error('one target is configured');
      const signals = { stop: new AbortController().signal, kill: new AbortController().signal };
      const folder = await workspace.readFolder();
      const options = { passes: noPasses, only: everything, offline: false };
      const planned = await workspace.readOnly(target, signals, false, (context) => planTarget(context, folder, options));
      await workspace.close();
      return planned;
    },
    async drift(patch = {}) {
      const workspace = await open();
      const [target] = workspace.targets(null);
      if (target === undefined) throw new Error('one target is configured');
      const request = { share: 1, repair: false, prune: false, yes: false, allowForeign: false, ...patch };
      const all: DriftRequest = { allowUpdates: null, allowDeletes: null, lockWaitMs: 0, ...request };
      const signals = { stop: new AbortController().signal, kill: new AbortController().signal };
      try {
        const report = await driftTarget({ workspace, target, folder: () => workspace.readFolder(), request: all, ...signals });
        return { ...report, exitCode: strongest(codesOfDrift(report, all)) };
      } finally {
        await workspace.close();
      }
    },
    async behind(work) {
      const workspace = await open();
      const [config] = workspace.targets(null);
      if (config === undefined) throw new Error('one target is configured');
      const signals = { stop: new AbortController().signal, kill: new AbortController().signal };
      try {
        return await workspace.readOnly(config, signals, false, ({ connection: { target }, memory }) => {
          if (!('create' in target)) throw new Error('it takes one text');
          return work(target, { signal: signals.kill, workspace: 'docs', container: memory.state.container });
        });
      } finally {
        await workspace.close();
      }
    },
    async holding(work) {
      const workspace = await open();
      const [config] = workspace.targets(null);
      if (config === undefined) throw new Error('one target is configured');
      const signals = { stop: new AbortController().signal, kill: new AbortController().signal };
      try {
        return await workspace.exclusively(config, { command: 'test', lockWaitMs: 0, ...signals }, work);
      } finally {
        await workspace.close();
      }
    },
    async adopt({ dryRun = false, save, stop } = {}) {
      const workspace = await open();
      const signals = { stop: stop ?? new AbortController().signal, kill: new AbortController().signal };
      try {
        const [target] = workspace.targets(null);
        if (target === undefined) throw new Error('one target is configured');
        const folder = await workspace.readFolder();
        const options = { save: save ?? null };
        return dryRun
          ? await workspace.readOnly(target, signals, false, (context) => adoptAt(context, folder, options))
          : await workspace.exclusively(target, { command: 'test', lockWaitMs: 0, ...signals }, (context) =>
              adoptAt(context, folder, options),
            );
      } finally {
        await workspace.close();
      }
    },
    async view() {
      const workspace = await open();
      const view = await workspace.view('bot');
      await workspace.close();
      return view;
    },
    items: () => emulator.inspect('bot-1'),
    writesOnWire: () => events.filter((event) => event.kind === 'request' && event.intent === 'write').length,
    async close() {
      await served.close();
      const told = events.find((event) => holdsPlanted(JSON.stringify(event)));
      if (told !== undefined) throw new Error(`the planted secret is in an event: ${JSON.stringify(told)}`);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
