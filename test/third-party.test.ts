// Connectors of others, as their authors and users meet them: the example package under the contract suite and its types checked, a sync through
// the real program by file and by package name, with a copy of kbsync and zod of its own, and what is refused, at its place.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ended, type Home, home } from './support/run-program.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const example = join(root, 'examples/connector-corkboard');

interface Corkboard {
  readonly server: Server;
  provision(bot: { readonly id: string; readonly secret: string }): void;
  inspect(board: string): readonly { readonly name: string; readonly text: string }[];
}

/** A package of that name in a folder's node_modules, as npm would link it. */
function link(dir: string, name: string, to: string): void {
  mkdirSync(join(dir, 'node_modules'), { recursive: true });
  symlinkSync(to, join(dir, 'node_modules', name), 'dir');
}

/** kbsync as another installation of it would lie there: files of its own, so that neither its classes nor zod's are ours. */
function copyOfKbsync(dir: string): void {
  const own = join(dir, 'node_modules/kbsync');
  mkdirSync(join(own, 'node_modules'), { recursive: true });
  cpSync(join(root, 'dist'), join(own, 'dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(own, 'package.json'));
  cpSync(realpathSync(join(root, 'node_modules/zod')), join(own, 'node_modules/zod'), { recursive: true });
}

describe('the example package', () => {
  let dir: string;

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'kbsync-example-'));
    cpSync(example, dir, { recursive: true, filter: (path) => !path.startsWith(join(example, 'node_modules')) });
    link(dir, 'kbsync', root);
  });

  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('runs the contract suite against its own emulator, and passes every case that applies', async () => {
    const ran = await ended(
      spawn(process.execPath, ['--test', '--test-reporter=tap'], { cwd: dir, env: { PATH: process.env['PATH'] ?? '' } }),
    );
    expect(`${ran.exitCode} ${/^# fail \d+$/m.exec(ran.stdout)?.[0]}\n${ran.exitCode === 0 ? '' : ran.stdout}`).toBe('0 # fail 0\n');
    expect(Number(/^# pass (\d+)$/m.exec(ran.stdout)?.[1])).toBeGreaterThan(75);
    expect(ran.stdout).toMatch(/learns: .* # SKIP no train: vendor-has-none/);
  }, 120_000);

  it('is checked by the compiler against the published types', async () => {
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      allowJs: true,
      checkJs: true,
      module: 'nodenext',
      target: 'es2023',
    };
    const types = { types: ['node'], typeRoots: [join(root, 'node_modules/@types')] };
    const check = async (patch: (text: string) => string): Promise<string> => {
      const { readFileSync } = await import('node:fs');
      writeFileSync(join(dir, 'connector.js'), patch(readFileSync(join(example, 'connector.js'), 'utf8')));
      writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...compilerOptions, ...types }, include: ['*.js'] }));
      const ran = await ended(spawn(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', dir], { cwd: dir }));
      return ran.stdout;
    };
    expect(await check((text) => text)).toBe('');
    // That nothing is said must not mean that nothing is looked at.
    expect(await check((text) => text.replace("repeatedCreate: 'findable'", "repeatedCreate: 'sometimes'"))).toContain('connector.js');
  }, 120_000);
});

