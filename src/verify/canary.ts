// The freshness check's words: its code, its text, and whether an answer has the new code, an old one or none. Pure.
import type { CanaryMemory } from '../model/canary.ts';

/** What becomes KB-3f9a-11c2: eight of the hexadecimal characters that it is given. Throws nothing: short ones are filled up. */
export function codeFrom(hex: string): string {
  const digits = hex.toLowerCase().padEnd(8, '0');
  return `KB-${digits.slice(0, 4)}-${digits.slice(4, 8)}`;
}

export const canaryTitle = 'kbsync freshness check';

/** The whole text below the title: a plain fact, as any document has them. */
export function canaryText(code: string): string {
  return `The freshness code of this knowledge base is ${code}.\n\nkbsync keeps this page to measure how soon a change of the documents is known here. It says nothing else.\n`;
}

/** However a model writes dashes, and whatever it puts around it, or leaves out before it. */
const codes = /(?<![0-9a-z]|[0-9a-z][\p{Pd}_])(kb[\s\p{Pd}_]*)?([0-9a-f]{4})[\s\p{Pd}_]*([0-9a-f]{4})(?![0-9a-z])/giu;

/** new: the new code and no old one. stale: an old one, alone or beside the new one: the bot still knows it. none: neither. */
export function heardCode(answer: string, { code, old }: Pick<CanaryMemory, 'code' | 'old'>): 'new' | 'stale' | 'none' {
  const found = new Set([...answer.matchAll(codes)].map(([, , first = '', second = '']) => codeFrom(first + second)));
  if (old.some((one) => found.has(one))) return 'stale';
  return code !== null && found.has(code) ? 'new' : 'none';
}

/** A code that looks like one of ours; null: there is none. */
export function otherCode(answer: string): string | null {
  for (const [, prefix, first = '', second = ''] of answer.matchAll(codes)) if (prefix !== undefined) return codeFrom(first + second);
  return null;
}

/** The longest pause between two questions, in milliseconds. */
const longestPauseMs = 600_000;

/** The pause after so many questions: doubled each time. */
export function pauseAfter(asks: number, firstMs: number): number {
  return Math.min(longestPauseMs, firstMs * 2 ** Math.min(30, Math.max(0, asks - 1)));
}
