// The files that documents include, as the disk has them: inside the content root only, and with what it takes to tell later whether one of
// them has changed. Reads nothing twice in its life: one is made for each look at the folder.
import { createHash } from 'node:crypto';
import type { IncludeFact } from './cached-file.ts';
import { type ContentDisk, errnoOf, isGone } from './disk.ts';
import type { Included, IncludeReader } from './includes.ts';
import { decode, maxTextBytes } from './source.ts';

/** What reading a document has asked for, and what came of it. */
export interface IncludeLog {
  readonly read: IncludeReader;
  /** In the order of the first question, what was missing included: it may come. */
  facts(): readonly IncludeFact[];
  /** The latest change of any of them, milliseconds since 1970; 0 where there is none. */
  changedMs(): number;
}

export interface IncludeFiles {
  /** A reader that remembers what it was asked for. */
  log(): IncludeLog;
  /** stamp: nothing has changed, by the stats. bytes: they were touched, and hold the same. */
  compare(facts: readonly IncludeFact[]): 'stamp' | 'bytes' | 'other';
  /** The same facts with the stats of now. */
  refreshed(facts: readonly IncludeFact[]): readonly IncludeFact[];
  changedMs(facts: readonly IncludeFact[]): number;
  /** Whether a path of the content root is there, for links. */
  exists(path: string): 'file' | 'folder' | null;
}

interface Known {
  readonly included: Included;
  readonly digest: string | null;
}

interface Look {
  readonly kind: 'file' | 'folder' | null;
  readonly stamp: string | null;
  readonly changedMs: number;
}

/** `neverEnter`: absolute paths that nothing is included from (the state folder). */
export function includeFiles(root: string, neverEnter: readonly string[], disk: ContentDisk): IncludeFiles {
  const looks = new Map<string, Look>();
  const texts = new Map<string, Known>();
  let realRoot: string | null = null;
  let forbidden: readonly string[] | null = null;

  /** A folder may be named by a link that leads to it. */
  const realOr = (folder: string): string => {
    try {
      return disk.real(folder);
    } catch {
      return folder;
    }
  };

  const look = (path: string): Look => {
    const before = looks.get(path);
    if (before !== undefined) return before;
    let found: Look = { kind: null, stamp: null, changedMs: 0 };
    try {
      const stat = disk.follow(`${root}/${path}`);
      found = { kind: stat.kind === 'file' || stat.kind === 'folder' ? stat.kind : null, stamp: stat.stamp, changedMs: stat.changedMs };
    } catch {
      // Not there, or not to be had: both are no file.
    }
    looks.set(path, found);
    return found;
  };

  const isInside = (path: string): boolean => {
    realRoot ??= disk.real(root);
    const real = disk.real(`${root}/${path}`);
    const within = (folder: string) => real === folder || real.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
    const hidden = real.slice(realRoot.length).split('/').includes('.git');
    forbidden ??= neverEnter.flatMap((folder) => [folder, realOr(folder)]);
    return within(realRoot) && !hidden && !forbidden.some(within);
  };

  const readNow = (path: string): Known => {
    if (look(path).kind !== 'file') return { included: { kind: 'missing' }, digest: null };
    try {
      if (!isInside(path)) return { included: { kind: 'outside' }, digest: null };
      const { bytes } = disk.read(`${root}/${path}`, maxTextBytes);
      if (bytes === null) return { included: { kind: 'unusable', why: `is larger than ${maxTextBytes / 1024 / 1024} MiB` }, digest: null };
      const digest = createHash('sha256').update(bytes).digest('hex');
      const text = decode(bytes);
      if (!text.ok) return { included: { kind: 'unusable', why: text.message }, digest };
      return { included: { kind: 'text', text: text.text }, digest };
    } catch (thrown) {
      if (isGone(thrown)) return { included: { kind: 'missing' }, digest: null };
      return { included: { kind: 'unusable', why: `cannot be read (${errnoOf(thrown)})` }, digest: null };
    }
  };

  const known = (path: string): Known => {
    const found = texts.get(path) ?? readNow(path);
    texts.set(path, found);
    return found;
  };

  const changedMs = (facts: readonly IncludeFact[]) => Math.max(0, ...facts.map(({ path }) => look(path).changedMs));

  return {
    log() {
      const asked = new Map<string, IncludeFact>();
      return {
        read(path) {
          const { included, digest } = known(path);
          asked.set(path, { path, digest, stamp: look(path).stamp });
          return included;
        },
        facts: () => [...asked.values()],
        changedMs: () => changedMs([...asked.values()]),
      };
    },
    compare(facts) {
      if (facts.every(({ path, stamp }) => look(path).stamp === stamp)) return 'stamp';
      return facts.every(({ path, digest }) => known(path).digest === digest) ? 'bytes' : 'other';
    },
    refreshed: (facts) => facts.map(({ path, digest }) => ({ path, digest, stamp: look(path).stamp })),
    changedMs,
    exists: (path) => (path === '' ? 'folder' : look(path).kind),
  };
}
