// Adopting: items that somebody made by hand → the documents they are, each at most once on both sides, and the journal entries that make
// them ours to keep. Pure: nothing is read and nothing is sent here. What could be two things is no match.
import type { RemoteEntry } from '../connectors/connector.ts';
import type { DocumentId } from '../model/document.ts';
import type { KnownDocument } from '../model/effect.ts';
import { type Fingerprint, sha256, type Timestamp } from '../model/json.ts';
import type { AdoptedItem, Operation } from '../model/operation.ts';
import type { RemoteItem } from '../model/record.ts';
import { type NamedPart, type NameFacts, type NameProof, nameTiers } from './adopt-names.ts';

/** An item that kbsync did not make. text null: the vendor cannot show it, or did not. */
export interface ForeignItem extends RemoteEntry {
  readonly text: string | null;
}

/** A part that has no item yet. Texts are null where the document cannot be rendered at this moment. */
export interface WantedPart extends NamedPart {
  readonly text: string | null;
  /** The author's body, front matter aside; null for all parts but the first. */
  readonly body: string | null;
}

export type Proof = 'text' | NameProof | 'similar text';

export interface Match {
  readonly wanted: WantedPart;
  readonly item: ForeignItem;
  readonly by: Proof;
  /** Whether the item holds what would be sent; null: its text is not known. */
  readonly equal: boolean | null;
}

/** More than one way to pair these: none of them is. */
export interface Ambiguity {
  readonly by: Proof;
  readonly documents: readonly DocumentId[];
  readonly items: readonly ForeignItem[];
}

export interface Matching {
  readonly matches: readonly Match[];
  readonly ambiguous: readonly Ambiguity[];
  /** No document is anything like them. */
  readonly foreign: readonly ForeignItem[];
  /** Nothing there is anything like them. */
  readonly unmatched: readonly DocumentId[];
  /** Of `foreign`, those that hold the text of a document that another item was matched to. */
  readonly copies: number;
  /** What was left is too much to be compared line by line. */
  readonly uncompared: boolean;
}

export interface MatchFacts extends NameFacts {
  /** Share of equal lines, 0…1; null: too few lines. */
  readonly likeness: (a: string, b: string) => number | null;
  /** The text behind the front matter of a file that was uploaded as it is. */
  readonly withoutFrontMatter: (text: string) => string;
}

/** From this share of equal lines on, the only pair counts as one document: the rule of moves (PRODUCT, invariant 5). */
const alike = 0.8;
/** Comparisons of texts that one matching may cost. */
const maxComparisons = 250_000;

type End = ForeignItem | WantedPart;

/** One way of comparing: the two have a key in common. */
interface Tier {
  readonly by: Proof;
  ofItem(item: ForeignItem): readonly string[];
  ofPart(part: WantedPart): readonly string[];
}

interface Pool {
  readonly items: Set<ForeignItem>;
  readonly parts: Set<WantedPart>;
  readonly matches: Match[];
  readonly unclear: { readonly by: Proof; readonly items: readonly ForeignItem[]; readonly parts: readonly WantedPart[] }[];
}

/** Equal text, then names, then likeness of what is left; texts that are equal several times are told apart by names. */
export function matchItems(items: readonly ForeignItem[], parts: readonly WantedPart[], facts: MatchFacts): Matching {
  const pool: Pool = { items: new Set(items), parts: new Set(parts), matches: [], unclear: [] };
  const stripped = new Map(items.map((item) => [item, item.text === null ? [] : textKeys([facts.withoutFrontMatter(item.text)])]));
  const names = nameTiers(facts).map(remembered);
  for (const tier of [
    remembered({ by: 'text', ofItem: ({ text }) => textKeys([text]), ofPart: ({ text }) => textKeys([text]) }),
    remembered({ by: 'text', ofItem: (item) => stripped.get(item) ?? [], ofPart: ({ text, body }) => textKeys([text, body]) }),
  ]) {
    pairByText(pool, tier, names);
  }
  const unclear = new Set(unclearEnds(pool));
  for (const tier of names) {
    pairUnique(pool, tier, unclear);
    for (const end of unclearEnds(pool)) unclear.add(end);
  }
  const uncompared = !pairByLikeness(pool, facts);
  return resultOf(pool, parts, { ...facts, uncompared });
}

/** Keys are asked for again and again, and texts are long. */
function remembered(tier: Tier): Tier {
  const keys = new Map<End, readonly string[]>();
  const of = <Each extends End>(end: Each, make: (end: Each) => readonly string[]): readonly string[] => {
    const known = keys.get(end) ?? make(end);
    keys.set(end, known);
    return known;
  };
  return { by: tier.by, ofItem: (item) => of(item, tier.ofItem), ofPart: (part) => of(part, tier.ofPart) };
}

function* unclearEnds({ unclear }: Pool): Generator<End> {
  for (const { items, parts } of unclear) yield* [...items, ...parts];
}

