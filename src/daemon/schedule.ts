// Cron lines → ticks. The only file that knows node-cron. A tick only says that it is time; the loops decide.
import { createTask, type Logger, type ScheduledTask } from 'node-cron';
import { SyncError } from '../model/error.ts';

export interface Job {
  /** The key of the configuration: `rescan`. */
  readonly name: string;
  /** node-cron syntax; null: switched off. */
  readonly line: string | null;
  readonly run: () => void;
}

export interface ScheduleInput {
  readonly timezone: string;
  readonly jobs: readonly Job[];
}

export interface Schedule {
  /** The next tick of each job that is switched on. */
  next(): readonly { readonly name: string; readonly at: Date }[];
  stop(): void;
}

/** A daemon that missed ticks has nothing to say about it: it makes up for them. */
const silent: Logger = { info() {}, warn() {}, error() {}, debug() {} };

/** Starts every job that is switched on. CONFIG_INVALID names the line that node-cron does not take. */
export function startSchedule({ timezone, jobs }: ScheduleInput): Schedule {
  const tasks = jobs.flatMap((job) => (job.line === null ? [] : [{ name: job.name, task: taskOf(job, job.line, timezone) }]));
  for (const { task } of tasks) void task.start();
  return {
    next: () =>
      tasks.flatMap(({ name, task }) => {
        const at = task.getNextRun();
        return at === null ? [] : [{ name, at }];
      }),
    stop() {
      for (const { task } of tasks) void task.destroy();
    },
  };
}

function taskOf(job: Job, line: string, timezone: string): ScheduledTask {
  try {
    const task = createTask(line, () => job.run(), { timezone, noOverlap: true, logger: silent, suppressMissedWarning: true });
    // Asleep or too busy: however many ticks were missed, hints and looks coalesce into one.
    task.on('execution:missed', () => job.run());
    return task;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SyncError('CONFIG_INVALID', {
      message: `schedule.${job.name}: found "${line}" (${timezone}), which is no cron line: ${reason}`,
      cause,
    });
  }
}
