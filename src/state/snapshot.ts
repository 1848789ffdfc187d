// The snapshot file of one target: valid JSON with one record a line, its first line carrying version and checksum. Text in, state
// out; no disk here.

import { SyncError } from '../model/error.ts';
import { keyed, sha256, type Timestamp } from '../model/json.ts';
import type { TargetState } from '../model/record.ts';

export interface Snapshot {
  /** Raised by one with each snapshot saved. */
  readonly generation: number;
  /** Of the journal that follows snapshot `follows`, the first `entries` are in here already. */
  readonly holds: { readonly follows: number; readonly entries: number };
  readonly savedAt: Timestamp;
  readonly state: TargetState;
}

/** How a snapshot reads: the state's fields at the top, so that a person finds them. */
export function encodeSnapshot(snapshot: Snapshot): string {
  const { generation, holds, savedAt, state } = snapshot;
  const { version, records, leftovers, ...rest } = state;
  const lines = [`"generation":${generation}`, `"holds":${JSON.stringify(holds)}`, `"savedAt":${JSON.stringify(savedAt)}`];
  for (const [key, value] of Object.entries(rest)) lines.push(`${JSON.stringify(key)}:${JSON.stringify(value)}`);
  lines.push(`"leftovers":[${block(leftovers.map((leftover) => JSON.stringify(leftover)))}]`);
  lines.push(`"records":{${block(Object.entries(records).map(([id, record]) => `${JSON.stringify(id)}:${JSON.stringify(record)}`))}}`);
  const body = `${lines.join(',\n')}}\n`;
  return `{"version":${version},"checksum":"${sha256(body)}",\n${body}`;
}

function block(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `\n${lines.join(',\n')}\n`;
}

/** The snapshot in a file's text. STATE_NEWER; STATE_DAMAGED says in what way it is not what kbsync wrote. */
export function decodeSnapshot(text: string, file: string, target: string): Snapshot {
  const version = Number(/^\s*\{\s*"version"\s*:\s*(\d+)/.exec(text)?.[1] ?? Number.NaN);
  if (version > 1) {
    throw new SyncError('STATE_NEWER', {
      message: `${file} was written by a newer kbsync (state format ${version}, this one knows 1)`,
      data: { file },
    });
  }
  const end = text.indexOf('\n');
  const checksum = /^\{"version":1,"checksum":"([0-9a-f]{64})",$/.exec(text.slice(0, end))?.[1];
  const value = parse(text, file);
  if (checksum === undefined) throw damaged(file, 'it does not begin as a state file does');
  if (sha256(text.slice(end + 1)) !== checksum) {
    throw damaged(file, 'its checksum does not fit: it was edited by hand, merged, or changed on its way here');
  }
  const { generation, holds, savedAt, checksum: _, ...state } = value;
  if (typeof generation !== 'number' || !isHolds(holds) || typeof savedAt !== 'string' || !isState(state))
    throw damaged(file, 'fields are missing');
  if (state.target !== target) {
    throw new SyncError('STATE_DAMAGED', {
      message: `${file} holds the state of another target, ${state.target}`,
      next: 'put the file back under its own name; under a new name a target is a new one, and first contact takes back what is ours',
      data: { file },
    });
  }
  return { generation, holds, savedAt, state: { ...state, ...keyedById(state) } };
}

/** JSON.parse puts Object.prototype behind what it makes, where a document of the id `constructor` would be found without being there. */
function keyedById({ records, lastSync, retracted }: TargetState): Partial<TargetState> {
  return {
    records: keyed(records),
    ...(lastSync !== null && lastSync !== undefined && { lastSync: { ...lastSync, behind: keyed(lastSync.behind) } }),
    ...(retracted !== undefined && { retracted: keyed(retracted) }),
  };
}

function parse(text: string, file: string): { readonly [key: string]: unknown } {
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

/** The kinds of the fields; what is inside them is vouched for by the checksum. */
function isState(value: object): value is TargetState {
  const fields: { readonly [key: string]: unknown } = { ...value };
  const lists = ['leftovers', 'forgetting', 'held', 'todos', 'doubts'];
  return (
    fields['version'] === 1 &&
    typeof fields['target'] === 'string' &&
    typeof fields['serial'] === 'number' &&
    typeof fields['records'] === 'object' &&
    fields['records'] !== null &&
    lists.every((list) => Array.isArray(fields[list]))
  );
}

function damaged(file: string, how: string): SyncError {
  return new SyncError('STATE_DAMAGED', { message: `${file} cannot be used: ${how}; nothing was changed`, data: { file } });
}
