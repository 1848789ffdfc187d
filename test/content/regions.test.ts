import { describe, expect, it } from 'vitest';
import { textFor } from '../../src/content/render.ts';
import { folderWith, ids, scanOf, told } from './folder.ts';

async function texts(files: Record<string, string>, target: string, settings: Parameters<typeof scanOf>[1] = {}) {
  const scan = await scanOf(folderWith(files), settings);
  const options = { format: 'markdown', partBytes: null, titleCharacters: null, attributeKeys: [], target } as const;
  const found = await Promise.all(
    scan.documents.map(async (document) => [document.path, (await textFor(scan, document, options)).text] as const),
  );
  return { scan, texts: Object.fromEntries(found) };
}

const one = async (text: string, target = 'support', path = 'a.md') => (await texts({ [path]: text }, target)).texts[path];
const problems = async (text: string, path = 'a.md') => told((await texts({ [path]: text }, 'support')).scan);

describe('regions', () => {
  it('what is between kb:ignore and its end reaches no bot, and leaves no gap', async () => {
    expect(await one('A\n\n<!-- kb:ignore -->\n\nsecret\n\n<!-- kb:end -->\n\nB')).toBe('A\n\nB');
    expect(await one('A\n<!-- kb:ignore -->\nsecret\n<!-- /kb:ignore -->\nB')).toBe('A\nB');
    expect(await one('say <!-- kb:ignore -->not<!-- kb:end --> this')).toBe('say  this');
    expect(await one('<!-- kb:ignore --> secret <!-- kb:end -->\n\nB')).toBe('B');
    expect(await one('<div>\n<!--kb:ignore-->\n<b>secret</b>\n<!--kb:end-->\n<p>B</p>\n</div>')).toBe('<div>\n<p>B</p>\n</div>');
    expect(await one('- a\n- b <!-- kb:ignore -->\n- c\n- d <!-- kb:end -->\n- e')).toBe('- a\n- b \n- e');
  });

  it('kb:only goes to the targets it names', async () => {
    const text =
      'A\n\n<!-- kb:only support -->\nfor support\n<!-- kb:end -->\n\n<!-- kb:only kore, support -->\nfor both\n<!-- /kb:only -->\n\nB';
    expect(await one(text, 'support')).toBe('A\n\nfor support\n\nfor both\n\nB');
    expect(await one(text, 'kore')).toBe('A\n\nfor both\n\nB');
  });

  it('they nest', async () => {
    const text = 'A <!-- kb:only support -->yes <!-- kb:ignore -->never<!-- kb:end --> yes<!-- kb:end --> B';
    expect(await one(text, 'support')).toBe('A yes  yes B');
    expect(await one(text, 'kore')).toBe('A  B');
  });

  it('in code they are text', async () => {
    const text = 'Write `<!-- kb:ignore -->` or\n\n```\n<!-- kb:ignore -->\n```';
    expect(await one(text)).toBe(text);
  });

  it('in HTML and MDX too', async () => {
    const html = await texts({ 'a.html': '<p>A</p><!-- kb:ignore --><p>secret</p><!-- kb:end --><p>B</p>' }, 'support', {
      content: { include: ['**/*'] },
    });
    expect(html.texts['a.html']).toBe('<p>A</p><p>B</p>');
    expect(await one('A\n\n{/* kb:ignore */}\n\n<Secret />\n\n{/* kb:end */}\n\nB', 'support', 'a.mdx')).toBe('A\n\nB');
    expect(await one('A <!-- kb:ignore -->secret<!-- kb:end --> B', 'support', 'a.mdx')).toBe('A  B');
  });

  it('in plain text, with any case of letters, and with white space around', async () => {
    const text = 'A\n<!-- kb:ignore -->\nsecret\n<!-- kb:end -->\nB';
    const plain = await texts({ 'a.txt': text }, 'support', { content: { include: ['**/*'] } });
    expect(plain.texts['a.txt']).toBe('A\nB');
    expect(await one(text.replace('kb:ignore', 'KB:Ignore').replace('kb:end', 'kb : END'))).toBe('A\nB');
    expect(await one('A\n\n{ /* kb:ignore */ }\n\nsecret\n\n{/* kb:end */\n}\n\nB', 'support', 'a.mdx')).toBe('A\n\nB');
    const unclosed = await texts({ 'a.txt': 'A\n<!-- kb:ignore -->\nsecret' }, 'support', { content: { include: ['**/*'] } });
    expect([unclosed.scan.documents, told(unclosed.scan)]).toEqual([
      [],
      ['error a.txt:2 "kb:ignore" is never ended: <!-- kb:end --> is missing'],
    ]);
  });

  it.each(['kb-ignore', 'kb ignore', 'KB_ONLY support', 'kb.end'])(
    '<!-- %s --> is an error: nobody would notice that it says nothing',
    async (words) => {
      expect(await problems(`A\n\n<!-- ${words} -->\n\nB`)).toEqual([expect.stringContaining('error a.md:3 unknown marker')]);
    },
  );

  it.each([
    ['a.md', 'A\n\n{/* kb:ignore */}\n\nsecret\n\n{/* kb:end */}'],
    ['a.md', 'A\n\n<textarea>\n<!-- kb:ignore -->\nsecret\n<!-- kb:end -->\n</textarea>'],
    ['a.md', 'A \\<!-- kb:ignore --> secret'],
  ])('in %s, a marker that is not read as one is an error: %j', async (path, text) => {
    expect((await problems(text, path))[0]).toMatch(/^error a\.md:\d+ what looks like a marker is none here/);
  });

  it('numbers of articles are comments like any other, and comments reach no bot', async () => {
    expect(await problems('<!-- KB: 12345 -->\n\nA')).toEqual([]);
    expect(await one('A <!-- tell nobody: CODE --> B\n\n[//]: # (margin 40%)\n\n[comment]: <> (hush)\n\nC')).toBe('A  B\n\nC');
    expect(await problems('A\n\n[//]: # (kb:ignore)\n\nsecret\n\n[//]: # (kb:end)')).toEqual([
      expect.stringContaining('error a.md:3 what looks like a marker is none here'),
      expect.stringContaining('error a.md:7 what looks like a marker is none here'),
    ]);
  });

  it('titles and questions are for every bot', async () => {
    expect(await problems('---\ntitle: "A <!-- kb:only support -->secret<!-- kb:end -->"\n---\nB')).toEqual([
      'error a.md:2 a title or question is for every bot: a region (kb:ignore, kb:only) has no place in it',
    ]);
    const cases = [
      '<!-- kb:only kore -->\n# Takeover\n<!-- kb:end -->\n\nBody.',
      '<!-- kb:ignore -->\n# Layoffs\n<!-- kb:end -->\n\nBody.',
    ];
    for (const text of cases) {
      const { scan } = await texts({ 'about.md': text }, 'support');
      expect(scan.documents.map(({ title }) => title)).toEqual(['About']);
    }
    const page = '<html><head><title>T</title></head><body><!-- kb:ignore --><h1>Layoffs</h1><!-- kb:end --><p>Body</p></body></html>';
    const { scan } = await texts({ 'about.html': page }, 'support', { content: { include: ['**/*'] } });
    expect(scan.documents.map(({ title }) => title)).toEqual(['T']);
  });

  it('in the indented text of an admonition, which CommonMark takes for code', async () => {
    const text = '!!! note\n\n    Open.\n\n    <!-- kb:ignore -->\n    secret\n    <!-- kb:end -->\n\n    End.';
    expect(await one(text)).toBe('**Note**\n\nOpen.\n\nEnd.');
  });

  it('what is unclear is an error with its line: behind it may stand what a bot must not know', async () => {
    expect(await problems('---\ntitle: T\n---\n\nA\n\n<!-- kb:ignore -->\nsecret')).toEqual([
      'error a.md:7 "kb:ignore" is never ended: <!-- kb:end --> is missing',
    ]);
    expect(await problems('A\n\n<!-- kb:end -->')).toEqual([
      'error a.md:3 "kb:end" ends no region: there is no kb:ignore or kb:only before it',
    ]);
    expect(await problems('<!-- kb:ignroe -->\nsecret\n<!-- kb:end -->')).toEqual([
      'error a.md:1 unknown marker "kb:ignroe"; did you mean "ignore"?; there are kb:ignore, kb:only and kb:end',
      'error a.md:3 "kb:end" ends no region: there is no kb:ignore or kb:only before it',
    ]);
    expect(await problems('<!-- kb:only suport -->\nx\n<!-- kb:end -->')).toEqual([
      'error a.md:1 unknown target "suport" in kb:only; did you mean "support"?',
    ]);
    expect(await problems('A\n\n    <!-- kb:ignore -->\n    secret\n    <!-- kb:end -->')).toEqual([
      'error a.md:3 a marker in text that is indented so far that it is code: indent it less, or put code between fences',
    ]);
    expect(await problems('<!-- kb:only -->\nx\n<!-- kb:end -->')).toEqual(['error a.md:1 "kb:only" names no target']);
    expect(await problems('<!-- kb:ignore -->\nx\n<!-- /kb:only -->')).toEqual([
      'error a.md:3 "/kb:only" ends a region that "kb:ignore" began',
    ]);
  });

  it('one such document is blocked, the others go through', async () => {
    const { scan } = await texts({ 'a.md': '<!-- kb:ignore -->', 'b.md': 'B' }, 'support');
    expect(ids(scan)).toEqual(['b.md']);
    expect([...scan.blockedPaths.keys()]).toEqual(['a.md']);
    expect(scan.blockedIds?.has('a.md')).toBe(true);
  });
});
