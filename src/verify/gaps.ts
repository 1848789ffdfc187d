// What users asked in vain → groups of one question each, with a count, and the passage of our documents that is nearest. Pure: how a passage
// is found is handed in. Near-linear in the number of questions, and the same groups for the same questions in any order.
import type { DocumentId } from '../model/document.ts';
import type { Timestamp } from '../model/json.ts';
import { termsOf } from './terms.ts';
import type { VainReason } from './vain.ts';

/** One question that was asked in vain, masked unless a person wants to see it as it was. */
export interface VainQuestion {
  readonly target: string;
  readonly at: Timestamp | null;
  readonly question: string;
  readonly reason: VainReason;
}

/** A passage of ours that is about a question. */
export interface Nearest {
  readonly document: DocumentId;
  /** Headings above the passage, outermost first, ' > ' between them; '' for none. */
  readonly heading: string;
  /** How much of the question the passage covers, 0…1: rare words weigh more. */
  readonly coverage: number;
}

export interface QuestionGroup {
  /** The question that is most like all the others. */
  readonly question: string;
  /** Other ways in which it was put, the most frequent first; at most three. */
  readonly also: readonly string[];
  readonly count: number;
  readonly targets: readonly { readonly target: string; readonly count: number }[];
  readonly reasons: readonly { readonly reason: VainReason; readonly count: number }[];
  readonly first: Timestamp | null;
  readonly last: Timestamp | null;
}

export interface Grouped {
  /** The most frequent first. */
  readonly groups: readonly QuestionGroup[];
  /** Questions without a word that asks about something (hi, thanks): counted, and in no group. */
  readonly aboutNothing: number;
}

/** One wording, with all who used it. */
interface Wording {
  readonly terms: readonly string[];
  readonly all: VainQuestion[];
}

interface Cluster {
  readonly leader: Wording;
  readonly terms: ReadonlySet<string>;
  /** Weight of all of them. */
  readonly weight: number;
  readonly members: Wording[];
}

/** As alike as two wordings have to be, 0…1: the shared weight of their terms. */
const enough = 0.5;
/** Groups that are looked at for one term of a wording: common terms would make it quadratic. */
const mostCandidates = 48;
/** Rarest terms first; so many of a wording are looked up. */
const mostLookups = 8;

/** Groups questions by what they are about. */
export function groupQuestions(questions: readonly VainQuestion[]): Grouped {
  const wordings = new Map<string, Wording>();
  let aboutNothing = 0;
  for (const question of questions) {
    const terms = termsOf(question.question);
    const key = [...terms].sort().join(' ');
    if (key === '') {
      aboutNothing += 1;
      continue;
    }
    const known = wordings.get(key);
    if (known === undefined) wordings.set(key, { terms, all: [question] });
    else known.all.push(question);
  }
  // The most frequent wordings lead: the others join them.
  const ordered = [...wordings].sort(
    ([one, a], [two, b]) => b.all.length - a.all.length || a.terms.length - b.terms.length || byText(one, two),
  );
  const spelt = spellingsOf(ordered.map(([, wording]) => wording));
  const clusters = cluster(
    ordered.map(([, wording]) => ({ ...wording, terms: [...new Set(wording.terms.map((term) => spelt.get(term) ?? term))] })),
  );
  const groups = clusters
    .map(groupOf)
    .sort((a, b) => b.count - a.count || byText(b.last ?? '', a.last ?? '') || byText(a.question, b.question));
  return { groups, aboutNothing };
}

function cluster(wordings: readonly Wording[]): readonly Cluster[] {
  const weights = weigh(wordings);
  const clusters: Cluster[] = [];
  const byTerm = new Map<string, Cluster[]>();
  for (const wording of wordings) {
    const rarest = [...wording.terms]
      .sort((one, two) => (weights.get(two) ?? 0) - (weights.get(one) ?? 0) || byText(one, two))
      .slice(0, mostLookups);
    const weight = wording.terms.reduce((sum, term) => sum + (weights.get(term) ?? 0), 0);
    let best: Cluster | null = null;
    let alike = 0;
    for (const candidate of candidatesOf(rarest, byTerm)) {
      let shared = 0;
      for (const term of wording.terms) if (candidate.terms.has(term)) shared += weights.get(term) ?? 0;
      const share = shared / (weight + candidate.weight - shared);
      if (share >= enough && share > alike) [best, alike] = [candidate, share];
    }
    if (best !== null) {
      best.members.push(wording);
      continue;
    }
    const fresh: Cluster = { leader: wording, terms: new Set(wording.terms), weight, members: [wording] };
    clusters.push(fresh);
    for (const term of wording.terms) {
      const led = byTerm.get(term) ?? [];
      led.push(fresh);
      byTerm.set(term, led);
    }
  }
  return clusters;
}

