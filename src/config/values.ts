// The kinds of values a configuration key can hold beyond plain JSON: durations, shares, origins, cron lines, time zones.
// Each refuses with a message that completes the sentence "expected …".
import { z } from 'zod';

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Node's timers hold 2^31-1 ms: a longer delay would fire at once. */
const longestMs = 24 * unitMs.d;

/** `0`, or a whole number with ms, s, m, h or d, in milliseconds; null where the text is none of these. */
export function parseDuration(text: string): number | null {
  if (text === '0') return 0;
  const found = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text);
  if (found === null) return null;
  return Number(found[1]) * unitMs[found[2] as keyof typeof unitMs];
}

/** A duration key; its value comes out in milliseconds. At most 24 days. */
export function duration() {
  return z
    .string('a duration such as 250ms, 5s, 2m, 1h, 1d or 0')
    .regex(/^(?:0|\d{1,12}(?:ms|s|m|h|d))$/, 'a duration such as 250ms, 5s, 2m, 1h, 1d or 0')
    .refine((text) => (parseDuration(text) ?? 0) <= longestMs, 'a duration of at most 24d')
    .transform((text) => parseDuration(text) ?? 0);
}

/** A share such as `10%`; its value comes out as 0…1. */
export function share() {
  return z
    .string('a share such as 10%')
    .regex(/^(?:100|\d{1,2}(?:\.\d+)?)%$/, 'a share from 0% to 100%, such as 10%')
    .transform((text) => Number(text.slice(0, -1)) / 100);
}

/** scheme://host[:port] and nothing more, https unless it is this machine; comes out without a trailing slash. */
export function origin() {
  return z
    .string('an origin such as https://api.example.com')
    .refine((text) => originProblem(text) === null, { error: (issue) => originProblem(String(issue.input)) ?? '' })
    .transform((text) => new URL(text).origin);
}

/** Why a text is not an origin we send credentials to, as what is expected instead; null where it is one. */
function originProblem(text: string): string | null {
  const url = parseUrl(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return 'an origin such as https://api.example.com';
  if (url.username !== '' || url.password !== '') return 'an origin without user name and password';
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || /[?#]/.test(text)) {
    return `only the origin, ${url.origin} (no path, query or fragment; the connector knows its paths)`;
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    return `https (${url.origin.replace('http:', 'https:')}); http only on loopback`;
  return null;
}

/** Whether a host name always means this machine: a name below `.localhost` may be asked of a name server. */
export function isLoopback(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  return bare === 'localhost' || bare === '::1' || /^127(?:\.\d{1,3}){3}$/.test(bare);
}

/** A web address whose path may matter. */
export function webAddress() {
  return z.string('an address such as https://docs.example.com/').refine((text) => {
    const url = parseUrl(text);
    return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '' && url.hash === '';
  }, 'an http(s) address without query and user name, such as https://docs.example.com/');
}

function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

/** A cron line as node-cron reads it. A coarse check, so that a slip is told with its line; the scheduler has the last word. */
export function cronLine() {
  return z
    .string('a cron line such as "*/15 * * * *"')
    .refine(looksLikeCron, 'a cron line of 5 fields (6 with seconds), such as "*/15 * * * *"')
    .refine((line) => !looksLikeCron(line) || dayComes(line), 'a cron line with a day that its months have: this one never comes');
}

/** The longest that each month gets. */
const daysOf = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;
const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] as const;

/** Whether its day of the month is one that any of its months has. Days of the week, "last" and the like are the scheduler's to judge. */
function dayComes(line: string): boolean {
  const [days = '*', months = '*', weekdays = '*'] = line.trim().split(/\s+/).slice(-3);
  if (line.startsWith('@') || !/^[*?]$/.test(weekdays) || !/^[\d,/-]+$/.test(days)) return true;
  const earliest = Math.min(...days.split(',').map((item) => Number.parseInt(item, 10)));
  return months.split(',').some((item) => monthsIn(item).some((month) => (daysOf[month - 1] ?? 31) >= earliest));
}

/** Those between its ends; steps are left out of account. */
function monthsIn(item: string): readonly number[] {
  const ends = (item.split('/')[0] ?? '')
    .split('-')
    .map((end) => monthNames.findIndex((name) => end.toLowerCase().startsWith(name)) + 1 || Number(end));
  const [from = Number.NaN, to = item.includes('/') ? 12 : from] = ends;
  if (Number.isNaN(from) || Number.isNaN(to) || from > to) return daysOf.map((_, at) => at + 1);
  return daysOf.flatMap((_, at) => (at + 1 >= from && at + 1 <= to ? [at + 1] : []));
}

const cronRanges = [
  [0, 59],
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;

function looksLikeCron(line: string): boolean {
  if (/^@[a-z]+$/.test(line)) return true;
  const fields = line.trim().split(/\s+/);
  if (fields.length !== 5 && fields.length !== 6) return false;
  const ranges = cronRanges.slice(6 - fields.length);
  return fields.every((field, at) => {
    const range = ranges[at];
    return range !== undefined && field.split(',').every((item) => cronItemFits(item, range));
  });
}

function cronItemFits(item: string, [least, most]: readonly [number, number]): boolean {
  const found = /^([^/]+)(?:\/(\d+))?$/.exec(item);
  if (found === null || found[2] === '0') return false;
  const base = found[1] ?? '';
  if (!/^(?:\*|\?|[A-Za-z0-9#-]+)$/.test(base)) return false;
  const numbers = base.replace(/#\d+$/, '').match(/\d+/g) ?? [];
  return numbers.every((digits) => Number(digits) >= least && Number(digits) <= most);
}

/** An IANA time zone that this Node knows. */
export function timeZone() {
  return z.string('a time zone such as Europe/Berlin').refine((name) => {
    try {
      return new Intl.DateTimeFormat('en', { timeZone: name }) !== null;
    } catch {
      return false;
    }
  }, 'a time zone such as UTC or Europe/Berlin');
}
