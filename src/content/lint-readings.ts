// A text as its reader gets it: comments are gone, character references and escapes are what they stand for, since a page, a parser or a bot
// undoes them. Offsets of the source are kept. Pure.

export interface Reading {
  readonly text: string;
  /** Where in the source a character of the reading comes from. */
  readonly offset: (at: number) => number;
}

/**
 * references: those of HTML, and its comments. escapes: also `\_` and `\/`, `\x67` as YAML and JSON write characters, ends of lines that YAML
 * takes out, and characters without width.
 */
export type Undo = 'references' | 'escapes';

/** The names that could hide something or take something apart; format by format the rest is undone in what is sent. */
const names: { readonly [name: string]: string } = {
  amp: '&',
  apos: "'",
  colon: ':',
  comma: ',',
  commat: '@',
  dash: '\u2010',
  equals: '=',
  excl: '!',
  gt: '>',
  hyphen: '\u2010',
  lowbar: '_',
  lrm: '\u200e',
  lt: '<',
  nbsp: '\u00a0',
  num: '#',
  percnt: '%',
  period: '.',
  plus: '+',
  quest: '?',
  quot: '"',
  rlm: '\u200f',
  semi: ';',
  shy: '\u00ad',
  sol: '/',
  Tab: '\t',
  UnderBar: '_',
  NewLine: '\n',
  NoBreak: '\u2060',
  ZeroWidthSpace: '\u200b',
  NegativeThinSpace: '\u200b',
  NegativeMediumSpace: '\u200b',
  NegativeThickSpace: '\u200b',
  NegativeVeryThinSpace: '\u200b',
  ApplyFunction: '\u2061',
  InvisibleTimes: '\u2062',
  InvisibleComma: '\u2063',
  af: '\u2061',
  it: '\u2062',
  ic: '\u2063',
  zwj: '\u200d',
  zwnj: '\u200c',
};

const reference = '&(?:#\\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,24});';
const escaped = '\\\\(?:\\n[ \\t]*|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[!-/:-@[-`{-~])';
const comment = '<!--[\\s\\S]{0,5000}?-->';
const unseen = '[\\u00ad\\u200b-\\u200d\\u2060\\ufeff]';
/** What only marks words up: in some formats it is gone, and what it stood between is one word. */
const markup = '</?[A-Za-z]{1,10}[ \\t]*/?>|\\*{1,2}';
const patterns = {
  references: new RegExp(`${reference}|${comment}`, 'g'),
  escapes: new RegExp(`${reference}|${comment}|${escaped}|${unseen}|${markup}`, 'g'),
} as const;

/** The text with what stands for a character put in; null where nothing does. */
export function readingOf(text: string, undo: Undo): Reading | null {
  if (!(undo === 'references' ? /&|<!--/ : /[&*\\\u00ad\u200b-\u200d\u2060\ufeff]|<[!/A-Za-z]/).test(text)) return null;
  const pieces: string[] = [];
  /** Of each piece, where it begins in the reading and in the source. */
  const starts: number[] = [];
  const sources: number[] = [];
  let cursor = 0;
  let length = 0;
  const add = (piece: string, source: number) => {
    if (piece === '') return;
    starts.push(length);
    sources.push(source);
    pieces.push(piece);
    length += piece.length;
  };
  for (const match of text.matchAll(patterns[undo])) {
    const character = meaning(match[0]);
    if (character === null) continue;
    add(text.slice(cursor, match.index), cursor);
    add(character, match.index);
    cursor = match.index + match[0].length;
  }
  if (cursor === 0) return null;
  add(text.slice(cursor), cursor);
  const offset = (at: number): number => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return Math.min((sources[low] ?? 0) + at - (starts[low] ?? 0), text.length);
  };
  return { text: pieces.join(''), offset };
}

function meaning(written: string): string | null {
  if (!/^[&\\]/.test(written)) return '';
  if (written.startsWith('\\\n')) return '';
  if (written.startsWith('\\')) return /^\\[xuU]/.test(written) ? character(Number.parseInt(written.slice(2), 16)) : written.slice(1);
  const name = written.slice(1, -1);
  if (!name.startsWith('#')) return Object.hasOwn(names, name) ? (names[name] ?? null) : null;
  return character(/^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10));
}

function character(code: number): string | null {
  return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : null;
}
