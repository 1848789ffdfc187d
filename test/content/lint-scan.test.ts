// Lint as part of the look at the folder: what blocks, what only warns, what is kept, what is said once, and what is never said.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Folder, wantedBy } from '../../src/cycle/folder.ts';
import type { ContentConfig } from '../../src/model/config.ts';
import { openScanCache } from '../../src/state/scan-cache.ts';
import { targetConfig } from '../../src/testkit/engine.ts';
import { folderWith, ids, type Settings, scanOf, told, writeOld } from './folder.ts';

const token = `ghp_${'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'}`;
const other = `ghp_${'zZPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINU0'}`;
const defaults: ContentConfig['lint'] = {
  secrets: 'error',
  'undefined-variable': 'error',
  'hidden-text': 'warning',
  'model-instructions': 'warning',
  'near-duplicate': 'warning',
  'broken-link': 'warning',
  'long-title': 'warning',
  'empty-body': 'warning',
};
const lint = (root: string, severities: ContentConfig['lint'] = {}, settings: Settings = {}) =>
  scanOf(root, { ...settings, content: { variables: { product: 'Acme' }, lint: { ...defaults, ...severities } } });
const prose = (seed: number, count = 120) => Array.from({ length: count }, (_, n) => `word${(seed * 31 + n * n * 7 + n) % 997}`).join(' ');

describe('lint in the scan', () => {
  it('names the rule; an error takes the documents away and keeps their claim, a warning does not', async () => {
    const root = folderWith({
      'a.md': `---\nkb: { id: mine }\n---\n# A\n\nKey: ${token}\n`,
      'b.md': '# B\n\nzero\u200bwidth\n',
      'c.md': '# C\n\n{{ nope }} [x](gone.md)\n',
    });
    const scan = await lint(root);
    expect(scan.problems.map(({ path, line, rule, severity }) => [path, line, rule, severity])).toEqual([
      ['a.md', 6, 'secrets', 'error'],
      ['b.md', 3, 'hidden-text', 'warning'],
      ['c.md', 3, 'undefined-variable', 'error'],
      ['c.md', 3, 'broken-link', 'warning'],
    ]);
    expect(ids(scan)).toEqual(['b.md']);
    expect([...scan.blockedPaths.keys()].sort()).toEqual(['a.md', 'c.md']);
    expect(scan.blockedIds?.has('mine')).toBe(true);
    expect(JSON.stringify([scan.problems, [...scan.blockedPaths]])).not.toContain(token.slice(4, 12));
  });

  it('severities decide, for every rule', async () => {
    const root = folderWith({ 'a.md': `# A\n\n${token} zero\u200bwidth\n` });
    const off = Object.fromEntries(Object.keys(defaults).map((rule) => [rule, 'off' as const]));
    expect((await lint(root, off)).problems).toEqual([]);
    const swapped = await lint(root, { secrets: 'warning', 'hidden-text': 'error' });
    expect(swapped.problems.map(({ rule, severity }) => `${rule} ${severity}`).sort()).toEqual(['hidden-text error', 'secrets warning']);
    expect(ids(swapped)).toEqual([]);
  });

  it('no other stage quotes a secret either', async () => {
    const root = folderWith({ 'a.md': `---\nkb: { "${token}": 1 }\n---\n# A\n\n[x](gone.md?token=${token}) --8<-- "${token}.md"\n` });
    const scan = await lint(root, { secrets: 'warning' });
    expect(JSON.stringify([scan.problems, [...scan.blockedPaths]])).not.toContain(token.slice(4));
    expect(scan.problems.some(({ rule }) => rule === 'secrets')).toBe(true);
  });

  it('sidecars and Q&A are looked at; what is included is told once, in its own file, and blocks all who include it', async () => {
    const root = folderWith({
      'a.md': '# A\n\n--8<-- "parts/key.md"\n',
      'b.md': '# B\n\n--8<-- "parts/key.md"\n',
      'c.md': `---\nkb: { faq: [{ q: Which key?, a: "${other}" }] }\n---\n# C\n\nText.\n`,
      'd.md': '# D\n\nText of its own.\n',
      'parts/key.md': `one\n\ntwo ${token}\n`,
    });
    const scan = await scanOf(root, { content: { lint: defaults, partials: ['parts'] } });
    expect(told(scan).map((line) => line.replace(/ a secret.*/, ''))).toEqual(['error c.md:2', 'error parts/key.md:3']);
    expect(ids(scan)).toEqual(['d.md']);
    expect([...scan.blockedPaths.keys()].sort()).toEqual(['a.md', 'b.md', 'c.md']);
  });

  it('tells long titles and empty bodies', async () => {
    const root = folderWith({
      'a.md': `# ${'long '.repeat(30)}\n\nText.\n`,
      'b.md': '---\ntitle: B\n---\n\n# B\n\n<!-- later -->\n\n<div></div>\n',
      'c.md': '![a picture](c.png)\n',
      'c.png': '',
    });
    const scan = await lint(root);
    expect(scan.problems.map(({ path, line, rule }) => [path, line, rule])).toEqual([
      ['a.md', 1, 'long-title'],
      ['b.md', null, 'empty-body'],
    ]);
  });
});

