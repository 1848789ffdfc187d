// "Did you mean …": the nearest of a few known words. Pure.

/** A clause such as `; did you mean "audience"?`, or '' where nothing known is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const scored = known.map((candidate) => ({ candidate, distance: distance(word.toLowerCase(), candidate.toLowerCase()) }));
  const best = scored.sort((a, b) => a.distance - b.distance)[0];
  const near = best !== undefined && best.distance <= Math.max(1, Math.floor(Math.max(word.length, best.candidate.length) / 3));
  return near ? `; did you mean "${best.candidate}"?` : '';
}

/** Edits (insert, remove, replace, swap of neighbours) between two short words; long ones are never near. */
function distance(a: string, b: string): number {
  if (a.length > 60 || b.length > 60) return 60;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((row[j - 1] ?? 0) + 1, (previous[j] ?? 0) + 1, (previous[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}
