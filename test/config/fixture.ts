// A small vendor and a folder in memory, for the tests of the configuration.
import { z } from 'zod';
import { type ConfigProblem, type Loaded, loadConfig, type VendorKeys, type VendorOptions } from '../../src/config/load.ts';
import { SyncError } from '../../src/model/error.ts';

/** Keys of every kind: ids, secrets (nested too), a choice, a number, a switch. */
export const acme: VendorOptions & { readonly name: string; readonly label: string } = {
  name: 'acme',
  label: 'Acme Chat',
  options: z.strictObject({
    botId: z.string().optional().describe('Id of the bot.'),
    sourceId: z.string().nullable().default(null).describe('Id of the source.'),
    secretKey: z.string().min(1).meta({ secret: true }).optional().describe('The key.'),
    admin: z
      .strictObject({ clientId: z.string().describe('Id.'), clientSecret: z.string().meta({ secret: true }).describe('Secret.') })
      .optional()
      .describe('A second credential.'),
    api: z.enum(['v1', 'v2']).default('v2').describe('Version.'),
    batch: z.int().min(1).max(100).default(50).describe('Items a call.'),
    features: z
      .strictObject({ delete: z.boolean().default(true).describe('Deletes.') })
      .prefault({})
      .describe('Switches.'),
  }),
  required: (options) => (options['api'] === 'v1' ? ['botId'] : ['botId', 'secretKey']),
  defaultBaseUrl: 'https://api.acme.example',
  sandbox: (name) => ({ options: { botId: `bot-${name}`, secretKey: `sandbox-${name}` } }),
  identityKeys: ['botId', 'sourceId'],
};

/** As acme, but without an origin of its own. */
export const hosted: VendorOptions & { readonly name: string } = {
  name: 'hosted',
  options: z.strictObject({ botId: z.string().optional().describe('Id of the bot.') }),
  required: () => ['baseUrl', 'botId'],
  defaultBaseUrl: null,
  sandbox: () => ({ options: { botId: 'b' } }),
};

const known = new Map<string, VendorOptions>([
  ['acme', acme],
  ['hosted', hosted],
]);

export const vendors: VendorKeys = Object.assign(async (name: string) => known.get(name) ?? null, { names: ['acme', 'hosted'] });

export interface Setting {
  readonly env?: { readonly [name: string]: string };
  /** Further files, by absolute path. */
  readonly files?: { readonly [file: string]: string };
}

/** Loads a text as /repo/sync.config.yaml of a folder in memory. */
export function load(text: string, { env = {}, files = {} }: Setting = {}): Promise<Loaded> {
  const all: { readonly [file: string]: string } = { '/w/sync.config.yaml': text, ...files };
  const readFile = async (file: string) => {
    const found = all[file];
    if (found === undefined) throw Object.assign(new Error(`ENOENT: ${file}`), { code: 'ENOENT' });
    return found;
  };
  return loadConfig({ file: null, cwd: '/w', env, vendors, readFile });
}

/** The problems of a text that must not load. */
export async function problemsOf(text: string, setting: Setting = {}): Promise<readonly ConfigProblem[]> {
  try {
    await load(text, setting);
  } catch (thrown) {
    if (thrown instanceof SyncError && thrown.code === 'CONFIG_INVALID')
      return thrown.data['problems'] as unknown as readonly ConfigProblem[];
    throw thrown;
  }
  throw new Error('it loaded');
}

/** `line:column key` of each problem. */
export async function placesOf(text: string, setting: Setting = {}): Promise<readonly string[]> {
  return (await problemsOf(text, setting)).map((problem) => `${problem.line}:${problem.column} ${problem.key}`);
}

/** A configuration with one good target; `target` and `top` are further lines of each. */
export function config({ target = '', top = '' }: { readonly target?: string; readonly top?: string } = {}): string {
  return `name: docs\n${top}targets:\n  - name: support\n    vendor: acme\n    botId: b1\n    secretKey: \${ACME_KEY}\n${target}`;
}
