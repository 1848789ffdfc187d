import { describe, expect, it } from 'vitest';
import { readIsoDate } from '../../src/content/dates.ts';

describe('readIsoDate', () => {
  it.each([
    ['2026-12-01', '2026-12-01'],
    [' 2026-12-01 ', '2026-12-01'],
    ['2028-02-29', '2028-02-29'],
    ['2026-12-01T08:00', '2026-12-01T08:00:00.000Z'],
    ['2026-12-01 08:00:00', '2026-12-01T08:00:00.000Z'],
    ['2026-12-01T08:00:00+01:00', '2026-12-01T07:00:00.000Z'],
    ['2026-12-01 08:00:00 +0100', '2026-12-01T07:00:00.000Z'],
  ])('%s is %s', (text, iso) => {
    expect(readIsoDate(text)).toEqual({ ok: true, iso });
  });

  it.each([
    ['soon', 'form'],
    ['', 'form'],
    ['1.12.2026', 'form'],
    ['2026-12-01T99:00:00Z', 'form'],
    ['2026-02-29', 'day'],
    ['2026-13-01', 'day'],
  ])('%s is none', (text, fault) => {
    expect(readIsoDate(text)).toEqual({ ok: false, fault });
  });
});
