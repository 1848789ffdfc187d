import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeDisk } from '../../src/content/disk.ts';
import { SyncError } from '../../src/model/error.ts';
import { diskWith, failure, folderWith, ids, scanOf, told, writeOld } from './folder.ts';

describe('what is in the folder', () => {
  it('finds documents in the order of their paths, with forward slashes and NFC', async () => {
    const root = folderWith({
      'b.md': '# B',
      'a/x.md': '# X',
      'a/cafe\u0301.mdx': '# C',
      'a/pic.png': 'x',
      '.hidden/h.md': 'x',
      '.env.md': 'x',
    });
    const scan = await scanOf(root);
    expect(ids(scan)).toEqual(['a/caf\u00e9.mdx', 'a/x.md', 'b.md']);
    expect(scan).toMatchObject({ complete: true, incompleteWhy: null, rootMissing: false, files: 3, filesRead: 3, problems: [] });
  });

  it('never enters .git, node_modules and the state folder', async () => {
    const root = folderWith({
      'a.md': '',
      '.git/a.md': '',
      'node_modules/p/a.md': '',
      'sub/node_modules/a.md': '',
      'state/texts/a.md': '',
      'x/state/a.md': '',
    });
    const scan = await scanOf(root, { neverEnter: [join(root, 'state')], content: { include: ['**/*.md', '**/.*/*.md'] } });
    expect(ids(scan)).toEqual(['a.md', 'x/state/a.md']);
    expect(scan.inScope('sub/node_modules/gone.md')).toBe(false);
  });

  it.runIf(process.platform !== 'win32')(
    'a name with a line end or another control character is blocked, and told in a form that shows',
    async () => {
      const root = folderWith({ 'good.md': '# Good', 'a\nb.md': '# A', 'tab\there.md': '# T', 'x\u0085y/deep.md': '# D', 'a\nb.png': 'x' });
      for (const include of [['**/*.{md,mdx}'], ['**']]) {
        const scan = await scanOf(root, { content: { include } });
        expect(ids(scan)).toEqual(['good.md']);
        const why = 'its path has a control character in it: rename it';
        expect(scan.problems.filter(({ severity }) => severity === 'error').map(({ path, message }) => `${path}: ${message}`)).toEqual([
          `a\\u000ab.md: ${why}`,
          ...(include[0] === '**' ? [`a\\u000ab.png: ${why}`] : []),
          `tab\\u0009here.md: ${why}`,
          `x\\u0085y/deep.md: ${why}`,
        ]);
        expect(scan.blockedPaths.get('a\nb.md')).toBe(why);
        expect([scan.inScope('a\nb.md'), scan.presentPaths.has('a\nb.md'), scan.complete]).toEqual([true, true, true]);
      }
    },
  );

  it('each kind of bad input gives a line in the report, and the rest goes through', async () => {
    const root = folderWith({
      'good.md': '# Good',
      'yaml.md': '---\ntitle: "a\n---\n',
      'key.md': '---\nkb:\n  targts: [support]\n---\n',
      'utf8.md': Buffer.from([0x61, 0x0a, 0xff, 0x0a]),
      'utf16.md': Buffer.from('\uFEFFhello', 'utf16le'),
      'nul.md': 'a\n\n\0',
      'code.md': '---js\n{}\n---\n',
      'side.md': '# Side',
      'side.kb.yaml': 'audience: [\n',
      'huge.md': Buffer.alloc(1024 * 1024 + 1, 'x'),
      'dup1.md': '---\nkb: { id: same }\n---\n',
      'dup2.md': '---\nkb: { id: same }\n---\n',
      'takes.md': '---\nkb: { id: good2.md }\n---\n',
      'good2.md': '# Owner of the path',
    });
    const scan = await scanOf(root);
    expect(ids(scan)).toEqual(['good.md', 'side.md'].filter((id) => id !== 'side.md'));
    expect(scan.complete).toBe(true);
    expect([...scan.blockedPaths.keys()].sort()).toEqual([
      'code.md',
      'dup1.md',
      'dup2.md',
      'good2.md',
      'huge.md',
      'key.md',
      'nul.md',
      'side.md',
      'takes.md',
      'utf16.md',
      'utf8.md',
      'yaml.md',
    ]);
    const lines = told(scan);
    for (const expected of [
      /^error yaml\.md:\d not valid YAML/,
      /^error key\.md:3 unknown key "targts" below kb; did you mean "targets"\?$/,
      /^error utf8\.md:2 is not valid UTF-8/,
      /^error utf16\.md:1 is UTF-16 little endian/,
      /^error nul\.md:3 holds a NUL byte/,
      /^error code\.md:1 front matter that is code is never run/,
      /^error side\.kb\.yaml:\d not valid YAML/,
      /^error huge\.md:- is larger than 1 MiB of text: not read/,
      /^error dup1\.md:- the id "same" is also that of dup2\.md/,
      /^error dup2\.md:- the id "same" is also that of dup1\.md/,
      /^error takes\.md:- the id "good2\.md" is also that of good2\.md/,
    ]) {
      expect(lines.filter((line) => expected.test(line))).toHaveLength(1);
    }
    expect(scan.blockedPaths.get('side.md')).toMatch(/^side\.kb\.yaml: line \d+: not valid YAML/);
    expect(scan.blockedPaths.get('key.md')).toMatch(/^line 3: unknown key/);
    expect([...(scan.blockedIds ?? [])].map(([id]) => id)).toContain('same');
  });

  it('a sidecar speaks for its document, and one without a document is told', async () => {
    const root = folderWith({
      'a.md': '# A',
      'a.kb.yaml': 'audience: internal\n',
      'lone.kb.yaml': 'audience: x\n',
      'two.md': '',
      'two.kb.yaml': '',
      'two.kb.yml': '',
    });
    const scan = await scanOf(root);
    expect(scan.documents).toMatchObject([{ id: 'a.md', distribution: { audience: 'internal' } }]);
    expect(told(scan)).toEqual([
      'warning lone.kb.yaml:- a sidecar without its document: there is no lone.md beside it',
      'error two.kb.yaml:- two sidecars for one document: two.kb.yaml and two.kb.yml',
    ]);
    expect(scan.blockedPaths.has('two.md')).toBe(true);
  });

  it('an ignored sidecar counts all the same: the fence may stand in it', async () => {
    const root = folderWith({ '.kbsyncignore': '*.kb.yaml\n', 'a.md': '# A', 'a.kb.yaml': 'audience: internal\n' });
    expect((await scanOf(root)).documents[0]?.distribution.audience).toBe('internal');
  });

  it('two files whose names differ in Unicode form only are both blocked', async () => {
    const root = folderWith({ 'caf\u00e9.md': 'a', 'cafe\u0301.md': 'b', 'c.md': '' });
    const scan = await scanOf(root);
    expect(ids(scan)).toEqual(['c.md']);
    expect(scan.blockedPaths.get('caf\u00e9.md')).toContain('cafe%CC%81.md and caf%C3%A9.md');
  });

  it('other formats are named once each', async () => {
    const root = folderWith({ 'a.md': '', 'a.png': '', 'b.png': '', 'c.rtf': '' });
    const scan = await scanOf(root, { content: { include: ['**/*'] } });
    expect(told(scan)).toEqual([
      'warning a.png:- nothing here reads .png (and 1 more): left out; narrow content.include to silence this',
      'warning c.rtf:- nothing here reads .rtf: left out; narrow content.include to silence this',
    ]);
    expect(scan.presentPaths.has('c.rtf')).toBe(true);
  });

  it('takes the strangest names that the disk allows', async () => {
    // From the Big List of Naughty Strings (MIT), those without a slash.
    const naughty = [
      'undefined',
      'null',
      'true',
      '-1',
      '1E+02',
      'CON',
      '; ls',
      '$HOME',
      '`id`',
      '%s%x',
      "' OR 1=1 -- 1",
      '<script>alert(1)<',
      'a/../b'.replaceAll('/', '∕'),
      'Ω≈ç√∫',
      '田中さん',
      '😍👩🏽',
      '👨‍👩‍👧',
      'ﷺ',
      '‪‪test‪',
      'Z͑ͫ̓ͪ',
      '(╯°□°)╯︵',
      '#qa-x',
      '[a]{b}(c)!',
      ' lead',
      'trail ',
      'x...',
      '__proto__',
      'constructor',
      '*',
      '?',
      'a\\b',
      '"quoted"',
      "it's",
    ];
    const root = folderWith(Object.fromEntries(naughty.map((name) => [`${name}.md`, `text of ${name.length}`])));
    const scan = await scanOf(root);
    expect(scan.problems).toEqual([]);
    expect([...ids(scan)].sort()).toEqual(naughty.map((name) => `${name}.md`.normalize('NFC')).sort());
    for (const document of scan.documents) expect(scan.inScope(document.path)).toBe(true);
  });

  it.runIf(process.platform === 'linux')('a name that is no UTF-8 is told', async () => {
    const root = folderWith({ 'a.md': '' });
    writeFileSync(Buffer.concat([Buffer.from(`${root}/b`), Buffer.from([0xff]), Buffer.from('.md')]), 'x');
    const scan = await scanOf(root);
    expect(ids(scan)).toEqual(['a.md']);
    expect(told(scan)).toEqual(['error b\uFFFD.md:- its name is not valid UTF-8: rename it']);
  });
});

