// What a sandbox bot knows and how it answers: full-text search over the passages it was trained on, and nothing else. Owns minisearch.
// No clock, no randomness: the same texts and the same question give the same answer.
import MiniSearch, { type SearchResult } from 'minisearch';
import type { Knowledge } from '../connectors/emulator.ts';
import { type Passage, passagesOf } from './passages.ts';
import { termOf, wordsOf } from './words.ts';

const answerCharacters = 1200;
/** Share of the question's weight that the best document must carry: below it the bot does not know. */
const leastCoverage = 0.5;
/** A further document speaks only if it comes this close to the best one's score, and a further passage this close to the best passage's. */
const nearDocument = 0.85;
const nearPassage = 0.3;
/** Few passages would make every term look common. */
const leastPassages = 100;

export const dontKnow = "I don't know.";

interface Indexed extends Passage {
  readonly id: string;
  readonly title: string;
}

interface Source {
  readonly title: string;
  readonly text: string;
}

interface Found {
  readonly document: string;
  readonly score: number;
  readonly coverage: number;
  /** Best first. */
  readonly passages: readonly { readonly number: number; readonly score: number }[];
}

/** Texts, and the questions put to them. Indexing waits for the first question after a change, and takes up only what has changed. */
function createShelf() {
  const index = new MiniSearch<Indexed>({
    fields: ['title', 'heading', 'text'],
    tokenize: wordsOf,
    processTerm: termOf,
    // Removal below is immediate; a timer of the library's own would make answers depend on the moment.
    autoVacuum: false,
    searchOptions: {
      boost: { title: 2, heading: 1.5 },
      prefix: (term) => /^\p{L}{5,}$/u.test(term),
      fuzzy: (term) => (/^\p{L}{8,}$/u.test(term) ? 1 : false),
      weights: { prefix: 0.3, fuzzy: 0.2 },
    },
  });
  const indexed = new Map<string, readonly Indexed[]>();
  const changed = new Map<string, Source | null>();

  const takeUp = (): void => {
    for (const [id, source] of changed) {
      for (const passage of indexed.get(id) ?? []) index.remove(passage);
      indexed.delete(id);
      if (source === null) continue;
      const passages = passagesOf(source.text).map((passage, number) => ({ ...passage, id: `${number}/${id}`, title: source.title }));
      index.addAll(passages);
      if (passages.length > 0) indexed.set(id, passages);
    }
    changed.clear();
  };

  return {
    indexed,
    put(id: string, title: string, text: string): void {
      changed.set(id, { title, text });
    },
    remove(id: string): void {
      changed.set(id, null);
    },
    /** Null: the question has no term that could be looked for. */
    search(
      question: string,
    ): { readonly results: readonly SearchResult[]; readonly terms: readonly string[]; readonly passages: number } | null {
      takeUp();
      const terms = [...new Set(wordsOf(question).map(termOf))].filter((term) => term !== null);
      return terms.length === 0 ? null : { results: index.search(question), terms, passages: index.documentCount };
    },
  };
}

/** The trained knowledge of one bot. */
export function createKnowledge(): Knowledge {
  const { put, remove, search, indexed } = createShelf();
  return {
    put,
    remove,
    answer(question) {
      const asked = search(question);
      if (asked === null) return { text: dontKnow, sources: [] };
      const found = rank(asked.results, asked.terms, asked.passages);
      const best = found[0];
      if (best === undefined || best.coverage < leastCoverage) return { text: dontKnow, sources: [] };
      const near = found
        .filter((document) => document.score >= best.score * nearDocument && document.coverage >= leastCoverage)
        .slice(0, 3);
      return compose(near, indexed);
    },
  };
}

/** One passage that a question may be about. */
export interface NearPassage {
  readonly id: string;
  readonly heading: string;
  /** Share of the question's weight that this one passage carries, its title and headings included, 0…1. */
  readonly coverage: number;
}

/** Documents to be looked things up in, passage by passage. */
export interface PassageIndex {
  put(id: string, title: string, text: string): void;
  /** The passage that covers most of the question, of the documents that `of` lets through; null where none shares a word with it. */
  nearest(question: string, of?: (id: string) => boolean): NearPassage | null;
}

