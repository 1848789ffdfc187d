// Keys of parts: made from headings, and where those do not tell two parts apart from the words that a part begins with, never from how many
// parts stand before it. So a part keeps its key over edits elsewhere, and over those within it that leave its heading or first words.
import { sha256 } from '../model/json.ts';
import { slugOrHash } from './slug.ts';

/** What a key is made from. */
export interface PartStart {
  /** The headings above the part and the one it begins with, outermost first. */
  readonly names: readonly string[];
  /** The part begins below its last heading, or below none, and is not the first there. */
  readonly isWithin: boolean;
  /** What the part begins with, its heading aside. */
  readonly opening: string;
  /** All of it; asked for only where two parts begin alike. */
  readonly whole: () => string;
}

/** Gives each part its key; parts that are the same word for word are numbered. */
export function partKeys(): (part: PartStart) => string {
  const used = new Set<string>();
  const counts = new Map<string, number>();
  const free = (key: string) => !used.has(key);
  const chosen = ({ names, isWithin, opening, whole }: PartStart): string => {
    const path = keyOf(names);
    const begun = `${names.length === 0 ? 'text' : path}-${short(opening)}`;
    if (!isWithin && free(path)) return path;
    if (free(begun)) return begun;
    const full = `${begun}-${short(whole())}`;
    if (free(full)) return full;
    let count = counts.get(full) ?? 2;
    while (!free(`${full}-${count}`)) count += 1;
    counts.set(full, count + 1);
    return `${full}-${count}`;
  };
  return (part) => {
    const key = chosen(part);
    used.add(key);
    return key;
  };
}

/** The words that a text begins with, marks of lists aside: what an edit further down leaves as it is. */
export function openingOf(text: string): string {
  const start = text.slice(0, 400).replace(/^\s*(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?/, '');
  const words = (start.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []).slice(0, 8).join(' ').slice(0, 60);
  return words === '' ? text.trim() : words;
}

/** Never `qa-…`: behind a document's id that would read as a Q&A pair of it. */
function keyOf(names: readonly string[]): string {
  if (names.length === 0) return 'start';
  const whole = names.map((name) => slugOrHash(name, 40)).join('/');
  const key = whole.startsWith('qa-') ? `section-${whole}` : whole;
  if (key.length <= 100) return key;
  const start = [...key].slice(0, 80).join('');
  return `${start.replace(/[^\p{L}\p{M}\p{N}]+$/u, '')}-${sha256(key).slice(0, 8)}`;
}

function short(text: string): string {
  return sha256(text).slice(0, 8);
}
