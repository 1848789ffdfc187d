// What people and programs read of a plan.
import { describe, expect, it } from 'vitest';
import { SyncError } from '../../src/model/error.ts';
import type { OperationResult } from '../../src/model/report.ts';
import { buildPlan } from '../../src/plan/build.ts';
import { markdownBlock, markdownText, visible } from '../../src/plan/escape.ts';
import { countsOf, planJson, printPlan } from '../../src/plan/print.ts';
import { counted, figure } from '../../src/plan/words.ts';
import { head, input, lacking, question, stateOf } from '../support/plan-builders.ts';

const error = new SyncError('DOCUMENT_TOO_LARGE', { message: 'too large' }).record();
const world = input({
  target: lacking(['delete']),
  state: stateOf([head('a.md', 'old'), head('gone.md'), head('from.md', 'm'), head('same.md'), head('x.md', 'x', { document: 'named' })]),
  wanted: [
    head('a.md', 'new'),
    head('b.md'),
    question('b.md', 'why'),
    head('to.md', 'm'),
    head('same.md'),
    head('x.md', 'y', { document: 'named' }),
  ],
  failed: [{ document: 'large.md', path: 'large.md', error }],
});
const heldWorld = { ...world, safety: { ...world.safety, maxDelete: { share: 0, count: 0, floor: 0 } } };

describe('text', () => {
  it('has one line a document, totals and cost', () => {
    expect(printPlan(buildPlan(world), { format: 'text', verbose: false })).toBe(
      [
        'site (sitegpt): 2 to create, 2 to update, 1 to move, 1 to delete, 1 of these by hand, 1 blocked, 1 unchanged',
        '  > to.md  moved from from.md',
        '  ~ a.md  text changed',
        '  ~ x.md (named)  text changed',
        '  + b.md  new file',
        '  + b.md#qa-why  new question',
        '  ? gone.md  delete by hand: file deleted (delete it in the dashboard)',
        '  ! large.md  too large',
        '  about 4 writes, 4 seconds at the configured rate (training not included)',
        '',
      ].join('\n'),
    );
  });

  it('says what is held and what passes it', () => {
    const text = printPlan(buildPlan(heldWorld), {
      format: 'text',
      verbose: true,
      detail: (operation) => (operation.action === 'create' ? 'one\ntwo\u001b[2J\n' : null),
    });
    expect(text).toContain('  ? gone.md  held: delete by hand: file deleted');
    expect(text).toContain(
      '  HELD too-many-deletes: site would lose 1 of 5 documents; safety.maxDelete allows 0: the deletes are held.\n      gone.md\n',
    );
    expect(text).toContain('    to pass: kbsync sync --target site --allow-deletes 1\n');
    expect(text).toContain('      one\n      two\\u001b[2J\n');
    expect(text).toMatch(/\[create b\.md [0-9a-f]{8}\]/);
  });

  it('says when there is nothing to do', () => {
    expect(
      printPlan(buildPlan(input({ state: stateOf([head('a.md')]), wanted: [head('a.md')] })), { format: 'text', verbose: false }),
    ).toBe('site (sitegpt): nothing to do, 1 unchanged\n');
  });
});

