// Exactly what one target is given for one document: parts, because a large document becomes several remote items.
import type { DocumentId } from './document.ts';
import { type Fingerprint, fingerprint, type JsonRecord } from './json.ts';

export type Format = 'markdown' | 'html' | 'plain';

/** A part without its text: all that planning needs, and all that the scan cache keeps. */
export interface PartHead {
  /** '' for a document of one part, else a key that stays with its section over edits. Unique within the payload. */
  readonly key: string;
  readonly title: string;
  /** UTF-8 bytes of the text. */
  readonly bytes: number;
  readonly fingerprint: Fingerprint;
}

export interface Part extends PartHead {
  readonly format: Format;
  readonly text: string;
  /** Only what this target's vendor keeps as metadata; {} where it keeps none. */
  readonly attributes: JsonRecord;
}

/** A payload without its texts, known without reading a file that has not changed. */
export interface PayloadHead {
  readonly document: DocumentId;
  readonly kind: 'article' | 'qa' | 'url' | 'file';
  readonly path: string;
  readonly title: string;
  readonly url: string | null;
  /** Fingerprint of the author's body alone (front matter aside), for recognising moves. */
  readonly body: Fingerprint;
  readonly parts: readonly PartHead[];
  readonly fingerprint: Fingerprint;
}

export interface Payload extends PayloadHead {
  readonly parts: readonly Part[];
  /** The author's body (front matter aside), for the likeness of moved and edited files. */
  readonly bodyText: string;
}

/**
 * The answer in the text of a Q&A, which begins with the question as a heading, in any format. Vendors that keep question and answer apart are
 * given it alone.
 */
export function answerIn({ text, title, format }: Pick<Part, 'text' | 'title' | 'format'>): string {
  const heading = { markdown: /^# (.*)(?:\n|$)/, html: /^<h1>(.*?)<\/h1>/s, plain: /^(.*)(?:\n\n|\n?$)/ }[format].exec(text);
  // The title may be cut to what the vendor takes; in HTML it is escaped.
  const isTitle = heading !== null && (format === 'html' || (title !== '' && (heading[1] ?? '').startsWith(title)));
  return (isTitle ? text.slice(heading[0].length) : text).trim();
}

/** The fingerprint of a part: title, format, text and attributes as sent, and nothing else. */
export function partFingerprint(part: Pick<Part, 'title' | 'format' | 'text' | 'attributes'>): Fingerprint {
  return fingerprint({ title: part.title, format: part.format, text: part.text, attributes: part.attributes });
}

/** The fingerprint of a payload, made from its parts; their order does not count, since each is an item of its own at the vendor. */
export function payloadFingerprint(parts: readonly { readonly key: string; readonly fingerprint: Fingerprint }[]): Fingerprint {
  const only = parts[0];
  if (parts.length === 1 && only !== undefined && only.key === '') return only.fingerprint;
  return fingerprint(Object.fromEntries(parts.map((part) => [part.key, part.fingerprint])));
}
