import { renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { payloadHeads, type RenderOptions } from '../../src/content/render.ts';
import { openScanCache, type ScanCacheIo } from '../../src/state/scan-cache.ts';
import { cpuMs } from '../support/cpu-time.ts';
import { folderWith, ids, scanOf, writeOld } from './folder.ts';

const hour = 3_600_000;
const options: RenderOptions = { format: 'markdown', partBytes: null, titleCharacters: null, attributeKeys: ['tags'] };

/** A cache that is saved and opened again for each scan, as by two commands. */
function commands(root: string) {
  let text: string | null = null;
  const io: ScanCacheIo = {
    read: () => text,
    write: (_path, written) => {
      text = written;
    },
  };
  return async (settings: Parameters<typeof scanOf>[1] = {}) => {
    const cache = openScanCache('scan.cache', io);
    const scan = await scanOf(root, { cache, now: () => Date.now() + hour, ...settings });
    let texts = 0;
    const counted = {
      text: (document: Parameters<typeof scan.text>[0]) => {
        texts += 1;
        return scan.text(document);
      },
    };
    const { heads } = await payloadHeads(counted, scan.documents, options, cache);
    await cache.save();
    return { scan, heads, texts };
  };
}

describe('scan with a cache', () => {
  it('the second scan reads nothing, and finds the same', async () => {
    const root = folderWith({
      'a.md': '---\nkb:\n  faq: [{ q: "Q?", a: A }]\n---\n# A\n',
      'b.md': '---\nkb: { oops: 1 }\n---\n',
      'c.md': '# C',
      'c.kb.yaml': 'audience: x\n',
    });
    const run = commands(root);
    const first = await run();
    expect(first.scan.filesRead).toBe(4);
    expect(first.texts).toBe(3);
    const second = await run();
    expect(second.scan.filesRead).toBe(0);
    expect(second.texts).toBe(0);
    expect(second.scan.documents).toEqual(first.scan.documents);
    expect(second.scan.problems).toEqual(first.scan.problems);
    expect([...second.scan.blockedPaths]).toEqual([...first.scan.blockedPaths]);
    expect(second.heads).toEqual(first.heads);
    expect(second.scan.documents.map((document) => second.scan.text(document))).toEqual(['# A', 'Q?\n\nA', '# C']);
  });

  it('an edit of equal size whose mtime is put back is seen by its ctime', async () => {
    const root = folderWith({ 'a.md': '# One', 'b.md': '# B' });
    const run = commands(root);
    await run();
    const before = statSync(join(root, 'a.md'));
    writeFileSync(join(root, 'a.md'), '# Two');
    utimesSync(join(root, 'a.md'), before.atime, before.mtime);
    expect(statSync(join(root, 'a.md'))).toMatchObject({ size: before.size, mtimeMs: before.mtimeMs, ino: before.ino });
    const { scan, heads } = await run();
    expect(scan.filesRead).toBe(1);
    expect(scan.documents[0]?.title).toBe('Two');
    expect(heads[0]?.title).toBe('Two');
  });

  it('a file that was read while it was young is read again, once', async () => {
    const root = folderWith({ 'a.md': '# A' });
    const run = commands(root);
    await run({ now: () => Date.now() });
    expect((await run()).scan.filesRead).toBe(1);
    const third = await run();
    expect(third.scan.filesRead).toBe(0);
    expect(third.texts).toBe(0);
  });

  it('a touched file is read, and rendered no more', async () => {
    const root = folderWith({ 'a.md': '# A' });
    const run = commands(root);
    await run();
    utimesSync(join(root, 'a.md'), 1_700_000_000, 1_700_000_000);
    const { scan, texts } = await run();
    expect(scan.filesRead).toBe(1);
    expect(texts).toBe(0);
  });

  it('a sidecar that comes, changes or goes is noticed', async () => {
    const root = folderWith({ 'a.md': '# A' });
    const run = commands(root);
    const audience = async () => (await run()).scan.documents[0]?.distribution.audience;
    expect(await audience()).toBeNull();
    writeOld(join(root, 'a.kb.yaml'), 'audience: one\n');
    expect(await audience()).toBe('one');
    writeOld(join(root, 'a.kb.yaml'), 'audience: two\n');
    expect(await audience()).toBe('two');
    renameSync(join(root, 'a.kb.yaml'), join(root, 'z.kb.yaml'));
    expect(await audience()).toBeNull();
  });

  it('rules, front matter settings and target names are part of the key', async () => {
    const root = folderWith({ 'a.md': '---\nother: { id: x }\n---\n# A' });
    const run = commands(root);
    await run();
    expect((await run({ rules: [{ match: '**', set: { audience: 'r' } }] })).scan.documents[0]?.distribution.audience).toBe('r');
    expect(ids((await run({ content: { frontMatter: { key: 'other', map: {} } } })).scan)).toEqual(['x']);
    expect((await run({ targetNames: ['new'] })).scan.filesRead).toBe(1);
    expect((await run({ targetNames: ['new'] })).scan.filesRead).toBe(0);
  });

  it('an incomplete scan forgets nothing', async () => {
    const root = folderWith({ 'a.md': '# A' });
    const run = commands(root);
    await run();
    renameSync(root, `${root}-away`);
    expect((await run()).scan.complete).toBe(false);
    renameSync(`${root}-away`, root);
    expect((await run()).scan.filesRead).toBe(0);
  });

  it('looks at thousands of unchanged files well within a second', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 2_000 }, (_, index) => [`d${index % 40}/f${index}.md`, `---\ntitle: T${index}\n---\nText ${index}\n`]),
    );
    const root = folderWith(files);
    const run = commands(root);
    await run();
    const since = cpuMs();
    const { scan, texts } = await run();
    expect(scan).toMatchObject({ files: 2_000, filesRead: 0 });
    expect(texts).toBe(0);
    // An alarm, not a benchmark: it takes about 60 ms.
    expect(cpuMs() - since).toBeLessThan(2_000);
  });
});