function candidatesOf(terms: readonly string[], byTerm: ReadonlyMap<string, readonly Cluster[]>): ReadonlySet<Cluster> {
  const found = new Set<Cluster>();
  for (const term of terms) for (const candidate of (byTerm.get(term) ?? []).slice(0, mostCandidates)) found.add(candidate);
  return found;
}

/** The rarer a term among the wordings, the more it says; a term of its own still says something. */
function weigh(wordings: readonly Wording[]): ReadonlyMap<string, number> {
  const holders = new Map<string, number>();
  for (const { terms } of wordings) for (const term of terms) holders.set(term, (holders.get(term) ?? 0) + 1);
  const total = wordings.length;
  return new Map([...holders].map(([term, count]) => [term, 1 + Math.log((total + 1) / (count + 1)) / 4]));
}

/** A rare term that is one slip away from a frequent one is taken for it: users type fast. Both without one letter meet in a table. */
function spellingsOf(wordings: readonly Wording[]): ReadonlyMap<string, string> {
  const counts = new Map<string, number>();
  for (const { terms, all } of wordings) for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + all.length);
  const isWord = (term: string) => /^\p{L}{6,20}$/u.test(term);
  const frequent = [...counts]
    .filter(([term, count]) => count >= 3 && isWord(term))
    .sort(([one, a], [two, b]) => b - a || byText(one, two));
  const without = new Map<string, string>();
  for (const [term] of frequent) for (const form of [term, ...shortened(term)]) if (!without.has(form)) without.set(form, term);
  const spelt = new Map<string, string>();
  for (const [term, count] of counts) {
    if (count >= 3 || !isWord(term)) continue;
    const found = [term, ...shortened(term)].map((form) => without.get(form)).find((known) => known !== undefined && isSlip(term, known));
    if (found !== undefined) spelt.set(term, found);
  }
  return spelt;
}

function shortened(term: string): readonly string[] {
  const letters = [...term];
  return letters.map((_letter, index) => [...letters.slice(0, index), ...letters.slice(index + 1)].join(''));
}

/** One letter more, less, or another, or two swapped; the first one is rarely mistyped. */
function isSlip(one: string, two: string): boolean {
  if (one[0] !== two[0] || one === two) return false;
  let start = 0;
  while (start < one.length && one[start] === two[start]) start += 1;
  const [a, b] = [one.slice(start), two.slice(start)];
  const swapped = a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2);
  return swapped || a.slice(1) === b.slice(1) || a.slice(1) === b || a === b.slice(1);
}

function groupOf({ leader, members }: Cluster): QuestionGroup {
  const all = members.flatMap(({ all: questions }) => questions);
  const texts = tally(leader.all.map(({ question }) => question));
  const others = tally(
    members.filter((member) => member !== leader).flatMap(({ all: questions }) => questions.map(({ question }) => question)),
  );
  const moments = all.flatMap(({ at }) => (at === null ? [] : [at])).sort();
  return {
    question: texts[0]?.[0] ?? '',
    also: others.slice(0, 3).map(([text]) => text),
    count: all.length,
    targets: tally(all.map(({ target }) => target)).map(([target, count]) => ({ target, count })),
    reasons: tally(all.map(({ reason }) => reason)).map(([reason, count]) => ({ reason, count })),
    first: moments[0] ?? null,
    last: moments.at(-1) ?? null,
  };
}

/** Each value with how often it occurs: the most frequent first, then the shortest. */
function tally<Value extends string>(values: readonly Value[]): readonly (readonly [Value, number])[] {
  const counts = new Map<Value, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([one, a], [two, b]) => b - a || one.length - two.length || byText(one, two));
}

function byText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
