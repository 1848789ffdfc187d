// The sandbox that every kbsync process shares: whoever needs it first serves all emulators on loopback, the others connect to it, and when
// it goes the next one takes over with what lies on disk. Owns who serves; the emulators are handed in.
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { EmulatedItem, Emulator, EmulatorSpec, Knowledge } from '../connectors/emulator.ts';
import { SyncError } from '../model/error.ts';
import type { Json } from '../model/json.ts';
import { type AdminCall, adminPaths, callAdmin, connectionLost, perform, ping } from './admin.ts';
import { type Claim, closeClaim, latestClaim, type NumberedClaim, stillOpen, takeClaim } from './claim.ts';
import { createKnowledge } from './retrieval.ts';
import { type Served, serveEmulators } from './serve.ts';
import { fileStore } from './store.ts';

export interface SandboxInput {
  /** state/sandbox */
  readonly dir: string;
  /** Every vendor's emulator; asked only by the process that comes to serve. */
  readonly emulators: () => Promise<readonly EmulatorSpec[]>;
  /** Switches that differ from an emulator's defaults, by vendor. */
  readonly settings?: { readonly [vendor: string]: object };
  readonly now: () => number;
  readonly random: () => number;
  /** 0, the default: any free one. */
  readonly port?: number;
  readonly system?: Partial<SandboxSystem>;
}

