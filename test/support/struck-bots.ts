// Bots that outlive every crash of the engine, and where it can be struck: the vendor in memory in each of its kinds, and every variant of every
// real connector against its emulator over real HTTP.
import type { ConnectorSpec, Http, Target } from '../../src/connectors/connector.ts';
import type { EmulatedItem } from '../../src/connectors/emulator.ts';
import { SyncError } from '../../src/model/error.ts';
import type { Fault } from '../../src/sandbox/serve.ts';
import type { BenchPatch, Condition } from '../../src/testkit/bench.ts';
import { openBenches, type Subject } from '../../src/testkit/benches.ts';
import { type MemoryOptions, memoryVendor, type Strike } from '../../src/testkit/memory.ts';
import { contractSubjects } from './contract-subjects.ts';

/** A vendor with one bot, and the target that leads to it. */
export interface StruckBot {
  readonly target: Target;
  /** The vendor's. */
  readonly clock: { nowMs: number };
  /** By how much our machine's clock is ahead of it, in milliseconds. */
  skewMs: number;
  /** Called before a write leaves and after its answer has come; throws where the engine dies. Set by each run. */
  strike: Strike;
  /** Whether a write is on its way just now. */
  readonly writing: boolean;
  /** What the bot holds, whoever made it; copies that are only still answered from are left out. */
  items(): readonly EmulatedItem[];
  /** Texts that the bot still answers from though their items are gone. */
  ghosts(): readonly string[];
  /** Write requests that reached the wire so far. */
  writes(): number;
  /** Adds an item as a person would in the dashboard; returns its id. */
  plant(text: string): string;
  /** Removes an item as a person would in the dashboard. container: where it lies, at vendors that have such a thing. */
  remove(remoteId: string, container: string | null): Promise<void>;
  /** Faults of the wire. The function must answer alike for the same count: the vendor in memory is asked before and after. */
  setFault(fault: ((request: { readonly method: string; readonly path: string }, count: number) => Fault | null) | null): void;
  /** What the transport told so far, and what it must never tell. Nothing for the vendor in memory. */
  readonly events: readonly unknown[];
  readonly secrets: readonly string[];
  close(): Promise<void>;
}

/** One kind of bot, made anew for each history. */
export interface BotKind {
  readonly name: string;
  /** Of the configuration, beside the defaults. */
  readonly onUpdate?: string;
  /** Conditions that the emulator can bring about (testkit/bench.ts). */
  readonly conditions?: ReadonlySet<Condition>;
  open(patch?: BenchPatch): Promise<StruckBot>;
}

const startMs = Date.UTC(2026, 10, 21);

const memoryKinds: readonly { name: string; options: Partial<MemoryOptions> }[] = [
  { name: 'findable, ids given', options: {} },
  { name: 'findable, bulk without ids, training on request', options: { givesIds: false, training: 'on-request', renames: true } },
  { name: 'findable, one by one', options: { batch: 1 } },
  { name: 'same item again', options: { repeatedCreate: 'same-item' } },
  { name: 'without update', options: { can: ['delete', 'list', 'read', 'status', 'train'] } },
  { name: 'without update, training on request', options: { can: ['delete', 'list', 'read', 'status', 'train'], training: 'on-request' } },
  { name: 'without delete', options: { can: ['update', 'list', 'read', 'status', 'train'] } },
  { name: 'one text for the whole bot', options: { whole: true, repeatedCreate: 'same-item', can: [] } },
  { name: 'twins nobody can find', options: { repeatedCreate: 'twin', can: ['update', 'delete', 'status'] } },
  { name: 'twins, and nothing but create', options: { repeatedCreate: 'twin', can: [] } },
];

/** What a fault of the wire comes to for the engine, before the vendor has done anything or after. The function is asked at both. */
function errorOf(fault: Fault | null, before: boolean): SyncError | null {
  if (fault === null) return null;
  if (typeof fault === 'object') {
    if (!('kind' in fault) || (fault.after === true) === before) return null;
    return fault.status === 429 ? new SyncError('RATE_LIMITED') : new SyncError('VENDOR_FAILED');
  }
  const lost = fault === 'reset-before' || fault === 'stall';
  if (lost !== before) return null;
  return fault === 'html' || fault === 'broken-json'
    ? new SyncError('REPLY_INVALID')
    : new SyncError('TARGET_UNREACHABLE', { facts: { effect: 'unconfirmed' } });
}

