// A user's first minutes with the real program: plan, sync, sync again, status, ask, show, and the mistakes one makes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Home, home, type Ran } from '../support/run-program.ts';

const config = `version: 1
name: acme
content: { root: ./content, defaults: { audience: public } }
targets:
  - { name: support, vendor: chatthing, sandbox: true, poll: { first: 200ms, max: 1s } }
  - { name: site, vendor: sitegpt, sandbox: true, audience: [public], poll: { first: 200ms, max: 1s } }
  - { name: closed, vendor: sitegpt, chatbotId: "1", token: "\${NO_SUCH_TOKEN}", paused: true }
`;

const text = 'Open Settings and choose *Reset*. The link arrives by mail.';

type Sync = {
  exitCode: number;
  targets: { name: string; counts: Record<string, number>; requests: { write: number }; training: { state: string } }[];
};

describe('the first run', () => {
  let place: Home;
  let first: Ran;
  let second: Ran;

  beforeAll(async () => {
    place = home(config);
    place.write({
      'content/guides/reset.md': `---\ntitle: Reset your password\nkb: { id: reset, audience: public, faq: [{ q: "How long is a link valid?", a: "30 minutes." }] }\n---\n${text}\n`,
      'content/internal.md': '---\nkb: { audience: internal }\n---\n# Salaries\n\nThe boss earns a zebra.\n',
      'content/odd.md': '---\nkb: { audience: public }\n---\n# Odd\n\nA bell \u0007 rings.\n',
      'content/broken.md': '---\nkb: { nonsense: true }\n---\n# Broken\n',
    });
    first = await place.run('sync', '--json');
    second = await place.run('sync', '--json');
  }, 60_000);

  afterAll(() => place.remove());

  it('ends trained, and says with 4 that one file is invalid', () => {
    const { exitCode, targets } = first.json<Sync>();
    expect([first.exitCode, exitCode]).toEqual([4, 4]);
    expect(targets.map(({ name, counts, training }) => [name, counts['create'], training.state])).toEqual([
      ['support', 4, 'trained'],
      ['site', 3, 'trained'],
      ['closed', 0, 'unknown'],
    ]);
  });

  it('writes nothing the second time', () => {
    expect(second.json<Sync>().targets.map(({ counts, requests }) => [counts['create'], requests.write])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  it('ask: the answer and, where the vendor names it, the document', async () => {
    const all = await place.run('ask', '--all', 'How long is a link valid?', '--json');
    expect(all.exitCode).toBe(0);
    expect(all.stderr).toContain('not asked, since paused: closed');
    const question = 'How long is a link valid?';
    const source = { document: 'reset#qa-how-long-is-a-link-valid', title: question, url: null, matched: false };
    expect(all.json()).toEqual({
      version: 1,
      command: 'ask',
      answers: [
        { target: 'support', question, answer: '30 minutes.', sources: [{ ...source, matched: true }], error: null },
        { target: 'site', question, answer: '30 minutes.', sources: [source], error: null },
      ],
      disagreements: [],
    });
    const one = await place.run('ask', 'site', 'What does the boss earn?');
    expect(one.stdout).toMatch(/^site \(sitegpt\)\n/);
    expect(one.stdout).not.toContain('zebra');
    expect((await place.run('ask', 'site')).exitCode).toBe(2);
    expect((await place.run('ask', 'closed', 'Anybody?')).exitCode).toBe(2);
  });

  it('show: by id, path and item id, without any secret', async () => {
    const byId = await place.run('show', 'reset', '--json');
    expect(byId.exitCode).toBe(0);
    type Story = {
      document: string;
      path: string;
      others: string[];
      targets: { name: string; remoteIds: string[]; wantedFingerprint: string; trainedFingerprint: string; why: string }[];
    };
    const story = byId.json<Story>();
    expect(story).toMatchObject({ document: 'reset', path: 'guides/reset.md', others: ['reset#qa-how-long-is-a-link-valid'] });
    expect(story.targets.map(({ name }) => name)).toEqual(['support', 'site', 'closed']);
    const site = story.targets[1];
    expect(site?.trainedFingerprint).toBe(site?.wantedFingerprint);
    for (const name of ['content/guides/reset.md', 'guides/reset.md', './content/guides/../guides/reset.md', site?.remoteIds[0] ?? '']) {
      expect((await place.run('show', name, '--json')).json<Story>().document).toBe('reset');
    }
    const shown = await place.run('show', 'internal.md', '--target', 'site');
    expect(shown.stdout).toContain('site (sitegpt): has none of it: audience internal is outside the fence [public]');
    const broken = await place.run('show', 'broken.md', '--target', 'site');
    expect(broken.stdout).toContain('its file is at fault');
    const unknown = await place.run('show', 'rese');
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stderr).toContain('there are reset');
  }, 60_000);

  it('show --as: byte for byte what the bot is given; a fenced document exits 2 with the reason', async () => {
    expect((await place.run('show', 'reset', '--as', 'support')).stdout).toBe(`# Reset your password\n\n${text}\n`);
    expect((await place.run('show', 'odd.md', '--as', 'site')).stdout).toBe('# Odd\n\nA bell \u0007 rings.\n');
    const json = (await place.run('show', 'odd.md', '--as', 'site', '--json')).json<{ parts: { title: string; text: string }[] }>();
    expect(json.parts).toMatchObject([{ title: 'Odd', text: '# Odd\n\nA bell \u0007 rings.\n' }]);
    const fenced = await place.run('show', 'internal.md', '--as', 'site', '--json');
    expect(fenced.exitCode).toBe(2);
    expect(fenced.json()).toMatchObject({
      exitCode: 2,
      error: { message: 'site is given nothing of internal.md: audience internal is outside the fence [public]' },
    });
    expect((await place.run('show', 'reset', '--as', 'nobody')).exitCode).toBe(2);
  });

  it('todo and unlock have nothing to tell', async () => {
    expect((await place.run('todo', '--json')).json()).toEqual({ version: 1, command: 'todo', exitCode: 0, items: [], errors: [] });
    const locks = await place.run('unlock');
    expect([locks.exitCode, locks.stdout]).toEqual([0, 'support: not locked\nsite: not locked\nclosed: not locked\n']);
  });
});

describe('the command line', () => {
  let place: Home;

  beforeAll(() => {
    place = home(null);
  });

  afterAll(() => place.remove());

  it('schema needs no configuration', async () => {
    const pretty = await place.run('schema');
    expect(pretty.exitCode).toBe(0);
    expect(pretty.stdout.startsWith('{\n  "$schema": "http://json-schema.org/')).toBe(true);
    const schema = JSON.parse(pretty.stdout) as {
      properties: { targets: { items: { anyOf: { properties: { vendor: { const: string } } }[] } } };
    };
    expect(schema.properties.targets.items.anyOf.map(({ properties }) => properties.vendor.const)).toContain('chatthing');
    expect((await place.run('schema', '--json')).json()).toEqual(schema);
  });

  it('without a command: the help, and 2', async () => {
    const { exitCode, stdout, stderr } = await place.run();
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: kbsync');
    expect((await place.run('--help')).exitCode).toBe(0);
  });

  it.each([
    { words: ['sync', '--bogus', '--json'], command: 'sync', message: "unknown option '--bogus'" },
    { words: ['--json', 'nonsense'], command: null, message: "unknown command 'nonsense'" },
    { words: ['sync', '--limit', 'many', '--json'], command: 'sync', message: 'expected a whole number' },
    { words: ['--json'], command: null, message: 'no command was given' },
    { words: ['plan', '--json'], command: 'plan', message: 'there is no sync.config.yaml' },
  ])('$words is exit 2, and an object', async ({ words, command, message }) => {
    const ran = await place.run(...words);
    expect(ran.exitCode).toBe(2);
    const found = ran.json<{ error: { message: string } }>();
    expect(found).toMatchObject({ version: 1, command, exitCode: 2 });
    expect(found.error.message).toContain(message);
  });

  it('an option that does not exist is named without what was given to it, which may be a key', async () => {
    const ran = await place.run('sync', "--token=abc'd\nefg", '--json');
    expect(ran.exitCode).toBe(2);
    expect(ran.json<{ error: { message: string } }>().error.message).toBe("unknown option '--token=***'");
    expect(ran.stderr).toContain("unknown option '--token=***'");
    expect(ran.stderr).not.toContain('efg');
  });

  it('a reader that stops listening ends nothing with a crash', async () => {
    const child = place.start('schema');
    child.stdout?.destroy();
    let said = '';
    child.stderr?.on('data', (text: Buffer) => {
      said += text.toString();
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect([code, said]).toEqual([0, '']);
  });
});
