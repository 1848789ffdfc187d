// Binary documents → text, by packages that are optional: loaded only when such a file is there, and named where they are missing.
import type { Syntax } from '../compose.ts';

/** What a file gave. missing: the package that reads this format is not installed. */
export type Extracted =
  | { readonly kind: 'text'; readonly text: string; readonly syntax: Syntax; readonly title: string | null; readonly mediaType: string }
  | { readonly kind: 'missing'; readonly package: string; readonly format: string }
  | { readonly kind: 'unreadable'; readonly why: string };

/** Reads the bytes of a file. Never throws for what is in them. */
export type Extractor = (bytes: Uint8Array) => Promise<Extracted>;

/** How the optional packages are loaded; each throws Node's own error where it is not installed. */
export interface Packages {
  readonly unpdf: () => Promise<typeof import('unpdf')>;
  readonly mammoth: () => Promise<typeof import('mammoth')>;
}

/** Those of this installation. */
export const installed: Packages = { unpdf: () => import('unpdf'), mammoth: () => import('mammoth') };

/** The reader of a file's format, by its name; null where the file is no binary document. */
export function extractorFor(path: string, packages: Packages): Extractor | null {
  if (/\.pdf$/i.test(path)) return (bytes) => readPdf(bytes, packages);
  return /\.docx$/i.test(path) ? (bytes) => readDocx(bytes, packages) : null;
}

async function readPdf(bytes: Uint8Array, packages: Packages): Promise<Extracted> {
  const found = await optional(packages.unpdf);
  if (found === null) return { kind: 'missing', package: 'unpdf', format: '.pdf' };
  try {
    // The package keeps the array it is given: it gets a copy.
    const pdf = await found.getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 });
    const { text } = await found.extractText(pdf, { mergePages: false });
    const { info } = await found.getMeta(pdf);
    const title = typeof info?.['Title'] === 'string' && info['Title'].trim() !== '' ? info['Title'].trim() : null;
    const pages = text.map((page) => page.replace(/(?<![ \t])[ \t]+$/gm, '').trim()).filter((page) => page !== '');
    if (pages.length === 0) return { kind: 'unreadable', why: 'holds no text: a scan perhaps, which would have to be read by eye' };
    return { kind: 'text', text: pages.join('\n\n'), syntax: 'plain', title, mediaType: 'application/pdf' };
  } catch (thrown) {
    return { kind: 'unreadable', why: `cannot be read as PDF (${reasonOf(thrown)})` };
  }
}

/** The package knows headings; what Word calls the title is one, too, and the first. */
const wordStyles = ["p[style-name='Title'] => h1:fresh", 'p.Title => h1:fresh'];

async function readDocx(bytes: Uint8Array, packages: Packages): Promise<Extracted> {
  const found = await optional(packages.mammoth);
  if (found === null) return { kind: 'missing', package: 'mammoth', format: '.docx' };
  try {
    // A CommonJS package: its functions stand below `default`, whatever its types say.
    const { convertToHtml, images } = 'default' in found ? (found.default as typeof found) : found;
    // Pictures would be put in as long texts; a reader gets their description.
    const convertImage = images.imgElement(async () => ({ src: '' }));
    const { value } = await convertToHtml({ buffer: Buffer.from(bytes) }, { convertImage, styleMap: wordStyles });
    const { parseHtml, titleOfHtml } = await import('./html.ts');
    const mediaType = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
    return { kind: 'text', text: value, syntax: 'html', title: titleOfHtml(parseHtml(value, 'page')), mediaType };
  } catch (thrown) {
    return { kind: 'unreadable', why: `cannot be read as DOCX (${reasonOf(thrown)})` };
  }
}

/** Null where the package is not installed. */
async function optional<Module>(load: () => Promise<Module>): Promise<Module | null> {
  try {
    return await load();
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : null;
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') return null;
    throw thrown;
  }
}

function reasonOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0]?.slice(0, 200) ?? '';
}
