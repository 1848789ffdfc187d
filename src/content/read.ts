// Reads and parses one found file, or takes it from the cache when its stat proves that it is the same; and reads a document's text anew.
import { createHash } from 'node:crypto';
import type { ContentProblem, Document } from '../model/document.ts';
import { SyncError } from '../model/error.ts';
import { fingerprint, sha256 } from '../model/json.ts';
import type { CachedFile, ScanCache } from './cached-file.ts';
import type { TextNow } from './composer.ts';
import { type ContentDisk, errnoOf, isGone } from './disk.ts';
import type { Extracted, Packages } from './formats/extract.ts';
import type { IncludeFiles } from './include-files.ts';
import type { FileLinter } from './lint-file.ts';
import type { FileSource, ParsedFile, ParserOptions } from './parse.ts';
import { bodyOf, decode, maxFileBytes, maxTextBytes } from './source.ts';
import type { ComposeSettings } from './steps.ts';
import type { FoundFile } from './walk.ts';

/** One file as the scan sees it. */
export interface Looked {
  readonly found: FoundFile;
  /** Null: its bytes could not be had, and `fault` says why. */
  readonly file: CachedFile | null;
  readonly fault: ContentProblem | null;
  /** The package that reads its format is not installed: the file stays as it is. */
  readonly missing?: { readonly package: string; readonly format: string };
}

export interface FileReader {
  /** Null: the file is gone since it was listed. */
  look(found: FoundFile): Promise<Looked | null>;
  filesRead(): number;
}

interface ReaderInput {
  readonly parser: ParserOptions;
  readonly cache: ScanCache | null;
  readonly disk: ContentDisk;
  readonly now: () => number;
  readonly settings: ComposeSettings;
  readonly includes: IncludeFiles;
  readonly packages: Packages | null;
  readonly lint: FileLinter;
}

const tries = 3;

/** A reader for one scan. */
export function fileReader(input: ReaderInput): FileReader {
  const { cache, disk, includes } = input;
  let count = 0;
  let parse: ((file: FileSource) => ParsedFile) | null = null;

  async function look(found: FoundFile): Promise<Looked | null> {
    const { path, sidecar } = found;
    const fault = (message: string, at = path, severity: 'error' | 'warning' = 'error'): Looked => ({
      found,
      file: null,
      fault: { path: at, line: null, column: null, message, severity },
    });
    if (sidecar !== null && 'fault' in sidecar) return fault(sidecar.fault, sidecar.path);
    const hit = cache?.get(path, stampOf(found.stat, sidecar?.stat)) ?? null;
    if (hit?.fresh && includes.compare(hit.file.includes ?? []) === 'stamp') return { found, file: hit.file, fault: null };
    const recordedMs = input.now();
    let own: Settled;
    let beside: Settled | null = null;
    try {
      own = readSettled(disk, found.real, 'own');
    } catch (thrown) {
      return isGone(thrown) ? null : fault(`cannot be read (${errnoOf(thrown)})`);
    }
    try {
      if (sidecar !== null) beside = readSettled(disk, sidecar.absolute);
    } catch (thrown) {
      return fault(`the sidecar cannot be read (${errnoOf(thrown)})`, sidecar?.path);
    }
    count += beside === null ? 1 : 2;
    const bad = faultOf(own) ?? (beside === null ? null : faultOf(beside));
    if (bad !== null) return fault(bad.message, faultOf(own) === null ? sidecar?.path : path, bad.severity);
    const digest = digestOf(own, beside);
    const before =
      hit !== null && ownDigest(hit.file) === digest && includes.compare(hit.file.includes ?? []) !== 'other' ? hit.file : null;
    const made = before === null ? await parsed(found, digest, own.bytes, beside?.bytes ?? null) : refreshed(before, includes);
    if ('package' in made) return { found, file: null, fault: null, missing: made };
    const file = withIncludes(made);
    const facts = {
      stamp: stampOf(own.stat, beside?.stat),
      changedMs: Math.max(own.stat.changedMs, beside?.stat.changedMs ?? 0, includes.changedMs(file.includes ?? [])),
      recordedMs,
    };
    cache?.put(path, file, facts);
    return { found, file, fault: null };
  }

  async function parsed(found: FoundFile, digest: string, own: Uint8Array, beside: Uint8Array | null): Promise<CachedFile | Missing> {
    const sidecarPath = found.sidecar?.path ?? found.path;
    const extractor = await extractorOf(found.path, input.packages);
    const extracted = extractor === null ? null : await extractor(own);
    if (extracted?.kind === 'missing') return extracted;
    const text = extracted === null ? decode(own) : { ok: true as const, text: '' };
    const besideText = beside === null ? null : decode(beside);
    const undecoded = (path: string, bad: { readonly message: string; readonly line: number | null }): CachedFile => ({
      digest,
      documents: [],
      problems: [{ path, line: bad.line, column: null, message: bad.message, severity: 'error' }],
      ids: [],
      bodyStart: 0,
      head: '',
    });
    if (isLfsPointer(own)) return undecoded(found.path, { message: lfsWords, line: null });
    if (extracted?.kind === 'unreadable') return undecoded(found.path, { message: extracted.why, line: null });
    if (!text.ok) return undecoded(found.path, text);
    if (besideText?.ok === false) return undecoded(sidecarPath, besideText);
    // The parsers are loaded only when there is something to parse: they cost more than a whole scan in which nothing changed.
    parse ??= (await import('./parse.ts')).fileParser(input.parser);
    const sidecar = besideText === null ? null : { path: sidecarPath, text: besideText.text };
    const { path } = found;
    const result = parse({ path, text: text.text, sidecar });
    const head = sha256(text.text.slice(0, result.bodyStart));
    if (extracted !== null) {
      const made = { digest, ...asFile(result, extracted, digest), head };
      return claimed(await input.lint.linted(made, { path, text: extracted.text, hasLines: false, sidecar }), result);
    }
    const { examine } = await import('./examine.ts');
    const examined = await examine({ path, text: text.text, parsed: result, settings: input.settings, files: includes });
    return claimed(await input.lint.linted({ digest, ...examined, head }, { path, text: text.text, hasLines: true, sidecar }), result);
  }

  return { look, filesRead: () => count };
}

