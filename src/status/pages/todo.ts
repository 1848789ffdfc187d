// The inbox: everything that waits for a person at any bot, with the buttons that settle it and the commands that do the same. Pure.
import { html } from 'hono/html';
import { namelessPrefix } from '../../model/record.ts';
import { type InboxItem, whichItems } from '../inbox.ts';
import { actionForm, ago, documentHref, figure, type Html, type Page, type Scene, whyNoActions } from '../shell.ts';

/** Of one target a page shows so many: who has more has another trouble. */
const mostItems = 200;

/** The inbox of every target, or of one. */
export function todo(scene: Scene, target: string): Page {
  const { targets } = scene.snapshot;
  const shown = targets.filter(({ status }) => target === '' || status.name === target);
  const count = shown.reduce((sum, { inbox = [] }) => sum + inbox.length, 0);
  const unread = shown.filter(({ inbox }) => inbox === undefined);
  const body = html`<h1>${count === 0 ? 'Nothing waits for a person' : html`${figure(count)} for a person to decide`}</h1>
${target === '' ? '' : html`<p>Only ${target}. <a href="/todo">Every bot</a></p>`}
${count === 0 ? '' : whyNoActions(scene)}
${unread.map(({ status }) => html`<p class="bad">The memory of ${status.name} cannot be read: see the overview.</p>`)}
${shown.map(({ status: { name, vendor }, inbox = [] }) =>
  inbox.length === 0
    ? ''
    : html`<h2>${name} <span class="dim">${vendor}, ${figure(inbox.length)}</span></h2>${inbox.slice(0, mostItems).map((one) => item(one, scene))}${inbox.length > mostItems ? html`<p>and ${figure(inbox.length - mostItems)} more: <code>kbsync todo --target ${name}</code></p>` : ''}`,
)}`;
  return { name: 'todo', title: count === 0 ? 'nothing to do' : `${count} to do`, body, again: null };
}

const kinds = { work: 'work', unconfirmed: 'unconfirmed', held: 'held', leftover: 'left over' } as const;

/** One thing that waits, with its buttons. */
export function item(one: InboxItem, scene: Scene): Html {
  const { id, kind, target, document, message, where, items, how, since, commands } = one;
  const which = whichItems(items);
  const shownId = id === null || id.startsWith(namelessPrefix) ? '' : ` ${id}`;
  return html`<section id="item-${target}-${encodeURIComponent(id ?? `${kind}-${document ?? ''}`)}" class="${kind === 'held' || kind === 'unconfirmed' ? 'bad-edge' : 'warn-edge'}">
<p><strong>${kinds[kind]}<bdi>${shownId}</bdi></strong> <span class="dim">${target}${since === null ? '' : html`, ${ago(since, scene.snapshot.nowMs)}`}</span></p>
<p class="sentence"><bdi>${message}</bdi></p>
<dl>${document === null ? '' : html`<dt>document</dt><dd><a href="${documentHref(document)}"><bdi>${document}</bdi></a></dd>`}
${where === null ? '' : html`<dt>where</dt><dd><bdi>${where}</bdi></dd>`}
${which === null ? '' : html`<dt>which</dt><dd><bdi>${which}</bdi></dd>`}
<dt>how</dt><dd><bdi>${how}</bdi></dd></dl>
${documentsOf(one, scene)}
<div class="actions">${buttons(one, scene)}</div>
<details id="commands-${target}-${encodeURIComponent(id ?? `${kind}-${document ?? ''}`)}"><summary class="small dim">as a command</summary>${commands.map((command) => html`<pre>${command}</pre>`)}</details>
</section>`;
}

/** What a held run would do it to. */
function documentsOf({ kind, id, target }: InboxItem, { snapshot: { targets } }: Scene): Html | '' {
  if (kind !== 'held') return '';
  const status = targets.find(({ status: { name } }) => name === target)?.status;
  const documents = status?.held.find((run) => run.id === id)?.documents ?? [];
  if (documents.length === 0) return '';
  return html`<details id="held-${target}-${id ?? ''}"><summary>the ${figure(documents.length)} ${documents.length === 1 ? 'document' : 'documents'}</summary><ul>${documents.slice(0, mostItems).map((document) => html`<li><a href="${documentHref(document)}"><bdi>${document}</bdi></a></li>`)}${documents.length > mostItems ? html`<li>and ${figure(documents.length - mostItems)} more</li>` : ''}</ul></details>`;
}

function buttons({ id, kind, target, commands }: InboxItem, scene: Scene): Html | '' {
  const fields = { id: id ?? '' };
  const about = `${id ?? ''} at ${target}`;
  if (kind === 'work' || kind === 'leftover')
    return id === null ? '' : actionForm(scene, { name: 'todo-done', label: 'Done', about, target, fields });
  if (kind === 'held') {
    if (!commands.some((command) => command.startsWith('kbsync todo approve '))) return actionForm(scene, syncNow(target));
    const approve = actionForm(scene, {
      name: 'todo-approve',
      label: `Approve ${id ?? ''} and sync`,
      about,
      target,
      fields,
      look: 'risky',
    });
    return approve === ''
      ? ''
      : html`<details id="approve-${target}-${id ?? ''}"><summary>approve …</summary><p>The next run does exactly what is held here, at once.</p>${approve}</details>`;
  }
  // Nobody has looked yet: a sync does.
  if (id === null) return actionForm(scene, syncNow(target));
  const idField = html`<label><span>its id there${commands.some((command) => command.endsWith(' ID')) ? '' : ' (may be left out)'}</span><input name="remote" id="remote-${target}-${id}" spellcheck="false" autocomplete="off"></label>`;
  return html`${actionForm(scene, { name: 'todo-retry', label: 'It is not there: retry', about, target, fields, look: 'plain' })}
${actionForm(scene, { name: 'todo-created', label: 'It is there', about, target, fields, look: 'plain', more: idField })}`;
}

function syncNow(target: string) {
  return { name: 'sync', label: 'Sync now', about: target, target, look: 'plain' } as const;
}
