// The secret values that a configuration brought in, and what was made of them since, so that everything that writes anywhere can take them
// out again. One set a process: a reload adds to it, since a secret that was rotated is still one.
import { fingerprint, type Json, withTexts } from '../model/json.ts';

/** Grows while a configuration is read; whoever writes a log, an error, a page or a report asks it to redact. */
export interface SecretSet {
  /** Values shorter than 6 characters are ignored: they would black out ordinary words. */
  add(value: string): void;
  /** What a connector has made of a secret for a while (a signed token). Only the last 64 are kept, of at least 16 characters, and only as they are, or URL-encoded. */
  addPassing(value: string): void;
  /**
   * The text with every secret as `***`: also URL-encoded, in base64 (on its own, or within a longer text as in Basic credentials), escaped as
   * JSON or HTML, or broken over lines. Linear in the text.
   */
  redact(text: string): string;
  /** The same for every text in a value, so that JSON stays JSON whatever the secrets are. Keys that a program would look for stay. */
  redactValue(value: Json): Json;
  /** The plain values, longest first. */
  values(): readonly string[];
  /** The first secret in a text, in whatever form, that cannot be there by chance: at least 12 characters, not all of them letters. Null: none. */
  findIn(text: string): string | null;
  /**
   * Another one, as good as always, where `findIn` would look for something else; '' where it looks for nothing. So short that it says nothing of
   * a secret: it may be written down.
   */
  digest(): string;
}

/** Shorter values are not blacked out. */
export const leastCharacters = 6;
const mostPassing = 64;
/** What is signed or encoded is longer; a shorter one may be the word that opens the sandbox. */
const leastPassing = 16;

/** A new, empty set. */
export function createSecretSet(): SecretSet {
  const values = new Set<string>();
  const passing = new Set<string>();
  let matcher: Matcher | null = null;
  let findable: readonly (readonly [value: string, forms: readonly string[]])[] | null = null;
  const unmistakable = () => {
    findable ??= longestFirst(values)
      .filter(isUnmistakable)
      .map((value) => [value, formsOf(value).filter((form) => form.length >= leastUnmistakable)] as const);
    return findable;
  };
  const redact = (text: string): string => {
    let clean = text;
    if (values.size > 0) {
      matcher ??= matcherOf(values);
      clean = withoutBroken(clean.replace(matcher.whole, '***'), matcher.breakable);
    }
    for (const value of passing) if (clean.includes(value)) clean = clean.replaceAll(value, '***');
    return clean;
  };
  return {
    add(value) {
      for (const each of [value, ...linesOf(value)]) {
        if (each.length < leastCharacters || values.has(each)) continue;
        values.add(each);
        matcher = null;
        findable = null;
      }
    },
    addPassing(value) {
      if (value.length < leastPassing || values.has(value)) return;
      for (const form of new Set([value, encodeUri(value)])) {
        // The one that was used last goes last.
        passing.delete(form);
        passing.add(form);
      }
      for (const oldest of passing) {
        if (passing.size <= mostPassing) break;
        passing.delete(oldest);
      }
    },
    redact,
    redactValue: (value) => (values.size === 0 && passing.size === 0 ? value : withTexts(value, redact)),
    values: () => longestFirst(values),
    findIn(text) {
      return unmistakable().find(([, forms]) => forms.some((form) => text.includes(form)))?.[0] ?? null;
    },
    digest() {
      const found = unmistakable().map(([value]) => value);
      return found.length === 0 ? '' : fingerprint([...found].sort()).slice(0, digestDigits);
    },
  };
}

const leastUnmistakable = 12;
/** 16 bits of all values together: too little to try guesses against, enough to notice that one has changed. */
const digestDigits = 4;

function isUnmistakable(value: string): boolean {
  return value.length >= leastUnmistakable && /[^\p{L}\s]/u.test(value) && /\p{L}/u.test(value);
}

/** A key in several lines (PEM) is quoted line by line; those that frame it are no secret. */
function linesOf(value: string): readonly string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  return lines.length < 2 ? [] : lines.filter((line) => line.length >= 16 && !/^-----(?:BEGIN|END) [A-Z0-9 ]+-----$/.test(line));
}

/** One alternation of literals: a single pass over the text, and at each place the longest form wins. */
function matcherOf(values: Iterable<string>): Matcher {
  const forms = new Set<string>();
  const breakable = new Set<string>();
  for (const value of values) {
    for (const form of formsOf(value)) forms.add(form);
    // What people and encoders wrap. Shorter texts fit in any line.
    for (const form of [value, ...base64Of(value)]) if (form.length >= 16 && !/[\r\n]/.test(form)) breakable.add(form);
  }
  return { whole: new RegExp(longestFirst(forms).map(literal).join('|'), 'g'), breakable: longestFirst(breakable) };
}

interface Matcher {
  readonly whole: RegExp;
  /** Looked for in the text without its line breaks, too. */
  readonly breakable: readonly string[];
}