/** Pairs what has exactly each other. What has more than one way is noted as unclear, unless another way is still to be tried. */
function pairUnique(pool: Pool, tier: Tier, without: ReadonlySet<End> = new Set(), note = true): void {
  const partsBy = new Map<string, WantedPart[]>();
  const itemsBy = new Map<string, ForeignItem[]>();
  for (const part of pool.parts) if (!without.has(part)) for (const key of tier.ofPart(part)) put(partsBy, key, part);
  for (const item of pool.items) if (!without.has(item)) for (const key of tier.ofItem(item)) put(itemsBy, key, item);
  const only = (item: ForeignItem) => onlyOne(tier.ofItem(item), partsBy, (part) => fits(item, part));
  const back = (part: WantedPart) => onlyOne(tier.ofPart(part), itemsBy, (item) => fits(item, part));
  const pairs = [...new Set([...itemsBy.values()].flat())].flatMap((item): [ForeignItem, WantedPart][] => {
    const part = only(item);
    return part !== null && back(part) === item ? [[item, part]] : [];
  });
  for (const [item, part] of pairs) take(pool, tier.by, item, part);
  if (note) noteUnclear(pool, tier, partsBy, itemsBy);
}

/** An FAQ store holds nothing but questions. */
function fits(item: ForeignItem, part: WantedPart): boolean {
  return item.kind === undefined || item.kind === part.head.kind;
}

function put<Each>(map: Map<string, Each[]>, key: string, each: Each): void {
  const group = map.get(key);
  if (group === undefined) map.set(key, [each]);
  else group.push(each);
}

/** The one candidate under these keys; null where there is none, or more than one. */
function onlyOne<Each>(keys: readonly string[], by: ReadonlyMap<string, readonly Each[]>, isOne: (each: Each) => boolean): Each | null {
  let found: Each | null = null;
  for (const key of keys) {
    for (const each of by.get(key) ?? []) {
      if (each === found || !isOne(each)) continue;
      if (found !== null) return null;
      found = each;
    }
  }
  return found;
}

function take(pool: Pool, by: Proof, item: ForeignItem, wanted: WantedPart): void {
  pool.items.delete(item);
  pool.parts.delete(wanted);
  const equal = item.text === null || wanted.text === null ? null : plain(item.text) === plain(wanted.text);
  pool.matches.push({ wanted, item, by, equal });
}

/** What is left and has candidates that are left, by what hangs together, however indirectly. */
function noteUnclear(pool: Pool, tier: Tier, partsBy: Map<string, WantedPart[]>, itemsBy: Map<string, ForeignItem[]>): void {
  const seen = new Set<string>();
  for (const first of partsBy.keys()) {
    const items = new Set<ForeignItem>();
    const parts = new Set<WantedPart>();
    const waiting = [first];
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
      if (seen.has(key)) continue;
      seen.add(key);
      const here = (itemsBy.get(key) ?? []).filter((item) => pool.items.has(item));
      const wanted = (partsBy.get(key) ?? []).filter((part) => pool.parts.has(part) && here.some((item) => fits(item, part)));
      for (const part of wanted) if (!parts.has(part)) waiting.push(...tier.ofPart(part));
      for (const part of wanted) parts.add(part);
      if (wanted.length === 0) continue;
      for (const item of here) if (!items.has(item)) waiting.push(...tier.ofItem(item));
      for (const item of here) items.add(item);
    }
    if (items.size > 0 && parts.size > 0) pool.unclear.push({ by: tier.by, items: [...items], parts: [...parts] });
  }
}

/** Of several with one text, those whose names agree as well belong together; if one of each is left then, those do, too. */
function pairByText(pool: Pool, text: Tier, names: readonly Tier[]): void {
  pairUnique(pool, text, undefined, false);
  const both = (left: readonly string[], right: readonly string[]) => left.flatMap((one) => right.map((other) => `${other}\n${one}`));
  for (const name of names) {
    const { by } = text;
    const ofItem = (item: ForeignItem) => both(text.ofItem(item), name.ofItem(item));
    const ofPart = (part: WantedPart) => both(text.ofPart(part), name.ofPart(part));
    pairUnique(pool, { by, ofItem, ofPart }, undefined, false);
  }
  pairUnique(pool, text);
}

/** The only pair that is alike enough. False: too much is left to be compared. */
function pairByLikeness(pool: Pool, { likeness, withoutFrontMatter }: MatchFacts): boolean {
  const items = [...pool.items].flatMap((item) => (item.text === null ? [] : [{ item, text: withoutFrontMatter(item.text) }]));
  const parts = [...pool.parts].filter((part) => part.text !== null);
  if (items.length * parts.length > maxComparisons) return false;
  const pairs = new Map<End, string[]>();
  for (const [at, { item, text }] of items.entries()) {
    for (const [of, part] of parts.entries()) {
      const likest = Math.max(...[part.text, part.body].map((given) => (given === null ? 0 : (likeness(text, given) ?? 0))));
      if (likest < alike || !fits(item, part)) continue;
      for (const end of [item, part]) pairs.set(end, [...(pairs.get(end) ?? []), `${at} ${of}`]);
    }
  }
  const ofEnd = (end: End) => pairs.get(end) ?? [];
  pairUnique(pool, { by: 'similar text', ofItem: ofEnd, ofPart: ofEnd });
  return true;
}

