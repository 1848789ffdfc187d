// Vendors as the configuration and the commands need them: what is known of one before its target is connected, and all of them at once.
// Which there are is the registry's.
import type { VendorKeys, VendorOptions } from '../config/load.ts';
import { type ConnectorSpec, updateWaysOf } from '../connectors/connector.ts';
import type { EmulatorSpec } from '../connectors/emulator.ts';
import { findConnector, registry } from '../connectors/registry.ts';
import { SyncError } from '../model/error.ts';

/** Finds vendors for loadConfig: ours, and the packages and files of others. */
export function vendorKeys(): VendorKeys {
  const find = async (name: string, configDir: string): Promise<VendorOptions | null> => {
    const spec = await findConnector(name, configDir);
    return spec === null ? null : vendorOf(spec, Object.hasOwn(registry, name));
  };
  return Object.assign(find, { names: Object.keys(registry) });
}

function vendorOf(spec: ConnectorSpec, emulated: boolean): VendorOptions {
  return {
    options: spec.options,
    required: (options) => spec.required(options),
    defaultBaseUrl: spec.defaultBaseUrl,
    identityKeys: spec.identityKeys,
    sandbox: (targetName) => spec.sandbox(targetName),
    updateWays: (options) => updateWaysOf(spec.connect(options, unconnected)),
    emulated,
  };
}

/** To connect is to bind functions: a connector that sends something while it does has a bug. */
const unconnected = {
  http: () => Promise.reject(new SyncError('UNEXPECTED', { message: 'a connector sent a request before it was asked anything' })),
  origin: 'nowhere',
  now: () => 0,
};

/** The connector of every vendor. */
export function everyConnector(): Promise<readonly ConnectorSpec[]> {
  return Promise.all(Object.values(registry).map((vendor) => vendor.connector()));
}

/** The emulator of every vendor. */
export function everyEmulator(): Promise<readonly EmulatorSpec[]> {
  return Promise.all(Object.values(registry).map((vendor) => vendor.emulator()));
}
