// Groups of questions asked in vain, each with the passage of the folder that is nearest: is it missing from the documents, from the bot, or only
// from the bot's answers? Pure.
import type { PlacedTest } from '../model/answer.ts';
import type { DocumentId } from '../model/document.ts';
import type { Timestamp } from '../model/json.ts';
import type { Nearest, QuestionGroup } from '../verify/gaps.ts';
import { contentWords } from '../verify/terms.ts';
import { anchorOf, type Passages } from './passages.ts';

/**
 * content: no document is near, somebody has to write it. not-given: one is, and none of the bots that were asked has it. retrieval: one is, and
 * they have it, so it does not say it well enough or was not found.
 */
export type GapKind = 'content' | 'not-given' | 'retrieval';

export interface Gap extends QuestionGroup {
  readonly kind: GapKind;
  /** The nearest passage; null where none is near. */
  readonly nearest: Place | null;
}

/** A passage as people find it. */
export interface Place extends Nearest {
  readonly path: string;
  readonly title: string;
  /** As rendered pages have it; null for the start of the document. */
  readonly anchor: string | null;
  /** close: it covers three quarters of the question or more; near: half. */
  readonly match: 'close' | 'near';
  /** Of the bots that were asked, those that have the document. */
  readonly givenTo: readonly string[];
  /** All of them got it, or got it anew, after the question was asked last: it may be answered by now. */
  readonly givenSince: boolean;
  /** The folder has a golden question of the same words. */
  readonly tested: boolean;
}

/** Share of a question that a passage has to cover to be near, and to be close. */
const near = 0.5;
const close = 0.75;
/** A document that the bots lack is named before one that they have only if it covers so much more. */
const muchBetter = 0.25;

/** What each bot was given, and when. */
export type Given = ReadonlyMap<string, ReadonlyMap<DocumentId, Timestamp | null>>;

/** Finds the nearest passage of each group. */
export function mapGaps(groups: readonly QuestionGroup[], passages: Passages, given: Given): readonly Gap[] {
  return groups.map((group) => {
    const found = nearestOf(group, passages, given);
    if (found === null) return { ...group, kind: 'content', nearest: null };
    return { ...group, kind: found.givenTo.length === 0 ? 'not-given' : 'retrieval', nearest: found };
  });
}

function nearestOf(group: QuestionGroup, passages: Passages, given: Given): Place | null {
  const asked = group.targets.map(({ target }) => target);
  const has = (document: DocumentId) => asked.some((target) => given.get(target)?.has(document) === true);
  const theirs = best(group, passages, has);
  const any = best(group, passages, () => true);
  if (any === null || any.coverage < near) return null;
  const chosen = theirs !== null && theirs.coverage >= near && any.coverage - theirs.coverage < muchBetter ? theirs : any;
  const document = passages.documents.get(chosen.document);
  const title = document?.title ?? chosen.document;
  const givenTo = asked.filter((target) => given.get(target)?.has(chosen.document) === true);
  const { last } = group;
  return {
    ...chosen,
    path: document?.path ?? chosen.document,
    title,
    anchor: anchorOf(chosen, title),
    match: chosen.coverage >= close ? 'close' : 'near',
    givenTo,
    givenSince:
      last !== null && givenTo.length === asked.length && givenTo.every((target) => (given.get(target)?.get(chosen.document) ?? '') > last),
    tested: passages.tests.some((test) => isAbout(test, chosen.document) && sameWords(test.ask, group)),
  };
}

/** Of all the ways in which it was put, the one that a passage covers best: some are mistyped. */
function best(group: QuestionGroup, passages: Passages, of: (document: DocumentId) => boolean): Nearest | null {
  const found = [group.question, ...group.also].flatMap((question) => passages.nearest(contentWords(question), of) ?? []);
  return found.reduce<Nearest | null>((first, next) => (first === null || next.coverage > first.coverage ? next : first), null);
}

/** A draft that expects nothing judges nothing. */
function isAbout({ document, expect, reject, cite }: PlacedTest, one: DocumentId): boolean {
  return (document === null || document === one) && (cite || expect.length + reject.length > 0);
}

function sameWords(ask: string, { question, also }: QuestionGroup): boolean {
  const words = (text: string) => contentWords(text).join(' ');
  return [question, ...also].some((text) => words(text) === words(ask));
}
