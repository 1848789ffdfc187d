// Document → payload for one target: title, text, parts. Pure, but for the parser that a document over the limit loads; and the heads
// of payloads through the scan cache, so that an unchanged file is not read.
import { setImmediate } from 'node:timers/promises';
import type { Document, DocumentId } from '../model/document.ts';
import { asSyncError, type ErrorRecord, SyncError } from '../model/error.ts';
import { fingerprint, type Json, type JsonRecord } from '../model/json.ts';
import { type Part, type PartHead, type Payload, type PayloadHead, partFingerprint, payloadFingerprint } from '../model/payload.ts';
import type { ScanCache } from './cached-file.ts';
import type { Scan } from './scan.ts';
import { firstHeading } from './title.ts';

export { likeness } from './likeness.ts';

/** Part of the key under which heads are cached: raise it whenever the same document would come out as other bytes. */
export const rendererVersion = 1;

/** What a target decides of the bytes it is given. */
export interface RenderOptions {
  readonly format: 'markdown';
  /** UTF-8 bytes of one part's text; null: no limit. */
  readonly partBytes: number | null;
  /** UTF-16 units of a title, never cut within a character as a reader sees it; null: no limit. */
  readonly titleCharacters: number | null;
  /** Attributes that the vendor keeps as metadata; `url`, `path`, `kind`, `audience` name the document's own. */
  readonly attributeKeys: readonly string[];
  /** An article that has a canonical link is given as that link, which the vendor reads by itself. */
  readonly links?: boolean;
}

/** Renders a document. `text` is the author's body (Scan.text). Throws DOCUMENT_TOO_LARGE where a single block is over the limit. */
export async function renderPayload(document: Document, text: string, options: RenderOptions): Promise<Payload> {
  const limit = options.partBytes;
  const attributes = attributesFor(document, options);
  const link = linkFor(document, options);
  if (link !== null) {
    const shared = { title: cutTitle(document.title, options.titleCharacters), format: options.format, text: link, attributes };
    // The bot reads the page behind the link: when that changes, it has to read it anew, though the link stays the same.
    const seen = partFingerprint({ ...shared, attributes: { ...attributes, page: document.body } });
    const only: Part = { key: '', ...shared, bytes: Buffer.byteLength(link), fingerprint: seen };
    return { ...headOf(document, [only], options), parts: [only], bodyText: text };
  }
  const whole = wholeText(document, text);
  const part = (key: string, title: string, content: string): Part => {
    const shared = { title: cutTitle(title, options.titleCharacters), format: options.format, text: content, attributes };
    return { key, ...shared, bytes: Buffer.byteLength(content), fingerprint: partFingerprint(shared) };
  };
  let parts: readonly Part[] = [part('', document.title, whole)];
  if (limit !== null && Buffer.byteLength(whole) > limit) {
    const { splitText } = await import('./split.ts');
    const pieces = splitText({ title: document.title, body: bodyWithoutTitle(document, text), tail: tailOf(document), limit });
    if (pieces.tooLarge !== null) throw tooLarge(document, pieces.tooLarge, limit);
    parts = pieces.parts.map((piece) => part(piece.key, piece.title, piece.text));
  }
  return { ...headOf(document, parts, options), parts, bodyText: text };
}

/** The heads of many documents' payloads; what cannot be rendered is told, and the rest goes through. */
export async function payloadHeads(
  scan: Pick<Scan, 'text'>,
  documents: readonly Document[],
  options: RenderOptions,
  cache: ScanCache | null,
): Promise<{
  readonly heads: readonly PayloadHead[];
  readonly failed: readonly { readonly document: DocumentId; readonly path: string; readonly error: ErrorRecord }[];
}> {
  const key = renderKey(options);
  const heads: PayloadHead[] = [];
  const failed: { document: DocumentId; path: string; error: ErrorRecord }[] = [];
  let rendered = 0;
  for (const document of documents) {
    const known = cache?.heads(document.path, document.id, key) ?? null;
    if (known !== null) {
      heads.push(headOf(document, known, options));
      continue;
    }
    rendered += 1;
    // The loop gets a turn: watch events are lost without an error while it is blocked.
    if (rendered % 100 === 0) await setImmediate();
    try {
      const text = scan.text(document);
      const payload = await renderPayload(document, text, options);
      const parts = payload.parts.map(({ key, title, bytes, fingerprint }): PartHead => ({ key, title, bytes, fingerprint }));
      // A body that changed since the scan belongs to no entry of the cache.
      const same = document.kind !== 'article' || fingerprint(text) === document.body;
      if (same) cache?.putHeads(document.path, document.id, key, parts);
      heads.push(headOf(document, parts, options));
    } catch (thrown) {
      if (!(thrown instanceof SyncError)) throw thrown;
      failed.push({ document: document.id, path: document.path, error: asSyncError(thrown).record() });
    }
  }
  return { heads, failed };
}

