// The status page in a real browser (Debian's Chromium), with one bot of each vendor. Skipped, with the reason, where there is no browser; CI installs it.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Five, five, launch, logIn, missing, openPage } from './five.ts';

const bots = ['support', 'genie', 'site', 'reply', 'kore'] as const;
const hostile = '<img src=x onerror=alert(1)>.md';
const files = {
  'reset.md': '# Reset your password\n\nA link is valid for 30 minutes.\n',
  [hostile]: '---\ntitle: "<script>alert(2)</script>&lt;b> \\u202Etxet\\""\n---\n\nName and title.\n',
};
const refused = {
  kind: 'status',
  status: 422,
  body: { ok: false, error: { code: 'INVALID_CONTENT', message: 'refused by our policy' } },
} as const;

describe.skipIf(missing !== '')(`the status page${missing}`, () => {
  let house: Five;
  let browser: Browser;
  let url: string;

  beforeAll(async () => {
    const extra = 'notify:\n  - { name: pager, url: "http://127.0.0.1:9/hook" }\n';
    house = await five(files, { canary: ['support'], extra });
    url = house.daemon.url;
    browser = await launch();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await house?.close();
  });

  it('shows five bots and, without a reload, when each has learnt the folder and a document that is saved', async () => {
    const { page, wrong } = await openPage(browser);
    await page.goto(url);
    await page.evaluate('window.sameDocument = true');
    for (const name of bots.filter((bot) => bot !== 'genie')) await page.getByText(`${name}: 2 of 2 at`).waitFor({ timeout: 30_000 });
    // This vendor cannot tell: that is what is said.
    await page.locator('#target-genie').getByText('2 unknown: this vendor cannot tell').waitFor({ timeout: 30_000 });
    await page.locator('#target-site').getByText('Sync now').waitFor({ state: 'detached' });
    house.write({ 'new.md': '# New\n\nA new page.\n' });
    for (const name of bots.filter((bot) => bot !== 'genie')) await page.getByText(`${name}: 3 of 3 at`).waitFor({ timeout: 30_000 });
    expect(await page.evaluate('window.sameDocument')).toBe(true);
    expect(await page.locator('#said').textContent()).toContain('4 of 5 bots in sync');
    expect(wrong).toEqual([]);
  });

  it('leaves focus, open details and what somebody is typing as they are when something new comes', async () => {
    const { page, wrong } = await openPage(browser);
    await page.goto(`${url}documents`);
    await page.locator('#search-more > summary').click();
    await page.locator('#search-q').fill('half a wo');
    await page
      .locator('#search-q')
      .evaluate((input) => (input as unknown as { setSelectionRange(from: number, to: number): void }).setSelectionRange(2, 4));
    house.write({ 'typed.md': '# Came while typing\n\nWords.\n' });
    await page.getByText('Came while typing').waitFor({ timeout: 30_000 });
    const kept = await page.evaluate(
      `[document.activeElement.id, document.activeElement.value, document.activeElement.selectionStart, document.getElementById('search-more').open]`,
    );
    expect(kept).toEqual(['search-q', 'half a wo', 2, true]);
    expect(wrong).toEqual([]);
  });

  it('a document that a vendor refuses is found, retried by somebody who logs in, and turns green', async () => {
    const { page, wrong } = await openPage(browser);
    house.served.setFault((request, vendor) => (vendor === 'sitegpt' && request.method !== 'GET' ? refused : null));
    house.write({ 'refused.md': '# Refused at first\n\nIt is fine.\n' });
    await page.goto(`${url}documents?q=our+policy&state=error`);
    await page.getByRole('link', { name: 'Refused at first' }).waitFor({ timeout: 30_000 });
    expect(await page.locator('.doc').count()).toBe(1);
    house.served.setFault(null);
    await page.getByRole('link', { name: 'Refused at first' }).click();
    const site = page.locator('#bot-site');
    await site.getByText('(the vendor says: INVALID_CONTENT: refused by our policy)').waitFor();
    expect(await page.getByRole('button', { name: 'Retry' }).count()).toBe(0);
    await logIn(page, url, '/documents/refused.md');
    expect(new URL(page.url()).pathname).toBe('/documents/refused.md');
    await page.getByRole('button', { name: 'Retry where it failed' }).click();
    await page.locator('#bot-site.good-edge').getByText('trained', { exact: true }).first().waitFor({ timeout: 30_000 });
    await page.getByText('retry what failed refused.md: done').waitFor({ timeout: 30_000 });
    expect(await page.locator('#operations').locator('..').getByText('failed').count()).toBeGreaterThan(0);
    await page.goto(`${url}documents?q=refused.md`);
    await page.locator('.chip.good-edge', { hasText: 'site' }).waitFor();
    expect(wrong).toEqual([]);
  });

  it('ticks off what a person has done, and forgets who logs out', async () => {
    const { page, wrong } = await openPage(browser);
    house.write({ 'reset.md': '# Reset your password\n\nA link is valid for 20 minutes now.\n' });
    await logIn(page, url, '/todo?target=genie');
    const work = page.locator('section', { hasText: 'update reset.md' }).last();
    await work.getByRole('button', { name: 'Done' }).waitFor({ timeout: 30_000 });
    await work.getByRole('button', { name: 'Done' }).click();
    await page.getByText(/^done T\d+ at genie: done$/).waitFor({ timeout: 30_000 });
    await page.locator('section', { hasText: 'update reset.md' }).first().waitFor({ state: 'detached', timeout: 30_000 });
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('link', { name: 'Log in to act' }).waitFor();
    expect(await page.context().cookies()).toEqual([]);
    expect(wrong).toEqual([]);
  });

  it('refuses forms of other pages, a wrong token, and who is not logged in', async () => {
    const { page } = await openPage(browser);
    await page.goto(`${url}login`);
    await page.getByLabel('The token').fill('guess');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('That is not the token.').waitFor();
    // Another site whose page posts the very form: the browser says where it stood, and the cookie does not come along.
    await logIn(page, url);
    const csrf = await page.locator('input[name=csrf]').first().getAttribute('value');
    const evil = await page.context().newPage();
    await evil.route('http://evil.example/', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<form method="post" action="${url}actions/sync"><input name="csrf" value="${csrf ?? ''}"><button>x</button></form>`,
      }),
    );
    await evil.goto('http://evil.example/');
    const [reply] = await Promise.all([
      evil.waitForResponse((one) => one.url().includes('/actions/sync')),
      evil.getByRole('button').click(),
    ]);
    expect([401, 403]).toContain(reply.status());
    // This page itself, without what only its form knows.
    expect(
      await page.evaluate(
        `fetch('/actions/sync', { method: 'POST', body: new URLSearchParams({ csrf: 'x' }) }).then((reply) => reply.status)`,
      ),
    ).toBe(403);
    expect(
      await page.evaluate(
        `fetch('/actions/sync', { method: 'POST', body: new URLSearchParams({ csrf: '${csrf ?? ''}' }) }).then((reply) => reply.status)`,
      ),
    ).toBe(200);
  });

  it('a hostile name and title stay text, on every page', async () => {
    const { page, wrong } = await openPage(browser);
    for (const path of ['', 'documents', `documents/${encodeURIComponent(hostile)}`, 'todo', 'history']) {
      await page.goto(`${url}${path}`);
      expect([path, await page.locator('img, main script, main b b').count()]).toEqual([path, 0]);
    }
    await page.goto(`${url}documents?q=onerror`);
    expect(await page.getByText(hostile).count()).toBeGreaterThan(0);
    // What turns the direction of text stays within its own element.
    expect(await page.locator('bdi', { hasText: 'alert(2)' }).count()).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  });

  it('a run that a brake holds is approved by a person, and done', async () => {
    const { page, wrong } = await openPage(browser);
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`many/page-${n}.md`, `# Page ${n}\n\nWord${n}.\n`]));
    house.write(many);
    await logIn(page, url);
    await page
      .locator('#target-site')
      .getByText(/^site: (\d+) of \1 at/)
      .waitFor({ timeout: 30_000 });
    await page.goto(`${url}documents?q=many/page-11&target=site&state=trained`);
    await page.locator('.doc').waitFor({ timeout: 30_000 });
    house.write(Object.fromEntries(Object.keys(many).map((path) => [path, null])));
    await page.goto(`${url}todo?target=site`);
    const held = page.locator('section', { hasText: 'site would lose 12 of' }).first();
    await held.getByText('approve …').click({ timeout: 30_000 });
    await held.getByRole('button', { name: /^Approve H\d+ and sync/ }).click();
    await page.getByText(/^approve H\d+ at site: done$/).waitFor({ timeout: 30_000 });
    await page.goto(`${url}documents?q=many/page&target=site&state=trained`);
    await page.getByText('No document matches.').waitFor({ timeout: 30_000 });
    expect(wrong).toEqual([]);
  });

  it('every text stands out from what is behind it, light and dark, and nothing is loaded from elsewhere', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, wrong } = await openPage(browser, { colorScheme });
      const asked = new Set<string>();
      page.on('request', (one) => asked.add(new URL(one.url()).origin));
      await logIn(page, url);
      for (const path of ['', 'documents', 'documents/reset.md', 'tests', 'todo', 'history?days=1', 'gaps', 'login', 'nowhere']) {
        await page.goto(`${url}${path}`);
        expect([colorScheme, path, await page.evaluate(tooFaint)]).toEqual([colorScheme, path, []]);
      }
      asked.delete('null');
      expect([...asked]).toEqual([new URL(url).origin]);
      expect(wrong.filter((line) => !line.includes('404'))).toEqual([]);
      await page.context().close();
    }
  });

  it('works without a script: searching, logging in, and having something done', async () => {
    const { page, wrong } = await openPage(browser, { javaScriptEnabled: false });
    await page.goto(`${url}documents`);
    await page.getByLabel('Search id, path').fill('reset');
    await page.getByLabel('State').selectOption('trained');
    await page.getByRole('button', { name: 'Search' }).click();
    expect(new URL(page.url()).search).toContain('q=reset');
    expect(await page.locator('.doc').count()).toBe(1);
    await logIn(page, url);
    await page.getByRole('button', { name: 'Sync now site' }).click();
    await page.locator('#asked-for').getByText('sync at site: done').waitFor();
    expect(wrong).toEqual([]);
  });

  it('fits a phone, and can be used by keyboard alone', async () => {
    const { page, wrong } = await openPage(browser, { viewport: { width: 390, height: 800 } });
    await logIn(page, url);
    for (const path of [
      '',
      'documents',
      'documents/reset.md',
      `documents/${encodeURIComponent(hostile)}`,
      'tests',
      'todo',
      'history',
      'gaps',
      'login',
    ]) {
      await page.goto(`${url}${path}`);
      expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, 390]);
      const unnamed = await page.evaluate(
        `[...document.querySelectorAll('input:not([type=hidden]), select')].filter((field) => field.labels.length === 0).length
         + [...document.querySelectorAll('a, button')].filter((one) => one.textContent.trim() === '').length`,
      );
      expect([path, unnamed]).toEqual([path, 0]);
      expect([path, await page.locator('h1').count(), await page.locator('main').count()]).toEqual([path, 1, 1]);
      const twice = `[...document.querySelectorAll('[id]')].map((one) => one.id).filter((id, at, all) => all.indexOf(id) !== at)`;
      expect([path, await page.evaluate(twice)]).toEqual([path, []]);
    }
    await page.goto(url);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(`getComputedStyle(document.activeElement).outlineStyle`)).toBe('solid');
    expect(wrong).toEqual([]);
  });
});

/** Texts with a contrast of less than 4.5 (large ones: 3) to the colour behind them, by the formula of WCAG 2. Runs in the page. */
const tooFaint = `(() => {
  const rgb = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return { r, g, b, a }; };
  const bright = ({ r, g, b }) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (one) => { for (let at = one; at !== null; at = at.parentElement) { const c = rgb(getComputedStyle(at).backgroundColor); if (c.a > 0) return c; } return rgb('rgb(255,255,255)'); };
  const faint = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const one = node.parentElement;
    if (node.nodeValue.trim() === '' || ['SCRIPT', 'STYLE', 'NOSCRIPT'].includes(one.nodeName) || one.getClientRects().length === 0) continue;
    const style = getComputedStyle(one);
    const [ink, paper] = [bright(rgb(one instanceof SVGElement ? style.fill : style.color)), bright(behind(one))];
    const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    const size = parseFloat(style.fontSize);
    if (contrast < (size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5)) faint.add(contrast.toFixed(2) + ' ' + style.color + ' ' + one.nodeName + '.' + one.className + ': ' + node.nodeValue.trim().slice(0, 30));
  }
  return [...faint];
})()`;
