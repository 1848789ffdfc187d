// A notice → what a webhook is sent: JSON for programs, or text for a Slack channel and what is compatible with one. Pure. Titles and vendors' words
// are cut, shown as they are, and call nobody.
import type { JsonRecord } from '../model/json.ts';
import type { IncidentKind, Notice, Webhook } from '../model/notice.ts';
import { visible } from '../plan/escape.ts';

/** Characters of a name, of a sentence, and of a whole Slack text: Discord takes 2,000, Slack more. */
const mostNameCharacters = 120;
const mostSentenceCharacters = 300;
const mostTextCharacters = 1_800;
/** Lines of a Slack text that name something. */
const mostLines = 5;

/** The body for a webhook of that kind. */
export function bodyOf(notice: Notice, workspace: string, kind: Webhook['kind']): JsonRecord {
  return kind === 'slack' ? slackBody(notice, workspace) : jsonBody(notice, workspace);
}

function jsonBody(notice: Notice, workspace: string): JsonRecord {
  const { id, event, kind, target, at, items, count, next } = notice;
  return {
    version: 1,
    id,
    event,
    kind,
    workspace,
    target,
    at,
    title: titleOf(notice),
    count,
    items: items.map(({ what, message, since }) => ({
      what: what === '' ? null : cut(what, mostNameCharacters),
      message: cut(message, mostSentenceCharacters),
      since,
    })),
    next: next === null ? null : cut(next, mostSentenceCharacters),
  };
}

/** Plain text: Slack is told to make nothing of it, and what others would make something of is broken up. */
function slackBody(notice: Notice, workspace: string): JsonRecord {
  const { event, items, count, next } = notice;
  const named = event === 'over' ? [] : items.slice(0, mostLines);
  const lines = [
    `[${cut(workspace, mostNameCharacters)}] ${titleOf(notice)}`,
    ...named.map(
      ({ what, message }) => `- ${what === '' ? '' : `${cut(what, mostNameCharacters)}: `}${cut(message, mostSentenceCharacters)}`,
    ),
    ...(named.length > 0 && count > named.length ? [`- and ${count - named.length} more`] : []),
    ...(next === null ? [] : [`Next: ${cut(next, mostSentenceCharacters)}`]),
  ];
  const text = slackText(shortened(lines.join('\n'), mostTextCharacters));
  return { text, mrkdwn: false, link_names: false, parse: 'none', unfurl_links: false, unfurl_media: false };
}

/** Slack reads &, < and > only; Mattermost, Rocket.Chat and Discord also read @all, and the brackets of links. */
function slackText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/@(?=\S)/g, '@\u200b')
    .replaceAll('](', ']\u200b(');
}

/** One line, at most so long, cut between characters. */
function cut(text: string, most: number): string {
  return shortened(visible(text), most);
}

function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** The sentence that a person reads first. */
export function titleOf(notice: Notice): string {
  const { event, kind, target, count, items } = notice;
  if (kind === null) return 'a test: notifications arrive here';
  const [first] = items;
  const one = count === 1 && first !== undefined && first.what !== '' ? cut(first.what, mostNameCharacters) : null;
  const said = titles[kind][event === 'over' ? 'over' : 'opened'](count, one);
  return target === null ? said : `${target} ${said}`;
}

type Words = (count: number, one: string | null) => string;

/** After the name of the target. */
const titles: { readonly [kind in IncidentKind]: { readonly opened: Words; readonly over: Words } } = {
  unreachable: { opened: () => 'cannot be reached', over: () => 'can be reached again' },
  refused: { opened: () => 'refuses its credentials', over: () => 'takes its credentials again' },
  stopped: { opened: () => 'is stopped by an error', over: () => 'works again' },
  held: { opened: () => 'is held by a brake', over: () => 'is no longer held' },
  freshness: {
    opened: () => 'did not answer from a change in time',
    over: () => 'answers from a change in time again, or is not checked any more',
  },
  failed: {
    opened: (count, one) => (one === null ? `has ${count} documents that failed` : `has a document that failed: ${one}`),
    over: (count, one) => (one === null ? `has ${count} documents that failed no longer` : `has a document that failed no longer: ${one}`),
  },
  unconfirmed: {
    opened: (count) => (count === 1 ? 'has a write whose outcome is not known' : `has ${count} writes whose outcome is not known`),
    over: (count) => (count === 1 ? 'has a write whose outcome is known now' : `has ${count} writes whose outcome is known now`),
  },
  stuck: {
    opened: (count, one) => (one === null ? `has ${count} documents stuck in training` : `has a document stuck in training: ${one}`),
    over: (count, one) => (one === null ? `has ${count} documents stuck no longer` : `has a document stuck no longer: ${one}`),
  },
  test: {
    opened: (count, one) => (one === null ? `fails ${count} golden questions` : `fails a golden question: ${one}`),
    over: (count, one) => (one === null ? `fails ${count} golden questions no longer` : `fails a golden question no longer: ${one}`),
  },
  drift: { opened: () => 'holds something else than it was given', over: () => 'holds what it was given again' },
  folder: { opened: () => 'the content folder is not whole: nothing is deleted', over: () => 'the content folder is whole again' },
};
