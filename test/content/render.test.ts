import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { likeness, payloadHeads, type RenderOptions, renderPayload } from '../../src/content/render.ts';
import type { Document } from '../../src/model/document.ts';
import { SyncError } from '../../src/model/error.ts';
import { fingerprint } from '../../src/model/json.ts';
import { partFingerprint } from '../../src/model/payload.ts';

const options: RenderOptions = { format: 'markdown', partBytes: null, titleCharacters: null, attributeKeys: [] };
const base = {
  id: 'a.md',
  path: 'a.md',
  title: 'Reset',
  url: null,
  attributes: { tags: ['x'], description: 'D' },
  distribution: { targets: null, audience: 'public', draft: false, publishAt: null, expiresAt: null, reviewBy: null },
  tests: [],
  body: '',
};
const article = (patch: Partial<Document> = {}): Document => ({ ...base, kind: 'article', ...patch }) as Document;
const qa: Document = { ...base, kind: 'qa', id: 'a.md#qa-q', title: 'Why?', question: 'Why?', answer: 'Because.\n', parent: 'a.md' };
const textOf = async (document: Document, text: string, patch: Partial<RenderOptions> = {}) =>
  (await renderPayload(document, text, { ...options, ...patch })).parts.map((part) => part.text);

describe('renderPayload', () => {
  it.each([
    ['Body.', '# Reset\n\nBody.\n'],
    ['# Reset\n\nBody.  \n\n', '# Reset\n\nBody.\n'],
    ['Reset\n=====\n\nBody.', '# Reset\n\nBody.\n'],
    ['# **Reset**\nBody.', '# Reset\n\nBody.\n'],
    ['# Other\n\nBody.', '# Reset\n\n# Other\n\nBody.\n'],
    ['Intro.\n\n# Reset\n', '# Reset\n\nIntro.\n\n# Reset\n'],
    ['    code first', '# Reset\n\n    code first\n'],
    ['', '# Reset\n'],
    ['# Reset', '# Reset\n'],
  ])('%j', async (text, expected) => {
    expect(await textOf(article(), text)).toEqual([expected]);
  });

  it('names the source last, and Q&A reads as question and answer', async () => {
    expect(await textOf(article({ url: 'https://x.example/a' }), 'Body.')).toEqual(['# Reset\n\nBody.\n\nSource: https://x.example/a\n']);
    expect(await textOf(qa, '')).toEqual(['# Why?\n\nBecause.\n']);
    expect(await textOf({ ...qa, url: 'https://x.example/a' }, '')).toEqual(['# Why?\n\nBecause.\n\nSource: https://x.example/a\n']);
  });

  it('sends only the attributes that the vendor keeps', async () => {
    const [part] = (await renderPayload(article(), 'x', { ...options, attributeKeys: ['tags', 'audience', 'nothing'] })).parts;
    expect(part?.attributes).toEqual({ tags: ['x'], audience: 'public' });
  });

  it('the fingerprint is of what is sent, and of nothing else', async () => {
    const payload = await renderPayload(article(), 'Body.', options);
    const [part] = payload.parts;
    if (part === undefined) throw new Error('no part');
    expect(payload.fingerprint).toBe(partFingerprint(part));
    expect(part).toMatchObject({ key: '', bytes: 15, title: 'Reset' });
    const edited = await renderPayload(
      article({ tests: [{ ask: 'Q', expect: [], reject: [], cite: false, targets: null }] }),
      'Body.',
      options,
    );
    expect(edited.fingerprint).toBe(payload.fingerprint);
    expect(payload).toMatchObject({ document: 'a.md', kind: 'article', bodyText: 'Body.' });
  });

  it('cuts titles between characters as a reader sees them', async () => {
    const title = async (text: string, titleCharacters: number) =>
      (await renderPayload(article({ title: text }), '', { ...options, titleCharacters })).parts[0]?.title;
    expect(await title('Reset your password', 10)).toBe('Reset your');
    expect(await title('abc 👨‍👩‍👧 def', 8)).toBe('abc');
    expect(await title('cafe\u0301s', 4)).toBe('caf');
    expect(await title('short', 5)).toBe('short');
  });
});

