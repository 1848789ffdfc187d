// Where in a file something stands that was found in what was made of it: escapes, joints and variables lie between, so this is a search and
// no sum. And what takes secrets out of sentences. Pure.

/**
 * The line (from 1) that a line of a made text most likely comes from; null where nothing of it stands there. `piece` is what was found in
 * it, which need not stand in the source as a whole.
 */
export function lineInSource(source: string, made: string, piece: string | null): number | null {
  for (const size of piece === null ? [] : [piece.length, 24, 12, 8, 6]) {
    const at = (piece?.length ?? 0) < size ? -1 : source.indexOf(piece?.slice(0, size) ?? '');
    if (at >= 0) return source.slice(0, at).split('\n').length;
  }
  const words = new Set(wordsOf(piece === null ? made : made.replaceAll(piece, ' ')));
  let best: number | null = null;
  let most = 0;
  for (const [index, line] of words.size === 0 ? [] : source.split('\n').entries()) {
    const shared = new Set(wordsOf(line).filter((word) => words.has(word))).size;
    if (shared <= most) continue;
    most = shared;
    best = index + 1;
  }
  return best;
}

function wordsOf(line: string): readonly string[] {
  return line.toLowerCase().match(/[\p{L}\p{N}]{2,}/gu) ?? [];
}

/** What takes these out of any sentence. Also of thousands quickly: only what begins like one of them is compared, and with all at once. */
export function maskerOf(secrets: readonly string[]): (words: string) => string {
  const start = 4;
  /** By their first letters and their length, the longest first. */
  const known = new Map<string, Map<number, Set<string>>>();
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    if (secret.length < start) continue;
    const key = secret.slice(0, start);
    const byLength = known.get(key) ?? new Map<number, Set<string>>();
    known.set(key, byLength.set(secret.length, (byLength.get(secret.length) ?? new Set()).add(secret)));
  }
  return (words) => {
    const pieces: string[] = [];
    let cursor = 0;
    for (let at = 0; at + start <= words.length; ) {
      const byLength = known.get(words.slice(at, at + start)) ?? [];
      const length = [...byLength].find(([size, same]) => same.has(words.slice(at, at + size)))?.[0];
      if (length === undefined) at += 1;
      else {
        pieces.push(words.slice(cursor, at), '***');
        at += length;
        cursor = at;
      }
    }
    return cursor === 0 ? words : pieces.join('') + words.slice(cursor);
  };
}