/** An empty index. */
export function createPassageIndex(): PassageIndex {
  const { put, search, indexed } = createShelf();
  return {
    put,
    nearest(question, of = () => true) {
      const asked = search(question);
      if (asked === null) return null;
      const weights = weigh(asked.results, asked.terms, asked.passages);
      const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
      let best: (NearPassage & { readonly score: number }) | null = null;
      for (const result of asked.results) {
        const [number, id] = placeOf(String(result.id));
        if (!of(id)) continue;
        const carried = [...new Set(result.queryTerms)].reduce((sum, term) => sum + (weights.get(term) ?? 0), 0);
        const coverage = rounded(total === 0 ? 0 : carried / total);
        const score = rounded(result.score * coverage);
        const wins = best === null || score > best.score || (score === best.score && id < best.id);
        if (wins) best = { id, heading: indexed.get(id)?.[number]?.heading ?? '', coverage, score };
      }
      return best === null ? null : { id: best.id, heading: best.heading, coverage: best.coverage };
    },
  };
}

/** Documents by the score of their best passage, weighed with how much of the question the document covers. */
function rank(results: readonly SearchResult[], terms: readonly string[], passages: number): Found[] {
  const weights = weigh(results, terms, passages);
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  const documents = new Map<string, { matched: Set<string>; passages: { number: number; score: number }[] }>();
  for (const result of results) {
    const [number, id] = placeOf(String(result.id));
    const document = documents.get(id) ?? { matched: new Set(), passages: [] };
    documents.set(id, document);
    for (const term of result.queryTerms) document.matched.add(term);
    const covered = [...new Set(result.queryTerms)].reduce((sum, term) => sum + (weights.get(term) ?? 0), 0);
    document.passages.push({ number, score: rounded(result.score * (0.5 + covered / total)) });
  }
  return [...documents]
    .map(([document, { matched, passages }]) => {
      const coverage = [...matched].reduce((sum, term) => sum + (weights.get(term) ?? 0), 0) / total;
      passages.sort((one, two) => two.score - one.score || one.number - two.number);
      return { document, coverage, passages, score: rounded((passages[0]?.score ?? 0) * coverage) };
    })
    .sort((one, two) => two.score - one.score || (one.document < two.document ? -1 : 1));
}

/** How much each term of the question says: the rarer, the more; one that no passage holds says most, and speaks against an answer. */
function weigh(results: readonly SearchResult[], terms: readonly string[], passages: number): ReadonlyMap<string, number> {
  const holders = new Map<string, number>(terms.map((term) => [term, 0]));
  for (const result of results) for (const term of new Set(result.queryTerms)) holders.set(term, (holders.get(term) ?? 0) + 1);
  const count = Math.max(passages, leastPassages);
  return new Map([...holders].map(([term, holding]) => [term, Math.log(1 + (count - holding + 0.5) / (holding + 0.5))]));
}

/** Sums of floats depend on the order of indexing in their last digits; ties must not. */
function rounded(score: number): number {
  return Number(score.toPrecision(9));
}

function placeOf(passage: string): [number, string] {
  const slash = passage.indexOf('/');
  return [Number(passage.slice(0, slash)), passage.slice(slash + 1)];
}

/** The best passages of each document, in the document's own order, as long as there is room. */
function compose(found: readonly Found[], indexed: ReadonlyMap<string, readonly Indexed[]>): ReturnType<Knowledge['answer']> {
  const texts: string[] = [];
  const sources: string[] = [];
  let room = answerCharacters;
  for (const { document, passages } of found) {
    const all = indexed.get(document) ?? [];
    const chosen: number[] = [];
    const least = (passages[0]?.score ?? 0) * nearPassage;
    for (const { number, score } of passages) {
      const length = (all[number]?.text.length ?? 0) + 2;
      if (score < least || (length > room && texts.length + chosen.length > 0)) continue;
      chosen.push(number);
      room -= length;
    }
    if (chosen.length === 0) continue;
    sources.push(document);
    for (const number of chosen.sort((one, two) => one - two)) texts.push(all[number]?.text ?? '');
  }
  return { text: cut(texts.join('\n\n')), sources };
}

function cut(text: string): string {
  if (text.length <= answerCharacters) return text;
  return `${text.slice(0, answerCharacters).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
