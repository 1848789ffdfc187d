// The first page: each bot with what it knows, what is wrong, what to do and when it is looked at next. Pure.
import { html, raw } from 'hono/html';
import { canaryId } from '../../model/canary.ts';
import { insteadOfPassing } from '../../model/pass.ts';
import { age, type Behind, canarySentence, driftSentence, short, statusSentence, type TargetStatus, testsSentence } from '../derive.ts';
import { queryOf, type SearchState } from '../search.ts';
import { actionForm, ago, documentHref, figure, type Html, inWords, type Page, type Scene, waitingAt, whyNoActions } from '../shell.ts';
import type { Snapshot, TargetSnapshot } from '../snapshot.ts';

const listedBehind = 20;
const listedProblems = 50;
const listedJobs = 10;

/** The overview. */
export function overview(scene: Scene): Page {
  const { snapshot } = scene;
  const { targets } = snapshot;
  const behind = targets.filter(({ status }) => !status.inSync).length;
  const body = html`<h1>${behind === 0 ? 'Every bot is in sync' : html`${figure(targets.length - behind)} of ${figure(targets.length)} ${targets.length === 1 ? 'bot is' : 'bots are'} in sync`}</h1>
<p class="dim">${targets.length} ${targets.length === 1 ? 'bot' : 'bots'}${snapshot.commit === null ? '' : html`, folder at <code>${short(snapshot.commit)}</code>`}${snapshot.documents === undefined ? '' : html`, <a href="/documents">${figure(snapshot.documents.length)} documents</a>`}</p>
${fetched(snapshot)}
${folder(snapshot)}
${reloaded(snapshot)}
${webhooks(snapshot)}
${everyBot(scene)}
<div class="cards">${targets.map((target) => targetSection(target, scene))}</div>
${jobs(scene)}`;
  return { name: 'overview', title: behind === 0 ? 'in sync' : `${behind} of ${targets.length} not in sync`, body, again: 30 };
}

/** Where a folder that is fetched comes from, and why it does not come just now. */
function fetched({ source, nowMs }: Snapshot): Html | '' {
  if (source == null) return '';
  const { url, branch, commit, fetchedAt, failing } = source;
  return html`<p class="dim">from <bdi>${url}</bdi>${branch === null ? '' : html`, branch <bdi>${branch}</bdi>`}, ${fetchedAt === null ? 'never fetched' : html`fetched ${ago(fetchedAt, nowMs)}`}</p>
${failing === null ? '' : html`<section class="bad-edge" role="alert"><p class="bad"><bdi>${failing.message}</bdi>${commit === null ? '' : html`; <code>${short(commit)}</code> goes on`}</p><p>Next: <bdi>${failing.next}</bdi></p></section>`}`;
}

function folder({ folderTrouble, problems }: Snapshot): Html {
  const errors = problems.filter(({ severity }) => severity === 'error');
  return html`${folderTrouble === null ? '' : html`<section class="bad-edge" role="alert"><p class="bad"><strong>${folderTrouble}</strong>; nothing is deleted until it is whole again</p></section>`}
${
  problems.length === 0
    ? ''
    : html`<section class="${errors.length > 0 ? 'bad-edge' : 'warn-edge'}"><details id="problems"><summary>${figure(problems.length)} ${problems.length === 1 ? 'problem' : 'problems'} in the folder${errors.length > 0 ? `, ${figure(errors.length)} of them blocking` : ''}</summary><ul>
${problems.slice(0, listedProblems).map(({ path, line, message, severity }) => html`<li><bdi>${path}</bdi>${line === null ? '' : `:${line}`}: ${severity === 'error' ? 'blocked: ' : ''}<bdi>${message}</bdi></li>`)}
${problems.length > listedProblems ? html`<li>and ${figure(problems.length - listedProblems)} more: <code>kbsync lint</code></li>` : ''}</ul></details></section>`
}`;
}

/** A newer configuration that was refused: what the page shows is of the older one. */
function reloaded({ reload, nowMs }: Snapshot): Html | '' {
  if (reload === undefined || reload.failed === null) return '';
  const { at, message, next } = reload.failed;
  return html`<section class="bad-edge" role="alert"><p class="bad">a newer configuration was refused ${ago(at, nowMs)}, and that of ${reload.loadedAt.slice(0, 16).replace('T', ' ')} UTC is at work: <bdi>${message}</bdi></p><p>Next: <bdi>${next}</bdi></p></section>`;
}

/** Those that take no notifications: whoever reads this page may be the only one who knows. */
function webhooks({ webhooks: all = [] }: Snapshot): readonly Html[] {
  return all.flatMap(({ name, failing }) =>
    failing === null
      ? []
      : html`<section class="bad-edge" role="alert"><p class="bad">webhook <strong>${name}</strong> takes no notifications: <bdi>${failing.error}</bdi></p><p>Test it: <code>kbsync notify test ${name}</code></p></section>`,
  );
}

