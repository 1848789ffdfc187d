// What each bot was last given, compressed, one file a payload: for diffs and for the likeness of moved files. It may all be lost:
// nothing is synced, and what cannot be read counts as not there.
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Fingerprint } from '../model/json.ts';
import type { Disk } from './disk.ts';

export interface GivenText {
  readonly parts: readonly { readonly key: string; readonly title: string; readonly text: string }[];
  /** The author's body (front matter aside). */
  readonly body: string;
}

export interface Texts {
  /** Does nothing where it is kept already. STATE_UNWRITABLE. */
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
      if ((disk.stat(path)?.size ?? 0) > 0) return;
      const { parts, body } = given;
      const plain = { parts: parts.map(({ key, title, text }) => ({ key, title, text })), body };
      disk.writeLoosely(path, gzipSync(JSON.stringify(plain), { level: 1 }));
    },
    get(fingerprint) {
      const bytes = disk.read(pathOf(fingerprint));
      if (bytes === null) return null;
      try {
        const value: unknown = JSON.parse(gunzipSync(bytes, { maxOutputLength: maxTextBytes }).toString('utf8'));
        return isGiven(value) ? value : null;
      } catch {
        return null;
      }
    },
    sweep(live) {
      for (const name of disk.list(dir)) if (!name.endsWith('.gz') || !live.has(name.slice(0, -3))) disk.removeLoosely(join(dir, name));
    },
  };
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
