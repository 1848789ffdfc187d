// A question that kbsync itself put to a bot, as it is remembered: by a hash, so that it can be told from those of users.
import { sha256, type Timestamp } from './json.ts';

/** One question that was asked by kbsync. */
export interface OwnQuestion {
  readonly at: Timestamp;
  readonly target: string;
  /** `questionHash` of its words. */
  readonly hash: string;
}

/** A question's words, however a vendor gives them back: without markup, case, punctuation and spaces. */
export function questionHash(question: string): string {
  const words = question
    .normalize('NFKC')
    .toLowerCase()
    .replace(/<[^<>]*>/g, '')
    .match(/[\p{L}\p{N}]+/gu);
  // One that has no words is told by its characters.
  return sha256(words?.join('') ?? question.trim()).slice(0, 32);
}
