// After a document was taken out: what to ask a bot about it, and whether what it says shows that it still knows it. Pure.
import type { Answer } from '../model/answer.ts';
import type { DocumentId } from '../model/document.ts';

/** What is known of a document that is to be forgotten. */
export interface Forgotten {
  /** Ids of the document and of its questions. */
  readonly documents: ReadonlySet<DocumentId>;
  /** Remote ids and marks of everything that the bot was given of it. */
  readonly names: ReadonlySet<string>;
  /** Titles and addresses that are this document's alone: those that a document which stays has, too, prove nothing. */
  readonly titles: ReadonlySet<string>;
  readonly urls: ReadonlySet<string>;
  /** Its texts, as far as they are known; none: an answer is judged by its sources alone. */
  readonly texts: readonly string[];
  /** Whether some document that stays in the bot says these words, too. Asked only for words that came out in an answer. */
  staysElsewhere(words: string): boolean;
}

/** known: it came out. clear: it did not. inconclusive: there is no answer to judge, which is not the same as forgotten. */
export type ForgottenVerdict = 'known' | 'clear' | 'inconclusive';

export interface ForgottenJudgement {
  readonly verdict: ForgottenVerdict;
  /** What gave it away; null where nothing did. */
  readonly reason: string | null;
}

/** So many words in a row are nobody's chance. */
const runWords = 8;
/** A text without such a run is taken line by line, down to lines of this many words. */
const leastWords = 4;
const mostQuestions = 3;

/** Judges one answer. `sources` are as the vendor named them, resolved where the state still knew the document. */
export function judgeForgotten(question: string, { text, sources }: Answer, forgotten: Forgotten): ForgottenJudgement {
  for (const { document, title, url } of sources) {
    const isNamed =
      (document !== null && forgotten.documents.has(document)) ||
      (title !== null && (forgotten.names.has(title) || forgotten.titles.has(title))) ||
      (url !== null && forgotten.urls.has(url));
    if (isNamed) return { verdict: 'known', reason: `the answer rests on it: ${document ?? title ?? url ?? ''}` };
  }
  const answer = ` ${wordsOf(text).join(' ')} `;
  const asked = ` ${wordsOf(question).join(' ')} `;
  for (const run of runsOf(forgotten.texts)) {
    // What the question said itself may well be repeated.
    if (!answer.includes(` ${run} `) || asked.includes(` ${run} `) || forgotten.staysElsewhere(run)) continue;
    return { verdict: 'known', reason: `the answer says its words: "${run}"` };
  }
  return { verdict: 'clear', reason: null };
}

/** Words in a row that would give a text away: every eight of a line; of a text that has no such line, its whole lines. */
export function runsOf(texts: readonly string[]): ReadonlySet<string> {
  const lines = texts.flatMap((text) => text.split('\n')).map(wordsOf);
  const runs = new Set<string>();
  for (const words of lines) {
    for (let at = 0; at + runWords <= words.length; at += 1) runs.add(words.slice(at, at + runWords).join(' '));
  }
  if (runs.size === 0) for (const words of lines) if (words.length >= leastWords) runs.add(words.join(' '));
  return runs;
}

/** Scripts that leave no space between words are taken character by character. */
const word = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}]|[\p{L}\p{M}\p{N}]+/gu;

/** Words without case, marks and punctuation, so that a bot's own typography hides nothing. */
export function wordsOf(text: string): readonly string[] {
  return text.normalize('NFKC').toLowerCase().match(word) ?? [];
}

/** Whether a text says these words in a row, wherever its lines break. */
export function says(text: string, words: string): boolean {
  return ` ${wordsOf(text).join(' ')} `.includes(` ${words} `);
}

/** At most three questions about a document: those that it asks itself, else its title and its headings, asked as they are where they ask. */
export function questionsAbout(title: string, own: readonly string[], texts: readonly string[]): readonly string[] {
  const asked = [...new Set(own.map((question) => question.trim()).filter((question) => question !== ''))];
  if (asked.length > 0) return asked.slice(0, mostQuestions);
  const headings = texts.flatMap(headingsOf).filter((heading) => heading !== title);
  const name = withoutStop(title);
  const about = headings.map((heading) => (isQuestion(heading) ? once(heading) : `What does "${name}" say about ${withoutStop(heading)}?`));
  const whole = isQuestion(title) ? once(title) : `What does "${name}" say?`;
  return [...[...new Set(about)].filter((question) => question !== whole).slice(0, mostQuestions - 1), whole];
}

function isQuestion(text: string): boolean {
  return /[?？؟]$/u.test(text.trim());
}

/** A question with one mark at its end, whatever it was written with. */
function once(question: string): string {
  return `${withoutStop(question)}${question.trim().at(-1)}`;
}

/** What is put into a question or between quotes ends in no mark of its own. */
function withoutStop(text: string): string {
  const bare = text.trim().replace(/[\s.:;!?…。：！？؟]+$/u, '');
  return bare === '' ? text.trim() : bare;
}

/** Headings of a Markdown text, its fenced code left out. */
function headingsOf(text: string): readonly string[] {
  let fence: string | null = null;
  return text.split('\n').flatMap((line) => {
    const mark = /^ {0,3}(```+|~~~+)/.exec(line)?.[1];
    if (mark !== undefined && (fence === null || mark.startsWith(fence))) fence = fence === null ? mark : null;
    const heading = fence === null ? /^#{1,6}[ \t]+(.+?)[ \t]*#*$/.exec(line)?.[1] : undefined;
    return heading === undefined ? [] : [heading.replace(/[*_`[\]]/g, '')];
  });
}

/** What all questions together come to: one that came out is enough, and none may be left open. */
export function verdictOf(verdicts: readonly ForgottenVerdict[]): ForgottenVerdict {
  if (verdicts.includes('known')) return 'known';
  return verdicts.length === 0 || verdicts.includes('inconclusive') ? 'inconclusive' : 'clear';
}
