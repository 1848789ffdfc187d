// The two files on a state's branch that are not the state: who is at work, and a word to people who find it. Text in, values out.

import { SyncError } from '../model/error.ts';
import type { Timestamp } from '../model/json.ts';
import { isOwner, type LockOwner } from '../state/lock.ts';

export const headerName = 'branch.json';
export const readmeName = 'README.md';

export const readme = `# What kbsync remembers of its bots

This branch is written by kbsync (state.git in sync.config.yaml). It has one commit, which is replaced as long as a job is at work. Do not edit or merge
it, and keep it out of rules that protect branches. \`state/texts\` holds what the bots were given: whoever may read this repository may read it.
`;

const format = 1;

export interface Header {
  readonly workspace: string;
  /** Who is at work; null: nobody. */
  readonly lease: LockOwner | null;
  readonly savedAt: Timestamp;
}

/** The text of branch.json. */
export function encodeHeader({ workspace, lease, savedAt }: Header): string {
  return `${JSON.stringify({ kbsync: 'state', version: format, workspace, savedAt, lease }, null, 2)}\n`;
}

/** Null where it is not what kbsync writes. STATE_NEWER. */
export function decodeHeader(text: string): Header | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { kbsync, version, workspace, savedAt, lease }: { readonly [key: string]: unknown } = { ...value };
  if (kbsync !== 'state' || typeof version !== 'number') return null;
  if (version > format)
    throw new SyncError('STATE_NEWER', { message: `state.git: the branch was written by a newer kbsync (format ${version})` });
  if (typeof workspace !== 'string' || typeof savedAt !== 'string' || !(lease === null || isOwner(lease))) return null;
  return { workspace, lease, savedAt };
}
