// The set of secret values that a configuration brought in, so that everything that writes anywhere can take them out again.

/** Grows while a configuration is read; whoever writes a log, an error, a page or a report asks it to redact. */
export interface SecretSet {
  /** Values shorter than 6 characters are ignored: they would black out ordinary words. */
  add(value: string): void;
  /** The text with every secret, also URL-encoded, in base64 or escaped as JSON or HTML, as `***`. Linear in the text. */
  redact(text: string): string;
  /** The plain values, longest first. */
  values(): readonly string[];
}

const leastCharacters = 6;

/** A new, empty set. */
export function createSecretSet(): SecretSet {
  const values = new Set<string>();
  let matcher: RegExp | null = null;
  return {
    add(value) {
      if (value.length < leastCharacters || values.has(value)) return;
      values.add(value);
      matcher = null;
    },
    redact(text) {
      if (values.size === 0) return text;
      matcher ??= matcherOf(values);
      return text.replace(matcher, '***');
    },
    values: () => longestFirst(values),
  };
}

/** One alternation of literals: a single pass over the text, and at each place the longest form wins. */
function matcherOf(values: Iterable<string>): RegExp {
  const forms = new Set<string>();
  for (const value of values) for (const form of formsOf(value)) forms.add(form);
  return new RegExp(longestFirst(forms).map(literal).join('|'), 'g');
}

/** How one value may stand in a text. Too short forms cannot arise: every encoding is at least as long as the value, but for trimming. */
function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value, 'utf8');
  const json = JSON.stringify(value).slice(1, -1);
  const base64 = bytes.toString('base64');
  const encoded = encodeUri(value);
  const forms = [
    value,
    value.trim(),
    json,
    asciiJson(json),
    json.replaceAll('/', '\\/'),
    encoded,
    encoded.replace(/%[0-9A-F]{2}/g, (triplet) => triplet.toLowerCase()),
    encoded.replaceAll('%20', '+'),
    new URLSearchParams([['', value]]).toString().slice(1),
    encodeURI(wellFormed(value)),
    base64,
    base64.replace(/=+$/, ''),
    bytes.toString('base64url'),
    encodeUri(base64),
    htmlEscaped(value, '&#39;'),
    htmlEscaped(value, '&#x27;'),
  ];
  return forms.filter((form) => form.length >= leastCharacters);
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
