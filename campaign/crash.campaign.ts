// Crash points at every kind of the vendor in memory: every single one of the small cycle and of a whole day's work, and the double ones in seeded
// order for as long as the time allows, which on a quiet machine is all of the small cycle's.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepsOf } from '../test/support/crash-histories.ts';
import { memoryBots } from '../test/support/struck-bots.ts';
import { type Cycle, smallCycle, wholeCycle } from '../test/support/whole-cycle.ts';
import { doubles, live, singles } from './blows.ts';
import { type Figures, handBack, timeFor } from './figures.ts';

const figures: Figures = {};
const small = smallCycle();
let whole: Cycle & { remove(): void };
beforeAll(async () => {
  whole = await wholeCycle(Date.UTC(2026, 10, 21));
});
afterAll(() => {
  whole.remove();
  handBack('crash', 'Crash histories, in memory', figures);
});

describe.each(memoryBots)('$name', (kind) => {
  it('the small cycle', async () => {
    const cycle = small;
    const steps = await stepsOf(kind, cycle);
    const first = await stepsOf(kind, cycle, true);
    expect(steps).toBeGreaterThan(15);
    await live({ kind, cycle, blows: singles(steps), name: 'one crash, every step × three kinds of loss' }, figures);
    await live(
      {
        kind,
        cycle,
        blows: singles(first, { firstPush: true }),
        name: 'one crash of the very first push, every step × three kinds of loss',
      },
      figures,
    );
    const untilMs = Date.now() + timeFor(0.05);
    await live({ kind, cycle, blows: doubles(steps), name: 'two crashes, every step × every step of the recovery', untilMs }, figures);
  });

  it('a whole day’s work', async () => {
    const cycle = whole;
    const steps = await stepsOf(kind, cycle);
    expect(steps).toBeGreaterThan(30);
    await live({ kind, cycle, blows: singles(steps), name: 'one crash of a whole day’s work, every step × three kinds of loss' }, figures);
    const untilMs = Date.now() + timeFor(0.015);
    await live({ kind, cycle, blows: doubles(steps), name: 'two crashes of a whole day’s work, sampled', untilMs }, figures);
  });
});