/** Where a log or a vendor wraps a long text: a line break, as it is or escaped as in JSON (within JSON), with the indentation behind it. */
const lineBreaks = /(?:(?:\\{1,4}r)?\\{1,4}n|\r?\n)[ \t]*/g;

function withoutBroken(text: string, breakable: readonly string[]): string {
  if (breakable.length === 0 || !/\n|\\n/.test(text)) return text;
  const joined = text.replace(lineBreaks, '');
  const found = breakable.filter((form) => joined.includes(form));
  if (found.length === 0) return text;
  const spans = merged(found.flatMap((form) => spansOf(joined, form)));
  // Offsets in the joined text → offsets in the text: each break shifts what follows it.
  const breaks: { readonly at: number; readonly shift: number }[] = [];
  let shift = 0;
  for (const match of text.matchAll(lineBreaks)) {
    const at = match.index - shift;
    shift += match[0].length;
    breaks.push({ at, shift });
  }
  let next = 0;
  let behind = 0;
  /** Offsets must come in rising order. */
  const inText = (offset: number): number => {
    for (let one = breaks[next]; one !== undefined && one.at <= offset; one = breaks[next]) {
      behind = one.shift;
      next += 1;
    }
    return offset + behind;
  };
  let clean = '';
  let kept = 0;
  for (const [start, end] of spans) {
    clean += `${text.slice(kept, inText(start))}***`;
    // The end is that of the last character, so that a break behind the secret stays.
    kept = inText(end - 1) + 1;
  }
  return clean + text.slice(kept);
}

type Span = readonly [start: number, end: number];

function spansOf(text: string, form: string): Span[] {
  const spans: Span[] = [];
  for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + form.length)) spans.push([at, at + form.length]);
  return spans;
}

/** In order, those that overlap as one: no half of a secret is left. */
function merged(spans: readonly Span[]): readonly Span[] {
  const result: Span[] = [];
  for (const [start, end] of [...spans].sort((left, right) => left[0] - right[0])) {
    const last = result.at(-1);
    if (last === undefined || start >= last[1]) result.push([start, end]);
    else result[result.length - 1] = [last[0], Math.max(last[1], end)];
  }
  return result;
}

/** How one value may stand in a text. Too short forms cannot arise: every encoding is at least as long as the value, but for trimming. */
function formsOf(value: string): readonly string[] {
  const json = JSON.stringify(value).slice(1, -1);
  // Of a long one (PEM) the lines are secrets by themselves: they are found in whatever form the whole stands.
  if (value.length > 1024) return [value, value.trim(), json, Buffer.from(value, 'utf8').toString('base64')];
  const encoded = encodeUri(value);
  const forms = [
    value,
    value.trim(),
    value.replace(/\r?\n/g, ' '),
    json,
    asciiJson(json),
    json.replaceAll('/', '\\/'),
    // JSON within JSON.
    JSON.stringify(json).slice(1, -1),
    encoded,
    encoded.replace(/%[0-9A-F]{2}/g, (triplet) => triplet.toLowerCase()),
    encoded.replaceAll('%20', '+'),
    encodeUri(encoded),
    new URLSearchParams([['', value]]).toString().slice(1),
    encodeURI(wellFormed(value)),
    ...base64Of(value),
    Buffer.from(value, 'utf8').toString('hex'),
    htmlEscaped(value, '&#39;'),
    htmlEscaped(value, '&#x27;'),
  ];
  return forms.filter((form) => form.length >= leastCharacters);
}

/** In base64, also of `user:value` and of `value:password`, where the characters depend on what stands before: three shifts, without their ends. */
function base64Of(value: string): readonly string[] {
  const bytes = Buffer.from(value, 'utf8');
  const whole = bytes.toString('base64');
  const inner = [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const start = shift === 0 ? 0 : shift + 1;
    // The last character carries bits of what follows, unless the bytes come out even.
    const end = (shift + bytes.length) % 3 === 0 ? text.length : text.length - 1;
    const found = text.slice(start, end);
    // Half a short value, without its ends, is anybody's text.
    return found.length >= 10 ? [found, found.replaceAll('+', '-').replaceAll('/', '_')] : [];
  });
  return [whole, whole.replace(/=+$/, ''), bytes.toString('base64url'), encodeUri(whole), ...inner];
}

function encodeUri(value: string): string {
  return encodeURIComponent(wellFormed(value));
}

/** Half a surrogate pair would make the encoders throw. */
function wellFormed(value: string): string {
  return Buffer.from(value, 'utf8').toString('utf8');
}

/** As writers of pure ASCII put it. */
function asciiJson(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function htmlEscaped(value: string, apostrophe: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", apostrophe);
}

function longestFirst(texts: Iterable<string>): readonly string[] {
  return [...texts].sort((left, right) => right.length - left.length || (left < right ? -1 : 1));
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
