// A PromQL expression, read by its grammar: selectors with matchers, ranges and offsets, functions, aggregations, operators with matching.
// As much as alert rules and panels use; what it does not know, it refuses. Throws where the expression is none.

export interface PromQl {
  readonly metrics: readonly string[];
  /** Labels in matchers and in by, without, on, ignoring and group_left. */
  readonly labels: readonly string[];
}

const token =
  /\s*(?:(?<number>(?:0x[\da-f]+|\d+(?:\.\d+)?(?:e[-+]?\d+)?)(?![\w.]))|(?<duration>(?:\d+(?:ms|[smhdwy]))+|\$__rate_interval|\$__interval|\$__range)|(?<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<name>[a-zA-Z_:][\w:]*)|(?<sign>=~|!~|!=|==|>=|<=|[-+*/%^=<>(){}[\],@:]))/iy;
const aggregations = new Set([
  'sum',
  'min',
  'max',
  'avg',
  'count',
  'group',
  'stddev',
  'stdvar',
  'topk',
  'bottomk',
  'quantile',
  'count_values',
]);
/** How many arguments, and whether the first vector is a range. */
const functions: Readonly<Record<string, readonly [least: number, most: number, range: boolean]>> = {
  ...Object.fromEntries(['rate', 'increase', 'irate', 'changes', 'delta', 'resets'].map((name) => [name, [1, 1, true] as const])),
  ...Object.fromEntries(['max', 'min', 'avg', 'sum', 'last', 'present'].map((name) => [`${name}_over_time`, [1, 1, true] as const])),
  ...Object.fromEntries(['absent', 'abs', 'ceil', 'floor', 'scalar', 'vector'].map((name) => [name, [1, 1, false] as const])),
  time: [0, 0, false],
  histogram_quantile: [2, 2, false],
  clamp_min: [2, 2, false],
};
/** Weakest first. */
const binary: readonly (readonly string[])[] = [
  ['or'],
  ['and', 'unless'],
  ['==', '!=', '<=', '<', '>=', '>'],
  ['+', '-'],
  ['*', '/', '%'],
  ['^'],
];

type Kind = 'vector' | 'range' | 'scalar';

/** Reads an expression whole. */
export function readPromQl(expression: string): PromQl {
  const tokens = tokensOf(expression);
  const metrics = new Set<string>();
  const labels = new Set<string>();
  let at = 0;
  const fail = (why: string): never => {
    throw new Error(`${why} at ${tokens.slice(at, at + 4).join(' ') || 'the end'}: ${expression}`);
  };
  const take = (wanted?: string): string => {
    const found = tokens[at] ?? fail(`${wanted ?? 'more'} is missing`);
    if (wanted !== undefined && found !== wanted) fail(`${wanted} is missing`);
    at += 1;
    return found;
  };
  const taken = (wanted: string): boolean => {
    const is = tokens[at] === wanted;
    if (is) at += 1;
    return is;
  };
  const listed = (): void => {
    take('(');
    while (!taken(')')) {
      labels.add(/^[a-z_]\w*$/i.test(tokens[at] ?? '') ? take() : fail('no label'));
      if (tokens[at] !== ')') take(',');
    }
  };
  const level = (depth: number): Kind => {
    const operators = binary[depth];
    if (operators === undefined) return unary();
    let kind = level(depth + 1);
    while (operators.includes(tokens[at] ?? '')) {
      const operator = take();
      const compares = depth === 2 && taken('bool');
      if (taken('on') || taken('ignoring')) {
        listed();
        if ((taken('group_left') || taken('group_right')) && tokens[at] === '(') listed();
      }
      const right = level(depth + 1);
      if (kind === 'range' || right === 'range') fail('an operator beside a range');
      if (depth < 2 && (kind !== 'vector' || right !== 'vector')) fail(`${operator} wants two vectors`);
      if (depth === 2 && kind === 'scalar' && right === 'scalar' && !compares) fail('two numbers compared without bool');
      kind = kind === 'vector' || right === 'vector' ? 'vector' : 'scalar';
    }
    return kind;
  };
  const unary = (): Kind => (taken('-') || taken('+') ? unary() : atom());
  const atom = (): Kind => {
    if (taken('(')) {
      const kind = level(0);
      take(')');
      return kind;
    }
    const word = take();
    if (/^\d/.test(word)) return 'scalar';
    if (!/^[a-z_:]/i.test(word)) return fail('no expression');
    if (aggregations.has(word)) return aggregation();
    if (tokens[at] === '(') return call(word);
    return selector(word);
  };
  const aggregation = (): Kind => {
    const grouped = taken('by') || taken('without');
    if (grouped) listed();
    take('(');
    const kind = level(0);
    if (taken(',')) level(0);
    take(')');
    if (!grouped && (taken('by') || taken('without'))) listed();
    return kind === 'range' ? fail('an aggregation over a range') : 'vector';
  };
  const call = (name: string): Kind => {
    const [least, most, range] = functions[name] ?? fail(`no function ${name}`);
    const kinds: Kind[] = [];
    take('(');
    while (!taken(')')) {
      kinds.push(level(0));
      if (tokens[at] !== ')') take(',');
    }
    if (kinds.length < least || kinds.length > most) fail(`${name} with ${kinds.length} arguments`);
    if (kinds.includes('range') !== range) fail(range ? `${name} wants a range` : `${name} wants no range`);
    return name === 'time' || name === 'scalar' ? 'scalar' : 'vector';
  };
  const selector = (name: string): Kind => {
    metrics.add(name);
    if (taken('{')) {
      while (!taken('}')) {
        labels.add(take());
        const how = take();
        if (!['=', '!=', '=~', '!~'].includes(how)) fail('no matcher');
        const text = take();
        if (!/^["']/.test(text)) fail('no text');
        if (how.endsWith('~')) new RegExp(text.slice(1, -1).replace(/\$\w+/g, 'x'));
        if (tokens[at] !== '}') take(',');
      }
    }
    const range = taken('[');
    if (range) {
      if (!isDuration(take())) fail('no duration');
      take(']');
    }
    if (taken('offset') && !isDuration(take())) fail('no duration');
    return range ? 'range' : 'vector';
  };
  const kind = level(0);
  if (at < tokens.length) fail('too much');
  if (kind === 'range') fail('a range is no result');
  return { metrics: [...metrics], labels: [...labels] };
}

function isDuration(text: string): boolean {
  return /^(?:(?:\d+(?:ms|[smhdwy]))+|\$__\w+)$/.test(text);
}

function tokensOf(expression: string): readonly string[] {
  const tokens: string[] = [];
  const text = expression.trim();
  let at = 0;
  while (at < text.length) {
    token.lastIndex = at;
    const found = token.exec(text);
    if (found === null) throw new Error(`nothing of PromQL at ${text.slice(at)}`);
    tokens.push(found[0].trim());
    at = token.lastIndex;
  }
  return tokens;
}
