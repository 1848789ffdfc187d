// Connectors of others: a package or a file that the configuration names, whose default export is a defineConnector result. Owns what is refused.
import { createRequire, isBuiltin } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SyncError } from '../model/error.ts';
import type { ConnectorSpec } from './connector.ts';

/** What a connector must be for this version of kbsync. */
const contract = 1;

/** Whether a vendor's name means a file rather than a package. */
export function namesFile(name: string): boolean {
  return name.startsWith('./') || name.startsWith('../') || isAbsolute(name);
}

/**
 * Loads a third-party connector: a file relative to the configuration's folder, or a package installed beside it. Null where there is nothing of
 * that name. CONFIG_INVALID where something is there that is no connector, or one of another contract. Loading it runs its code.
 */
export async function loadThirdParty(name: string, configDir: string): Promise<ConnectorSpec | null> {
  const file = locate(name, configDir);
  if (file === null) return null;
  let module: { readonly default?: unknown };
  try {
    module = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
  } catch (cause) {
    throw refused(name, `it cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  return judged(name, module.default);
}

function locate(name: string, configDir: string): string | null {
  // Resolved as a file of that folder would resolve it: its own node_modules, then those above.
  const from = createRequire(join(configDir, 'sync.config.yaml'));
  if (namesFile(name)) return found(() => from.resolve(resolve(configDir, name)));
  // A name of Node's own modules resolves to itself, which is no package.
  return exported(name, from) ?? found(() => (isBuiltin(name) ? null : from.resolve(name)));
}

function found<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}

/** What a package offers to `import`: `require.resolve` knows only what it offers to `require`, which may be nothing. Null where it says nothing. */
function exported(name: string, from: NodeJS.Require): string | null {
  const [, bare, rest] = /^((?:@[^/]+\/)?[^/]+)(\/.*)?$/.exec(name) ?? [];
  if (bare === undefined) return null;
  for (const folder of from.resolve.paths(bare) ?? []) {
    const root = join(folder, bare);
    const manifest: unknown = found(() => from(join(root, 'package.json')));
    if (typeof manifest !== 'object' || manifest === null) continue;
    const place = importedFrom((manifest as { readonly exports?: unknown }).exports, `.${rest ?? ''}`);
    return place === null ? null : found(() => from.resolve(join(root, place)));
  }
  return null;
}

const conditions: ReadonlySet<string> = new Set(['node', 'import', 'module-sync', 'default']);

/** The file of one entry of a package's `exports`; null where there is none, or only a pattern. */
function importedFrom(exports: unknown, entry: string): string | null {
  if (typeof exports === 'string') return entry === '.' ? exports : null;
  if (Array.isArray(exports)) return exports.map((one) => importedFrom(one, entry)).find((one) => one !== null) ?? null;
  if (typeof exports !== 'object' || exports === null) return null;
  const rows = Object.entries(exports);
  if (rows.some(([key]) => key.startsWith('.'))) {
    const own = rows.find(([key]) => key === entry);
    return own === undefined ? null : importedFrom(own[1], '.');
  }
  const fitting = rows.filter(([key]) => conditions.has(key)).map(([, value]) => importedFrom(value, entry));
  return fitting.find((one) => one !== null) ?? null;
}

function judged(name: string, found: unknown): ConnectorSpec {
  if (found === undefined) throw refused(name, 'it has no default export, which would be the connector (see defineConnector)');
  if (typeof found !== 'object' || found === null) throw refused(name, 'its default export is no connector (see defineConnector)');
  const spec = found as Partial<Record<keyof ConnectorSpec, unknown>>;
  if (spec.contract !== contract) {
    throw refused(name, `it speaks contract ${JSON.stringify(spec.contract) ?? 'none'}, this kbsync speaks contract ${contract}`);
  }
  const isThere: { readonly [key in keyof ConnectorSpec]?: boolean } = {
    name: typeof spec.name === 'string',
    label: typeof spec.label === 'string',
    options: isParser(spec.options),
    required: typeof spec.required === 'function',
    identityKeys: Array.isArray(spec.identityKeys),
    defaultBaseUrl: spec.defaultBaseUrl === null || typeof spec.defaultBaseUrl === 'string',
    sandbox: typeof spec.sandbox === 'function',
    account: typeof spec.account === 'function',
    connect: typeof spec.connect === 'function',
  };
  const missing = Object.entries(isThere).flatMap(([key, there]) => (there ? [] : [key]));
  if (missing.length > 0) throw refused(name, `its default export lacks ${missing.join(', ')}`);
  return found as ConnectorSpec;
}

/** zod's, of whichever copy: all that is ever called is safeParse, and what makes a JSON Schema of it where it can. */
function isParser(options: unknown): boolean {
  return typeof options === 'object' && options !== null && 'safeParse' in options && typeof options.safeParse === 'function';
}

function refused(name: string, why: string, cause?: unknown): SyncError {
  return new SyncError('CONFIG_INVALID', {
    message: `vendor ${JSON.stringify(name)}: ${why}`,
    next: 'use a version of the connector for this kbsync; docs/writing-a-connector.md says what one is',
    ...(cause !== undefined && { cause }),
  });
}