describe('links', () => {
  const links = { ...options, links: true };
  const page = article({ url: 'https://docs.example.com/reset', body: fingerprint('Body.') });

  it('an article with a canonical link is given as that link, whatever its length', async () => {
    const payload = await renderPayload(page, 'Body. '.repeat(100), { ...links, partBytes: 50 });
    expect(payload).toMatchObject({ kind: 'url', url: page.url, parts: [{ key: '', title: 'Reset', text: page.url, bytes: 30 }] });
    expect(payload.fingerprint).toBe(payload.parts[0]?.fingerprint);
  });

  it('a change of the page changes the fingerprint, though the link stays', async () => {
    const at = async (patch: Partial<Document>) => (await renderPayload({ ...page, ...patch } as Document, '', links)).fingerprint;
    const before = await at({});
    expect(await at({ body: fingerprint('Another body.') })).not.toBe(before);
    expect(await at({ url: 'https://docs.example.com/other' })).not.toBe(before);
    expect(await at({ path: 'moved.md', tests: [{ ask: '?', expect: [], reject: [], cite: false, targets: null }] })).toBe(before);
  });

  it('an article without one, and questions with answers, stay texts', async () => {
    expect(await renderPayload(article(), 'Body.', links)).toEqual(await renderPayload(article(), 'Body.', options));
    const answer = { ...qa, url: page.url } as Document;
    expect(await renderPayload(answer, '', links)).toEqual(await renderPayload(answer, '', options));
  });

  it('heads and payloads agree, and the cache keeps both ways apart', async () => {
    const kept = new Map<string, readonly unknown[]>();
    const cache = {
      heads: (path: string, id: string, key: string) => kept.get(`${path} ${id} ${key}`) ?? null,
      putHeads: (path: string, id: string, key: string, parts: readonly unknown[]) => void kept.set(`${path} ${id} ${key}`, parts),
    } as unknown as Parameters<typeof payloadHeads>[3];
    const scan = { text: () => 'Body.' };
    const [asLink, asText] = await Promise.all([links, options].map((one) => renderPayload(page, 'Body.', one)));
    for (let time = 0; time < 2; time += 1) {
      expect((await payloadHeads(scan, [page], links, cache)).heads[0]).toMatchObject({ kind: 'url', fingerprint: asLink?.fingerprint });
      expect((await payloadHeads(scan, [page], options, cache)).heads[0]).toMatchObject({
        kind: 'article',
        fingerprint: asText?.fingerprint,
      });
    }
    expect(kept.size).toBe(2);
  });
});

