// What an answer states that can be compared: durations, amounts, shares, sizes, dates, counts, links, and yes or no. Pure. Careful rather
// than clever: what can be read in two ways is left out, since a difference that is none does more harm than one that is missed.

import { contentWords } from './terms.ts';
import { unitWords } from './units.ts';

export type StatementKind = 'duration' | 'amount' | 'share' | 'size' | 'date' | 'count' | 'link' | 'yes-no';

export interface Statement {
  readonly kind: StatementKind;
  /** Of counts what is counted, of amounts the currency: only the same is compared. */
  readonly of: string;
  /** The same for the same meaning: "1 hour" and "60 minutes". */
  readonly value: string;
  /** As the answer puts it. */
  readonly words: string;
}

/** Everything that an answer states, each value once. */
export function statementsOf(answer: string): readonly Statement[] {
  const text = answer.normalize('NFKC').slice(0, 20_000);
  const found: Statement[] = [];
  let rest = takeLinks(text, found);
  rest = takeDates(rest, found);
  takeFigures(rest, found);
  const polarity = yesOrNo(rest);
  if (polarity !== null) found.push({ kind: 'yes-no', of: '', ...polarity });
  const seen = new Set<string>();
  return found.filter(({ kind, of, value }) => {
    const key = `${kind} ${of} ${value}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** Each link is taken out: the digits in it are no figures. */
function takeLinks(text: string, found: Statement[]): string {
  return text.replace(/\bhttps?:\/\/[^\s<>"'()[\]]+/gi, (link) => {
    const words = link.replace(/[.,;:!?*_]+$/, '');
    const value = words
      .replace(/^https?:\/\/(?:www\.)?/i, '')
      .replace(/[?#].*$/, '')
      .replace(/\/$/, '')
      .toLowerCase();
    found.push({ kind: 'link', of: '', value, words });
    return ' ';
  });
}

const monthNames: Readonly<Record<string, number>> = Object.fromEntries(
  [
    'january jan januar januari janvier enero gennaio janeiro',
    'february feb februar februari février febrero febbraio fevereiro',
    'march mar märz maart mars marzo março',
    'april apr avril abril aprile',
    'may mai mei mayo maggio maio',
    'june jun juni juin junio giugno junho',
    'july jul juli juillet julio luglio julho',
    'august aug août agosto augustus',
    'september sep sept septembre septiembre settembre setembro',
    'october oct oktober okt octobre octubre ottobre outubro',
    'november nov novembre noviembre novembro',
    'december dec dezember dez décembre diciembre dicembre dezembro',
  ].flatMap((names, index) => names.split(' ').map((name) => [name, index + 1])),
);
const month = `(${Object.keys(monthNames).join('|')})`;

/** Days with a year; 03/04/2026 has two readings and is left out, with its digits. */
function takeDates(text: string, found: Statement[]): string {
  const add = (words: string, year: string, monthOf: number, day: string): string => {
    const value = `${year}-${String(monthOf).padStart(2, '0')}-${day.padStart(2, '0')}`;
    if (monthOf >= 1 && monthOf <= 12 && Number(day) >= 1 && Number(day) <= 31) found.push({ kind: 'date', of: '', value, words });
    return ' ';
  };
  return text
    .replace(/(?<![\d.-])(\d{4})-(\d{2})-(\d{2})(?![\d-])/g, (words, year: string, middle: string, day: string) =>
      add(words, year, Number(middle), day),
    )
    .replace(/(?<![\d.])(\d{1,2})\.(\d{1,2})\.(\d{4})(?!\d)/g, (words, day: string, middle: string, year: string) =>
      add(words, year, Number(middle), day),
    )
    .replace(
      new RegExp(`(?<![\\d.])(\\d{1,2})(?:st|nd|rd|th|\\.|er|º)?(?: de| of)? ${month}\\.?,?(?: de| del)? (\\d{4})(?!\\d)`, 'giu'),
      (words, day: string, name: string, year: string) => add(words, year, monthNames[name.toLowerCase()] ?? 0, day),
    )
    .replace(
      new RegExp(`(?<!\\p{L})${month}\\.? (\\d{1,2})(?:st|nd|rd|th)?,? (\\d{4})(?!\\d)`, 'giu'),
      (words, name: string, day: string, year: string) => add(words, year, monthNames[name.toLowerCase()] ?? 0, day),
    )
    .replace(/(?<!\d)\d{1,2}\/\d{1,2}\/\d{2,4}(?!\d)/g, ' ');
}

/** Answers come in the languages that bots are asked in most. */
const units = unitWords({
  second: 'seconde secondes segundo segundos secondo secondi',
  minute: 'minuut minuto minutos minuti',
  hour: 'heure heures hora horas ora ore uur uren',
  day: 'jour jours día días dia dias giorno giorni dag dagen',
  week: 'semaine semaines semana semanas settimana settimane weken',
  month: 'mois mes meses mese mesi maand maanden',
  year: 'an ans année années año años ano anos anno anni jaar',
  percent: 'pourcent',
  gbp: 'pounds',
  kilobyte: 'kib',
  megabyte: 'mib',
  gigabyte: 'gib',
  terabyte: 'tib',
});

type Scale = readonly [kind: StatementKind, of: string, factor: number];

/** Seconds; months and years have no fixed length and are compared among themselves. */
const scales: Readonly<Record<string, Scale>> = {
  second: ['duration', 's', 1],
  minute: ['duration', 's', 60],
  hour: ['duration', 's', 3_600],
  day: ['duration', 's', 86_400],
  week: ['duration', 's', 604_800],
  month: ['duration', 'months', 1],
  year: ['duration', 'months', 12],
  kilobyte: ['size', 'bytes', 1e3],
  megabyte: ['size', 'bytes', 1e6],
  gigabyte: ['size', 'bytes', 1e9],
  terabyte: ['size', 'bytes', 1e12],
  percent: ['share', '', 1],
  eur: ['amount', 'EUR', 1],
  usd: ['amount', 'USD', 1],
  gbp: ['amount', 'GBP', 1],
  jpy: ['amount', 'JPY', 1],
  chf: ['amount', 'CHF', 1],
};

function scaleOf(word: string): Scale | undefined {
  return scales[units.get(word) ?? ''];
}

const numbers: Readonly<Record<string, number>> = Object.fromEntries(
  (
    'one:1 two:2 three:3 four:4 five:5 six:6 seven:7 eight:8 nine:9 ten:10 eleven:11 twelve:12 fifteen:15 twenty:20 thirty:30 forty:40 fifty:50 sixty:60 ninety:90 ' +
    'eine:1 einen:1 einer:1 zwei:2 drei:3 vier:4 fünf:5 sechs:6 sieben:7 acht:8 neun:9 zehn:10 zwölf:12 vierzehn:14 fünfzehn:15 zwanzig:20 dreißig:30 sechzig:60 ' +
    'deux:2 trois:3 quatre:4 cinq:5 dix:10 quinze:15 vingt:20 trente:30 dos:2 tres:3 cuatro:4 cinco:5 diez:10 veinte:20 treinta:30 fourteen:14 ninety:90'
  )
    .split(' ')
    .map((pair) => pair.split(':'))
    .map(([word = '', value = '']) => [word, Number(value)]),
);
const figure = `(?:\\d{1,3}(?:[ .,']\\d{3})+(?:[.,]\\d{1,2})?|\\d+(?:[.,]\\d+)?|(?:${Object.keys(numbers).join('|')})(?!\\p{L}))`;
const withUnit = new RegExp(`(?<![\\p{L}\\d.,])([€$£¥] ?)?(${figure})(?:[ -]?([%€$£¥])|[ -]?(\\p{L}+))?`, 'giu');

/** What joins the parts of one duration: "1 hour and 30 minutes"; of "30 days, 24 hours a day" the second is no part. */
const joint = /^,? (?:and |und |et |y |e |en )?$/i;

function takeFigures(text: string, found: Statement[]): void {
  let open: { readonly statement: Statement; readonly factor: number; readonly end: number } | null = null;
  for (const match of text.matchAll(withUnit)) {
    const [whole, before = '', written = '', sign = '', unit = ''] = match;
    const value = readFigure(written);
    if (value === null) continue;
    const behind = match.index + whole.length;
    // "1h30": what is glued to a unit belongs to it.
    const glued = /^\d+/.exec(text.slice(behind, behind + 4))?.[0] ?? '';
    const scale = scaleOf(before.trim() || sign || unit.toLowerCase());
    if (glued !== '' && !(scale?.[2] === 3_600 && glued.length === 2)) continue;
    const statement = scale === undefined ? countOf(value, unit.toLowerCase()) : measureOf(value + Number(glued) / 60, scale);
    if (statement === null) continue;
    // Of "€19.99 a month" the word behind the amount is none of its own.
    const words = (before === '' ? `${whole}${glued}` : `${before}${written}`).trim();
    const factor = scale?.[2] ?? 0;
    const isPart =
      open !== null &&
      statement.kind === 'duration' &&
      open.statement.of === statement.of &&
      Number(statement.value) < open.factor &&
      joint.test(text.slice(open.end, match.index));
    if (open !== null && isPart) {
      found.pop();
      const sum: Statement = {
        ...statement,
        value: exact(Number(open.statement.value) + Number(statement.value)),
        words: `${open.statement.words}${text.slice(open.end, match.index)}${words}`,
      };
      found.push(sum);
      open = { statement: sum, factor, end: behind };
      continue;
    }
    found.push({ ...statement, words });
    open = statement.kind === 'duration' ? { statement: { ...statement, words }, factor, end: behind } : null;
  }
}

function measureOf(value: number, [kind, of, factor]: Scale): Omit<Statement, 'words'> {
  return { kind, of, value: exact(value * factor) };
}

/** A bare figure, or a short word behind it, says of nothing how many there are. */
function countOf(value: number, unit: string): Omit<Statement, 'words'> | null {
  if (unit.length < 4 || contentWords(unit).length === 0) return null;
  return { kind: 'count', of: unit.replace(/(?:en|es|s|n)$/, ''), value: String(value) };
}

/** Without the last digits that multiplying floats makes up. */
function exact(value: number): string {
  return String(Number(value.toPrecision(12)));
}

/** 1,000 and 1.000 are a thousand, 1.5 and 1,5 one and a half: three digits behind a mark are thousands. */
function readFigure(written: string): number | null {
  const word = numbers[written.toLowerCase()];
  if (word !== undefined) return word;
  const plain = written.replace(/[ .,'](?=\d{3}(?!\d))/g, '').replace(',', '.');
  const value = Number(plain);
  return Number.isFinite(value) ? value : null;
}

/** As a word of its own: "No fee is charged" denies nothing. */
const yes = /^(?:yes|yeah|ja|oui|sí|sì|sim|да|是的?|はい)(?=\s*(?:[,.!:;–—-]|$|[。、，]))/iu;
const no = /^(?:no|nope|nein|non|nee|não|нет|不|いいえ)(?=\s*(?:[,.!:;–—-]|$|[。、，]))/iu;
const negations =
  /(?<!\p{L})(?:cannot|can['’]t|can not|(?:is|are) not (?:possible|supported|available|allowed|included)|isn['’]t (?:possible|supported|available)|not possible|do(?:es)? not (?:support|offer|allow|include)|don['’]t (?:support|offer|allow|include)|doesn['’]t (?:support|offer|allow|include)|nicht möglich|nicht verfügbar|können (?:sie |wir )?(?:das )?(?:leider )?nicht|kann man nicht|no es posible|n['’]est pas possible|non è possibile|não é possível|niet mogelijk)(?!\p{L})/iu;

/** Only what stands at the start, or in the first sentence without a doubt: a "not" further on may say anything. */
function yesOrNo(text: string): { readonly value: string; readonly words: string } | null {
  const start = text.replace(/^[\s>*_#"'-]+/, '');
  const sentence = /^[^.!?\n]{1,300}/.exec(start)?.[0] ?? '';
  if (yes.test(start)) return { value: 'yes', words: 'yes' };
  if (no.test(start) || negations.test(sentence)) return { value: 'no', words: 'no' };
  const canDo =
    /^(?:you|we|users|one) can(?:not)? |(?<!\p{L})(?:is|are) (?:possible|supported|available)(?!\p{L})|(?<!\p{L})(?:ist|sind) möglich|es posible|est possible/iu;
  return canDo.test(sentence) ? { value: 'yes', words: 'yes' } : null;
}
