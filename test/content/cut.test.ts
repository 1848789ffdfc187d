// Where a run is cut, on bare numbers: pieces fit, nothing is lost, and an edit moves only the cuts beside it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cuttable, cutRun } from '../../src/content/cut.ts';

interface Block {
  readonly bytes: number;
  readonly cost: number;
  readonly rank: string;
}

/** The pieces of a run that is over the limit, as their first block and the one behind; and how often anything was asked for. */
function cut(blocks: readonly Block[], limit: number) {
  const at = [0];
  for (const { bytes } of blocks) at.push((at.at(-1) ?? 0) + bytes);
  let asked = 0;
  const run: Cuttable = {
    at,
    cost: (index) => {
      asked += 1;
      return blocks[index]?.cost ?? 0;
    },
    rank: (index) => {
      asked += 1;
      return blocks[index]?.rank ?? '';
    },
    reach: Math.max(1, Math.floor(limit / 3)),
  };
  const pieces: (readonly [number, number])[] = [];
  let last: readonly [number, number] = [0, 0];
  const take = (from: number, to: number) => {
    asked += 1;
    last = [from, to];
    const fits = (at[to] ?? 0) - (at[from] ?? 0) <= limit;
    if (fits) pieces.push(last);
    return fits;
  };
  const isDone = cutRun(run, [0, blocks.length], take, (at.at(-1) ?? 0) > limit);
  return { pieces, isDone, last, asked };
}

const block = fc.record({
  bytes: fc.integer({ min: 1, max: 60 }),
  cost: fc.constantFrom(0, 0, 1, 1, 1, 2, Number.POSITIVE_INFINITY),
  rank: fc.stringMatching(/^[a-z]{1,6}$/),
});

describe('cutRun', () => {
  it('pieces are in order, without gaps, and fit; or the one that cannot is the last that was asked for', () => {
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 60 }), fc.integer({ min: 20, max: 300 }), (blocks, limit) => {
        const { pieces, isDone, last } = cut(blocks, limit);
        const ends = [0, ...pieces.map(([, to]) => to)];
        expect(pieces.map(([from]) => from)).toEqual(ends.slice(0, -1));
        for (const [from] of pieces.slice(1)) expect(blocks[from]?.cost).not.toBe(Number.POSITIVE_INFINITY);
        if (isDone) expect(ends.at(-1)).toBe(blocks.length);
        else {
          const [from, to] = last;
          expect(blocks.slice(from, to).reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThan(limit);
          expect(blocks.slice(from + 1, to).every(({ cost }) => cost === Number.POSITIVE_INFINITY)).toBe(true);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('places of less cost come first, and of these the best within reach', () => {
    const blocks = ['e', 'm', 'b', 'z', 'c', 'd'].map((rank, index) => ({ bytes: 10, cost: index === 2 ? 0 : 1, rank }));
    // The only place without cost; then the best in what is still too large.
    expect(cut(blocks, 40).pieces).toEqual([
      [0, 2],
      [2, 6],
    ]);
    expect(cut(blocks, 30).pieces).toEqual([
      [0, 2],
      [2, 3],
      [3, 5],
      [5, 6],
    ]);
  });

  it('blocks that are all the same are cut evenly', () => {
    const same = Array.from({ length: 1_000 }, () => ({ bytes: 10, cost: 1, rank: 'x' }));
    const sizes = cut(same, 600).pieces.map(([from, to]) => to - from);
    expect(new Set(sizes.slice(1, -1)).size).toBe(1);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(20);
  });

  it('asks about each block a few times, however many there are', () => {
    const many = (length: number) => Array.from({ length }, (_, index) => ({ bytes: 10, cost: 1, rank: `${(index * 7919) % length}` }));
    for (const length of [1_000, 4_000]) {
      for (const limit of [100, 3_000]) expect(cut(many(length), limit).asked).toBeLessThan(40 * length);
    }
  });
});
