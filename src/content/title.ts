// The title of a text: its first level-one heading outside code, or a name made readable. Pure, line by line, without a Markdown parser.

/** A level-one heading as it reads, and the lines it takes (from 0). */
export interface Heading {
  readonly text: string;
  readonly firstLine: number;
  readonly lastLine: number;
}

/** Characters of a line beyond which no markup is looked for: the patterns below take time that grows with the square. */
const longestLine = 2_000;

/** The first level-one heading (`# …` or underlined with `=`) outside code and comments, or null. */
export function firstHeading(text: string): Heading | null {
  let closing: RegExp | null = null;
  let comment = false;
  let paragraph: number | null = null;
  let index = -1;
  const lines = text.split('\n');
  for (const whole of lines) {
    index += 1;
    // What decides stands at the beginning of a line; patterns are quadratic in what follows.
    const line = whole.length > longestLine ? whole.slice(0, longestLine) : whole;
    if (closing !== null) {
      if (closing.test(line)) closing = null;
      continue;
    }
    if (comment) {
      comment = !whole.includes('-->');
      continue;
    }
    const fence = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence !== undefined) {
      closing = new RegExp(`^ {0,3}${fence[0]}{${fence.length},}[ \\t]*$`);
      paragraph = null;
      continue;
    }
    if (/^ {0,3}<!--/.test(line)) {
      comment = !whole.includes('-->');
      paragraph = null;
      continue;
    }
    if (/^ {0,3}#(?:[ \t]|$)/.test(line)) {
      const words = headingText(whole);
      if (words !== '') return { text: words, firstLine: index, lastLine: index };
    }
    if (paragraph !== null && /^ {0,3}=+[ \t]*$/.test(line)) {
      const words = plainText(lines.slice(paragraph, index).join(' '));
      if (words !== '') return { text: words, firstLine: paragraph, lastLine: index };
    }
    // A list, quote, table or heading of another level begins no underlined heading.
    const starts = paragraph === null && line.trim() !== '' && !/^(?: {4}|\t)| {0,3}(?:[-*+>|#]|\d+[.)])(?:\s|$)/.test(line);
    if (line.trim() === '' || /^ {0,3}(?:#|[-*_]{3,}|>)/.test(line)) paragraph = null;
    else if (starts) paragraph = index;
  }
  return null;
}

/** A heading of any level, as it is written, without its signs and as a reader sees it. */
export function headingText(source: string): string {
  const written = source.trim();
  const signs = /^#{1,6}(?=[ \t]|$)/.exec(written)?.[0] ?? '';
  if (signs === '') return plainText(written.replace(/\n {0,3}(?:=+|-+)$/, ''));
  const words = written.slice(signs.length).trim();
  let end = words.length;
  while (words[end - 1] === '#') end -= 1;
  // Number signs close it only behind a space.
  const isClosed = end === 0 || words[end - 1] === ' ' || words[end - 1] === '\t';
  return plainText(isClosed ? words.slice(0, end).trimEnd() : words);
}

/** Inline Markdown as a reader sees it, on one line. A very long one is no words that anybody marked up: it stays as it is written. */
function plainText(inline: string): string {
  if (inline.length > longestLine) return inline.replace(/\s+/g, ' ').trim();
  return inline
    .replace(/(?<!\s)\s*\{#[\w:.-]+\}\s*$/, '')
    .replace(/!?\[((?:[^[\]\\]|\\.)*)\](?:\([^()]*\)|\[[^\]]*\])/g, '$1')
    .replace(/<\/?[A-Za-z][^<>]*>/g, '')
    .replace(/(`+) ?(.*?) ?\1/g, '$2')
    .replace(/(\*\*|__|~~)(?=\S)(.*?\S)\1/g, '$2')
    .replace(/(?<![\w*])\*(?=\S)([^*]*[^\s*])\*(?!\w)/g, '$1')
    .replace(/(?<!\w)_(?=\S)([^_]*[^\s_])_(?!\w)/g, '$1')
    .replace(/\\([!-/:-@[-`{-~])/g, '$1')
    .replace(/&(amp|lt|gt|quot|nbsp|#39);/g, (_, name: string) => entities[name] ?? '')
    .replace(/\s+/g, ' ')
    .trim();
}

const entities: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: ' ', '#39': "'" };

/** `guides/reset-password.md` reads "Reset password"; an index or README takes the name of its folder. */
export function titleFromPath(path: string): string {
  const segments = path.split('/');
  const stem = (segments.at(-1) ?? '').replace(/\.[^.]+$/, '');
  const name = /^(index|readme)$/i.test(stem) ? (segments.at(-2) ?? stem) : stem;
  const words = name.replace(/[-_\s]+/g, ' ').trim();
  if (words === '') return path;
  const first = [...words][0] ?? '';
  return first.toUpperCase() + words.slice(first.length);
}
