// What an option such as --since takes, and what it says to anything else.
import { describe, expect, it } from 'vitest';
import { sinceOption } from '../../src/cli/invocation.ts';

describe('--since', () => {
  it('takes a duration back from now, or a moment', () => {
    expect(sinceOption('--since', '30d')).toEqual({ agoMs: 30 * 86_400_000 });
    expect(sinceOption('--since', '0')).toEqual({ agoMs: 0 });
    expect(sinceOption('--since', '2026-12-01')).toEqual({ atMs: Date.UTC(2026, 11, 1) });
  });

  it.each(['30', '30 days', 'yesterday', '1w', ''])('says to "%s" that it takes both', (wrong) => {
    expect(() => sinceOption('--since', wrong)).toThrow(
      `--since: found "${wrong}", expected a duration back from now such as 30d or 12h (ms, s, m, h or d), or a date such as 2026-12-01 or a timestamp such as 2026-12-01T08:00:00Z`,
    );
  });

  it('says of a day that is none that there is no such day', () => {
    expect(() => sinceOption('--since', '2026-02-31')).toThrow('expected a day that exists');
  });
});