describe('hostile text', () => {
  const path = 'a\u001b[31m\u202e\u200b|<img src=x>`*_[x](http://e.vil)@all\n# b.md';
  it.each(['text', 'markdown'] as const)('does nothing in %s', (format) => {
    const plan = buildPlan(input({ wanted: [head(path)], folder: { complete: false, incompleteWhy: path } }));
    const text = printPlan(plan, { format, verbose: true, detail: () => '```\n<script>\u202e' });
    for (const bad of ['\u001b', '\u202e', '\u200b']) expect(text).not.toContain(bad);
    expect(text).toContain('u001b');
    if (format === 'text') return;
    const rows = text.split('\n').filter((line) => line.startsWith('|'));
    expect(rows).toHaveLength(3);
    for (const row of rows) expect(row.replace(/\\\|/g, '').split('|')).toHaveLength(5);
    expect(rows[2]).not.toMatch(/<img|[^\\]\[x|@all|http:\/\//);
    expect(text).toContain('````text\n```\n<script>\\u202e\n````');
  });

  it.each([
    ['plain text, ünïcode 漢字 🙂', 'plain text, ünïcode 漢字 🙂'],
    ['\t\r\n\u0000\u007f\u0085', '\\u0009\\u000d\\u000a\\u0000\\u007f\\u0085'],
    ['\u2066a\u2069\ufeff\u00ad\u{e0041}', '\\u2066a\\u2069\\ufeff\\u00ad\\u{e0041}'],
    ['\ud800', '\\ud800'],
  ])('visible(%j)', (given, expected) => {
    expect(visible(given)).toBe(expected);
  });

  it('keeps Markdown blocks and text closed', () => {
    expect(markdownBlock('a\r\nb````c\n')).toBe('`````text\na\nb````c\n`````');
    expect(markdownText('a|b & <c>')).toBe('a\\|b &amp; &lt;c&gt;');
    expect(markdownText('- x')).not.toMatch(/^\s*-/);
    // Mentions are looked for in what is rendered, where an entity is the sign itself.
    expect(markdownText('@team')).toBe('&#64;&#8203;team');
  });
});

describe('markdown', () => {
  it('is a table with brakes above', () => {
    expect(printPlan(buildPlan(heldWorld), { format: 'markdown', verbose: false })).toBe(
      [
        '### site (sitegpt)',
        '',
        '2 to create, 2 to update, 1 to move, 1 to delete, 1 of these held, 1 blocked, 1 unchanged',
        '',
        '> **Held, too-many-deletes**: site would lose 1 of 5 documents; safety.maxDelete allows 0: the deletes are held.',
        '> To pass: kbsync sync --target site --allow-deletes 1',
        '',
        '| | document | reason |',
        '|---|---|---|',
        '| `>` | to.md | moved from from.md |',
        '| `~` | a.md | text changed |',
        '| `~` | x.md \\(named\\) | text changed |',
        '| `+` | b.md | new file |',
        '| `+` | b.md\\#qa-why | new question |',
        '| `?` | gone.md | held: delete by hand: file deleted \\(delete it in the dashboard\\) |',
        '| `!` | large.md | too large |',
        '',
        'about 4 writes, 4 seconds at the configured rate \\(training not included\\)',
        '',
      ].join('\n'),
    );
  });
});

describe('JSON', () => {
  it('has the rows and counts of the contract', () => {
    const json = planJson(buildPlan(world));
    expect(json.operations[0]).toEqual({
      action: 'move',
      document: 'to.md',
      path: 'to.md',
      from: 'from.md',
      reason: 'moved from from.md',
      outcome: 'planned',
      remoteIds: [],
      error: null,
    });
    expect(json.operations.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      'move planned',
      'update planned',
      'update planned',
      'create planned',
      'create planned',
      'delete todo',
      'create blocked',
    ]);
    expect(json.operations.at(-1)?.error).toEqual(error);
    expect(json.counts).toEqual({
      create: 2,
      update: 2,
      move: 1,
      delete: 1,
      adopt: 0,
      unchanged: 1,
      todo: 1,
      failed: 0,
      unconfirmed: 0,
      held: 0,
      blocked: 1,
    });
    expect(json.held).toBeNull();
  });

  it('shows what is held', () => {
    const json = planJson(buildPlan(heldWorld));
    expect(json.counts).toMatchObject({ delete: 1, held: 1, todo: 0 });
    expect(json.held).toMatchObject([
      { id: '', rule: 'too-many-deletes', documents: ['gone.md'], passWith: 'sync --target site --allow-deletes 1' },
    ]);
    expect(Object.keys(json.held?.[0] ?? {})).toEqual(['id', 'rule', 'message', 'documents', 'passWith']);
  });

  it('counts reports by action and by outcome', () => {
    const plan = buildPlan(world);
    const outcomes = ['done', 'failed', 'unconfirmed', 'held', 'blocked', 'todo'] as const;
    const results = plan.operations.map(
      (operation, index): OperationResult => ({ operation, outcome: outcomes[index] ?? 'done', remoteIds: [], error: null }),
    );
    expect(countsOf(results, plan.blocked, 9)).toEqual({
      create: 2,
      update: 2,
      move: 1,
      delete: 1,
      adopt: 0,
      unchanged: 9,
      todo: 1,
      failed: 1,
      unconfirmed: 1,
      held: 1,
      blocked: 2,
    });
  });
});

describe('words', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [12345, '12,345'],
    [1234567, '1,234,567'],
  ])('figure(%d)', (value, text) => {
    expect(figure(value)).toBe(text);
  });
  it('agree with their number', () => {
    expect([counted(1, 'copy', 'copies'), counted(2, 'copy', 'copies'), counted(1000, 'document')]).toEqual([
      '1 copy',
      '2 copies',
      '1,000 documents',
    ]);
  });
});
