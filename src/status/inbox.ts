// State + what is unconfirmed → everything at one target that waits for a person, each with the commands that settle it. Pure.
import type { DocumentId } from '../model/document.ts';
import type { Effect } from '../model/effect.ts';
import type { Timestamp } from '../model/json.ts';
import { insteadOfPassing } from '../model/pass.ts';
import { type Doubt, type HeldRun, type Leftover, namelessPrefix, type TargetState, type Todo } from '../model/record.ts';

/** work: T1. unconfirmed: U1, or no number before a run has looked. held: H1. leftover: the item's own id. */
export interface InboxItem {
  readonly id: string | null;
  readonly kind: 'work' | 'unconfirmed' | 'held' | 'leftover';
  readonly target: string;
  readonly document: DocumentId | null;
  readonly action: string | null;
  readonly message: string;
  readonly where: string | null;
  /** The items at the vendor that it is about, as the dashboard can show them; [] where there is none, or none is known. */
  readonly items: readonly NamedItem[];
  readonly how: string;
  readonly since: Timestamp | null;
  /** What to type next; the first is the likeliest. */
  readonly commands: readonly string[];
}

/** An item by what a person finds it with. */
export interface NamedItem {
  /** Null where the vendor never gave one. */
  readonly remoteId: string | null;
  readonly mark: string | null;
}

export interface InboxInput {
  readonly target: string;
  /** For people: "Chat Thing". */
  readonly label: string;
  readonly state: TargetState;
  readonly open: readonly Effect[];
  /** Whether the target needs the ids of its items. */
  readonly needsIds: boolean;
  /** Whether a run can look for an unconfirmed create by itself. */
  readonly findable: boolean;
  /** The target that this one comes after; left out or null: none. */
  readonly after?: string | null;
  /** Targets that the configuration pauses: what is sent to one is no command to type now. Left out: none. */
  readonly paused?: ReadonlySet<string>;
  /** How a person removes an item, where the API cannot. */
  readonly removal: string | null;
}

/** The inbox of one target: work, unconfirmed writes, held runs, copies to be removed by hand. */
export function inboxOf(input: InboxInput): InboxItem[] {
  const { state } = input;
  const items = [
    ...state.todos.map((todo) => workItem(todo, input)),
    ...input.open.filter((effect) => effect.action !== 'train').map((effect) => unconfirmedItem(effect, input)),
    ...state.held.map((held) => heldItem(held, input)),
    ...state.leftovers.filter((leftover) => leftover.removable === 'by-hand').map((leftover) => leftoverItem(leftover, input)),
  ];
  return input.paused?.has(input.target) === true ? items.map((item) => whilePaused(item)) : items;
}

/** Without the commands that would only say that the target is paused. */
function whilePaused(item: InboxItem): InboxItem {
  const commands = item.commands.filter((command) => !/^kbsync (?:sync|todo approve) /.test(command));
  if (commands.length === item.commands.length) return item;
  const [first = ''] = item.commands;
  return {
    ...item,
    commands,
    how: `${item.target} is paused: take paused: true out of its configuration first, then ${first}; ${item.how}`,
  };
}

function workItem({ id, operation, where, how, since }: Todo, { target, state }: InboxInput): InboxItem {
  const { document, action, path, reason } = operation;
  const message = `${action} ${path === document ? path : `${path} (${document})`}: ${reason}`;
  const only = operation.action === 'delete' ? operation.remoteId : null;
  const held = (state.records[document]?.items ?? []).map(({ remoteId, mark }) => ({ remoteId, mark }));
  const items = only === null ? held : held.filter(({ remoteId }) => remoteId === only);
  const show = action === 'update' ? [`kbsync show ${shellWord(document)} --as ${target}`] : [];
  const commands = [`kbsync todo done ${id}`, ...show];
  return { id, kind: 'work', target, document, action, message, where, items, how, since, commands };
}

/** One word for a shell. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** "id 12, named docs:a.md; …": how the items of an inbox line are found in the dashboard; null where nothing is known. */
export function whichItems(items: readonly NamedItem[]): string | null {
  const words = items.flatMap(({ remoteId, mark }) => {
    const parts = [...(remoteId === null ? [] : [`id ${remoteId}`]), ...(mark === null ? [] : [`named ${mark}`])];
    return parts.length === 0 ? [] : [parts.join(', ')];
  });
  const shown = words.slice(0, mostItems);
  if (words.length > shown.length) shown.push(`and ${words.length - shown.length} more (kbsync show lists them)`);
  return shown.length === 0 ? null : shown.join('; ');
}

const mostItems = 10;

