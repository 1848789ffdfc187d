// A whole daemon in this process over one sandbox bot of each vendor, in a folder of its own: what its HTTP answers is what operators get.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pageWork } from '../../src/cli/page-work.ts';
import { runHanded } from '../../src/cli/watch.ts';
import { createSecretSet } from '../../src/config/secrets.ts';
import { type Daemon, startDaemon } from '../../src/daemon/daemon.ts';
import { openWorkspace, type Workspace } from '../../src/workspace.ts';
import { planted } from './planted.ts';

/** Of `daemon.token`, where one is configured. */
export const daemonToken = planted;
export const fiveTargets = ['support', 'genie', 'site', 'reply', 'kore'] as const;

export interface FiveBots {
  readonly dir: string;
  readonly daemon: Daemon;
  readonly said: readonly string[];
  /** Asks the daemon. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** Resolves when it holds; rejects with what was said when it never does. */
  until(what: string, holds: () => Promise<boolean>): Promise<void>;
  close(): Promise<void>;
}

export interface FiveBotsInput {
  /** Lines of YAML below the targets'. */
  readonly extra?: string;
  readonly daemon?: string;
  /** The target with the freshness check. */
  readonly canary?: (typeof fiveTargets)[number];
  /** Changes the workspace before the daemon gets it. */
  readonly wrap?: (workspace: Workspace) => Workspace;
}

const vendors = { support: 'chatthing', genie: 'cxgenie', site: 'sitegpt', reply: 'replycx', kore: 'koreai' } as const;

/** Starts it on three documents, one of them with a golden question. */
export async function fiveBots({
  extra = '',
  daemon = '{ port: 0 }',
  canary,
  wrap = (same) => same,
}: FiveBotsInput = {}): Promise<FiveBots> {
  const dir = mkdtempSync(join(tmpdir(), 'kbsync-five-'));
  mkdirSync(join(dir, 'content'));
  const rows = fiveTargets.map(
    (name) =>
      `  - { name: ${name}, vendor: ${vendors[name]}, sandbox: true, poll: { first: 100ms, max: 500ms }, canary: ${name === canary} }\n`,
  );
  writeFileSync(
    join(dir, 'sync.config.yaml'),
    `version: 1\nname: docs\nwatch: { settle: 50ms }\ndaemon: ${daemon}\ntargets:\n${rows.join('')}${extra}`,
  );
  const golden = 'kb:\n  tests:\n    - ask: How long is a reset link valid?\n      expect: ["30 minutes"]\n';
  writeFileSync(join(dir, 'content', 'reset.md'), `---\n${golden}---\n# Resetting\n\nA reset link is valid for 30 minutes.\n`);
  for (const name of ['prices', 'hours']) writeFileSync(join(dir, 'content', `${name}.md`), `# About ${name}\n\nThe ${name} are these.\n`);
  const said: string[] = [];
  const running = await startDaemon({
    open: async (onEvent) => wrap(await openWorkspace({ configFile: null, cwd: dir, env: {}, version: '0.0.0-test', onEvent })),
    targets: [],
    initial: false,
    version: '0.0.0-test',
    runCommand: (command, streams) => runHanded(command, streams, { env: {}, version: '0.0.0-test', secrets: createSecretSet() }),
    page: pageWork({ options: { config: null, targets: [], json: false, quiet: false, verbose: false }, cwd: dir }),
    voice: { talk: (line) => void said.push(line), complain: (line) => void said.push(`! ${line}`) },
    openapi: () => readFile(fileURLToPath(new URL('../../docs/openapi.yaml', import.meta.url)), 'utf8'),
  });
  const { port } = new URL(running.url);
  return {
    dir,
    daemon: running,
    said,
    ask: (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init),
    async until(what, holds) {
      const deadline = Date.now() + 100_000;
      while (!(await holds())) {
        if (Date.now() > deadline) throw new Error(`never came: ${what}\n${said.join('\n')}`);
        await wait(50);
      }
    },
    async close() {
      await running.kill();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
