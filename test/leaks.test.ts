// The watch over the planted secret, seen to find one: in a file that is cleaned away, in a compressed one, in what a program prints.
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { holdsPlanted, planted } from './support/planted.ts';

const found = (globalThis as unknown as { readonly plantedLeaks: Set<string> }).plantedLeaks;

afterEach(() => found.clear());

function cleanedAway(path: string, content: string | Uint8Array): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'kbsync-leak-'));
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), content);
  rmSync(folder, { recursive: true });
  return [...found].map((file) => file.slice(folder.length + 1));
}

describe('a planted secret that comes out fails the run', () => {
  it.each([
    ['state/bot.json', `{"error":"${planted}"}`],
    ['state/history.jsonl', `{"header":"${Buffer.from(`user:${planted}`).toString('base64')}"}`],
    ['state/texts/bot/1.gz', gzipSync(`the key is ${planted}`)],
    ['daemon.log', `${planted.slice(0, 8)}\n  ${planted.slice(8)}`],
    [`state/${planted}.json`, ''],
  ])('in %s', (path, content) => {
    expect(cleanedAway(path, content)).toEqual([path]);
  });

  it.each([
    ['sync.config.yaml', planted],
    ['.env', planted],
    ['state/bot.json', 'planted-secret-4712'],
  ])('not in %s, where it belongs or is another', (path, content) => {
    expect(cleanedAway(path, content)).toEqual([]);
  });

  it('in what a program prints, on either stream and however it was started', async () => {
    const script = `console.log('out ${planted.slice(0, 5)}' + '${planted.slice(5)}')`;
    await promisify(execFile)(process.execPath, ['-e', script.replace('log', 'error')]);
    expect([...found].join()).toContain('what');
    found.clear();
    const child = spawn(process.execPath, ['-e', script]);
    await new Promise((resolve) => child.on('close', resolve));
    expect([...found].join()).toContain(`out ${planted}`);
  });

  it('knows the forms that it is looked for in', () => {
    expect(holdsPlanted(Buffer.from(`ab${planted}c`).toString('base64url'))).toBe(true);
    expect(holdsPlanted(Buffer.from(planted).toString('hex'))).toBe(true);
    expect(holdsPlanted('planted-secret')).toBe(false);
  });
});
