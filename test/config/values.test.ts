import fc from 'fast-check';
import { validate } from 'node-cron';
import { describe, expect, it } from 'vitest';
import { cronLine, duration, isLoopback, origin, share, timeZone } from '../../src/config/values.ts';

describe('durations', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['250ms', 250],
    ['5s', 5_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['24d', 2_073_600_000],
  ])('%s', (text, ms) => {
    expect(duration().parse(text)).toBe(ms);
  });

  it.each(['', '5', '-1s', '1.5s', '5 s', '5S', '5min', '1w', '0x5s', '25d', '9999999999999s', '٣s'])('%s is none', (text) => {
    expect(duration().safeParse(text).success).toBe(false);
  });

  it('always fit a timer', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom('ms', 's', 'm', 'h', 'd'), (amount, unit) => {
        const parsed = duration().safeParse(`${amount}${unit}`);
        if (parsed.success) expect(parsed.data).toBeLessThanOrEqual(2 ** 31 - 1);
      }),
      { seed: 3 },
    );
  });
});

describe('shares', () => {
  it.each([
    ['0%', 0],
    ['10%', 0.1],
    ['2.5%', 0.025],
    ['100%', 1],
  ])('%s', (text, value) => {
    expect(share().parse(text)).toBeCloseTo(value, 10);
  });

  it.each(['10', '0.1', '101%', '-1%', '10 %', '%'])('%s is none', (text) => {
    expect(share().safeParse(text).success).toBe(false);
  });
});

describe('origins', () => {
  it.each([
    ['https://api.example.com', 'https://api.example.com'],
    ['https://api.example.com/', 'https://api.example.com'],
    ['HTTPS://API.Example.com:443', 'https://api.example.com'],
    ['https://api.example.com:8443', 'https://api.example.com:8443'],
    ['http://localhost:3000', 'http://localhost:3000'],
    ['http://127.0.0.1:1', 'http://127.0.0.1:1'],
    ['http://[::1]:1', 'http://[::1]:1'],
  ])('%s', (text, value) => {
    expect(origin().parse(text)).toBe(value);
  });

  it.each([
    ['api.example.com', /an origin such as/],
    ['ftp://api.example.com', /an origin such as/],
    ['https://api.example.com/v2', /only the origin, https:\/\/api\.example\.com/],
    ['https://api.example.com/?a=b', /only the origin/],
    ['https://api.example.com?', /only the origin/],
    ['https://api.example.com/#x', /only the origin/],
    ['https://user:word@api.example.com', /without user name/],
    ['http://api.example.com', /https:\/\/api\.example\.com/],
    ['http://127.0.0.1.example.com', /https/],
    ['http://localhost.example.com', /https/],
  ])('%s is refused', (text, expected) => {
    const parsed = origin().safeParse(text);
    expect(parsed.error?.issues[0]?.message).toMatch(expected);
  });

  it('knows this machine by its names', () => {
    expect(['localhost', '127.0.0.1', '127.9.9.9', '[::1]', '::1'].every(isLoopback)).toBe(true);
    expect(['example.com', '128.0.0.1', 'localhost.com', '127.0.0.1.com', '0.0.0.0'].some(isLoopback)).toBe(false);
  });
});

describe('cron lines', () => {
  const lines = [
    '*/15 * * * *',
    '17 3 * * *',
    '* * * * * *',
    '0 0 L * *',
    '0 0 * * mon-fri',
    '0 0 * jan *',
    '1-5/2 * * * *',
    '0 0 ? * *',
    '0 0 * * 7',
    '0 0 * * 1#2',
    '0 0 * * 5L',
    '0 0 15W * *',
    '0 0 * January Monday',
    '@daily',
    '1,2,40-50 */2 1 * *',
  ];

  it.each(lines)('%s passes here and in the scheduler', (line) => {
    expect(validate(line)).toBe(true);
    expect(cronLine().safeParse(line).success).toBe(true);
  });

  it.each([
    '',
    'every day',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '0 0 * * 8',
    '* * * *',
    '1,,2 * * * *',
    '*/0 * * * *',
    '* * * * * * *',
  ])('%s is told before the scheduler sees it', (line) => {
    expect(cronLine().safeParse(line).success).toBe(false);
    expect(validate(line)).toBe(false);
  });
});

describe('days that never come', () => {
  it.each(['0 0 30 2 *', '0 0 31 4,6,9,nov *', '0 0 30,31 feb ?', '0 0 0 30-31 2 *', '0 0 31 feb-feb *'])(
    '%s is told with its line',
    (line) => {
      expect(cronLine().safeParse(line).error?.issues[0]?.message).toContain('never comes');
    },
  );

  it.each([
    '0 0 29 2 *',
    '0 0 31 * *',
    '0 0 31 2,3 *',
    '0 0 28-31 2 *',
    '0 0 31 2/2 *',
    '0 0 30 2 1',
    '0 0 31 feb-jul *',
    '0 0 L 2 *',
    '@monthly',
  ])('%s passes', (line) => {
    expect(cronLine().safeParse(line).success).toBe(true);
  });
});

describe('time zones', () => {
  it('are those that Node knows', () => {
    expect(['UTC', 'Europe/Berlin', 'America/New_York'].every((zone) => timeZone().safeParse(zone).success)).toBe(true);
    expect(['Mars', '', 'Europe/Atlantis'].some((zone) => timeZone().safeParse(zone).success)).toBe(false);
  });
});
