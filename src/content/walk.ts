// Lists the content folder completely, or says that the list is incomplete and why. Reads names and stats, of contents only ignore files.
// In slices: a daemon's loop is never blocked for long, or the kernel's queue of watch events overflows without an error.
import { setImmediate } from 'node:timers/promises';
import type { ContentProblem } from '../model/document.ts';
import { type ContentDisk, type DiskEntry, type DiskStat, errnoOf, isGone } from './disk.ts';
import { type IgnoreRules, ignoreRules, isIgnored, neverEntered, type Scope } from './ignore.ts';
import { foldersDownTo, isWithin, join, shown } from './walk-paths.ts';

export interface FoundFile {
  /** Relative to the root, forward slashes, NFC. */
  readonly path: string;
  /** As the disk spells it. */
  readonly absolute: string;
  readonly stat: DiskStat;
  /** What it really is, and whether a link led to it. */
  readonly real: string;
  readonly linked: boolean;
  readonly sidecar: FoundSidecar | null;
}

export type FoundSidecar =
  | { readonly path: string; readonly absolute: string; readonly stat: DiskStat }
  /** There is one, and it cannot be used: the document's fence may stand in it. */
  | { readonly path: string; readonly fault: string };

export interface Walk {
  readonly files: readonly FoundFile[];
  /** Files that `beside` names, and that are no documents whatever include says: path → where it lies. */
  readonly beside: ReadonlyMap<string, string>;
  /** Files in scope that are there and cannot be looked at: path → why. */
  readonly unreadable: ReadonlyMap<string, string>;
  readonly problems: readonly ContentProblem[];
  readonly rootMissing: boolean;
  /** Empty: the list is complete. */
  readonly incomplete: readonly string[];
  readonly ignores: IgnoreRules;
  /** Links that were not followed: nothing is known of what they lead to. */
  readonly closed: ReadonlySet<string>;
  /** Sidecars without a document beside them. */
  readonly orphans: readonly { readonly path: string; readonly absolute: string }[];
}

export interface WalkInput {
  readonly root: string;
  readonly scope: Scope;
  readonly gitignore: boolean;
  /** Absolute paths that are never entered. */
  readonly neverEnter: readonly string[];
  readonly disk: ContentDisk;
  readonly pace: Pace;
  /** Files that are wanted though they are no documents. Left out: none. */
  readonly beside?: (path: string) => boolean;
}

/** Called once a file: gives the loop a turn every 200 files or 5 ms. */
export type Pace = () => Promise<void> | null;

/** A pace by a clock in milliseconds. */
export function pacedBy(now: () => number): Pace {
  let count = 0;
  let since = now();
  return () => {
    count += 1;
    if (count < 200 && now() - since < 5) return null;
    return setImmediate().then(() => {
      count = 0;
      since = now();
    });
  };
}

/** Names of sidecars: `reset.kb.yaml` belongs to `reset.md`. */
export const sidecarPattern = /^(.+)\.kb\.ya?ml$/;
const documentPattern = /(?:\.(?:md|mdx|markdown|txt|html?|pdf|docx)|\.qa\.ya?ml)$/i;
/** What somebody wrote for a sidecar, and nobody would read. */
const almostSidecar = /^(.+)\.kb\.(?:json|toml|txt|md)$/i;

interface Place {
  readonly path: string;
  readonly absolute: string;
  readonly real: string;
  /** Null outside links; else the real folders on the way and everything entered since the link. */
  readonly entered: Set<string> | null;
}

type Sidecars = ReadonlyMap<string, readonly DiskEntry[]>;

interface Candidate {
  readonly place: Place;
  readonly path: string;
  readonly absolute: string;
  readonly real: string;
  readonly linked: boolean;
  readonly sidecars: Sidecars;
  /** The name without its extension; null for formats that have no sidecar. */
  readonly stem: string | null;
}