describe('near-duplicates in the scan', () => {
  const files = {
    'a.md': `# A\n\n${prose(1)}\n`,
    'b.md': `# B\n\n${prose(1)} more\n`,
    'c.md': `# C\n\n${prose(2)}\n`,
    'd/c.md': `# C\n\n${prose(2)}\n`,
  };

  it('tells each pair once, the same and the almost same', async () => {
    const scan = await lint(folderWith(files));
    expect(told(scan)).toEqual([
      expect.stringMatching(/^warning b\.md:- is to about 9\d % the same as a\.md$/),
      'warning d/c.md:- says the same as c.md',
    ]);
    expect(ids(scan)).toHaveLength(4);
  });

  it('as an error blocks both; drafts and documents that no bot has both of are no duplicates', async () => {
    expect([...(await lint(folderWith(files), { 'near-duplicate': 'error' })).blockedPaths.keys()].sort()).toEqual([
      'a.md',
      'b.md',
      'c.md',
      'd/c.md',
    ]);
    const reach = ({ path }: { readonly path: string }) => [path === 'a.md' || path === 'c.md' ? 'one' : 'two'];
    expect((await lint(folderWith(files), {}, { reach })).problems).toEqual([]);
    const draft = { ...files, 'b.md': `---\ndraft: true\n---\n# B\n\n${prose(1)} more\n` };
    expect(told(await lint(folderWith(draft)))).toEqual(['warning d/c.md:- says the same as c.md']);
  });
});

describe('the cache', () => {
  const disk = () => {
    const kept: { text: string | null } = { text: null };
    const write = (_: string, text: string) => {
      kept.text = text;
    };
    return { read: () => kept.text, write };
  };

  it('an unchanged file is not looked at again, a changed one is, and another severity looks at all', async () => {
    const root = folderWith({ 'a.md': `# A\n\n${token}\n`, 'b.md': `# B\n\n${prose(1)}\n`, 'c.md': `# C\n\n${prose(1)}x\n` });
    const io = disk();
    const look = async (severities: ContentConfig['lint'] = {}) => {
      const cache = openScanCache('scan.cache', io);
      const scan = await lint(root, severities, { cache });
      await cache.save();
      return scan;
    };
    const first = await look();
    expect(first.problems).toHaveLength(2);
    const second = await look();
    expect(second.filesRead).toBe(0);
    expect(second.problems).toEqual(first.problems);
    writeOld(join(root, 'a.md'), '# A\n\nNo key any more.\n');
    const third = await look();
    expect(third.filesRead).toBe(1);
    expect(third.problems).toEqual(first.problems.slice(1));
    expect((await look({ secrets: 'warning' })).filesRead).toBe(3);
  });

  it('what comes into a text after the scan is linted before it is sent', async () => {
    const root = folderWith({ 'a.md': '# A\n\nText.\n' });
    const scan = await lint(root);
    writeFileSync(join(root, 'a.md'), `# A\n\nText. ${token}\n`);
    const folder: Folder = { scan, commit: null, prefix: null, commitOf: () => null, cache: null };
    const options = { format: 'markdown', partBytes: null, titleCharacters: null, attributeKeys: [] } as const;
    const wanted = await wantedBy(targetConfig, folder, options, 0);
    expect(await wanted.payload('a.md')).toBeNull();
    writeFileSync(join(root, 'a.md'), '# A\n\nAnother text.\n');
    expect((await wanted.payload('a.md'))?.parts[0]?.text).toContain('Another text.');
  });
});
