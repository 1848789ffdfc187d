// The vendors, one line each, loaded only when asked for: their schemas cost start-up time. Any other name is a third party's package or file.
import { SyncError } from '../model/error.ts';
import type { ConnectorSpec } from './connector.ts';
import type { EmulatorSpec } from './emulator.ts';
import { loadThirdParty } from './third-party.ts';

/** Both halves of one vendor; each loads its own module and nothing else. */
export interface Vendor {
  readonly connector: () => Promise<ConnectorSpec>;
  readonly emulator: () => Promise<EmulatorSpec>;
}

/** Every vendor by the name it has in sync.config.yaml. */
export const registry: { readonly [vendor: string]: Vendor } = {
  chatthing: vendor({ connector: () => import('./chatthing/index.ts'), emulator: () => import('./chatthing/emulator.ts') }),
  cxgenie: vendor({ connector: () => import('./cxgenie/index.ts'), emulator: () => import('./cxgenie/emulator.ts') }),
  sitegpt: vendor({ connector: () => import('./sitegpt/index.ts'), emulator: () => import('./sitegpt/emulator.ts') }),
  replycx: vendor({ connector: () => import('./replycx/index.ts'), emulator: () => import('./replycx/emulator.ts') }),
  koreai: vendor({ connector: () => import('./koreai/index.ts'), emulator: () => import('./koreai/emulator.ts') }),
};

/**
 * The connector of a vendor's name: one of ours, else the package or file of that name seen from the configuration's folder.
 * Null where there is none. CONFIG_INVALID where what is there is no connector for this version.
 */
export async function findConnector(name: string, configDir: string): Promise<ConnectorSpec | null> {
  const ours = Object.hasOwn(registry, name) ? registry[name] : undefined;
  return ours === undefined ? loadThirdParty(name, configDir) : ours.connector();
}

/** The same, where it must be there. Throws CONFIG_INVALID for a name that is none. */
export async function resolveConnector(name: string, configDir: string): Promise<ConnectorSpec> {
  const found = await findConnector(name, configDir);
  if (found === null) throw unknown(name, 'write one of these names, install the package, or mend the path');
  return found;
}

/** The emulator of a vendor's name. Throws CONFIG_INVALID for a name that has none. */
export async function resolveEmulator(name: string): Promise<EmulatorSpec> {
  const ours = Object.hasOwn(registry, name) ? registry[name] : undefined;
  if (ours === undefined) throw unknown(name, 'the sandbox has the built-in vendors only');
  return ours.emulator();
}

function unknown(name: string, next: string): SyncError {
  return new SyncError('CONFIG_INVALID', {
    message: `vendor ${JSON.stringify(name)} is not known; there are ${Object.keys(registry).join(', ')}`,
    next,
  });
}

interface Modules {
  readonly connector: () => Promise<{ readonly connector: ConnectorSpec }>;
  readonly emulator: () => Promise<{ readonly emulator: EmulatorSpec }>;
}

function vendor(modules: Modules): Vendor {
  return {
    connector: async () => (await modules.connector()).connector,
    emulator: async () => (await modules.emulator()).emulator,
  };
}
