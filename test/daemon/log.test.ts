// The daemon's log: every pass a run of its own, every event of it marked, commands that were handed over, and no secret anywhere.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog, streamSink } from '../../src/cli/log.ts';
import { logRun } from '../../src/cli/log-run.ts';
import { runHanded } from '../../src/cli/watch.ts';
import { createSecretSet } from '../../src/config/secrets.ts';
import { type House, house, pages, secret, version } from './house.ts';

let home: House;
beforeEach(async () => {
  home = await house();
});
afterEach(() => home.close());

interface Line {
  readonly level: string;
  readonly event: string;
  readonly run?: string;
  readonly target?: string;
  readonly document?: string;
  readonly effects?: readonly string[];
  readonly url?: string;
  readonly status?: number;
  readonly code?: string;
  readonly msg: string;
  readonly [name: string]: unknown;
}

function logOf() {
  const raw: string[] = [];
  const secrets = createSecretSet();
  secrets.add(secret);
  const log = createLog({
    level: 'debug',
    format: 'json',
    sink: streamSink({ write: (text) => void raw.push(text) }),
    secrets,
    now: Date.now,
  });
  const lines = (): readonly Line[] => raw.map((line) => JSON.parse(line) as Line);
  return { raw, lines, log };
}

describe('the log of the daemon', () => {
  it('has a line an event, with run, target, document, operation, effects and how long it took', async () => {
    home.write(pages(4));
    const { lines, log, raw } = logOf();
    const daemon = await home.start({ log });
    await home.until('all told', () => lines().filter(({ event }) => event === 'operation').length === 8);
    await home.until('the passes have ended', () => lines().filter(({ event, pass }) => event === 'run' && pass === 'sync').length >= 2);
    await daemon.stop();
    const operations = lines().filter(({ event, target }) => event === 'operation' && target === 'site');
    expect(operations.map(({ document }) => document).sort()).toEqual(['p0.md', 'p1.md', 'p2.md', 'p3.md']);
    const runs = new Set(operations.map(({ run }) => run));
    expect(runs.size).toBe(1);
    for (const line of operations)
      expect(line).toMatchObject({ operation: 'create', outcome: 'done', effects: [expect.stringMatching(/^[0-9a-f]{16}$/)] });
    expect(operations.every(({ durationMs }) => typeof durationMs === 'number')).toBe(true);
    const [run] = runs;
    const ofRun = lines().filter((line) => line.run === run);
    expect(ofRun[0]).toMatchObject({ event: 'begin', target: 'site', pass: 'sync', why: 'start' });
    expect(ofRun.at(-1)).toMatchObject({ event: 'run', level: 'info', target: 'site', outcome: 'done', done: 4 });
    expect(ofRun.every(({ target }) => target === 'site')).toBe(true);
    const writes = ofRun.filter(({ event, intent }) => event === 'request' && intent === 'write');
    expect(writes.length).toBeGreaterThan(0);
    expect(writes.every(({ url, status }) => url?.startsWith(`${home.served.origin}/`) && (status === 200 || status === 201))).toBe(true);
    expect(raw.join('')).not.toContain(secret);
  });

  it('closes a run that failed with the vendor’s code and the next step', async () => {
    home.configure({ key: 'sgpt_a-wrong-key-0815', targets: 'site' });
    home.write(pages(1));
    const { lines, log } = logOf();
    await home.start({ log });
    await home.until('refused', () => lines().some(({ event, code }) => event === 'run' && code === 'CREDENTIALS_REFUSED'));
    expect(lines().find(({ event }) => event === 'run')).toMatchObject({ level: 'warn', outcome: 'failed', next: expect.any(String) });
  });

  it('gives a command that was handed over a run of its own', async () => {
    home.write(pages(1));
    const { lines, log } = logOf();
    const logged = logRun({ log, run: 'daemon-1', reopen: () => {} }, { command: 'watch', version });
    await home.start({ log: logged.log });
    await home.until('trained', () => lines().filter(({ event, pass }) => event === 'run' && pass === 'sync').length >= 2);
    home.write({ 'more.md': '# More\n\nmore.\n' });
    const streams = { stdout: () => {}, stderr: () => {}, stop: new AbortController().signal, kill: new AbortController().signal };
    const options = { config: null, targets: ['site'], json: true, quiet: true, verbose: false };
    const request = { paths: [], waitMs: null, planFile: null, exact: false, onlyFailed: false, limit: null };
    const more = { allowDeletes: null, allowUpdates: null, initial: false, trainOnly: false, lockWaitMs: 20_000 };
    const command = { command: 'sync', request: { ...request, ...more }, options, cwd: home.dir, colour: false, columns: null } as const;
    expect(await runHanded(command, streams, { env: {}, version, secrets: createSecretSet(), log: logged })).toBe(0);
    const start = lines().find(({ event, handed }) => event === 'start' && handed === true);
    expect(start?.run).toBeDefined();
    expect(lines().find(({ event, run }) => event === 'end' && run === start?.run)).toMatchObject({ command: 'sync', exitCode: 0 });
  });
});
