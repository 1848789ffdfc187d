// How alike two texts are: what makes an edited and moved file recognisable (PRODUCT, invariant 5). Pure.

const leastLines = 5;

/** 2 × common / sum over non-blank lines as multisets, trailing spaces aside: 0 … 1. Null where either text has under 5 such lines. */
export function likeness(a: string, b: string): number | null {
  const left = linesOf(a);
  const right = linesOf(b);
  if (left.length < leastLines || right.length < leastLines) return null;
  const counts = new Map<string, number>();
  for (const line of left) counts.set(line, (counts.get(line) ?? 0) + 1);
  let common = 0;
  for (const line of right) {
    const count = counts.get(line) ?? 0;
    if (count === 0) continue;
    common += 1;
    counts.set(line, count - 1);
  }
  return (2 * common) / (left.length + right.length);
}

function linesOf(text: string): readonly string[] {
  return text
    .split(/\r\n?|\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
}
