// SiteGPT's dates.
import type { Timestamp } from '../../model/json.ts';

/** A date of the vendor's; null for what cannot be read as one. */
export function instant(text: string | null | undefined): Timestamp | null {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}
