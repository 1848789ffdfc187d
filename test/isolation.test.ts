// Invariant 11: one vendor that is down, slow or refusing never delays or fails another. Two bots of one workspace, over real HTTP, side by side as
// `sync` and the daemon run them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codesOf, strongest } from '../src/cli/exit.ts';
import { resolveEmulator } from '../src/connectors/registry.ts';
import { everything, noPasses } from '../src/cycle/context.ts';
import { syncTarget } from '../src/cycle.ts';
import type { TargetReport } from '../src/model/report.ts';
import { createKnowledge } from '../src/sandbox/retrieval.ts';
import { type Fault, type Served, serveEmulators } from '../src/sandbox/serve.ts';
import { memoryStore } from '../src/sandbox/store.ts';
import { settableClock } from '../src/testkit/clock.ts';
import { openWorkspace } from '../src/workspace.ts';
import { seeded } from './support/emulator-tools.ts';

const secret = 'planted-secret-4711';

describe('two bots of one workspace', () => {
  const clock = settableClock();
  let dir: string;
  let good: Served;
  let bad: Served;
  let held: () => number;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'kbsync-two-'));
    const serve = async (): Promise<{ served: Served; held: () => number }> => {
      const spec = await resolveEmulator('sitegpt');
      const knowledge = createKnowledge();
      const emulator = spec.create({ store: memoryStore(), now: clock.now, random: seeded(1), knowledge: () => knowledge }, spec.defaults);
      emulator.provision({ id: 'bot-1', secret });
      return { served: await serveEmulators({ emulators: [{ spec, emulator }], port: 0 }), held: () => emulator.inspect('bot-1').length };
    };
    const first = await serve();
    good = first.served;
    held = first.held;
    bad = (await serve()).served;
    const target = (name: string, served: Served) =>
      `  - { name: ${name}, vendor: sitegpt, baseUrl: "${served.origin}", chatbotId: bot-1, token: "${secret}", rate: { perMinute: 60000 } }\n`;
    writeFileSync(
      join(dir, 'sync.config.yaml'),
      `version: 1\nname: docs\ncontent: { root: ./content }\ntargets:\n${target('good', good)}${target('bad', bad)}`,
    );
    mkdirSync(join(dir, 'content'));
    for (const name of ['a', 'b', 'c']) writeFileSync(join(dir, 'content', `${name}.md`), `# ${name}\n\nThe word is ${name}${name}.\n`);
  });

  afterEach(async () => {
    await Promise.all([good.close(), bad.close()]);
    rmSync(dir, { recursive: true, force: true });
  });

  const troubles: readonly [string, Fault][] = [
    ['answers nothing at all', 'stall'],
    ['resets every connection', 'reset-before'],
    ['only answers 500', { kind: 'status', status: 500 }],
    ['refuses its key', { kind: 'status', status: 401 }],
    ['asks to wait for an hour', { kind: 'status', status: 429, retryAfter: 3_600 }],
  ];

  it.each(troubles)('one that %s: the other is done first, and green', async (_name, fault) => {
    bad.setFault(() => fault);
    const workspace = await openWorkspace({
      configFile: null,
      cwd: dir,
      env: {},
      version: '0.0.0',
      onEvent: () => {},
      now: clock.now,
      random: seeded(3),
      // The clock of the vendor in trouble does not move the other one on: nobody waits for anything here but by a real answer.
      sleep: (ms, signal) => (ms > 5_000 ? new Promise((resolve) => signal.addEventListener('abort', () => resolve())) : clock.sleep(ms)),
    });
    const kill = new AbortController();
    const folder = await workspace.readFolder();
    const signals = { stop: kill.signal, kill: kill.signal };
    const options = { passes: noPasses, only: everything, offline: false, waitMs: null, trainOnly: false };
    const run = (name: string): Promise<TargetReport> => {
      const [target] = workspace.targets([name]);
      if (target === undefined) throw new Error(`there is no ${name}`);
      const how = { command: 'test', lockWaitMs: 0, ...signals };
      return workspace.exclusively(target, how, (context) => syncTarget(context, folder, options));
    };
    let badIsOver = false;
    const trouble = run('bad').then(
      (report) => {
        badIsOver = true;
        return report;
      },
      () => null,
    );
    const report = await run('good');
    if (fault === 'stall') expect(badIsOver).toBe(false);
    expect(strongest(codesOf(report))).toBe(0);
    expect(report.training.trained).toBe(3);
    expect(held()).toBe(3);
    kill.abort();
    const other = await trouble;
    if (other !== null) expect(strongest(codesOf(other))).not.toBe(0);
    await workspace.close();
  });
});
