// @ts-check
// kbsync's contract suite against this connector and its emulator: `node --test`. Cases that do not apply are skipped with the reason.
import { describe, test } from 'node:test';
import { contractTests, defineEmulator, engineSync, refusedText, viaHttp } from 'kbsync/testkit';
import connector from './connector.js';
import { createCorkboard, defaults } from './emulator.js';

const emulator = defineEmulator({
  vendor: connector.name,
  prefixes: ['/v1/boards'],
  defaults,
  create({ now }, settings) {
    const { server, ...bots } = createCorkboard({ ...settings, now });
    return { ...bots, handle: viaHttp(server) };
  },
});

for (const [name, variant] of Object.entries(connector.variants)) {
  const conditions = {
    'training-fails': { failMarker: '' },
    'training-never-ends': { learnMs: Number.POSITIVE_INFINITY },
    'item-refused': { rejectMarker: refusedText },
  };
  describe(name, () => {
    for (const { name: sentence, skip, run } of contractTests({ name, spec: connector, emulator, variant, conditions, sync: engineSync })) {
      test(sentence, { skip: skip ?? false }, run);
    }
  });
}
