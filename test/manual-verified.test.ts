// The shipped manual in the shipped sandboxes, by the real program: every golden question of it passes at every bot that can be asked.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { type Home, home } from './support/run-program.ts';
import type { VerifyJson } from './support/verifying.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const here: Home = home(null);
afterAll(() => here.remove());

it('passes every test, after a sync that waited for the bots', async () => {
  for (const name of ['content', 'sync.config.yaml', 'sync.config.schema.json'])
    cpSync(join(root, name), join(here.dir, name), { recursive: true });
  expect((await here.run('sync', '--quiet')).exitCode).toBe(0);
  const { exitCode, json } = await here.run('verify', '--all', '--json');
  const { tests, targets, leftOut } = json<VerifyJson>();
  const wrong = tests.filter(({ verdict }) => verdict === 'fail' || verdict === 'inconclusive');
  expect(wrong.map(({ target, document, question, reasons, answer }) => ({ target, document, question, reasons, answer }))).toEqual([]);
  expect(exitCode).toBe(0);
  expect(leftOut).toEqual([]);
  expect(targets.filter(({ calls }) => calls > 100).map(({ name }) => name)).toEqual(['support', 'genie', 'site', 'kore']);
  expect(tests.filter(({ verdict }) => verdict === 'skipped').every(({ target }) => target === 'reply')).toBe(true);
}, 120_000);