function unconfirmedItem(effect: Effect, input: InboxInput): InboxItem {
  const { target } = input;
  const doubt = input.state.doubts.find((candidate) => candidate.effect === effect.id) ?? null;
  const document = 'document' in effect ? effect.document : null;
  const items: readonly NamedItem[] = effect.action === 'create' ? [{ remoteId: null, mark: effect.mark }] : [];
  const base = { kind: 'unconfirmed', target, document, action: effect.action, where: dashboardOf(input), items } as const;
  if (effect.action !== 'create' || doubt === null) {
    const message = `${wordsOf(effect)}: whether it was carried out is not known, and nobody has looked yet`;
    return {
      ...base,
      id: null,
      message,
      how: 'run it: it looks, and says the write again where that does no harm',
      since: null,
      commands: [syncOf(target)],
    };
  }
  const { id, since } = doubt;
  return {
    ...base,
    id,
    message: `${wordsOf(effect)}: ${sentenceOf(doubt)}`,
    how: howToLook(effect, id, input),
    since,
    commands: commandsOf(id, input),
  };
}

function sentenceOf({ error }: Doubt): string {
  if (error === null) return 'whether it was carried out is not known';
  return `${error.message}${error.vendor === null ? '' : ` (the vendor says: ${error.vendor})`}`;
}

function wordsOf(effect: Effect): string {
  switch (effect.action) {
    case 'create':
    case 'update':
    case 'delete':
      return `${effect.action} ${effect.path === effect.document ? effect.path : `${effect.path} (${effect.document})`}`;
    case 'replace-all':
      return `replace the whole text (${effect.documents.length} documents)`;
    case 'open':
      return 'make the container of the documents';
    case 'train':
      return 'train';
    default:
      return effect satisfies never;
  }
}

function howToLook(effect: Extract<Effect, { action: 'create' }>, id: string, { needsIds }: InboxInput): string {
  const there = needsIds ? `todo created ${id} with the id that it has there` : `todo created ${id}`;
  return `look for "${effect.title}" (named ${effect.mark}); if it is there: ${there}; if not: todo retry ${id}`;
}

function commandsOf(id: string, { needsIds, findable, target }: InboxInput): string[] {
  const decide = [`kbsync todo created ${id}${needsIds ? ' ID' : ''}`, `kbsync todo retry ${id}`];
  return findable ? [syncOf(target), ...decide] : decide;
}

function heldItem(
  { id, rule, message, documents, passWith, since, approvedAt }: HeldRun,
  { target, after = null, paused }: InboxInput,
): InboxItem {
  const base = { id, kind: 'held', target, document: null, action: null, where: null, items: [], since } as const;
  if (approvedAt !== null) {
    return {
      ...base,
      message: `${message} Approved ${approvedAt}.`,
      how: 'run it: the next run does exactly this',
      commands: [syncOf(target)],
    };
  }
  if (rule === 'after' && after !== null && paused?.has(after) === true)
    return {
      ...base,
      message,
      how: `${after} is paused: take paused: true out of its configuration, then ${syncOf(after)}; until it has gone well this one is held again`,
      commands: [],
    };
  if (rule === 'after' && after !== null)
    return {
      ...base,
      message,
      how: `see to ${after} first: until it has gone well this one is held again`,
      commands: [leadersCommand(message, after)],
    };
  if (passWith === null)
    return { ...base, message, how: 'nothing passes this brake: mend what it names, and run again', commands: [syncOf(target)] };
  const how = `look at ${documents.length === 1 ? 'it' : `the ${documents.length} documents`} with kbsync plan --target ${target}, then approve`;
  const pass = [`kbsync todo approve ${id}`, `kbsync ${passWith}`];
  const instead = insteadOfPassing({ rule }, target);
  if (instead === null) return { ...base, message, how, commands: pass };
  return { ...base, message, how: 'match what is there first; to add beside it, approve', commands: [instead, ...pass] };
}

/** What the brake itself names for the target that goes first; else its sync. */
function leadersCommand(message: string, leader: string): string {
  const named = [...message.matchAll(/kbsync [a-z]+(?: --documents)? --target ([a-z0-9-]+)/g)].find(([, target]) => target === leader);
  return named?.[0] ?? syncOf(leader);
}

function leftoverItem({ remoteId, document, mark, why, since }: Leftover, input: InboxInput): InboxItem {
  const unnamed = remoteId.startsWith(namelessPrefix);
  const message = `remove ${unnamed ? 'the older item' : `item ${remoteId}`} of ${document}: ${leftoverWords[why]}`;
  const how = input.removal ?? 'delete it there';
  const commands = [`kbsync todo done ${shellWord(remoteId)}`];
  return {
    id: remoteId,
    kind: 'leftover',
    target: input.target,
    document,
    action: 'delete',
    message,
    where: dashboardOf(input),
    items: [{ remoteId: unnamed ? null : remoteId, mark }],
    how,
    since,
    commands,
  };
}

const leftoverWords = {
  superseded: 'superseded copy, still there',
  twin: 'twin of a newer one',
  orphan: 'its document is gone',
  deleted: 'left over from a deleted document',
} as const;

function dashboardOf({ label }: InboxInput): string {
  return `${label}, the bot's knowledge in the dashboard`;
}

function syncOf(target: string): string {
  return `kbsync sync --target ${target}`;
}
