// A text reduced to what its words sound like to a model: lower-case Latin words with single spaces, so that capitals, markup, look-alike
// letters and characters without width hide no phrase. Pure.

/** Folded, and for each of its characters the offset it came from. */
export interface Folded {
  readonly text: string;
  readonly offsets: readonly number[];
}

/** Letters of other scripts that look like Latin ones, after lower-casing. */
const lookAlikes: { readonly [letter: string]: string } = Object.fromEntries([
  ...pairs('авеёѕіїјкмнорстухԁһԛԝӏгпь', 'abeesiijkmhopctyxdhqwlrnb'), // Cyrillic
  ...pairs('αβγεηικνορτυχω', 'abyenikvoptuxw'), // Greek
  ...pairs('օոս', 'onu'), // Armenian
  ...pairs('ɑɡıʟɴʀʏ', 'agilnry'), // Latin
]);

function pairs(from: string, to: string): (readonly [string, string])[] {
  return [...from].map((letter, index) => [letter, to[index] ?? '']);
}

const others = new RegExp(`[${Object.keys(lookAlikes).join('')}]`, 'g');
/** Tags without attributes only mark words up; one with attributes may hold words itself. */
const bareTag = /<\/?[A-Za-z][A-Za-z0-9]{0,20}\s*\/?>/g;
const markup = /[*_~]/g;

/** The folded text alone: quick, for a first look. */
export function folded(text: string): string {
  const bare = text.includes('<') ? text.replace(bareTag, '') : text;
  const latin = hasOthers(bare)
    ? bare
        .normalize('NFKD')
        .replace(/[\p{M}\p{Cf}]+/gu, '')
        .toLowerCase()
        .replace(others, (letter) => lookAlikes[letter] ?? '')
    : bare.toLowerCase();
  return latin.replace(markup, '').replace(/[^a-z0-9]+/g, ' ');
}

/** The same with offsets: slow, for a text in which something was seen. */
export function foldedWithOffsets(text: string): Folded {
  const bare = text.replace(bareTag, (tag) => '*'.repeat(tag.length));
  const letters: string[] = [];
  const offsets: number[] = [];
  let offset = 0;
  for (const character of bare) {
    for (const letter of folding(character)) {
      if (letter !== ' ' || letters.at(-1) !== ' ') {
        letters.push(letter);
        offsets.push(offset);
      }
    }
    offset += character.length;
  }
  return { text: letters.join(''), offsets };
}

function folding(character: string): string {
  const latin =
    character.charCodeAt(0) < 128
      ? character.toLowerCase()
      : character
          .normalize('NFKD')
          .replace(/[\p{M}\p{Cf}]+/gu, '')
          .toLowerCase()
          .replace(others, (letter) => lookAlikes[letter] ?? '');
  return latin.replace(markup, '').replace(/[^a-z0-9]/g, ' ');
}

function hasOthers(text: string): boolean {
  return /[^\u0000-\u007f]/.test(text);
}
