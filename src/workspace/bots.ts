// Target configurations → connected bots: connector, options, sandbox and wire put together, one connection a target, made when it is needed.
import { dirname } from 'node:path';

import { requireVariables } from '../config/load.ts';
import type { SecretSet } from '../config/secrets.ts';
import type { ConnectorSpec } from '../connectors/connector.ts';
import { registry, resolveConnector } from '../connectors/registry.ts';
import type { Connection } from '../cycle/context.ts';
import type { Config, TargetConfig } from '../model/config.ts';
import { SyncError } from '../model/error.ts';
import type { Emit } from '../model/event.ts';
import { type Json, sha256 } from '../model/json.ts';
import { joinSandbox, type Sandbox } from '../sandbox/server.ts';
import { type Connected, connectTarget, type Hooks } from '../transport/connect.ts';
import { createLimiters, type Limiters } from '../transport/limit.ts';
import { proxyPasswords } from '../transport/proxy.ts';
import type { RetryPolicy } from '../transport/retry.ts';
import { steady } from '../transport/steady.ts';

export interface BotsInput {
  readonly config: Config;
  readonly sandboxDir: string;
  readonly secrets: SecretSet;
  /** For proxies. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  readonly random: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly version: string;
  readonly hooks?: Hooks | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
}

export interface Bots {
  /** offline: bound without credentials, never to be asked anything. Throws SECRET_MISSING where a variable of the target is not set. */
  connect(target: TargetConfig, emit: Emit, offline: boolean): Promise<Connection>;
  /** The pause that the account of a target is in, and its breaker, for metrics; null before it is connected. */
  stats(target: string): { readonly pausedForMs: number; readonly waiting: number; readonly breaker: string } | null;
  close(): Promise<void>;
}

/** The bots of a workspace. Nothing is opened before a target is connected. */
export function createBots(input: BotsInput): Bots {
  for (const password of proxyPasswords(input.env)) input.secrets.add(password);
  const limiters: Limiters = createLimiters({ now: steady(input.now), sleep: input.sleep });
  const connected = new Map<string, Connected>();
  let sandbox: Sandbox | null = null;
  const theSandbox = (): Sandbox => {
    sandbox ??= joinSandbox({
      dir: input.sandboxDir,
      emulators: () => Promise.all(Object.values(registry).map((entry) => entry.emulator())),
      now: input.now,
      random: input.random,
    });
    return sandbox;
  };
  return {
    async connect(target, emit, offline) {
      if (!offline) requireVariables(target);
      const spec = await resolveConnector(target.vendor, dirname(input.config.file));
      const options = optionsOf(spec, target, offline);
      // What was bound without credentials is never asked anything.
      const key = offline ? `${target.name} offline` : target.name;
      const known = connected.get(key);
      const bot =
        known ??
        boundOf(
          () => connectTarget({ ...wireOf(input), limiters, spec, options, target, emit, ...placeOf(spec, target, theSandbox) }),
          target,
        );
      connected.set(key, bot);
      refuseFormat(spec, target, bot);
      if (target.sandbox && !offline) await theSandbox().provision(target.vendor, sandboxBot(spec, target));
      return connectionOf(spec, target, bot);
    },
    stats(name) {
      const bot = connected.get(name);
      if (bot === undefined) return null;
      const { pausedForMs, waiting } = bot.limiter.stats();
      return { pausedForMs, waiting, breaker: bot.breaker.state().state };
    },
    async close() {
      for (const bot of connected.values()) bot.close();
      limiters.close();
      await sandbox?.close();
    },
  };
}

/** A connector that stumbles while it binds its functions is named: it may be somebody else's. */
function boundOf(connect: () => Connected, { name, vendor }: TargetConfig): Connected {
  try {
    return connect();
  } catch (thrown) {
    if (thrown instanceof SyncError) throw thrown;
    const words = thrown instanceof Error ? thrown.message : String(thrown);
    throw new SyncError('UNEXPECTED', { message: `target ${name}: the connector ${vendor} stumbles: ${words}`, cause: thrown });
  }
}

