// Dates as people write them → ISO: `YYYY-MM-DD` as it is (midnight UTC), a timestamp in UTC. Pure; knows no clock.

const pattern = /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?) ?(Z|z|[+-]\d{2}:?\d{2})?)?$/;

export type ReadDate =
  | { readonly ok: true; readonly iso: string }
  /** `form`: not written as a date at all; `day`: written as one, and there is no such day. */
  | { readonly ok: false; readonly fault: 'form' | 'day' };

/** Reads a date or timestamp; one without a zone is UTC. */
export function readIsoDate(text: string): ReadDate {
  const match = pattern.exec(text.trim());
  if (match === null) return { ok: false, fault: 'form' };
  const [, year, month, day, time, zone] = match;
  const midnight = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (midnight.getUTCMonth() !== Number(month) - 1 || midnight.getUTCDate() !== Number(day)) return { ok: false, fault: 'day' };
  if (time === undefined) return { ok: true, iso: `${year}-${month}-${day}` };
  const offset = (zone ?? 'Z').toUpperCase().replace(/^([+-]\d{2})(\d{2})$/, '$1:$2');
  const instant = Date.parse(`${year}-${month}-${day}T${time}${offset}`);
  return Number.isNaN(instant) ? { ok: false, fault: 'form' } : { ok: true, iso: new Date(instant).toISOString() };
}
