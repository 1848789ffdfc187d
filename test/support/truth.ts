// What must hold after every history: each wanted word in the bot exactly once, no other, nothing that the state does not account for. Every version of
// every document has a word of its own, so that text, not names, is what is counted.
import { namelessPrefix } from '../../src/model/record.ts';
import type { LedgerView } from '../../src/state/store.ts';
import type { Life, Lived } from './life.ts';
import type { StruckBot } from './struck-bots.ts';

/** A word of one version of one document: `w-<group>-<version>-w`. */
export function word(group: string, version: number | string): string {
  return `w${group}v${version}w`;
}

const groupOfWord = (text: string): string => /^w([a-z]+\d*)v/.exec(text)?.[1] ?? '';
/** `old/moved.md#qa-x` → `moved`: which documents a word may belong to. */
export const groupOf = (document: string): string => document.replace(/#.*$/s, '').replace(/^.*\//, '').replace(/\.md$/, '');

export interface Expected {
  /** Words that the bot must know. */
  readonly wanted: readonly string[];
  /** Words that were once wanted and are not any more. */
  readonly unwanted: readonly string[];
  /** Groups that are made of several items: an unconfirmed one of them leaves the old ones where they are. */
  readonly inParts?: ReadonlySet<string>;
  /** Groups of which nothing can be said just now: their file is broken or out of scope, or a hand has removed them. */
  readonly excused?: ReadonlySet<string>;
  /** Items that a person made: id → text. They stay as they are. */
  readonly foreign?: ReadonlyMap<string, string>;
}

export interface Judged {
  /** Creates whose outcome nobody can know. */
  readonly unconfirmed: number;
  /** Every breach, a sentence each. None: the history went well. */
  readonly breaches: readonly string[];
}

/** How often a word stands in what the bot holds, copies that a person is told to remove left out. */
function copiesOf(bot: Pick<StruckBot, 'items'>, { state }: LedgerView, text: string): number {
  const told = new Set(state.leftovers.flatMap((leftover) => (leftover.removable === 'by-hand' ? [leftover.remoteId] : [])));
  const found = bot.items().reduce((sum, item) => (told.has(item.remoteId) ? sum : sum + item.text.split(text).length - 1), 0);
  // One without an id is only known by its mark: which of the items it is cannot be said.
  const nameless = [...told].filter((id) => id.startsWith(namelessPrefix)).length;
  return found > 1 ? Math.max(1, found - nameless) : found;
}

/** Judges a history by what the vendor holds and what the state says. `last` is the outcome of the last run. */
export async function judge(life: Life, expected: Expected, last: Lived): Promise<Judged> {
  const { bot } = life;
  const view = await life.view();
  const breaches: string[] = [];
  const { doubtful, byPerson } = openQuestions(view);
  const excused = expected.excused ?? new Set<string>();
  for (const text of expected.wanted) {
    const group = groupOfWord(text);
    const copies = copiesOf(bot, view, text);
    // An old copy that a person is told to remove, or that waits until the new one is confirmed, is no silent twin.
    const replacing = view.open.some(
      (effect) => effect.action === 'create' && effect.supersedes !== null && groupOf(effect.document) === group,
    );
    const old = byPerson.has(group) || replacing || (doubtful.has(group) && expected.inParts?.has(group) === true) ? 1 : 0;
    if (copies > mostOf(view, group) + old) breaches.push(`doubled: ${text} is there ${copies} times`);
    if (copies === 0 && !doubtful.has(group) && !byPerson.has(group) && !excused.has(group)) breaches.push(`lost: ${text} is not there`);
    if (copies === 1 && !doubtful.has(group) && !excused.has(group)) breaches.push(...unlearnt(bot, view, text));
  }
  for (const text of expected.unwanted) {
    const group = groupOfWord(text);
    const copies = copiesOf(bot, view, text);
    const open = doubtful.has(group) || byPerson.has(group) || excused.has(group);
    const told = (byPerson.get(group) ?? 0) + openCreates(view, group).length;
    if (copies > Math.max(1, told) || (copies === 1 && !open)) breaches.push(`unwanted: ${text} is there ${copies} times`);
    if (copies === 0 && bot.ghosts().some((ghost) => ghost.includes(text)) && !open) breaches.push(`not forgotten: ${text}`);
  }
  for (const [id, text] of expected.foreign ?? [])
    if (
      bot
        .items()
        .find((item) => item.remoteId === id)
        ?.text.includes(text) !== true
    )
      breaches.push(`foreign: ${id} was touched`);
  breaches.push(...accounts(bot, view, expected, doubtful), ...leaked(life));
  const mayDelete = 'delete' in bot.target && bot.target.delete !== undefined;
  const stale = mayDelete && doubtful.size === 0 ? view.state.leftovers.filter(({ why }) => why !== 'orphan') : [];
  if (stale.length > 0) breaches.push(`leftover: ${stale.length} copies that could have been deleted`);
  const unconfirmed = view.open.filter((effect) => effect.action === 'create').length;
  if (last.exitCode === 0 && view.open.length > 0) breaches.push(`green with ${view.open.length} effects unconfirmed`);
  if (view.state.doubts.length < unconfirmed)
    breaches.push(`unconfirmed without a number on the todo list: ${unconfirmed - view.state.doubts.length}`);
  return { unconfirmed, breaches };
}

/** A secret in the state, or in what the transport told. */
function leaked({ bot, disk }: Life): string[] {
  if (bot.secrets.length === 0) return [];
  const sinks = { 'the state': JSON.stringify(disk.files()), 'the events': JSON.stringify(bot.events) };
  return Object.entries(sinks).flatMap(([sink, text]) =>
    bot.secrets.some((secret) => text.includes(secret)) ? [`leaked: a secret is in ${sink}`] : [],
  );
}

function openCreates({ open }: LedgerView, group: string): readonly string[] {
  return open.flatMap((effect) => (effect.action === 'create' && groupOf(effect.document) === group ? [effect.document] : []));
}

/** One; and where its file has moved since creates of unknown outcome, a copy under each of those names, which the todo list shows. */
function mostOf(view: LedgerView, group: string): number {
  const { records } = view.state;
  const others = openCreates(view, group).filter((document) => (records[document]?.items.length ?? 0) === 0);
  const known = Object.entries(records).some(([id, { items }]) => groupOf(id) === group && items.length > 0);
  return known ? 1 + others.length : Math.max(1, others.length);
}

/** Groups whose fate is not known, and groups of which a person has something to do: how many pieces of work. */
function openQuestions({ state, open }: LedgerView): { doubtful: Set<string>; byPerson: Map<string, number> } {
  const doubtful = new Set(open.flatMap((effect) => ('document' in effect ? [groupOf(effect.document)] : [])));
  const byPerson = new Map<string, number>();
  const work = [
    ...state.todos.map(({ operation }) => new Set([groupOf(operation.document), groupOf(operation.path)])),
    ...state.leftovers.flatMap(({ removable, document }) => (removable === 'by-hand' ? [new Set([groupOf(document)])] : [])),
  ];
  for (const groups of work) for (const group of groups) byPerson.set(group, (byPerson.get(group) ?? 0) + 1);
  return { doubtful, byPerson };
}

/** A record that says trained, of a bot that does not answer from it. */
function unlearnt(bot: StruckBot, { state }: LedgerView, text: string): string[] {
  const group = groupOfWord(text);
  const records = Object.entries(state.records).filter(([id]) => groupOf(id) === group);
  if (!records.some(([, record]) => record.training === 'trained')) return [];
  return bot.items().some((item) => item.answeredFrom?.includes(text)) ? [] : [`said to be trained, but the bot does not know ${text}`];
}

/** Every id on one side is on the other, but for creates whose fate nobody can know. */
function accounts(bot: StruckBot, { state, open }: LedgerView, expected: Expected, doubtful: ReadonlySet<string>): string[] {
  if ('replaceAll' in bot.target) return [];
  const breaches: string[] = [];
  const remembered = [
    ...Object.values(state.records).flatMap((record) => record.items.flatMap(({ remoteId }) => (remoteId === null ? [] : [remoteId]))),
    ...state.leftovers.map(({ remoteId }) => remoteId).filter((id) => !id.startsWith(namelessPrefix)),
  ];
  const known = new Set(remembered.map(idAtVendor));
  if (new Set(remembered).size !== remembered.length) breaches.push('an id is remembered twice');
  const held = new Set(bot.items().map(({ remoteId }) => remoteId));
  const excused = new Set([...(expected.excused ?? []), ...doubtful]);
  for (const [id, record] of Object.entries(state.records)) {
    const missing = record.items.some(({ remoteId }) => remoteId !== null && !held.has(idAtVendor(remoteId)));
    if (missing && !excused.has(groupOf(id))) breaches.push(`${id}: the state remembers an item that is not there`);
  }
  const nameless =
    Object.values(state.records)
      .flatMap(({ items }) => items)
      .filter(({ remoteId }) => remoteId === null).length +
    state.leftovers.filter(({ remoteId }) => remoteId.startsWith(namelessPrefix)).length;
  const strangers = [...held].filter((id) => !known.has(id) && !(expected.foreign?.has(id) ?? false));
  const creates = open.filter((effect) => effect.action === 'create').length;
  if (strangers.length > creates + nameless)
    breaches.push(`orphan: ${strangers.length} items that the state does not know, ${creates} unconfirmed`);
  return breaches;
}

/** Kore.ai's connector tells its FAQs from its documents by a prefix that the vendor does not have. */
function idAtVendor(remoteId: string): string {
  return remoteId.replace(/^faq:/, '');
}
