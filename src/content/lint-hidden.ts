// Text that readers of the page do not see and a bot reads: characters without width or that reorder a line, elements that are not shown,
// long comments. Pure. What scripts need (joiners in Persian and Hindi, marks beside Arabic and Hebrew, emoji) is no finding.
import { bounded, type Finding, lineStarts, placeIn } from './lint-rules.ts';
import type { Surface } from './lint-text.ts';

/** Comments of fewer words than this are notes to other authors, marks of tools, headings of a licence. */
const longComment = 60;

/** Everything of the kind in a text. `surface` is that of the same text. */
export function findHidden(text: string, surface: Surface): readonly Finding[] {
  const starts = lineStarts(text);
  const found = [...hiddenCharacters(text), ...hiddenElements(surface), ...longComments(text, surface)];
  const findings = found
    .sort((a, b) => a.offset - b.offset)
    .map(({ offset, message }): Finding => ({ rule: 'hidden-text', ...placeIn(starts, offset), message }));
  return bounded(findings);
}

/** Of a text, as a UTF-16 offset. */
export interface Found {
  readonly offset: number;
  readonly message: string;
}

// ── characters ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** All that shows nothing by itself. Written as codes: this file must not hold what it looks for. */
const unseen =
  /\u034f|\u17b4|\u17b5|[\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0]|[\u{e0000}-\u{e0fff}]|[\u{1d173}-\u{1d17a}]/gu;

interface Kind {
  readonly name: string;
  readonly isNeeded: (found: Character) => boolean;
}

interface Character {
  /** Whether the line holds a letter of some kind; asked once a line and kind. */
  readonly lineHas: (letters: RegExp) => boolean;
  readonly before: string;
  readonly after: string;
}

/** Letters that join or stack: there these two decide how a word is written. */
const joining =
  /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Thaana}\p{Script=Nko}\p{M}]$/u;
const rightToLeft = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
/** Scripts without spaces between words. */
const spaceless =
  /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

/** Scripts that fillers belong to, fillers aside: those are of these scripts as well. */
const filled = /(?![\u115f\u1160\u3164\uffa0\u180e]|\u17b4|\u17b5)[\p{Script=Hangul}\p{Script=Khmer}\p{Script=Mongolian}]/u;

const kinds = {
  width: { name: 'characters without width', isNeeded: ({ lineHas }) => lineHas(spaceless) },
  joiner: {
    name: 'joiners without anything to join',
    isNeeded: ({ before, after }) =>
      joining.test(before) ||
      /\p{Extended_Pictographic}\ufe0f?[\u{1f3fb}-\u{1f3ff}]?$|[\u{1f3fb}-\u{1f3ff}]$/u.test(before) ||
      /^\p{Extended_Pictographic}/u.test(after),
  },
  direction: { name: 'characters that change the direction of the text', isNeeded: ({ lineHas }) => lineHas(rightToLeft) },
  override: { name: 'characters that reorder the text', isNeeded: () => false },
  tag: { name: 'tag characters, in which whole sentences can be hidden', isNeeded: () => false },
  // Some characters of Chinese and Japanese have forms, which one of these chooses.
  variation: {
    name: 'marks of variants, in which whole sentences can be hidden',
    isNeeded: ({ before }) => /\p{Script=Han}$/u.test(before),
  },
  // Within a word it is a place to break it; elsewhere it has no use.
  hyphen: { name: 'soft hyphens', isNeeded: ({ before, after }) => /\p{L}{2}$/u.test(before) && /^\p{L}/u.test(after) },
  filler: { name: 'fillers that show nothing', isNeeded: ({ lineHas }) => lineHas(filled) },
} as const satisfies { readonly [name: string]: Kind };

