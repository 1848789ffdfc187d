// Snapshot → the status page: plain HTML that needs no script, refreshed by one where there is one. Pure. `html` escapes everything that it is
// given, so that titles, paths and vendors' words stay text.

import { html, raw } from 'hono/html';
import { insteadOfPassing } from '../model/pass.ts';
import {
  age,
  type Behind,
  canarySentence,
  type DocumentStatus,
  driftSentence,
  short,
  statusSentence,
  type TargetStatus,
  testsSentence,
} from './derive.ts';
import { script, styles } from './page-assets.ts';
import type { Snapshot, TargetSnapshot } from './snapshot.ts';

type Html = ReturnType<typeof html>;

/** Documents of a target that the page lists; the rest is behind the link. */
const listed = 200;
const listedBehind = 20;
const listedProblems = 50;

/** The whole page. `nonce` is what the content security policy lets run. */
export async function page(snapshot: Snapshot, nonce: string): Promise<string> {
  const { workspace, targets } = snapshot;
  const behind = targets.filter(({ status }) => !status.inSync).length;
  const title = `${behind === 0 ? 'in sync' : `${behind} of ${targets.length} not in sync`}: ${workspace}`;
  const body = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<noscript><meta http-equiv="refresh" content="30"></noscript>
<title>${title}</title>
<style nonce="${nonce}">${raw(styles)}</style>
</head>
<body>
<main id="status">
${header(snapshot)}
${targets.map((target) => targetSection(target, snapshot))}
${targets.map(({ status }) => documentsSection(status))}
${footer(snapshot)}
</main>
<script nonce="${nonce}">${raw(script)}</script>
</body>
</html>`;
  return String(await body);
}

function header({ workspace, commit, problems, folderTrouble, source, nowMs, targets, webhooks = [], reload }: Snapshot): Html {
  const errors = problems.filter(({ severity }) => severity === 'error');
  return html`<header>
<h1><bdi>${workspace}</bdi></h1>
<p class="dim">${targets.length} ${targets.length === 1 ? 'bot' : 'bots'}${commit === null ? '' : html`, folder at <code>${short(commit)}</code>`}</p>
${source == null ? '' : html`<p class="dim">from <bdi>${source.url}</bdi>${source.branch === null ? '' : html`, branch <bdi>${source.branch}</bdi>`}, fetched ${source.fetchedAt === null ? 'never' : `${age(Math.max(0, nowMs - Date.parse(source.fetchedAt)))} ago`}</p>`}
${source?.failing == null ? '' : html`<p class="bad"><bdi>${source.failing.message}</bdi>${source.commit === null ? '' : html`; <code>${short(source.commit)}</code> goes on`}. Next: <bdi>${source.failing.next}</bdi></p>`}
${folderTrouble === null ? '' : html`<p class="bad">${folderTrouble}</p>`}
${webhooks.map(({ name, failing }) => (failing === null ? '' : html`<p class="bad">webhook <strong>${name}</strong> takes no notifications: <bdi>${failing.error}</bdi>. Test it: <code>kbsync notify test ${name}</code></p>`))}
${reload == null || reload.failed === null ? '' : html`<p class="bad">The configuration of ${reload.loadedAt.slice(0, 16).replace('T', ' ')} UTC is at work; a newer one was refused: <bdi>${reload.failed.message}</bdi></p>`}
${
  problems.length === 0
    ? ''
    : html`<details class="${errors.length > 0 ? 'bad' : 'warn'}" id="problems"><summary>${problems.length} ${problems.length === 1 ? 'problem' : 'problems'} in the folder</summary><ul>
${problems.slice(0, listedProblems).map(({ path, line, message, severity }) => html`<li><bdi>${path}</bdi>${line === null ? '' : `:${line}`}: ${severity === 'error' ? 'blocked: ' : ''}<bdi>${message}</bdi></li>`)}
${problems.length > listedProblems ? html`<li>and ${problems.length - listedProblems} more</li>` : ''}</ul></details>`
}
</header>`;
}

function targetSection({ status, todos, doubts, doing, nextRun, error }: TargetSnapshot, { nowMs }: Snapshot): Html {
  const { name, vendor, inSync, lastSync, revision, held } = status;
  return html`<section id="target-${name}" class="${inSync ? 'good' : error !== null || held.length > 0 ? 'bad' : 'warn'}">
<h2>${name} <span class="dim">${vendor}</span></h2>
<p class="sentence"><bdi>${statusSentence(status)}</bdi></p>
<dl>
<div><dt>now</dt><dd>${doing}</dd></div>
<div><dt>knows whole</dt><dd>${revision === null ? 'no revision yet' : html`<code>${short(revision)}</code>`}</dd></div>
<div><dt>last compared</dt><dd>${lastSync === null ? 'never' : `${age(Math.max(0, nowMs - Date.parse(lastSync.at)))} ago`}</dd></div>
<div><dt>next look</dt><dd>${nextRun === null ? 'when something changes' : inWords(Date.parse(nextRun) - nowMs)}</dd></div>
</dl>
<p class="counts">${countWords(status).map(([count, word, style]) => html`<span class="${style}">${figure(count)} ${word}</span> `)}</p>
${error === null ? '' : html`<p class="bad"><strong>${error.code}</strong>: <bdi>${error.message}</bdi>${error.vendor === null ? '' : html` (the vendor says: <bdi>${error.vendor}</bdi>)`}. Next: <bdi>${error.next}</bdi></p>`}
${held.map(({ id, rule, message, passWith }) => html`<p class="bad"><strong>held ${id}</strong>: <bdi>${message}</bdi>${rule === 'existing-content' ? html`. To match what is there: <code>${insteadOfPassing({ rule }, name)}</code>` : ''}${passWith === null ? '' : html`. To pass it: <code>kbsync ${passWith}</code> or <code>kbsync todo approve ${id}</code>`}</p>`)}
${driftLine(status)}
${testsLine(status)}
${canaryLine(status)}
${doubts.map((doubt) => html`<p class="warn"><strong>${doubt.id}</strong>: a write whose outcome is not known${doubt.error === null ? '' : html`: <bdi>${doubt.error.message}</bdi>`}. See <code>kbsync todo</code></p>`)}
${
  todos.length === 0
    ? ''
    : html`<details class="warn" id="todo-${name}" open><summary>${todos.length} for a person to do</summary><ul>
${todos.slice(0, listed).map(({ id, operation, where, how }) => html`<li><strong>${id}</strong> ${operation.action} <bdi>${operation.document}</bdi>: <bdi>${where}</bdi>. <bdi>${how}</bdi> Then: <code>kbsync todo done ${id}</code></li>`)}</ul></details>`
}
${behindList(status)}
</section>`;
}

function driftLine(status: TargetStatus): Html | '' {
  const sentence = driftSentence(status);
  return sentence === null ? '' : html`<p class="warn"><strong>drift</strong>: <bdi>${sentence}</bdi></p>`;
}

function testsLine(status: TargetStatus): Html | '' {
  const sentence = testsSentence(status);
  const failing = status.tests?.failing ?? [];
  if (sentence === null) return '';
  if (failing.length === 0) return html`<p class="dim">${sentence}</p>`;
  return html`<details class="bad" id="tests-${status.name}" open><summary>${sentence}</summary><ul>
${failing.slice(0, listedBehind).map(({ document, question, reasons }) => html`<li>${document === null ? '' : html`<bdi>${document}</bdi>: `}<bdi>${question}</bdi>: <bdi>${reasons.join('; ')}</bdi></li>`)}
${failing.length > listedBehind ? html`<li>and ${figure(failing.length - listedBehind)} more</li>` : ''}</ul></details>`;
}

function canaryLine(status: TargetStatus): Html | '' {
  const sentence = canarySentence(status);
  return sentence === null ? '' : html`<p class="${status.canary?.failing === true ? 'bad' : 'dim'}"><bdi>${sentence}</bdi></p>`;
}

function behindList({ name, behind }: TargetStatus): Html | '' {
  if (behind.length === 0) return '';
  return html`<details id="behind-${name}"${behind.length <= listedBehind ? raw(' open') : ''}><summary>${figure(behind.length)} not as in the folder</summary><ul>
${behind.slice(0, listedBehind).map((one) => html`<li><bdi>${one.document}</bdi>: ${behindWords(one)}${one.error === null ? '' : html`: <bdi>${one.error.message}</bdi>`}</li>`)}
${behind.length > listedBehind ? html`<li>and <a href="/api/documents?target=${name}">${figure(behind.length - listedBehind)} more</a></li>` : ''}</ul></details>`;
}

function behindWords({ wanted, knows, training, ageMs }: Behind): string {
  const since = ageMs === null ? '' : ` for ${age(ageMs)}`;
  if (wanted === 'gone') return `to be forgotten, not seen to be${since}`;
  if (knows !== null) return `the bot still knows ${knows}${since}`;
  return training === null ? 'not there yet' : `${training}${since}`;
}

function documentsSection({ name, documents }: TargetStatus): Html | '' {
  if (documents.length === 0) return '';
  const sorted = [...documents].sort((left, right) => Number(left.training === 'trained') - Number(right.training === 'trained'));
  const more = documents.length - listed;
  return html`<section>
<details id="documents-${name}"${documents.length <= 50 ? raw(' open') : ''}><summary>${figure(documents.length)} documents of ${name}</summary>
<div class="wide"><table>
<thead><tr><th>document</th><th>training</th><th>given</th><th>knows</th><th class="ids">id there</th></tr></thead>
<tbody>
${sorted.slice(0, listed).map(documentRow)}
</tbody></table></div>
<p><a href="/api/documents?target=${name}">${more > 0 ? `all ${figure(documents.length)}, ${figure(more)} of them not listed here` : 'as JSON'}</a></p>
</details></section>`;
}

function documentRow(one: DocumentStatus): Html {
  const revisionOf = (commit: string | null, fingerprint: string | null) => (fingerprint === null ? 'none' : short(commit ?? fingerprint));
  const style = one.training === 'trained' ? 'good' : one.training === 'failed' || one.training === 'stuck' ? 'bad' : 'warn';
  return html`<tr><td><bdi>${one.document}</bdi>${one.error === null ? '' : html`<br><span class="bad"><bdi>${one.error.message}</bdi></span>`}</td>
<td class="${style}">${one.training}</td><td><code>${revisionOf(one.pushedCommit, one.pushedFingerprint)}</code></td>
<td><code>${revisionOf(one.trainedCommit, one.trainedFingerprint)}</code></td><td class="ids">${one.remoteIds.map((id) => html`<code>${id}</code> `)}</td></tr>
`;
}

function footer({ version, schedule, nowMs }: Snapshot): Html {
  const runs = schedule.map(({ name, at }) => `${name} ${inWords(Date.parse(at) - nowMs)}`).join(', ');
  return html`<footer class="dim">
<p>kbsync ${version}; as of ${new Date(nowMs).toISOString()}${runs === '' ? '' : `; next ${runs}`}</p>
<p><a href="/api/status">status as JSON</a> <a href="/metrics">metrics</a> <a href="/readyz">ready?</a></p>
</footer>`;
}

function countWords({ counts, forgetting, retracted, outOfScope }: TargetStatus): readonly (readonly [number, string, string])[] {
  const all = [
    [counts.trained, 'trained', 'good'],
    [counts.training, 'training', 'warn'],
    [counts.pending, 'pending', 'warn'],
    [counts.failed, 'failed', 'bad'],
    [counts.stuck, 'stuck', 'bad'],
    [counts.unknown, 'unknown', 'warn'],
    [counts.unconfirmed, 'unconfirmed', 'bad'],
    [counts.todo, 'todo', 'warn'],
    [counts.leftovers, 'left over', 'warn'],
    [forgetting, 'not forgotten yet', 'warn'],
    [retracted.length, 'kept out by retract', 'dim'],
    [outOfScope, 'out of scope', 'dim'],
  ] as const;
  return all.filter(([count], index) => index === 0 || count > 0);
}

function inWords(ms: number): string {
  return ms <= 0 ? 'now' : `in ${age(ms)}`;
}

function figure(value: number): string {
  return value.toLocaleString('en-US');
}
