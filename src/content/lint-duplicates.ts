// Documents that say almost the same: signatures of their words (MinHash over shingles of three words), and the pairs among many documents
// whose signatures agree. Pure. A signature is kept with the file, so that only changed documents are read for it.

/** Numbers in a signature: the likeness of two documents is known to about one in twenty. */
const size = 64;
/** Documents are compared where one of these groups of four numbers agrees: at a likeness of 0.8 that is missed once in 5,000 pairs. */
const bands = 16;
const rows = size / bands;
/** From here on two documents are told: the share of shingles that both have. */
const leastLikeness = 0.8;
/** Fewer words say too little to be compared. */
const leastWords = 30;
const shingle = 3;
/** Of one group, documents are compared with this many before them: where thousands are alike, one finding each is enough. */
const mostCompared = 8;

/** Each pair makes another order of all hashes: multiplied by an odd number and shifted, modulo 2³². */
const factors = Uint32Array.from({ length: size }, (_, index) => mixed(index * 2 + 1) | 1);
const addends = Uint32Array.from({ length: size }, (_, index) => mixed(index * 2 + 2));

/** The signature of a text, for keeping; null where it has too few words. */
export function signatureOf(text: string): string | null {
  const words = wordsOf(text);
  if (words.length < leastWords) return null;
  const least = new Uint32Array(size).fill(0xffffffff);
  const hashes = words.map(hashOf);
  for (let at = 0; at + shingle <= hashes.length; at += 1) {
    let seed = 0x811c9dc5;
    for (let next = at; next < at + shingle; next += 1) seed = mixed(seed ^ (hashes[next] ?? 0));
    for (let index = 0; index < size; index += 1) {
      const value = (Math.imul(seed, factors[index] ?? 1) + (addends[index] ?? 0)) >>> 0;
      if (value < (least[index] ?? 0)) least[index] = value;
    }
  }
  // The lowest 16 bits of a minimum tell two of them apart but once in 65,536.
  const short = Uint16Array.from(least, (value) => value & 0xffff);
  return Buffer.from(short.buffer).toString('base64');
}

/** Pairs name documents by these numbers. */
export interface Numbered {
  readonly key: number;
  readonly signature: string;
}

export interface Pair {
  readonly first: number;
  readonly second: number;
  /** 0 … 1. */
  readonly likeness: number;
}

/** For each document at most one pair: with the most alike of those before it. `canMeet` leaves out pairs that no bot ever has both of. */
export function alikePairs(
  documents: readonly Numbered[],
  canMeet: (first: number, second: number) => boolean = () => true,
): readonly Pair[] {
  const buckets = new Map<string, number[]>();
  const numbers = documents.map(({ signature }) => Buffer.from(signature, 'base64'));
  const pairs: Pair[] = [];
  for (const [index, own] of numbers.entries()) {
    const key = documents[index]?.key ?? 0;
    const candidates = new Set<number>();
    for (let band = 0; band < bands; band += 1) {
      const name = `${band}${own.toString('latin1', band * rows * 2, (band + 1) * rows * 2)}`;
      const bucket = buckets.get(name);
      if (bucket === undefined) buckets.set(name, [index]);
      else {
        for (const other of bucket) candidates.add(other);
        if (bucket.length < mostCompared) bucket.push(index);
      }
    }
    let best: Pair | null = null;
    for (const other of candidates) {
      const likeness = agreement(own, numbers[other]);
      const first = documents[other]?.key ?? 0;
      if (likeness < leastLikeness || (best !== null && likeness <= best.likeness) || !canMeet(first, key)) continue;
      best = { first, second: key, likeness };
    }
    if (best !== null) pairs.push(best);
  }
  return pairs;
}

function agreement(own: Buffer, other: Buffer | undefined): number {
  if (other === undefined || other.length !== own.length) return 0;
  let same = 0;
  for (let at = 0; at < own.length; at += 2) if (own[at] === other[at] && own[at + 1] === other[at + 1]) same += 1;
  return same / size;
}

/** Letters and digits in lower case; each character of a script without spaces is a word of its own. Addresses are no words. */
function wordsOf(text: string): readonly string[] {
  const plain = text.replace(/\bhttps?:\/\/\S+/g, ' ').toLowerCase();
  // Most texts are plain ASCII, and there the short way finds the same words.
  if (/^[\u0000-\u007f]*$/.test(plain)) return plain.match(/[a-z0-9]+/g) ?? [];
  const pattern = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{N}]+/gu;
  return plain.normalize('NFKC').toLowerCase().match(pattern) ?? [];
}

function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < word.length; index += 1) hash = Math.imul(hash ^ word.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/** The last step of MurmurHash3: every bit of the input moves every bit of the output. */
function mixed(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
