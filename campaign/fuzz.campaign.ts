// Fuzz without end: seeded histories of edits × faults × restarts, over the vendor in memory in every kind and over every real connector.
import { afterAll, describe, expect, it } from 'vitest';
import { fuzz } from '../test/support/fuzz-histories.ts';
import { faultKinds, newTally, type Tally } from '../test/support/fuzz-world.ts';
import { type BotKind, memoryBots, vendorBots } from '../test/support/struck-bots.ts';
import { add, addToAll, type Figures, handBack, seed, timeFor } from './figures.ts';

const figures: Figures = {};
const faults: Figures = {};
afterAll(() => {
  handBack('fuzz', 'Fuzz', figures);
  handBack('fuzz-faults', 'Faults injected', faults);
});

const parts: readonly { name: string; kinds: readonly BotKind[]; share: number }[] = [
  { name: 'in memory', kinds: memoryBots, share: 0.25 },
  { name: 'real connectors', kinds: await vendorBots(), share: 0.35 },
];

describe.each(parts)('$name', ({ name, kinds, share }) => {
  it('anything may happen, and nothing is lost or doubled', async () => {
    const tally: Tally = newTally();
    await fuzz({ kinds, runs: 1_000_000, seed, tally, untilMs: timeFor(share) });
    expect(tally.histories).toBeGreaterThan(0);
    // The time is over in the middle of a history, which is left. One that hung for longer than any takes was none that went well.
    expect(Date.now() - tally.begunMs).toBeLessThan(60_000);
    expect(tally.crashes).toBeGreaterThan(0);
    expect(Object.keys(tally.faults).sort()).toEqual([...faultKinds].sort());
    add(figures, `histories, ${name}`, tally.histories);
    add(figures, 'runs of the engine in them', tally.runs);
    add(figures, 'of these killed', tally.crashes);
    add(figures, 'creates that ended as unconfirmed, shown', tally.unconfirmed);
    addToAll(figures, 'fuzz histories', tally.histories);
    for (const [kind, count] of Object.entries(tally.faults)) {
      add(faults, kind, count);
      addToAll(faults, 'faults of the wire injected', count);
    }
  });
});
