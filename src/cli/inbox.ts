// The inbox of every target, read without a lock and without a secret.
import type { CycleContext } from '../cycle/context.ts';
import type { TargetConfig } from '../model/config.ts';
import { asSyncError, type SyncError } from '../model/error.ts';
import { needsIds } from '../push/person.ts';
import { type InboxItem, inboxOf } from '../status/inbox.ts';
import type { Workspace } from '../workspace.ts';
import type { Invocation } from './invocation.ts';

/** An item with the target that it is of. */
export interface FiledItem extends InboxItem {
  readonly of: TargetConfig;
  /** Whether the vendor can be asked for an item by its mark. */
  readonly findable: boolean;
}

export interface Inbox {
  readonly items: readonly FiledItem[];
  /** Targets whose memory could not be read. */
  readonly failures: readonly { readonly target: TargetConfig; readonly error: SyncError }[];
}

/** Everything that waits for a person at the targets of the invocation. */
export async function readInbox(workspace: Workspace, invocation: Invocation): Promise<Inbox> {
  const items: FiledItem[] = [];
  const failures: { target: TargetConfig; error: SyncError }[] = [];
  for (const target of workspace.targets(invocation.options.targets)) {
    try {
      items.push(...(await workspace.readOnly(target, invocation, true, (context) => Promise.resolve(inboxAt(context)))));
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.code === 'UNEXPECTED') throw thrown;
      failures.push({ target, error });
    }
  }
  return { items, failures };
}

function inboxAt(context: CycleContext): FiledItem[] {
  const { target, memory } = context;
  const facts = inboxFacts(context);
  const items = inboxOf({ target: target.name, state: memory.state, open: memory.open, ...facts });
  return items.map((item) => ({ ...item, of: target, findable: facts.findable }));
}

/** What an inbox wants to know of its target beyond the memory. */
export function inboxFacts({ config, target, connection }: CycleContext) {
  const { traits } = connection.target;
  return {
    label: connection.vendorLabel,
    needsIds: needsIds(connection.target),
    findable: traits.repeatedCreate === 'findable',
    after: target.after,
    paused: new Set(config.targets.filter((each) => each.paused).map(({ name }) => name)),
    removal: traits.missing.delete?.remedy ?? null,
  };
}
