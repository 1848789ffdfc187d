// Connector → target as the engine uses it. The only place where the wrappers are put on, inside to outside:
// wire → fault hook → time-out → observe → (answer judged) → limit → retry → breaker. The time-out is inside the limit: a place in the queue is no slow answer.
import type { ConnectorSpec, Http, HttpReply, HttpRequest, Target, Traits } from '../connectors/connector.ts';
import { SyncError } from '../model/error.ts';
import type { Emit } from '../model/event.ts';
import { type Breaker, type BreakerPolicy, createBreaker, defaultBreakerPolicy } from './breaker.ts';
import { credentialsOf, guarded } from './credentials.ts';
import { createWire, defaultTimeoutMs, type Wire } from './http.ts';
import { type Attempted, errorOfStatus, errorOfWire, isWireError, type Redact, timedOut, withoutSecrets } from './http-error.ts';
import type { Limiter, Limiters, Limits } from './limit.ts';
import { createCounter, observed, type RequestCounter } from './observe.ts';
import type { Environment } from './proxy.ts';
import { defaultRetryPolicy, type RetryPolicy, retrying, type Sleep } from './retry.ts';
import { steady } from './steady.ts';

/** Where faults enter. Without them: nothing is in between. */
export interface Hooks {
  /** Around every attempt. May drop the request, drop the reply, delay, send twice. What it throws with a system's `code` counts as a failure of the wire. */
  wire?(request: HttpRequest, send: () => Promise<HttpReply>): Promise<HttpReply>;
  /** Around every function of the target, by name (`create`, `train.start`, `container.list` …); of a listing, around its first step. */
  call?<T>(name: string, run: () => Promise<T>): Promise<T>;
}

export interface ConnectInput<Options> {
  readonly spec: ConnectorSpec<Options>;
  readonly options: Options;
  readonly target: { readonly name: string };
  /** Asked for every attempt: the sandbox may move. */
  readonly origin: () => Promise<string>;
  /** For `identity`: the origin, or 'sandbox'. */
  readonly originName: string;
  readonly limiters: Limiters;
  /** Null in it: the connector's default. Null as a whole (sandbox): no limit but the connector's concurrency. */
  readonly rate: { readonly perMinute: number | null; readonly perHour: number | null; readonly concurrency: number | null } | null;
  readonly emit: Emit;
  readonly redact: Redact;
  /** Told each credential that a request carries: a connector may have made it of a secret. */
  readonly learn?: ((credential: string) => void) | undefined;
  readonly now: () => number;
  readonly random: () => number;
  readonly sleep: Sleep;
  readonly version: string;
  readonly hooks?: Hooks | undefined;
  /** For proxies; default `process.env`. */
  readonly environment?: Environment | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
  readonly breaker?: Partial<BreakerPolicy> | undefined;
}

export interface Connected {
  readonly target: Target;
  readonly limiter: Limiter;
  readonly counter: RequestCounter;
  readonly breaker: Breaker;
  /** Closes connections; the limiters are the workspace's. */
  close(): void;
}

/** Binds the connector's functions to a wrapped wire. Sends nothing. */
export function connectTarget<Options>(input: ConnectInput<Options>): Connected {
  const { spec, options, now, redact, emit, hooks } = input;
  const wire = createWire({ version: input.version, redact, now, environment: input.environment });
  const counter = createCounter();
  // Pauses are counted by a clock that is not set back.
  const passing = steady(now);
  const breaker = createBreaker({ now: passing, policy: { ...defaultBreakerPolicy, ...input.breaker } });
  const policy = { ...defaultRetryPolicy, ...input.retry };
  let limiter: Limiter | null = null;

  const http: Http = async (request, call) => {
    const { signal, guard } = call;
    const queue = limiter;
    // Connecting makes no request: the rate is only known once the connector has told its traits.
    if (queue === null) throw new SyncError('UNEXPECTED', { message: `the connector ${spec.name} sends while it is being connected` });
    const send = (attempt: number) =>
      queue.run(() => attemptOnce({ input, wire, counter, limiter: queue }, { request, signal, attempt, guard }), signal);
    try {
      return await breaker.run(() =>
        retrying(send, { intent: request.intent, policy, signal, now: passing, random: input.random, sleep: input.sleep }),
      );
    } catch (error) {
      throw error instanceof SyncError ? withoutSecrets(error, redact) : error;
    }
  };

  const target = spec.connect(options, { http, origin: input.originName, now });
  const known = input.limiters.limiterFor(
    `${spec.name}\n${input.originName}\n${spec.account(options)}`,
    limitsOf(input.rate, target.traits),
  );
  limiter = known;
  const safe = around(target, 'every step', (name, run) => guarded(name, run, redact));
  const unsubscribe = known.onPause((forMs, why) => emit({ kind: 'paused', forMs, why }));
  return {
    target: hooks?.call === undefined ? safe : around(safe, 'first step', hooks.call.bind(hooks)),
    limiter: known,
    counter,
    breaker,
    close() {
      unsubscribe();
      wire.close();
    },
  };
}

function limitsOf(rate: ConnectInput<unknown>['rate'], { limits }: Traits): Limits {
  if (rate === null) return { perMinute: null, perHour: null, concurrency: limits.concurrency };
  return {
    perMinute: rate.perMinute ?? limits.perMinute,
    perHour: rate.perHour ?? limits.perHour,
    concurrency: rate.concurrency ?? limits.concurrency,
  };
}

// ── one attempt ───────────────────────────────────────────────────────────────────────────────────────────────────────

