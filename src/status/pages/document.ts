// One document's whole story: what the folder has, what each bot was given and knows, what was done and when, its questions, and why a bot gets it or
// not. Pure.
import { html } from 'hono/html';
import { canaryId } from '../../model/canary.ts';
import { type Strayed, short } from '../derive.ts';
import type { FolderStory } from '../desk.ts';
import type { InboxItem } from '../inbox.ts';
import type { Past } from '../past.ts';
import { actionForm, ago, documentHref, type Html, type Page, type Scene, whyNoActions } from '../shell.ts';
import type { TargetSnapshot } from '../snapshot.ts';
import { type Story, storyOf } from '../story.ts';
import { item } from './todo.ts';

/** The story of one document. */
export function documentPage(scene: Scene, id: string, folder: FolderStory, past: Past): Page {
  const { snapshot } = scene;
  const title = folder.title ?? titleAt(snapshot.targets, id) ?? id;
  const stories = snapshot.targets.flatMap((target) =>
    target.ledger === undefined ? [] : [{ target, story: storyOf(id, target.ledger.state, target.ledger.open) }],
  );
  // No path of the folder: the next check tries it again.
  const failed =
    id !== canaryId && stories.some(({ story }) => story.error !== null || story.training === 'failed' || story.training === 'stuck');
  const body = html`<p><a href="/documents">Documents</a></p>
<h1><bdi>${title}</bdi></h1>
<section aria-labelledby="in-folder"><h2 id="in-folder">In the folder</h2>${inFolder(id, folder)}
<div class="actions">${failed ? actionForm(scene, { name: 'retry-failed', label: 'Retry where it failed', about: id, fields: { path: folder.path ?? id } }) : ''}</div>${failed ? whyNoActions(scene) : ''}</section>
<h2>What each bot knows</h2>
<div class="cards">${stories.map(({ target, story }) => botSection(target, story, { scene, folder, id }))}</div>
${questions(id, folder, scene, past)}
${operations(id, past, snapshot.nowMs)}`;
  return { name: 'document', title, body, again: 30 };
}

function titleAt(targets: readonly TargetSnapshot[], id: string): string | null {
  for (const { ledger } of targets) {
    const title = ledger?.state.records[id]?.title;
    if (title !== undefined && title !== '') return title;
  }
  return null;
}

function inFolder(id: string, folder: FolderStory): Html {
  const { path, kind, commit, problems, others } = folder;
  return html`<dl>
<dt>id</dt><dd><code><bdi>${id}</bdi></code></dd>
${path === null ? '' : html`<dt>path</dt><dd><code><bdi>${path}</bdi></code></dd>`}
${kind === null ? '' : html`<dt>kind</dt><dd>${kind}</dd>`}
<dt>there</dt><dd>${folder.inFolder ? html`yes${commit === null ? ', not at a commit as it is' : html`, at <code>${short(commit)}</code>`}` : id === canaryId ? 'no: kbsync makes it itself, for the freshness check' : html`<strong>no</strong>`}</dd>
</dl>
${problems.length === 0 ? '' : html`<ul>${problems.map(({ line, message, severity }) => html`<li class="${severity === 'error' ? 'bad' : 'warn'}">${severity === 'error' ? 'blocked' : 'warning'}${line === null ? '' : `, line ${line}`}: <bdi>${message}</bdi></li>`)}</ul>`}
${others.length === 0 ? '' : html`<p>In the same file: ${others.map((other) => html`<a href="${documentHref(other)}"><bdi>${other}</bdi></a> `)}</p>`}`;
}

interface Around {
  readonly scene: Scene;
  readonly folder: FolderStory;
  readonly id: string;
}

function botSection(target: TargetSnapshot, story: Story, { scene, folder, id }: Around): Html {
  const { name, vendor } = target.status;
  const { nowMs } = scene.snapshot;
  const given = folder.given.find((one) => one.target === name);
  const isBad = story.error !== null || story.training === 'failed' || story.training === 'stuck' || story.unconfirmed.length > 0;
  const strayed = target.status.strayed.find(({ document }) => document === id)?.how ?? null;
  const isGood = story.training === 'trained' && !story.behind && strayed === null;
  const edge = isBad ? 'bad-edge' : isGood ? 'good-edge' : story.training === null && !story.behind ? '' : 'warn-edge';
  return html`<section id="bot-${name}" class="${edge}" aria-labelledby="bot-name-${name}"><h2 id="bot-name-${name}">${name} <span class="dim">${vendor}</span></h2>
<p class="sentence">${sentenceOf(story, strayed)}</p>
${errorOf(story)}
<dl>
<dt>in scope</dt><dd>${given === undefined ? 'not known' : given.why === null ? 'yes' : html`no: <bdi>${given.why}</bdi>`}</dd>
<dt>given</dt><dd>${story.pushedFingerprint === null ? 'nothing that is known' : html`<code>${short(story.pushedCommit ?? story.pushedFingerprint)}</code>${story.pushedAt === null ? '' : html` ${ago(story.pushedAt, nowMs)}`}${given?.wanted != null && given.wanted !== story.pushedFingerprint ? ', not as the folder has it now' : ''}`}</dd>
<dt>knows</dt><dd>${story.trainedFingerprint === null ? 'nothing that is known' : html`<code>${short(story.trainedCommit ?? story.trainedFingerprint)}</code>${story.trainedAt === null ? '' : html` ${ago(story.trainedAt, nowMs)}`}`}</dd>
${story.items.map(({ part, remoteId, mark, training, acceptedAt }) => html`<dt>item there</dt><dd>${part === '' ? '' : html`<bdi>${part}</bdi>: `}${remoteId === null ? 'no id' : html`<code><bdi>${remoteId}</bdi></code>`}, named <code><bdi>${mark}</bdi></code>, ${training}, accepted ${ago(acceptedAt, nowMs)}</dd>`)}
${story.origin === 'adopted' ? html`<dt>origin</dt><dd>adopted: somebody made it by hand</dd>` : ''}
</dl>
${story.retracted === null ? '' : html`<p class="warn">kept out by <code>kbsync retract</code>, ${ago(story.retracted, nowMs)}</p>`}
${story.forgetting.map(({ remoteId, since }) => html`<p class="warn">deleted there (<code><bdi>${remoteId}</bdi></code>, ${ago(since, nowMs)}), not seen to be forgotten</p>`)}
${story.leftovers.filter(({ removable }) => removable !== 'by-hand').map(({ remoteId, why }) => html`<p class="warn">left over (${why}): <code><bdi>${remoteId}</bdi></code></p>`)}
${story.held.map(({ id: held, message }) => html`<p class="bad"><strong>held ${held}</strong>: <bdi>${message}</bdi></p>`)}
${mine(target.inbox ?? [], id).map((one) => item(one, scene))}
</section>`;
}

