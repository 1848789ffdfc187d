import { describe, expect, it } from 'vitest';
import type { ScanCache as WantedCache } from '../../src/content/scan.ts';
import { type CachedFile, openScanCache, type ScanCache, type ScanCacheIo } from '../../src/state/scan-cache.ts';

function memory(text: string | null = null): ScanCacheIo & { text: string | null; writes: number } {
  return {
    text,
    writes: 0,
    read() {
      return this.text;
    },
    write(_path, written) {
      this.text = written;
      this.writes += 1;
    },
  };
}

const file = (digest: string): CachedFile => ({ digest, documents: [], problems: [], ids: ['x'], bodyStart: 3, head: 'h' });
const facts = { stamp: 's', changedMs: 1_000, recordedMs: 10_000 };
const head = { key: '', title: 'T', bytes: 3, fingerprint: 'f' };

async function filled(io: ScanCacheIo): Promise<ScanCache> {
  const cache = openScanCache('scan.cache', io);
  cache.begin('key');
  cache.put('a.md', file('d'), facts);
  cache.putHeads('a.md', 'a', 'render', [head]);
  await cache.save();
  return cache;
}

describe('scan cache', () => {
  it('is what the content stage asks for', () => {
    const cache: WantedCache = openScanCache('scan.cache', memory());
    expect(cache.get('a.md', 's')).toBeNull();
  });

  it('comes back as it was saved', async () => {
    const io = memory();
    await filled(io);
    const again = openScanCache('scan.cache', io);
    again.begin('key');
    expect(again.get('a.md', 's')).toEqual({ file: file('d'), fresh: true });
    expect(again.get('a.md', 'other')?.fresh).toBe(false);
    expect(again.heads('a.md', 'a', 'render')).toEqual([head]);
    expect(again.heads('a.md', 'a', 'other')).toBeNull();
  });

  it('an entry that changed within two seconds of being read proves nothing', () => {
    const cache = openScanCache('scan.cache', memory());
    cache.begin('key');
    for (const [changedMs, fresh] of [
      [7_999, true],
      [8_000, false],
      [10_000, false],
      [99_000, false],
    ] as const) {
      cache.put('a.md', file('d'), { ...facts, changedMs });
      expect(cache.get('a.md', 's')?.fresh).toBe(fresh);
    }
  });

  it('another parse key forgets everything', async () => {
    const io = memory();
    await filled(io);
    const again = openScanCache('scan.cache', io);
    again.begin('other');
    expect(again.get('a.md', 's')).toBeNull();
  });

  it('heads stay with equal bytes and go with others', async () => {
    const cache = await filled(memory());
    cache.put('a.md', file('d'), { ...facts, stamp: 't' });
    expect(cache.heads('a.md', 'a', 'render')).toEqual([head]);
    cache.put('a.md', file('e'), facts);
    expect(cache.heads('a.md', 'a', 'render')).toBeNull();
  });

  it('forgets paths that are gone, and writes only when something changed', async () => {
    const io = memory();
    const cache = await filled(io);
    await cache.save();
    expect(io.writes).toBe(1);
    cache.prune(new Set());
    await cache.save();
    expect(io.writes).toBe(2);
    expect(openScanCache('scan.cache', io).get('a.md', 's')).toBeNull();
  });

  it('keeps the render keys that were used last, up to 32', async () => {
    const io = memory();
    const cache = await filled(io);
    for (let count = 0; count < 40; count += 1) cache.putHeads('a.md', 'a', `r${count}`, [head]);
    await cache.save();
    const again = openScanCache('scan.cache', io);
    const kept = Array.from({ length: 40 }, (_, count) => again.heads('a.md', 'a', `r${count}`)).filter((heads) => heads !== null);
    expect(kept).toHaveLength(31);
    expect(again.heads('a.md', 'a', 'render')).not.toBeNull();
  });

  it.each([
    ['nothing', ''],
    ['no JSON', 'hello\nworld\n'],
    ['another program', '{"version":1}\n[]\n'],
    ['a newer version', '{"kbsync":"scan-cache","version":2,"parseKey":"key","renderKeys":[],"sha256":""}\n[]\n'],
  ])('is silently empty for %s', (_, text) => {
    const cache = openScanCache('scan.cache', memory(text));
    cache.begin('key');
    expect(cache.get('a.md', 's')).toBeNull();
  });

  it('is silently empty when damaged, cut or unreadable', async () => {
    const io = memory();
    await filled(io);
    const whole = io.text ?? '';
    for (const text of [whole.replace('"ids":["x"]', '"ids":["y"]'), whole.slice(0, -10), whole.slice(10)]) {
      expect(openScanCache('scan.cache', memory(text)).get('a.md', 's')).toBeNull();
    }
    const failing: ScanCacheIo = {
      read: () => {
        throw new Error('EIO');
      },
      write: () => undefined,
    };
    expect(openScanCache('scan.cache', failing).get('a.md', 's')).toBeNull();
  });
});
