// Readable keys made from what people wrote: the ids of Q&A pairs, the keys of parts. Pure; changing it re-keys every record.
import { sha256 } from '../model/json.ts';

/** Letters and digits of any script in lower case, joined by hyphens; '' where there are none. Cut texts end in 6 hexadecimal digits of the whole. */
export function slug(text: string, maxCharacters: number): string {
  const whole = text
    .normalize('NFC')
    .toLowerCase()
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
    .replace(/^-+|(?<!-)-+$/g, '');
  const characters = [...whole];
  if (characters.length <= maxCharacters) return whole;
  const start = characters.slice(0, maxCharacters - 7).join('');
  return `${start.replace(/(?<!-)-+$/, '')}-${sha256(whole).slice(0, 6)}`;
}

/** The slug, or 8 hexadecimal digits of the text where the slug would be empty. */
export function slugOrHash(text: string, maxCharacters: number): string {
  const readable = slug(text, maxCharacters);
  return readable === '' ? hashKey(text) : readable;
}

/** Whether a text holds what must not be shown, not even in lower case: a key of the configuration. */
export type Hides = (text: string) => boolean;

/** The key of a question among those of its file: its words, unless they hold what must not be shown. */
export function questionKey(question: string, hides: Hides | undefined): string {
  return hides?.(question) === true ? hashKey(question) : slugOrHash(question, 60);
}

/** 8 hexadecimal digits. */
export function hashKey(text: string): string {
  return sha256(text.normalize('NFC')).slice(0, 8);
}

/** Gives each key once: a repeat gets `-2`, `-3` … in the order asked for. */
export function uniqueKeys(): (key: string) => string {
  const used = new Set<string>();
  /** The numbers below are taken: a thousand equal keys are not tried a thousand times each. */
  const next = new Map<string, number>();
  return (key) => {
    let candidate = key;
    let count = next.get(key) ?? 2;
    for (; used.has(candidate); count += 1) candidate = `${key}-${count}`;
    next.set(key, Math.max(2, count - 1));
    used.add(candidate);
    return candidate;
  };
}
