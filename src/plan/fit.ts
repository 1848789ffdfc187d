// What this target cannot do: what happens instead, or who has to do it. Said in the plan, before anything is sent.
import type { Capability } from '../connectors/connector.ts';
import type { Operation } from '../model/operation.ts';
import type { PayloadHead } from '../model/payload.ts';
import type { DocumentRecord } from '../model/record.ts';
import type { PlanTarget } from './input.ts';

/** An operation as it would be where everything is possible, with what it acts on. */
export interface Drafted {
  readonly operation: Operation;
  readonly payload: PayloadHead | null;
  readonly record: DocumentRecord | null;
}

/** Who does it, and what to say of it. */
interface Way {
  readonly by: Operation['by'];
  readonly note: string | null;
}

const plain: Way = { by: 'vendor', note: null };

/** The operation as this target can carry it out. A move whose text a person must change becomes two. */
export function fitTo(drafted: Drafted, target: PlanTarget): readonly Drafted[] {
  const { operation, payload, record } = drafted;
  if (target.whole) return [drafted];
  switch (operation.action) {
    case 'create':
    case 'adopt':
      return [drafted];
    case 'update':
      return [{ ...drafted, operation: { ...operation, ...wayOfUpdate(payload, record, target) } }];
    case 'move': {
      if (operation.fingerprint === null) return [drafted];
      const way = wayOfUpdate(payload, record, target);
      const note = way.note ?? 'its text, title or link changed too and is sent';
      if (way.by === 'vendor') return [{ ...drafted, operation: { ...operation, note } }];
      // Only our memory moves; what the bot is to read stays open for a person under the new id.
      const { document, path, fingerprint } = operation;
      const update: Operation = {
        id: `update ${document}`,
        action: 'update',
        document,
        path,
        fingerprint,
        reason: 'text changed with the move',
        ...way,
      };
      return [
        { ...drafted, operation: { ...operation, fingerprint: null, rename: false } },
        { ...drafted, operation: update },
      ];
    }
    case 'delete':
      return [{ ...drafted, operation: { ...operation, ...wayOfDelete(operation.remoteId, record, target) } }];
    default:
      return operation satisfies never;
  }
}

function wayOfUpdate(payload: PayloadHead | null, record: DocumentRecord | null, target: PlanTarget): Way {
  const parts = new Map((payload?.parts ?? []).map((part) => [part.key, part.fingerprint]));
  const items = record?.items ?? [];
  const rewritten = items.filter((item) => parts.has(item.part) && parts.get(item.part) !== item.fingerprint);
  const rewrites = rewritten.length > 0;
  const drops = items.some((item) => !parts.has(item.part));
  const adds = parts.size > items.filter((item) => parts.has(item.part)).length;
  const can = (capability: Capability) => target.capabilities.has(capability);
  // Parts that are only missing are plain creates, which every target can do.
  if (!rewrites && !drops) return adds || can('update') ? plain : replaced(target);
  if (rewrites && !can('update') && !can('delete')) return replaced(target);
  if (rewritten.some((item) => item.remoteId === null) && target.onUpdate !== 'todo') return { by: 'vendor', note: nameless(target) };
  if (rewrites && !can('update')) return replaced(target);
  if (!drops || can('delete')) return plain;
  if (!rewrites && !adds) return { by: 'person', note: remedyOf(target, 'delete') };
  return appends(target) || can('update') ? { by: 'vendor', note: oldStays(target) } : { by: 'person', note: remedyOf(target, 'update') };
}

/** An update where the vendor has none. */
function replaced(target: PlanTarget): Way {
  if (target.onUpdate === 'todo') return { by: 'person', note: remedyOf(target, 'update') };
  if (target.capabilities.has('delete')) return { by: 'vendor', note: 'new copy; the old one goes once the new one is trained' };
  if (appends(target)) return { by: 'vendor', note: oldStays(target) };
  return { by: 'person', note: remedyOf(target, 'update') };
}

/** Whether a new copy is made though the old one cannot be removed. */
function appends({ onUpdate, traits }: PlanTarget): boolean {
  return onUpdate === 'append' || (onUpdate === 'default' && traits.withoutUpdate === 'append');
}

function oldStays(target: PlanTarget): string {
  return `new copy; the old text stays until a person removes it: ${remedyOf(target, 'delete')}`;
}

function nameless({ label }: PlanTarget): string {
  return `new copy; ${label} never gave an id for the old one: a person has to remove it there`;
}

function wayOfDelete(remoteId: string | null, record: DocumentRecord | null, target: PlanTarget): Way {
  if (!target.capabilities.has('delete')) return { by: 'person', note: remedyOf(target, 'delete') };
  const unnamed = remoteId === null && record !== null && record.items.every((item) => item.remoteId === null);
  return unnamed ? { by: 'person', note: `${target.label} never gave an id for it: delete it by hand there` } : plain;
}

/** Where and how a person does what the target cannot. */
export function remedyOf(target: PlanTarget, capability: Capability): string {
  return (
    target.traits.missing[capability]?.remedy ?? `${target.label} cannot ${capability} through its API: do it by hand in its dashboard`
  );
}

/** Sentences about the target as a whole, for a plan that has something to do. */
export function notesOfTarget(operations: readonly Operation[], target: PlanTarget): string[] {
  const sent = operations.filter((operation) => operation.by === 'vendor');
  if (sent.length === 0) return [];
  const notes: string[] = [];
  if (target.whole) notes.push(`${target.label} takes one text for the whole bot: all of this goes in one call.`);
  if (target.traits.training === 'on-request' && !target.capabilities.has('train')) {
    notes.push(`Training has to be started by hand: ${remedyOf(target, 'train')}`);
  }
  return notes;
}