const lfsWords =
  'is a pointer of Git LFS and not the file itself: have git lfs pull fetch it; content.git does not, so keep such a file out of LFS';
const lfsHead = Buffer.from('version https://git-lfs.github.com/spec/');

/** Pushed as it is, it would teach the bot an address and a checksum. At most 1 KiB by LFS's own specification. */
function isLfsPointer(bytes: Uint8Array): boolean {
  return bytes.length < 1_024 && Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, lfsHead.length)).equals(lfsHead);
}

/** What the file says of its documents is kept where they are not. */
function claimed(file: CachedFile, { claims, ids, statesAudience }: ParsedFile): CachedFile {
  const said: CachedFile = statesAudience === true ? { ...file, statesAudience: true } : file;
  if (said.documents.length > 0 || claims.length === 0) return said;
  // Lint gives another id to what it found a secret in.
  const told = new Map(ids.map((id, index) => [id, file.ids.length === ids.length ? (file.ids[index] ?? id) : id]));
  return { ...said, claims: claims.map((claim) => ({ ...claim, id: told.get(claim.id) ?? claim.id })) };
}

type Missing = Extract<Extracted, { readonly kind: 'missing' }>;
type ExtractedText = Extract<Extracted, { readonly kind: 'text' }>;

/** Packages for binary documents are asked for only where there is one; null: those of this installation. */
async function extractorOf(path: string, packages: Packages | null) {
  if (!/\.(?:pdf|docx)$/i.test(path)) return null;
  const { extractorFor, installed } = await import('./formats/extract.ts');
  return extractorFor(path, packages ?? installed);
}

/** The article of a binary document is the file itself. */
function asFile(parsed: ParsedFile, { title, mediaType }: ExtractedText, digest: string): Omit<CachedFile, 'digest' | 'head'> {
  const { documents, problems, ids, bodyStart, isTitled } = parsed;
  const files = documents.map((document): Document => {
    if (document.kind !== 'article') return document;
    const own = isTitled ? document.title : (title ?? document.title);
    return { ...document, kind: 'file', mediaType, digest: ownPart(digest), title: own, body: fingerprint(ownPart(digest)) };
  });
  return { documents: files, problems, ids, bodyStart };
}

/** The digest with those of what the file includes: with one of them changed, everything made of the file is made anew. */
function withIncludes(file: CachedFile): CachedFile {
  if (file.includes === undefined || file.includes.length === 0) return file;
  return { ...file, digest: `${ownDigest(file)} & ${fingerprint(file.includes.map(({ path, digest }) => ({ path, digest })))}` };
}

/** Of the file and its sidecar alone. */
export function ownDigest({ digest }: CachedFile): string {
  return digest.split(' & ')[0] ?? digest;
}

/** Of the file alone. */
function ownPart(digest: string): string {
  return digest.split(' ')[0] ?? digest;
}

/** Touched, with the same bytes: only the stats are new. */
function refreshed(file: CachedFile, includes: IncludeFiles): CachedFile {
  return file.includes === undefined ? file : { ...file, includes: includes.refreshed(file.includes) };
}

interface Settled {
  readonly bytes: Uint8Array;
  readonly stat: { readonly stamp: string; readonly changedMs: number };
  /** Bytes that it may have. */
  readonly limit: number;
  readonly state: 'whole' | 'too large' | 'changing' | 'no file';
}

/** Reads again while the file changes under the reader's hands, at most three times. */
function readSettled(disk: ContentDisk, path: string, own?: 'own'): Settled {
  const limit = limitOf(path);
  for (let left = tries; ; left -= 1) {
    const { bytes, before, after } = disk.read(path, limit, own);
    if (bytes === null) return { bytes: new Uint8Array(), stat: before, limit, state: before.kind === 'file' ? 'too large' : 'no file' };
    if (before.stamp === after.stamp && bytes.length === before.size) return { bytes, stat: before, limit, state: 'whole' };
    if (left <= 1) return { bytes, stat: before, limit, state: 'changing' };
  }
}

