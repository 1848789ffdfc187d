// Pictures of every page of the status page: desktop and phone, light and dark, into a folder that is named at the end.
//   npm run screenshots                  into a new temporary folder
//   npm run screenshots -- --out shots   into that one
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({ options: { out: { type: 'string' } } });
const folder = values.out === undefined ? mkdtempSync(join(tmpdir(), 'kbsync-screenshots-')) : resolve(values.out);
mkdirSync(folder, { recursive: true });
const words = [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--config', join(root, 'test', 'browser', 'vitest.config.ts')];
const child = spawn(process.execPath, words, { cwd: root, env: { ...process.env, KBSYNC_SCREENSHOTS: folder }, stdio: 'inherit' });
child.on('exit', (code) => {
  process.stdout.write(`${folder}\n`);
  process.exitCode = code ?? 1;
});
