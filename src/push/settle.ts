// The first thing of every run: find out what became of the effects that began and did not end. Nothing is planned before that.

import type { NewItem } from '../connectors/connector.ts';
import type { Effect, EntryBody } from '../model/effect.ts';
import { SyncError } from '../model/error.ts';
import { callOf, type PushContext } from './context.ts';
import { type Create, type Looked, lookForOpenCreates } from './look.ts';

export type SettleContext = Pick<PushContext, 'target' | 'memory' | 'texts' | 'call' | 'sleep' | 'nextNumber' | 'now'> & {
  /** What may be done about a create that the vendor cannot be asked about (configuration: onUnconfirmed). */
  readonly onUnconfirmed: 'default' | 'ask' | 'retry' | 'assume-created';
  /** A plan only looks: nothing is said again. */
  readonly readOnly: boolean;
};

/**
 * Creates are looked for; updates, deletes and whole texts count as unknown and are planned again; a container that may have been made is
 * searched for (a training that may have been started is training/request.ts's). What stays open stays unconfirmed, with its number on the todo list.
 */
export async function settle(context: SettleContext): Promise<readonly Looked[]> {
  const open = context.memory.open;
  if (open.length === 0) return [];
  const blurred = open.filter((effect) => effect.action === 'update' || effect.action === 'delete' || effect.action === 'replace-all');
  if (blurred.length > 0) await context.memory.append(blurred.map((effect) => ({ kind: 'blurred', effect: effect.id })));
  for (const effect of open) {
    if (effect.action === 'open') await settleContainer(effect, context);
  }
  const creates = open.filter((effect) => effect.action === 'create');
  if (creates.length === 0) return [];
  if (context.target.traits.repeatedCreate === 'same-item' && !context.readOnly) return sayAgain(creates, context);
  const policy = context.onUnconfirmed;
  const askable = context.target.traits.repeatedCreate === 'findable';
  if (askable || policy === 'default' || policy === 'ask') return lookForOpenCreates(creates, new Set(), context);
  await context.memory.append(creates.map((effect) => byPolicy(effect, policy)));
  return [];
}

/** A vendor that takes the same effect id for the same item: the create is said again, word for word, and its answer counts for both. */
async function sayAgain(creates: readonly Create[], context: SettleContext): Promise<readonly Looked[]> {
  const { target, memory } = context;
  const mute: Create[] = [];
  for (const effect of creates) {
    const part = context.texts.get(effect.payload ?? effect.fingerprint)?.parts.find((candidate) => candidate.key === effect.part);
    if (part === undefined || !('create' in target)) {
      mute.push(effect);
      continue;
    }
    const { id, document, path, mark, url } = effect;
    const { title, text } = part;
    const item: NewItem = {
      effect: id,
      document,
      kind: 'article',
      path,
      part: part.key,
      mark,
      title,
      url,
      format: 'markdown',
      text,
      attributes: {},
    };
    const [result] = await target.create([item], callOf(context));
    if (result?.ok === true) await memory.append([{ kind: 'done', effect: id, remoteId: result.remoteId, settledBy: 'repeat' }]);
    else if (result?.error.facts.effect === 'none') {
      await memory.append([{ kind: 'failed', effect: id, error: result.error.record(), refused: false }]);
    } else mute.push(effect);
  }
  return lookForOpenCreates(mute, new Set(), context);
}

function byPolicy(effect: Effect, policy: 'retry' | 'assume-created'): EntryBody {
  if (policy === 'assume-created') return { kind: 'done', effect: effect.id, remoteId: null, settledBy: 'person' };
  const error = new SyncError('UNCONFIRMED', { message: 'its fate was not known; made again, as onUnconfirmed: retry says' }).record();
  return { kind: 'failed', effect: effect.id, error, refused: false };
}

/** A container made by a call whose answer was lost: exactly one new, unused one is ours; none means it was not made. */
async function settleContainer(effect: Extract<Effect, { action: 'open' }>, context: SettleContext): Promise<void> {
  const { container } = context.target;
  if (container === undefined) return;
  const call = callOf(context);
  const before = new Set(effect.before);
  const fresh = (await container.list(call)).filter((id) => !before.has(id));
  const unused = await container.unused(fresh, call);
  const [only] = unused;
  if (unused.length === 1 && only !== undefined) {
    await context.memory.append([{ kind: 'done', effect: effect.id, remoteId: only, settledBy: 'list' }]);
  } else if (unused.length === 0) {
    await context.memory.append([
      { kind: 'failed', effect: effect.id, error: new SyncError('UNCONFIRMED', { message: 'it was not made' }).record(), refused: false },
    ]);
  } else {
    throw new SyncError('UNCONFIRMED', {
      message: `${unused.length} empty containers appeared since kbsync asked for one (${unused.join(', ')}); which is ours is not known`,
      next: "delete the superfluous ones in the vendor's dashboard, or name one in the configuration (chatthing: dataSourceId)",
      facts: { stops: 'target' },
    });
  }
}
