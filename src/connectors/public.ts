// What a connector of another author is made of: `import … from 'kbsync/connector'`. Published; what is taken out of here breaks somebody.
// zod is handed on, so that a connector's options are of the same copy as ours (another copy works, too).
export { z } from 'zod';
export type { Answer, AnswerSource } from '../model/answer.ts';
export { type ErrorCode, type ErrorDetails, type ErrorFacts, SyncError } from '../model/error.ts';
export { fingerprint, type Json, type JsonRecord, sha256, type Timestamp } from '../model/json.ts';
export { type Marker, type MarkSource, marker } from '../model/mark.ts';
export type { Format } from '../model/payload.ts';
export type { TrainingRun, TrainingState } from '../model/record.ts';
export {
  type Call,
  type Capability,
  type ChangedItem,
  type Checked,
  type ConnectorSpec,
  type ContainerCalls,
  capabilitiesOf,
  defineConnector,
  type Exchange,
  type Http,
  type HttpReply,
  type HttpRequest,
  type Intent,
  type ItemResult,
  type ItemTarget,
  type Missing,
  type NewItem,
  type RemoteEntry,
  type RemoteText,
  type StatusQuery,
  type StatusReport,
  type Target,
  type Tools,
  type Train,
  type Traits,
  type UpdateWay,
  type WholeTarget,
} from './connector.ts';