describe('include, exclude, ignore', () => {
  it('narrow patterns do not list what they cannot want', async () => {
    const root = folderWith({ 'docs/a.md': '', 'docs/old/b.md': '', 'blog/c.md': '', 'deep/er/docs/d.md': '' });
    const listed: string[] = [];
    const disk = diskWith({
      list: (folder) => {
        listed.push(folder.slice(root.length));
        return nodeDisk.list(folder);
      },
    });
    const scan = await scanOf(root, { disk, content: { include: ['docs/**/*.md'], exclude: ['docs/old/**'] } });
    expect(ids(scan)).toEqual(['docs/a.md']);
    expect(listed).toEqual(['', '/docs']);
    expect(['docs/new.md', 'docs/old/b.md', 'blog/c.md', 'docs/new.txt'].map(scan.inScope)).toEqual([true, false, false, false]);
  });

  it('dot files come in only where a pattern names them', async () => {
    const root = folderWith({ '.vitepress/a.md': '', '.x.md': '', 'a.md': '' });
    expect(ids(await scanOf(root, { content: { include: ['**/*.md', '.vitepress/**'] } }))).toEqual(['.vitepress/a.md', 'a.md']);
  });

  it.each([
    [['docs'], ['docs/a.md', 'docs/b/c.md']],
    [['docs/'], ['docs/a.md', 'docs/b/c.md']],
    [['./docs/*.md'], ['docs/a.md']],
    [
      ['**/*.md', '!docs/b'],
      ['d.md', 'docs/a.md'],
    ],
    [[], []],
  ])('include %j', async (include, expected) => {
    const root = folderWith({ 'docs/a.md': '', 'docs/b/c.md': '', 'd.md': '' });
    expect([...ids(await scanOf(root, { content: { include } }))].sort()).toEqual(expected);
  });

  it('ignore files cascade, deeper ones win, and .gitignore above the root counts up to the repository', async () => {
    const top = folderWith({
      '.gitignore': 'never.md\n',
      'repo/.git/HEAD': 'ref: x',
      'repo/.gitignore': '/docs/generated/\n*.tmp.md\n',
      'repo/docs/a.md': '',
      'repo/docs/never.md': '',
      'repo/docs/b.tmp.md': '',
      'repo/docs/generated/g.md': '',
      'repo/docs/.kbsyncignore': 'drafts/\nsecret*.md\n',
      'repo/docs/drafts/d.md': '',
      'repo/docs/secret1.md': '',
      'repo/docs/sub/.kbsyncignore': '!secret-ok.md\n/x.md\n',
      'repo/docs/sub/secret-ok.md': '',
      'repo/docs/sub/secret-no.md': '',
      'repo/docs/sub/x.md': '',
      'repo/docs/sub/y/x.md': '',
      'repo/docs/Secret-case.md': '',
    });
    const root = join(top, 'repo/docs');
    const scan = await scanOf(root);
    expect(ids(scan)).toEqual(['Secret-case.md', 'a.md', 'never.md', 'sub/secret-ok.md', 'sub/y/x.md']);
    expect(
      ['drafts/gone.md', 'sub/secret-ok.md', 'sub/secret-2.md', 'sub/x.md', 'generated/q.md', 'n.tmp.md', 'n.md'].map(scan.inScope),
    ).toEqual([false, true, false, false, false, false, true]);
    const without = await scanOf(root, { content: { gitignore: false } });
    expect(ids(without)).toContain('generated/g.md');
    expect(ids(without)).not.toContain('drafts/d.md');
  });

  it('a deeper file can take a folder back in, with all that is in it', async () => {
    const root = folderWith({ '.kbsyncignore': 'sub/x/\n', 'sub/.kbsyncignore': '!x/\n', 'sub/x/a.md': '', 'sub/x/b/c.md': '' });
    expect(ids(await scanOf(root))).toEqual(['sub/x/a.md', 'sub/x/b/c.md']);
  });

  it('a root that its own repository ignores is read all the same', async () => {
    const top = folderWith({ '.git/HEAD': '', '.gitignore': 'build/\n', 'build/docs/a.md': '' });
    const scan = await scanOf(join(top, 'build/docs'));
    expect(ids(scan)).toEqual(['a.md']);
    expect(told(scan)[0]).toContain('the content folder itself is ignored by');
  });
});