function renderKey(options: RenderOptions): string {
  const { format, partBytes, titleCharacters, attributeKeys, links } = options;
  // Without links the key is as it was before there were any.
  return fingerprint({ rendererVersion, format, partBytes, titleCharacters, attributeKeys, ...(links === true && { links }) });
}

/** Questions and answers stand on a page among others: they stay texts. */
function linkFor(document: Document, { links }: RenderOptions): string | null {
  return links === true && document.kind === 'article' ? document.url : null;
}

function headOf(document: Document, parts: readonly PartHead[], options: RenderOptions): PayloadHead {
  const { id, path, title, url, body } = document;
  const kind = linkFor(document, options) === null ? document.kind : 'url';
  return { document: id, kind, path, title, url, body, parts, fingerprint: payloadFingerprint(parts) };
}

function wholeText(document: Document, text: string): string {
  const body = bodyWithoutTitle(document, text);
  return `${[`# ${document.title}`, body, tailOf(document)].filter((piece) => piece !== '').join('\n\n')}\n`;
}

/** The line that lets a bot cite the page. */
function tailOf(document: Document): string {
  return document.url === null ? '' : `Source: ${document.url}`;
}

/** What follows the title: the heading that only repeats it is taken off, since each part begins with the title anyway. */
function bodyWithoutTitle(document: Document, text: string): string {
  if (document.kind === 'qa') return document.answer.trim();
  if (document.kind === 'url') return document.link;
  const body = trimmed(text);
  const heading = firstHeading(body);
  if (heading === null || heading.firstLine !== 0 || heading.text !== document.title) return body;
  return trimmed(
    body
      .split('\n')
      .slice(heading.lastLine + 1)
      .join('\n'),
  );
}

function trimmed(text: string): string {
  return text.replace(/^(?:[ \t]*\n)+/, '').trimEnd();
}

function attributesFor(document: Document, options: RenderOptions): JsonRecord {
  const own: { readonly [key: string]: Json } = {
    url: document.url,
    path: document.path,
    kind: document.kind,
    audience: document.distribution.audience,
  };
  const pairs = options.attributeKeys.map((key): readonly [string, Json] => [key, document.attributes[key] ?? own[key] ?? null]);
  return Object.fromEntries(pairs.filter(([, value]) => value !== null));
}

/** Cut between characters as a reader sees them, so that no accent, flag or emoji is torn. */
function cutTitle(title: string, maxCharacters: number | null): string {
  if (maxCharacters === null || title.length <= maxCharacters) return title;
  let kept = '';
  for (const { segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(title)) {
    if (kept.length + segment.length > maxCharacters) break;
    kept += segment;
  }
  return kept.trimEnd();
}

function tooLarge(document: Document, block: { readonly bytes: number; readonly start: string }, limit: number): SyncError {
  const name = document.id === document.path ? document.id : `${document.id} (${document.path})`;
  const what = `${name}: one block of ${block.bytes} bytes is over the limit of ${limit}`;
  return new SyncError('DOCUMENT_TOO_LARGE', {
    message: `${what}; it begins "${block.start}"`,
    next: 'break the block up, or raise maxDocumentBytes where the vendor takes more',
    data: { document: document.id, path: document.path, bytes: block.bytes, limit },
  });
}
