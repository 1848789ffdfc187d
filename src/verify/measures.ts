// Numbers and units in a text → one form each, so that "30min", "30 min." and "30 minutes" are the same and 30 and 300 never are. Pure.
// Careful rather than clever: what can be read in two ways stays as it is written, and then equals nothing but itself.

import { unitWords } from './units.ts';

/** Begin and end of a number, begin and end of its unit: no text holds them, and no number is part of another between them. */
const mark = { number: '\u0001', numberEnd: '\u0002', unit: '\u0003', unitEnd: '\u0004' } as const;

/** A number stands before each, so that single letters are clear; a word that says "a" or "the" in some language is none. */
const units = unitWords({
  millisecond: 'ms millisecond milliseconds msec',
  second: 's',
  day: 'd',
  week: 'wk wks',
  month: 'mo mos',
  year: 'y yr yrs',
  percent: 'pct',
  usd: 'us$',
  kibibyte: 'kib',
  mebibyte: 'mib',
  gibibyte: 'gib',
  millimetre: 'mm millimeter millimeters millimetre millimetres',
  centimetre: 'cm centimeter centimeters centimetre centimetres',
  metre: 'meter meters metre metres',
  kilometre: 'km kilometer kilometers kilometre kilometres',
  gram: 'g gram grams gramm',
  kilogram: 'kg kilogram kilograms kilogramm',
  celsius: '°c',
  fahrenheit: '°f',
});

/** What stands before its number as well. */
const before = /(?<![\p{L}\d])(us\$|[€$£¥]|eur|usd|gbp|jpy|chf) ?$/u;
/** Words that make another number of the one before them. */
const multipliers: { readonly [word: string]: number } = {
  hundred: 1e2,
  thousand: 1e3,
  tausend: 1e3,
  million: 1e6,
  millions: 1e6,
  millionen: 1e6,
  mio: 1e6,
  billion: 1e9,
  billions: 1e9,
  milliarden: 1e9,
  mrd: 1e9,
  trillion: 1e12,
};
const multiplier = new RegExp(`^[ -]?(${Object.keys(multipliers).join('|')})(?![\\p{L}\\d])`, 'u');
/** Short words that make so many of an amount before them, in one bank's way or another's: not ours to read, and not to be left out. */
const magnitudes: ReadonlySet<string> = new Set(['m', 'mn', 'mln', 'b', 'bn', 'bln', 't', 'tn', 'tsd', 'cr', 'k']);
const number = /(?<![\d.,'])\d{1,3}(?: \d{3})+(?!\d)(?:[.,]\d+(?![\d.,]*\d))?|\d+(?:[.,']\d+)*/gu;
const suffix = /^(?: ?([%€$£¥]|us\$|°[cf](?!\p{L})|per cent(?!\p{L}))|[ -]?(\p{L}+)(\.(?! ?\p{L}))?(?![\p{L}\d]))/u;

