// Document → payload for one target: title, text in its format, parts. Pure, but for the packages that other formats and documents over the
// limit load; and the heads of payloads through the scan cache, so that an unchanged file is not read.
import { setImmediate } from 'node:timers/promises';
import type { ContentProblem, Document, DocumentId } from '../model/document.ts';
import { asSyncError, type ErrorRecord, SyncError } from '../model/error.ts';
import { fingerprint, type Json, type JsonRecord } from '../model/json.ts';
import {
  type Format,
  type Part,
  type PartHead,
  type Payload,
  type PayloadHead,
  partFingerprint,
  payloadFingerprint,
} from '../model/payload.ts';
import type { ScanCache } from './cached-file.ts';
import type { ComposedText } from './composer.ts';
import { HeavyText } from './formats/heavy.ts';
import type { Scan } from './scan.ts';
import type { Piece, SplitInput } from './split.ts';
import { firstHeading } from './title.ts';
import { rendererVersion } from './version.ts';

export { likeness } from './likeness.ts';

/** What a target decides of the bytes it is given. */
export interface RenderOptions {
  readonly format: Format;
  /** UTF-8 bytes of one part's text; null: no limit. */
  readonly partBytes: number | null;
  /** When a document becomes several parts; by default where it is over the limit. */
  readonly split?: 'heading' | 'size' | 'none';
  /** UTF-16 units of a title, never cut within a character as a reader sees it; null: no limit. */
  readonly titleCharacters: number | null;
  /** Attributes that the vendor keeps as metadata; `url`, `path`, `kind`, `audience` name the document's own. */
  readonly attributeKeys: readonly string[];
  /** An article that has a canonical link is given as that link, which the vendor reads by itself. */
  readonly links?: boolean;
  /** The target's name: for documents with regions of its own. */
  readonly target?: string;
}

/** What a document's text is found in: the scan, which composes it; a scan without a composer gives the author's text as it is. */
export type TextSource = Pick<Scan, 'text' | 'composer' | 'lintSent'>;

/** The text of a document, composed for one target. */
export async function textFor(scan: TextSource, document: Document, options: RenderOptions): Promise<ComposedText> {
  if (scan.composer !== undefined) return scan.composer.compose(document, options.target ?? null);
  const body = scan.text(document);
  // A body that changed since the scan belongs to no entry of the cache.
  return { ...asWritten(document, body), asScanned: document.kind !== 'article' || fingerprint(body) === document.body };
}

function asWritten(document: Document, body: string): ComposedText {
  return { body, text: document.kind === 'qa' ? document.answer : body, syntax: 'markdown', asScanned: true };
}

/**
 * Renders a document. `given` is its composed text, or the author's body where nothing is to be composed. Throws DOCUMENT_TOO_LARGE where
 * a single block is over the limit, or the whole where nothing is to be split.
 */
export async function renderPayload(document: Document, given: ComposedText | string, options: RenderOptions): Promise<Payload> {
  const composed = typeof given === 'string' ? asWritten(document, given) : given;
  const attributes = attributesFor(document, options);
  const link = linkFor(document, options);
  if (link !== null) {
    const shared = { title: cutTitle(document.title, options.titleCharacters), format: options.format, text: link, attributes };
    // The bot reads the page behind the link: when that changes, it has to read it anew, though the link stays the same.
    const seen = partFingerprint({ ...shared, attributes: { ...attributes, page: document.body } });
    const only: Part = { key: '', ...shared, bytes: Buffer.byteLength(link), fingerprint: seen };
    return { ...headOf(document, [only], options), parts: [only], bodyText: composed.body };
  }
  const part = (key: string, title: string, content: string): Part => {
    const shared = { title: cutTitle(title, options.titleCharacters), format: options.format, text: content, attributes };
    return { key, ...shared, bytes: Buffer.byteLength(content), fingerprint: partFingerprint(shared) };
  };
  const parts = await partsOf(document, composed, options);
  const made = parts.map(({ key, title, text }) => part(key, title, text));
  return { ...headOf(document, made, options), parts: made, bodyText: composed.body };
}

