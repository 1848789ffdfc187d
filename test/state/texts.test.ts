// The texts last given: kept once, found again, lost without harm, ten thousand of them in a few seconds.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sha256 } from '../../src/model/json.ts';
import { nodeDisk } from '../../src/state/disk.ts';
import { openTexts } from '../../src/state/texts.ts';
import { memoryDisk } from '../../src/testkit/faults.ts';
import { cpuMs } from '../support/cpu-time.ts';

const dir = '/state/texts/support';
const given = (text: string) => ({ parts: [{ key: '', title: 'Títle', text }], body: `# ${text}` });

it('keeps each payload once and gives it back', () => {
  const disk = memoryDisk();
  const texts = openTexts(disk, dir);
  const fingerprint = sha256('a');
  expect(texts.get(fingerprint)).toBeNull();
  texts.put(fingerprint, given('hello'));
  const { length } = Object.keys(disk.files());
  texts.put(fingerprint, given('not written again'));
  expect(Object.keys(disk.files())).toHaveLength(length);
  expect(openTexts(disk, dir).get(fingerprint)).toEqual(given('hello'));
});

it('takes what is damaged for lost, and writes over what is empty', () => {
  const disk = memoryDisk();
  const texts = openTexts(disk, dir);
  for (const bad of ['', 'not gzip', '\u001f\u008b']) {
    disk.plant(`${dir}/f1.gz`, bad);
    expect(texts.get('f1')).toBeNull();
  }
  disk.plant(`${dir}/f1.gz`, '');
  texts.put('f1', given('again'));
  expect(texts.get('f1')).toEqual(given('again'));
});

it('sweeps all but the living, what dead writers left included', () => {
  const disk = memoryDisk();
  const texts = openTexts(disk, dir);
  for (const name of ['f1', 'f2', 'f3']) texts.put(name, given(name));
  disk.plant(`${dir}/.f9.gz.1.tmp`, 'x');
  texts.sweep(new Set(['f2']));
  expect(disk.list(dir)).toEqual(['f2.gz']);
  openTexts(disk, '/state/texts/never').sweep(new Set());
});

it('never leaves its folder', () => {
  const disk = memoryDisk();
  openTexts(disk, dir).put('../../../etc/x', given('x'));
  expect(Object.keys(disk.files()).every((path) => path.startsWith(dir))).toBe(true);
});

it('takes ten thousand in a few seconds', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kbsync-texts-'));
  try {
    const texts = openTexts(nodeDisk(), join(folder, 'texts', 'support'));
    const text = 'How to reset a password, step by step. '.repeat(100);
    const started = cpuMs();
    for (let index = 0; index < 10_000; index += 1) texts.put(`f${index}`, given(`${text}${index}`));
    expect(cpuMs() - started).toBeLessThan(15_000);
    expect(texts.get('f9999')).toEqual(given(`${text}9999`));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