describe('links', () => {
  it('inside the root they are followed once; outside and in circles they are not', async () => {
    const outside = folderWith({ 'secret.md': 'secret' });
    const root = folderWith({ 'v2/a.md': '# A', 'v2/b.md': '# B', 'c.md': '# C' });
    symlinkSync('v2', join(root, 'latest'));
    symlinkSync('..', join(root, 'v2/up'));
    symlinkSync(outside, join(root, 'out'));
    symlinkSync(join(outside, 'secret.md'), join(root, 'secret.md'));
    symlinkSync('nowhere.md', join(root, 'broken.md'));
    symlinkSync('self.md', join(root, 'self.md'));
    const scan = await scanOf(root);
    expect(ids(scan)).toEqual(['c.md', 'v2/a.md', 'v2/b.md']);
    expect(scan.complete).toBe(true);
    expect([...told(scan)].sort()).toEqual(
      [
        'warning broken.md:- a link that leads nowhere: not followed',
        'warning latest/a.md:- a link leads to it, and it is read as v2/a.md already',
        'warning latest/up:- a link that leads back to a folder it stands in: not followed',
        'warning out:- a link that leads out of the content folder: not followed',
        'warning secret.md:- a link that leads out of the content folder: not followed',
        'error self.md:- the link cannot be followed (ELOOP)',
        'warning v2/up:- a link that leads back to a folder it stands in: not followed',
      ].sort(),
    );
    expect(['out/x.md', 'secret.md', 'latest/new.md', 'v2/up/x.md'].map(scan.inScope)).toEqual([false, false, true, false]);
    const narrow = await scanOf(root, { content: { include: ['latest/**'] } });
    expect(ids(narrow)).toEqual(['latest/a.md', 'latest/b.md']);
    expect(narrow.text(narrow.documents[0] ?? failDocument())).toBe('# A');
  });

  it('folders that link to each other come to an end', async () => {
    const root = folderWith({ 'a/a.md': '', 'b/b.md': '', 'c/c.md': '', 'd/d.md': '' });
    for (const from of ['a', 'b', 'c', 'd'])
      for (const to of ['a', 'b', 'c', 'd']) if (from !== to) symlinkSync(`../${to}`, join(root, from, `to-${to}`));
    expect(ids(await scanOf(root))).toEqual(['a/a.md', 'b/b.md', 'c/c.md', 'd/d.md']);
  });

  it('a link that leads out where a folder was leaves what it held as it is', async () => {
    const outside = folderWith({ 'x.md': '' });
    const root = folderWith({ 'a.md': '', 'guides/x.md': '' });
    rmSync(join(root, 'guides'), { recursive: true });
    symlinkSync(outside, join(root, 'guides'));
    expect((await scanOf(root)).inScope('guides/x.md')).toBe(false);
  });

  it('the root itself may be a link', async () => {
    const root = folderWith({ 'a.md': '' });
    const link = join(folderWith({}), 'link');
    symlinkSync(root, link);
    expect(ids(await scanOf(link))).toEqual(['a.md']);
  });
});

