// The list of documents: a form that filters it, and what each bot knows of each, a page at a time. Pure.
import { html, raw } from 'hono/html';
import { canaryId } from '../../model/canary.ts';
import { type Cell, type FoundDocument, pageSize, queryOf, type Search, searchDocuments, searchStates } from '../search.ts';
import { ago, documentHref, figure, type Html, type Page, type Scene } from '../shell.ts';

/** The documents that a search finds. */
export function documents(scene: Scene, search: Search): Page {
  const { snapshot } = scene;
  const found = searchDocuments(snapshot, search);
  const first = (found.page - 1) * pageSize;
  const body = html`<h1>Documents</h1>
${form(scene, search)}
<p role="status">${found.total === 0 ? 'No document matches.' : html`${figure(found.total)} ${found.total === 1 ? 'document' : 'documents'}${found.pages > 1 ? html`, ${figure(first + 1)} to ${figure(Math.min(first + pageSize, found.total))}` : ''}, what needs a look first`}</p>
${found.total === 0 ? '' : html`<ul class="list" aria-label="Documents">${found.documents.map((document) => row(document, snapshot.nowMs))}</ul>`}
${pages(search, found.page, found.pages)}
<p class="small"><a href="/api/documents">all documents as JSON</a></p>`;
  return { name: 'documents', title: 'Documents', body, again: null };
}

function form({ snapshot }: Scene, search: Search): Html {
  const more = search.revision !== '' || search.remote !== '' || search.error !== '' || search.when !== '';
  const option = (value: string, label: string, chosen: string) =>
    html`<option value="${value}"${value === chosen ? raw(' selected') : ''}>${label}</option>`;
  return html`<form method="get" action="/documents" role="search" class="card" aria-label="Search documents"><div class="filters">
<label class="broad"><span>Search id, path, title, vendor id or error</span><input type="search" name="q" value="${search.q}" id="search-q"></label>
<label><span>Bot</span><select name="target" id="search-target">${option('', 'every bot', search.target)}${snapshot.targets.map(({ status: { name } }) => option(name, name, search.target))}</select></label>
<label><span>State</span><select name="state" id="search-state">${option('', 'any state', search.state)}${searchStates.map((state) => option(state, stateWords[state], search.state))}</select></label>
<div><button>Search</button> <a class="button plain" href="/documents">Clear</a></div>
<details id="search-more"${more ? raw(' open') : ''}><summary>Revision, vendor id, last error, since when</summary><div class="filters">
<label><span>Revision begins with</span><input name="revision" value="${search.revision}" id="search-revision" spellcheck="false"></label>
<label><span>Vendor id or name there</span><input name="remote" value="${search.remote}" id="search-remote" spellcheck="false"></label>
<label><span>Last error contains</span><input name="error" value="${search.error}" id="search-error"></label>
<label><span>As it is since</span><select name="when" id="search-when">${times.map(([value, label]) => option(value, label, search.when))}</select></label>
</div></details></div></form>`;
}

const stateWords = {
  trained: 'trained',
  training: 'training',
  pending: 'pending',
  failed: 'failed',
  stuck: 'stuck',
  unknown: 'unknown: the vendor cannot tell',
  unconfirmed: 'unconfirmed',
  todo: 'todo: for a person',
  behind: 'behind: not as in the folder',
  strayed: 'strayed: missing or changed at the vendor',
  error: 'with an error',
  absent: 'not there',
} as const;

const times = [
  ['', 'any time'],
  ['1h', 'the last hour'],
  ['24h', 'the last 24 hours'],
  ['7d', 'the last 7 days'],
  ['30d', 'the last 30 days'],
  ['older-24h', 'longer than 24 hours'],
  ['older-7d', 'longer than 7 days'],
  ['older-30d', 'longer than 30 days'],
] as const;

function row({ id, path, title, inFolder, cells }: FoundDocument, nowMs: number): Html {
  return html`<li class="doc" id="doc-${encodeURIComponent(id)}"><div><p><a href="${documentHref(id)}"><bdi>${title === '' ? id : title}</bdi></a></p>
<p class="dim small"><bdi>${path}</bdi>${path === id ? '' : html`, id <bdi>${id}</bdi>`}${inFolder ? '' : id === canaryId ? ', which kbsync makes itself for the freshness check' : html`, <strong>not in the folder</strong>`}</p></div>
<ul class="chips">${cells.map((cell) => chip(cell, nowMs))}</ul></li>
`;
}

/** What one bot has of it, in words: colour only says it again. */
function chip({ target, training, given, knows, at, error, behind, strayed, unconfirmed, todo }: Cell, nowMs: number): Html {
  const isBad = unconfirmed || error !== null || training === 'failed' || training === 'stuck';
  const isGood = training === 'trained' && !behind && strayed === null && !todo;
  const state = training ?? (behind ? 'not there yet' : 'not there');
  const words = [
    unconfirmed ? 'unconfirmed' : state,
    ...(error === null ? [] : ['with an error']),
    ...(todo ? ['todo'] : []),
    ...(strayed === null ? [] : [`${strayed} at the vendor`]),
    ...(behind && training === 'trained' && error === null && !todo ? ['not as in the folder'] : []),
  ];
  const edge = isBad ? 'bad-edge' : isGood ? 'good-edge' : training === null && !behind ? '' : 'warn-edge';
  const style = isBad ? 'bad' : isGood ? 'good' : behind || strayed !== null ? 'warn' : 'dim';
  return html`<li class="chip ${edge}"><strong>${target}</strong> <span class="${style}">${words.join(', ')}</span>${knows === null ? (given === null ? '' : html`<br>given <code>${given}</code>`) : html`<br>knows <code>${knows}</code>${given !== null && given !== knows ? html`, given <code>${given}</code>` : ''}`}${at === null ? '' : html` <span class="dim">${ago(at, nowMs)}</span>`}${error === null ? '' : html`<br><span class="bad"><bdi>${error.message}</bdi></span>`}</li>`;
}

/** Links to the pages of a list; '' where there is only one. */
export function pages(search: Partial<Search>, page: number, count: number, path = '/documents'): Html | '' {
  if (count <= 1) return '';
  const to = (number: number, label: string) =>
    html`<a class="button plain" href="${path}${queryOf({ ...search, page: number })}">${label}</a>`;
  return html`<nav class="pages" aria-label="Pages of the list">${page > 1 ? to(page - 1, 'Previous') : ''}<span>page ${figure(page)} of ${figure(count)}</span>${page < count ? to(page + 1, 'Next') : ''}</nav>`;
}
