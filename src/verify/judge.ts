// One answer × what a golden question expects of it → a verdict with its reasons. Pure.
import type { Answer, AnswerSource, Expectation, PlacedTest, Verdict } from '../model/answer.ts';
import type { DocumentId } from '../model/document.ts';
import { cutsNumber, measured } from './measures.ts';
import type { Matches } from './pattern.ts';

export interface Judgement {
  readonly verdict: Verdict;
  /** What is missing or too much, one sentence each; what was not checked, and why. */
  readonly reasons: readonly string[];
}

export interface JudgeTools {
  readonly matches: Matches;
  /** The answer without Markdown and HTML. */
  readonly plain: (text: string) => string;
}

/** A text in the ways in which it may be meant. */
export interface Heard {
  /** As it came, and without markup, each as it is and folded. */
  readonly texts: readonly string[];
  readonly folded: readonly string[];
  readonly measured: readonly string[];
}

/** A text made ready for comparing. */
export function heard(text: string, plain: JudgeTools['plain']): Heard {
  const texts = [...new Set([text, plain(text)])];
  const folded = [...new Set(texts.map(fold))];
  return { texts, folded, measured: folded.map(measured) };
}

/**
 * Case, white space, Unicode form, and the typography of quotes and dashes do not count. Raised digits are kept apart from what they are raised over:
 * 10² is not 102.
 */
export function fold(text: string): string {
  return text
    .replace(/[\u2070\u00b9\u00b2\u00b3\u2074-\u2079]+/g, (raised) => `^${raised}`)
    .normalize('NFKC')
    .replace(/[\u00ad\u200b-\u200f\u2060\ufeff]/g, '')
    .replace(/[\u2018\u2019\u201a\u201b\u2032\u2039\u203a]/g, "'")
    .replace(/[\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb]/g, '"')
    .replace(/[\u2010-\u2015\u2212]/g, '-')
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .trim();
}

/** Whether it says so; null where a pattern takes too long. */
export function holds(said: Heard, expectation: Expectation, tools: JudgeTools): boolean | null {
  if (typeof expectation === 'string') return says(said, expectation, tools);
  if (!('re' in expectation)) return expectation.some((one) => says(said, one, tools));
  let slow = false;
  for (const text of new Set([...said.texts, ...said.folded])) {
    const found = tools.matches(expectation.re, text.slice(0, longestMatched));
    if (found === true) return true;
    slow ||= found === 'too-slow';
  }
  return slow ? null : false;
}

/** Characters of an answer that a pattern is tried on. */
const longestMatched = 20_000;

function says(said: Heard, words: string, tools: JudgeTools): boolean {
  return [...new Set([words, tools.plain(words)])].some((one) => {
    const wanted = fold(one);
    if (wanted === '') return false;
    if (said.folded.some((text) => standsIn(text, wanted))) return true;
    return /\d/.test(wanted) && said.measured.some((text) => text.includes(measured(wanted)));
  });
}

/** As it is written, but never a part of a longer number. */
function standsIn(text: string, wanted: string): boolean {
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) if (!cutsNumber(text, at, wanted)) return true;
  return false;
}

/** Judges one answer. `sources` are resolved to documents of ours where they can be. */
export function judge(test: PlacedTest, { text, sources }: Answer, tools: JudgeTools): Judgement {
  const said = heard(text, tools.plain);
  const wrong: string[] = [];
  const open: string[] = [];
  for (const expectation of test.expect) {
    const found = holds(said, expectation, tools);
    if (found === null) open.push(`${inWords(expectation)} takes too long on this answer`);
    else if (!found) wrong.push(lacks(expectation));
  }
  for (const expectation of test.reject) {
    const found = holds(said, expectation, tools);
    if (found === null) open.push(`${inWords(expectation)} takes too long on this answer`);
    else if (found) wrong.push(`says ${inWords(expectation)}, which it must not`);
  }
  const cited = test.cite && test.document !== null ? cites(test.document, sources) : null;
  if (cited === 'other') wrong.push(`does not rest on ${test.document ?? ''}, but on ${sources.map(nameOf).join(', ')}`);
  if (wrong.length > 0) return { verdict: 'fail', reasons: wrong };
  if (open.length > 0) return { verdict: 'inconclusive', reasons: open };
  if (cited !== 'none') return { verdict: 'pass', reasons: [] };
  const reasons = ['the vendor named no source, so cite could not be checked'];
  return { verdict: test.expect.length + test.reject.length > 0 ? 'pass' : 'inconclusive', reasons };
}

/** Questions of an article belong to it. */
function cites(document: DocumentId, sources: readonly AnswerSource[]): 'document' | 'other' | 'none' {
  if (sources.length === 0) return 'none';
  const isIt = (named: DocumentId | null) => named !== null && (named === document || named.startsWith(`${document}#qa-`));
  return sources.some((source) => isIt(source.document)) ? 'document' : 'other';
}

function nameOf({ document, title, url }: AnswerSource): string {
  return document ?? title ?? url ?? 'something without a name';
}

function lacks(expectation: Expectation): string {
  if (typeof expectation !== 'string' && 're' in expectation) return `does not match ${inWords(expectation)}`;
  return `lacks ${inWords(expectation)}`;
}

/** An expectation for people: `"30 minutes"`, `any of "a", "b"`, `/30 ?min/`. */
export function inWords(expectation: Expectation): string {
  if (typeof expectation === 'string') return `"${expectation}"`;
  if ('re' in expectation) return `/${expectation.re}/`;
  return `any of ${expectation.map((one) => `"${one}"`).join(', ')}`;
}
