// Cron lines → ticks. The only file that knows node-cron, which reads the lines; when they are due is judged here, by the wall clock, since its
// own timer sleeps with the machine, is deaf for as long as a clock was set back, and knows neither the hour that spring leaves out nor the one
// that autumn has twice. A tick only says that it is time; the loops decide.
import { createTask, type Logger, parse, type ScheduledTask } from 'node-cron';
import { SyncError } from '../model/error.ts';

export interface Job {
  /** The key of the configuration: `rescan`. */
  readonly name: string;
  /** node-cron syntax; null: switched off. */
  readonly line: string | null;
  readonly run: () => void;
}

/** The wall clock (milliseconds since 1970), and timers that may come late, or not while the machine sleeps. */
export interface WallClock {
  now(): number;
  after(ms: number, run: () => void): unknown;
  cancel(timer: unknown): void;
}

export interface ScheduleInput {
  readonly timezone: string;
  readonly jobs: readonly Job[];
  /** Default: the real one. */
  readonly clock?: WallClock;
}

export interface Schedule {
  /** The next tick of each job that is switched on. */
  next(): readonly { readonly name: string; readonly at: Date }[];
  stop(): void;
}

const realClock: WallClock = {
  now: () => Date.now(),
  after: (ms, run) => setTimeout(run, ms),
  cancel: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

const silent: Logger = { info() {}, warn() {}, error() {}, debug() {} };
const minuteMs = 60_000;
/** Ticks that were missed longer ago are not made up for: a clock that starts in 1970 has missed nothing. */
const longestGapMs = 31 * 24 * 60 * minuteMs;
/** What lies so close behind a tick of the same line, by the local clock, is that tick again: autumn, or a clock that was put right. */
const sameTickMs = 3 * 60 * minuteMs;
const dayMs = 24 * 60 * minuteMs;
/** The next tick is looked for minute by minute so far ahead, and day by day after that. */
const aheadMs = 26 * 60 * minuteMs;

interface Line {
  readonly job: Job;
  readonly task: ScheduledTask;
  /** In falling order. */
  readonly seconds: readonly number[];
  readonly minutes: ReadonlySet<number>;
  /** Not every hour: such a line is due once for each time that the local clock shows. */
  readonly atHours: boolean;
  /** The local time for which it ran last. */
  ranFor: number | null;
  /** The earliest time of a day, in milliseconds since midnight. */
  readonly first: number;
  /** The next tick, for whoever asks at that moment or later. */
  next: { readonly from: number; readonly at: number | null } | null;
}

/** Starts every job that is switched on. CONFIG_INVALID names the line that node-cron does not take. */
export function startSchedule({ timezone, jobs, clock = realClock }: ScheduleInput): Schedule {
  const lines = jobs.flatMap((job) => (job.line === null ? [] : [lineOf(job, job.line, timezone)]));
  const zone = zoneOf(timezone);
  const beatMs = lines.some(({ seconds }) => seconds.join() !== '0') ? 1_000 : minuteMs;
  let seen = clock.now();
  let timer: unknown = null;

  const beat = (): void => {
    const now = clock.now();
    const from = Math.max(seen, now - longestGapMs);
    // Set back: what has been is not made up for, and what comes counts from here.
    seen = now;
    if (now > from) for (const line of lines) run(line, from, now);
    arm();
  };
  const run = (line: Line, from: number, to: number): void => {
    const label = lastTick(line, from, to, zone);
    if (label === null) return;
    line.ranFor = label;
    line.job.run();
  };
  const arm = (): void => {
    timer = lines.length === 0 ? null : clock.after(beatMs - (clock.now() % beatMs), beat);
  };
  arm();
  return {
    next: () =>
      lines.flatMap((line) => {
        const at = nextTick(line, clock.now(), zone);
        return at === null ? [] : [{ name: line.job.name, at: new Date(at) }];
      }),
    stop() {
      if (timer !== null) clock.cancel(timer);
      for (const { task } of lines) void task.destroy();
    },
  };
}

/** The local time of the latest tick in (from, to]: however many were missed, one makes up for them. Null: none was. */
function lastTick(line: Line, from: number, to: number, zone: Zone): number | null {
  for (let minute = floor(to, minuteMs); minute > from - minuteMs; minute -= minuteMs) {
    const label = tickIn(line, minute, { from, to }, zone);
    if (label !== null) return label;
  }
  return null;
}

function nextTick(line: Line, now: number, zone: Zone): number | null {
  const { next } = line;
  if (next !== null && now >= next.from && (next.at === null || now < next.at)) return next.at;
  const at = soon(line, now, zone) ?? someDay(line, now, zone);
  line.next = { from: now, at };
  return at;
}

function soon(line: Line, now: number, zone: Zone): number | null {
  for (let minute = floor(now, minuteMs); minute < now + aheadMs; minute += minuteMs) {
    for (const second of line.seconds.toReversed()) {
      const at = minute + second * 1_000;
      if (at > now && tickIn(line, minute, { from: at - 1, to: at }, zone) !== null) return at;
    }
  }
  return null;
}

/** The first time of the first day that fits; null: none within ten years. */
function someDay({ task, first }: Line, now: number, zone: Zone): number | null {
  const today = floor(now + zone.offset(now), dayMs);
  for (let day = today + dayMs; day < today + 3_653 * dayMs; day += dayMs) {
    const label = day + first;
    if (task.match(new Date(label))) return label - zone.offset(label - zone.offset(label));
  }
  return null;
}

/** The local time of the latest tick of this minute within (from, to]. */
function tickIn(line: Line, minute: number, { from, to }: { readonly from: number; readonly to: number }, zone: Zone): number | null {
  const local = minute + zone.offset(minute);
  // Spring: what the clock leaves out is due when it has leapt.
  const leaptMs = zone.offset(minute) - zone.offset(minute - minuteMs);
  for (let label = local; label >= local - Math.max(0, leaptMs); label -= minuteMs) {
    if (!line.minutes.has(new Date(label).getUTCMinutes())) continue;
    for (const second of line.seconds) {
      const at = minute + second * 1_000;
      if (at <= from || at > to) continue;
      const tick = label + second * 1_000;
      if (line.task.match(new Date(tick)) && !isAgain(line, tick)) return tick;
    }
  }
  return null;
}

/** Autumn: a line with hours of its own has run for that time already. */
function isAgain({ atHours, ranFor }: Line, tick: number): boolean {
  return atHours && ranFor !== null && ranFor >= tick && ranFor - tick < sameTickMs;
}

/** Tasks are read in UTC and given local times: node-cron's own way from one to the other is not used. */
function lineOf(job: Job, line: string, timezone: string): Line {
  try {
    const { second, minute, hour } = parse(line);
    const task = createTask(line, () => {}, { timezone: 'UTC', logger: silent });
    zoneOf(timezone).offset(0);
    const seconds = [...second].sort((a, b) => b - a);
    const first = (Math.min(...hour) * 60 + Math.min(...minute)) * minuteMs + Math.min(...second) * 1_000;
    return { job, task, seconds, minutes: new Set(minute), atHours: hour.length < 24, ranFor: null, first, next: null };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SyncError('CONFIG_INVALID', {
      message: `schedule.${job.name}: found "${line}" (${timezone}), which is no cron line: ${reason}`,
      cause,
    });
  }
}

interface Zone {
  /** Milliseconds to add to a moment for what the local clock shows, as if it were UTC. */
  offset(at: number): number;
}

/** Throws for a zone that there is not. */
function zoneOf(timezone: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const known = { quarter: Number.NaN, offset: 0 };
  return {
    offset(at) {
      // Zones change on a quarter of an hour.
      const quarter = floor(at, 15 * minuteMs);
      if (known.quarter === quarter) return known.offset;
      const parts = new Map(format.formatToParts(quarter).map(({ type, value }) => [type, Number(value)]));
      const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
      known.offset = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) - quarter;
      known.quarter = quarter;
      return known.offset;
    },
  };
}

function floor(ms: number, step: number): number {
  return Math.floor(ms / step) * step;
}
