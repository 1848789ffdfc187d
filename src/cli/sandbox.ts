// `sandbox`: all emulators on a port of their own, over the same bots that `sandbox: true` targets meet. Owns what it prints; serving is sandbox/server.ts's.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { configFileName } from '../config/load.ts';
import type { ConnectorSpec } from '../connectors/connector.ts';
import { SyncError } from '../model/error.ts';
import type { JsonRecord } from '../model/json.ts';
import { visible } from '../plan/escape.ts';
import { latestClaim } from '../sandbox/claim.ts';
import { joinSandbox, type Sandbox } from '../sandbox/server.ts';
import { everyConnector, everyEmulator } from '../workspace/vendors.ts';
import { openWorkspace } from '../workspace.ts';
import type { Invocation } from './invocation.ts';
import { plain } from './reports.ts';

/** `sandbox`, parsed. port 0: any free one. */
export interface SandboxRequest {
  readonly port: number;
}

/** A target as it would stand in sync.config.yaml, and the bot that it speaks to. */
interface Example {
  readonly target: JsonRecord;
  readonly vendor: string;
  readonly bot: { readonly id: string; readonly secret: string };
}

/** Serves until a signal. Resolves to 0, at once where another process serves these bots already. */
export async function sandbox(invocation: Invocation, { port }: SandboxRequest): Promise<number> {
  if (port > 65_535) throw new SyncError('USAGE', { message: `--port: found ${port}, expected 0 to 65535` });
  const { output, command, stop } = invocation;
  const dir = await sandboxDir(invocation);
  const joined = joinSandbox({ dir, emulators: everyEmulator, now: Date.now, random: Math.random, port });
  try {
    const origin = await originOf(joined, port);
    const examples = (await everyConnector()).map((spec) => exampleOf(spec, origin));
    for (const { vendor, bot } of examples) await joined.provision(vendor, bot);
    const servedBy = latestClaim(dir)?.claim?.pid ?? process.pid;
    const targets = examples.map(({ target }) => target);
    output.answer(
      () => plain({ version: 1, command, origin, servedBy, dir, targets }),
      () =>
        output.data(
          `# The emulators are at ${origin}; what they hold lies in ${visible(dir)}\ntargets:\n${targets.map(yamlOf).join('\n')}`,
        ),
    );
    if (servedBy !== process.pid) {
      output.talk(`these bots are served by process ${servedBy} already, for as long as it runs: nothing to do here`);
      return 0;
    }
    output.talk('serving; Ctrl-C ends it');
    await stopped(stop);
    return 0;
  } finally {
    await joined.close();
  }
}

/** Where `sandbox: true` targets of this folder keep their bots. Without a configuration: where the default one would. */
async function sandboxDir({ options, cwd, env, version, secrets }: Invocation): Promise<string> {
  if (options.config === null && !existsSync(path.join(cwd, configFileName))) return path.join(cwd, 'state', 'sandbox');
  const workspace = await openWorkspace({ configFile: options.config, cwd, env, version, secrets, onEvent: () => {} });
  await workspace.close();
  return path.join(workspace.config.stateDir, 'sandbox');
}

async function originOf(joined: Sandbox, port: number): Promise<string> {
  try {
    return await joined.origin();
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException | null)?.code;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw thrown;
    const message = code === 'EACCES' ? `port ${port} needs rights that this user has not` : `port ${port} is in use by another program`;
    throw new SyncError('USAGE', { message, next: 'name another one with --port, or --port 0 for any free one', cause: thrown });
  }
}

/** A bot of its own for each vendor, with the vendor's own names for id and key. */
function exampleOf(spec: ConnectorSpec, origin: string): Example {
  const name = `demo-${spec.name}`;
  const { options, bot } = spec.sandbox(name);
  // Not a word of everyday: whatever stands as a key in a configuration is blacked out everywhere.
  const secret = `key-of-${name}`;
  const own = Object.entries(options).map(([key, value]) => [key, value === bot.secret ? secret : value] as const);
  return {
    vendor: spec.name,
    bot: { id: bot.id, secret },
    target: { name, vendor: spec.name, baseUrl: origin, ...Object.fromEntries(own) },
  };
}

function yamlOf(target: JsonRecord): string {
  return Object.entries(target)
    .map(
      ([key, value], index) =>
        `  ${index === 0 ? '- ' : '  '}${key}: ${typeof value === 'string' && /^[a-z][\w:/.-]*$/i.test(value) ? value : JSON.stringify(value)}`,
    )
    .join('\n');
}

function stopped(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) resolve();
    else stop.addEventListener('abort', () => resolve(), { once: true });
  });
}
