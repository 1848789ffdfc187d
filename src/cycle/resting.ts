// Documents that fail again and again for a reason that may pass: the daemon tries them ever more seldom, and the others of their bot at its own
// pace. Pure. A person who runs `sync` is not kept from trying.
import type { DocumentId } from '../model/document.ts';
import type { PayloadHead } from '../model/payload.ts';
import type { TargetState } from '../model/record.ts';

/** So often in a row it is tried with every pass. */
const freeTries = 3;
/** Milliseconds of the first rest, doubled after each further try, and of the longest. */
const firstRestMs = 900_000;
const longestRestMs = 86_400_000;

/** What rests at this moment (milliseconds since 1970), with why. Bytes that have changed are others, and are tried at once. */
export function restingAt(
  { records }: Pick<TargetState, 'records'>,
  wanted: readonly PayloadHead[],
  nowMs: number,
): ReadonlyMap<DocumentId, string> {
  const resting = new Map<DocumentId, string>();
  for (const { document, parts } of wanted) {
    const record = records[document];
    const tries = record?.tries;
    if (record === undefined || tries === undefined || tries.count < freeTries) continue;
    if (!parts.some(({ fingerprint }) => fingerprint === tries.fingerprint)) continue;
    const until = Date.parse(tries.at) + Math.min(longestRestMs, firstRestMs * 2 ** (tries.count - freeTries));
    // A clock that was set back makes no rest longer than it is.
    if (nowMs >= until || nowMs < Date.parse(tries.at)) continue;
    const words = record.error === null ? '' : `: ${record.error.message.replace(/\.$/, '')}`;
    const again = new Date(until).toISOString().slice(0, 16).replace('T', ' ');
    resting.set(document, `failed ${tries.count} times in a row${words}; tried again after ${again} UTC, or at once by kbsync sync`);
  }
  return resting;
}