/** A folded text (lower case, single spaces) with each number and its unit in the one form. */
export function measured(text: string): string {
  const parts: string[] = [];
  let end = 0;
  for (const { 0: written, index } of text.matchAll(number)) {
    // Taken up by what stood before it.
    if (index < end) continue;
    const between = text.slice(end, index);
    // Signs stand right before their number; what stands further off would be read again and again.
    const head = `${parts.length === 0 ? '' : mark.numberEnd}${between}`.slice(-8);
    end = index + written.length;
    const glued = /^(?:[\p{L}_]|\^)[\p{L}\p{N}_^]*/u.exec(text.slice(end, end + 40))?.[0] ?? '';
    if (glued !== '' && !units.has(glued) && glued !== 'k') {
      parts.push(between, mark.number, written, glued, mark.numberEnd);
      end += glued.length;
      continue;
    }
    const negative = /(?:^|[\s([:=<>])-$/u.test(head);
    let value = numberFrom(written);
    const times = multiplier.exec(text.slice(end, end + 20));
    if (times !== null) {
      value = multiplied(value, multipliers[times[1] ?? ''] ?? 1);
      end += times[0].length;
    } else if (glued === 'k') {
      value = multiplied(value, 1e3);
      end += 1;
    }
    const found = suffix.exec(text.slice(end, end + 40));
    const word = found?.[1] ?? found?.[2] ?? '';
    const known = word === 'per cent' ? 'percent' : units.get(word);
    let unit = '';
    const first = known === undefined ? before.exec(head) : null;
    // Of "$5 a month" the word behind the number is no unit of its own.
    const isUnit = known !== undefined || (word.length <= 3 && found?.[2] !== undefined && (first === null || magnitudes.has(word)));
    if (found !== null && isUnit) {
      unit = known ?? word;
      // The dot of an abbreviation; that of a sentence stays.
      end += found[0].length - (known === undefined && found[3] !== undefined ? 1 : 0);
    } else if (first !== null) unit = units.get(first[1] ?? '') ?? '';
    const isTaken = first !== null && !isUnit;
    parts.push(isTaken ? between.slice(0, first.index - head.length) : between);
    parts.push(mark.number, negative ? '-' : '', unit === '' ? value : trimmed(value), mark.numberEnd);
    if (unit !== '') parts.push(mark.unit, unit, mark.unitEnd);
  }
  return parts.join('') + text.slice(end);
}

/** Whether an exact find of `words` at this place would cut a number in two, or take it for another one. Both folded. */
export function cutsNumber(text: string, at: number, words: string): boolean {
  const head = text.slice(Math.max(0, at - 16), at);
  const tail = text.slice(at + words.length, at + words.length + 20);
  if (/^\d/.test(words)) {
    if (/\d[.,']?$|\^$|(?:^|[\s([:=<>])-$/.test(head)) return true;
    if (/^\d{3}(?!\d)/.test(words) && /(?:^|[^\d.,'])\d{1,3}(?: \d{3})* $/.test(head)) return true;
  }
  // Of a dollar that is another one's: AU$5.
  if (/^[$€£¥]/.test(words) && /\p{L}$/u.test(head)) return true;
  // The day of a moment: 2026-12-01T10:00.
  const isDay = /(?<!\d)\d{4}-\d{2}-\d{2}$/.test(words) && /^t\d{2}:/.test(tail);
  if (/\d$/.test(words) && !isDay) {
    if (/^(?:[.,']?\d|[\p{L}_^])/u.test(tail) || multiplier.test(tail)) return true;
    if (/^ \d{3}(?!\d)/.test(tail) && /(?:^|[^\d.,'])\d{1,3}(?: \d{3})*$/.test(words)) return true;
  }
  // "$5" is not what "$5 bn" says.
  const next = /^[ -]?(\p{L}{1,3})(?!\p{L})/u.exec(tail)?.[1] ?? '';
  if (/^(?:us\$|[€$£¥]) ?\d/.test(words) && /\d$/.test(words) && magnitudes.has(next)) return true;
  // "5 m" is not the beginning of "5 months", and "$5" is not what "$5 million" says.
  return (/\d[ -]?[\p{L}°]{1,3}$/u.test(words) && /^\p{L}/u.test(tail)) || (/\d ?[€$£¥]$/.test(words) && multiplier.test(tail));
}

/** Groups of thousands joined, a decimal comma as a point; as written where it is not certain which is meant. */
function numberFrom(written: string): string {
  const joined = written.replace(/[ ']/g, '');
  if (/^\d+$/.test(joined)) return joined;
  // 1,000 and 12,345,678 and 1,000.50
  if (/^[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$/.test(joined)) return joined.replaceAll(',', '');
  // 1.000.000 and 1.000,50
  if (/^[1-9]\d{0,2}(?:\.\d{3}){2,}(?:,\d+)?$|^[1-9]\d{0,2}(?:\.\d{3})+,\d+$/.test(joined)) {
    return joined.replaceAll('.', '').replace(',', '.');
  }
  // One point and three digits: a thousand here, a decimal there.
  if (/^[1-9]\d{0,2}\.\d{3}$/.test(joined)) return joined;
  return /^\d+,\d+$/.test(joined) ? joined.replace(',', '.') : joined;
}

/** A quantity has no zeros at its end; a version or a number of a chapter may. */
function trimmed(value: string): string {
  return /^\d+\.\d{3}$/.test(value) && !value.startsWith('0') ? value : /^\d+\.\d+$/.test(value) ? value.replace(/\.?0+$/, '') : value;
}

function multiplied(value: string, by: number): string {
  const product = Number(value) * by;
  return /^\d+(?:\.\d{1,2})?$/.test(value) && Number.isSafeInteger(product) ? String(product) : `${value}e${by}`;
}
