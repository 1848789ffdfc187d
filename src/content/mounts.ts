// Whether a folder lies on a file system that others write to without this machine hearing of it. Pure: the list of mounts is handed in.

/** Types (fs/proc in Linux' own words) whose changes made elsewhere raise no event here. */
const remote: ReadonlySet<string> = new Set([
  ...['nfs', 'nfs4', 'cifs', 'smb3', 'smbfs', 'ncpfs', 'afs', 'ceph', 'glusterfs', 'lustre', 'gfs2', 'ocfs2', 'beegfs', 'davfs'],
  // Folders that a host shares with its guest: virtual machines, Windows under WSL.
  ...['9p', 'virtiofs', 'vboxsf', 'vmhgfs', 'prl_fs', 'drvfs'],
  ...[
    'sshfs',
    'rclone',
    's3fs',
    'goofys',
    'mount-s3',
    'gcsfuse',
    'blobfuse',
    'blobfuse2',
    'davfs',
    'glusterfs',
    'ceph',
    'juicefs',
    'curlftpfs',
  ].map((name) => `fuse.${name}`),
  ...['fuse.smbnetfs', 'fuse.vmhgfs-fuse', 'fuse.google-drive-ocamlfuse', 'fuse.onedriver'],
]);

/** The mount that holds `path` (absolute, no links in it) and raises no events for what others do there; null: another one. */
export function remoteMountOf(path: string, mountinfo: string): { readonly at: string; readonly type: string } | null {
  let found: { readonly at: string; readonly type: string } | null = null;
  for (const line of mountinfo.split('\n')) {
    // proc_pid_mountinfo(5): the mount point is the fifth field; the type follows a lone dash, behind optional fields.
    const [before = '', after = ''] = line.split(' - ');
    const at = unescaped(before.split(' ')[4] ?? '');
    const type = after.split(' ')[0] ?? '';
    if (at === '' || type === '' || type === 'autofs') continue;
    const holds = path === at || path.startsWith(at === '/' ? '/' : `${at}/`);
    // The later of two at one place lies over the other.
    if (holds && (found === null || at.length >= found.at.length)) found = { at, type };
  }
  return found !== null && remote.has(found.type) ? found : null;
}

/** Blanks and the like stand there in octal. */
function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
