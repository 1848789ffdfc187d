// `notify test`: one request to each webhook, and what it answers. Nothing of the book of incidents is touched.
import { randomBytes } from 'node:crypto';
import { bodyOf } from '../daemon/notice-words.ts';
import { SyncError } from '../model/error.ts';
import type { Notice, Posted, Webhook } from '../model/notice.ts';
import { visible } from '../plan/escape.ts';
import { type Invocation, workspaceOf } from './invocation.ts';
import { plain } from './reports.ts';

/** `notify`, parsed. */
export interface NotifyRequest {
  readonly action: string;
  readonly names: readonly string[];
}

/** Resolves to 0 where every webhook takes it, else to 11. USAGE where there is none of that name, or none at all. */
export async function notify(invocation: Invocation, { action, names }: NotifyRequest): Promise<number> {
  const { output, kill, command } = invocation;
  if (action !== 'test') throw new SyncError('USAGE', { message: `notify ${action}: there is only notify test` });
  const workspace = await workspaceOf(invocation);
  try {
    const webhooks = chosen(workspace.config.notify, names);
    const notice: Notice = {
      id: randomBytes(8).toString('hex'),
      event: 'test',
      kind: null,
      target: null,
      at: new Date(workspace.now()).toISOString(),
      items: [],
      count: 0,
      next: null,
    };
    const results = await Promise.all(
      webhooks.map(async (webhook) => {
        const posted =
          webhook.missing.length > 0
            ? unset(webhook)
            : await workspace.post(webhook.url, bodyOf(notice, workspace.config.name, webhook.kind), kill);
        return { name: webhook.name, ...posted };
      }),
    );
    const exitCode = results.every(({ error }) => error === null) ? 0 : 11;
    output.answer(
      () => plain({ version: 1, command, exitCode, webhooks: results.map(({ name, status, error }) => ({ name, status, error })) }),
      () => {
        for (const { name, status, error } of results) output.data(`${name}: ${error === null ? `taken (${status})` : visible(error)}`);
      },
    );
    return exitCode;
  } finally {
    await workspace.close();
  }
}

function unset({ missing }: Webhook): Posted {
  return { status: null, error: `${missing.join(', ')} is not set`, retryAfterMs: null };
}

function chosen(all: readonly Webhook[], names: readonly string[]): readonly Webhook[] {
  if (all.length === 0)
    throw new SyncError('USAGE', { message: 'no webhook is configured', next: 'add one to notify in the configuration' });
  return names.length === 0
    ? all
    : names.map((name) => {
        const found = all.find((webhook) => webhook.name === name);
        if (found !== undefined) return found;
        const known = all.map((webhook) => webhook.name).join(', ');
        throw new SyncError('USAGE', { message: `there is no webhook ${name}; configured: ${known}` });
      });
}