function everyBot(scene: Scene): Html {
  const { targets } = scene.snapshot;
  const anyFailed = targets.some(({ status }) => status.counts.failed + status.counts.stuck > 0 || hasErrors(status));
  return html`<div class="actions">
${actionForm(scene, { name: 'sync', label: 'Sync all now' })}
${actionForm(scene, { name: 'verify', label: 'Ask the tests', look: 'plain' })}
${anyFailed ? actionForm(scene, { name: 'retry-failed', label: 'Retry all that failed', look: 'plain' }) : ''}
</div>${whyNoActions(scene)}`;
}

function hasErrors(status: TargetStatus): boolean {
  return erring(status) > 0;
}

/** As everything that is counted: without the document of the freshness check, which has a line of its own. */
function erring({ documents }: TargetStatus): number {
  return documents.filter(({ document, error }) => error !== null && document !== canaryId).length;
}

function targetSection(target: TargetSnapshot, scene: Scene): Html {
  const { status, doing, nextRun, error } = target;
  const { name, vendor, inSync, lastSync, held, counts } = status;
  const { nowMs } = scene.snapshot;
  const isBad = error !== null || held.length > 0 || counts.failed + counts.stuck + counts.unconfirmed > 0 || hasErrors(status);
  const [edge, word] = inSync
    ? (['good-edge', 'in sync'] as const)
    : isBad
      ? (['bad-edge', 'trouble'] as const)
      : (['warn-edge', 'not in sync'] as const);
  return html`<section id="target-${name}" class="${edge}" aria-labelledby="name-${name}">
<h2 id="name-${name}">${name} <span class="dim">${vendor}, ${word}${target.paused === true ? ', paused' : ''}</span></h2>
<p class="sentence"><bdi>${statusSentence(status)}</bdi></p>
${errorLine(target)}
${heldLines(status)}
${tiles(target)}
<dl>
<dt>now</dt><dd><bdi>${doing}</bdi></dd>
<dt>knows</dt><dd>${knows(status, scene.snapshot)}</dd>
<dt>compared</dt><dd>${lastSync === null ? 'never' : ago(lastSync.at, nowMs)}</dd>
<dt>next look</dt><dd>${nextRun === null ? 'when something changes' : inWords(Date.parse(nextRun) - nowMs)}</dd>
${testsRow(status)}
${driftRow(status, nowMs)}
${canaryRow(status)}
</dl>
${waiting(target)}
${behindList(status)}
${buttons(target, scene)}
</section>`;
}

function errorLine({ error, status }: TargetSnapshot): Html | '' {
  if (error === null) return '';
  return html`<div id="error-${status.name}"><p class="bad"><strong>${error.code}</strong>: <bdi>${error.message}</bdi>${error.vendor === null ? '' : html` (the vendor says: <bdi>${error.vendor}</bdi>)`}</p><p>Next: <bdi>${error.next}</bdi></p></div>`;
}

function heldLines({ held, name }: TargetStatus): readonly Html[] {
  return held.map(
    ({ id, rule, message, passWith }) =>
      html`<p class="bad"><strong>held ${id}</strong>: <bdi>${message.replace(/\.$/, '')}</bdi>${rule === 'existing-content' ? html`. To match what is there: <code>${insteadOfPassing({ rule }, name)}</code>` : ''}${passWith === null ? '' : html`. To pass it: <code>kbsync ${passWith}</code> or <code>kbsync todo approve ${id}</code>`}</p>`,
  );
}

/** What an operator looks for first stands always, and what there is besides where there is any. */
function tiles(target: TargetSnapshot): Html {
  const { counts, forgetting, retracted, outOfScope, name, strayed } = target.status;
  const errors = erring(target.status);
  const link = (state: SearchState) => `/documents${queryOf({ target: name, state })}`;
  const all: readonly (readonly [number, string, string, string | null, boolean])[] = [
    [counts.trained, 'trained', 'good', link('trained'), true],
    [counts.training, 'training', 'warn', link('training'), true],
    [counts.failed, 'failed', 'bad', link('failed'), true],
    [counts.stuck, 'stuck', 'bad', link('stuck'), true],
    [counts.unconfirmed, 'unconfirmed', 'bad', link('unconfirmed'), true],
    [counts.todo, 'todo', 'warn', '/todo', true],
    [errors, 'with an error', 'bad', link('error'), false],
    [strayed.length, 'strayed', 'warn', link('strayed'), false],
    [counts.pending, 'pending', 'warn', link('pending'), false],
    [counts.unknown, 'unknown', 'warn', link('unknown'), false],
    [counts.leftovers, 'left over', 'warn', null, false],
    [forgetting, 'not forgotten yet', 'warn', null, false],
    [retracted.length, 'kept out by retract', 'dim', null, false],
    [outOfScope, 'out of scope', 'dim', null, false],
  ];
  const shown = all.filter(([count, , , , always]) => always || count > 0);
  return html`<ul class="counts">${shown.map(([count, word, style, href]) => {
    const words = html`<b class="${count === 0 ? 'nil' : style}">${figure(count)}</b><span>${word}</span>`;
    return html`<li>${href === null ? html`<span class="tile">${words}</span>` : html`<a href="${href}">${words}</a>`}</li>`;
  })}</ul>`;
}

