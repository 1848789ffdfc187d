// The text that /metrics answers with, read as strictly as Prometheus reads it, and judged by the rules of `promtool check metrics`.

export interface PrometheusSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface PrometheusFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly PrometheusSample[];
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const labelPair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;
const number = /^(?:[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?|[-+]?Inf|NaN)$/i;

/** Families in their order. Throws, with the line, where the text is not of the format, version 0.0.4. */
export function parseMetrics(text: string): readonly PrometheusFamily[] {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families: { name: string; help: string; type: string; samples: PrometheusSample[] }[] = [];
  const seen = new Set<string>();
  for (const line of text.slice(0, -1).split('\n')) {
    const refuse = (why: string): never => {
      throw new Error(`${why}: ${line}`);
    };
    const head = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    if (head !== null) {
      const [, word = '', name = '', rest = ''] = head;
      const current = families.at(-1);
      if (word === 'HELP') {
        if (families.some((family) => family.name === name)) refuse('a second HELP, or a family in two places');
        if (/\\(?![\\n])/.test(rest)) refuse('a HELP with an escape that there is not');
        families.push({ name, help: rest, type: '', samples: [] });
      } else {
        if (current?.name !== name || current.type !== '' || current.samples.length > 0) refuse('a TYPE that is not right below its HELP');
        else current.type = rest;
        if (!['counter', 'gauge', 'histogram', 'summary', 'untyped'].includes(rest)) refuse('a TYPE that there is not');
      }
      continue;
    }
    const sample = sampleIn(line) ?? refuse('neither head nor sample');
    const family = families.at(-1);
    if (family === undefined || family.type === '' || familyOf(sample.name, family.type, family.name) !== family.name)
      return refuse('a sample outside its family');
    const key = `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`;
    if (seen.has(key)) refuse('the same sample twice');
    seen.add(key);
    family.samples.push(sample);
  }
  return families;
}

function sampleIn(line: string): PrometheusSample | null {
  const parts = /^([^\s{]+)(?:\{(.*)\})? (\S+)$/.exec(line);
  const [, name = '', inner = '', value = ''] = parts ?? [];
  if (parts === null || !metricName.test(name) || !number.test(value)) return null;
  const labels: Record<string, string> = {};
  let at = 0;
  while (at < inner.length) {
    labelPair.lastIndex = at;
    const pair = labelPair.exec(inner);
    const [all = '', label = '', raw = ''] = pair ?? [];
    if (pair === null || Object.hasOwn(labels, label)) return null;
    labels[label] = raw.replace(/\\(["\\n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
    at += all.length;
  }
  const worth = /inf/i.test(value) ? (value.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY) : Number(value);
  return { name, labels, value: worth };
}

function familyOf(sample: string, type: string, family: string): string {
  const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : type === 'summary' ? ['', '_sum', '_count'] : [''];
  return suffixes.some((suffix) => sample === `${family}${suffix}`) ? family : '';
}

const units: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['amperes', 'bytes', 'celsius', 'grams', 'joules', 'kelvin', 'meters', 'metres', 'seconds', 'volts'].map((unit) => [unit, unit]),
  ),
  ...Object.fromEntries(['minutes', 'hours', 'days', 'weeks'].map((unit) => [unit, 'seconds'])),
  ...{ kelvins: 'kelvin', fahrenheit: 'celsius', rankine: 'celsius', inches: 'meters', yards: 'meters', miles: 'meters' },
  ...{ bits: 'bytes', calories: 'joules', pounds: 'grams', ounces: 'grams' },
};
const prefix = /^(?:pico|nano|micro|milli|centi|deci|deca|hecto|kilo|kibi|mega|mibi|mebi|giga|gibi|tera|tebi|peta|pebi)/;
const abbreviations = new Set(['s', 'ms', 'us', 'ns', 'sec', 'b', 'kb', 'mb', 'gb', 'tb', 'pb', 'm', 'h', 'd']);
const types = new Set(['counter', 'gauge', 'histogram', 'summary']);

/** What `promtool check metrics` complains of, and what else Prometheus' naming conventions ask for; [] where nothing is wrong. */
export function lintMetrics(families: readonly PrometheusFamily[]): readonly string[] {
  return families.flatMap((family) => lintFamily(family).map((problem) => `${family.name} ${problem}`));
}

function lintFamily({ name, help, type, samples }: PrometheusFamily): readonly string[] {
  const problems: string[] = [];
  const say = (wrong: boolean, problem: string): void => void (wrong && problems.push(problem));
  const words = name.toLowerCase().split('_');
  const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)));
  say(help.trim() === '', 'no help text');
  say(samples.length === 0, 'no sample');
  for (const word of words) {
    const base = units[word] ?? units[word.replace(prefix, '')];
    say(base !== undefined && base !== word, `use base unit "${base ?? ''}" instead of "${word}"`);
    if (word === words[0]) continue;
    say(types.has(word), `metric name should not include type '${word}'`);
    say(abbreviations.has(word), 'metric names should not contain abbreviated units');
  }
  say(type === 'counter' && !name.endsWith('_total'), 'counter metrics should have "_total" suffix');
  say(type !== 'counter' && name.endsWith('_total'), 'non-counter metrics should not have "_total" suffix');
  say(type !== 'histogram' && name.endsWith('_bucket'), 'non-histogram metrics should not have "_bucket" suffix');
  for (const suffix of ['_count', '_sum'])
    say(type !== 'histogram' && type !== 'summary' && name.endsWith(suffix), `only histograms and summaries end in "${suffix}"`);
  say(type !== 'histogram' && labels.has('le'), 'non-histogram metrics should not have "le" label');
  say(type !== 'summary' && labels.has('quantile'), 'non-summary metrics should not have "quantile" label');
  say(name.includes(':'), "metric names should not contain ':'");
  say(
    [name, ...labels].some((word) => /[a-z][A-Z]/.test(word)),
    "names should be written in 'snake_case' not 'camelCase'",
  );
  say(
    [...labels].some((label) => label.startsWith('__')),
    'labels that begin with __ are reserved',
  );
  // Beyond promtool: https://prometheus.io/docs/practices/naming/ and the OpenMetrics rules for _info.
  say(name.endsWith('_info') && samples.some(({ value }) => value !== 1), 'an _info is always 1');
  say(/timestamp/.test(name) && !name.endsWith('_timestamp_seconds'), 'a time ends in _timestamp_seconds');
  say(type === 'counter' && samples.some(({ value }) => !(value >= 0)), 'a counter below zero');
  if (type === 'histogram') problems.push(...lintBuckets(name, samples));
  return problems;
}

function lintBuckets(name: string, samples: readonly PrometheusSample[]): readonly string[] {
  const problems: string[] = [];
  const groups = new Map<string, { le: number; value: number }[]>();
  for (const { name: sample, labels, value } of samples) {
    const { le, ...rest } = labels;
    const key = JSON.stringify(rest);
    if (sample === `${name}_bucket`) groups.set(key, [...(groups.get(key) ?? []), { le: Number(le?.replace('+Inf', 'Infinity')), value }]);
  }
  for (const [key, buckets] of groups) {
    const rising = buckets.every(
      ({ le, value }, at) => at === 0 || (le > (buckets[at - 1]?.le ?? 0) && value >= (buckets[at - 1]?.value ?? 0)),
    );
    const count = samples.find((sample) => sample.name === `${name}_count` && JSON.stringify(sample.labels) === key)?.value;
    const sum = samples.some((sample) => sample.name === `${name}_sum` && JSON.stringify(sample.labels) === key);
    if (!rising) problems.push(`buckets of ${key} do not rise`);
    if (buckets.at(-1)?.le !== Number.POSITIVE_INFINITY || buckets.at(-1)?.value !== count || !sum)
      problems.push(`buckets of ${key} do not add up to _count and _sum`);
  }
  return problems;
}
