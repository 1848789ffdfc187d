// Benches for the contract suite: a connector over the real transport, over real HTTP, to its emulator, on a clock of its own.
// Published with the suite: an outside author's bench is this one, too.
import type { Call, ConnectorSpec, HttpRequest, Target } from '../connectors/connector.ts';
import type { Emulator, EmulatorSpec, EmulatorStore } from '../connectors/emulator.ts';
import type { EventBody } from '../model/event.ts';
import type { Json, JsonRecord } from '../model/json.ts';
import { type Served, serveEmulators } from '../sandbox/serve.ts';
import { knowledgeByBot } from '../sandbox/server.ts';
import { memoryStore } from '../sandbox/store.ts';
import { type Connected, connectTarget } from '../transport/connect.ts';
import { createLimiters, type Limiters } from '../transport/limit.ts';
import { settableClock } from './clock.ts';
import type { Bench, BenchPatch, Condition } from './contract.ts';
import { seededRandom } from './random.ts';

/** One flavour of one connector, with what its emulator can be made to do. */
export interface Subject {
  readonly name: string;
  readonly spec: ConnectorSpec;
  readonly emulator: EmulatorSpec;
  /** The variant's options. */
  readonly variant: JsonRecord;
  /** Settings of the emulator that always hold for this variant. */
  readonly settings?: object;
  /** Settings of the emulator that bring a condition about. */
  readonly conditions: { readonly [condition in Condition]?: object };
  /** A whole `sync` over this target, where the engine is at hand. */
  readonly sync: SyncOf | null;
}

/** Makes the bench's `sync`, with a state of its own. */
export type SyncOf = (bench: Omit<Bench, 'sync' | 'fresh'>) => NonNullable<Bench['sync']>;

const workspace = 'product-docs';

/** The target of a subject, bound to nothing: for who qualifies for what. */
export function unbound({ spec, variant }: Subject): Target {
  const { options } = spec.sandbox('unbound');
  const http = () => Promise.reject(new Error('nothing is sent while tests are collected'));
  return spec.connect(spec.options.parse({ ...options, ...variant }), { http, origin: 'sandbox', now: () => 0 });
}

/** A bench whose vendor can be started again over what it keeps, as the sandbox is by the next process. */
export interface TestBench extends Bench {
  restart(): void;
}

/** What must be closed once a case is over. */
export interface OpenBenches {
  open(subject: Subject, patch?: BenchPatch): Promise<TestBench>;
  close(): Promise<void>;
}

/** store: makes an emulator's store; called again when the vendor is started again. */
export function openBenches(storeOf: (bot: number) => EmulatorStore = memoryStore): OpenBenches {
  const closing: (() => Promise<void> | void)[] = [];
  let effects = 0;
  let bots = 0;
  const newEffectId = (): string => (++effects).toString(16).padStart(16, '0');

  async function open(subject: Subject, patch: BenchPatch = {}): Promise<TestBench> {
    const { spec, variant } = subject;
    const sandbox = spec.sandbox(`bench${++bots}`);
    const secret = `${sandbox.bot.secret}-contract-5ecret-${bots}`;
    const options = replaced({ ...sandbox.options, ...variant }, sandbox.bot.secret, secret) as JsonRecord;
    const bot = { id: sandbox.bot.id, secret: JSON.stringify(options).includes(secret) ? secret : sandbox.bot.secret };
    const clock = settableClock();
    const random = seededRandom(bots);
    const settings = patch.condition === undefined ? {} : subject.conditions[patch.condition];
    const number = bots;
    const start = (): Emulator =>
      subject.emulator.create(
        { store: storeOf(number), now: clock.now, random, knowledge: knowledgeByBot() },
        { ...subject.emulator.defaults, ...subject.settings, ...settings },
      );
    let emulator = start();
    if (patch.noBot !== true) emulator.provision(patch.wrongKey === true ? { ...bot, secret: `${bot.secret}-other` } : bot);
    const served = await serveEmulators({
      emulators: [{ spec: subject.emulator, emulator: { handle: (request) => emulator.handle(request) } }],
      port: 0,
    });
    closing.push(() => served.close());
    const events: EventBody[] = [];
    const limiters = createLimiters({ now: clock.now, sleep: clock.sleep });
    // Only while things go wrong: a busy machine may need longer for an ordinary answer.
    let faulty = false;
    const timeoutMs = (): number | undefined => (faulty ? patch.timeoutMs : undefined);
    const connected = connect({ subject, options, served, events, clock, limiters, secrets: [bot.secret], timeoutMs });
    closing.push(() => {
      connected.close();
      limiters.close();
    });
    const half: Omit<Bench, 'sync' | 'fresh'> = {
      spec,
      options,
      target: connected.target,
      call: await callFor(connected.target, patch),
      workspace,
      vendor: { inspect: () => emulator.inspect(bot.id), plant: (item) => emulator.plant(bot.id, item) },
      wire: {
        requests: () => served.requests,
        setFault(fault) {
          faulty = fault !== null;
          served.setFault(fault === null ? null : (request, _vendor, count) => fault(request, count));
        },
      },
      clock,
      events,
      secrets: [bot.secret],
      newEffectId,
    };
    const { sync } = subject;
    const restart = (): void => {
      emulator = start();
    };
    return { ...half, fresh: (next) => open(subject, next), sync: sync === null ? null : sync(half), restart };
  }

  return {
    open,
    async close() {
      for (const close of closing.splice(0).reverse()) await close();
    },
  };
}

/** A call with a container, where the target has them. */
async function callFor(target: Target, { bare, wrongKey, noBot }: BenchPatch): Promise<Call> {
  const call: Call = { signal: new AbortController().signal, container: null, workspace };
  const { container } = target;
  if (container === undefined || bare === true || wrongKey === true || noBot === true) return call;
  return { ...call, container: container.configured ?? (await container.create(call)) };
}

interface Wiring {
  readonly subject: Subject;
  readonly options: JsonRecord;
  readonly served: Served;
  readonly events: EventBody[];
  readonly clock: ReturnType<typeof settableClock>;
  readonly limiters: Limiters;
  readonly secrets: readonly string[];
  readonly timeoutMs: () => number | undefined;
}

function connect({ subject, options, served, events, clock, limiters, secrets, timeoutMs }: Wiring): Connected {
  const { spec } = subject;
  const impatient = (request: HttpRequest): HttpRequest => ({ ...request, timeoutMs: timeoutMs() ?? request.timeoutMs ?? 30_000 });
  return connectTarget({
    spec: {
      ...spec,
      connect: (parsed, tools) => spec.connect(parsed, { ...tools, http: (request, call) => tools.http(impatient(request), call) }),
    },
    options: spec.options.parse(options),
    target: { name: subject.name },
    origin: () => Promise.resolve(served.origin),
    originName: 'sandbox',
    limiters,
    rate: null,
    emit: (event) => void events.push(event),
    redact: (text) => secrets.reduce((redacted, secret) => redacted.replaceAll(secret, '•••'), text),
    now: clock.now,
    random: seededRandom(1),
    sleep: clock.sleep,
    version: 'contract',
    environment: {},
    retry: { attempts: 3 },
    breaker: { failures: 1_000_000 },
  });
}

/** The same value with one text put in the place of another, wherever it stands alone. */
function replaced(value: Json, from: string, to: string): Json {
  if (value === from) return to;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each: Json) => replaced(each, from, to));
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, replaced(each as Json, from, to)]));
}
