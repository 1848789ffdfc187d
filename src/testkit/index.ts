// The contract suite for outside authors: `import … from 'kbsync/testkit'`. The cases are data; any test runner turns them into tests (see
// docs/writing-a-connector.md). Published; what is taken out of here breaks somebody.
export {
  defineEmulator,
  type EmulatedItem,
  type Emulator,
  type EmulatorReply,
  type EmulatorRequest,
  type EmulatorSpec,
  type EmulatorStore,
  type EmulatorTools,
  type Knowledge,
} from '../connectors/emulator.ts';
export { type OpenBenches, openBenches, type Subject, type SyncOf, type TestBench, unbound } from './benches.ts';
export { type Clock, settableClock } from './clock.ts';
export {
  type Bench,
  type BenchPatch,
  type Condition,
  type ContractCase,
  contractCases,
  type HeldItem,
  levelNames,
  refusedText,
  type SyncOutcome,
  type WireFault,
  type WireFaultFunction,
  type WireRequest,
  whyNot,
} from './contract.ts';
export { engineSync } from './engine-sync.ts';
export { type Random, seededRandom } from './random.ts';
export { contractTests } from './tests.ts';
export { viaHttp } from './via-http.ts';
