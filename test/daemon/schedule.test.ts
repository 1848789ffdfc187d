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

  /** Where the timers stand still and the wall clock goes on. */
  const sleepFor = (ms: number): void => void vi.setSystemTime(Date.now() + ms);
  const hourMs = 3_600_000;

  /** What ran, as local time in Berlin. */
  function berlin(line: string, from: number) {
    vi.setSystemTime(from);
    const ticks: string[] = [];
    const local = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin', dateStyle: 'short', timeStyle: 'short' });
    const run = () => void ticks.push(local.format(Date.now()).slice(8));
    const schedule = startSchedule({ timezone: 'Europe/Berlin', jobs: [{ name: 'job', line, run }] });
    return { ticks, schedule, next: () => schedule.next().map(({ at }) => local.format(at).slice(8))[0] };
  }

  it('makes up once for the ticks that were slept through, within a minute of waking up, and goes on', async () => {
    const ticks: string[] = [];
    const note = (name: string) => () => void ticks.push(`${name} ${new Date().toISOString().slice(11, 16)}`);
    const jobs = [
      { name: 'rescan', line: '*/15 * * * *', run: note('rescan') },
      { name: 'training', line: '* * * * *', run: note('training') },
      { name: 'drift', line: '17 13 * * *', run: note('drift') },
      { name: 'verify', line: '0 4 * * *', run: note('verify') },
    ];
    const schedule = startSchedule({ timezone: 'UTC', jobs });
    await vi.advanceTimersByTimeAsync(10_000);
    sleepFor(5 * hourMs);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ticks).toEqual(['rescan 15:01', 'training 15:01', 'drift 15:01']);
    await vi.advanceTimersByTimeAsync(15 * 60_000);
    expect(ticks.filter((tick) => !tick.startsWith('training'))).toEqual(['rescan 15:01', 'drift 15:01', 'rescan 15:15']);
    expect(ticks.filter((tick) => tick.startsWith('training'))).toHaveLength(16);
    schedule.stop();
  });

  it('goes by the clock as it is now where that is set back, and asks nothing twice for it', async () => {
    const { ticks, schedule } = berlin('30 14 * * *', Date.UTC(2026, 6, 1, 12, 29, 30));
    const often: string[] = [];
    const other = startSchedule({ timezone: 'UTC', jobs: [{ name: 'rescan', line: '*/15 * * * *', run: () => void often.push('run') }] });
    await vi.advanceTimersByTimeAsync(60_000);
    expect([ticks, often]).toEqual([['01 14:30'], ['run']]);
    // Two hours: what ran for 14:30 does not run for it again, what runs all day goes on at once.
    sleepFor(-2 * hourMs);
    await vi.advanceTimersByTimeAsync(4 * hourMs);
    expect(ticks).toEqual(['01 14:30']);
    expect(often).toHaveLength(1 + 16);
    // Ten days: nobody waits ten days.
    sleepFor(-240 * hourMs);
    await vi.advanceTimersByTimeAsync(24 * hourMs);
    expect(ticks).toEqual(['01 14:30', '22 14:30']);
    schedule.stop();
    other.stop();
  });

  it('makes nothing of a clock that leaps years ahead but one tick each', async () => {
    const { ticks, schedule } = berlin('*/15 * * * *', 0);
    sleepFor(56 * 365 * 24 * hourMs);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ticks).toHaveLength(1);
    schedule.stop();
  });

  it('runs in the night that is an hour short what that hour held, once, and at the end of it', async () => {
    const spring = Date.UTC(2026, 2, 28, 12, 0, 0);
    const nightly = berlin('30 2 * * *', spring);
    expect(nightly.next()).toBe('29 03:00');
    await vi.advanceTimersByTimeAsync(48 * hourMs);
    expect(nightly.ticks).toEqual(['29 03:00', '30 02:30']);
    nightly.schedule.stop();
    const often = berlin('*/15 * * * *', Date.UTC(2026, 2, 29, 0, 20, 0));
    await vi.advanceTimersByTimeAsync(hourMs);
    expect(often.ticks).toEqual(['29 01:30', '29 01:45', '29 03:00', '29 03:15']);
    often.schedule.stop();
  });

  it('runs in the night that is an hour long a fixed time once, and what runs all day through both hours', async () => {
    const autumn = Date.UTC(2026, 9, 24, 12, 0, 0);
    const nightly = berlin('30 2 * * *', autumn);
    expect(nightly.next()).toBe('25 02:30');
    await vi.advanceTimersByTimeAsync(48 * hourMs);
    expect(nightly.ticks).toEqual(['25 02:30', '26 02:30']);
    nightly.schedule.stop();
    const often = berlin('*/15 * * * *', Date.UTC(2026, 9, 24, 23, 50, 0));
    await vi.advanceTimersByTimeAsync(3 * hourMs);
    expect(often.ticks).toHaveLength(12);
    expect(often.ticks.filter((tick) => tick.startsWith('25 02:'))).toHaveLength(8);
    often.schedule.stop();
  });

  it('takes seconds, days of the week and a zone off by half an hour', async () => {
    vi.setSystemTime(Date.UTC(2026, 10, 21, 10, 0, 0));
    const ticks: string[] = [];
    const note = (name: string) => () => void ticks.push(`${name} ${new Date().toISOString().slice(8, 19)}`);
    const seconds = startSchedule({ timezone: 'UTC', jobs: [{ name: 's', line: '*/20 * * * * *', run: note('s') }] });
    expect(seconds.next().map(({ at }) => at.toISOString().slice(11, 19))).toEqual(['10:00:20']);
    await vi.advanceTimersByTimeAsync(60_000);
    seconds.stop();
    expect(ticks).toEqual(['s 21T10:00:20', 's 21T10:00:40', 's 21T10:01:00']);
    const monday = startSchedule({ timezone: 'Asia/Kolkata', jobs: [{ name: 'm', line: '0 9 * * mon', run: note('m') }] });
    expect(monday.next().map(({ at }) => at.toISOString())).toEqual(['2026-11-23T03:30:00.000Z']);
    await vi.advanceTimersByTimeAsync(7 * 24 * hourMs);
    monday.stop();
    expect(ticks.slice(3)).toEqual(['m 23T03:30:00']);
  });

  it('names the line that is none, before anything ticks', () => {
    const jobs = [{ name: 'rescan', line: '61 * * * *', run: () => {} }];
    expect(() => startSchedule({ timezone: 'UTC', jobs })).toThrow(/schedule\.rescan: found "61 \* \* \* \*"/);
    const nowhere = [{ name: 'rescan', line: '1 * * * *', run: () => {} }];
    expect(() => startSchedule({ timezone: 'Europe/Atlantis', jobs: nowhere })).toThrow(/schedule\.rescan.*Europe\/Atlantis/);
  });
});