describe('a sync with a connector of others', () => {
  let board: Corkboard;
  let place: Home;
  let port: number;

  const config = (vendor: string, more = ''): string => `version: 1
name: acme
content: { root: ./content }
targets:
  - { name: board, vendor: ${vendor}, baseUrl: "http://127.0.0.1:${port}", boardId: board-1, apiKey: "\${BOARD_KEY:-corkboard-key}"${more}, poll: { first: 100ms, max: 300ms } }
`;

  beforeEach(async () => {
    const emulator = (await import(pathToFileURL(join(example, 'emulator.js')).href)) as { createCorkboard(given: object): Corkboard };
    board = emulator.createCorkboard({ now: Date.now, learnMs: 50 });
    board.provision({ id: 'board-1', secret: 'corkboard-key' });
    await new Promise<void>((resolve) => board.server.listen(0, '127.0.0.1', resolve));
    port = (board.server.address() as AddressInfo).port;
    place = home(null);
    place.write({ 'content/a.md': '# A\n\nThe first one.\n', 'content/b.md': '# B\n\nThe second one.\n' });
  });

  afterEach(async () => {
    place.remove();
    await new Promise((resolve) => board.server.close(resolve));
  });

  const sync = async () =>
    (await place.run('sync', '--json')).json<{
      exitCode: number;
      targets: { counts: object; vendor: string; requests: object; error: object | null }[];
    }>();

  /** Makes bots, edits, deletes, and comes to rest. */
  async function lives(vendor: string): Promise<void> {
    place.write({ 'sync.config.yaml': config(vendor) });
    const first = await sync();
    expect(first).toMatchObject({ exitCode: 0, targets: [{ vendor, counts: { create: 2 }, training: { state: 'trained' } }] });
    expect(
      board
        .inspect('board-1')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['acme:a.md', 'acme:b.md']);
    place.write({ 'content/a.md': '# A\n\nThe first one, changed.\n', 'content/b.md': null });
    expect(await sync()).toMatchObject({ exitCode: 0, targets: [{ counts: { update: 1, delete: 1 } }] });
    expect(board.inspect('board-1').map(({ text }) => text)).toEqual(['# A\n\nThe first one, changed.\n']);
    expect(await sync()).toMatchObject({ exitCode: 0, targets: [{ counts: { unchanged: 1 }, requests: { write: 0 } }] });
  }

  it('by file, relative to the configuration', async () => {
    place.write({ 'connectors/.keep': '' });
    cpSync(join(example, 'connector.js'), join(place.dir, 'connectors/corkboard.mjs'));
    link(place.dir, 'kbsync', root);
    await lives('./connectors/corkboard.mjs');
  }, 60_000);

  it('by the name of a package that offers itself to import alone', async () => {
    link(place.dir, 'kbsync', root);
    const installed = join(place.dir, 'node_modules/kbsync-connector-corkboard');
    cpSync(example, installed, { recursive: true, filter: (path) => !path.startsWith(join(example, 'node_modules')) });
    await lives('kbsync-connector-corkboard');
  }, 60_000);

  it('with a kbsync and a zod of its own: options, secrets and errors are understood all the same', async () => {
    cpSync(join(example, 'connector.js'), join(place.dir, 'connector.mjs'));
    copyOfKbsync(place.dir);
    await lives('./connector.mjs');

    place.write({ 'sync.config.yaml': config('./connector.mjs', ', boardID: x, pageLimit: 1') });
    const refused = (await place.run('plan', '--json')).json<{ error: { message: string } }>();
    expect(refused.error.message).toContain('targets[0].boardID: found an unknown key, expected one of boardId, apiKey, pageLimit,');
    expect(refused.error.message).toContain('did you mean "boardId"?');
    expect(refused.error.message).toContain('targets[0].pageLimit: found 1, expected at least 2');

    place.write({ 'sync.config.yaml': config('./connector.mjs').replace('"${BOARD_KEY:-corkboard-key}"', 'wrong-board-key') });
    const ran = await place.run('sync', '--json', '--verbose');
    expect(ran.json()).toMatchObject({ exitCode: 8, targets: [{ error: { code: 'CREDENTIALS_REFUSED' } }] });
    expect(ran.stderr).toContain('found a secret in the file, expected a variable');
    expect(`${ran.stdout}${ran.stderr}`).not.toContain('wrong-board-key');

    place.write({ 'sync.config.yaml': config('./connector.mjs').replace('board-1', 'board-2') });
    const gone = await place.run('plan', '--json');
    expect(gone.json()).toMatchObject({
      exitCode: 8,
      targets: [{ error: { code: 'BOT_NOT_FOUND', message: 'asking for the board: there is no board board-2' } }],
    });
  }, 60_000);

  it('with options that no zod has made: keys go through, and its own parser decides', async () => {
    link(place.dir, 'kbsync', root);
    place.write({
      'connector.mjs': `import corkboard from ${JSON.stringify(pathToFileURL(join(place.dir, 'real.mjs')).href)};
        const safeParse = (value) => value.boardId === 'bad' ? { success: false, error: { issues: [{ code: 'custom', path: ['boardId'], message: 'a board that is not bad' }] } } : corkboard.options.safeParse(value);
        export default { ...corkboard, options: { safeParse } };`,
    });
    cpSync(join(example, 'connector.js'), join(place.dir, 'real.mjs'));
    await lives('./connector.mjs');
    place.write({ 'sync.config.yaml': config('./connector.mjs').replace('board-1', 'bad') });
    const ran = (await place.run('plan', '--json')).json<{ error: { message: string } }>();
    expect(ran.error.message).toMatch(/^sync\.config\.yaml:5:\d+ targets\[0\]\.boardId: found "bad", expected a board that is not bad$/);
  }, 60_000);
});

