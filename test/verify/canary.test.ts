// The code in an answer, however a model writes it, and the pauses between questions.
import { describe, expect, it } from 'vitest';
import { canaryText, codeFrom, heardCode, otherCode, pauseAfter } from '../../src/verify/canary.ts';

const memory = { code: 'KB-3f9a-11c2', old: ['KB-0000-1111'] };

describe('a code', () => {
  it('is made of hexadecimal characters', () => {
    expect([codeFrom('3F9A11C2DEADBEEF'), codeFrom('ab')]).toEqual(['KB-3f9a-11c2', 'KB-ab00-0000']);
    expect(heardCode(canaryText('KB-3f9a-11c2'), memory)).toBe('new');
  });

  it.each([
    ['The code is KB-3f9a-11c2.', 'new'],
    ['the code is kb‑3F9A–11C2', 'new'],
    ['KB 3f9a 11c2', 'new'],
    ['It is KB-0000-1111.', 'stale'],
    ['It was KB-0000-1111 and is KB-3f9a-11c2.', 'stale'],
    ['The code: 3f9a-11c2', 'new'],
    ['It is **3F9A 11C2**', 'new'],
    ['It is 0000-1111', 'stale'],
    ['It is KB-9999-9999.', 'none'],
    ['It is KB-3f9a-11c2d.', 'none'],
    ['It is SKB-3f9a-11c2.', 'none'],
    ["I don't know.", 'none'],
  ])('in "%s" is %s', (answer, found) => {
    expect(heardCode(answer, memory)).toBe(found);
  });

  it('is told where it is none that is known', () => {
    expect(['It is KB-9999-9999.', 'Call 1234-5678.', 'None.'].map(otherCode)).toEqual(['KB-9999-9999', null, null]);
  });

  it('is asked for ever more seldom', () => {
    expect([1, 2, 3, 4, 9, 99].map((asks) => pauseAfter(asks, 5_000))).toEqual([5_000, 10_000, 20_000, 40_000, 600_000, 600_000]);
  });
});