async function partsOf(document: Document, composed: ComposedText, options: RenderOptions): Promise<readonly Piece[]> {
  try {
    const dress = await dressed(document, composed, options.format);
    return (await split(document, dress, options)) ?? [{ key: '', title: document.title, text: dress.finish(dress.body) }];
  } catch (thrown) {
    // Grammars recurse: a text that nests thousands of levels deep is refused, not crashed over.
    if (!(thrown instanceof RangeError)) throw thrown;
    const why = thrown instanceof HeavyText ? thrown.message : 'is nested too deeply to be rendered';
    const message = `${nameOf(document)}: ${why}`;
    throw new SyncError('DOCUMENT_REFUSED', { message, next: 'nest its lists, quotes or elements less deeply' });
  }
}

/** The pieces of a document that has to be split; null where it stays whole. */
async function split(document: Document, dress: Dress, options: RenderOptions): Promise<readonly Piece[] | null> {
  const { body, finish } = dress;
  const { partBytes: limit, split: by = 'size' } = options;
  if (limit === null && by !== 'heading') return null;
  const most = limit ?? Number.POSITIVE_INFINITY;
  const whole = () => Buffer.byteLength(finish(body));
  // Another format is dear: what is far over the limit shows that in its parts.
  const isVast = Buffer.byteLength(body) > 2 * most;
  if (by === 'none' || (by === 'size' && !isVast)) {
    const bytes = whole();
    if (bytes <= most) return null;
    if (by === 'none') throw overLimit(document, bytes, most);
  }
  const { splitText } = await import('./split.ts');
  const pieces = splitText({ title: document.title, ...dress, limit: most, by });
  if (pieces.tooLarge !== null) {
    if (whole() <= most) return null;
    throw tooLarge(document, pieces.tooLarge, most);
  }
  const { parts } = pieces;
  if (by === 'heading' && parts.length > 1) return parts;
  if (!isVast) return whole() > most ? parts : null;
  return parts.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0) > 2 * most || whole() > most ? parts : null;
}

export interface RenderedHeads {
  readonly heads: readonly PayloadHead[];
  readonly failed: readonly { readonly document: DocumentId; readonly path: string; readonly error: ErrorRecord }[];
  /** What lint said of what is given: those with an error are among the failed. */
  readonly told: readonly ContentProblem[];
}

/** What may not be sent though it can be rendered, and lint has nothing to say of it. */
export interface SendGuard {
  /** Another one where it would refuse something else; '' where it refuses nothing. */
  readonly key: string;
  refusalOf(payload: Payload): SyncError | null;
}

/** The heads of many documents' payloads; what cannot be rendered, holds a lint error or is refused is told, and the rest goes through. */
export async function payloadHeads(
  scan: TextSource,
  documents: readonly Document[],
  options: RenderOptions,
  cache: ScanCache | null,
  guard?: SendGuard | undefined,
): Promise<RenderedHeads> {
  const shared = renderKey(options, null, guard);
  const own = renderKey(options, options.target ?? null, guard);
  const heads: PayloadHead[] = [];
  const failed: { document: DocumentId; path: string; error: ErrorRecord }[] = [];
  const told: ContentProblem[] = [];
  const give = (document: Document, parts: readonly PartHead[], problems: readonly ContentProblem[]) => {
    told.push(...problems);
    const error = problems.find(({ severity }) => severity === 'error');
    if (error === undefined) heads.push(headOf(document, parts, options));
    else failed.push({ document: document.id, path: document.path, error: faultOf(document, error).record() });
  };
  let rendered = 0;
  for (const document of documents) {
    const key = scan.composer?.isPerTarget(document) === true ? own : shared;
    const around = scan.composer?.around(document) ?? '';
    const known = cache?.heads(document.path, document.id, key, around) ?? null;
    if (known !== null) {
      give(document, known, cache?.told?.(document.path, document.id, key) ?? []);
      continue;
    }
    rendered += 1;
    // The loop gets a turn: watch events are lost without an error while it is blocked.
    if (rendered % 100 === 0) await setImmediate();
    try {
      const text = await textFor(scan, document, options);
      const payload = await renderPayload(document, text, options);
      const refusal = guard?.refusalOf(payload) ?? null;
      // Never kept: the cache remembers only what no secret was found in.
      if (refusal !== null) {
        const { id, path } = document;
        failed.push({ document: id, path, error: refusal.record() });
        told.push({ path, line: null, column: null, severity: 'error', rule: 'secrets', message: holdsKey });
        continue;
      }
      const parts = payload.parts.map(({ key, title, bytes, fingerprint }): PartHead => ({ key, title, bytes, fingerprint }));
      const problems = (await scan.lintSent?.(document, text, payload)) ?? [];
      if (text.asScanned) cache?.putHeads(document.path, document.id, key, parts, around, problems);
      give(document, parts, problems);
    } catch (thrown) {
      if (!(thrown instanceof SyncError)) throw thrown;
      failed.push({ document: document.id, path: document.path, error: asSyncError(thrown).record() });
    }
  }
  return { heads, failed, told };
}

