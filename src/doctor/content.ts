// The content folder: there, readable, how much of it, on what kind of file system, and whether it can be watched. Reads names, no document.
import { basename, dirname, join } from 'node:path';
import { nodeDisk } from '../content/disk.ts';
import { installed, type Packages } from '../content/formats/extract.ts';
import { contentScope, pathFilter } from '../content/ignore.ts';
import { remoteMountOf } from '../content/mounts.ts';
import { pacedBy, type Walk, walkContent } from '../content/walk.ts';
import { ok, type Row, row, warning, wrong } from './row.ts';
import { counted, quoted, type Scene } from './scene.ts';

/** How many names are told of each kind. */
const mostNames = 3;

/** The folder that the documents lie in. `packages`: readers of binary documents. */
export async function contentRows(scene: Scene, packages: Packages = installed): Promise<readonly Row[]> {
  const { workspace, system } = scene;
  const { content, watch } = workspace.config;
  const { root } = content;
  const isFetched = workspace.source !== null;
  const facts = await system.facts(root).catch((thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown))));
  if (facts instanceof Error) {
    const next = `give the user that runs kbsync read access: ls -ld ${quoted(root)}`;
    return [wrong('content.root', `content.root cannot be read: ${facts.message}`, { where: root, next, code: 'CONTENT_MISSING' })];
  }
  if (facts === null && isFetched)
    return [ok('content.root', 'content.git: nothing is checked out yet', { where: root, next: 'kbsync plan' })];
  if (facts?.kind !== 'folder') {
    const isDead = facts === null && (await system.isLink(root));
    const what = isDead
      ? 'content.root is a link that leads nowhere'
      : facts === null
        ? 'content.root is not there'
        : 'content.root is not a folder';
    const why = 'nothing is pushed, and nothing deleted, until it is there again';
    const mend = `mend content.root in ${basename(workspace.config.file)}`;
    const next = isDead
      ? `ls -l ${quoted(root)} shows where it leads: mount that, or ${mend}`
      : facts === null
        ? `make the folder (mkdir -p ${quoted(root)}), mount it, or ${mend}`
        : `${mend}, or move that file away (mv ${quoted(root)} ${quoted(`${root}.old`)})`;
    return [wrong('content.root', what, { where: root, why, next, code: 'CONTENT_MISSING' })];
  }
  const walk = await walkContent({
    root,
    scope: contentScope(content),
    gitignore: content.gitignore,
    neverEnter: isFetched ? [] : [workspace.config.stateDir],
    disk: nodeDisk,
    pace: pacedBy(workspace.now),
    beside: pathFilter(workspace.config.verify.files, { dot: false }),
  });
  const folders = foldersOf(walk);
  const mountinfo = system.text('/proc/self/mountinfo');
  const mount = mountinfo === null ? null : remoteMountOf(facts.real, mountinfo);
  return [
    countRow(walk, root, folders),
    ...troubleRows(walk, root),
    ...(await packageRows(walk, packages)),
    ...mountRows(mount, watch.polling, root),
    ...(mount === null && watch.polling !== true && !isFetched ? watchRows(scene, folders) : []),
    ...(await caseRows(scene, walk, facts.identity)),
  ];
}

function countRow({ files, incomplete }: Walk, root: string, folders: number): Row {
  if (incomplete.length > 0)
    return wrong('content.root', `the folder cannot be read as a whole: ${incomplete.join('; ')}`, {
      where: root,
      why: 'while that is so nothing is deleted anywhere',
      next: `give the user that runs kbsync read access: ls -lR ${quoted(root)}`,
      code: 'CONTENT_MISSING',
    });
  const what = `${counted(files.length, 'file')} in ${counted(folders, 'folder')}`;
  if (files.length > 0) return ok('content.root', what, { where: root });
  const why = 'content.include and the ignore files leave nothing over; an empty folder deletes nothing, it is held';
  return warning('content.root', 'no file is taken', {
    where: root,
    why,
    next: `put documents there, or widen content.include: ls -R ${quoted(root)}`,
  });
}

/** What a walk met: links that lead out, files that cannot be read. */
function troubleRows({ problems, unreadable }: Walk, root: string): readonly Row[] {
  const links = problems.filter(({ message }) => /^a link that leads/.test(message));
  const rows: Row[] = [];
  const [first] = links;
  if (first !== undefined)
    rows.push(
      warning('content.links', `${counted(links.length, 'link')} not followed: ${named(links.map(({ path }) => path))}`, {
        where: root,
        why: `${first.message.replace(': not followed', '')}: what is there reaches no bot`,
        next: `ls -l ${quoted(join(root, first.path))}; copy the files into the folder, or leave the link out with .kbsyncignore`,
      }),
    );
  if (unreadable.size > 0) {
    const [[path, why] = ['', '']] = [...unreadable];
    rows.push(
      warning('content.files', `${counted(unreadable.size, 'file')} cannot be read: ${named([...unreadable.keys()])}`, {
        where: join(root, path),
        why: `${why}; what bots hold of it stays as it is`,
        next: `ls -l ${quoted(join(root, path))}; then kbsync lint`,
      }),
    );
  }
  return rows;
}

