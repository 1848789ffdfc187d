// A whole cycle struck once or twice, then left in peace: what `npm test` samples and the campaign does to the end.
import type { Loss } from '../../src/testkit/faults.ts';
import { seededRandom } from '../../src/testkit/random.ts';
import { Life } from './life.ts';
import type { BotKind } from './struck-bots.ts';
import { judge } from './truth.ts';
import type { Cycle } from './whole-cycle.ts';

export const losses: readonly Loss[] = ['nothing', 'unsynced', 'torn'];

export interface Blows {
  /** The step, from 1, of the run that brings the bot from before to after, at which it dies. Null: of the very first push. */
  readonly first: number;
  /** The step of the recovery at which it dies again; null: it does not. */
  readonly second: number | null;
  readonly loses: Loss;
  /** The first blow falls on the very first push: there is no before. */
  readonly firstPush?: boolean;
  /** After the first blow the whole state is gone. Only where the bot can be listed: elsewhere a person decides. */
  readonly stateLost?: boolean;
}

export interface Struck {
  /** How often it died: a step that lies behind the end kills nothing. */
  readonly deaths: number;
  readonly unconfirmed: number;
  /** Each breach with the history that led to it. */
  readonly breaches: readonly string[];
}

/** Whether a lost state can be made good by looking. */
export async function canBeListed(kind: BotKind): Promise<boolean> {
  const bot = await kind.open();
  await bot.close();
  return bot.target.list !== undefined;
}

/** Steps of the run that is struck, undisturbed. */
export async function stepsOf(kind: BotKind, cycle: Cycle, firstPush = false): Promise<number> {
  const life = await Life.begin(kind);
  try {
    if (!firstPush) await life.run(cycle.before);
    return (await life.run(cycle.after)).steps;
  } finally {
    await life.close();
  }
}

/** One history. Everything in it hangs on its arguments alone. */
export async function strike(kind: BotKind, cycle: Cycle, blows: Blows): Promise<Struck> {
  const { first, second, loses, firstPush = false, stateLost = false } = blows;
  const life = await Life.begin(kind);
  try {
    if (!firstPush) await life.run(cycle.before);
    const random = seededRandom(first * 1000 + (second ?? 0));
    const one = await life.run(cycle.after, { crashAt: first, loses, random });
    if (stateLost) life.loseState();
    const two = second === null ? null : await life.run(cycle.after, { crashAt: second, loses, random });
    const last = await life.quiesce(cycle.after);
    const { breaches, unconfirmed } = await judge(life, cycle, last);
    const all = last.writes > 0 ? [...breaches, `never still: the last run wrote ${last.writes} times`] : breaches;
    const again = two === null ? '' : `, then ${second} (${two.where})`;
    const history = `${kind.name}, ${firstPush ? 'first push, ' : ''}struck at ${first} (${one.where})${again}${stateLost ? ', the state is lost' : `, the disk loses ${loses}`}`;
    return { deaths: Number(one.died) + Number(two?.died ?? false), unconfirmed, breaches: all.map((breach) => `${breach} [${history}]`) };
  } finally {
    await life.close();
  }
}
