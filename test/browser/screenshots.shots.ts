// Pictures of every page, at desktop and phone size, light and dark: for a person to look at. `npm run screenshots` writes them and says where.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Five, five, launch, logIn, missing, openPage } from './five.ts';

const folder = process.env['KBSYNC_SCREENSHOTS'] ?? 'screenshots';
const golden = (ask: string, expects: string): string => `    - ask: ${ask}\n      expect: ["${expects}"]\n`;
const reset = `---\ntitle: Reset your password\nkb:\n  tests:\n${golden('How long is a reset link valid?', '30 minutes')}---\n\nA reset link is valid for 30 minutes. Open Settings, then Security.\n`;
const files: Record<string, string> = {
  'billing/invoices.md': `---\ntitle: Invoices and receipts\nkb:\n  tests:\n${golden('Where do I find an invoice?', 'Billing')}${golden('Can I pay by cheque?', 'cheque')}---\n\nInvoices lie under Billing, in your account.\n`,
  'guides/reset-password.md': reset,
  'guides/خطوات.md': '---\ntitle: "إعادة \\"تعيين\\" <b>كلمة</b> المرور"\n---\n\nنص عربي.\n',
  '<img src=x onerror=alert(1)>.md': '# <script>alert(2)</script> & "friends"\n\nHostile.\n',
  'broken.md': '---\nkb: { audince: public }\n---\n\n# Broken\n',
};
for (let n = 1; n <= 130; n += 1)
  files[`handbook/chapter-${n}.md`] = `# Chapter ${n} of the handbook\n\nWord${n} is said here and nowhere else.\n`;

const refused = {
  kind: 'status',
  status: 422,
  body: { ok: false, error: { code: 'INVALID_CONTENT', message: 'This document was refused by our content policy' } },
} as const;

describe.skipIf(missing !== '')(`pictures${missing}`, () => {
  let house: Five;
  let browser: Browser;

  beforeAll(async () => {
    house = await five(files, {
      canary: ['support', 'reply'],
      // Nobody listens there: a webhook that fails stands on the page.
      extra: 'notify:\n  - { name: pager, url: "http://127.0.0.1:9/hook" }\n',
    });
    browser = await launch();
    const { page } = await openPage(browser);
    await logIn(page, house.daemon.url);
    for (const name of ['support', 'site', 'reply', 'kore']) {
      await page
        .locator(`#target-${name}`)
        .getByText(/134 of 134/)
        .waitFor({ timeout: 60_000 });
    }
    await page.locator('main > .actions').getByRole('button', { name: 'Ask the tests' }).click();
    await page.waitForTimeout(3_000);
    house.served.setFault((request, vendor) => (vendor === 'sitegpt' && request.method !== 'GET' ? refused : null));
    house.write({
      'guides/new-feature.md': '# A new feature\n\nIt does a new thing.\n',
      'guides/reset-password.md': reset.replace('Open', 'Now open'),
    });
    await page.waitForTimeout(4_000);
    house.write(Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`handbook/chapter-${n + 1}.md`, null])));
    await page.getByText('held H').first().waitFor({ timeout: 30_000 });
    house.served.setFault(null);
    await page.waitForTimeout(2_000);
    await page.getByText('takes no notifications').waitFor({ timeout: 60_000 });
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await house?.close();
  });

  const pages = {
    overview: '/',
    documents: '/documents',
    'documents-found': '/documents?q=guides&when=24h',
    document: '/documents/guides/reset-password.md',
    'document-new': '/documents/guides/new-feature.md',
    tests: '/tests',
    todo: '/todo',
    history: '/history?days=1',
    gaps: '/gaps',
    login: '/login',
  } as const;
  const sizes = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } } as const;

  for (const [device, viewport] of Object.entries(sizes)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      it(`${device}, ${colorScheme}`, async () => {
        mkdirSync(folder, { recursive: true });
        const { page, wrong } = await openPage(browser, { viewport, colorScheme });
        await logIn(page, house.daemon.url);
        for (const [name, path] of Object.entries(pages)) {
          await page.goto(new URL(path, house.daemon.url).href);
          if (name === 'gaps') {
            await page.getByRole('button', { name: 'Look now' }).click();
            await page.getByText(/Looked/).waitFor({ timeout: 20_000 });
          }
          // What a reader sees first, and some: a list of a hundred documents tells no more than its start.
          const high = Math.min(1_700, Number(await page.evaluate('document.documentElement.scrollHeight')));
          const clip = { x: 0, y: 0, width: viewport.width, height: Math.max(viewport.height, high) };
          await page.screenshot({ path: join(folder, `${name}-${device}-${colorScheme}.png`), fullPage: true, clip, caret: 'initial' });
          expect([name, await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')]).toEqual([name, true]);
        }
        expect(wrong).toEqual([]);
        await page.context().close();
      }, 120_000);
    }
  }
});
