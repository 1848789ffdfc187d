// What a CX Genie bot says, as plain words: answers hold HTML and a literal `\n` [public P6, P7].

/** The named characters that such answers are made of; the rest comes as numbers. */
const named: { readonly [name: string]: string } = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  hellip: '…',
  ndash: '–',
  mdash: '—',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
  bull: '•',
  middot: '·',
  copy: '©',
  reg: '®',
  trade: '™',
  euro: '€',
  deg: '°',
};

/** Elements within a word or a sentence: taking them out leaves no gap. */
const inline = /<\/?(?:a|abbr|b|code|em|i|kbd|mark|s|small|span|strong|sub|sup|u|wbr)(?:\s[^<>]*)?>/gi;

/** Of an answer: patterns that look for an end are quadratic where there is none. */
const mostCharacters = 200_000;

/** Without tags, entities and literal line ends, white space as single spaces. */
export function cleaned(html: string): string {
  const bare = html
    .slice(0, mostCharacters)
    .replace(/<(script|style)[\s>][\s\S]*?<\/\1>/gi, ' ')
    .replace(/<!--[\s\S]*?-->/g, ' ')
    .replace(inline, '')
    .replace(/<\/?[a-z][^<>]*>/gi, ' ')
    .replace(/(?:\\r)?\\n/g, ' ');
  return bare
    .replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z][a-z0-9]{1,31});/gi, decoded)
    .replace(/\s+/g, ' ')
    .trim();
}

/** An entity that is none stays as it is written. */
function decoded(written: string, name: string): string {
  if (!name.startsWith('#')) {
    const known = [name, name.toLowerCase()].find((spelling) => Object.hasOwn(named, spelling));
    return known === undefined ? written : (named[known] ?? written);
  }
  const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
  return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : written;
}