function wireOf(input: BotsInput) {
  const { secrets, env, now, random, sleep, version, hooks, retry } = input;
  return { redact: secrets.redact, learn: secrets.addPassing, environment: env, now, random, sleep, version, hooks, retry };
}

function placeOf(spec: ConnectorSpec, target: TargetConfig, sandbox: () => Sandbox) {
  if (target.sandbox) return { origin: () => sandbox().origin(), originName: 'sandbox', rate: null };
  const origin = target.baseUrl ?? spec.defaultBaseUrl;
  if (origin === null) throw new SyncError('CONFIG_INVALID', { message: `${target.name}: ${spec.label} needs a baseUrl` });
  return { origin: () => Promise.resolve(origin), originName: origin, rate: target.rate };
}

/** The vendor's own keys, checked by the connector; in a sandbox with what the sandbox fills in. */
function optionsOf(spec: ConnectorSpec, target: TargetConfig, offline: boolean): unknown {
  const filled: Record<string, Json> = target.sandbox ? sandboxOptions(spec, target) : { ...target.options };
  if (offline) for (const name of spec.required(filled)) filled[name] ??= 'offline';
  const parsed = spec.options.safeParse(filled);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const key = issue?.path.join('.') ?? '';
  throw new SyncError('CONFIG_INVALID', { message: `${target.name}.${key}: ${issue?.message ?? 'not valid'}` });
}

/** Only the connector knows which formats its bot takes, and that from its options. */
function refuseFormat(spec: ConnectorSpec, target: TargetConfig, bot: Connected): void {
  const { formats } = bot.target.traits;
  if (target.format === null || formats.includes(target.format)) return;
  throw new SyncError('CONFIG_INVALID', {
    message: `target ${target.name} (line ${target.line} of the configuration): format is ${target.format}, but ${spec.label} takes only ${formats.join(' or ')}`,
    next: `set format to ${formats.join(' or ')}, or leave the key out`,
    facts: { stops: 'target' },
    data: { target: target.name, line: target.line, formats },
  });
}

/** What the sandbox fills in, under the target's own keys; but its key to the bot is disguised. */
function sandboxOptions(spec: ConnectorSpec, target: TargetConfig): Record<string, Json> {
  const { options, bot } = spec.sandbox(target.name);
  const key = Object.keys(options).find((name) => options[name] === bot.secret);
  const filled = { ...options, ...target.options };
  return key === undefined ? filled : { ...filled, [key]: sandboxBot(spec, target).secret };
}

/** The bot that the sandbox must hold for this target: the one its options name. */
function sandboxBot(spec: ConnectorSpec, target: TargetConfig): { id: string; secret: string } {
  const { options, bot } = spec.sandbox(target.name);
  // Where the configuration names its own id or key, the sandbox has a bot of that id and key.
  const own = (value: string): string => {
    const key = Object.keys(options).find((name) => options[name] === value);
    const set = key === undefined ? undefined : target.options[key];
    return typeof set === 'string' ? set : value;
  };
  const secret = own(bot.secret);
  return { id: own(bot.id), secret: secret === bot.secret ? secret : disguised(secret) };
}

/** The sandbox writes down what opens its bots: never a key that may open a real one. The same key is the same account there. */
function disguised(secret: string): string {
  return `sandbox-${sha256(`kbsync sandbox\n${secret}`).slice(0, 32)}`;
}

function connectionOf(spec: ConnectorSpec, target: TargetConfig, bot: Connected): Connection {
  const { limits } = bot.target.traits;
  const concurrency = target.rate.concurrency ?? limits.concurrency;
  return {
    target: bot.target,
    vendorLabel: spec.label,
    concurrency,
    rate: { perMinute: target.sandbox ? null : (target.rate.perMinute ?? limits.perMinute), concurrency },
    requests: () => {
      const { read, write } = bot.counter.counts();
      return { read, write };
    },
  };
}
