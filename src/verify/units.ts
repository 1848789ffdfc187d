// Words for units and currencies, as people and bots write them behind a number: the one list of what means the same. Pure.

/** Unit → the words that mean it in any sentence. */
const common = {
  second: 'sec secs second seconds sekunde sekunden',
  minute: 'min mins minute minutes minuten',
  hour: 'h hr hrs hour hours stunde stunden std',
  day: 'day days tag tage tagen',
  week: 'week weeks woche wochen',
  month: 'month months monat monate monaten',
  year: 'year years jahr jahre jahren',
  percent: '% percent prozent',
  eur: '€ eur euro euros',
  usd: '$ usd dollar dollars',
  gbp: '£ gbp',
  jpy: '¥ jpy yen',
  chf: 'chf',
  kilobyte: 'kb kilobyte kilobytes',
  megabyte: 'mb megabyte megabytes',
  gigabyte: 'gb gigabyte gigabytes',
  terabyte: 'tb terabyte terabytes',
};

/** Word, in lower case → the unit that it means. `more`: further words of units, for readers that can tell what else they could be. */
export function unitWords(more: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(
    [common, more].flatMap((table) =>
      Object.entries(table).flatMap(([unit, words]) => words.split(' ').map((word) => [word, unit] as const)),
    ),
  );
}
