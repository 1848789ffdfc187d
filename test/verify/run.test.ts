// When a question is asked again, and what its answers come to together.
import { describe, expect, it } from 'vitest';
import { SyncError } from '../../src/model/error.ts';
import { askUntilClear, isWorthless } from '../../src/verify/run.ts';

/** p: a right answer, f: a wrong one, e: none. */
async function asked(script: string, rules = { retries: 2, minPass: 2 }, calls = 100) {
  let at = 0;
  let left = calls;
  let pauses = 0;
  const result = await askUntilClear('?', rules, {
    ask() {
      const sign = script[at++] ?? '';
      if (sign === 'e') return Promise.reject(new SyncError('VENDOR_FAILED', { message: 'no answer' }));
      return Promise.resolve({ text: sign, sources: [] });
    },
    judge: ({ text }) => (text === 'p' ? { verdict: 'pass', reasons: [] } : { verdict: 'fail', reasons: ['wrong'] }),
    spend: () => Promise.resolve(left-- > 0),
    pause() {
      pauses += 1;
      return Promise.resolve();
    },
  });
  return result === null ? null : { verdict: result.verdict, tries: result.tries, reasons: result.reasons, pauses };
}

describe('best of 3', () => {
  it.each([
    ['p', 'pass', 1],
    ['fpp', 'pass', 3],
    ['fpf', 'fail', 3],
    ['ff', 'fail', 2],
    ['e', 'inconclusive', 1],
    ['fe', 'fail', 2],
    ['fpe', 'inconclusive', 3],
  ])('%s is %s after %i', async (script, verdict, tries) => {
    expect(await asked(script)).toMatchObject({ verdict, tries });
  });

  it('follows the rules', async () => {
    expect(await asked('fp', { retries: 1, minPass: 1 })).toMatchObject({ verdict: 'pass', tries: 2, pauses: 1 });
    expect(await asked('f', { retries: 0, minPass: 2 })).toMatchObject({ verdict: 'fail', tries: 1, pauses: 0 });
    // As many as there can be: retries alone was set, and minPass is 2 by default.
    expect(await asked('fp', { retries: 1, minPass: 2 })).toMatchObject({ verdict: 'pass', tries: 2 });
    expect(await asked('ff', { retries: 1, minPass: 2 })).toMatchObject({ verdict: 'fail', tries: 2 });
    expect(await asked('fffpp', { retries: 4, minPass: 2 })).toMatchObject({ verdict: 'pass', tries: 5 });
  });

  it('ends with the calls, and says so', async () => {
    expect(await asked('p', undefined, 0)).toBeNull();
    expect(await asked('fpp', undefined, 1)).toMatchObject({ verdict: 'fail', reasons: ['wrong', 'not asked again: no calls are left'] });
    expect(await asked('fpp', undefined, 2)).toMatchObject({ verdict: 'inconclusive' });
  });
});

it('a bot that refuses, or gives no answer three times, is left alone', () => {
  const failed = new SyncError('VENDOR_FAILED');
  expect([[], [failed], [failed, failed], [failed, failed, failed], [new SyncError('QUOTA_EXHAUSTED')]].map(isWorthless)).toEqual([
    false,
    false,
    false,
    true,
    true,
  ]);
});
