// Where a run of atoms is cut, so that each piece fits and an edit moves few cuts. Pure; knows nothing of texts.
//
// A cut is made where a place is the best of all within `reach` on either side: places of the least cost count alone, and among them a rank
// decides that hangs on the words found there. What is still too large between two cuts is cut the same way, at places that are `reach` away
// from both of its ends, and once it holds no place of that cost, at those of the next. So whether a place is a cut hangs on what stands
// near it, never on how much stands before it: an edit moves the cuts beside it, and the others stay.

export interface Cuttable {
  /** Bytes before each atom; one entry more than there are atoms. */
  readonly at: readonly number[];
  /** What a cut before an atom costs; Infinity: there is none. */
  readonly cost: (atom: number) => number;
  /** The greater, the better a place to cut; compared as text. */
  readonly rank: (atom: number) => string;
  /** Bytes. */
  readonly reach: number;
}

/**
 * Cuts the atoms from `from` to `to` (not included). `take` is asked for each piece in order, and says whether it fits; `whole` says that all of
 * them are known not to. False where one piece neither fits nor can be cut: that was the last one that `take` was given.
 */
export function cutRun(
  run: Cuttable,
  [from, to]: readonly [number, number],
  take: (from: number, to: number) => boolean,
  whole: boolean,
): boolean {
  const open: { readonly from: number; readonly to: number; readonly inner: boolean }[] = [{ from, to, inner: false }];
  for (let piece = open.pop(); piece !== undefined; piece = open.pop()) {
    const isKnown = whole && !piece.inner && to - from > 1;
    if (!isKnown && take(piece.from, piece.to)) continue;
    const cuts = cutsIn(run, piece);
    if (cuts.length === 0) return isKnown ? take(from, to) : false;
    const ends = [...cuts.slice(1), piece.to];
    for (let index = cuts.length - 1; index >= 0; index -= 1) {
      open.push({ from: cuts[index] ?? 0, to: ends[index] ?? 0, inner: true });
    }
    open.push({ from: piece.from, to: cuts[0] ?? 0, inner: true });
  }
  return true;
}

/** The best places of a piece. Near its ends there is none, if there is another; but what costs nothing may stand near those of the whole. */
function cutsIn({ at, cost, rank, reach }: Cuttable, { from, to, inner }: { from: number; to: number; inner: boolean }): readonly number[] {
  let least = Number.POSITIVE_INFINITY;
  for (let atom = from + 1; atom < to; atom += 1) least = Math.min(least, cost(atom));
  if (least === Number.POSITIVE_INFINITY) return [];
  const places: number[] = [];
  for (let atom = from + 1; atom < to; atom += 1) if (cost(atom) === least) places.push(atom);
  const start = at[from] ?? 0;
  const end = at[to] ?? 0;
  const isFar = (atom: number) => (at[atom] ?? 0) - start >= reach && end - (at[atom] ?? 0) >= reach;
  const far = inner || least > 0 ? places.filter(isFar) : places;
  if (far.length > 0) return bestWithin(far, at, rank, reach);
  const [first, ...others] = places;
  return first === undefined ? [] : [others.reduce((best, atom) => (rank(atom) > rank(best) ? atom : best), first)];
}

/** The places that none within reach exceeds; of equal ones within reach, the first. Linear: each place enters and leaves a queue once. */
function bestWithin(places: readonly number[], at: readonly number[], rank: (atom: number) => string, reach: number): readonly number[] {
  const exceeded = new Set<number>();
  const sweep = (order: readonly number[]) => {
    // Descending ranks of those within reach behind.
    const queue: number[] = [];
    let head = 0;
    for (const atom of order) {
      const near = (other: number) => Math.abs((at[atom] ?? 0) - (at[other] ?? 0)) <= reach;
      while (head < queue.length && !near(queue[head] ?? 0)) head += 1;
      if (head < queue.length && rank(queue[head] ?? 0) > rank(atom)) exceeded.add(atom);
      while (queue.length > head && rank(queue.at(-1) ?? 0) <= rank(atom)) queue.pop();
      queue.push(atom);
    }
  };
  sweep(places);
  sweep([...places].reverse());
  let last = Number.NEGATIVE_INFINITY;
  return places.filter((atom) => {
    const position = at[atom] ?? 0;
    if (exceeded.has(atom) || position - last <= reach) return false;
    last = position;
    return true;
  });
}
