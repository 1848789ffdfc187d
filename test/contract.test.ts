// Every variant of every connector × every case of the contract it qualifies for, on its emulator, over real HTTP.
import { afterEach, describe, expect, it, test } from 'vitest';
import { type Condition, contractCases, levelNames, whyNot } from '../src/testkit/contract.ts';
import { openBenches, unbound } from './support/contract-bench.ts';
import { contractSubjects } from './support/contract-subjects.ts';
import { engineSync } from './support/contract-sync.ts';

const { subjects, missing } = await contractSubjects(engineSync);
const benches = openBenches();

afterEach(() => benches.close());

describe.each(subjects.map((subject) => ({ ...subject, subject })))('$name', ({ subject }) => {
  const target = unbound(subject);
  const bench = { conditions: new Set(Object.keys(subject.conditions) as Condition[]), engine: subject.sync !== null };
  for (const each of contractCases) {
    const name = `${each.level} ${levelNames[each.level]}: ${each.name}`;
    const reason = whyNot(each, target, bench);
    if (reason !== null) it.skip(`${name} (${reason})`);
    else it(name, async () => each.run(await benches.open(subject)));
  }
});

describe('the registry', () => {
  it('has connectors to test', () => expect(subjects.length).toBeGreaterThan(0));
  for (const vendor of missing) test.todo(`${vendor}: connector or emulator is not built yet`);
});
