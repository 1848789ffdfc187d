// The page for a document that nobody knows. Pure.
import { html } from 'hono/html';
import { queryOf } from '../search.ts';
import type { Page } from '../shell.ts';

/** Says so, and where to look. */
export function missing(name: string): Page {
  const body = html`<h1>No such document</h1><p>Neither the folder nor any bot's memory knows <bdi>${name}</bdi>, as an id, a path or an item's id.</p>
<p><a href="/documents${queryOf({ q: name })}">Search for it</a></p>`;
  return { name: 'missing', title: 'No such document', body, again: null };
}
