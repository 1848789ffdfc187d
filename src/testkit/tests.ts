// Subject → the contract suite as named functions, for any test runner: node:test, vitest, or a loop that prints.
import { openBenches, type Subject, unbound } from './benches.ts';
import { type Condition, contractCases, levelNames, whyNot } from './contract.ts';

/** One case for one subject. */
export interface ContractTest {
  /** "4 sees: an empty bot lists nothing". */
  readonly name: string;
  /** Why it says nothing about this connector; null: it is to be run. */
  readonly skip: string | null;
  /** Opens a bench of its own and closes it. Rejects with an AssertionError where the contract is broken. */
  run(): Promise<void>;
}

/** Every case of the suite, in order, those that do not apply with the reason. */
export function contractTests(subject: Subject): readonly ContractTest[] {
  const target = unbound(subject);
  const bench = { conditions: new Set(Object.keys(subject.conditions) as Condition[]), engine: subject.sync !== null };
  return contractCases.map((each) => ({
    name: `${each.level} ${levelNames[each.level]}: ${each.name}`,
    skip: whyNot(each, target, bench),
    async run() {
      const benches = openBenches();
      try {
        await each.run(await benches.open(subject));
      } finally {
        await benches.close();
      }
    },
  }));
}