describe('splitting', () => {
  const body = [
    'Intro line.',
    ...['Install', 'Use', 'Use', 'Größe'].map(
      (name) => `## ${name}\n\n${`Some words on ${name}. `.repeat(12)}\n\n### Details\n\n${'- item of the list\n'.repeat(8)}`,
    ),
    '## Code\n\n```sh\n# no heading\n\necho 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n',
  ].join('\n\n');
  const split = async (text: string, partBytes: number, patch: Partial<Document> = {}) =>
    (await renderPayload(article(patch), text, { ...options, partBytes })).parts;
  const lines = (text: string) =>
    text
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '');

  it('stays whole at the limit, and is split one byte over it', async () => {
    const size = Buffer.byteLength((await textOf(article(), body))[0] ?? '');
    expect(await split(body, size)).toMatchObject([{ key: '', bytes: size }]);
    const parts = await split(body, size - 1);
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.every((part) => part.key !== '')).toBe(true);
  });

  it('each part fits, begins with title and path, and ends with the source', async () => {
    const parts = await split(body, 420, { url: 'https://x.example/a' });
    for (const part of parts) {
      expect(Buffer.byteLength(part.text)).toBe(part.bytes);
      expect(part.bytes).toBeLessThanOrEqual(420);
      expect(part.text).toMatch(/^# Reset\n\n/);
      expect(part.text).toMatch(/\n\nSource: https:\/\/x\.example\/a\n$/);
    }
    // The second of two sections with one name is told by its first words, not by its number.
    expect(parts.map((part) => part.key.replace(/-[0-9a-f]{8}$/, ' and its words'))).toEqual([
      'start',
      'install',
      'install/details',
      'use',
      'use/details',
      'use and its words',
      'use/details and its words',
      'größe',
      'größe/details',
      'code',
    ]);
    const details = parts.find((part) => part.key === 'install/details');
    expect(details?.title).toBe('Reset › Install › Details');
    expect(details?.text).toMatch(/^# Reset\n\n## Install\n\n### Details\n\n- item/);
    expect(new Set(parts.map((part) => part.key)).size).toBe(parts.length);
  });

  it('no key of a part can make the mark of a Q&A pair', async () => {
    const parts = await split(`${'word '.repeat(40)}\n\n## QA how\n\n${'word '.repeat(40)}`, 300);
    expect(parts.map((part) => part.key)).toEqual(['start', 'section-qa-how']);
  });

  it('never cuts code or a table, and says which block is too large', async () => {
    const code = `\`\`\`\n${'# x\n\n'.repeat(100)}\`\`\``;
    await expect(split(`## A\n\ntext\n\n${code}\n`, 300)).rejects.toMatchObject({
      code: 'DOCUMENT_TOO_LARGE',
      message: expect.stringMatching(/^a\.md: one block of \d+ bytes is over the limit of 300/),
    });
    const parts = await split(`${'word '.repeat(40)}\n\n${code}\n`, 600);
    expect(parts.some((part) => part.text.includes(code))).toBe(true);
  });

  it('a list too long is cut between items, numbers kept', async () => {
    const list = Array.from({ length: 30 }, (_, index) => `${index + 1}. step ${index + 1}\n   more of it`).join('\n');
    const parts = await split(list, 200);
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) expect(part.text).toMatch(/^# Reset\n\n\d+\. step \d+\n {3}more of it/);
  });

  it('keys and bytes of parts behind an edit stay as they were', async () => {
    const section = (index: number, words: string) => `## Section ${index}\n\n${words.repeat(10)}\n`;
    const text = (edited: string) =>
      Array.from({ length: 60 }, (_, index) => section(index, index === 3 ? edited : 'plain words here. ')).join('\n');
    const before = await split(text('plain words here. '), 2000);
    const after = await split(text('these words are rather longer than before. '), 2000);
    const known = new Map(before.map((part) => [part.key, part.fingerprint]));
    const same = after.filter((part) => known.get(part.key) === part.fingerprint);
    expect(before.length).toBeGreaterThan(8);
    expect(same.length).toBeGreaterThanOrEqual(before.length - 4);
  });

  it('loses no line, whatever the text', async () => {
    const block = fc.oneof(
      fc.constantFrom(
        '# One',
        '## Two',
        '### Three words',
        '###### six',
        'Setext\n------',
        'Top\n===',
        '***',
        '> quote\n> more',
        '<div>\n\nhtml\n\n</div>',
        '[ref]: https://x.example',
      ),
      fc.lorem({ maxCount: 30 }),
      fc.lorem({ maxCount: 5 }).map((words) => `- ${words}\n- b\n\n  still b\n  1. deep\n- c`),
      fc.lorem({ maxCount: 9 }).map((words) => `~~~\n## ${words}\n\n- x\n~~~`),
      fc.lorem({ maxCount: 4 }).map((words) => `    indented ${words}`),
      fc.lorem({ maxCount: 3 }).map((words) => `| ${words} | b |\n|--|--|\n| 1 | 2 |`),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(block, { minLength: 1, maxLength: 25 }), fc.integer({ min: 60, max: 900 }), async (blocks, limit) => {
        const text = blocks.join('\n\n');
        try {
          const parts = await split(text, limit);
          const kept = new Set(parts.flatMap((part) => lines(part.text)));
          for (const line of lines(text)) {
            // The heading that repeats the title is written anew.
            expect(kept.has(line)).toBe(true);
          }
          for (const part of parts) expect(part.bytes).toBeLessThanOrEqual(limit);
          expect(new Set(parts.map((part) => part.key)).size).toBe(parts.length);
        } catch (thrown) {
          if (!(thrown instanceof SyncError)) throw thrown;
          expect(thrown.code).toBe('DOCUMENT_TOO_LARGE');
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('payloadHeads', () => {
  it('tells what cannot be rendered, and the rest goes through', async () => {
    const good = article({ id: 'good', body: fingerprint('x') });
    const large = article({ id: 'large' });
    const stale = article({ id: 'stale' });
    const scan = {
      text: (document: Document) => {
        if (document.id === 'stale') throw new SyncError('DOCUMENT_REFUSED', { message: 'gone' });
        return document.id === 'large' ? 'word '.repeat(100) : 'x';
      },
    };
    const { heads, failed } = await payloadHeads(scan, [good, large, stale, qa], { ...options, partBytes: 100 }, null);
    expect(heads.map((head) => head.document)).toEqual(['good', 'a.md#qa-q']);
    expect(failed).toMatchObject([
      { document: 'large', path: 'a.md', error: { code: 'DOCUMENT_TOO_LARGE' } },
      { document: 'stale', error: { code: 'DOCUMENT_REFUSED', message: 'gone' } },
    ]);
    const payload = await renderPayload(good, 'x', options);
    expect(heads[0]?.fingerprint).toBe(payload.fingerprint);
    expect(heads[0]).not.toHaveProperty('bodyText');
    expect(heads[0]?.parts[0]).not.toHaveProperty('text');
  });
});

describe('likeness', () => {
  const text = (...words: string[]) => words.join('\n');
  it.each([
    [text('a', 'b', 'c', 'd', 'e'), text('a', 'b', 'c', 'd', 'e'), 1],
    [text('a', '', 'b  ', 'c', 'd', 'e'), text('a\r', 'b', 'c', '', 'd', 'x'), 0.8],
    [text('a', 'a', 'a', 'a', 'a'), text('a', 'b', 'c', 'd', 'e'), 0.2],
    [text('a', 'b', 'c', 'd'), text('a', 'b', 'c', 'd'), null],
    [text('a', 'b', 'c', 'd', 'e'), text('a', 'b', '', '  ', 'c', 'd'), null],
    [text('a', 'b', 'c', 'd', 'e'), text('v', 'w', 'x', 'y', 'z', 'q'), 0],
  ])('%#', (a, b, expected) => {
    expect(likeness(a, b)).toBe(expected);
    expect(likeness(b, a)).toBe(expected);
  });
});