const holdsKey = "holds a secret of the configuration, such as a target's key";

/** The payload of a document as it is now. Throws what it cannot be rendered for, and DOCUMENT_REFUSED where lint says that it must not be sent. */
export async function lintedPayload(scan: TextSource, document: Document, options: RenderOptions): Promise<Payload> {
  const text = await textFor(scan, document, options);
  const payload = await renderPayload(document, text, options);
  const error = (await scan.lintSent?.(document, text, payload))?.find(({ severity }) => severity === 'error');
  if (error !== undefined) throw faultOf(document, error);
  return payload;
}

/** Why a document that can be rendered is not sent. */
function faultOf(document: Document, { line, message }: ContentProblem): SyncError {
  return new SyncError('DOCUMENT_REFUSED', {
    message: `${nameOf(document)}: ${line === null ? '' : `line ${line}: `}${message}`,
    next: 'mend the file, or what it takes from the configuration and from other files; kbsync lint tells all that is found',
    data: { document: document.id, path: document.path, line },
  });
}

/** `target` only where the text differs from target to target. What a configuration says of all texts is part of the scan cache's own key. */
function renderKey(options: RenderOptions, target: string | null, guard: SendGuard | undefined): string {
  const { format, partBytes, split: by = 'size', titleCharacters, attributeKeys, links } = options;
  return fingerprint({
    rendererVersion,
    format,
    partBytes,
    split: by,
    titleCharacters,
    attributeKeys,
    target,
    ...(links === true && { links }),
    ...(guard !== undefined && guard.key !== '' && { guard: guard.key }),
  });
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

/** The body without title, and what makes a run of it the text that is sent. */
type Dress = Pick<SplitInput, 'body' | 'syntax' | 'finish'>;

async function dressed(document: Document, { text, syntax }: ComposedText, format: Format): Promise<Dress> {
  const kind = syntax === 'plain' ? 'plain' : 'markdown';
  if (syntax === 'markdown' && format === 'markdown') {
    return { body: bodyWithoutTitle(document, text), syntax: kind, finish: (run) => inMarkdown(document, run) };
  }
  const output = await import('./formats/output.ts');
  const markdown = syntax === 'html' && document.kind !== 'url' ? output.markdownFromHtml(text) : text;
  const body = bodyWithoutTitle(document, markdown);
  if (format === 'markdown') return { body, syntax: kind, finish: (run) => inMarkdown(document, run) };
  const convert = output.converter({ body, syntax: kind, format });
  return { body, syntax: kind, finish: (run) => output.framed(document, convert(run), format) };
}

function inMarkdown(document: Document, run: string): string {
  return `${[`# ${document.title}`, run, sourceLine(document)].filter((piece) => piece !== '').join('\n\n')}\n`;
}

/** The line that lets a bot cite the page. */
function sourceLine(document: Document): string {
  return document.url === null ? '' : `Source: ${document.url}`;
}

/** What follows the title: the heading that only repeats it is taken off, since each part begins with the title anyway. */
function bodyWithoutTitle(document: Document, text: string): string {
  if (document.kind === 'qa') return text.trim();
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
  return new SyncError('DOCUMENT_TOO_LARGE', {
    message: `${nameOf(document)}: one block of ${block.bytes} bytes is over the limit of ${limit}; it begins "${block.start}"`,
    next: 'break the block up, or raise maxDocumentBytes where the vendor takes more',
    data: { document: document.id, path: document.path, bytes: block.bytes, limit },
  });
}

function overLimit(document: Document, bytes: number, limit: number): SyncError {
  return new SyncError('DOCUMENT_TOO_LARGE', {
    message: `${nameOf(document)}: ${bytes} bytes are over the limit of ${limit}, and split is none`,
    next: 'set split of this target to size or heading, or make two documents of it',
    data: { document: document.id, path: document.path, bytes, limit },
  });
}

function nameOf({ id, path }: Document): string {
  return id === path ? id : `${id} (${path})`;
}
