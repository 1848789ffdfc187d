// What each bot was last given, compressed, one file a payload: for diffs and for the likeness of moved files. It may all be lost:
// nothing is synced, what cannot be read counts as not there, and what cannot be written is not kept.
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { SyncError } from '../model/error.ts';
import type { Fingerprint } from '../model/json.ts';
import type { Disk } from './disk.ts';

export interface GivenText {
  readonly parts: readonly { readonly key: string; readonly title: string; readonly text: string }[];
  /** The author's body (front matter aside). */
  readonly body: string;
}

export interface Texts {
  /** Does nothing where it is kept already, and where it cannot be kept. */
  put(fingerprint: Fingerprint, given: GivenText): void;
  /** Null where it is not kept, or damaged. */
  get(fingerprint: Fingerprint): GivenText | null;
  /** Removes all others. */
  sweep(live: ReadonlySet<Fingerprint>): void;
}

/** More than any payload may hold, so that a damaged or planted file cannot fill the memory. In bytes. */
const maxTextBytes = 256 * 1024 * 1024;

/** The texts in a folder of their own (`state/texts/<target>`), which is made with the first of them. */
export function openTexts(disk: Disk, dir: string): Texts {
  const pathOf = (fingerprint: Fingerprint): string =>
    join(dir, `${/^[0-9A-Za-z-]{1,80}$/.test(fingerprint) ? fingerprint : 'invalid'}.gz`);
  return {
    put(fingerprint, given) {
      const path = pathOf(fingerprint);
      const { parts, body } = given;
      const plain = { parts: parts.map(({ key, title, text }) => ({ key, title, text })), body };
      // A full disk stops the run where it matters: at the journal.
      quietly(() => {
        if ((disk.stat(path)?.size ?? 0) === 0) disk.writeLoosely(path, gzipSync(JSON.stringify(plain), { level: 1 }));
      });
    },
    get(fingerprint) {
      try {
        const bytes = disk.read(pathOf(fingerprint));
        if (bytes === null) return null;
        const value: unknown = JSON.parse(gunzipSync(bytes, { maxOutputLength: maxTextBytes }).toString('utf8'));
        return isGiven(value) ? value : null;
      } catch {
        return null;
      }
    },
    sweep(live) {
      quietly(() => {
        for (const name of disk.list(dir)) if (!name.endsWith('.gz') || !live.has(name.slice(0, -3))) disk.removeLoosely(join(dir, name));
      });
    },
  };
}

/** For what may be lost. A crash of the process is not swallowed: only what the system says. */
function quietly(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof SyncError)) throw error;
  }
}

function isGiven(value: unknown): value is GivenText {
  return (
    typeof value === 'object' &&
    value !== null &&
    'parts' in value &&
    'body' in value &&
    Array.isArray(value.parts) &&
    typeof value.body === 'string'
  );
}