/** What of the running system decides who serves. Milliseconds. */
export interface SandboxSystem {
  readonly pid: number;
  readonly isAlive: (pid: number) => boolean;
  /** Never goes back; only differences count. */
  readonly monotonic: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface Sandbox {
  /** Where the emulators are now. Cheap: ask before every attempt, since the serving process may have changed. */
  origin(): Promise<string>;
  /** Makes the bot if there is none. */
  provision(vendor: string, bot: { readonly id: string; readonly secret: string }): Promise<void>;
  inspect(vendor: string, bot: string): Promise<readonly EmulatedItem[]>;
  /** Adds an item as a person would in the vendor's dashboard; returns its id. */
  plant(vendor: string, bot: string, item: { readonly name: string; readonly text: string }): Promise<string>;
  /** Hands the serving over where this process does it. Nothing may be asked afterwards. */
  close(): Promise<void>;
}

/** A server found alive is not asked again for this long, as long as its claim stands. */
const trustMs = 1_000;
/** Between the end of listening and the mark in the claim a closing server writes down what is in flight. */
const closingMs = 4_000;
const unreadableMs = 1_000;
/** A live process that does not answer is busy: its emulators may not be taken from it. */
const silentMs = 30_000;
const stepMs = 50;
const pingMs = 2_000;
const adminMs = 60_000;

const thisSystem: SandboxSystem = {
  pid: process.pid,
  isAlive(pid) {
    try {
      process.kill(pid, 0);
      return true;
    } catch (thrown) {
      return (thrown as NodeJS.ErrnoException).code === 'EPERM';
    }
  },
  monotonic: () => performance.now(),
  sleep: (ms) => wait(ms),
};

/** A server of this process. */
interface Own extends NumberedClaim {
  readonly claim: Claim;
  readonly served: Served;
  readonly emulatorOf: (vendor: string) => Emulator;
  close(): Promise<void>;
}

type Place = { readonly own: Own } | { readonly own: null; readonly claim: Claim };

/** Joins the sandbox of this folder. Nothing is opened before the first question. */
export function joinSandbox(input: SandboxInput): Sandbox {
  const system = { ...thisSystem, ...input.system };
  let own: Own | null = null;
  let known: { readonly at: number; readonly found: NumberedClaim & { readonly claim: Claim } } | null = null;
  let joining: Promise<Place> | null = null;
  let closed = false;

  const join = async (): Promise<Place> => {
    const started = system.monotonic();
    for (;;) {
      const found = latestClaim(input.dir);
      const verdict = await judge(found, system, system.monotonic() - started);
      if (verdict === 'serving' && found?.claim != null) {
        known = { at: system.monotonic(), found: { number: found.number, claim: found.claim } };
        return { own: null, claim: found.claim };
      }
      if (verdict === 'free') {
        own = await serve(input, system, (found?.number ?? 0) + 1);
        if (own !== null) return { own };
      } else await system.sleep(stepMs);
    }
  };
  const place = async (): Promise<Place> => {
    if (closed) throw new SyncError('UNEXPECTED', { message: 'the sandbox was asked after it was closed' });
    if (own !== null) return { own };
    if (
      known !== null &&
      system.monotonic() - known.at < trustMs &&
      system.isAlive(known.found.claim.pid) &&
      stillOpen(input.dir, known.found)
    ) {
      return { own: null, claim: known.found.claim };
    }
    known = null;
    joining ??= join().finally(() => {
      joining = null;
    });
    return joining;
  };
  const ask = async (call: AdminCall, attempts = 3): Promise<Json> => {
    const at = await place();
    if (at.own !== null) return perform(call, at.own.emulatorOf(call.vendor));
    try {
      return await callAdmin(at.claim.port, at.claim.token, call, adminMs);
    } catch (thrown) {
      if (attempts <= 1 || !connectionLost(thrown)) throw thrown;
      known = null;
      return ask(call, attempts - 1);
    }
  };

  return {
    async origin() {
      const at = await place();
      return `http://127.0.0.1:${at.own === null ? at.claim.port : at.own.served.port}`;
    },
    async provision(vendor, bot) {
      await ask({ action: 'provision', vendor, bot });
    },
    async inspect(vendor, bot) {
      return (await ask({ action: 'inspect', vendor, bot })) as unknown as readonly EmulatedItem[];
    },
    async plant(vendor, bot, item) {
      return String(await ask({ action: 'plant', vendor, bot, item }));
    },
    async close() {
      closed = true;
      await joining?.catch(() => undefined);
      await own?.close();
      own = null;
    },
  };
}

/** serving: connect to it. free: nobody serves, take over. wait: look again in a moment. Throws where a live server never answers. */
async function judge(found: NumberedClaim | null, system: SandboxSystem, waitedMs: number): Promise<'serving' | 'free' | 'wait'> {
  if (found === null) return 'free';
  const { claim } = found;
  if (claim === null) return waitedMs < unreadableMs ? 'wait' : 'free';
  if (!claim.open) return 'free';
  switch (await ping(claim.port, claim.id, pingMs)) {
    case 'answers':
      return 'serving';
    case 'stranger':
      return 'free';
    case 'refused':
      return system.isAlive(claim.pid) && waitedMs < closingMs ? 'wait' : 'free';
    case 'silent':
      if (!system.isAlive(claim.pid)) return 'free';
      if (waitedMs < silentMs) return 'wait';
      throw new SyncError('TARGET_UNREACHABLE', {
        message: `the process ${claim.pid}, which serves the sandbox on port ${claim.port}, does not answer`,
        next: 'end that process, or wait until it is less busy, and run again',
      });
  }
}

/** Serves the emulators under this number; null where another process was first. What lies on disk is read only once the number is ours. */
async function serve(input: SandboxInput, system: SandboxSystem, number: number): Promise<Own | null> {
  const specs = await input.emulators();
  const id = randomBytes(8).toString('hex');
  const token = randomBytes(24).toString('base64url');
  const bots = openEmulators(input, specs);
  const served = await serveEmulators({
    port: input.port ?? 0,
    emulators: [
      ...specs.map((spec) => ({
        spec,
        emulator: { handle: async (request: Parameters<Emulator['handle']>[0]) => bots.of(spec.vendor).handle(request) },
      })),
      adminPaths(id, token, bots.of),
    ],
  });
  const startedAt = new Date(input.now()).toISOString();
  const claim: Claim = { version: 1, id, pid: system.pid, startedAt, port: served.port, token, open: true };
  const close = async (): Promise<void> => {
    await served.close();
    bots.close();
    closeClaim(input.dir, number, claim);
  };
  try {
    if (takeClaim(input.dir, number, claim)) return { number, claim, served, emulatorOf: bots.of, close };
  } catch (thrown) {
    await served.close();
    throw thrown;
  }
  await served.close();
  return null;
}

/** Each vendor's emulator over its store on disk, opened when it is first needed. */
function openEmulators(input: SandboxInput, specs: readonly EmulatorSpec[]): { of(vendor: string): Emulator; close(): void } {
  const emulators = new Map<string, { readonly emulator: Emulator; close(): void }>();
  let closed = false;
  const open = (vendor: string): { readonly emulator: Emulator; close(): void } => {
    if (closed) throw new SyncError('UNEXPECTED', { message: `the sandbox is closing: ${vendor} was asked too late` });
    const spec = specs.find((candidate) => candidate.vendor === vendor);
    if (spec === undefined) throw new SyncError('CONFIG_INVALID', { message: `there is no emulator for the vendor ${vendor}` });
    const store = fileStore(input.dir, vendor);
    const emulator = spec.create(
      { store, now: input.now, random: input.random, knowledge: knowledgeByBot() },
      { ...spec.defaults, ...input.settings?.[vendor] },
    );
    return { emulator, close: () => store.close() };
  };
  return {
    of(vendor) {
      const opened = emulators.get(vendor) ?? open(vendor);
      emulators.set(vendor, opened);
      return opened.emulator;
    },
    close() {
      closed = true;
      for (const opened of emulators.values()) opened.close();
    },
  };
}

/** The same knowledge for the same bot. */
export function knowledgeByBot(): (bot: string) => Knowledge {
  const known = new Map<string, Knowledge>();
  return (bot) => {
    const knowledge = known.get(bot) ?? createKnowledge();
    known.set(bot, knowledge);
    return knowledge;
  };
}
