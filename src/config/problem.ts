// What is wrong with a configuration: where, what was found, what was expected, and the nearest known word.

/** One thing wrong, or worth a warning. Lines and columns count from 1. */
export interface ConfigProblem {
  /** As shown to people: relative to the working directory where that is shorter. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `targets[0].vendor`; '' for the file as a whole. */
  readonly key: string;
  readonly found: string;
  readonly expected: string;
  /** The whole line: place, key, found, expected, suggestion. */
  readonly message: string;
  readonly suggestion: string | null;
}

/** Keys and list positions from the top of the file. */
export type Path = readonly (string | number)[];

/** A problem before its offset is turned into line and column. */
export interface Fault {
  /** Offset in the text. */
  readonly at: number;
  readonly path: Path;
  readonly found: string;
  readonly expected: string;
  readonly suggestion?: string | null;
  /** Something is not there: in a file whose end cannot be read, that is no news. */
  readonly absent?: boolean;
}

/** `targets[0].rate.perMinute`. */
export function keyText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    const plain = /^[^\s.[\]"]+$/.test(step);
    return plain ? `${text}${text === '' ? '' : '.'}${step}` : `${text}[${JSON.stringify(step)}]`;
  }, '');
}

/** A path as a key for maps and sets. */
export function pathKey(path: Path): string {
  return JSON.stringify(path);
}

/** The known word that an unknown one was most likely meant to be, or null. */
export function nearest(word: string, known: readonly string[]): string | null {
  const plain = plainWord(word);
  let best: { readonly word: string; readonly distance: number } | null = null;
  for (const candidate of known) {
    const distance = editDistance(plain, plainWord(candidate), 3);
    const limit = Math.min(2, Math.floor(Math.max(plain.length, candidate.length) / 3));
    if (candidate !== word && distance <= limit && (best === null || distance < best.distance)) best = { word: candidate, distance };
  }
  return best?.word ?? null;
}

/** Case, dashes and underscores do not count: secret_key is secretKey. */
function plainWord(word: string): string {
  return word
    .toLowerCase()
    .replace(/[-_\s]/g, '')
    .slice(0, 60);
}

/** Insertions, deletions, replacements and swaps of neighbours; `limit` where the lengths alone differ by that much. */
function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) >= limit) return limit;
  let older: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, at) => at);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      const swapped = row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      current[column] = Math.min(
        cell(current, column - 1) + 1,
        cell(previous, column) + 1,
        cell(previous, column - 1) + (same ? 0 : 1),
        swapped ? cell(older, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    older = previous;
    previous = current;
  }
  return cell(previous, right.length);
}

function cell(row: readonly number[], at: number): number {
  return row[at] ?? Number.POSITIVE_INFINITY;
}

/** The problem that a fault is in a given file. */
export function problemOf(
  fault: Fault,
  file: string,
  place: (at: number) => { readonly line: number; readonly column: number },
): ConfigProblem {
  const { line, column } = place(fault.at);
  const key = keyText(fault.path);
  const suggestion = fault.suggestion ?? null;
  const hint = suggestion === null ? '' : `; did you mean ${JSON.stringify(suggestion)}?`;
  // Whoever puts a user into an address puts a password there, too.
  const found = fault.found.replace(/:\/\/[^\s/"]+@/g, '://***@');
  const expected = suggestion === null ? fault.expected : shortened(fault.expected);
  const message = `${file}:${line}:${column}${key === '' ? '' : ` ${key}`}: found ${found}, expected ${expected}${hint}`;
  return { file, line, column, key, found, expected: fault.expected, message, suggestion };
}

/** Where one word is meant, nobody reads forty: the first of a long list. */
const longList = 160;

function shortened(expected: string): string {
  const names = expected.split(', ');
  if (expected.length <= longList || names.length < 12) return expected;
  return `${names.slice(0, 8).join(', ')} and ${names.length - 8} others`;
}

/** By place in the file, and each place and key once: the first thing said about it is the most exact. */
export function inOrder(faults: readonly Fault[]): readonly Fault[] {
  const seen = new Set<string>();
  const once = faults.filter((fault) => {
    const key = `${fault.at} ${pathKey(fault.path)}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  return once.sort((left, right) => left.at - right.at);
}