/** Lists the folder. Throws nothing for what is on the disk. */
export async function walkContent(input: WalkInput): Promise<Walk> {
  const { root, disk } = input;
  const files: FoundFile[] = [];
  const beside = new Map<string, string>();
  const unreadable = new Map<string, string>();
  const problems: ContentProblem[] = [];
  const incomplete: string[] = [];
  const closed = new Set<string>();
  const orphans: { path: string; absolute: string }[] = [];
  const ignores = ignoreRules();
  const say = (path: string, severity: 'error' | 'warning', message: string) =>
    problems.push({ path, line: null, column: null, message, severity });
  const done = (rootMissing: boolean): Walk => ({ files, beside, unreadable, problems, rootMissing, incomplete, ignores, closed, orphans });

  let realRoot: string;
  let rootStamp: string;
  try {
    realRoot = disk.real(root);
    const stat = disk.stat(realRoot);
    if (stat.kind !== 'folder') throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' });
    rootStamp = inodeOf(stat);
  } catch (thrown) {
    incomplete.push(
      isGone(thrown) ? `the content folder ${root} does not exist` : `the content folder ${root} cannot be read (${errnoOf(thrown)})`,
    );
    return done(isGone(thrown));
  }
  const forbidden = new Set(input.neverEnter.flatMap((path) => [path, realOr(disk, path)]));
  if (input.gitignore) readRulesAbove(disk, realRoot, ignores, say, incomplete);

  const enterable = (path: string, name: string, absolute: string, real: string): boolean =>
    !neverEntered.has(name) && !forbidden.has(absolute) && !forbidden.has(real) && input.scope.enters(path) && !ignores.ignores(path, true);

  async function visit(place: Place): Promise<void> {
    let entries: readonly DiskEntry[];
    try {
      entries = [...disk.list(place.absolute)].sort((a, b) => (a.name < b.name ? -1 : 1));
      readRules(place, entries);
    } catch (thrown) {
      if (isGone(thrown) && place.path !== '') return;
      const where = place.path === '' ? 'the content folder' : place.path;
      const why = `${where} cannot be read (${errnoOf(thrown)}): what is below it is not known`;
      incomplete.push(why);
      say(place.path === '' ? '.' : place.path, 'error', why);
      return;
    }
    const sidecars = new Map<string, DiskEntry[]>();
    for (const entry of entries) {
      const stem = sidecarPattern.exec(entry.name)?.[1]?.normalize('NFC');
      if (stem !== undefined) sidecars.set(stem, [...(sidecars.get(stem) ?? []), entry]);
    }
    const served = new Set<string>();
    for (const entry of entries) {
      const turn = input.pace();
      if (turn !== null) await turn;
      await look(place, entry, sidecars, served);
    }
    for (const [stem, found] of sidecars) {
      const entry = found[0];
      if (entry === undefined || served.has(stem)) continue;
      const path = join(place.path, entry.name.normalize('NFC'));
      const enough = input.scope.takes(join(place.path, `${stem}.md`)) && !ignores.ignores(path, false);
      // `reset.md.kb.yaml` beside `reset.md`: what it keeps out would get through.
      const meant = entries.find(({ name }) => name.normalize('NFC') === stem && documentPattern.test(name));
      if (meant !== undefined) misnamed(place, entry, meant);
      else if (enough) {
        say(path, 'warning', `a sidecar without its document: there is no ${stem}.md beside it`);
        orphans.push({ path, absolute: `${place.absolute}/${entry.name}` });
      }
    }
    for (const entry of entries) {
      const stem = almostSidecar.exec(entry.name)?.[1]?.normalize('NFC');
      const meant =
        stem === undefined
          ? undefined
          : entries.find(({ name }) => documentPattern.test(name) && [name, name.replace(documentPattern, '')].includes(stem));
      if (meant !== undefined) misnamed(place, entry, meant);
    }
  }

  /** Its document stays as it is: the keys it was meant to have are not known. */
  function misnamed(place: Place, entry: DiskEntry, meant: DiskEntry): void {
    const path = join(place.path, meant.name.normalize('NFC'));
    if (!input.scope.takes(path) || isIgnored(ignores, path)) return;
    const right = `${meant.name.replace(documentPattern, '')}.kb.yaml`;
    const why = `${entry.name} is no name of a sidecar, and is not read: call it ${right}`;
    say(join(place.path, entry.name.normalize('NFC')), 'error', why);
    unreadable.set(path, why);
    const found = files.findIndex((file) => file.path === path);
    if (found >= 0) files.splice(found, 1);
  }

  function readRules(place: Place, entries: readonly DiskEntry[]): void {
    const names = new Set(entries.map((entry) => entry.name));
    const wanted = [...(input.gitignore ? ['.gitignore'] : []), '.kbsyncignore'].filter((name) => names.has(name));
    const texts = wanted.flatMap((name) => readText(disk, `${place.absolute}/${name}`) ?? []);
    if (texts.length > 0) ignores.add(place.path, texts);
  }

  async function look(place: Place, entry: DiskEntry, sidecars: Sidecars, served: Set<string>): Promise<void> {
    const name = entry.name.normalize('NFC');
    const path = join(place.path, name);
    const absolute = `${place.absolute}/${entry.name}`;
    const real = `${place.real}/${entry.name}`;
    if (entry.kind === 'folder') {
      if (!enterable(path, name, absolute, real)) return;
      if (place.entered?.has(real)) return;
      place.entered?.add(real);
      return visit({ path, absolute, real, entered: place.entered });
    }
    if (sidecarPattern.test(entry.name)) return;
    if (entry.kind === 'other') {
      // Opening a pipe would wait for whoever writes into it. What a bot holds under its path stays.
      if (!input.scope.takes(path) || isIgnored(ignores, path)) return;
      unreadable.set(path, noFile);
      say(path, 'warning', `${noFile}: not read`);
      return;
    }
    if (input.beside?.(path) === true) {
      if (entry.kind === 'file' && !ignores.ignores(path, false)) beside.set(path, absolute);
      return;
    }
    const stem = documentPattern.test(name) ? name.replace(documentPattern, '') : null;
    if (stem !== null && sidecars.has(stem)) served.add(stem);
    if (entry.kind === 'link') return lookThrough(place, entry, path, absolute, sidecars, stem);
    if (!input.scope.takes(path) || isIgnored(ignores, path)) return;
    take({ place, path, absolute, real, linked: place.entered !== null, sidecars, stem }, disk.stat);
  }

  async function lookThrough(
    place: Place,
    entry: DiskEntry,
    path: string,
    absolute: string,
    sidecars: Sidecars,
    stem: string | null,
  ): Promise<void> {
    // Only a link that could matter is worth a word.
    const asFile = input.scope.takes(path) && !isIgnored(ignores, path);
    if (!asFile && !enterable(path, entry.name, absolute, absolute)) return;
    let target: DiskStat;
    let real: string;
    try {
      target = disk.follow(absolute);
      real = disk.real(absolute);
    } catch (thrown) {
      if (isGone(thrown)) return void say(path, 'warning', 'a link that leads nowhere: not followed');
      closed.add(path);
      unreadable.set(path, `the link cannot be followed (${errnoOf(thrown)})`);
      return void say(path, 'error', `the link cannot be followed (${errnoOf(thrown)})`);
    }
    if (!isWithin(real, realRoot)) {
      if (target.kind === 'file' && !asFile) return;
      closed.add(path);
      return void say(path, 'warning', 'a link that leads out of the content folder: not followed');
    }
    if (target.kind === 'other') {
      if (asFile) say(path, 'warning', `a link to ${noFile}: not followed`);
      if (asFile) unreadable.set(path, `a link to ${noFile}`);
      return;
    }
    if (target.kind === 'file') {
      if (asFile) take({ place, path, absolute, real, linked: true, sidecars, stem }, disk.follow);
      return;
    }
    const below = real.slice(realRoot.length + 1).split('/');
    if (target.kind !== 'folder' || below.some((name) => neverEntered.has(name)) || [...forbidden].some((folder) => isWithin(real, folder)))
      return;
    if (!enterable(path, entry.name, absolute, real)) return;
    const entered = new Set([...(place.entered ?? []), ...foldersDownTo(realRoot, place.real)]);
    if (entered.has(real)) {
      closed.add(path);
      return void say(path, 'warning', 'a link that leads back to a folder it stands in: not followed');
    }
    // Within one link each real folder is entered once, so that links to each other end.
    const since = place.entered ?? entered;
    since.add(real);
    return visit({ path, absolute, real, entered: since });
  }

  function take(candidate: Candidate, statOf: (path: string) => DiskStat): void {
    const { path, absolute, real, linked } = candidate;
    try {
      const stat = statOf(absolute);
      if (stat.kind !== 'file') return;
      if (controls.test(path)) {
        const why = 'its path has a control character in it: rename it';
        unreadable.set(path, why);
        say(shown(path), 'error', why);
        return;
      }
      const beside = candidate.stem === null ? undefined : candidate.sidecars.get(candidate.stem);
      files.push({ path, absolute, stat, real, linked, sidecar: beside === undefined ? null : sidecarOf(candidate.place, beside) });
    } catch (thrown) {
      const nameless = path.includes('\uFFFD');
      if (isGone(thrown) && !nameless) return;
      const why = nameless ? 'its name is not valid UTF-8: rename it' : `cannot be read (${errnoOf(thrown)})`;
      unreadable.set(path, why);
      say(path, 'error', why);
    }
  }

  function sidecarOf(place: Place, entries: readonly DiskEntry[]): FoundSidecar {
    const [entry, other] = entries;
    const name = entry?.name ?? '';
    const path = join(place.path, name.normalize('NFC'));
    if (other !== undefined) return { path, fault: `two sidecars for one document: ${name} and ${other.name}` };
    const absolute = `${place.absolute}/${name}`;
    try {
      const stat = disk.follow(absolute);
      if (stat.kind !== 'file') return { path, fault: 'a sidecar must be a file' };
      if (entry?.kind === 'link' && !isWithin(disk.real(absolute), realRoot))
        return { path, fault: 'a sidecar that leads out of the content folder' };
      return { path, absolute, stat };
    } catch (thrown) {
      return { path, fault: `the sidecar cannot be read (${errnoOf(thrown)})` };
    }
  }

  await visit({ path: '', absolute: root, real: realRoot, entered: null });
  // A root that was unmounted or replaced meanwhile made its files look deleted.
  if (!sameRoot(disk, realRoot, rootStamp)) incomplete.push('the content folder was replaced while it was read');
  return done(false);
}

