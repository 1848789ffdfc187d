// Titles: how a document of ours is known at Kore.ai. The workspace is in the source's name, the document and the effect in the title; a mark
// is both in one text, since an item is only ours where both are. Each copy has a title of its own, used once and never again: what Kore.ai does
// with a title that it has already (overwrite, append, second document) is not documented, and so never comes to bear.
import { sha256 } from '../../model/json.ts';
import type { Marker, MarkSource } from '../../model/mark.ts';

/** What only this vendor's marks need: they carry the effect, and so no two of one document are equal. */
export interface TitleMarker extends Marker {
  /** The mark without what is this copy's own: equal for every copy of one part of one document, of whatever effect. */
  stem(mark: string): string;
}

const copyDigits = 8;
const hashDigits = 12;
const copyTail = /\s#[0-9a-f]{8}$/;
const hashTail = /(?:^|\s)~[0-9a-f]{12}$/;

/** Titles of at most so many UTF-16 units. */
export function titleMarker(maxCharacters: number): TitleMarker {
  return {
    write(source) {
      const { workspace } = source;
      const copy = ` #${digitsOf(source.effect)}`;
      const key = source.part === '' ? source.document : `${source.document}#${source.part}`;
      if (key.length + copy.length <= maxCharacters && key === plain(key) && !hashTail.test(key)) return `${workspace}:${key}${copy}`;
      return `${workspace} ${hashed(source, key, maxCharacters - copy.length)}${copy}`;
    },
    ours: (found, workspace) => {
      const title = titleOfMark(found, workspace);
      return title !== null && markOfTitle(title, workspace) === found;
    },
    stem: (mark) => mark.replace(copyTail, ''),
  };
}

/** The title that a mark of this workspace stands for; null for another's. */
export function titleOfMark(mark: string, workspace: string): string | null {
  return mark.startsWith(`${workspace}:`) || mark.startsWith(`${workspace} `) ? mark.slice(workspace.length + 1) : null;
}

/** The mark of a title found in the workspace's own source; null where it is no title of ours. */
export function markOfTitle(title: string, workspace: string): string | null {
  if (!copyTail.test(title)) return null;
  return `${workspace}${hashTail.test(title.replace(copyTail, '')) ? ' ' : ':'}${title}`;
}

/** A readable start, and a hash of what did not fit. */
function hashed({ workspace, document, part }: MarkSource, key: string, room: number): string {
  const tail = `~${sha256(`${workspace}\n${document}\n${part}`).slice(0, hashDigits)}`;
  const start = cut(plain(key), room - tail.length - 1).trimEnd();
  return start === '' ? tail : `${start} ${tail}`;
}

/** 8 hexadecimal digits of the effect; its last, which differ also where ids are counted. */
function digitsOf(effect: string): string {
  return (/^[0-9a-f]{8,}$/.test(effect) ? effect : sha256(effect)).slice(-copyDigits);
}

/** Without what a title may lose on its way: control characters and white space beside the single blank. */
function plain(key: string): string {
  return key
    .replace(/[\u0000-\u001f\u007f]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** At most `room` UTF-16 units, never half a surrogate pair. */
function cut(text: string, room: number): string {
  const short = text.slice(0, Math.max(0, room));
  return /[\uD800-\uDBFF]$/.test(short) ? short.slice(0, -1) : short;
}
