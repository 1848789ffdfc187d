// The first line of `kbsync status`, and what monitoring asks it: nothing that the bot does not hold as the folder has it may look as if it did.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Invocation } from '../../src/cli/invocation.ts';
import { Output } from '../../src/cli/output.ts';
import { status } from '../../src/cli/status.ts';
import { createSecretSet } from '../../src/config/secrets.ts';
import type { HttpReply } from '../../src/connectors/connector.ts';
import type { Hooks } from '../../src/transport/connect.ts';
import { type World, world } from '../support/bots.ts';

let bot: World;

beforeEach(async () => {
  bot = await world('sitegpt');
  bot.write({ 'ants.md': '# Ants\n\nThe ant carries a leaf.\n', 'bees.md': '# Bees\n\nThe bee hums.\n' });
});
afterEach(() => bot.close());

async function say(...failIf: string[]): Promise<{ exitCode: number; said: string }> {
  const out: string[] = [];
  const secrets = createSecretSet();
  const sink = { write: (text: string) => void out.push(text) };
  const output = new Output({ secrets, stdout: sink, stderr: sink, json: false, quiet: true, colour: false });
  const { signal } = new AbortController();
  const options = { config: null, targets: [], json: false, quiet: true, verbose: false };
  const invocation: Invocation = {
    command: 'status',
    options,
    output,
    cwd: bot.dir,
    env: {},
    version: '0.0.0',
    secrets,
    stop: signal,
    kill: signal,
  };
  const exitCode = await status(invocation, { documents: false, live: false, failIf });
  return { exitCode, said: out.join('') };
}

function idOf(name: string): string {
  return bot.items().find((item) => item.name?.includes(name))?.remoteId ?? 'nothing';
}

/** The vendor refuses every write whose body names this file. */
function refusing(name: string): Hooks {
  const refusal: HttpReply = {
    status: 422,
    headers: {},
    retryAfterMs: null,
    text: '{}',
    json: () => ({ ok: false, error: { code: 'VALIDATION_FAILED', message: 'not this one' } }),
  };
  return {
    wire: async (request, send) => (request.intent !== 'read' && JSON.stringify(request).includes(name) ? refusal : send()),
  };
}

describe('a document that the vendor refused', () => {
  it('is said to have failed, and --fail-if failed holds', async () => {
    expect((await bot.sync({ hooks: refusing('bees') })).exitCode).toBe(4);
    const { exitCode, said } = await say('failed');
    expect(said).toMatch(/^bot: 1 of 2 at \w+; bees\.md failed with [A-Z]+_REFUSED\n/);
    expect(exitCode).toBe(3);
    bot.write({ 'bees.md': '# Bees\n\nThe bee sleeps.\n' });
    await bot.sync();
    expect(await say('failed')).toMatchObject({ exitCode: 0, said: expect.stringMatching(/^bot: 2 of 2 at \w+\n/) });
  });

  it('is said to be known as it was, where it was there before', async () => {
    await bot.sync();
    bot.write({ 'bees.md': '# Bees\n\nThe bee stings.\n' });
    const bees = idOf('bees');
    const hooks: Hooks = {
      wire: async (request, send) =>
        request.path.includes(bees) && request.method === 'PATCH'
          ? {
              status: 422,
              headers: {},
              retryAfterMs: null,
              text: '{}',
              json: () => ({ ok: false, error: { code: 'VALIDATION_FAILED', message: 'no' } }),
            }
          : send(),
    };
    await bot.sync({ hooks });
    const { exitCode, said } = await say('failed');
    expect(said).toMatch(/^bot: 1 of 2 at \w+; bees\.md still \w+ \([^)]+\), failed with [A-Z]+_REFUSED\n/);
    expect(exitCode).toBe(3);
  });
});

describe('what the last look at the vendor found', () => {
  it('is not counted as known', async () => {
    await bot.sync();
    const bees = idOf('bees');
    await bot.behind(async (target, call) => expect(await target.delete?.([bees], call)).toMatchObject([{ ok: true }]));
    bot.clock.advance(120_000);
    expect((await bot.drift()).exitCode).toBe(3);
    expect((await say()).said).toMatch(/^bot: 1 of 2 at \w+; bees\.md missing at the vendor\n/);
    await bot.drift({ repair: true });
    expect((await say()).said).toMatch(/^bot: 2 of 2 at \w+\n/);
  });
});

describe('a text that is not committed', () => {
  it('is told beside the commit, until it is', async () => {
    const git = (...words: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'commit.gpgsign=false', ...words], {
        cwd: bot.dir,
      });
    writeFileSync(join(bot.dir, '.gitignore'), 'state\n');
    git('init', '-q');
    git('add', '-A');
    git('commit', '-qm', 'first');
    await bot.sync();
    expect((await say()).said).toMatch(/^bot: 2 of 2 at [0-9a-f]{7}\n/);
    bot.write({ 'bees.md': '# Bees\n\nThe bee dances.\n' });
    await bot.sync();
    expect((await say()).said).toMatch(/^bot: 2 of 2 at [0-9a-f]{7}; 1 given with text that is not committed\n/);
    git('commit', '-qam', 'second');
    await bot.sync();
    expect((await say()).said).toMatch(/^bot: 2 of 2 at [0-9a-f]{7}\n/);
  });
});
