// Names at ReplyCX: of a file, which carries the mark and shows copies of one document apart, and of a form field, by which ids are read back.
import { sha256 } from '../../model/json.ts';
import { type Marker, marker } from '../../model/mark.ts';
import type { NewItem } from '../connector.ts';
import type { ReplycxOptions } from './options.ts';

/** What the name adds to the mark: `-` and six digits of the text, and the ending. */
const tailCharacters = 12;

/** ASCII only: a name in a form's header must arrive as it was sent. Every mark so ends in its hashed form. */
export function marksOf({ nameCharacters }: Pick<ReplycxOptions, 'nameCharacters'>): Marker {
  return marker({ maxCharacters: nameCharacters - tailCharacters, barred: /[^A-Za-z0-9._ -]/, suffix: '' });
}

/** Another one for another text: so a person tells the stale copy from the new one. */
export function fileName({ mark, text }: Pick<NewItem, 'mark' | 'text'>, extension: string): string {
  return `${mark}-${sha256(text).slice(0, 6)}.${extension}`;
}

/** The mark in a source's name; null where it is none of ours. */
export function markIn(name: string | null | undefined): string | null {
  return /^(.+ [0-9a-f]{20})-[0-9a-f]{6}(?:\.[a-z0-9]+)?$/.exec(name ?? '')?.[1] ?? null;
}

/** Unlike any key of the reply's own (ok, error, code, status, message, knowledge_base_id), and one for each item. */
export function fieldKey({ effect, document, part }: Pick<NewItem, 'effect' | 'document' | 'part'>): string {
  return `d_${sha256(`${effect}\n${document}\n${part}`).slice(0, 12)}`;
}
