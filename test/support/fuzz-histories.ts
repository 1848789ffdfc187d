// Random histories for fast-check, and how a failing one is told: with the seed and the path that bring it back.
import fc from 'fast-check';
import { edits, type Happening, liveThrough, slots, type Tally } from './fuzz-world.ts';
import type { BotKind } from './struck-bots.ts';

const sync = fc.record({
  do: fc.constant('sync' as const),
  crashAt: fc.option(fc.integer({ min: 1, max: 60 }), { nil: null, freq: 2 }),
  loses: fc.constantFrom('nothing' as const, 'unsynced' as const, 'torn' as const),
});

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom(...edits), slot: fc.constantFrom(...slots) }) },
  { weight: 6, arbitrary: sync },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('trouble' as const), seed: fc.integer({ min: 1, max: 99_999 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('narrow' as const, 'lose' as const, 'foreign' as const, 'calm' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unhand' as const), n: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clock' as const), hours: fc.integer({ min: -72, max: 72 }) }) },
);

export interface FuzzPlan {
  readonly kinds: readonly BotKind[];
  readonly runs: number;
  readonly seed: number;
  /** Of a failure that was printed before: brings back exactly that history. */
  readonly path?: string | undefined;
  readonly most?: number;
  readonly tally?: Tally;
  /** Milliseconds after which no further history is begun; what was lived until then counts. */
  readonly untilMs?: number;
}

/** Throws with the smallest history that breaks a promise, its seed and its path. */
export async function fuzz({ kinds, runs, seed, path, most = 24, tally, untilMs }: FuzzPlan): Promise<void> {
  const byName = new Map(kinds.map((kind) => [kind.name, kind]));
  const histories = fc.record({
    bot: fc.constantFrom(...byName.keys()),
    history: fc.array(happening, { minLength: 1, maxLength: most, size: 'max' }),
  });
  const property = fc.asyncProperty(histories, async ({ bot, history }) => {
    const kind = byName.get(bot);
    if (kind === undefined) throw new Error(`there is no ${bot}`);
    const breaches = await liveThrough(kind, history, tally);
    if (breaches.length > 0) throw new Error(breaches.join('\n'));
  });
  const until = untilMs === undefined ? {} : { interruptAfterTimeLimit: untilMs, markInterruptAsFailure: false };
  await fc.assert(property, { seed, numRuns: runs, ...(path !== undefined && { path }), ...until });
}