/** Readers of binary documents are optional packages. */
async function packageRows({ files }: Walk, packages: Packages): Promise<readonly Row[]> {
  const readers = [
    { name: 'unpdf', pattern: /\.pdf$/i, format: 'PDF', load: packages.unpdf },
    { name: 'mammoth', pattern: /\.docx$/i, format: 'Word', load: packages.mammoth },
  ];
  const rows: Row[] = [];
  for (const { name, pattern, format, load } of readers) {
    const found = files.filter(({ path }) => pattern.test(path));
    if (found.length === 0) continue;
    const isThere = await load().then(
      () => true,
      () => false,
    );
    rows.push(
      row(
        isThere ? 'ok' : 'warning',
        'content.packages',
        `${counted(found.length, `${format} file`)}: ${name} is ${isThere ? '' : 'not '}installed`,
        {
          ...(!isThere && { why: 'such files reach no bot without it', next: `npm install ${name}` }),
        },
      ),
    );
  }
  return rows;
}

function mountRows(mount: ReturnType<typeof remoteMountOf>, polling: 'auto' | boolean, root: string): readonly Row[] {
  if (mount === null) return [];
  const what = `the folder lies on a network mount (${mount.type} at ${mount.at})`;
  if (polling !== false)
    return [ok('content.mount', `${what}: watch looks at it again and again instead of waiting for events`, { where: root })];
  const why = 'what others change there raises no event here: only the regular scan finds it';
  return [warning('content.mount', what, { where: root, why, next: 'set watch.polling to auto' })];
}

const limitFile = '/proc/sys/fs/inotify/max_user_watches';

/** Each folder takes one watch of the kernel. */
function watchRows({ system }: Scene, folders: number): readonly Row[] {
  const limit = Number.parseInt(system.text(limitFile) ?? '', 10);
  if (!Number.isFinite(limit)) return [];
  const what = `${counted(folders, 'folder')} to watch, ${counted(limit, 'watch', 'watches')} a user`;
  if (folders < limit / 2) return [ok('content.watch', what)];
  const wanted = Math.max(524_288, folders * 4);
  const why = 'other programs of this user share them; without enough, watch falls back to looking again and again';
  return [warning('content.watch', what, { where: limitFile, why, next: `sudo sysctl fs.inotify.max_user_watches=${wanted}` })];
}

/** Whether names that differ in case only are one here, or would be elsewhere. */
async function caseRows({ system, workspace }: Scene, { files }: Walk, rootIdentity: string): Promise<readonly Row[]> {
  const { root } = workspace.config.content;
  const swapped = join(dirname(root), swapCase(basename(root)));
  const other = swapped === root ? null : await system.facts(swapped).catch(() => null);
  if (other !== null && other.identity === rootIdentity) {
    const why = 'a file renamed in case only looks unchanged here, and is another document where case counts, as on most CI runners';
    return [
      warning('content.case', 'this file system does not tell upper from lower case', {
        where: root,
        why,
        next: 'let one machine push; rename with git mv',
      }),
    ];
  }
  const twins = caseTwins(files.map(({ path }) => path));
  if (twins === null) return [];
  const names = twins.join(' and ');
  const why = 'on macOS and Windows a checkout holds only one of them, and kbsync there would delete the other';
  return [
    warning('content.case', `names that differ in case only: ${names}`, {
      where: root,
      why,
      next: `git mv ${quoted(join(root, twins[1]))} NEW-NAME`,
    }),
  ];
}

/** The first two paths that differ in case only. */
function caseTwins(paths: readonly string[]): readonly [string, string] | null {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const folded = path.toLowerCase();
    const other = seen.get(folded);
    if (other !== undefined) return [other, path];
    seen.set(folded, path);
  }
  return null;
}

function swapCase(text: string): string {
  return [...text].map((one) => (one === one.toLowerCase() ? one.toUpperCase() : one.toLowerCase())).join('');
}

function foldersOf({ files }: Walk): number {
  const found = new Set<string>(['']);
  for (const { path } of files) for (let at = dirname(path); at !== '.' && !found.has(at); at = dirname(at)) found.add(at);
  return found.size;
}

function named(paths: readonly string[]): string {
  const rest = paths.length - mostNames;
  return `${paths.slice(0, mostNames).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
