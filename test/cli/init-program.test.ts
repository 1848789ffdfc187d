// The first five minutes, by the real program: from a folder of Markdown to a bot that answers, and a key that is tried before anything is written.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ended, type Home, home } from '../support/run-program.ts';

let here: Home;

beforeEach(() => {
  here = home(null, { KBSYNC_TOKEN: '' });
});

afterEach(() => here.remove());

describe('kbsync init --yes --sandbox && kbsync sync --verify', () => {
  it('brings 30 Markdown files to a bot that answers from them, in less than a minute', async () => {
    const pages = Array.from({ length: 30 }, (_, at) => [
      `docs/page-${at}.md`,
      `# The kettle K${at}\n\nThe kettle K${at} holds ${at + 7} litres.\n`,
    ]);
    here.write(Object.fromEntries(pages));
    const began = Date.now();
    const made = await here.run('init', '--yes', '--sandbox');
    expect(made).toMatchObject({ exitCode: 0, stderr: '' });
    const synced = await here.run('sync', '--verify', '--json');
    expect(Date.now() - began).toBeLessThan(60_000);
    expect(synced.exitCode).toBe(0);
    expect(synced.json()).toMatchObject({ targets: [{ counts: { create: 30 }, training: { state: 'trained', trained: 30 } }] });
    const asked = await here.run('ask', 'support', 'How much does the kettle K12 hold?', '--json');
    expect(asked.json()).toMatchObject({ answers: [{ answer: expect.stringContaining('19 litres') }] });
  }, 90_000);

  it('makes a first page in an empty folder, and proves it', async () => {
    expect((await here.run('init', '--yes', '--sandbox', '--vendor', 'sitegpt', '--json')).json()).toMatchObject({
      exitCode: 0,
      found: { root: 'content', documents: 0 },
      files: expect.arrayContaining([{ path: 'content/welcome.md', outcome: 'written' }]),
      next: ['kbsync sync --verify', 'kbsync ask support "a question your documents answer"'],
    });
    const synced = await here.run('sync', '--verify');
    expect(synced.stdout).toContain('1 created');
    expect(synced.exitCode).toBe(0);
    expect((await here.run('lint', '--fail-on', 'warning')).exitCode).toBe(0);
    const again = await here.run('init', '--yes', '--sandbox', '--json');
    expect(again.exitCode).toBe(2);
    expect(again.json()).toMatchObject({ command: 'init', exitCode: 2, error: { code: 'USAGE' } });
  }, 60_000);
});

describe('a key', () => {
  it('is tried at the vendor: refused, nothing is written; taken, the bot is named; out of reach, it is left open', async () => {
    here.write({ 'docs/a.md': '# A\n\nText.\n' });
    const serving = here.start('sandbox', '--port', '0', '--json');
    try {
      const { origin, targets } = await firstLine(serving);
      const bot = targets.find(({ vendor }) => vendor === 'sitegpt');
      const words = ['init', '--yes', '--vendor', 'sitegpt', '--set', `chatbotId=${bot?.['chatbotId']}`, '--set', `baseUrl=${origin}`];
      writeFileSync(join(here.dir, '.env'), 'SITEGPT_TOKEN=sgpt_not-the-right-one\n');
      const refused = await here.run(...words);
      expect(refused.exitCode).toBe(8);
      expect(refused.stderr).toMatch(/nothing was written[\s\S]*--no-check/);
      expect(refused.stderr).not.toContain('sgpt_not-the-right-one');
      expect(existsSync(join(here.dir, 'sync.config.yaml'))).toBe(false);
      writeFileSync(join(here.dir, '.env'), `SITEGPT_TOKEN=${bot?.['token']}\n`);
      const taken = await here.run(...words, '--json');
      expect(taken.json()).toMatchObject({ exitCode: 0, check: { state: 'passed' }, next: ['kbsync plan'] });
      expect(readFileSync(join(here.dir, 'sync.config.yaml'), 'utf8')).toContain('token: ${SITEGPT_TOKEN}');
    } finally {
      serving.kill('SIGTERM');
      await ended(serving);
    }
    here.write({ 'sync.config.yaml': null });
    const away = await here.run(
      'init',
      '--yes',
      '--vendor',
      'sitegpt',
      '--set',
      'chatbotId=1',
      '--set',
      'baseUrl=http://127.0.0.1:9',
      '--json',
    );
    expect(away.json()).toMatchObject({ exitCode: 0, check: { state: 'open', error: { code: 'TARGET_UNREACHABLE' } } });
  }, 60_000);
});

interface Served {
  readonly origin: string;
  readonly targets: readonly Record<string, string>[];
}

function firstLine(child: ReturnType<Home['start']>): Promise<Served> {
  let text = '';
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error('the sandbox has ended')));
    child.stdout?.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      if (text.includes('\n')) resolve(JSON.parse(text.split('\n')[0] ?? '') as Served);
    });
  });
}
