// A content folder on disk for one test, and a scan of it with settings that a test seldom cares about.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from 'vitest';
import { type ContentDisk, nodeDisk } from '../../src/content/disk.ts';
import { type Scan, type ScanInput, scanContent } from '../../src/content/scan.ts';
import type { ContentConfig, Rule } from '../../src/model/config.ts';

export const plainContent: Omit<ContentConfig, 'root'> = {
  include: ['**/*.{md,mdx}'],
  exclude: [],
  gitignore: true,
  site: null,
  variables: {},
  partials: [],
  lint: {},
  frontMatter: { key: 'kb', map: {} },
  defaults: { audience: null },
};

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A temporary folder that holds these files, each changed long ago; removed after the test. */
export function folderWith(files: Record<string, string | Uint8Array>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'kbsync-content-')));
  made.push(root);
  for (const [path, content] of Object.entries(files)) writeOld(join(root, path), content);
  return root;
}

export function writeOld(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  utimesSync(path, 1_600_000_000, 1_600_000_000);
}

export interface Settings extends Partial<Omit<ScanInput, 'content'>> {
  readonly content?: Partial<ContentConfig>;
}

/** An hour after the test began: everything on the disk has rested. */
export const later = () => Date.now() + 3_600_000;

export function scanOf(root: string, settings: Settings = {}): Promise<Scan> {
  const { content, ...rest } = settings;
  return scanContent({
    content: { ...plainContent, root, ...content },
    rules: [] as readonly Rule[],
    targetNames: ['support', 'kore'],
    neverEnter: [],
    cache: null,
    now: later,
    ...rest,
  });
}

/** The real disk with some functions replaced. */
export function diskWith(patch: Partial<ContentDisk>): ContentDisk {
  return { ...nodeDisk, ...patch };
}

export function failure(code: string): Error {
  return Object.assign(new Error(`${code}: made for the test`), { code });
}

/** `path:line message` of each problem, for readable expectations. */
export function told(scan: Scan): readonly string[] {
  return scan.problems.map(({ path, line, severity, message }) => `${severity} ${path}:${line ?? '-'} ${message}`);
}

export const ids = (scan: Scan): readonly string[] => scan.documents.map((document) => document.id);
