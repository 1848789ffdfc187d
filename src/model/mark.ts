// Marks: what makes an item at the vendor recognisable as ours. One way of writing them for every vendor whose field can hold one.
import type { DocumentId } from './document.ts';
import { sha256 } from './json.ts';
import type { EffectId } from './record.ts';

export interface MarkSource {
  readonly workspace: string;
  readonly document: DocumentId;
  /** '' where the document has one part. */
  readonly part: string;
  /** For vendors where each copy needs a name of its own. */
  readonly effect: EffectId;
}

/** How one target writes marks and knows them again. Pure. */
export interface Marker {
  /** Stable for the same source; never longer than the vendor's field. */
  write(source: MarkSource): string;
  /** Whether a name found at the vendor was written by this workspace. */
  ours(found: string, workspace: string): boolean;
  /** The mark without what changes from copy to copy (the effect), for vendors where each copy has a name of its own; absent: nothing changes. */
  stem?(mark: string): string;
}

export interface MarkField {
  /** What the vendor's field holds, in UTF-16 units. */
  readonly maxCharacters: number;
  /** Characters the field bars, each replaced by a space in the readable start. */
  readonly barred: RegExp;
  /** Ending the field needs, such as '.md'; '' for none. */
  readonly suffix: string;
}

/**
 * `workspace:document id` (`#part` behind it) where the field can hold it as it is; else a readable start and 20 hexadecimal digits,
 * of which the first 8 are the workspace's own and the other 12 are of workspace, document and part.
 */
export function marker(field: MarkField): Marker {
  const barred = new RegExp(field.barred.source, field.barred.flags.includes('g') ? field.barred.flags : `${field.barred.flags}g`);
  return {
    write({ workspace, document, part }) {
      const plain = `${workspace}:${document}${part === '' ? '' : `#${part}`}${field.suffix}`;
      if (plain.length <= field.maxCharacters && plain.replace(barred, ' ') === plain) return plain;
      const digits = `${tag(workspace)}${sha256(`${workspace}\n${document}\n${part}`).slice(0, 12)}`;
      const room = field.maxCharacters - digits.length - 1 - field.suffix.length;
      const start = `${workspace} ${document}${part === '' ? '' : ` ${part}`}`.replace(barred, ' ').replace(/\s+/g, ' ').trim();
      return `${cut(start, room)} ${digits}${field.suffix}`;
    },
    ours(found, workspace) {
      if (!found.endsWith(field.suffix)) return false;
      const core = found.slice(0, found.length - field.suffix.length);
      if (core.startsWith(`${workspace}:`)) return true;
      return / [0-9a-f]{20}$/.test(core) && core.slice(-20, -12) === tag(workspace);
    },
  };
}

function tag(workspace: string): string {
  return sha256(`workspace ${workspace}`).slice(0, 8);
}

/** At most `room` UTF-16 units, never half a surrogate pair. */
function cut(text: string, room: number): string {
  const short = text.slice(0, Math.max(0, room));
  return /[\uD800-\uDBFF]$/.test(short) ? short.slice(0, -1) : short;
}