describe('what cannot be read', () => {
  it('a missing root, a root that is a file, a root without rights', async () => {
    const root = folderWith({ 'file.md': '' });
    expect(await scanOf(join(root, 'gone'))).toMatchObject({ complete: false, rootMissing: true, documents: [], files: 0 });
    expect(await scanOf(join(root, 'file.md'))).toMatchObject({ complete: false, rootMissing: true });
    const disk = diskWith({
      list: () => {
        throw failure('EACCES');
      },
    });
    const scan = await scanOf(root, { disk });
    expect(scan).toMatchObject({
      complete: false,
      rootMissing: false,
      incompleteWhy: 'the content folder cannot be read (EACCES): what is below it is not known',
    });
  });

  it.each(['EACCES', 'EIO', 'ELOOP', 'ESTALE', 'EMFILE'])(
    'a folder with %s makes the scan incomplete, the rest goes through',
    async (code) => {
      const root = folderWith({ 'a.md': '', 'sub/b.md': '' });
      const disk = diskWith({
        list: (folder) => {
          if (folder.endsWith('/sub')) throw failure(code);
          return nodeDisk.list(folder);
        },
      });
      const scan = await scanOf(root, { disk });
      expect(ids(scan)).toEqual(['a.md']);
      expect(scan.complete).toBe(false);
      expect(scan.incompleteWhy).toContain(`sub cannot be read (${code})`);
    },
  );

  it('an excluded folder may be unreadable', async () => {
    const root = folderWith({ 'a.md': '', 'private/b.md': '' });
    const disk = diskWith({
      list: (folder) => {
        if (folder.endsWith('/private')) throw failure('EACCES');
        return nodeDisk.list(folder);
      },
    });
    expect((await scanOf(root, { disk, content: { exclude: ['private/**'] } })).complete).toBe(true);
  });

  it('an unreadable ignore file closes its folder: what it keeps out must not slip in', async () => {
    const root = folderWith({ 'sub/.kbsyncignore': 'secret.md', 'sub/secret.md': '', 'a.md': '' });
    const disk = diskWith({
      read: (path, max) => {
        if (path.endsWith('.kbsyncignore')) throw failure('EACCES');
        return nodeDisk.read(path, max);
      },
    });
    const scan = await scanOf(root, { disk });
    expect(ids(scan)).toEqual(['a.md']);
    expect(scan.complete).toBe(false);
  });

  it('an unreadable file blocks its path and nothing else', async () => {
    const root = folderWith({ 'a.md': '', 'b.md': '', 'c.md': '', 'c.kb.yaml': 'audience: x' });
    const disk = diskWith({
      read: (path, max) => {
        if (/b\.md$|c\.kb\.yaml$/.test(path)) throw failure('EIO');
        return nodeDisk.read(path, max);
      },
    });
    const scan = await scanOf(root, { disk });
    expect(ids(scan)).toEqual(['a.md']);
    expect(scan.complete).toBe(true);
    expect([...scan.blockedPaths]).toEqual([
      ['b.md', 'cannot be read (EIO)'],
      ['c.md', 'c.kb.yaml: the sidecar cannot be read (EIO)'],
    ]);
  });

  it('a file that vanishes between list and read is not there', async () => {
    const root = folderWith({ 'a.md': '', 'b.md': '' });
    const disk = diskWith({
      read: (path, max) => {
        if (path.endsWith('b.md')) rmSync(path);
        return nodeDisk.read(path, max);
      },
    });
    const scan = await scanOf(root, { disk });
    expect(ids(scan)).toEqual(['a.md']);
    expect(scan).toMatchObject({ complete: true, problems: [], files: 1 });
    expect(scan.presentPaths.has('b.md')).toBe(false);
  });

  it('a root that is replaced during the scan makes it incomplete', async () => {
    const root = folderWith({ 'a.md': '', 'sub/b.md': '' });
    const disk = diskWith({
      list: (folder) => {
        if (folder.endsWith('/sub')) {
          renameSync(root, `${root}-old`);
          mkdirSync(root);
        }
        return nodeDisk.list(folder);
      },
    });
    const scan = await scanOf(root, { disk });
    rmSync(`${root}-old`, { recursive: true });
    expect(scan.complete).toBe(false);
    expect(scan.incompleteWhy).toContain('was replaced while it was read');
  });

  it('a file that changes while it is read is read again, at most three times', async () => {
    const root = folderWith({ 'calm.md': '# Calm', 'busy.md': '# Busy', 'once.md': '# Once' });
    const counts = new Map<string, number>();
    const disk = diskWith({
      read: (path, max) => {
        const count = (counts.get(path) ?? 0) + 1;
        counts.set(path, count);
        const result = nodeDisk.read(path, max);
        const moving = path.endsWith('busy.md') || (path.endsWith('once.md') && count === 1);
        return moving ? { ...result, after: { ...result.after, stamp: 'other' } } : result;
      },
    });
    const scan = await scanOf(root, { disk });
    expect(ids(scan)).toEqual(['calm.md', 'once.md']);
    expect(told(scan)).toEqual(['warning busy.md:- changes while it is read: left as it is until it rests']);
    expect(scan.blockedPaths.has('busy.md')).toBe(true);
    expect(counts.get(join(root, 'busy.md'))).toBe(3);
  });

  it.runIf(process.getuid?.() !== 0)('rights on a real disk', async () => {
    const root = folderWith({ 'a.md': '', 'sub/b.md': '' });
    chmodSync(join(root, 'sub'), 0);
    const scan = await scanOf(root);
    chmodSync(join(root, 'sub'), 0o755);
    expect(scan.complete).toBe(false);
  });
});

