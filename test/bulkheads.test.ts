// Five targets of five vendors in one run, one of them in trouble: the other four do the very same requests in the very same order as without
// that trouble, and end while it may hang for ever. The one in trouble asks a bounded number of times, tells the truth, and is whole again later.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { codesOf, strongest } from '../src/cli/exit.ts';
import { resolveEmulator } from '../src/connectors/registry.ts';
import { everything, noPasses } from '../src/cycle/context.ts';
import { syncTarget } from '../src/cycle.ts';
import type { SyncEvent } from '../src/model/event.ts';
import type { TargetReport } from '../src/model/report.ts';
import { createKnowledge } from '../src/sandbox/retrieval.ts';
import { type Fault, type Served, serveEmulators } from '../src/sandbox/serve.ts';
import { memoryStore } from '../src/sandbox/store.ts';
import { settableClock } from '../src/testkit/clock.ts';
import type { Hooks } from '../src/transport/connect.ts';
import { openWorkspace } from '../src/workspace.ts';
import { seeded } from './support/emulator-tools.ts';

const secret = 'planted-secret-4711';
const keys: Readonly<Record<string, string>> = {
  chatthing: `channelId: bot-1, secretKey: "${secret}"`,
  cxgenie: `botId: bot-1, workspaceToken: "${secret}"`,
  sitegpt: `chatbotId: bot-1, token: "${secret}"`,
  replycx: `knowledgeBaseId: bot-1, token: "${secret}"`,
  koreai: `botId: bot-1, clientId: cs-bot-1, clientSecret: "${secret}"`,
};
/** Nothing at a vendor takes time: one clock is for all, and who sleeps would make the others' training end. */
const instant = {
  syncMs: 0,
  startLagMs: 0,
  queuedMs: 0,
  processingMs: 0,
  trainMs: 0,
  ingestMs: 0,
  learnMs: 0,
};
const vendors = Object.keys(keys);
const documents = 12;

/** What a request of the victim meets, from its n-th on; hang: no answer, ever. */
type Trouble = Fault | 'hang';

interface Five {
  run(victim?: string, trouble?: Trouble, from?: number): Promise<{ reports: Map<string, TargetReport>; hanging: boolean }>;
  /** Requests of one target in the last run, in order. */
  wire(target: string): readonly string[];
  edit(): void;
  close(): Promise<void>;
}

