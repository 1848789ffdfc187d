// Where the links and images of a text lead: found by the grammar of the text, rewritten by splices, so that the rest stays byte for byte.
// Pure; what an address means is for the resolver to say.
import type { Element } from 'hast';
import type { Document } from '../model/document.ts';
import { attributesNamed, escapeAttribute, parseHtml } from './formats/html.ts';
import { type Destination, nodesOf, type Range, rangeOf, treeOf } from './formats/markdown.ts';
import { type Edit, placeAt, splice, type Woven } from './woven.ts';

/** An address in a text that is not a whole one: a path, an anchor, a query. */
export interface LinkSite extends Range {
  /** As it is meant: entities and escapes decoded. */
  readonly href: string;
  readonly kind: 'link' | 'image';
  /** What the address stands in, which says how it is to be written. */
  readonly syntax: 'markdown' | 'html';
  /** The file it was written in, and where. */
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

export interface Resolved {
  /** The canonical address; null: it has none, and the text stays as it is. */
  readonly url: string | null;
  /** Nothing is there. */
  readonly broken: boolean;
  /** The document of the folder that it leads to, where it is one that is published. */
  readonly page?: Document;
}

/** What an address means where it stands; null: nothing that concerns us. */
export type LinkResolver = (fromPath: string, href: string, kind: LinkSite['kind']) => Resolved | null;

/** Whether a text could hold an address of that kind at all: every other one begins with a scheme. */
export function mayHoldLinks(text: string, syntax: 'markdown' | 'html'): boolean {
  const inTags = /\b(?:href|src)\s*=\s*["']?\s*(?!https?:|mailto:|["'\s>])/i;
  const inBrackets = /\](?:\(\s*<?|:\s*<?)(?!\s*(?:https?:|mailto:|tel:|\)))/i;
  return (syntax === 'markdown' && inBrackets.test(text)) || inTags.test(text);
}

/** All such addresses, in the order of the text. */
export function linksIn(woven: Woven, syntax: 'markdown' | 'html'): readonly LinkSite[] {
  const { text } = woven;
  if (!mayHoldLinks(text, syntax)) return [];
  const found = syntax === 'html' ? inHtml(text, 0, 'page') : inMarkdown(woven);
  return found
    .filter(({ href }) => isRelative(href))
    .sort((a, b) => a.start - b.start)
    .map((site) => ({ ...site, ...placeAt(woven, site.start) }));
}

/** Writes the canonical addresses of links into a text. */
export function withAddresses(woven: Woven, sites: readonly LinkSite[], urlOf: (site: LinkSite) => string | null): Woven {
  const edits: Edit[] = [];
  for (const site of sites) {
    const url = urlOf(site);
    if (url === null || url === site.href) continue;
    edits.push({ start: site.start, end: site.end, insert: site.syntax === 'html' ? escapeAttribute(url) : escapeDestination(url) });
  }
  return splice(woven, edits);
}

type Found = Omit<LinkSite, 'path' | 'line' | 'column'>;

function inMarkdown(woven: Woven): Found[] {
  const { text } = woven;
  const { root, destinations } = treeOf(woven);
  const found = destinations.map(
    (one: Destination): Found => ({ start: one.start, end: one.end, href: one.url, kind: one.kind, syntax: 'markdown' }),
  );
  for (const node of nodesOf(root)) {
    if (node.type !== 'html') continue;
    const { start, end } = rangeOf(node);
    found.push(...inHtml(text.slice(start, end), start, 'piece'));
  }
  return found;
}

function inHtml(text: string, base: number, kind: 'page' | 'piece'): Found[] {
  if (!/\b(?:href|src)\s*=/i.test(text)) return [];
  const root = parseHtml(text, kind);
  const named = (name: string) => attributesNamed(root, text, name).filter(({ element }) => leadsSomewhere(element, name));
  return [...named('href'), ...named('src')].map(({ start, end, value, element }) => ({
    start: base + start,
    end: base + end,
    href: value,
    kind: element.tagName === 'img' ? 'image' : 'link',
    syntax: 'html',
  }));
}

function leadsSomewhere({ tagName }: Element, name: string): boolean {
  return name === 'href' ? tagName === 'a' || tagName === 'area' : tagName === 'img';
}

/** Neither a whole address nor a piece of a template that only a site generator fills in. */
function isRelative(href: string): boolean {
  return href !== '' && !/^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(href) && !/\{\{|\{%|<%|\$\{/.test(href);
}

function escapeDestination(url: string): string {
  return url.replace(/[\s()<>\\]/g, (character) => `%${(character.codePointAt(0) ?? 32).toString(16).toUpperCase().padStart(2, '0')}`);
}