describe('text of a document', () => {
  const first = async (root: string) => {
    const scan = await scanOf(root);
    return { scan, document: scan.documents[0] ?? failDocument() };
  };
  const front = '---\nkb: { audience: public }\n---\n';

  it('is the body as it is now', async () => {
    const root = folderWith({ 'a.md': `${front}\n# A\n\nOld\n` });
    const { scan, document } = await first(root);
    expect(scan.text(document)).toBe('# A\n\nOld');
    writeOld(join(root, 'a.md'), `${front}# A\n\nNew\n`);
    expect(scan.text(document)).toBe('# A\n\nNew');
  });

  it.each([
    ['another fence', 'a.md', '---\nkb: { audience: internal }\n---\n# A\n'],
    ['no front matter any more', 'a.md', '# A\n'],
    ['a changed sidecar', 'a.kb.yaml', 'reviewBy: 2030-01-01\n'],
  ])('is refused with %s: nobody has looked at it', async (_, path, text) => {
    const root = folderWith({ 'a.md': `${front}# A\n`, 'a.kb.yaml': 'title: T\n' });
    const { scan, document } = await first(root);
    writeOld(join(root, path), text);
    expect(() => scan.text(document)).toThrow(SyncError);
  });

  it('is refused where front matter came to a file that had none, or the file is gone', async () => {
    const root = folderWith({ 'a.md': '# A\n' });
    const { scan, document } = await first(root);
    writeOld(join(root, 'a.md'), `${front}# A\n`);
    expect(() => scan.text(document)).toThrow(/other front matter/);
    rmSync(join(root, 'a.md'));
    expect(() => scan.text(document)).toThrow(/is gone since it was scanned/);
  });
});

it('gives the loop a turn, and tells how far it is', async () => {
  const root = folderWith(Object.fromEntries(Array.from({ length: 450 }, (_, index) => [`${index}.md`, ''])));
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 0);
  const steps: number[] = [];
  const scan = await scanOf(root, { now: () => 1, onProgress: ({ done }) => steps.push(done) });
  clearInterval(timer);
  expect(scan.files).toBe(450);
  expect(turns).toBeGreaterThan(0);
  expect(steps.length).toBeGreaterThan(1);
  expect(existsSync(root)).toBe(true);
});

function failDocument(): never {
  throw new Error('the scan found no document');
}