describe('what is refused', () => {
  let place: Home;
  beforeEach(() => {
    place = home(null);
    link(place.dir, 'kbsync', root);
    place.write({ 'content/a.md': '# A\n' });
    cpSync(join(example, 'connector.js'), join(place.dir, 'corkboard.mjs'));
  });
  afterEach(() => place.remove());

  async function refusal(target: string): Promise<string> {
    place.write({ 'sync.config.yaml': `version: 1\nname: acme\ntargets:\n  - name: board\n    ${target.split('\n').join('\n    ')}\n` });
    const ran = await place.run('plan', '--json');
    expect(ran.exitCode).toBe(2);
    const { error } = ran.json<{ error: { code: string; message: string } }>();
    expect(error.code).toBe('CONFIG_INVALID');
    return error.message;
  }

  const bad: readonly (readonly [string, string, string])[] = [
    [
      'another contract',
      "import c from './corkboard.mjs'; export default { ...c, contract: 2 };",
      'it speaks contract 2, this kbsync speaks contract 1',
    ],
    [
      'no default export',
      "export { default as connector } from './corkboard.mjs';",
      'it has no default export, which would be the connector (see defineConnector)',
    ],
    ['something else', 'export default () => {};', 'its default export is no connector (see defineConnector)'],
    [
      'half a connector',
      "import c from './corkboard.mjs'; const { connect, options, ...rest } = c; export default rest;",
      'its default export lacks options, connect',
    ],
    ['an error on loading', "throw new Error('no key for the mint');", 'it cannot be loaded: no key for the mint'],
    [
      'a package that is not there',
      "import 'kbsync-no-such-package';",
      "it cannot be loaded: Cannot find package 'kbsync-no-such-package'",
    ],
  ];

  it.each(bad)('%s', async (_, text, words) => {
    place.write({ 'bad.mjs': text });
    const message = await refusal('vendor: ./bad.mjs');
    expect(message).toMatch(
      /^sync\.config\.yaml:5:13 targets\[0\]\.vendor: found "\.\/bad\.mjs", expected a connector that works \(vendor "\.\/bad\.mjs": /,
    );
    expect(message).toContain(words);
  });

  it('a file and a package that are not there', async () => {
    const there = 'expected one of chatthing, cxgenie, sitegpt, replycx, koreai, or a package or file of your own that is there';
    expect(await refusal('vendor: ./missing.js')).toBe(`sync.config.yaml:5:13 targets[0].vendor: found "./missing.js", ${there}`);
    expect(await refusal('vendor: kbsync-connector-missing')).toBe(
      `sync.config.yaml:5:13 targets[0].vendor: found "kbsync-connector-missing", ${there}`,
    );
    expect(await refusal('vendor: fs')).toContain(there);
    expect(await refusal('vendor: replyxc')).toContain('did you mean "replycx"?');
  });

  it('a sandbox, since there is no emulator', async () => {
    const message = await refusal('vendor: ./corkboard.mjs\nsandbox: true');
    expect(message).toBe(
      'sync.config.yaml:6:14 targets[0].sandbox: found true, expected false: kbsync has no emulator of ./corkboard.mjs; a server that stands in for it can be named in baseUrl',
    );
  });

  it('what the vendor cannot do, and what it needs', async () => {
    const message = await refusal('vendor: ./corkboard.mjs\nonUpdate: append');
    expect(message.split('\n')).toEqual([
      'sync.config.yaml:4:5 targets[0].boardId: found nothing, expected a value: ./corkboard.mjs needs it (a target with sandbox: true does not)',
      'sync.config.yaml:4:5 targets[0].apiKey: found nothing, expected a value: ./corkboard.mjs needs it (a target with sandbox: true does not)',
      'sync.config.yaml:6:15 targets[0].onUpdate: found "append", expected default: what ./corkboard.mjs can do with these options',
    ]);
  });
});

describe('the package', () => {
  it('offers what its exports name, with types', async () => {
    const { readFileSync } = await import('node:fs');
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      exports: Record<string, string | Record<string, string>>;
    };
    const files = Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry)));
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    const self = (name: string) =>
      import(pathToFileURL(join(root, (exports[name] as Record<string, string>)['default'] ?? '')).href) as Promise<object>;
    expect(Object.keys(await self('./connector')).sort()).toEqual([
      'SyncError',
      'capabilitiesOf',
      'defineConnector',
      'fingerprint',
      'marker',
      'sha256',
      'z',
    ]);
    expect(Object.keys(await self('./testkit'))).toEqual(
      expect.arrayContaining(['contractCases', 'contractTests', 'openBenches', 'viaHttp', 'whyNot']),
    );
  });
});