function kindOf(code: number): Kind {
  if (code >= 0xe0100 && code <= 0xe01ef) return kinds.variation;
  if (code >= 0xe0000) return kinds.tag;
  if (code === 0x200c || code === 0x200d || code === 0x34f) return kinds.joiner;
  if (code === 0x202d || code === 0x202e) return kinds.override;
  if (code === 0x61c || code === 0x200e || code === 0x200f || (code >= 0x202a && code <= 0x202c) || (code >= 0x2066 && code <= 0x2069))
    return kinds.direction;
  if (code === 0xad) return kinds.hyphen;
  if ([0x115f, 0x1160, 0x17b4, 0x17b5, 0x180e, 0x3164, 0xffa0].includes(code)) return kinds.filler;
  return kinds.width;
}

/** Characters that show nothing and are not needed: one finding a line and kind. */
export function hiddenCharacters(text: string): readonly Found[] {
  if (text.search(unseen) < 0) return [];
  // A flag such as Scotland's is a black flag and tags.
  const plain = text.replace(/\u{1f3f4}[\u{e0020}-\u{e007e}]{1,12}\u{e007f}/gu, (flag) => ' '.repeat(flag.length));
  const found: Found[] = [];
  let offset = 0;
  for (const line of plain.split('\n')) {
    const byKind = new Map<Kind, { readonly first: number; readonly codes: string[] }>();
    const known = new Map<RegExp, boolean>();
    const lineHas = (letters: RegExp) => {
      const has = known.get(letters) ?? letters.test(line);
      known.set(letters, has);
      return has;
    };
    for (const match of line.matchAll(unseen)) {
      const code = match[0].codePointAt(0) ?? 0;
      const kind = kindOf(code);
      const end = match.index + match[0].length;
      const before = line.slice(Math.max(0, match.index - 8), match.index);
      if (kind.isNeeded({ lineHas, before, after: line.slice(end, end + 8) })) continue;
      const told = byKind.get(kind) ?? { first: match.index, codes: [] };
      byKind.set(kind, told);
      told.codes.push(`U+${code.toString(16).toUpperCase().padStart(4, '0')}`);
    }
    for (const [kind, { first, codes }] of byKind) {
      const count = codes.length === 1 ? codes[0] : `${codes.length}, such as ${codes[0]}`;
      found.push({ offset: offset + first, message: `${kind.name} (${count})${kind === kinds.tag ? spelled(line) : ''}` });
    }
    offset += line.length + 1;
  }
  return found;
}

/** What tag characters spell, as far as it is plain letters. */
function spelled(line: string): string {
  const hidden = [...line.matchAll(/[\u{e0020}-\u{e007e}]/gu)]
    .map((match) => String.fromCodePoint((match[0].codePointAt(0) ?? 0) - 0xe0000))
    .join('');
  return hidden.trim() === '' ? '' : `: ${JSON.stringify(hidden.length > 60 ? `${hidden.slice(0, 60)}…` : hidden)}`;
}

