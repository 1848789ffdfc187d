// Folders for whole histories: real files in a temporary folder, really scanned, once, and then handed to as many runs as a test needs.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadConfig } from '../../src/config/load.ts';
import { scanContent } from '../../src/content/scan.ts';
import type { Folder } from '../../src/cycle/folder.ts';
import type { Config } from '../../src/model/config.ts';
import { openScanCache } from '../../src/state/scan-cache.ts';
import { vendorKeys } from '../../src/workspace/vendors.ts';

/** Path → text; null removes a file. */
export type FileChanges = Readonly<Record<string, string | null>>;

export interface ScannedFolder {
  readonly dir: string;
  write(files: FileChanges): void;
  /** One look at the folder as it is now. `include` narrows content.include. */
  scan(nowMs: number, include?: readonly string[]): Promise<Folder>;
  remove(): void;
}

/** A content folder of its own. Remove it. */
export function scannedFolder(): ScannedFolder {
  const dir = mkdtempSync(join(tmpdir(), 'kbsync-history-'));
  mkdirSync(join(dir, 'content'));
  // As in the real program, what was rendered once is remembered; but nothing of it lies on a disk.
  const cache = openScanCache('scan.cache', { read: () => null, write: () => {} });
  const configs = new Map<string, Config>();
  return {
    dir,
    write(files) {
      for (const [path, text] of Object.entries(files)) {
        const file = join(dir, 'content', path);
        mkdirSync(dirname(file), { recursive: true });
        if (text === null) rmSync(file, { force: true });
        else writeFileSync(file, text);
      }
    },
    async scan(nowMs, include = ['**/*.md']) {
      const key = JSON.stringify(include);
      const config = configs.get(key) ?? (await configOf(dir, key));
      configs.set(key, config);
      const targetNames = config.targets.map(({ name }) => name);
      const input = { content: config.content, rules: [], targetNames, neverEnter: [], cache, now: () => nowMs };
      return { scan: await scanContent(input), commit: 'c0ffee', prefix: '', commitOf: () => 'c0ffee', cache };
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** A configuration whose one target has a fence. */
async function configOf(dir: string, include: string): Promise<Config> {
  const content = `{ root: ./content, include: ${include}, defaults: { audience: public } }`;
  const target = '{ name: bot, vendor: sitegpt, sandbox: true, audience: [public] }';
  writeFileSync(join(dir, 'sync.config.yaml'), `version: 1\nname: docs\ncontent: ${content}\ntargets:\n  - ${target}\n`);
  return (await loadConfig({ file: null, cwd: dir, env: {}, vendors: vendorKeys() })).config;
}
