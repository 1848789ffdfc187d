// Every variant of every connector × every case of the contract it qualifies for, on its emulator, over real HTTP.
import { describe, expect, it, test } from 'vitest';
import { engineSync } from '../src/testkit/engine-sync.ts';
import { contractTests } from '../src/testkit/tests.ts';
import { contractSubjects } from './support/contract-subjects.ts';

const { subjects, missing } = await contractSubjects(engineSync);

describe.each(subjects.map((subject) => ({ ...subject, subject })))('$name', ({ subject }) => {
  for (const { name, skip, run } of contractTests(subject)) {
    if (skip !== null) it.skip(`${name} (${skip})`);
    else it(name, run);
  }
});

describe('the registry', () => {
  it('has connectors to test', () => expect(subjects.length).toBeGreaterThan(0));
  for (const vendor of missing) test.todo(`${vendor}: connector or emulator is not built yet`);
});
