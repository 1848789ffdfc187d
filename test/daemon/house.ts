// A whole daemon in a temporary folder against emulators over real HTTP: one Chat Thing bot and one SiteGPT bot that train in no time.
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pageWork } from '../../src/cli/page-work.ts';
import { runHanded } from '../../src/cli/watch.ts';
import { createSecretSet } from '../../src/config/secrets.ts';
import type { EmulatedItem, Emulator } from '../../src/connectors/emulator.ts';
import { resolveEmulator } from '../../src/connectors/registry.ts';
import { type Daemon, type DaemonInput, startDaemon } from '../../src/daemon/daemon.ts';
import type { SyncEvent } from '../../src/model/event.ts';
import { createKnowledge } from '../../src/sandbox/retrieval.ts';
import { type Served, serveEmulators } from '../../src/sandbox/serve.ts';
import { memoryStore } from '../../src/sandbox/store.ts';
import { openWorkspace, type Workspace } from '../../src/workspace.ts';
import { seeded } from '../support/emulator-tools.ts';
import { planted } from '../support/planted.ts';

export const version = '0.0.0-test';
export const secret = `sgpt_${planted}`;

export interface House {
  readonly dir: string;
  readonly served: Served;
  /** Everything that the daemon said. */
  readonly said: string[];
  readonly events: SyncEvent[];
  write(files: Readonly<Record<string, string | null>>): void;
  configure(patch?: {
    readonly key?: string;
    readonly targets?: 'both' | 'site';
    readonly daemon?: string;
    readonly root?: string;
    readonly watch?: string;
    readonly extra?: string;
  }): void;
  start(patch?: Partial<DaemonInput>): Promise<Daemon>;
  open(): Promise<Workspace>;
  items(target: 'support' | 'site'): readonly EmulatedItem[];
  /** Write requests that went out, by target. */
  writes(target: string): number;
  /** Resolves when it holds; rejects with what was said when it never does. */
  until(what: string, holds: () => boolean | Promise<boolean>): Promise<void>;
  close(): Promise<void>;
}

const instant = { chatthing: { syncMs: 0, startLagMs: 0, listLagMs: 0 }, sitegpt: { queuedMs: 0, processingMs: 0 } } as const;

/** A house whose daemons are stopped and whose folder is removed when it is closed. `learnMs`: how long SiteGPT takes to learn a document. `now`: the wall clock of the workspaces. */
export async function house({
  learnMs = 0,
  now = Date.now,
}: {
  readonly learnMs?: number;
  readonly now?: () => number;
} = {}): Promise<House> {
  const dir = mkdtempSync(join(tmpdir(), 'kbsync-house-'));
  const emulators: { spec: Awaited<ReturnType<typeof resolveEmulator>>; emulator: Emulator }[] = [];
  for (const vendor of ['chatthing', 'sitegpt'] as const) {
    const spec = await resolveEmulator(vendor);
    const brain = createKnowledge();
    const tools = { store: memoryStore(), now: Date.now, random: seeded(1), knowledge: () => brain };
    const emulator = spec.create(tools, { ...spec.defaults, ...instant[vendor], ...(vendor === 'sitegpt' && { processingMs: learnMs }) });
    emulator.provision({ id: 'bot-1', secret });
    emulators.push({ spec, emulator });
  }
  const served = await serveEmulators({ emulators, port: 0 });
  const said: string[] = [];
  const events: SyncEvent[] = [];
  const daemons: Daemon[] = [];
  const open = (onEvent: (event: SyncEvent) => void = () => {}): Promise<Workspace> =>
    openWorkspace({
      configFile: null,
      cwd: dir,
      env: {},
      version,
      now,
      onEvent(event) {
        events.push(event);
        onEvent(event);
      },
      // What is waited for at a vendor takes no time here, but for the turn that lets everybody else on.
      sleep: (_ms, signal) => wait(1, undefined, { signal }).catch(() => undefined),
      retry: { attempts: 1 } as object,
    });
  const built: House = {
    dir,
    served,
    said,
    events,
    write(files) {
      for (const [path, text] of Object.entries(files)) {
        const file = join(dir, 'content', path);
        mkdirSync(dirname(file), { recursive: true });
        if (text === null) rmSync(file);
        else writeFileSync(file, text);
      }
    },
    configure({
      key = secret,
      targets = 'both',
      daemon = '{ port: 0 }',
      root = './content',
      watch = '{ settle: 20ms, maxWait: 200ms }',
      extra = '',
    } = {}) {
      const common = `baseUrl: "${served.origin}", minInterval: 0, poll: { first: 20ms, max: 50ms }, rate: { perMinute: 60000, concurrency: 2 }`;
      const support = `  - { name: support, vendor: chatthing, channelId: bot-1, secretKey: "${secret}", ${common} }\n`;
      writeFileSync(
        join(dir, 'sync.config.yaml'),
        `version: 1\nname: docs\ncontent: { root: ${root} }\nwatch: ${watch}\ndaemon: ${daemon}\n` +
          `targets:\n${targets === 'both' ? support : ''}  - { name: site, vendor: sitegpt, chatbotId: bot-1, token: "${key}", lagMs: 0, ${common} }\n`,
      );
      if (extra !== '') appendFileSync(join(dir, 'sync.config.yaml'), extra);
    },
    async start(patch = {}) {
      const daemon = await startDaemon({
        open,
        targets: [],
        initial: false,
        version,
        runCommand: (command, streams) => runHanded(command, streams, { env: {}, version, secrets: createSecretSet() }),
        voice: { talk: (line) => void said.push(line), complain: (line) => void said.push(`! ${line}`) },
        page: pageWork({ options: { config: null, targets: [], json: false, quiet: false, verbose: false }, cwd: dir }),
        ...patch,
      });
      daemons.push(daemon);
      return daemon;
    },
    open: () => open(),
    items: (target) => emulators[target === 'support' ? 0 : 1]?.emulator.inspect('bot-1') ?? [],
    writes: (target) => events.filter((event) => event.kind === 'request' && event.intent === 'write' && event.target === target).length,
    async until(what, holds) {
      const deadline = Date.now() + 20_000;
      while (!(await holds())) {
        if (Date.now() > deadline) throw new Error(`never came: ${what}\n${said.join('\n')}`);
        await wait(10);
      }
    },
    async close() {
      await Promise.all(daemons.map((daemon) => daemon.kill()));
      await served.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  mkdirSync(join(dir, 'content'));
  built.configure();
  return built;
}

/** Documents `p0.md` … with a word of their own each. */
export function pages(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}.md`, `# Page ${n}\n\nword${n}.\n`]));
}
