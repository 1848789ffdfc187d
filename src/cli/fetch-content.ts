// The fetch with which a one-shot command begins where the folder comes from git: what it says of it, and what JSON shows. Owns no repository.
import type { JsonRecord } from '../model/json.ts';
import type { Refreshed, SourceView } from '../model/source.ts';
import { visible } from '../plan/escape.ts';
import { age, short } from '../status/derive.ts';
import type { Workspace } from '../workspace.ts';
import type { Invocation } from './invocation.ts';

/** Where a folder stands that was fetched; null: it is the user's own. */
export type Fetched = SourceView | null;

/**
 * Fetches where that is wanted. What cannot be fetched is said, and what was fetched before goes on. Throws what keeps it from being tried: no git
 * (CONFIG_INVALID), a token that is not set (SECRET_MISSING), another process at the clone (LOCKED), ABORTED.
 */
export async function fetchContent(
  { config, source }: Pick<Workspace, 'config' | 'source'>,
  { output, command, stop }: Pick<Invocation, 'output' | 'command' | 'stop'>,
  wanted: boolean,
): Promise<Fetched> {
  if (source === null) return null;
  if (!wanted) return source.view();
  // Another process that fetches is through with it in this time, or stopped.
  const waitMs = config.content.git?.timeoutMs ?? 0;
  const refreshed = await source.refresh({ command: `kbsync ${command}`, waitMs, signal: stop });
  for (const line of newsOf(refreshed)) output.talk(line);
  const { failing, commit, fetchedAt } = refreshed.after;
  if (failing !== null) {
    output.complain(visible(failing.message));
    if (commit !== null) output.complain(`  ${short(commit)} goes on${fetchedAt === null ? '' : `, fetched ${sinceWords(fetchedAt)} ago`}`);
    output.complain(`  next: ${visible(failing.next)}`);
  }
  return refreshed.after;
}

/** What a fetch brought, a line each. */
export function newsOf({ changed, before, after, notes }: Refreshed): readonly string[] {
  const where = after.branch === null ? 'the repository' : visible(after.branch);
  const from = before.commit === null || before.commit === after.commit ? '' : ` (was ${short(before.commit)})`;
  return [
    ...notes.map((note) => `content.git: ${note}`),
    ...(changed && after.commit !== null ? [`content.git: ${where} is at ${short(after.commit)}${from}`] : []),
  ];
}

function sinceWords(at: string): string {
  return age(Math.max(0, Date.now() - Date.parse(at)));
}

/** The key `git` of `sync`, `plan` and `status`; none where the folder is the user's own. */
export function gitJson(fetched: Fetched): { readonly git?: JsonRecord } {
  return fetched === null ? {} : { git: { ...fetched, failing: fetched.failing === null ? null : { ...fetched.failing } } };
}
