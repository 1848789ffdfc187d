// Bytes of a file → text, and where its front matter ends. Pure, and free of packages: a run in which nothing changed loads no parser.
import { isUtf8 } from 'node:buffer';

/** Part of the key of the scan cache: raise it whenever the parser would make other documents or problems of the same file. */
export const parserVersion = 6;

/** Larger files give no documents: nobody writes one by hand, and reading it would block the loop. */
export const maxFileBytes = 16 * 1024 * 1024;

/** The same for text: the grammars of Markdown take seconds a mebibyte of what is made to keep them busy, and nothing else runs meanwhile. */
export const maxTextBytes = 1024 * 1024;

export type Decoded =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string; readonly line: number | null };

/** UTF-8 bytes as text without byte order mark, with LF line ends; or what is wrong with them, and in which line. */
export function decode(bytes: Uint8Array): Decoded {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { ok: false, message: wrongEncoding('UTF-16 little endian'), line: 1 };
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { ok: false, message: wrongEncoding('UTF-16 big endian'), line: 1 };
  const nul = bytes.indexOf(0);
  if (nul >= 0) return { ok: false, message: 'holds a NUL byte: not a text file', line: lineAt(bytes, nul) };
  if (!isUtf8(bytes)) return { ok: false, message: 'is not valid UTF-8; save it as UTF-8', line: firstBadLine(bytes) };
  return { ok: true, text: new TextDecoder().decode(bytes).replace(/\r\n?/g, '\n') };
}

function wrongEncoding(name: string): string {
  return `is ${name}; save it as UTF-8`;
}

function lineAt(bytes: Uint8Array, end: number): number {
  let line = 1;
  for (let at = bytes.indexOf(10); at >= 0 && at < end; at = bytes.indexOf(10, at + 1)) line += 1;
  return line;
}

function firstBadLine(bytes: Uint8Array): number {
  let start = 0;
  for (let line = 1; ; line += 1) {
    const end = bytes.indexOf(10, start);
    if (end < 0 || !isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
}

export type HeadLanguage = 'yaml' | 'toml' | 'json';

export type Head =
  /** No front matter. `unclosed`: it opens like one and never closes. */
  | { readonly kind: 'none'; readonly unclosed: boolean }
  /** `text` begins with the line break that ends the opening fence, so that its line numbers are the file's. */
  | { readonly kind: 'block'; readonly language: HeadLanguage; readonly text: string; readonly bodyStart: number }
  /** A block in some other language: never run, never sent. */
  | { readonly kind: 'foreign'; readonly language: string };

const languages: { readonly [name: string]: HeadLanguage } = { '': 'yaml', yaml: 'yaml', yml: 'yaml', toml: 'toml', json: 'json' };
const codeLanguages = /^(js|javascript|mjs|cjs|ts|typescript|coffee|coffeescript|cson)$/i;

/** Finds the front matter block of a text with LF line ends; whether it is one is for the parser to say. */
export function findHead(text: string): Head {
  const firstEnd = text.indexOf('\n');
  const first = (firstEnd < 0 ? text : text.slice(0, firstEnd)).trimEnd();
  const opening = /^(---|\+\+\+)([ \t]*)([^\s-].*)?$/.exec(first);
  if (opening === null) return { kind: 'none', unclosed: false };
  const fence = opening[1] ?? '---';
  const word = opening[3] ?? '';
  const language = fence === '+++' ? (word === '' ? 'toml' : undefined) : Object.hasOwn(languages, word) ? languages[word] : undefined;
  const closing = firstEnd < 0 ? null : findClosing(text, firstEnd, fence);
  if (language !== undefined) {
    if (closing === null) return { kind: 'none', unclosed: true };
    return { kind: 'block', language, text: text.slice(firstEnd, closing.start), bodyStart: closing.end };
  }
  if (codeLanguages.test(word)) return { kind: 'foreign', language: word };
  // `---word` above a closing fence is a block in a language we do not know; `--- some words` is text.
  const glued = fence === '---' && opening[2] === '' && /^[\w+-]+$/.test(word);
  return glued && closing !== null ? { kind: 'foreign', language: word } : { kind: 'none', unclosed: false };
}

function findClosing(text: string, from: number, fence: string): { readonly start: number; readonly end: number } | null {
  for (let at = text.indexOf(`\n${fence}`, from); at >= 0; at = text.indexOf(`\n${fence}`, at + 1)) {
    const lineEnd = text.indexOf('\n', at + 1);
    const line = text.slice(at + 1, lineEnd < 0 ? undefined : lineEnd);
    if (line.trimEnd() === fence) return { start: at, end: lineEnd < 0 ? text.length : lineEnd + 1 };
  }
  return null;
}

/** The author's body: what follows the front matter, without blank lines around it, so that adding front matter changes nothing. */
export function bodyOf(text: string, bodyStart: number): string {
  return text
    .slice(bodyStart)
    .replace(/^(?:[ \t]*\n)+/, '')
    .trimEnd();
}