/** The vendor in memory, in every kind. */
export const memoryBots: readonly BotKind[] = memoryKinds.map(({ name, options }) => ({
  name: `memory: ${name}`,
  open() {
    const vendor = memoryVendor(options);
    let fault: Parameters<StruckBot['setFault']>[0] = null;
    let count = 0;
    const bot: StruckBot = {
      target: vendor.connect((where) => {
        bot.strike(where);
        const [when, name = ''] = where.split(' ');
        if (when === 'before') count += 1;
        const error = errorOf(fault?.({ method: 'POST', path: name }, count) ?? null, when === 'before');
        if (error !== null) throw error;
      }),
      clock: { nowMs: startMs },
      skewMs: 0,
      strike: () => {},
      writing: false,
      items: () =>
        [...vendor.items].map(([remoteId, { mark, text, learnt }]) => ({
          remoteId,
          name: mark === '' ? null : mark,
          text,
          answeredFrom: learnt,
        })),
      ghosts: () => [...vendor.ghosts],
      writes: () => vendor.writes.length,
      plant: (text) => vendor.plant(text),
      remove: (remoteId) => Promise.resolve(vendor.remove(remoteId)),
      setFault(next) {
        fault = next;
        count = 0;
      },
      events: [],
      secrets: [],
      close: () => Promise.resolve(),
    };
    return Promise.resolve(bot);
  },
}));

interface Hooked {
  readonly strike: Strike;
  readonly busy: (writing: boolean) => void;
  readonly skewMs: () => number;
}

/** The connector with a strike before each request that writes and after its answer. A dead engine sends nothing, not even a question. */
function struck(spec: ConnectorSpec, { strike, busy, skewMs }: Hooked): ConnectorSpec {
  return {
    ...spec,
    connect(options, tools) {
      const http: Http = async (request, call) => {
        if (request.intent === 'read') return tools.http(request, call);
        strike(`before ${request.method} ${request.path}`);
        busy(true);
        const reply = await tools.http(request, call).finally(() => busy(false));
        strike(`after ${request.method} ${request.path}`);
        return reply;
      };
      return spec.connect(options, { ...tools, http, now: () => tools.now() + skewMs() });
    },
  };
}

async function openSubject(subject: Subject, patch: BenchPatch = {}): Promise<StruckBot> {
  const benches = openBenches();
  let strike: Strike = () => {};
  let writing = false;
  const busy = (now: boolean): void => {
    writing = now;
  };
  let skewMs = 0;
  const spec = struck(subject.spec, { strike: (where) => strike(where), busy, skewMs: () => skewMs });
  const bench = await benches.open({ ...subject, spec, sync: null }, { ...patch, bare: true });
  const { clock, target, call } = bench;
  const held = () => bench.vendor.inspect() as readonly EmulatedItem[];
  return {
    target,
    clock: {
      get nowMs() {
        return clock.now();
      },
      set nowMs(ms: number) {
        clock.advance(ms - clock.now());
      },
    },
    get skewMs() {
      return skewMs;
    },
    set skewMs(ms) {
      skewMs = ms;
    },
    get strike() {
      return strike;
    },
    set strike(next) {
      strike = next;
    },
    get writing() {
      return writing;
    },
    items: () => held().filter((item) => item.text !== ''),
    ghosts: () => held().flatMap((item) => (item.text === '' && item.answeredFrom !== null ? [item.answeredFrom] : [])),
    writes: () => bench.events.filter((event) => event.kind === 'request' && event.intent === 'write').length,
    plant: (text) => bench.vendor.plant({ name: 'made by hand', text }),
    async remove(remoteId, container) {
      if ('delete' in target) await target.delete?.([remoteId], { ...call, container });
    },
    setFault: (fault) => bench.wire.setFault(fault as Parameters<typeof bench.wire.setFault>[0]),
    events: bench.events,
    secrets: bench.secrets,
    close: () => benches.close(),
  };
}

/** Every variant of every real connector, in each mode that its emulator has for what the vendor does not say. */
export async function vendorBots(): Promise<readonly BotKind[]> {
  const { subjects } = await contractSubjects(null);
  const kinds = subjects.flatMap((subject): BotKind[] => {
    const kind: BotKind = {
      name: subject.name,
      conditions: new Set(Object.keys(subject.conditions) as Condition[]),
      open: (patch) => openSubject(subject, patch),
    };
    if (subject.name === 'cxgenie') return [kind, { ...kind, name: 'cxgenie, updates appended', onUpdate: 'append' }];
    if (subject.name !== 'koreai') return [kind];
    return ['overwrite', 'append', 'new-doc'].map((reingestMode): BotKind => {
      const settings = { ...subject.settings, reingestMode };
      return { ...kind, name: `koreai, ${reingestMode}`, open: (patch) => openSubject({ ...subject, settings }, patch) };
    });
  });
  return kinds;
}
