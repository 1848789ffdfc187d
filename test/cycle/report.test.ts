// What a pass came to, gathered over its rounds.
import { describe, expect, it } from 'vitest';
import type { CycleContext } from '../../src/cycle/context.ts';
import type { PushedTarget } from '../../src/cycle/push-target.ts';
import { Report } from '../../src/cycle/report.ts';
import { cpuMs } from '../support/cpu-time.ts';

/** As little of a pass as gathering needs. */
const context = { connection: { requests: () => ({ read: 0, write: 0 }) } } as unknown as CycleContext;

function pushedOf(outcomes: readonly (readonly [id: string, document: string, outcome: string])[]): PushedTarget {
  const results = outcomes.map(([id, document, outcome]) => ({ operation: { id, document }, outcome }));
  return { results, held: [], stoppedBy: null } as unknown as PushedTarget;
}

describe('what a pass came to', () => {
  it('forgets a failure that a later round made good, and no other', () => {
    const report = new Report(context);
    report.pushed(
      pushedOf([
        ['1', 'a.md', 'failed'],
        ['2', 'b.md', 'failed'],
        ['3', 'c.md', 'done'],
      ]),
      1,
    );
    report.pushed(
      pushedOf([
        ['4', 'a.md', 'done'],
        ['5', 'c.md', 'failed'],
      ]),
      2,
    );
    expect(report.results().map(({ operation, outcome }) => `${operation.id} ${outcome}`)).toEqual([
      '2 failed',
      '3 done',
      '4 done',
      '5 failed',
    ]);
  });

  it('gathers a first push of thirty thousand without keeping everybody else waiting', () => {
    const all = Array.from({ length: 30_000 }, (_, n) => [`${n}`, `${n}.md`, 'failed'] as const);
    const report = new Report(context);
    const before = cpuMs();
    report.pushed(pushedOf(all), 1);
    report.pushed(pushedOf(all.map(([id, document]) => [`again ${id}`, document, 'done'])), 2);
    expect(cpuMs() - before).toBeLessThan(500);
    expect(report.results()).toHaveLength(30_000);
  });
});