function mine(inbox: readonly InboxItem[], id: string): readonly InboxItem[] {
  return inbox.filter(({ document }) => document === id);
}

function sentenceOf({ training, behind }: Story, strayed: Strayed['how'] | null): string {
  if (training === null) return behind ? 'not there yet' : 'nothing of it is there';
  const word = training === 'unknown' ? 'given; this vendor cannot tell whether it is learnt' : training;
  const aside = strayed === null ? '' : `; ${strayed} at the vendor when it was last looked at`;
  return behind && training === 'trained' ? 'trained, but not as the folder has it' : `${word}${aside}`;
}

function errorOf({ error }: Story): Html | '' {
  if (error === null) return '';
  return html`<p class="bad"><strong>${error.code}</strong>: <bdi>${error.message}</bdi>${error.vendor === null ? '' : html` (the vendor says: <bdi>${error.vendor}</bdi>)`}</p><p>Next: <bdi>${error.next}</bdi></p>`;
}

function questions(id: string, { tests }: FolderStory, { snapshot: { targets, nowMs } }: Scene, { asked }: Past): Html | '' {
  const last = targets.flatMap(({ status: { name }, asked: kept = [] }) =>
    kept.filter(({ document }) => document === id).map((test) => ({ target: name, ...test })),
  );
  if (tests.length === 0 && last.length === 0) return '';
  const never = tests.filter((question) => !last.some((test) => test.question === question));
  return html`<section aria-labelledby="questions"><h2 id="questions">Its golden questions</h2>
${last.length === 0 ? '' : html`<table class="stack"><thead><tr><th scope="col">bot</th><th scope="col">question</th><th scope="col">verdict</th><th scope="col">asked</th></tr></thead><tbody>${last.map(({ target, question, verdict, reasons, at, tries }) => html`<tr><td data-label="bot">${target}</td><td><bdi>${question}</bdi></td><td class="${verdict === 'pass' ? 'good' : verdict === 'fail' ? 'bad' : 'warn'}" data-label="verdict">${verdict}${reasons.length === 0 ? '' : html`: <bdi>${reasons.join('; ')}</bdi>`}</td><td data-label="asked">${ago(at, nowMs)}${tries > 1 ? `, ${tries} times` : ''}</td></tr>`)}</tbody></table>`}
${never.length === 0 ? '' : html`<p class="dim">Never asked: ${never.map((question) => html`<bdi>${question}</bdi> `)}</p>`}
${
  asked.length === 0
    ? ''
    : html`<details id="answers"><summary>${asked.length} ${asked.length === 1 ? 'answer' : 'answers'} of the last days</summary><ul>${[
        ...asked,
      ]
        .reverse()
        .slice(0, 50)
        .map(
          ({ at, target, question, verdict, answer }) =>
            html`<li>${ago(at, nowMs)} ${target}, ${verdict}: <bdi>${question}</bdi>${answer === null ? '' : html`<pre>${answer}</pre>`}</li>`,
        )}</ul></details>`
}</section>`;
}

function operations(id: string, { rows, unnamed }: Past, nowMs: number): Html {
  return html`<section aria-labelledby="operations"><h2 id="operations">What was done with it</h2>
${rows.length === 0 ? html`<p class="dim">No run of the last 90 days that is remembered did anything with it.</p>` : html`<table class="stack"><thead><tr><th scope="col">when</th><th scope="col">bot</th><th scope="col">what</th><th scope="col">why</th><th scope="col">outcome</th></tr></thead><tbody>${rows.map((row) => html`<tr><td data-label="when">${ago(row.at, nowMs)}</td><td data-label="bot">${row.target}</td><td data-label="what">${row.action}${row.document === id ? '' : html` <bdi>${row.document}</bdi>`}${row.from === null || row.from === row.document ? '' : html` (was <bdi>${row.from}</bdi>)`}${row.commit === null ? '' : html` at <code>${short(row.commit)}</code>`}</td><td data-label="why"><bdi>${row.reason}</bdi></td><td data-label="outcome" class="${row.outcome === 'done' ? 'good' : row.outcome === 'failed' || row.outcome === 'unconfirmed' ? 'bad' : 'warn'}">${row.outcome}</td></tr>`)}</tbody></table>`}
${unnamed === 0 ? '' : html`<p class="dim small">${unnamed.toLocaleString('en-US')} operations of large runs are only counted, not named: this document may be among them.</p>`}</section>`;
}
