// The snapshot file of one target: valid JSON with one record a line, its first line carrying version and checksum. Text in, state
// out; no disk here.

import { SyncError } from '../model/error.ts';
import { keyed, sha256, type Timestamp } from '../model/json.ts';
import type { TargetState } from '../model/record.ts';
import { faultsOf } from './edited.ts';
import { migratedState, newerFormat, oldestFormat, stateFormat } from './migrate.ts';

type Fields = { readonly [key: string]: unknown };

/** Which kbsync wrote a file, on which machine; null: it does not say. */
export interface Writer {
  readonly kbsync: string | null;
  readonly host: string | null;
}

export const unknownWriter: Writer = { kbsync: null, host: null };

export interface Snapshot {
  /** Raised by one with each snapshot saved. */
  readonly generation: number;
  /** Of the journal that follows snapshot `follows`, the first `entries` are in here already. */
  readonly holds: { readonly follows: number; readonly entries: number };
  readonly savedAt: Timestamp;
  readonly savedBy: Writer;
  readonly state: TargetState;
}

/** A snapshot as it was found. */
export interface Decoded extends Snapshot {
  /** The format of the file: an older one is written anew with the next save. */
  readonly format: number;
  /** Its line ends were converted on the way; nothing else of it was. */
  readonly converted: boolean;
}

/** How a snapshot reads: the state's fields at the top, so that a person finds them. */
export function encodeSnapshot(snapshot: Snapshot): string {
  const { generation, holds, savedAt, savedBy, state } = snapshot;
  const { version, records, leftovers, ...rest } = state;
  // The writer first: another kbsync that cannot read the rest says which one can.
  const lines = [
    `"savedBy":${JSON.stringify(savedBy)}`,
    `"generation":${generation}`,
    `"holds":${JSON.stringify(holds)}`,
    `"savedAt":${JSON.stringify(savedAt)}`,
  ];
  for (const [key, value] of Object.entries(rest)) lines.push(`${JSON.stringify(key)}:${JSON.stringify(value)}`);
  lines.push(`"leftovers":[${block(leftovers.map((leftover) => JSON.stringify(leftover)))}]`);
  lines.push(`"records":{${block(Object.entries(records).map(([id, record]) => `${JSON.stringify(id)}:${JSON.stringify(record)}`))}}`);
  const body = `${lines.join(',\n')}}\n`;
  return `{"version":${version},"checksum":"${sha256(body)}",\n${body}`;
}

function block(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `\n${lines.join(',\n')}\n`;
}

