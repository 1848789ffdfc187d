// One history: a bot, a disk and a folder that changes, over runs of the engine of which any may die at any step. Each run is a process:
// it remembers nothing but what the last one left on the disk.
import { codesOf, strongest } from '../../src/cli/exit.ts';
import type { Passes } from '../../src/cycle/context.ts';
import type { Folder } from '../../src/cycle/folder.ts';
import type { TargetConfig } from '../../src/model/config.ts';
import type { TargetReport } from '../../src/model/report.ts';
import { type LedgerView, readLedger } from '../../src/state/store.ts';
import { openTexts } from '../../src/state/texts.ts';
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

  static async begin(kind: BotKind): Promise<Life> {
    return new Life(kind, await kind.open());
  }

  /** One `sync` over the folder. */
  async run(folder: Folder, plan: RunPlan = {}): Promise<Lived> {
    const { bot, kind, id } = this;
    const { crashAt = null, loses = 'unsynced' } = plan;
    let steps = 0;
    let dead = false;
    let where = '';
    const step = (name: string): void => {
      steps += 1;
      if (!dead && steps === crashAt) where = name;
      dead ||= steps === crashAt;
      if (dead) throw new Crash(name);
    };
    bot.clock.nowMs += 1_000;
    bot.strike = step;
    const before = bot.writes();
    const disk = this.disk.watched(step);
    const { traits } = bot.target;
    const targetPatch: Partial<TargetConfig> = {
      format: traits.formats[0] ?? 'markdown',
      audience: ['public'],
      maxDocumentBytes: 700,
      onUpdate: kind.onUpdate ?? 'default',
      ...(plan.include !== undefined && { include: plan.include }),
    };
    const texts = openTexts(disk, '/state/texts/bot');
    let report: TargetReport | null = null;
    try {
      const input = { target: bot.target, disk, files: {}, folder, id, clock: ourClock(bot), texts, targetPatch, onSleep: this.onSleep };
      report = await runSync({ ...input, passes: { ...passes, ...plan.passes } });
    } catch (thrown) {
      if (!dead) throw thrown;
    }
    bot.strike = () => {};
    // Whatever came of it after the moment of death never happened: the disk and the wire were gone.
    if (dead) this.disk = this.disk.survivors(loses, plan.random);
    const ended = dead ? null : report;
    return {
      died: dead,
      where,
      steps,
      report: ended,
      exitCode: ended === null ? null : strongest(codesOf(ended)),
      writes: bot.writes() - before,
    };
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