/** The commit that the bot knows whole, against the folder's. */
function knows({ revision }: TargetStatus, { commit }: Snapshot): Html {
  if (revision === null) return html`no revision whole yet${commit === null ? '' : html`; the folder is at <code>${short(commit)}</code>`}`;
  if (commit === null) return html`<code>${short(revision)}</code>`;
  if (short(revision) === short(commit)) return html`<code>${short(revision)}</code>, as the folder`;
  return html`<code>${short(revision)}</code>; the folder is at <code>${short(commit)}</code>`;
}

function testsRow(status: TargetStatus): Html | '' {
  const sentence = testsSentence(status);
  if (sentence === null) return '';
  const isBad = (status.tests?.failing.length ?? 0) > 0;
  return html`<dt>tests</dt><dd><a href="/tests${queryOf({ target: status.name })}"${isBad ? raw(' class="bad"') : ''}>${sentence.replace(/^tests: /, '')}</a></dd>`;
}

function driftRow(status: TargetStatus, nowMs: number): Html | '' {
  const { drift } = status;
  if (drift === null) return '';
  const sentence = driftSentence(status);
  if (sentence === null) return html`<dt>drift</dt><dd>none (looked ${ago(drift.at, nowMs)})</dd>`;
  return html`<dt>drift</dt><dd class="warn"><bdi>${sentence}</bdi></dd>`;
}

function canaryRow(status: TargetStatus): Html | '' {
  const sentence = canarySentence(status);
  if (sentence === null) return '';
  return html`<dt>freshness</dt><dd${status.canary?.failing === true ? raw(' class="bad"') : ''}><bdi>${sentence.replace(/^freshness: /, '')}</bdi></dd>`;
}

function waiting(target: TargetSnapshot): Html | '' {
  const count = waitingAt(target);
  const { name } = target.status;
  return count === 0
    ? ''
    : html`<p class="warn"><a href="/todo${queryOf({ target: name })}">${figure(count)} for a person to decide</a></p>`;
}

function behindList({ name, behind }: TargetStatus): Html | '' {
  if (behind.length === 0) return '';
  return html`<details id="behind-${name}"${behind.length <= 5 ? raw(' open') : ''}><summary>${figure(behind.length)} not as in the folder</summary><ul>
${behind.slice(0, listedBehind).map((one) => html`<li><a href="${documentHref(one.document)}"><bdi>${one.document}</bdi></a>: ${behindWords(one)}${one.error === null ? '' : html`: <bdi>${one.error.message}</bdi>`}</li>`)}
${behind.length > listedBehind ? html`<li>and <a href="/documents${queryOf({ target: name, state: 'behind' })}">${figure(behind.length - listedBehind)} more</a></li>` : ''}</ul></details>`;
}

function behindWords({ wanted, knows: known, training, ageMs }: Behind): string {
  const since = ageMs === null ? '' : ` for ${age(ageMs)}`;
  if (wanted === 'gone') return `to be forgotten, not seen to be${since}`;
  if (known !== null) return `the bot still knows ${known}${since}`;
  return training === null ? 'not there yet' : `${training}${since}`;
}

function buttons({ status, paused, resumable }: TargetSnapshot, scene: Scene): Html | '' {
  const { name, counts } = status;
  if (scene.standing.kind !== 'operator') return '';
  const button = (action: Parameters<typeof actionForm>[1]['name'], label: string, first = false) =>
    actionForm(scene, { name: action, label, about: name, target: name, ...(!first && { look: 'plain' as const }) });
  // Nothing else can be had of it; and what the configuration says, only that can take back.
  if (paused === true) return resumable === false ? '' : html`<div class="actions">${button('resume', 'Resume')}</div>`;
  return html`<div class="actions">
${button('sync', 'Sync now')}
${counts.failed + counts.stuck > 0 || hasErrors(status) ? button('retry-failed', 'Retry failed', true) : ''}
${button('verify', 'Ask the tests')}
${button('pause', 'Pause')}
</div>`;
}

function jobs({ jobs: all, snapshot: { nowMs } }: Scene): Html | '' {
  if (all.length === 0) return '';
  const words = { running: 'at work', done: 'done', failed: 'failed' } as const;
  return html`<section aria-labelledby="jobs"><h2 id="jobs">Asked for on this page</h2><ul>
${all.slice(0, listedJobs).map(({ id, what, at, state, told }) => html`<li id="job-${id}"><strong><bdi>${what}</bdi></strong>: <span class="${state === 'failed' ? 'bad' : state === 'done' ? 'good' : 'warn'}">${words[state]}</span>, ${ago(at, nowMs)}${told === '' ? '' : html`<details id="told-${id}"><summary>what came of it</summary><pre>${told}</pre></details>`}</li>`)}
</ul></section>`;
}
