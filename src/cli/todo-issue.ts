// The inbox as the Markdown of one GitHub issue: a title, and a task list by bot, so that a team can tick off what it has done. Pure.
import { markdownText, visible } from '../plan/escape.ts';
import { age } from '../status/derive.ts';
import { type InboxItem, whichItems } from '../status/inbox.ts';

/** Markdown that begins with the title line. What comes from files and vendors cannot become markup, a link or a mention in it. */
export function todoIssue(items: readonly InboxItem[], nowMs: number): string {
  const out = [`# ${titleOf(items.length)}`];
  const targets = [...new Set(items.map(({ target }) => target))];
  for (const target of targets) {
    out.push('', `## ${markdownText(target)}`, '');
    out.push(...items.filter((item) => item.target === target).flatMap((item) => taskOf(item, nowMs)));
  }
  if (items.length > 0) out.push('', 'A tick here tells kbsync nothing: run the command of each line once it is done.');
  return out.join('\n');
}

function titleOf(count: number): string {
  if (count === 0) return 'kbsync: nothing waits for a person';
  return `kbsync: ${count === 1 ? '1 thing waits' : `${count.toLocaleString('en-US')} things wait`} for a person`;
}

function taskOf({ id, kind, message, where, items, how, since, commands }: InboxItem, nowMs: number): readonly string[] {
  const name = id === null || kind === 'leftover' ? kind : id;
  const when = since === null ? '' : ` (since ${age(Math.max(0, nowMs - Date.parse(since)))})`;
  const which = whichItems(items);
  return [
    `- [ ] **${markdownText(name)}** ${markdownText(message)}${when}`,
    ...(where === null ? [] : [`  - where: ${markdownText(where)}`]),
    ...(which === null ? [] : [`  - which: ${markdownText(which)}`]),
    `  - how: ${markdownText(how)}`,
    ...commands.map((command) => `  - ${codeSpan(command)}`),
  ];
}

/** Code that ends only where it ends: the fence is longer than any run of backticks within. */
function codeSpan(text: string): string {
  const plain = visible(text);
  const longest = Math.max(0, ...[...plain.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return longest === 0 ? `${fence}${plain}${fence}` : `${fence} ${plain} ${fence}`;
}
