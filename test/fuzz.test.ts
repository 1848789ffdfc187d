// Seeded fuzz of edits × faults × restarts, over the vendor in memory in every kind and over a real connector. A failure prints its seed, its path and
// the smallest history that still fails: KBSYNC_FUZZ_SEED=… KBSYNC_FUZZ_PATH=… npx vitest run test/fuzz.test.ts brings it back.
import { describe, expect, it } from 'vitest';
import { fuzz } from './support/fuzz-histories.ts';
import { newTally } from './support/fuzz-world.ts';
import { memoryBots, vendorBots } from './support/struck-bots.ts';

const seed = Number(process.env['KBSYNC_FUZZ_SEED'] ?? 20261121);
const path = process.env['KBSYNC_FUZZ_PATH'];
const runs = Number(process.env['KBSYNC_FUZZ_RUNS'] ?? 0);
const vendors = await vendorBots();

describe('anything may happen, and nothing is lost or doubled', () => {
  it(
    `in memory, every kind of vendor (seed ${seed})`,
    async () => {
      const tally = newTally();
      await fuzz({ kinds: memoryBots, runs: runs || 25, seed, path, tally });
      if (path === undefined) expect(tally.crashes).toBeGreaterThan(10);
    },
    runs > 0 ? 3_600_000 : 120_000,
  );

  it(
    `over real HTTP (seed ${seed})`,
    async () => {
      const kinds = vendors.filter(({ name }) => ['chatthing', 'sitegpt-v2', 'cxgenie'].includes(name));
      const tally = newTally();
      await fuzz({ kinds, runs: runs || 6, seed, path, tally, most: 16 });
      if (path === undefined) expect(Object.keys(tally.faults).length).toBeGreaterThan(0);
    },
    runs > 0 ? 3_600_000 : 120_000,
  );
});