interface Line {
  readonly input: Pick<ConnectInput<never>, 'origin' | 'redact' | 'learn' | 'emit' | 'now' | 'hooks'>;
  readonly wire: Wire;
  readonly counter: RequestCounter;
  readonly limiter: Limiter;
}

interface Attempt {
  readonly request: HttpRequest;
  readonly signal: AbortSignal;
  readonly attempt: number;
  readonly guard?: (() => void) | undefined;
}

/** Sends once and judges the answer: resolves for 2xx, throws a SyncError for everything else. */
async function attemptOnce(line: Line, { request, signal, attempt, guard }: Attempt): Promise<HttpReply> {
  const { origin: whereTo, redact, learn, hooks } = line.input;
  // Before it leaves: whatever becomes of the request may quote it.
  if (learn !== undefined) for (const credential of credentialsOf(request)) learn(credential);
  const origin = await whereTo();
  // Between its begin and this moment lie the queue and the pauses of retries: a machine may have slept there, and another run have taken over.
  if (request.intent !== 'read') guard?.();
  const attempted: Attempted = { request, origin, redact };
  const send = (): Promise<HttpReply> => {
    line.counter.count(request.intent);
    return line.wire.sendOnce(request, { origin, signal });
  };
  const through =
    hooks?.wire === undefined ? send : () => bounded(() => hooks.wire?.(request, send) ?? send(), attempted, request.timeoutMs);
  const reply = await observed(through, { request, attempt, origin }, line.input).catch((error: unknown) => {
    throw isWireError(error) ? errorOfWire(error, null, attempted) : error;
  });
  try {
    return judged(reply, attempted, { request, attempt });
  } catch (error) {
    if (error instanceof SyncError && error.facts.retryAfterMs !== null) line.limiter.pause(error.facts.retryAfterMs);
    throw error;
  }
}

function judged(reply: HttpReply, attempted: Attempted, { request, attempt }: Pick<Attempt, 'request' | 'attempt'>): HttpReply {
  if (reply.status < 200 || reply.status > 299) throw ownError(request, reply) ?? errorOfStatus(reply, attempted);
  // A read whose JSON is cut short is asked once more; the second time the connector decides what to make of it.
  const claimsJson = /^application\/json\b/i.test(reply.headers['content-type'] ?? '');
  if (request.intent === 'read' && attempt === 1 && claimsJson && reply.text !== '') reply.json();
  return reply;
}

/** A connector's rule that stumbles over a body which is not JSON (a gateway's page) leaves the decision to the table. */
function ownError(request: HttpRequest, reply: HttpReply): SyncError | null {
  try {
    return request.onError?.(reply) ?? null;
  } catch (error) {
    if (error instanceof SyncError && error.code === 'REPLY_INVALID') return null;
    throw error;
  }
}

/** The wire keeps its own time; this bounds what a hook adds. */
function bounded<T>(run: () => Promise<T>, attempted: Attempted, timeoutMs = defaultTimeoutMs): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(timedOut(timeoutMs, null, attempted)), timeoutMs + 1000);
    run()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

// ── around the functions ──────────────────────────────────────────────────────────────────────────────────────────────

type Around = (name: string, run: () => Promise<unknown>) => Promise<unknown>;
type AnyFunction = (...parameters: never[]) => unknown;

const promising = ['check', 'find', 'read', 'status', 'ask', 'create', 'update', 'delete', 'replaceAll'];
const iterating = ['list', 'history'];
const nested: { readonly [name: string]: readonly string[] } = { train: ['baseline', 'start'], container: ['list', 'unused', 'create'] };

/** The same table of functions, each with the wrapper around it. What is not there stays away: presence is the capability. */
function around(target: Target, steps: 'first step' | 'every step', wrapper: Around): Target {
  const table = target as unknown as { readonly [name: string]: unknown };
  const wrapped: Record<string, unknown> = { ...table };
  for (const name of promising) replace(wrapped, table, name, (run) => wrapper(name, run));
  for (const name of iterating) {
    const list = table[name];
    if (isFunction(list))
      wrapped[name] = (...parameters: never[]) =>
        stepsAround(list.apply(table, parameters) as AsyncIterable<unknown>, name, steps, wrapper);
  }
  for (const [group, names] of Object.entries(nested)) {
    const inner = table[group] as { readonly [name: string]: unknown } | undefined;
    if (inner === undefined) continue;
    const copy: Record<string, unknown> = { ...inner };
    for (const name of names) replace(copy, inner, name, (run) => wrapper(`${group}.${name}`, run));
    wrapped[group] = copy;
  }
  return wrapped as unknown as Target;
}

function isFunction(value: unknown): value is AnyFunction {
  return typeof value === 'function';
}

function replace(
  into: Record<string, unknown>,
  from: { readonly [name: string]: unknown },
  name: string,
  wrapper: (run: () => Promise<unknown>) => Promise<unknown>,
): void {
  const original = from[name];
  if (isFunction(original)) into[name] = (...parameters: never[]) => wrapper(() => original.apply(from, parameters) as Promise<unknown>);
}

type Step = IteratorResult<unknown>;

async function* stepsAround(
  items: AsyncIterable<unknown>,
  name: string,
  which: 'first step' | 'every step',
  wrapper: Around,
): AsyncGenerator<unknown> {
  const steps = items[Symbol.asyncIterator]();
  const wrappedNext = () => wrapper(name, () => steps.next()) as Promise<Step>;
  const next = which === 'every step' ? wrappedNext : () => steps.next();
  try {
    for (let step = await wrappedNext(); step.done !== true; step = await next()) yield step.value;
  } finally {
    await steps.return?.();
  }
}