function resultOf(pool: Pool, parts: readonly WantedPart[], facts: MatchFacts & { readonly uncompared: boolean }): Matching {
  const seen = new Set<End>();
  const ambiguous = pool.unclear.flatMap(({ by, ...group }): Ambiguity[] => {
    const items = group.items.filter((item) => pool.items.has(item));
    const left = group.parts.filter((part) => pool.parts.has(part));
    const isNew = [...items, ...left].some((end) => !seen.has(end));
    if (items.length === 0 || left.length === 0 || !isNew) return [];
    for (const end of [...items, ...left]) seen.add(end);
    return [{ by, documents: [...new Set(left.map(({ head }) => head.document))], items }];
  });
  const foreign = [...pool.items].filter((item) => !seen.has(item));
  const settled = new Set([...pool.matches.map(({ wanted }) => wanted.head.document), ...ambiguous.flatMap(({ documents }) => documents)]);
  const unmatched = [...new Set(parts.map(({ head }) => head.document))].filter((document) => !settled.has(document));
  const matched = new Set(pool.matches.flatMap(({ wanted, item }) => textKeys([wanted.text, wanted.body, item.text])));
  const copies = foreign.filter((item) => {
    const texts = item.text === null ? [] : textKeys([item.text, facts.withoutFrontMatter(item.text)]);
    return texts.some((key) => matched.has(key));
  }).length;
  return { matches: pool.matches, ambiguous, foreign, unmatched, copies, uncompared: facts.uncompared };
}

/** Line ends and the very end of a text may change at a vendor without anything being lost: the comparison of first contact. */
function plain(text: string): string {
  return text.replace(/\r\n?/g, '\n').trimEnd();
}

/** A digest that two texts share which a person would call equal; a blank one is equal to none. */
function textKeys(texts: readonly (string | null)[]): readonly string[] {
  const loose = (text: string) =>
    text
      .normalize('NFC')
      .replace(/^\ufeff/, '')
      .replace(/\r\n?/g, '\n')
      .replace(/[ \t]+$/gm, '')
      .trim();
  return texts.flatMap((text) => (text === null || loose(text) === '' ? [] : [sha256(loose(text))]));
}

/** One operation a document, for people. */
export function adoptOperations(matches: readonly Match[]): readonly Operation[] {
  return byDocument(matches).map(([document, group]): Operation => {
    const [first] = group;
    const items = group.map(({ wanted, item, equal }): AdoptedItem => {
      return { part: wanted.part.key, remoteId: item.remoteId, mark: nameOf(item), fingerprint: fingerprintOf(wanted, equal) };
    });
    const path = first?.wanted.head.path ?? document;
    return { id: `adopt ${document}`, action: 'adopt', document, path, reason: reasonOf(group), by: 'vendor', note: null, items };
  });
}

/** Why, and what comes of it: "same file name; the text differs". */
function reasonOf(group: readonly Match[]): string {
  const proofs = [...new Set(group.map(({ by }) => by))].map((by) => (by === 'similar text' ? by : `same ${by}`)).join(' and ');
  if (group.every(({ equal }) => equal === true)) return `${proofs}; nothing to send`;
  return `${proofs}; ${group.some(({ equal }) => equal === false) ? 'the text differs' : 'its text is not known'}: to be updated`;
}

/**
 * The records of adopted documents. Only an item that holds exactly what would be sent counts as holding it: everything else is planned as an
 * update. Its mark is the name that somebody gave it.
 */
export function adoptedDocuments(
  matches: readonly Match[],
  at: Timestamp,
  commitOf: (path: string) => string | null,
): readonly KnownDocument[] {
  return byDocument(matches).flatMap(([, group]): KnownDocument[] => {
    const head = group[0]?.wanted.head;
    if (head === undefined) return [];
    const items = group.map(({ wanted, item, equal }): RemoteItem => {
      const fingerprint = fingerprintOf(wanted, equal);
      const commit = fingerprint === null ? null : commitOf(head.path);
      const { remoteId, training } = item;
      const mark = nameOf(item);
      return { part: wanted.part.key, remoteId, mark, fingerprint, training: training ?? 'pending', acceptedAt: at, commit, effect: null };
    });
    const { document, path, title, url, body } = head;
    return [{ document, path, title, url, body, items, origin: 'adopted' }];
  });
}

function fingerprintOf({ part }: WantedPart, equal: boolean | null): Fingerprint | null {
  return equal === true ? part.fingerprint : null;
}

/** As the vendor shows it; one without a name goes by its id. */
export function nameOf({ mark, name, remoteId }: ForeignItem): string {
  return mark ?? name ?? remoteId;
}

function byDocument(matches: readonly Match[]): readonly (readonly [DocumentId, readonly Match[]])[] {
  const groups = new Map<DocumentId, Match[]>();
  for (const match of matches) {
    const group = groups.get(match.wanted.head.document) ?? [];
    groups.set(match.wanted.head.document, group);
    group.push(match);
  }
  return [...groups].sort(([left], [right]) => (left < right ? -1 : 1));
}