// ── elements ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Bounded, so that no text makes it look far for a quote that never closes. */
const opening =
  /<([A-Za-z][\w.-]{0,60})((?:[^<>"'{}]|"[^"]{0,2000}"|'[^']{0,2000}'|\{[^<>{}]{0,2000}(?:\{[^<>{}]{0,2000}\}[^<>{}]{0,200})?\}){0,2000})>/g;
/** Elements without text of their own. */
const empty = /^(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr|script|style|svg|iframe|template)$/i;

function hiddenElements({ prose, comments }: Surface): readonly Found[] {
  if (!/hidden|display|visibility|font-?size|opacity|color|indent|left|clip|height/i.test(prose)) return [];
  return [...prose.matchAll(opening)].flatMap((match): Found[] => {
    const [tag, name = '', attributes = ''] = match;
    if (attributes.trim() === '' || attributes.endsWith('/') || empty.test(name)) return [];
    if (comments.some(({ start, end }) => start <= match.index && match.index < end)) return [];
    const how = howHidden(attributes);
    if (how === null || !holdsText(prose, match.index + tag.length, name)) return [];
    return [{ offset: match.index, message: `<${name}> is not shown (${how}), and the bot reads it` }];
  });
}

/** What keeps an element from being seen, or null. */
function howHidden(attributes: string): string | null {
  // A tab, dialog or menu is shown when it is its turn.
  if (/(?:^|\s)role\s*=/i.test(attributes)) return null;
  if (/(?:^|\s)hidden(?=[\s=]|$)(?!\s*=\s*(?:["']?until-found|\{false))/i.test(attributes.replace(/=\s*(?:"[^"]*"|'[^']*')/g, '=""')))
    return 'hidden';
  const style = /(?:^|\s)style\s*=\s*(?:"([^"]*)"|'([^']*)'|\{\{?([^}]*)\}?\})/i.exec(attributes);
  const css = (style?.[1] ?? style?.[2] ?? style?.[3] ?? '')
    .toLowerCase()
    .replace(/["'\s]|!important/g, '')
    .replace(/,/g, ';');
  if (css === '') return null;
  const value = (name: string) => new RegExp(`(?:^|;)${name}:([^;]*)`).exec(css)?.[1] ?? '';
  if (value('display') === 'none') return 'display: none';
  if (/^(?:hidden|collapse)$/.test(value('visibility'))) return 'visibility: hidden';
  if (isTiny(value('font-?size'))) return 'no font size';
  if (/^(?:0|0?\.0\d*|0%)$/.test(value('opacity'))) return 'opacity: 0';
  if (/^-\d{3,}/.test(value('text-?indent')) || /^-\d{3,}/.test(value('left')) || /^-\d{3,}/.test(value('top')))
    return 'far outside the page';
  if (
    /^rect\(0/.test(value('clip')) ||
    /^0(?:px)?$/.test(value('max-?height')) ||
    (/^0(?:px)?$/.test(value('height')) && value('overflow') === 'hidden')
  )
    return 'no size';
  const [front, back] = [colour(value('color')), colour(value('background(?:-?color)?'))];
  if (front === 'transparent' || (front !== '' && front === (back === '' ? 'white' : back))) return 'the colour of its background';
  return null;
}

/** Too small to be read: under 2 px, 15 % or 0.15 em. */
function isTiny(size: string): boolean {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?|\.\d+)(px|pt|em|rem|%)?$/.exec(size) ?? [];
  if (number === '') return false;
  const least = unit === '%' ? 15 : unit === 'em' || unit === 'rem' ? 0.15 : 2;
  return Number(number) < least;
}

function colour(value: string): string {
  if (/^(?:white|#f{3,4}|#f{6}(?:f{2})?|rgba?\(255;255;255.*\)|hsl.*100%\))$/.test(value)) return 'white';
  if (/^(?:transparent|#0{3}0|#0{6}00|rgba\(.*;0(?:\.0+)?\))$/.test(value)) return 'transparent';
  return value;
}

function holdsText(prose: string, from: number, name: string): boolean {
  const near = prose.slice(from, from + 5_000);
  const end = near.search(new RegExp(`</${name.replace(/\./g, '\\.')}\\s*>`, 'i'));
  const inside = end < 0 ? near : near.slice(0, end);
  return /\p{L}{2}/u.test(inside.replace(/<[^<>]*>/g, ' '));
}

// ── comments ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function longComments(text: string, { comments }: Surface): readonly Found[] {
  return comments.flatMap(({ start, end }): Found[] => {
    const inside = text.slice(start, end);
    // Markup and code that was switched off is not addressed to anybody.
    const prose = inside
      .split('\n')
      .filter((line) => !/^\s*(?:[<{|[!#@`]|\S+\s*[:=]\s*\S*$)/.test(line.replace(/^\s*(?:<!--|\{\/\*)/, '')));
    const count = prose.join(' ').match(/\p{L}{2,}/gu)?.length ?? 0;
    return count < longComment ? [] : [{ offset: start, message: `a comment of ${count} words, which no reader of the page sees` }];
  });
}
