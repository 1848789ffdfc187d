// No secret on any sink: the real program against vendors that throw whatever they were sent back at it, and against a connector that stumbles.

import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { holdsPlanted, planted, plantedIn } from './support/planted.ts';
import { type QuickSandbox, quickSandbox } from './support/quick-sandbox.ts';
import { type Home, home } from './support/run-program.ts';

let place: Home | null = null;
let server: Server | null = null;
let bots: QuickSandbox | null = null;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === null ? resolve(null) : server.close(resolve)));
  await bots?.close();
  place?.remove();
  server = null;
  bots = null;
  place = null;
});

/** One target of each vendor, all at one origin. */
function everyVendor(origin: string): string {
  const at = `baseUrl: "${origin}", rate: { perMinute: 60000 }`;
  return `version: 1
name: docs
targets:
  - { name: chat, vendor: chatthing, channelId: bot-1, secretKey: "\${KBSYNC_TOKEN}", dataSourceId: ds-1, ${at} }
  - { name: site, vendor: sitegpt, chatbotId: bot-1, token: "\${KBSYNC_TOKEN}", ${at} }
  - { name: whole, vendor: sitegpt, chatbotId: bot-2, apiVersion: v0, apiKey: "\${KBSYNC_TOKEN}", takeOver: true, ${at} }
  - { name: genie, vendor: cxgenie, botId: bot-1, workspaceToken: "\${KBSYNC_TOKEN}", ${at} }
  - { name: reply, vendor: replycx, knowledgeBaseId: bot-1, token: "\${KBSYNC_TOKEN}", ${at} }
  - { name: kore, vendor: koreai, botId: st-1, clientId: cs-1, clientSecret: "\${KBSYNC_TOKEN}", ${at} }
`;
}

