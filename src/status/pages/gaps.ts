// What users asked the bots in vain: on demand, masked, in memory only, and only for those who are logged in. Pure.
import { html } from 'hono/html';
import type { GapsFound } from '../desk.ts';
import { actionForm, ago, documentHref, figure, type Html, howToSetToken, type Page, type Scene } from '../shell.ts';

/** The page of gaps. `found` null: nobody has looked, or it was too long ago. */
export function gaps(scene: Scene, found: GapsFound | null): Page {
  const { standing, offered, snapshot } = scene;
  const days = html`<label><span>of the last</span><select name="days" id="gaps-days"><option value="7">7 days</option><option value="1">24 hours</option><option value="30">30 days</option></select></label>`;
  const may = standing.kind === 'operator';
  const body = html`<h1>Gaps</h1>
<p>What users asked the bots and got no answer to, grouped, each with the document that is nearest: what somebody should write, or what a bot does not find.</p>
<p class="dim">Looking asks the vendors for the conversations. Names, addresses and numbers are masked by patterns before anything is shown; nothing is written down, and what was found is forgotten after an hour. The same as a command: <code>kbsync gaps</code></p>
${
  may && offered.has('gaps')
    ? html`<div class="actions">${actionForm(scene, { name: 'gaps', label: 'Look now', more: days })}</div>`
    : html`<p>${may ? 'This daemon cannot look.' : standing.kind === 'no-token' ? howToSetToken : html`What users asked is shown only to who is <a href="/login?next=%2Fgaps">logged in</a>.`}</p>`
}
${may && found !== null ? results(found, snapshot.nowMs) : ''}`;
  return { name: 'gaps', title: 'Gaps', body, again: null };
}

function results({ at, days, targets, groups, gaps: found }: GapsFound, nowMs: number): Html {
  return html`<section aria-labelledby="gaps-bots"><h2 id="gaps-bots">Looked ${ago(at, nowMs)}, at ${days === 1 ? 'the last 24 hours' : `the last ${days} days`}</h2>
<table class="stack"><thead><tr><th scope="col">bot</th><th scope="col">exchanges</th><th scope="col">in vain</th><th scope="col">note</th></tr></thead><tbody>${targets.map(({ name, checked, reason, exchanges, vain }) => html`<tr><td data-label="bot">${name}</td><td data-label="exchanges">${checked ? figure(exchanges) : 'not read'}</td><td data-label="in vain">${checked ? figure(vain) : ''}</td><td>${reason === null ? '' : html`<bdi>${reason}</bdi>`}</td></tr>`)}</tbody></table></section>
${
  found.length === 0
    ? html`<p>No question that was asked in vain${targets.some(({ checked }) => checked) ? '' : ': no bot could be read'}.</p>`
    : html`<ol class="list" aria-label="Questions asked in vain">${found.map(
        ({ question, also, count, targets: bots, last, words, nearest }) =>
          html`<li><p><strong><bdi>${question}</bdi></strong> <span class="dim">${count === 1 ? 'once' : `${figure(count)} times`}, at ${bots.join(', ')}${last === null ? '' : html`, last ${ago(last, nowMs)}`}</span></p>
${also.length === 0 ? '' : html`<p class="dim small">also: ${also.map((one, index) => html`${index > 0 ? '; ' : ''}<bdi>${one}</bdi>`)}</p>`}
<p>${words}${nearest === null ? '' : html`: <a href="${documentHref(nearest.document)}"><bdi>${nearest.document}</bdi></a>${nearest.heading === '' ? '' : html`, <bdi>${nearest.heading}</bdi>`}`}</p></li>`,
      )}</ol>${groups > found.length ? html`<p>and ${figure(groups - found.length)} more: <code>kbsync gaps --limit ${groups}</code></p>` : ''}`
}`;
}
