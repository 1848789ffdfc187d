// The one text of a v0 chatbot: every document under a header line of its own, always in the same order, and a guard on the whole's size.
import { SyncError } from '../../model/error.ts';
import type { Call, ItemResult, NewItem } from '../connector.ts';
import type { SitegptOptions } from './options.ts';
import type { SendV0 } from './v0-api.ts';
import { textData } from './v0-schema.ts';

/** All items as one text; '' for none. The same items in any order give the same text. */
export function wholeText(items: readonly NewItem[], header: string): string {
  const ordered = [...items].sort((a, b) => compare(a.path, b.path) || compare(a.document, b.document) || compare(a.part, b.part));
  return ordered.map((item) => `${headerOf(item, header)}\n\n${item.text.trim()}\n`).join('\n');
}

function headerOf({ path, title }: NewItem, header: string): string {
  const line = (text: string): string => text.replace(/\s+/g, ' ');
  return header.replace(/\{(path|title)\}/g, (_, name: string) => line(name === 'path' ? path : title));
}

/** By code units: the same on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Binds `replaceAll`. The call replaces the text [assumed], so it may be said again; v0 answers with no id. */
export function bindReplaceAll({ takeOver, customContent }: SitegptOptions, send: SendV0) {
  return async (items: readonly NewItem[], call: Call): Promise<ItemResult> => {
    if (takeOver !== true) return { ok: false, error: notOurs() };
    const text = items.length === 0 ? customContent.clearWith : wholeText(items, customContent.header);
    if (text.length > customContent.maxChars) return { ok: false, error: tooLarge(text.length, items, customContent.maxChars) };
    const request = {
      what: "setting the chatbot's text",
      intent: 'repeatable',
      method: 'POST',
      path: '/custom-content',
      json: { text },
    } as const;
    await send(textData, request, call);
    return { ok: true, remoteId: null };
  };
}

function notOurs(): SyncError {
  return new SyncError('CONFIG_INVALID', {
    message: 'SiteGPT v0 has one text for the whole chatbot, and kbsync would overwrite what a person typed into it',
    next: 'save that text from the dashboard, then set takeOver: true',
    facts: { stops: 'target' },
  });
}

const biggestShown = 5;

function tooLarge(characters: number, items: readonly NewItem[], maxChars: number): SyncError {
  const biggest = [...items].sort((a, b) => b.text.length - a.text.length || compare(a.path, b.path)).slice(0, biggestShown);
  const named = biggest.map(({ path, text }) => `${path} (${text.length})`).join(', ');
  return new SyncError('DOCUMENT_TOO_LARGE', {
    message: `all documents together have ${characters} characters, above customContent.maxChars (${maxChars}); the biggest: ${named}`,
    next: 'keep documents out with include or targets, raise customContent.maxChars, or use apiVersion v2, which keeps documents apart',
    facts: { stops: 'target' },
  });
}
