// Near-duplicates across the folder: each document is told at most once, with the most alike of those before it that some bot has as well;
// a question with the first that is the same.
// What came of it is kept under the digest of everything it rests on, so that a look at an unchanged folder compares nothing. Pure.
import { createHash } from 'node:crypto';
import type { ContentProblem, Document } from '../model/document.ts';
import { fingerprint, type Json } from '../model/json.ts';
import type { ScanCache } from './cached-file.ts';
import { alikePairs } from './lint-duplicates.ts';
import { lintVersion } from './lint-rules.ts';

/** A document, and the signature of its text where it has one. */
export interface Signed {
  readonly document: Document;
  readonly signature: string | null;
}

export interface TwinsInput {
  /** In the order of the folder. */
  readonly documents: readonly Signed[];
  readonly severity: ContentProblem['severity'];
  /** Names of the targets that may have a document; two that share none are no duplicates of each other. */
  readonly reach: (document: Document) => readonly string[];
  readonly cache: Pick<ScanCache, 'memo' | 'putMemo'> | null;
}

export interface Twin {
  readonly problem: ContentProblem;
  /** The files of both. */
  readonly paths: readonly [string, string];
}

/** Of two documents that are alike; of two questions that are the same, the ids and whether the answers are. */
type Told = readonly [path: string, other: string, percent: number] | readonly [path: string, other: string, 'asked', Asked];

interface Asked {
  readonly id: string;
  readonly other: string;
  readonly sameAnswer: boolean;
}

const nothing = fingerprint('');

/** All near-duplicates. */
export function twinsAmong({ documents, severity, reach, cache }: TwinsInput): readonly Twin[] {
  const reaches = documents.map(({ document }) => (document.distribution.draft ? [] : reach(document)));
  const key = keyOf(documents, reaches);
  const known = cache?.memo?.('twins', key) as readonly Told[] | null | undefined;
  const told = known ?? find(documents, reaches);
  if (known === null) cache?.putMemo?.('twins', key, told as unknown as Json);
  return told.map((one): Twin => {
    const [path, other] = one;
    const problem = { path, line: null, column: null, message: sentence(one), severity, rule: 'near-duplicate' };
    return { problem, paths: [path, other] };
  });
}

function sentence([, other, percent, asked]: Told): string {
  if (percent !== 'asked') return `${percent === 100 ? 'says the same as' : `is to about ${percent} % the same as`} ${other}`;
  const answers = asked?.sameAnswer === true ? 'the same answer' : 'another answer';
  return `${asked?.id} asks the same question as ${asked?.other}${asked?.other.startsWith(other) === true ? '' : ` (${other})`}, with ${answers}`;
}

function keyOf(documents: readonly Signed[], reaches: readonly (readonly string[])[]): string {
  const hash = createHash('sha256').update(`${lintVersion}\n`);
  for (const [index, { document, signature }] of documents.entries()) {
    hash.update(
      `${document.path}\n${document.id}\n${document.body}\n${document.kind === 'qa' ? document.question : ''}\n${signature === null ? '' : 's'}\n${(reaches[index] ?? []).join(',')}\n`,
    );
  }
  return hash.digest('hex');
}

function find(documents: readonly Signed[], reaches: readonly (readonly string[])[]): readonly Told[] {
  const canMeet = (first: number, second: number) => (reaches[first] ?? []).some((target) => reaches[second]?.includes(target) === true);
  const pathOf = (index: number) => documents[index]?.document.path ?? '';
  const told = new Map<number, Told>(sameQuestions(documents, canMeet));
  const byBody = new Map<string, number[]>();
  for (const [index, { document }] of documents.entries()) {
    if (document.body === nothing || document.kind === 'qa') continue;
    const same = byBody.get(document.body) ?? [];
    byBody.set(document.body, same);
    const other = same.find((before) => pathOf(before) !== document.path && canMeet(before, index));
    if (other !== undefined) told.set(index, [document.path, pathOf(other), 100]);
    // A few stand for thousands that are all the same.
    if (same.length < 8) same.push(index);
  }
  const signed = documents.flatMap(({ signature }, index) => (signature === null || told.has(index) ? [] : [{ key: index, signature }]));
  for (const { first, second, likeness } of alikePairs(signed, canMeet)) {
    // Only the same text is wholly alike: a signature knows words, not marks.
    told.set(second, [pathOf(second), pathOf(first), Math.min(99, Math.round(likeness * 100))]);
  }
  return [...told].sort(([a], [b]) => a - b).map(([, one]) => one);
}

/** Each question with the first before it that is the same but for case, marks and spaces. */
function sameQuestions(
  documents: readonly Signed[],
  canMeet: (first: number, second: number) => boolean,
): readonly (readonly [number, Told])[] {
  const byWords = new Map<string, number[]>();
  const told: (readonly [number, Told])[] = [];
  for (const [index, { document }] of documents.entries()) {
    if (document.kind !== 'qa') continue;
    const words = wordsOf(document.question);
    if (words === '') continue;
    const same = byWords.get(words) ?? [];
    byWords.set(words, same);
    const first = documents[same.find((before) => canMeet(before, index)) ?? -1]?.document;
    if (first?.kind === 'qa') {
      const sameAnswer = first.answer.trim() === document.answer.trim();
      told.push([index, [document.path, first.path, 'asked', { id: document.id, other: first.id, sameAnswer }]]);
    }
    if (same.length < 8) same.push(index);
  }
  return told;
}

/** Letters, digits and what tells C from C# and C++. */
function wordsOf(question: string): string {
  return question
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Sm}\p{Sc}#%&]+/gu, '');
}
