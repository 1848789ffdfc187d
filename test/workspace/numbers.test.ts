// Numbers of the todo list: never the same one twice, whoever else is at work on the state folder.
import { describe, expect, it } from 'vitest';
import { emptyState, type TargetState } from '../../src/model/record.ts';
import { memoryDisk } from '../../src/testkit/faults.ts';
import { highestNumbers, numbersFrom } from '../../src/workspace/numbers.ts';

const none = { T: 0, U: 0, H: 0 };
const folder = '/state/numbers';

describe('numbers of the todo list', () => {
  it('go on behind the highest that any state has ever given out', () => {
    const state = (patch: Partial<TargetState>): TargetState => ({ ...emptyState('t'), ...patch });
    const doubts = [{ id: 'U7', effect: 'e', error: null, since: '' }];
    expect(highestNumbers([state({ numbers: { T: 3, U: 1, H: 9 } }), state({ doubts })])).toEqual({ T: 3, U: 7, H: 9 });
  });

  it('are unique among processes that know nothing of each other, also in turns that cross', () => {
    const disk = memoryDisk();
    const given: string[] = [];
    const processes = Array.from({ length: 3 }, () => numbersFrom(none, { disk, folder }));
    for (let round = 0; round < 40; round += 1) {
      const source = processes[(round * round) % 3];
      given.push(source?.next('T') ?? '', source?.next(round % 2 === 0 ? 'H' : 'U') ?? '');
    }
    // One that starts now, from states that do not tell of any of it.
    given.push(numbersFrom(none, { disk, folder }).next('T'));
    expect(new Set(given).size).toBe(given.length);
    expect(disk.list(folder).length).toBeLessThanOrEqual(3 * 17);
  });

  it('a process that listed long ago and claims a number cleared away since takes a fresh one', () => {
    const disk = memoryDisk();
    const claims = { disk, folder };
    const ours = numbersFrom(none, { disk: { ...disk, list: stale(disk) }, folder });
    const others = numbersFrom(none, claims);
    for (let count = 0; count < 40; count += 1) others.next('T');
    // T1 was given out, and its claim is gone.
    expect(disk.list(folder)).not.toContain('T1');
    expect(ours.next('T')).toBe('T41');
  });

  it('of a plan are claimed by nobody', () => {
    const plan = numbersFrom({ T: 4, U: 0, H: 0 }, null);
    expect([plan.next('T'), plan.next('T'), plan.next('U')]).toEqual(['T5', 'T6', 'U1']);
  });
});

/** A listing that shows nothing the first time. */
function stale(disk: ReturnType<typeof memoryDisk>): (path: string) => readonly string[] {
  let looked = false;
  return (path) => {
    if (looked) return disk.list(path);
    looked = true;
    return [];
  };
}