/** A vendor that echoes: every header and the address, in the ways that people and encoders write them. */
async function echo(status: number): Promise<{ readonly origin: string; readonly credentials: Set<string> }> {
  const credentials = new Set<string>();
  const words = ({ headers, url }: IncomingMessage): string => {
    const given = JSON.stringify(headers);
    for (const [name, value] of Object.entries(headers)) {
      if (/auth|key|token/i.test(name) && typeof value === 'string') credentials.add(value.replace(/^Bearer /, ''));
    }
    const encoded = [Buffer.from(`user:${planted}`).toString('base64'), Buffer.from(planted).toString('hex'), encodeURIComponent(planted)];
    const wrapped = `${planted.slice(0, 9)}\n    ${planted.slice(9)}`;
    return `${given} ${url} ${JSON.stringify(given)} ${encoded.join(' ')} ${wrapped} <b>${planted}</b> \u001b[2J`;
  };
  server = createServer((incoming, reply) => {
    const said = words(incoming);
    incoming.resume().on('end', () => {
      const body = { error: { message: said, code: said }, message: said, errors: [{ msg: said }], id: said, data: said };
      reply.writeHead(status, { 'content-type': 'application/json', 'x-echo': 'yes' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, credentials };
}

/** Everything below a folder as one text. */
function everything(folder: string): string {
  return readdirSync(folder, { withFileTypes: true })
    .map((entry) => (entry.isDirectory() ? everything(join(folder, entry.name)) : readFileSync(join(folder, entry.name), 'latin1')))
    .join('\n');
}

describe('vendors that echo what they were sent', () => {
  it.each([200, 400, 401, 422])(
    'with %i: neither the secret nor what was made of it is printed or kept',
    async (status) => {
      const { origin, credentials } = await echo(status);
      place = home(everyVendor(origin));
      place.write({ 'content/a.md': '# A\n\nSome words.\n' });
      const printed: string[] = [];
      for (const words of [
        ['sync', '--verbose', '--no-wait', '--initial'],
        ['plan', '--json'],
        ['status', '--documents', '--json'],
        ['todo'],
        ['doctor', '--bundle', 'support.md', '--with-words'],
        ['doctor', '--json'],
      ]) {
        const ran = await place.run(...words);
        printed.push(ran.stdout, ran.stderr);
        expect(ran.stderr).not.toContain('is a bug');
      }
      const all = printed.join('\n');
      expect(all).toContain('***');
      expect(holdsPlanted(all)).toBe(false);
      expect(all).not.toContain('\u001b[2J');
      expect(plantedIn(place.dir)).toEqual([]);
      expect(credentials.size).toBeGreaterThan(1);
      const kept = everything(join(place.dir, 'state'));
      for (const credential of credentials) expect([all.includes(credential), kept.includes(credential)]).toEqual([false, false]);
    },
    60_000,
  );
});

/** A connector of somebody else's, as a file beside the configuration. */
const stumbling = (how: string): string =>
  `
import { z } from 'zod';
const leak = (key) => Object.assign(new Error('no entry with ' + key), { options: { headers: { authorization: key } } });
export default {
  name: 'stumbling', contract: 1, label: 'Stumbling', options: { safeParse: (data) => ({ success: true, data }) },
  required: () => [], identityKeys: ['botId'], defaultBaseUrl: 'https://stumbling.invalid', variants: {},
  sandbox: () => ({ options: {}, bot: { id: 'b', secret: 's' } }), account: () => 'a',
  connect: ({ apiToken }) => {
    ${how}
    throw leak(apiToken);
  },
};
`.replace("import { z } from 'zod';\n", '');

describe('a bug', () => {
  it.each([
    ['thrown to the caller', ''],
    ['thrown by nobody’s call', 'setTimeout(() => { throw leak(apiToken); }, 0); return new Promise(() => {});'],
    ['of a promise that nobody waits for', 'Promise.reject(leak(apiToken)); return new Promise(() => {});'],
  ])(
    '%s is told without the secret that it carries, with its stack and exit code 1',
    async (_, how) => {
      place = home('version: 1\nname: docs\ntargets: [{ name: odd, vendor: ./stumbling.mjs, botId: b, apiToken: "${ODD}" }]\n');
      // Named by nothing but its key: no schema says that it is a secret, nor does its variable.
      place.write({ 'stumbling.mjs': stumbling(how), '.env': `ODD='${planted}'\n`, 'content/a.md': '# A\n' });
      const ran = await place.run('sync', '--json');
      expect(ran.stderr).toContain('no entry with ***');
      expect(ran.stderr).toContain('stumbling.mjs');
      expect(holdsPlanted(ran.stdout + ran.stderr)).toBe(false);
      expect(ran.exitCode).toBe(1);
      expect(ran.stdout).toContain('no entry with ***');
    },
    30_000,
  );
});

describe('a sandbox', () => {
  it('keeps no key that may open a real bot', async () => {
    place = home('version: 1\nname: docs\ntargets: [{ name: site, vendor: sitegpt, sandbox: true, token: "${KBSYNC_TOKEN}" }]\n');
    place.write({ 'content/a.md': '# A\n\nwords\n' });
    expect((await place.run('sync')).exitCode).toBe(0);
    expect(plantedIn(place.dir)).toEqual([]);
  }, 30_000);
});

describe('a document that holds a key of the configuration', () => {
  it('goes to no bot and is not kept, and the others go on', async () => {
    place = home(
      'version: 1\nname: docs\ntargets: [{ name: site, vendor: sitegpt, sandbox: true, lagMs: 0ms, token: "${KBSYNC_TOKEN}" }]\n',
    );
    bots = await quickSandbox(place.dir);
    place.write({ 'content/a.md': '# A\n\nwords\n', 'content/b.md': `# B\n\nUse ${planted} to log in.\n` });
    const ran = await place.run('sync', '--json');
    const { targets } = ran.json<{
      targets: [{ operations: { document: string; outcome: string; error: { message: string } | null }[] }];
    }>();
    expect(targets[0].operations.map(({ document, outcome }) => [document, outcome])).toEqual([
      ['a.md', 'done'],
      ['b.md', 'blocked'],
    ]);
    expect(targets[0].operations[1]?.error?.message).toBe("b.md: holds a secret of the configuration, such as a target's key: not sent");
    expect(ran.exitCode).toBe(4);
    expect(plantedIn(place.dir)).toEqual([]);
  }, 30_000);

  it('is foreseen by the plan, in whatever form it stands, and from the cache too', async () => {
    place = home(
      'version: 1\nname: docs\ntargets: [{ name: site, vendor: sitegpt, sandbox: true, lagMs: 0ms, token: "${KBSYNC_TOKEN}" }]\n',
    );
    const inBase64 = Buffer.from(`user:${planted}`).toString('base64');
    place.write({ 'content/a.md': '# A\n\nwords\n', 'content/b.md': `# B\n\nAuthorization: Basic ${inBase64}\n` });
    for (const words of [['--json'], ['--json', '--offline'], ['--json']]) {
      const ran = await place.run('plan', '--detailed-exitcode', ...words);
      const { exitCode, targets } = ran.json<{
        exitCode: number;
        targets: [{ operations: { document: string; outcome: string; error: { message: string } | null }[]; counts: { blocked: number } }];
      }>();
      expect(targets[0].operations.map(({ document, outcome }) => [document, outcome])).toEqual([
        ['a.md', 'planned'],
        ['b.md', 'blocked'],
      ]);
      expect(targets[0].operations[1]?.error?.message).toContain('holds a secret of the configuration');
      expect([targets[0].counts.blocked, exitCode, ran.exitCode]).toEqual([1, 4, 4]);
    }
    const told = await place.run('plan');
    expect(told.stdout).toContain("b.md: holds a secret of the configuration, such as a target's key: not sent");
    const linted = await place.run('lint');
    expect(linted.stdout).toContain("b.md error secrets: holds a secret of the configuration, such as a target's key (site)");
    expect(linted.exitCode).toBe(4);
  }, 30_000);

  it('is told though the same text was harmless before the key was this one', async () => {
    const site = 'version: 1\nname: docs\ntargets: [{ name: site, vendor: sitegpt, sandbox: true, lagMs: 0ms, token: "${KBSYNC_TOKEN}"';
    place = home(`${site} }]\n`);
    bots = await quickSandbox(place.dir);
    place.write({ 'content/a.md': '# A\n\nUse another-9876543210 for it.\n' });
    expect((await place.run('sync')).exitCode).toBe(0);
    expect((await place.run('plan', '--detailed-exitcode')).exitCode).toBe(0);
    place.write({
      'sync.config.yaml': `${site} }, { name: other, vendor: sitegpt, sandbox: true, lagMs: 0ms, token: "\${OTHER}" }]\n`,
      '.env': 'OTHER=another-9876543210\n',
    });
    const ran = await place.run('plan', '--detailed-exitcode', '--target', 'site');
    expect(ran.stdout).toContain('a.md: holds a secret of the configuration');
    expect(ran.exitCode).toBe(4);
  }, 30_000);
});

describe('a question that quotes a key', () => {
  const key = 'Kq7_Planted-Secret/4711';
  /** As ids are made of questions. */
  const inIds = 'kq7-planted-secret-4711';
  const token = `ghp_${'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'}`;
  const found = (dir: string): readonly string[] =>
    readdirSync(dir, { recursive: true, withFileTypes: true }).flatMap((entry) => {
      if (!entry.isFile() || entry.name === '.env') return [];
      const text = readFileSync(join(entry.parentPath, entry.name));
      const plain = (text[0] === 0x1f && text[1] === 0x8b ? gunzipSync(text) : text).toString('utf8');
      return [key, inIds, token, token.toLowerCase().replace('_', '-')]
        .filter((one) => plain.includes(one))
        .map((one) => `${entry.name}: ${one}`);
    });

  it('shows it nowhere, not even in lower case in its id', async () => {
    place = home('version: 1\nname: docs\ntargets: [{ name: site, vendor: sitegpt, sandbox: true, lagMs: 0ms, token: "${ODD}" }]\n');
    bots = await quickSandbox(place.dir);
    place.write({ '.env': `ODD=${key}\n` });
    const files = {
      'a.md': '# A\n\nwords\n',
      'b.md': `---\nkb:\n  faq:\n    - { q: "What is ${key} for?", a: "To log in." }\n    - { q: "And then?", a: "${key} is gone." }\n---\n# B\n\nwords\n`,
      'c.qa.yaml': `- { q: "Is ${key} mine?", a: "No." }\n`,
      'd.md': `---\nkb:\n  faq:\n    - { q: "Who has ${token}?", a: "Nobody." }\n---\n# D\n\nwords\n`,
    };
    place.write(Object.fromEntries(Object.entries(files).map(([name, text]) => [`content/${name}`, text])));
    let told = '';
    for (const words of [
      ['sync'],
      ['sync', '--json'],
      ['plan', '--verbose'],
      ['status', '--documents'],
      ['lint'],
      ['history'],
      ['show', 'b.md'],
    ]) {
      const ran = await place.run(...words);
      told += ran.stdout + ran.stderr;
    }
    expect(told).toContain('a.md');
    expect([key, inIds, token, token.toLowerCase().replace('_', '-')].filter((one) => told.includes(one))).toEqual([]);
    expect(found(join(place.dir, 'state'))).toEqual([]);
  }, 60_000);
});
