// Text → the terms that are indexed and asked for: lower case, English stop words dropped, light English stemming. Pure.

/** Letters and digits are a word; everything else sets words apart. Han, kana and Thai, which have no spaces, give pairs of characters. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const word of text.split(/[^\p{L}\p{N}\p{M}]+/u)) {
    if (word === '') continue;
    if (/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]/u.test(word)) words.push(...pairsOf(word));
    else words.push(word);
  }
  return words;
}

function pairsOf(word: string): string[] {
  const characters = [...word];
  if (characters.length === 1) return characters;
  return characters.slice(1).map((character, index) => `${characters[index]}${character}`);
}

/** The term that a word stands for, or null for a stop word. */
export function termOf(word: string): string | null {
  const lower = word.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return lower === '' || stopWords.has(lower) ? null : stemOf(lower);
}

/** Plural, -ed, -ing and a last e go, never below three letters; words with digits (versions, codes) stay as they are. */
function stemOf(word: string): string {
  if (!/^[a-z]{4,}$/.test(word)) return word;
  let stem = word;
  if (/ies$/.test(stem) && stem.length > 4) stem = `${stem.slice(0, -3)}y`;
  else if (/[^suai]s$/.test(stem)) stem = stem.slice(0, -1);
  const bare = stem.replace(/(?:ing|ed)$/, '');
  if (bare !== stem && bare.length >= 3 && /[aeiouy]/.test(bare)) stem = /([bdfgklmnprt])\1$/.test(bare) ? bare.slice(0, -1) : bare;
  return stem.length > 3 && stem.endsWith('e') ? stem.slice(0, -1) : stem;
}

const stopWords: ReadonlySet<string> = new Set(
  (
    'a about after again all also am an and any are as at be because been before being both but by can cannot could did do does doing don done down ' +
    'during each few for from further get gets give had has have having he her here hers him his how i if in into is it its itself just ll let ' +
    'may me might more most much must my myself need no nor not now of off on once one only or other our ours out over own per please re s same say ' +
    'says shall she should so some such t tell than that the their theirs them then there these they this those through to too under until up us ' +
    've very want was way we were what when where which while who whom why will with would you your yours yourself ' +
    // What questions are made of beside what they ask about.
    'able anybody called describe everybody exactly explain happen happens happened kind know known like long many mean means often possible ' +
    'somebody something tell thing things work works'
  ).split(' '),
);
