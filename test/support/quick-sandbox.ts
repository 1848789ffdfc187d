// The sandbox of a test's folder, served by the test: the programs that run there meet it as they would another's, and no emulator keeps them
// waiting. How long the vendors take is what the emulators' own tests and those of the five vendors are about, with a clock of their own.
import { join } from 'node:path';
import { joinSandbox, type Sandbox } from '../../src/sandbox/server.ts';
import { everyEmulator } from '../../src/workspace/vendors.ts';

const atOnce = { chatthing: { syncMs: 0 }, sitegpt: { queuedMs: 0, processingMs: 0 }, cxgenie: { learnMs: 0 } };

export type QuickSandbox = Pick<Sandbox, 'close'>;

/** Serves the bots of this folder until it is closed, which must be before the folder goes. */
export async function quickSandbox(dir: string): Promise<QuickSandbox> {
  const sandbox = joinSandbox({
    dir: join(dir, 'state', 'sandbox'),
    emulators: everyEmulator,
    settings: atOnce,
    now: Date.now,
    random: Math.random,
  });
  await sandbox.origin();
  return sandbox;
}
