// One history: a bot, a disk and a folder that changes, over runs of the engine of which any may die at any step. Each run is a process:
// it remembers nothing but what the last one left on the disk.
import { codesOf, strongest } from '../../src/cli/exit.ts';
import type { Passes } from '../../src/cycle/context.ts';
import type { Folder } from '../../src/cycle/folder.ts';
import type { TargetConfig } from '../../src/model/config.ts';
import { exitCodeOf, SyncError } from '../../src/model/error.ts';
import type { TargetReport } from '../../src/model/report.ts';
import { approvedByPerson } from '../../src/push/person.ts';
import { type LedgerView, openLedger, readLedger } from '../../src/state/store.ts';
import { openTexts } from '../../src/state/texts.ts';
import type { BenchPatch } from '../../src/testkit/bench.ts';
import { idsFrom, runSync } from '../../src/testkit/engine.ts';
import { Crash, type Loss, type MemoryDisk, memoryDisk } from '../../src/testkit/faults.ts';
import type { BotKind, StruckBot } from './struck-bots.ts';

export interface RunPlan {
  /** The number of the step, from 1, that is not done any more; null: none. Disk steps and strikes at the wire are counted together. */
  readonly crashAt?: number | null;
  /** What the disk then loses. */
  readonly loses?: Loss;
  readonly random?: () => number;
  readonly passes?: Partial<Passes>;
  readonly include?: readonly string[];
  /** From this step of the disk on, every write is refused as by a full one. */
  readonly fullFrom?: number;
  /** Called as a write is about to leave, with what a power cut would leave of the disk at that moment. */
  readonly onWrite?: (where: string, afterPowerCut: MemoryDisk) => Promise<void> | void;
  /** 0: ask for training and go. */
  readonly waitMs?: number;
}

export interface Lived {
  readonly died: boolean;
  /** Where it died: the step's own name. */
  readonly where: string;
  readonly steps: number;
  /** Null where it died. */
  readonly report: TargetReport | null;
  readonly exitCode: number | null;
  readonly writes: number;
  /** What ended the run, where it did not end by itself: a disk that takes nothing more. */
  readonly error: SyncError | null;
}

/** People let everything through: these histories are about what is lost and doubled, not about brakes. */
const passes: Partial<Passes> = { initial: true, allowDeletes: 999, allowUpdates: 999 };

export class Life {
  readonly bot: StruckBot;
  disk: MemoryDisk = memoryDisk();
  /** What happens whenever the engine waits. */
  onSleep: () => Promise<void> = () => Promise.resolve();
  private readonly kind: BotKind;
  private readonly id = idsFrom(1);

  constructor(kind: BotKind, bot: StruckBot) {
    this.kind = kind;
    this.bot = bot;
  }

  static async begin(kind: BotKind, patch: BenchPatch = {}): Promise<Life> {
    return new Life(kind, await kind.open(patch));
  }

  /** One `sync` over the folder. */
  async run(folder: Folder, plan: RunPlan = {}): Promise<Lived> {
    const { bot, kind, id } = this;
    const { crashAt = null, loses = 'unsynced', fullFrom = null } = plan;
    let steps = 0;
    let diskSteps = 0;
    const seen: Promise<void>[] = [];
    let dead = false;
    let where = '';
    const step = (name: string): void => {
      steps += 1;
      if (!dead && steps === crashAt) where = name;
      dead ||= steps === crashAt;
      if (dead) throw new Crash(name);
    };
    bot.clock.nowMs += 1_000;
    bot.strike = (where) => {
      if (plan.onWrite !== undefined && where.startsWith('before'))
        seen.push(Promise.resolve(plan.onWrite(where, this.disk.survivors('unsynced'))));
      step(where);
    };
    const before = bot.writes();
    const disk = this.disk.watched((name) => {
      step(name);
      diskSteps += 1;
      if (fullFrom !== null && diskSteps >= fullFrom) throw fullDisk(name);
    });
    const { traits } = bot.target;
    const targetPatch: Partial<TargetConfig> = {
      format: traits.formats[0] ?? 'markdown',
      audience: ['public'],
      maxDocumentBytes: 700,
      onUpdate: kind.onUpdate ?? 'default',
      // The vendor in memory is asked every millisecond: a training that never ends would be asked after two million times.
      poll: { firstMs: null, maxMs: Math.max(5_000, bot.target.traits.poll.maxMs) },
      ...(plan.include !== undefined && { include: plan.include }),
    };
    const texts = openTexts(disk, '/state/texts/bot');
    let report: TargetReport | null = null;
    let error: SyncError | null = null;
    try {
      const input = { target: bot.target, disk, files: {}, folder, id, clock: ourClock(bot), texts, targetPatch, onSleep: this.onSleep };
      const options = plan.waitMs === undefined ? {} : { waitMs: plan.waitMs };
      report = await runSync({ ...input, passes: { ...passes, ...plan.passes }, options });
    } catch (thrown) {
      if (!dead && (fullFrom === null || !(thrown instanceof SyncError))) throw thrown;
      if (thrown instanceof SyncError) error = thrown;
    }
    await Promise.all(seen);
    bot.strike = () => {};
    // Whatever came of it after the moment of death never happened: the disk and the wire were gone.
    if (dead) this.disk = this.disk.survivors(loses, plan.random);
    const ended = dead ? null : report;
    const exitCode = ended === null ? (error === null ? null : exitCodeOf(error.code)) : strongest(codesOf(ended));
    return { died: dead, where, steps, report: ended, exitCode, writes: bot.writes() - before, error };
  }

  /** Runs until there is nothing left to do, time going by between; the last run's outcome. */
  async quiesce(folder: Folder, plan: RunPlan = {}, most = 6): Promise<Lived> {
    let last = await this.run(folder, plan);
    for (let round = 1; round < most && (last.writes > 0 || round < 2); round += 1) {
      this.bot.clock.nowMs += 120_000;
      last = await this.run(folder, plan);
    }
    return last;
  }

  view(): Promise<LedgerView> {
    return readLedger({ disk: this.disk, dir: '/state', target: 'bot' });
  }

  /** A person lets a held run of this rule through, as `todo approve` does. */
  async approve(rule: string): Promise<void> {
    const nowMs = ourClock(this.bot).nowMs;
    const ledger = await openLedger({ disk: this.disk, dir: '/state', target: 'bot', now: () => nowMs });
    const ids = ledger.state.held.filter((held) => held.rule === rule && held.approvedAt === null).map(({ id }) => id);
    for (const id of ids) await ledger.append(approvedByPerson(ledger.state, id, new Date(nowMs).toISOString()));
    await ledger.close();
  }

  /** The state folder is gone. */
  loseState(): void {
    this.disk = memoryDisk();
  }

  close(): Promise<void> {
    return this.bot.close();
  }
}

/** The clock of the machine that the engine runs on: waiting moves the vendor's along. */
function ourClock(bot: StruckBot): { nowMs: number } {
  return {
    get nowMs() {
      return bot.clock.nowMs + bot.skewMs;
    },
    set nowMs(ms) {
      bot.clock.nowMs = ms - bot.skewMs;
    },
  };
}

function fullDisk(step: string): SyncError {
  return new SyncError('STATE_UNWRITABLE', {
    message: `cannot write ${step}: the disk is full`,
    next: 'free disk space and run again: nothing is lost',
  });
}
