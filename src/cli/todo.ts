// `todo`: one inbox over all targets: work for a person, unconfirmed writes, held runs, copies to remove by hand; and what a person decides of it.
import { exitCodeOf } from '../model/error.ts';
import { visible } from '../plan/escape.ts';
import { age } from '../status/derive.ts';
import { whichItems } from '../status/inbox.ts';
import type { Workspace } from '../workspace.ts';
import { strongest } from './exit.ts';
import { type FiledItem, readInbox } from './inbox.ts';
import { type Invocation, workspaceOf } from './invocation.ts';
import { plain } from './reports.ts';
import { type SyncRequest, sync } from './sync.ts';
import { type Decided, decide, type TodoRequest } from './todo-decision.ts';
import { todoIssue } from './todo-issue.ts';

/** Lists the inbox, or carries a decision out. Resolves to the exit code; of `approve`, to that of the sync it lets through. */
export async function todo(invocation: Invocation, request: TodoRequest): Promise<number> {
  const workspace = await workspaceOf(invocation);
  let decided: readonly Decided[];
  try {
    if (request.action === null) return await list(workspace, invocation, request.format);
    decided = await decide(workspace, invocation, request);
  } finally {
    await workspace.close();
  }
  const { output, options, command } = invocation;
  if (!decided.some(({ syncNow }) => syncNow)) {
    output.answer(
      () => plain({ version: 1, command, exitCode: 0, action: request.action, ...wordsOf(decided) }),
      () => {
        for (const { message } of decided) output.data(visible(message));
      },
    );
    return 0;
  }
  for (const { message } of decided) output.talk(visible(message));
  const targets = [...new Set(decided.map(({ target }) => target.name))];
  return sync({ ...invocation, options: { ...options, targets } }, wholeSync);
}

/** One decision as it always was; several as a list. */
function wordsOf(decided: readonly Decided[]) {
  const rows = decided.map(({ id, target, message }) => ({ id, target: target.name, message }));
  const [only] = rows;
  return rows.length === 1 && only !== undefined ? only : { decisions: rows };
}

/** A sync of everything, with nothing let through. */
export const wholeSync: SyncRequest = {
  paths: [],
  waitMs: null,
  planFile: null,
  exact: false,
  onlyFailed: false,
  limit: null,
  allowDeletes: null,
  allowUpdates: null,
  initial: false,
  trainOnly: false,
  lockWaitMs: null,
};

async function list(workspace: Workspace, invocation: Invocation, format: TodoRequest['format'] = 'text'): Promise<number> {
  const { output, command } = invocation;
  const { items, failures } = await readInbox(workspace, invocation);
  const exitCode = strongest(failures.flatMap(({ target, error }) => (target.required ? [exitCodeOf(error.code)] : [])));
  output.answer(
    () =>
      plain({
        version: 1,
        command,
        exitCode,
        items: items.map(rowOf),
        errors: failures.map(({ target, error }) => ({ target: target.name, error: error.record() })),
      }),
    () => {
      if (format === 'github-issue') return output.data(todoIssue(items, workspace.now()));
      for (const item of items) print(item, workspace.now(), invocation);
      if (items.length === 0 && failures.length === 0) output.data('nothing waits for a person');
    },
  );
  for (const { target, error } of failures) {
    output.complain(`${output.style('bad', 'error')} ${target.name}: ${visible(error.message)}`);
    output.complain(`  next: ${visible(error.next)}`);
  }
  return exitCode;
}

function print(item: FiledItem, nowMs: number, { output }: Invocation): void {
  const { id, kind, target, message, where, items, how, since, commands } = item;
  const which = whichItems(items);
  const when = since === null ? '' : ` (${age(Math.max(0, nowMs - Date.parse(since)))})`;
  const name = id === null || kind === 'leftover' ? kind : id;
  output.data(`${output.style('strong', visible(name))} ${visible(target)}: ${visible(message)}${when}`);
  if (where !== null) output.data(`  where: ${visible(where)}`);
  if (which !== null) output.data(`  which: ${visible(which)}`);
  output.data(`  how: ${visible(how)}`);
  for (const command of commands) output.data(`  ${output.style('dim', '$')} ${visible(command)}`);
}

function rowOf({ id, kind, target, document, action, message, where, items, how, since, commands }: FiledItem) {
  return { id, kind, target, document, action, message, where, items, how, since, commands };
}
