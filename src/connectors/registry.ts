// The vendors, one line each, loaded only when asked for: their schemas cost start-up time. Third-party packages are not loaded yet.
import { SyncError } from '../model/error.ts';
import type { ConnectorSpec } from './connector.ts';
import type { EmulatorSpec } from './emulator.ts';

/** Both halves of one vendor; each loads its own module and nothing else. */
export interface Vendor {
  readonly connector: () => Promise<ConnectorSpec>;
  readonly emulator: () => Promise<EmulatorSpec>;
}

/** Every vendor by the name it has in sync.config.yaml. */
export const registry: { readonly [vendor: string]: Vendor } = {
  chatthing: vendor({ connector: () => import('./chatthing/index.ts'), emulator: () => import('./chatthing/emulator.ts') }),
  sitegpt: vendor({ connector: () => import('./sitegpt/index.ts'), emulator: () => import('./sitegpt/emulator.ts') }),
};

/** The connector of a vendor's name. Throws CONFIG_INVALID for a name that is none. */
export async function resolveConnector(name: string): Promise<ConnectorSpec> {
  return known(name).connector();
}

/** The emulator of a vendor's name. Throws CONFIG_INVALID for a name that is none. */
export async function resolveEmulator(name: string): Promise<EmulatorSpec> {
  return known(name).emulator();
}

function known(name: string): Vendor {
  const found = Object.hasOwn(registry, name) ? registry[name] : undefined;
  if (found !== undefined) return found;
  throw new SyncError('CONFIG_INVALID', {
    message: `vendor ${JSON.stringify(name)} is not known; there are ${Object.keys(registry).join(', ')}`,
    next: 'write one of these names; connectors of third-party packages and files are not loaded yet',
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
