// Five bots, one of each vendor, and the daemon that keeps them: in this process, against emulators over real HTTP, with Debian's Chromium to look.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { pageWork } from '../../src/cli/page-work.ts';
import { runHanded } from '../../src/cli/watch.ts';
import { createSecretSet } from '../../src/config/secrets.ts';
import { resolveEmulator } from '../../src/connectors/registry.ts';
import { type Daemon, startDaemon } from '../../src/daemon/daemon.ts';
import { createKnowledge } from '../../src/sandbox/retrieval.ts';
import { type Served, serveEmulators } from '../../src/sandbox/serve.ts';
import { memoryStore } from '../../src/sandbox/store.ts';
import { openWorkspace } from '../../src/workspace.ts';
import { seeded } from '../support/emulator-tools.ts';
import { planted } from '../support/planted.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);

/** '' where there is a browser; else why there is none, for the name of the tests. */
export const missing = executablePath === undefined ? ' (skipped: no chromium in /usr/bin)' : '';

export const token = 'correct-horse-battery-staple';
const version = '0.0.0-test';
const secret = `key_${planted}`;

/** Trains at once, but for the vendor that cannot tell. */
const settings: Readonly<Record<string, object>> = {
  chatthing: { syncMs: 0, startLagMs: 0, listLagMs: 0 },
  sitegpt: { queuedMs: 0, processingMs: 0 },
  cxgenie: { learnMs: 0 },
  replycx: { trainMs: 0 },
  koreai: { ingestMs: 0, trainMs: 0 },
};

const targets: Readonly<Record<string, readonly [string, string]>> = {
  chatthing: ['support', `channelId: bot-1, secretKey: "${secret}"`],
  cxgenie: ['genie', `botId: bot-1, workspaceToken: "${secret}"`],
  sitegpt: ['site', `chatbotId: bot-1, token: "${secret}", lagMs: 0`],
  replycx: ['reply', `knowledgeBaseId: bot-1, token: "${secret}"`],
  koreai: ['kore', `botId: bot-1, clientId: cs-bot-1, clientSecret: "${secret}", lagMs: 0`],
};

export interface Five {
  readonly dir: string;
  readonly daemon: Daemon;
  readonly served: Served;
  readonly said: string[];
  write(files: Readonly<Record<string, string | null>>): void;
  close(): Promise<void>;
}

/**
 * A house of five bots. `withToken` false: nobody can do anything from the page. `extra`: lines of YAML below the targets. `canary`: where the
 * freshness check is on.
 */
export async function five(
  files: Readonly<Record<string, string>>,
  { withToken = true, extra = '', canary = [] as readonly string[] } = {},
): Promise<Five> {
  const dir = mkdtempSync(join(tmpdir(), 'kbsync-five-'));
  const emulators = [];
  for (const vendor of Object.keys(targets)) {
    const spec = await resolveEmulator(vendor);
    const brain = createKnowledge();
    const tools = { store: memoryStore(), now: Date.now, random: seeded(1), knowledge: () => brain };
    const emulator = spec.create(tools, { ...spec.defaults, ...settings[vendor] });
    emulator.provision({ id: 'bot-1', secret });
    emulators.push({ spec, emulator });
  }
  const served = await serveEmulators({ emulators, port: 0 });
  const write = (all: Readonly<Record<string, string | null>>): void => {
    for (const [path, text] of Object.entries(all)) {
      const file = join(dir, 'content', path);
      mkdirSync(dirname(file), { recursive: true });
      if (text === null) rmSync(file);
      else writeFileSync(file, text);
    }
  };
  const common = `baseUrl: "${served.origin}", minInterval: 0, poll: { first: 20ms, max: 50ms }, rate: { perMinute: 60000, concurrency: 2 }`;
  const lines = Object.entries(targets).map(
    ([vendor, [name, keys]]) =>
      `  - { name: ${name}, vendor: ${vendor}, ${keys}, ${canary.includes(name) ? 'canary: true, ' : ''}${common} }\n`,
  );
  writeFileSync(
    join(dir, 'sync.config.yaml'),
    `version: 1\nname: handbook\ncontent: { root: ./content }\nwatch: { settle: 50ms, maxWait: 500ms }\n` +
      `daemon: { port: 0${withToken ? `, token: "${token}"` : ''} }\nverify: { retries: 0, minPass: 1 }\ntargets:\n${lines.join('')}${extra}`,
  );
  write(files);
  const said: string[] = [];
  const daemon = await startDaemon({
    open: (onEvent) =>
      openWorkspace({
        configFile: null,
        cwd: dir,
        env: {},
        version,
        onEvent,
        sleep: (_ms, signal) => wait(1, undefined, { signal }).catch(() => undefined),
        retry: { attempts: 1 } as object,
      }),
    targets: [],
    initial: true,
    version,
    runCommand: (command, streams) => runHanded(command, streams, { env: {}, version, secrets: createSecretSet() }),
    voice: { talk: (line) => void said.push(line), complain: (line) => void said.push(`! ${line}`) },
    page: pageWork({ options: { config: null, targets: [], json: false, quiet: false, verbose: false }, cwd: dir }),
  });
  return {
    dir,
    daemon,
    served,
    said,
    write,
    async close() {
      await daemon.kill();
      await served.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Debian's Chromium. */
export function launch(): Promise<Browser> {
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-sync'];
  return chromium.launch({ executablePath: executablePath ?? '', args });
}

/** A page that tells everything that a browser complains of. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ readonly page: Page; readonly wrong: string[] }> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') wrong.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('dialog', (dialog) => {
    wrong.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { page, wrong };
}

/** Logs in on the page. */
export async function logIn(page: Page, url: string, next = '/'): Promise<void> {
  await page.goto(`${url}login?next=${encodeURIComponent(next)}`);
  await page.getByLabel('The token').fill(token);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('button', { name: 'Log out' }).waitFor();
}
