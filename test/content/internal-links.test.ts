// Links from a page that a bot may have to one behind its fence: told with file, line and the bot; and what is none of that.
import { describe, expect, it } from 'vitest';
import { fenceBetween } from '../../src/content/select.ts';
import { targetConfig } from '../../src/testkit/engine.ts';
import { folderWith, plainContent, scanOf, told } from './folder.ts';

const page = (audience: string, text: string) => `---\nkb: { audience: ${audience} }\n---\n# Page\n\n${text}\n`;
const support = { ...targetConfig, name: 'support', audience: ['public'] };
const kore = { ...targetConfig, name: 'kore', audience: ['public', 'internal'] };

async function warned(
  files: Record<string, string>,
  targets: Parameters<typeof fenceBetween>[0] = [support, kore],
  severity: 'warning' | 'error' | 'off' = 'warning',
) {
  const content = {
    ...plainContent,
    site: { url: 'https://docs.example/', generator: 'plain' as const },
    lint: { 'internal-link': severity },
  };
  const scan = await scanOf(folderWith(files), { content, fence: fenceBetween(targets) });
  return { told: told(scan), blocked: [...scan.blockedPaths.keys()] };
}

const secret = { 'staff/runbook.md': page('internal', 'How to refund by hand.') };
const sentence = 'leads to staff/runbook.md, which support may not have: audience internal is outside the fence [public]';

describe('a link out of the fence', () => {
  it('is told with its line, the page and the bot, however it is written', async () => {
    const text = '[by hand](staff/runbook.md)\n\n[as a page](/staff/runbook#top)\n\n<a href="staff/runbook.html">x</a>';
    expect((await warned({ ...secret, 'pay.md': page('public', text) })).told).toEqual([
      `warning pay.md:6 the link "staff/runbook.md" ${sentence}`,
      `warning pay.md:8 the link "/staff/runbook#top" ${sentence}`,
      `warning pay.md:10 the link "staff/runbook.html" ${sentence}`,
    ]);
  });

  it('also where no site is configured, from a page that states no audience, and from an answer', async () => {
    const open = { ...support, audience: null };
    const files = {
      ...secret,
      'qa.md': '---\nkb: { audience: public, faq: [{ q: Can I?, a: "See [it](staff/runbook.md)." }] }\n---\n# Q\n\nwords\n',
    };
    expect((await warned(files)).told).toEqual([expect.stringContaining(sentence)]);
    // Without a fence there is nothing to lead out of.
    expect((await warned(files, [open])).told).toEqual([]);
    const scan = await scanOf(folderWith(files), { content: { lint: { 'internal-link': 'warning' } }, fence: fenceBetween([support]) });
    expect(told(scan)).toEqual([expect.stringContaining(sentence)]);
  });

  it('counts the other bots', async () => {
    const { told: both } = await warned({ ...secret, 'pay.md': page('public', '[x](staff/runbook.md)') }, [
      support,
      { ...support, name: 'site' },
    ]);
    expect(both).toEqual([
      expect.stringContaining('which support may not have: audience internal is outside the fence [public] (nor may 1 other bot'),
    ]);
  });

  it('is none among pages of one audience, to a draft, back to the outside, in a region, or where no bot is given the page', async () => {
    const files = {
      ...secret,
      'staff/other.md': page('internal', '[x](runbook.md) [y](../pay.md)'),
      'draft.md': '---\ndraft: true\nkb: { audience: internal }\n---\n# Draft\n\nwords\n',
      'pay.md': page('public', '[x](draft.md) ![x](staff/runbook.md) [y](https://docs.example/staff/runbook)'),
      'region.md': page('public', 'words\n\n<!-- kb:only kore -->\n\n[x](staff/runbook.md)\n\n<!-- /kb:only -->'),
      'nobody.md': '---\nkb: { audience: public, targets: [kore] }\n---\n# N\n\n[x](staff/runbook.md)\n',
    };
    expect((await warned(files)).told).toEqual([]);
  });

  it('blocks where content.lint says so, and is not looked for where it is off', async () => {
    const files = { ...secret, 'pay.md': page('public', '[x](staff/runbook.md)') };
    expect((await warned(files, [support], 'error')).blocked).toEqual(['pay.md']);
    expect((await warned(files, [support], 'off')).told).toEqual([]);
  });
});
