// The status page in a real browser (Debian's Chromium). Skipped, with the reason, where there is none; CI installs it.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const executablePath = '/usr/bin/chromium';
const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const missing = existsSync(executablePath) ? '' : ' (skipped: no chromium at /usr/bin/chromium)';
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

describe.skipIf(missing !== '')(`the status page${missing}`, () => {
  const dir = mkdtempSync(join(tmpdir(), 'kbsync-page-'));
  let daemon: ChildProcess;
  let browser: Browser;
  let page: Page;
  const alerts: string[] = [];

  beforeAll(async () => {
    mkdirSync(join(dir, 'content'));
    writeFileSync(join(dir, 'content', 'reset.md'), '# Reset\n\nA link is valid for 30 minutes.\n');
    writeFileSync(join(dir, 'content', '<img src=x onerror=alert(1)>.md'), '# Hostile\n\nname\n');
    writeFileSync(
      join(dir, 'sync.config.yaml'),
      'version: 1\nname: "page"\ndaemon: { port: 0 }\nwatch: { settle: 100ms, maxWait: 1s }\ntargets:\n  - { name: support, vendor: chatthing, sandbox: true }\n  - { name: site, vendor: sitegpt, sandbox: true }\n',
    );
    daemon = spawn(process.execPath, [program, 'watch'], { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
    const address = await new Promise<string>((resolve, reject) => {
      let said = '';
      daemon.stderr?.on('data', (chunk: Buffer) => {
        said += chunk.toString('utf8');
        const found = /status page: (http:\S+)/.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      });
      daemon.on('exit', () => reject(new Error(`the daemon ended: ${said}`)));
    });
    browser = await chromium.launch({ executablePath, args: flags });
    page = await browser.newPage();
    page.on('dialog', (dialog) => {
      alerts.push(dialog.message());
      void dialog.dismiss();
    });
    await page.goto(address);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    daemon?.kill('SIGTERM');
    await new Promise((resolve) => (daemon.exitCode === null ? daemon.on('exit', resolve) : resolve(null)));
    rmSync(dir, { recursive: true, force: true });
  });

  it('shows every bot and, without a reload, when each has learnt the folder', async () => {
    await page.getByText('support: 2 of 2 at').waitFor({ timeout: 30_000 });
    await page.getByText('site: 2 of 2 at').waitFor({ timeout: 30_000 });
    expect(await page.title()).toContain('page');
  });

  it('an edit on disk appears without a reload, and is trained seconds later', async () => {
    await page.evaluate('window.sameDocument = true');
    writeFileSync(join(dir, 'content', 'new.md'), '# New\n\nA new page.\n');
    await page.getByText('support: 3 of 3 at').waitFor({ timeout: 30_000 });
    await page.getByText('site: 3 of 3 at').waitFor({ timeout: 30_000 });
    expect(await page.evaluate('window.sameDocument')).toBe(true);
  });

  it('a hostile file name stays text', async () => {
    expect(await page.getByText('<img src=x onerror=alert(1)>.md').count()).toBeGreaterThan(0);
    expect(await page.locator('img').count()).toBe(0);
    expect(alerts).toEqual([]);
  });

  it('fits a phone', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  });
});
