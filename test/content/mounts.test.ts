// Which folders lie where changes raise no events, by the mounts as Linux lists them.
import { describe, expect, it } from 'vitest';
import { remoteMountOf } from '../../src/content/mounts.ts';

const mountinfo = [
  '21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
  '30 21 0:25 / /proc rw - proc proc rw',
  '36 21 0:50 / /srv/docs rw,relatime shared:20 master:3 - nfs4 server:/docs rw,vers=4.2',
  '37 36 8:2 / /srv/docs/local rw - xfs /dev/sdb1 rw',
  '38 21 0:51 / /mnt/my\\040share rw - cifs //server/share rw',
  '39 21 0:52 / /mnt/c rw - 9p C:\\134 rw,aname=drvfs',
  '40 21 0:53 / /home/me/far rw - fuse.sshfs me@host: rw',
  '41 21 0:54 / /home/me/near rw - fuse.mergerfs a:b rw',
  '42 21 0:55 / /auto rw - autofs systemd-1 rw',
  '43 21 0:56 / /over rw - nfs server:/over rw',
  '44 43 0:57 / /over rw - tmpfs tmpfs rw',
].join('\n');

describe('remoteMountOf', () => {
  it.each([
    ['/srv/docs', 'nfs4'],
    ['/srv/docs/content', 'nfs4'],
    ['/mnt/my share/content', 'cifs'],
    ['/mnt/c/Users/me', '9p'],
    ['/home/me/far/content', 'fuse.sshfs'],
  ])('polls %s (%s)', (path, type) => {
    expect(remoteMountOf(path, mountinfo)?.type).toBe(type);
  });

  it.each(['/', '/home/me', '/srv/docs/local/content', '/srv/docs-of-others', '/home/me/near', '/auto/x', '/over/content'])(
    'leaves %s alone',
    (path) => {
      expect(remoteMountOf(path, mountinfo)).toBeNull();
    },
  );

  it('makes nothing of a list that is none', () => {
    expect(remoteMountOf('/srv', '')).toBeNull();
    expect(remoteMountOf('/srv', 'nonsense\n36 - nfs\n')).toBeNull();
  });
});
