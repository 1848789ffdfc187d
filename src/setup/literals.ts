// A JavaScript or TypeScript configuration read as text: the plain values of its objects, with the keys above them. Never run, and never
// trusted to be well formed: what is computed is left out.

export interface Literal {
  /** The keys from the outside in; what is no key, such as a list, leaves no step. */
  readonly keys: readonly string[];
  readonly value: string | boolean;
}

interface Token {
  readonly kind: 'word' | 'text' | 'mark';
  readonly text: string;
}

/** Enough for any configuration, and a bound for what is none. */
const mostTokens = 100_000;

/** Every `key: 'text'`, `key: true` and `key: NAME` whose NAME is a `const` of a plain text. */
export function literalsIn(source: string): readonly Literal[] {
  const tokens = tokensOf(source);
  const constants = constantsOf(tokens);
  const found: Literal[] = [];
  const open: (string | null)[] = [];
  let key: string | null = null;
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1];
    if (token.kind !== 'mark') {
      const before = tokens[index - 1]?.text;
      if (isMark(next, ':') && (before === '{' || before === ',')) key = token.text;
      else if (key !== null && before === ':' && tokens[index - 2]?.text === key && endsValue(next)) {
        const value = literalOf(token, constants);
        if (value !== null) found.push({ keys: [...open.filter((one) => one !== null), key], value });
      }
      continue;
    }
    switch (token.text) {
      case '{':
      case '[':
      case '(':
        open.push(key);
        key = null;
        break;
      case '}':
      case ']':
      case ')':
        open.pop();
        key = null;
        break;
      case ',':
      case ';':
        key = null;
        break;
      default:
    }
  }
  return found;
}

/** The first value under exactly these last keys, the outermost first: `last` of a key chain that ends so. */
export function literalAt(literals: readonly Literal[], ...keys: readonly string[]): string | boolean | null {
  const fits = ({ keys: chain }: Literal) =>
    chain.length >= keys.length && keys.every((key, at) => chain[chain.length - keys.length + at] === key);
  const found = literals.filter(fits);
  const least = Math.min(...found.map(({ keys: chain }) => chain.length));
  return found.find(({ keys: chain }) => chain.length === least)?.value ?? null;
}

/** The value of a key of the outermost object alone. */
export function literalOnTop(literals: readonly Literal[], key: string): string | boolean | null {
  return literals.find(({ keys }) => keys.length === 1 && keys[0] === key)?.value ?? null;
}

function isMark(token: Token | undefined, text: string): boolean {
  return token?.kind === 'mark' && token.text === text;
}

function endsValue(next: Token | undefined): boolean {
  return (
    next === undefined ||
    (next.kind === 'mark' && [',', '}', ']', ')', ';'].includes(next.text)) ||
    (next.kind === 'word' && next.text === 'as')
  );
}

function literalOf(token: Token, constants: ReadonlyMap<string, string>): string | boolean | null {
  if (token.kind === 'text') return token.text;
  if (token.text === 'true' || token.text === 'false') return token.text === 'true';
  return constants.get(token.text) ?? null;
}

function constantsOf(tokens: readonly Token[]): ReadonlyMap<string, string> {
  const constants = new Map<string, string>();
  for (const [index, { kind, text }] of tokens.entries()) {
    const [name, equals, value, end] = tokens.slice(index + 1, index + 5);
    if (kind !== 'word' || text !== 'const' || name?.kind !== 'word' || !isMark(equals, '=') || value?.kind !== 'text') continue;
    if (end === undefined || isMark(end, ';') || end.kind === 'word') constants.set(name.text, value.text);
  }
  return constants;
}

/** Comments are passed over; a template with a hole in it is no text. */
const token =
  /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\[\s\S])*)`|([A-Za-z_$][\w$]*)|([^\s\w$])/g;

function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const [, single, double, template, word, mark] of source.matchAll(token)) {
    if (tokens.length >= mostTokens) break;
    const text = single ?? double ?? template;
    if (template?.includes('${') === true) tokens.push({ kind: 'mark', text: '`' });
    else if (text !== undefined) tokens.push({ kind: 'text', text: text.replace(/\\(.)/g, '$1') });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else if (mark !== undefined) tokens.push({ kind: 'mark', text: mark });
  }
  return tokens;
}