/** The snapshot in a file's text, of any format up to today's. STATE_NEWER; STATE_DAMAGED says in what way it is not what kbsync wrote. */
export function decodeSnapshot(given: string, file: string, target: string): Decoded {
  const format = Number(/^\s*\{\s*"version"\s*:\s*(\d+)/.exec(given)?.[1] ?? Number.NaN);
  if (format > stateFormat) throw newerFormat(file, format, given.slice(0, 1000));
  // kbsync writes no carriage return: inside a text it is escaped. Undone, and proven by the checksum.
  const converted = given.includes('\r\n');
  const text = converted ? given.replaceAll('\r\n', '\n') : given;
  if (isMerge(text)) throw merged(file);
  const end = text.indexOf('\n');
  const checksum = /^\{"version":\d+,"checksum":"([0-9a-f]{64})",$/.exec(text.slice(0, end))?.[1];
  const value = parse(text, file);
  if (checksum === undefined || !(format >= oldestFormat)) throw edited(file, target, 'it does not begin as a state file does');
  if (sha256(text.slice(end + 1)) !== checksum)
    throw edited(file, target, 'its checksum does not fit: it was edited by hand, merged, or changed on its way here');
  return { ...readFields(migratedState(value, format), file, target), format, converted };
}

/** The fields of a snapshot of today's format. */
function readFields(value: Fields, file: string, target: string): Snapshot {
  const { generation, holds, savedAt, savedBy = unknownWriter, checksum: _, ...state } = value;
  if (typeof generation !== 'number' || !isHolds(holds) || typeof savedAt !== 'string' || !isWriter(savedBy) || !isState(state))
    throw damaged(file, 'fields are missing');
  if (state.target !== target) {
    throw new SyncError('STATE_DAMAGED', {
      message: `${file} holds the state of another target, ${state.target}`,
      next: 'put the file back under its own name; under a new name a target is a new one, and first contact takes back what is ours',
      data: { file },
    });
  }
  return { generation, holds, savedAt, savedBy, state: { ...state, ...keyedById(state) } };
}

/** JSON.parse puts Object.prototype behind what it makes, where a document of the id `constructor` would be found without being there. */
function keyedById({ records, lastSync, retracted }: TargetState): Partial<TargetState> {
  return {
    records: keyed(records),
    ...(lastSync !== null && lastSync !== undefined && { lastSync: { ...lastSync, behind: keyed(lastSync.behind) } }),
    retracted: keyed(retracted),
  };
}

/**
 * A snapshot that a person has edited, taken at its word: everything is checked but the sum. STATE_NEWER; STATE_DAMAGED names what is not as it
 * has to be.
 */
export function decodeEdited(given: string, file: string, target: string): Decoded {
  const text = given.replaceAll('\r\n', '\n');
  if (isMerge(text)) throw merged(file);
  const value = parse(text, file);
  const format = value['version'];
  if (typeof format !== 'number' || !(format >= oldestFormat)) throw damaged(file, 'its version is missing');
  if (format > stateFormat) throw newerFormat(file, format, given.slice(0, 1000));
  const snapshot = readFields(migratedState(value, format), file, target);
  const wrong = faultsOf(snapshot.state);
  if (wrong !== null) throw damaged(file, wrong);
  return { ...snapshot, format, converted: false };
}

/** What git leaves of two sides that it cannot bring together. */
function isMerge(text: string): boolean {
  return /^<{7} /m.test(text) && /^>{7} /m.test(text);
}

/** Said of a file with both sides of a merge in it. */
export function merged(file: string): SyncError {
  return new SyncError('STATE_DAMAGED', {
    message: `${file} holds a merge conflict: two runs with two copies of the state have both been at this bot; nothing was changed`,
    next:
      'take all files of the state folder from one side (git checkout --ours, or --theirs, with the folder), then kbsync drift --repair puts right what ' +
      'the other side did; and keep the state out of git: one bot, one state',
    data: { file, merge: true },
  });
}

function edited(file: string, target: string, how: string): SyncError {
  return new SyncError('STATE_DAMAGED', {
    message: `${file} cannot be used: ${how}; nothing was changed`,
    next: `if you edited it yourself and know what you did: kbsync state accept ${target}`,
    data: { file, edited: true },
  });
}

function parse(text: string, file: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(file, text.trim() === '' ? 'it is empty' : `it is not JSON (${error instanceof Error ? error.message : 'unreadable'})`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged(file, 'it is not a JSON object');
  return Object.fromEntries(Object.entries(value));
}

function isHolds(value: unknown): value is Snapshot['holds'] {
  return (
    typeof value === 'object' &&
    value !== null &&
    'follows' in value &&
    'entries' in value &&
    typeof value.follows === 'number' &&
    typeof value.entries === 'number'
  );
}

function isWriter(value: unknown): value is Writer {
  return isFields(value) && [value['kbsync'], value['host']].every((name) => name === null || typeof name === 'string');
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The kinds of the fields; what is inside them is vouched for by the checksum. */
function isState(value: object): value is TargetState {
  const fields: Fields = { ...value };
  const lists = ['leftovers', 'forgetting', 'held', 'todos', 'doubts'];
  return (
    fields['version'] === stateFormat &&
    typeof fields['target'] === 'string' &&
    typeof fields['serial'] === 'number' &&
    isFields(fields['records']) &&
    isFields(fields['retracted']) &&
    isFields(fields['numbers']) &&
    typeof fields['drift'] === 'object' &&
    lists.every((list) => Array.isArray(fields[list]))
  );
}

function damaged(file: string, how: string): SyncError {
  return new SyncError('STATE_DAMAGED', { message: `${file} cannot be used: ${how}; nothing was changed`, data: { file } });
}
