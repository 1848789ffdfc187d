// The one secret that every world, bot and program of the tests is given, and the search for it in whatever they leave behind.
import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Stands in configurations, environments and the emulators' ideas of who may come in; nowhere else. */
export const planted = 'planted-secret-4711';

const bytes = Buffer.from(planted);
/** In base64 with each of the three shifts that what stands before can give it, without the ends that hang on the neighbours. */
const base64 = [0, 1, 2].map((shift) =>
  Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replace(/=+$/, '')
    .slice(shift === 0 ? 0 : shift + 1, -1),
);
const forms = [planted, ...base64, bytes.toString('hex')];

/** Whether a text holds the planted secret: as it is, in base64, in hexadecimal, or broken over lines. */
export function holdsPlanted(text: string): boolean {
  if (forms.some((form) => text.includes(form))) return true;
  return text.includes('planted') && text.replace(/\\n|[\r\n]+[ \t]*/g, '').includes(planted);
}

/** What tests write themselves, with the secret in it by design: configurations, `.env` and secret files, documents, connectors. */
const inputs = /^(?:sync\.config\.ya?ml|.*\.(?:mjs|secret)|\.env|content|docs|node_modules|\.git|kbsync-content-.*)$/;

/** The files below a folder, compressed ones among them, that hold the planted secret. Links are not followed. */
export function plantedIn(folder: string): readonly string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (inputs.test(entry.name)) return [];
    if (entry.isDirectory()) return plantedIn(path);
    return entry.isFile() && (holdsPlanted(entry.name) || holdsPlanted(textOf(path))) ? [path] : [];
  });
}

function entriesOf(folder: string): readonly Dirent[] {
  if (inputs.test(basename(folder))) return [];
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    const content = readFileSync(path);
    return (content[0] === 0x1f && content[1] === 0x8b ? gunzipSync(content) : content).toString('latin1');
  } catch {
    return '';
  }
}