function faultOf(read: Settled): { readonly message: string; readonly severity: 'error' | 'warning' } | null {
  switch (read.state) {
    case 'whole':
      return null;
    case 'too large':
      return { message: tooLarge(read.limit), severity: 'error' };
    case 'no file':
      return { message: 'is no regular file any more', severity: 'error' };
    case 'changing':
      return { message: 'changes while it is read: left as it is until it rests', severity: 'warning' };
  }
}

/** Binary documents hold pictures; a text of that size is written by no hand. */
function limitOf(path: string): number {
  return /\.(?:pdf|docx)$/i.test(path) ? maxFileBytes : maxTextBytes;
}

function tooLarge(limit: number): string {
  const size = `is larger than ${limit / 1024 / 1024} MiB`;
  return limit === maxTextBytes ? `${size} of text: not read; make several documents of it` : `${size}: not read`;
}

function stampOf(own: { readonly stamp: string }, beside: { readonly stamp: string } | undefined): string {
  return beside === undefined ? own.stamp : `${own.stamp} + ${beside.stamp}`;
}

function digestOf(own: Settled, beside: Settled | null): string {
  const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  return beside === null ? hash(own.bytes) : `${hash(own.bytes)} + ${hash(beside.bytes)}`;
}

/** See Scan.text. */
export function textNow(document: Document, looked: Looked | undefined, disk: ContentDisk): string {
  if (document.kind === 'qa') return `${document.question}\n\n${document.answer}`;
  if (document.kind !== 'article') return '';
  const { found, file } = looked ?? { found: null, file: null };
  if (found === null || file === null) throw stale(document, 'is not among the files of the scan');
  const sidecar = found.sidecar !== null && 'absolute' in found.sidecar ? found.sidecar : null;
  let own: Settled;
  let beside: Settled | null;
  try {
    own = readSettled(disk, found.real, 'own');
    beside = sidecar === null ? null : readSettled(disk, sidecar.absolute);
  } catch (thrown) {
    throw stale(document, isGone(thrown) ? 'is gone since it was scanned' : `cannot be read (${errnoOf(thrown)})`);
  }
  const decoded = decode(own.bytes);
  if (own.state !== 'whole' || !decoded.ok) throw stale(document, 'cannot be read any more as it was');
  const { text } = decoded;
  if (digestOf(own, beside) === ownDigest(file)) return bodyOf(text, file.bodyStart);
  // Only a body may change between scan and push: a new head may have put the document behind a fence.
  const besideSame = beside === null || digestOf(own, beside).split(' + ')[1] === ownDigest(file).split(' + ')[1];
  const ends = file.bodyStart === text.length || text[file.bodyStart - 1] === '\n';
  const headSame = file.bodyStart === 0 ? !/^(---|\+\+\+)/.test(text) : ends && sha256(text.slice(0, file.bodyStart)) === file.head;
  if (!besideSame || !headSame) throw stale(document, 'has other front matter than when it was scanned');
  return bodyOf(text, file.bodyStart);
}

/** The whole file as it is now, for saying where in it something stands; '' where it cannot be had. */
export function sourceNow(looked: Looked | undefined, disk: ContentDisk): string {
  try {
    const decoded = looked === undefined ? null : decode(readSettled(disk, looked.found.absolute).bytes);
    return decoded?.ok === true ? decoded.text : '';
  } catch {
    return '';
  }
}

/** A document's own text as it is now, of whatever format, and whether it is the one that was scanned. Throws as `textNow` does. */
export async function ownTextNow(
  document: Document,
  looked: Looked | undefined,
  { disk, packages }: { readonly disk: ContentDisk; readonly packages: Packages | null },
): Promise<TextNow> {
  if (document.kind !== 'file') {
    const text = document.kind === 'url' ? document.link : textNow(document, looked, disk);
    return { text, syntax: null, current: document.kind !== 'article' || fingerprint(text) === document.body };
  }
  let own: Settled | null = null;
  try {
    own = looked === undefined ? null : readSettled(disk, looked.found.real, 'own');
  } catch (thrown) {
    throw stale(document, isGone(thrown) ? 'is gone since it was scanned' : `cannot be read (${errnoOf(thrown)})`);
  }
  if (own === null || own.state !== 'whole' || ownPart(digestOf(own, null)) !== document.digest)
    throw stale(document, 'changed since it was scanned');
  const extractor = await extractorOf(document.path, packages);
  const extracted = extractor === null ? null : await extractor(own.bytes);
  if (extracted?.kind !== 'text') throw stale(document, 'cannot be read any more as it was');
  return { text: extracted.text, syntax: extracted.syntax, current: true };
}

function stale(document: Document, what: string): SyncError {
  return new SyncError('DOCUMENT_REFUSED', {
    message: `${document.id === document.path ? document.path : `${document.id} (${document.path})`} ${what}`,
    next: 'nothing: the next sync looks at it anew',
    facts: { retry: 'later' },
  });
}