const noFile = 'a pipe, a socket or a device instead of a file';

/** Vendors, marks and logs take such a name for two, or cut it: nobody would see which document is meant. */
const controls = /\p{Cc}/u;

function realOr(disk: ContentDisk, path: string): string {
  try {
    return disk.real(path);
  } catch {
    return path;
  }
}

function inodeOf(stat: DiskStat): string {
  return stat.stamp.split(' ').at(-1) ?? '';
}

function sameRoot(disk: ContentDisk, root: string, inode: string): boolean {
  try {
    return inodeOf(disk.stat(root)) === inode;
  } catch {
    return false;
  }
}

/** An ignore file's text; null where it is gone. What cannot be read (too large, a pipe) stops the folder: what it keeps out must not slip in. */
function readText(disk: ContentDisk, path: string): string | null {
  try {
    const { bytes, before } = disk.read(path, 1024 * 1024);
    if (bytes !== null) return new TextDecoder().decode(bytes);
    if (before.kind === 'folder') return null;
    throw Object.assign(new Error(`${path} cannot be used`), { code: before.kind === 'file' ? 'EFBIG' : 'EINVAL' });
  } catch (thrown) {
    if (isGone(thrown) || errnoOf(thrown) === 'EISDIR') return null;
    throw thrown;
  }
}

/** .gitignore files from the folder that holds `.git` down to the root's parent. */
function readRulesAbove(
  disk: ContentDisk,
  realRoot: string,
  ignores: IgnoreRules,
  say: (path: string, severity: 'error' | 'warning', message: string) => void,
  incomplete: string[],
): void {
  const names = realRoot.split('/');
  const folders = names.slice(0, -1).map((_, index) => names.slice(0, index + 1).join('/'));
  const hasGit = (folder: string) => {
    try {
      disk.stat(`${folder}/.git`);
      return true;
    } catch {
      return false;
    }
  };
  if (hasGit(realRoot)) return;
  const top = folders.findLastIndex(hasGit);
  if (top < 0) return;
  for (const folder of folders.slice(top)) {
    try {
      const text = readText(disk, `${folder}/.gitignore`);
      if (text === null || ignores.addAbove(realRoot.slice(folder.length + 1), text)) continue;
      say('.', 'warning', `the content folder itself is ignored by ${folder}/.gitignore: that file is not heeded`);
    } catch (thrown) {
      incomplete.push(`${folder}/.gitignore cannot be read (${errnoOf(thrown)})`);
    }
  }
}
