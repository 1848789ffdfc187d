// Cron lines → ticks, driven by a clock that is turned by hand.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { configKeys } from '../../src/config/schema.ts';
import { startSchedule } from '../../src/daemon/schedule.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 21, 10, 0, 30) });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('schedule', () => {
  it('ticks on the line, in the configured zone, and not after it was stopped', async () => {
    const ticks: string[] = [];
    const note = (name: string) => () => void ticks.push(`${name} ${new Date().toISOString().slice(11, 16)}`);
    const schedule = startSchedule({
      timezone: 'Europe/Berlin',
      jobs: [
        { name: 'rescan', line: '*/15 * * * *', run: note('rescan') },
        { name: 'training', line: null, run: note('training') },
        { name: 'noon', line: '0 12 * * *', run: note('noon') },
      ],
    });
    expect(schedule.next().map(({ name, at }) => `${name} ${at.toISOString()}`)).toEqual([
      'rescan 2026-11-21T10:15:00.000Z',
      'noon 2026-11-21T11:00:00.000Z',
    ]);
    await vi.advanceTimersByTimeAsync(61 * 60_000);
    expect([...ticks].sort()).toEqual(['noon 11:00', 'rescan 10:15', 'rescan 10:30', 'rescan 10:45', 'rescan 11:00']);
    schedule.stop();
    await vi.advanceTimersByTimeAsync(60 * 60_000);
    expect(ticks).toHaveLength(5);
  });

  it('looks at the vendors once a night by default', async () => {
    const ticks: string[] = [];
    const { schedule: keys } = configKeys.parse({ name: 'docs', targets: [] });
    const schedule = startSchedule({
      timezone: keys.timezone,
      jobs: [{ name: 'drift', line: keys.drift, run: () => void ticks.push(new Date().toISOString().slice(8, 16)) }],
    });
    await vi.advanceTimersByTimeAsync(48 * 60 * 60_000);
    schedule.stop();
    expect(ticks).toEqual(['22T03:17', '23T03:17']);
  });

  it('makes up for ticks that were slept through, and goes on', async () => {
    const ticks: number[] = [];
    const schedule = startSchedule({
      timezone: 'UTC',
      jobs: [{ name: 'rescan', line: '* * * * *', run: () => void ticks.push(Date.now()) }],
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ticks).toHaveLength(1);
    // The machine sleeps an hour: the wall clock jumps, timers do not run.
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(61_000);
    expect(ticks.length).toBeGreaterThanOrEqual(2);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(ticks.length).toBeGreaterThanOrEqual(4);
    schedule.stop();
  });

  it('names the line that is none, before anything ticks', () => {
    const jobs = [{ name: 'rescan', line: '61 * * * *', run: () => {} }];
    expect(() => startSchedule({ timezone: 'UTC', jobs })).toThrow(/schedule\.rescan: found "61 \* \* \* \*"/);
  });
});