async function five(): Promise<Five> {
  const dir = mkdtempSync(join(tmpdir(), 'kbsync-five-'));
  const clock = settableClock();
  const emulators = await Promise.all(
    vendors.map(async (vendor, index) => {
      const spec = await resolveEmulator(vendor);
      const brain = createKnowledge();
      const tools = { store: memoryStore(), now: clock.now, random: seeded(index + 1), knowledge: () => brain };
      const emulator = spec.create(tools, { ...spec.defaults, ...instant });
      emulator.provision({ id: 'bot-1', secret });
      return { spec, emulator };
    }),
  );
  const served: Served = await serveEmulators({ emulators, port: 0 });
  mkdirSync(join(dir, 'content'));
  const target = (vendor: string) =>
    `  - { name: ${vendor}, vendor: ${vendor}, baseUrl: "${served.origin}", ${keys[vendor]}, rate: { perMinute: 60000, concurrency: 1 } }\n`;
  writeFileSync(
    join(dir, 'sync.config.yaml'),
    `version: 1\nname: docs\ncontent: { root: ./content }\ntargets:\n${vendors.map(target).join('')}`,
  );
  let revision = 0;
  const edit = (): void => {
    revision += 1;
    for (let n = 0; n < documents; n += 1)
      writeFileSync(join(dir, 'content', `p${n}.md`), `# Page ${n}\n\nThe word of page ${n} is zebra${n} in revision ${revision}.\n`);
  };
  let events: SyncEvent[] = [];
  edit();
  return {
    edit,
    wire: (name) =>
      events.flatMap((event) =>
        event.kind === 'request' && event.target === name
          ? [`${event.method} ${event.path.replace(/[\w-]*\d[\w-]*/g, 'N')} ${event.status}`]
          : [],
      ),
    async run(victim = '', trouble = 'hang', from = 1) {
      events = [];
      const prefixes = emulators.find(({ spec }) => spec.vendor === victim)?.spec.prefixes ?? [];
      let count = 0;
      let hanging = false;
      served.setFault((_request, vendor, n) => (vendor === victim && trouble !== 'hang' && n >= from ? trouble : null));
      const hooks: Hooks = {
        wire(request, send) {
          if (trouble !== 'hang' || !prefixes.some((prefix) => request.path.startsWith(prefix))) return send();
          count += 1;
          if (count < from) return send();
          hanging = true;
          return new Promise(() => {});
        },
      };
      const workspace = await openWorkspace({
        configFile: join(dir, 'sync.config.yaml'),
        cwd: dir,
        env: {},
        version: '0.0.0',
        onEvent: (event) => events.push(event),
        now: clock.now,
        random: seeded(3),
        sleep: clock.sleep,
        hooks,
      });
      const kill = new AbortController();
      const reports = new Map<string, TargetReport>();
      const folder = await workspace.readFolder();
      const options = {
        passes: { ...noPasses, initial: true, allowUpdates: 100 },
        only: everything,
        offline: false,
        waitMs: null,
        trainOnly: false,
      };
      const signals = { stop: kill.signal, kill: kill.signal };
      const passes = workspace.targets(null).map(async (one) => {
        const how = { command: 'test', lockWaitMs: 0, ...signals };
        const report = await workspace.exclusively(one, how, (context) => syncTarget(context, folder, options));
        reports.set(one.name, report);
      });
      // The others end while the victim hangs: whoever waits for it would wait for ever.
      await Promise.all(passes.filter((_, index) => !(trouble === 'hang' && vendors[index] === victim)));
      if (hanging) expect(reports.has(victim)).toBe(false);
      kill.abort();
      void passes;
      if (!hanging) {
        await Promise.all(passes);
        await workspace.close();
      }
      return { reports, hanging };
    },
    async close() {
      await served.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const troubles: readonly (readonly [string, Trouble, number])[] = [
  ['hangs from the first request on', 'hang', 1],
  ['hangs in the middle', 'hang', 5],
  ['answers 500', { kind: 'status', status: 500 }, 1],
  ['answers 503 in the middle', { kind: 'status', status: 503 }, 2],
  ['answers web pages', 'html', 1],
  ['answers broken JSON in the middle', 'broken-json', 4],
  ['resets every connection', 'reset-before', 1],
  ['resets after it was carried out', 'reset-after', 4],
  ['refuses the credentials', { kind: 'status', status: 401 }, 1],
  ['asks to be left alone for an hour', { kind: 'status', status: 429, retryAfter: 3600 }, 3],
];

describe('five targets, one in trouble', () => {
  let place: Five;
  const calm = new Map<string, { readonly wire: readonly string[]; readonly outcomes: readonly string[] }>();

  beforeAll(async () => {
    const healthy = await five();
    const { reports } = await healthy.run();
    for (const name of vendors) calm.set(name, { wire: healthy.wire(name), outcomes: outcomesOf(reports.get(name)) });
    await healthy.close();
  }, 60_000);
  beforeEach(async () => {
    place = await five();
  });
  afterEach(() => place.close());

  it.each(troubles.map((trouble, index) => [vendors[index % vendors.length] ?? '', ...trouble] as const))(
    '%s %s: nobody else notices',
    async (victim, _what, trouble, from) => {
      const others = vendors.filter((vendor) => vendor !== victim);
      const { reports, hanging } = await place.run(victim, trouble, from);
      for (const name of others) {
        expect(place.wire(name), `the requests of ${name}`).toEqual(calm.get(name)?.wire);
        expect(outcomesOf(reports.get(name)), name).toEqual(calm.get(name)?.outcomes);
        expect(calm.get(name)?.outcomes).toHaveLength(documents);
        expect(reports.get(name)?.error).toBeNull();
      }
      expect(hanging).toBe(trouble === 'hang');
      // Where it answers at all, it is asked a bounded number of times, and what was not done is never called done.
      expect(place.wire(victim).length).toBeLessThanOrEqual(60);
      const report = reports.get(victim);
      if (report !== undefined) {
        expect(strongest(codesOf(report)), 'never green').not.toBe(0);
        expect(report.training.trained).toBe(0);
      }
    },
    60_000,
  );

  it('a huge answer is cut off, and nobody else notices', async () => {
    const { reports } = await place.run('sitegpt', 'huge', 1);
    expect(reports.get('sitegpt')?.error?.code).toBe('REPLY_INVALID');
    for (const name of vendors.filter((vendor) => vendor !== 'sitegpt')) expect(reports.get(name)?.error).toBeNull();
  }, 60_000);

  it('the one that was down is brought up to date by the next run, and the others write nothing', async () => {
    await place.run('koreai', { kind: 'status', status: 503 }, 6);
    const { reports } = await place.run();
    expect(reports.get('koreai')).toMatchObject({ error: null, training: { trained: documents } });
    for (const name of vendors.filter((vendor) => vendor !== 'koreai'))
      expect(reports.get(name)).toMatchObject({ results: [], requests: { write: 0 } });
  }, 60_000);
});

function outcomesOf(report: TargetReport | undefined): readonly string[] {
  return report?.results.map(({ operation, outcome }) => `${outcome} ${operation.id}`) ?? [];
}
