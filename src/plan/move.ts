// Pairs what is gone with what is new where exactly one matches: by path, by equal body, by likeness. Ambiguity pairs nothing.
import type { DocumentId } from '../model/document.ts';
import type { Fresh } from './diff.ts';
import { isQa, type Known, parentOf } from './input.ts';
import { counted, figure } from './words.ts';

/** A document that was at one place and is now at another. */
export interface Pair {
  readonly from: Known;
  readonly to: Fresh;
}

export interface Pairing {
  readonly pairs: readonly Pair[];
  readonly gone: readonly Known[];
  readonly fresh: readonly Fresh[];
  readonly notes: readonly string[];
}

/** From this share of equal lines on, the only pair counts as one document (PRODUCT, invariant 5). */
const alike = 0.8;
/** Comparisons of texts that one plan may cost. */
const maxComparisons = 250_000;

type Likeness = (gone: DocumentId, fresh: DocumentId) => number | null;

interface Pool {
  readonly gone: Map<DocumentId, Known>;
  readonly fresh: Map<DocumentId, Fresh>;
  readonly pairs: Pair[];
  readonly notes: string[];
}

/** Articles first, then questions: those follow their article. The outcome does not depend on the order of the lists. */
export function pairMoves(gone: readonly Known[], fresh: readonly Fresh[], likeness: Likeness): Pairing {
  const articles = poolOf(gone, fresh, false);
  // The same file with another id: whatever became of its text.
  pairByKey(
    articles,
    (known) => known.record.path,
    (candidate) => candidate.payload.path,
  );
  pairByBody(articles);
  pairByLikeness(articles, likeness);
  const questions = poolOf(gone, fresh, true);
  followArticles(questions, articles.pairs);
  pairByBody(questions);
  pairByLikeness(questions, likeness);
  return {
    pairs: [...articles.pairs, ...questions.pairs],
    gone: [...articles.gone.values(), ...questions.gone.values()],
    fresh: [...articles.fresh.values(), ...questions.fresh.values()],
    notes: [...articles.notes, ...questions.notes],
  };
}

function poolOf(gone: readonly Known[], fresh: readonly Fresh[], qa: boolean): Pool {
  return {
    gone: new Map(gone.filter((known) => isQa(known.document) === qa).map((known) => [known.document, known])),
    fresh: new Map(
      fresh.filter(({ payload }) => (payload.kind === 'qa') === qa).map((candidate) => [candidate.payload.document, candidate]),
    ),
    pairs: [],
    notes: [],
  };
}

function take(pool: Pool, from: Known, to: Fresh): void {
  pool.gone.delete(from.document);
  pool.fresh.delete(to.payload.document);
  pool.pairs.push({ from, to });
}

/** Pairs where one key is that of exactly one gone and exactly one new document. Null: takes no part. */
function pairByKey(pool: Pool, keyOfGone: (known: Known) => string | null, keyOfFresh: (candidate: Fresh) => string): void {
  if (pool.gone.size === 0 || pool.fresh.size === 0) return;
  const gone = grouped(pool.gone.values(), keyOfGone);
  const fresh = grouped(pool.fresh.values(), keyOfFresh);
  for (const [key, [from, twin]] of gone) {
    const [to, rival] = fresh.get(key) ?? [];
    if (from !== undefined && to !== undefined && twin === undefined && rival === undefined) take(pool, from, to);
  }
}

function pairByBody(pool: Pool): void {
  pairByKey(
    pool,
    (known) => known.record.body,
    (candidate) => candidate.payload.body,
  );
}

function grouped<Item>(items: Iterable<Item>, keyOf: (item: Item) => string | null): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key === null) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** `old#qa-x` goes where its article went, as `new#qa-x`. */
function followArticles(questions: Pool, articles: readonly Pair[]): void {
  const newParent = new Map(articles.map(({ from, to }) => [from.document, to.payload.document]));
  for (const known of [...questions.gone.values()]) {
    const parent = parentOf(known.document);
    const to = newParent.get(parent);
    const candidate = to === undefined ? undefined : questions.fresh.get(`${to}${known.document.slice(parent.length)}`);
    if (candidate !== undefined) take(questions, known, candidate);
  }
}

/** The only pair that is at least 80 % alike: each has exactly the other as its candidate. */
function pairByLikeness(pool: Pool, likeness: Likeness): void {
  const comparisons = pool.gone.size * pool.fresh.size;
  if (comparisons === 0) return;
  if (comparisons > maxComparisons) {
    pool.notes.push(
      `${counted(pool.gone.size, 'document')} gone and ${figure(pool.fresh.size)} new are too many to compare for moves with edited text: they count as deleted and new.`,
    );
    return;
  }
  const candidates: Pair[] = [];
  for (const from of pool.gone.values()) {
    for (const to of pool.fresh.values()) {
      if ((likeness(from.document, to.payload.document) ?? 0) >= alike) candidates.push({ from, to });
    }
  }
  const ofGone = grouped(candidates, ({ from }) => from.document);
  const ofFresh = grouped(candidates, ({ to }) => to.payload.document);
  for (const { from, to } of candidates) {
    if (ofGone.get(from.document)?.length === 1 && ofFresh.get(to.payload.document)?.length === 1) take(pool, from, to);
  }
}
