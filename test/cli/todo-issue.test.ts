// The inbox as Markdown for one issue: what a reader sees, and what can never come out of a file's or a vendor's words.
import { describe, expect, it } from 'vitest';
import { todoIssue } from '../../src/cli/todo-issue.ts';
import type { InboxItem } from '../../src/status/inbox.ts';

const nowMs = Date.parse('2026-11-21T12:00:00.000Z');
const work: InboxItem = {
  id: 'T1',
  kind: 'work',
  target: 'genie',
  document: 'guides/a.md',
  action: 'update',
  message: 'update guides/a.md: text changed',
  where: 'the dashboard',
  items: [{ remoteId: '5e1f', mark: 'docs:guides/a.md #1a2b' }],
  how: 'put the new text in',
  since: '2026-11-18T11:00:00.000Z',
  commands: ['kbsync todo done T1', 'kbsync show guides/a.md --as genie'],
};

describe('an issue', () => {
  it('has a title and a task list by bot', () => {
    const held: InboxItem = {
      ...work,
      id: 'H2',
      kind: 'held',
      target: 'site',
      where: null,
      items: [],
      since: null,
      commands: ['kbsync todo approve H2'],
    };
    const leftover: InboxItem = { ...work, id: 'old', kind: 'leftover', commands: ['kbsync todo done old'] };
    expect(todoIssue([work, held, leftover], nowMs)).toBe(
      [
        '# kbsync: 3 things wait for a person',
        '',
        '## genie',
        '',
        '- [ ] **T1** update guides/a.md: text changed (since 3 days)',
        '  - where: the dashboard',
        '  - which: id 5e1f, named docs:guides/a.md \\#1a2b',
        '  - how: put the new text in',
        '  - `kbsync todo done T1`',
        '  - `kbsync show guides/a.md --as genie`',
        '- [ ] **leftover** update guides/a.md: text changed (since 3 days)',
        '  - where: the dashboard',
        '  - which: id 5e1f, named docs:guides/a.md \\#1a2b',
        '  - how: put the new text in',
        '  - `kbsync todo done old`',
        '',
        '## site',
        '',
        '- [ ] **H2** update guides/a.md: text changed',
        '  - how: put the new text in',
        '  - `kbsync todo approve H2`',
        '',
        'A tick here tells kbsync nothing: run the command of each line once it is done.',
      ].join('\n'),
    );
    expect(todoIssue([work], nowMs).split('\n')[0]).toBe('# kbsync: 1 thing waits for a person');
    expect(todoIssue([], nowMs)).toBe('# kbsync: nothing waits for a person');
  });

  it('takes no markup, mention, link or line from a title, a vendor or a path', () => {
    const text = todoIssue(
      [
        {
          ...work,
          message: 'update a](http://evil.example) @team <img src=x> **b**\n- [x] done',
          where: '`code` | cell',
          how: '# heading \u202eback',
          items: [{ remoteId: '[x](y)', mark: '@all' }],
          commands: ["kbsync todo done 'a`b``c'\n# x"],
        },
      ],
      nowMs,
    );
    expect(text.split('\n').filter((line) => line.startsWith('- ['))).toHaveLength(1);
    for (const raw of ['](http', ' @team', '@all', '<img', '**b**', '\u202e', '`code`', '[x](y)']) expect(text).not.toContain(raw);
    expect(text).toContain("  - ``` kbsync todo done 'a`b``c'\\u000a# x ```");
  });
});
