// The contract suite as data: what must hold for every connector, in ten levels that read like a tutorial. Owns the list and who qualifies;
// a test runner, ours or an outside author's, turns it into tests: for each case, `whyNot` says skip, else `run` on a fresh bench.
import { capabilitiesOf, type Target } from '../connectors/connector.ts';
import type { Condition, ContractCase } from './bench.ts';
import { answers } from './cases/answers.ts';
import { changes } from './cases/changes.ts';
import { converges } from './cases/converges.ts';
import { creates } from './cases/creates.ts';
import { failsWell } from './cases/fails-well.ts';
import { learns } from './cases/learns.ts';
import { repeats } from './cases/repeats.ts';
import { sees } from './cases/sees.ts';
import { talks } from './cases/talks.ts';
import { tellsTheTruth } from './cases/tells-the-truth.ts';

export type {
  Bench,
  BenchPatch,
  Condition,
  ContractCase,
  HeldItem,
  SyncOutcome,
  WireFault,
  WireFaultFunction,
  WireRequest,
} from './bench.ts';
export { refusedText } from './bench.ts';

/** What each level is called. */
export const levelNames: { readonly [level in ContractCase['level']]: string } = {
  1: 'talks',
  2: 'creates',
  3: 'changes',
  4: 'sees',
  5: 'repeats',
  6: 'fails well',
  7: 'learns',
  8: 'answers',
  9: 'converges',
  10: 'tells the truth',
};

/** Every case, in the order of the levels. */
export const contractCases: readonly ContractCase[] = [
  ...talks,
  ...creates,
  ...changes,
  ...sees,
  ...repeats,
  ...failsWell,
  ...learns,
  ...answers,
  ...converges,
  ...tellsTheTruth,
];

/** Why a case says nothing about a target on such a bench; null: it is to be run. */
export function whyNot(
  each: ContractCase,
  target: Target,
  bench: { readonly conditions: ReadonlySet<Condition>; readonly engine: boolean },
): string | null {
  const can = capabilitiesOf(target);
  const missing = each.needs.filter((capability) => !can.has(capability));
  if (missing.length > 0) {
    const why = missing.map((capability) => `no ${capability}: ${target.traits.missing[capability]?.because ?? 'not there'}`);
    return why.join(', ');
  }
  const unless = each.unless?.(target) ?? null;
  if (unless !== null) return unless;
  if (each.condition !== undefined && !bench.conditions.has(each.condition)) return `the bench cannot bring about ${each.condition}`;
  if (each.needsEngine === true && !bench.engine) return 'the bench has no engine';
  return null;
}
