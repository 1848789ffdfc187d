// What the engine tells the freshness check of one target: that its turn has come, and why what it would measure says nothing of the bot.
// Watches the wall clock, by which a check is measured, against one that never goes back.

export interface CanaryRound {
  /** schedule.canary has come round since the last look. */
  due: boolean;
  /** Why nobody has followed the check under way so far; null: it was. */
  unfollowed: string | null;
}

/** Both in milliseconds: since 1970, and of a clock that is never set. */
export interface TwoClocks {
  wall(): number;
  steady(): number;
}

export interface WatchedRound extends CanaryRound {
  /** Before each look: a clock that was set, or stood still, since the one before makes times that nobody took. */
  watchClock(): void;
}

/** How far the two may run apart: so much, and a thousandth of the time (a clock that is slewed loses half of that). */
const apartMs = 2_000;
const apartShare = 0.001;

export function newCanaryRound({ wall, steady }: TwoClocks): WatchedRound {
  let before = { wall: wall(), steady: steady() };
  return {
    due: false,
    unfollowed: 'kbsync, or its configuration, was started anew meanwhile',
    watchClock() {
      const now = { wall: wall(), steady: steady() };
      const passed = now.steady - before.steady;
      const apart = Math.abs(now.wall - before.wall - passed);
      before = now;
      if (apart > apartMs + passed * apartShare) this.unfollowed ??= 'the clock was set, or the machine slept, meanwhile';
    },
  };
}
