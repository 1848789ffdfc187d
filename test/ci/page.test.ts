// The page of a step: what it says of errors, brakes, moves and work by hand, within its bound.
import { expect, it } from 'vitest';
import { bounded, commentBound } from '../../src/ci/markdown.ts';
import { type PageInput, pageOf } from '../../src/ci/page.ts';
import type { Said } from '../../src/ci/results.ts';

const input: PageInput = {
  command: 'plan',
  lint: null,
  main: null,
  verify: null,
  verifyError: null,
  exitCode: 0,
  commit: null,
  config: 'sync.config.yaml',
  targets: [],
  remarks: [],
};
const page = (some: Partial<PageInput>) => bounded(pageOf({ ...input, ...some }), commentBound, 'elsewhere');
const counts = {
  create: 0,
  update: 0,
  move: 1,
  delete: 1,
  adopt: 0,
  unchanged: 2_914,
  todo: 1,
  failed: 0,
  unconfirmed: 0,
  held: 1,
  blocked: 0,
};

it('has a table of what is not 0, brakes with the way past them, and a line a document', () => {
  const main: Said = {
    command: 'plan',
    exitCode: 3,
    targets: [
      {
        name: 'site',
        vendor: 'sitegpt',
        counts,
        held: [{ id: '', rule: 'too-many-deletes', message: 'site would lose 312', passWith: 'sync --target site --allow-deletes 312' }],
        operations: [
          { action: 'move', document: 'b.md', path: 'b.md', from: 'a.md', reason: 'moved from a.md', outcome: 'planned', error: null },
          { action: 'delete', document: 'c', path: 'c.md', reason: 'file deleted', outcome: 'todo', error: null },
        ],
        error: null,
      },
      {
        name: 'kore',
        vendor: 'koreai',
        operations: [],
        error: { code: 'TARGET_UNREACHABLE', message: 'kore: no answer', vendor: '<b>@x</b>', next: 'run again later' },
      },
    ],
  };
  expect(page({ main, exitCode: 11 })).toBe(
    [
      '## kbsync: what the bots would learn and forget',
      '',
      '`sync.config.yaml`',
      '',
      '**Exit code 11**: a target is unreachable: run again later.',
      '',
      '| target | create | update | move | delete | by hand | held | unchanged |',
      '|---|---:|---:|---:|---:|---:|---:|---:|',
      '| `site` | 0 | 0 | 1 | 1 | 1 | 1 | 2,914 |',
      '| `kore` | ? | ? | ? | ? | ? | ? | ? |',
      '',
      '',
      '### `site`',
      '',
      '> **Held** (`too-many-deletes`): `site would lose 312` To pass: `kbsync sync --target site --allow-deletes 312`',
      '',
      '- **move** `b.md` from `a.md`: `moved from a.md`',
      '- **delete, by hand** `c.md` (`c`): `file deleted`',
      '',
      '### `kore`',
      '',
      '- `kore: no answer`',
      '- the vendor says: `<b>@x</b>`',
      '- next: `run again later`',
      '',
    ].join('\n'),
  );
});

it('counts what it leaves out of a configuration with very many mistakes', () => {
  const message = [...Array(1_000).keys()].map((n) => `sync.config.yaml:${n + 1}:1 targets: ${'x'.repeat(200)}`).join('\n');
  const lint: Said = {
    command: 'lint',
    exitCode: 2,
    error: { code: 'CONFIG_INVALID', message, vendor: null, next: 'mend the named keys' },
  };
  const text = page({ lint, exitCode: 2 });
  expect(text.length).toBeLessThanOrEqual(65_000);
  expect(text).toContain('sync.config.yaml:1:1');
  expect(text).toMatch(/_…and \d+ more lines, left out for length: elsewhere\._/);
});

it('folds warnings where there are many, so that what changes stays in sight; errors stay open', () => {
  const finding = (n: number, severity: 'error' | 'warning') =>
    ({ path: `p${n}.md`, line: n + 1, column: null, rule: 'broken-link', severity, message: 'leads nowhere' }) as const;
  const withWarnings = (count: number) => {
    const findings = [...Array.from({ length: count }, (_, n) => finding(n, 'warning')), finding(99, 'error')];
    return page({ lint: { command: 'lint', exitCode: 4, findings } });
  };
  expect(withWarnings(5)).not.toContain('<details>');
  expect(withWarnings(6)).toContain(
    '### In the documents: 1 error, 6 warnings\n\n- **error** `p99.md:100` (`broken-link`): `leads nowhere`\n\n' +
      '<details><summary>6 warnings</summary>\n\n- **warning** `p0.md:1` (`broken-link`): `leads nowhere`\n',
  );
  expect(withWarnings(6).trimEnd()).toMatch(/`p5\.md:6` \(`broken-link`\): `leads nowhere`\n\n<\/details>$/);
});
