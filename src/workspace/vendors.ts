// All vendors at once, for the commands that speak of every one of them. Which there are is the registry's.
import type { ConnectorSpec } from '../connectors/connector.ts';
import type { EmulatorSpec } from '../connectors/emulator.ts';
import { registry } from '../connectors/registry.ts';

/** The connector of every vendor. */
export function everyConnector(): Promise<readonly ConnectorSpec[]> {
  return Promise.all(Object.values(registry).map((vendor) => vendor.connector()));
}

/** The emulator of every vendor. */
export function everyEmulator(): Promise<readonly EmulatorSpec[]> {
  return Promise.all(Object.values(registry).map((vendor) => vendor.emulator()));
}
