// What a webhook is sent: whole, bounded, and nothing in it that calls or misleads somebody.
import { describe, expect, it } from 'vitest';
import { bodyOf, titleOf } from '../../src/daemon/notice-words.ts';
import { type IncidentKind, incidentKinds, type Notice } from '../../src/model/notice.ts';

const since = '2026-01-02T03:04:05.000Z';
const notice = (more: Partial<Notice> = {}, ...items: readonly (readonly [string, string])[]): Notice => ({
  id: 'n1',
  event: 'opened',
  kind: 'failed',
  target: 'support',
  at: since,
  items: items.map(([what, message]) => ({ what, message, since })),
  count: items.length,
  next: 'mend it',
  ...more,
});
const slack = (told: Notice): string => String(bodyOf(told, 'docs', 'slack')['text']);

describe('the body', () => {
  it('for programs is as the manual says', () => {
    expect(bodyOf(notice({}, ['a.md', 'too large']), 'docs', 'json')).toEqual({
      version: 1,
      id: 'n1',
      event: 'opened',
      kind: 'failed',
      workspace: 'docs',
      target: 'support',
      at: since,
      title: 'support has a document that failed: a.md',
      count: 1,
      items: [{ what: 'a.md', message: 'too large', since }],
      next: 'mend it',
    });
  });

  it('for Slack is plain text that names the first few', () => {
    const many = Array.from({ length: 7 }, (_, n) => [`p${n}.md`, 'refused'] as const);
    expect(slack(notice({}, ...many))).toBe(
      '[docs] support has 7 documents that failed\n- p0.md: refused\n- p1.md: refused\n- p2.md: refused\n- p3.md: refused\n- p4.md: refused\n- and 2 more\nNext: mend it',
    );
    expect(slack(notice({ event: 'over', next: null }, ...many))).toBe('[docs] support has 7 documents that failed no longer');
    expect(bodyOf(notice(), 'docs', 'slack')).toMatchObject({ mrkdwn: false, link_names: false, parse: 'none', unfurl_links: false });
  });

  it('pings nobody and links nowhere, whatever a title says', () => {
    const text = slack(notice({}, ['<!channel> <@U123> <https://evil.example|docs> & @here @everyone', '[click](https://evil.example)']));
    expect(text).toContain('&lt;!channel&gt; &lt;@\u200bU123&gt; &lt;https://evil.example|docs&gt; &amp; @\u200bhere @\u200beveryone');
    expect(text).not.toMatch(/<|>|@(?:here|everyone|channel|all|U)|\]\(/);
  });

  it('is one line a name, and shows what hides', () => {
    const text = slack(notice({}, ['a\n[docs] support works again\u202e.md', '\u001b[31mred']));
    expect(text.split('\n')).toHaveLength(3);
    expect(text).toContain('\\u000a[docs]');
    expect(text).not.toMatch(/[\u001b\u202e]/);
  });

  it('is bounded, and never cut within a character', () => {
    const long = notice(
      { next: '😀'.repeat(5_000) },
      ...Array.from({ length: 20 }, (_, n) => [`😀${n}`.repeat(2_000), '😀'.repeat(2_000)] as const),
    );
    expect(slack(long).length).toBeLessThan(2_100);
    expect(JSON.stringify(bodyOf(long, 'docs', 'json')).length).toBeLessThan(12_000);
    for (const kind of ['slack', 'json'] as const) expect(JSON.stringify(bodyOf(long, 'docs', kind))).not.toContain('\\ud83');
  });
});

describe('the title', () => {
  it('claims no answer in time where the freshness check may have been switched off', () => {
    const over = titleOf(notice({ kind: 'freshness', event: 'over', next: null }, ['', 'm']));
    expect(over).toContain('answers from a change in time again, or is not checked any more');
  });

  it('is a sentence for every kind, begun and over, one and many', () => {
    for (const kind of Object.keys(incidentKinds) as IncidentKind[]) {
      for (const event of ['opened', 'over'] as const) {
        const one = titleOf(notice({ kind, event }, ['a.md', 'm']));
        const many = titleOf(notice({ kind, event }, ['a.md', 'm'], ['b.md', 'm']));
        for (const title of [one, many]) expect(title).toMatch(/^support \S.*\S$/);
        expect(titleOf(notice({ kind, event: 'opened' }, ['a.md', 'm']))).not.toBe(titleOf(notice({ kind, event: 'over' }, ['a.md', 'm'])));
      }
    }
    expect(titleOf(notice({ kind: 'folder', target: null }, ['', 'missing']))).toBe('the content folder is not whole: nothing is deleted');
    expect(titleOf(notice({ event: 'test', kind: null, target: null }))).toContain('test');
  });
});
