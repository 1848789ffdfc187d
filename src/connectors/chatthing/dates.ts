// Dates of conversations and messages: the vendor's examples read year-day-month [seed]. Read tolerantly, never relied on [assumed].
import type { Timestamp } from '../../model/json.ts';

const shape = /^(\d{4})-(\d{2})-(\d{2})(T.*)?$/;

/** The instant as year-month-day, or as year-day-month where only that is one; null where neither is. */
export function readDate(text: string | null | undefined): Timestamp | null {
  return readings(text)[0] ?? null;
}

/** Whether every way of reading the date lies before the instant; false where it cannot be read at all. */
export function certainlyBefore(text: string | null | undefined, instant: Timestamp): boolean {
  const found = readings(text);
  return found.length > 0 && found.every((reading) => reading < instant);
}

function readings(text: string | null | undefined): Timestamp[] {
  const [, year, second, third, rest] = shape.exec(text ?? '') ?? [];
  if (year === undefined) return [];
  return [`${year}-${second}-${third}${rest ?? ''}`, `${year}-${third}-${second}${rest ?? ''}`].flatMap((candidate) => {
    const ms = Date.parse(candidate);
    return Number.isNaN(ms) ? [] : [new Date(ms).toISOString()];
  });
}
