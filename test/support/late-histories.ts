// A write that reaches the vendor later than anybody would believe: its connection is broken at once, and some proxy delivers it when the engine
// is looking for it, after it has looked and done it again, or after the run that followed.
import { Life } from './life.ts';
import type { BotKind } from './struck-bots.ts';
import { judge } from './truth.ts';
import type { Cycle } from './whole-cycle.ts';

/**
 * looking: while the engine waits for the vendor's lag. then: when the run has ended. later: after an undisturbed run more. stale: when the folder
 * is as it was before again, and the bot with it.
 */
export const moments = ['looking', 'then', 'later', 'stale'] as const;

export interface LateHistory {
  /** Which of the writes is late, from 1. */
  readonly write: number;
  readonly moment: (typeof moments)[number];
}

export interface Late {
  /** Null: there were fewer writes. */
  readonly what: string | null;
  /** What the bot held wrongly until it was next listed: twins, texts of before. */
  readonly untilListed: readonly string[];
  /** What stayed wrong. */
  readonly breaches: readonly string[];
}

type Deliver = () => Promise<unknown>;

/** One history. Where the bot can be listed the state is lost at the end, so that the next run looks at everything. */
export async function deliverLate(kind: BotKind, cycle: Cycle, { write, moment }: LateHistory): Promise<Late> {
  const life = await Life.begin(kind);
  const { bot } = life;
  try {
    await life.run(cycle.before);
    let writes = 0;
    let what: string | null = null;
    let held: Deliver | null = null;
    bot.setFault((request) => {
      if (!bot.writing || ++writes !== write) return null;
      what = `${request.method} ${request.path}`;
      return {
        late(deliver) {
          held = deliver;
        },
      };
    });
    const release = async (): Promise<void> => {
      const deliver: Deliver | null = held;
      held = null;
      await deliver?.();
    };
    if (moment === 'looking') life.onSleep = release;
    await life.run(cycle.after);
    life.onSleep = () => Promise.resolve();
    bot.setFault(null);
    if (moment === 'later') await life.run(cycle.after);
    const folder = moment === 'stale' ? cycle.before : cycle.after;
    if (moment === 'stale') await life.quiesce(folder);
    await release();
    const last = await life.quiesce(folder);
    const expected = moment === 'stale' ? { ...cycle, ...cycle.back } : cycle;
    const { breaches: untilListed } = await judge(life, expected, last);
    if (what === null || !('list' in bot.target) || bot.target.list === undefined) return { what, untilListed: [], breaches: untilListed };
    life.loseState();
    const { breaches } = await judge(life, expected, await life.quiesce(folder));
    return { what, untilListed, breaches: breaches.map((breach) => `${breach} [${kind.name}: ${what} delivered ${moment}]`) };
  } finally {
    await life.close();
  }
}
