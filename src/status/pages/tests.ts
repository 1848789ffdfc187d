// The golden questions as each bot answered them last: what fails first. Pure.
import { html, raw } from 'hono/html';
import { type Verdict, verdicts } from '../../model/answer.ts';
import { short, testsSentence } from '../derive.ts';
import { actionForm, ago, documentHref, figure, type Html, type Page, type Scene, whyNoActions } from '../shell.ts';
import { pages } from './documents.ts';

const pageSize = 100;
const order: Readonly<Record<Verdict, number>> = { fail: 0, inconclusive: 1, skipped: 2, pass: 3 };

export interface TestsSearch {
  readonly target: string;
  readonly verdict: string;
  readonly page: number;
}

/** The questions of one target or of all, by their last verdict. */
export function tests(scene: Scene, search: TestsSearch): Page {
  const { targets, nowMs } = scene.snapshot;
  const all = targets
    .filter(({ status }) => search.target === '' || status.name === search.target)
    .flatMap(({ status: { name }, asked = [] }) => asked.map((test) => ({ target: name, ...test })))
    .filter(({ verdict }) => search.verdict === '' || verdict === search.verdict)
    .sort(
      (one, two) => order[one.verdict] - order[two.verdict] || (one.question < two.question ? -1 : one.question > two.question ? 1 : 0),
    );
  const count = Math.max(1, Math.ceil(all.length / pageSize));
  const page = Math.min(Math.max(1, search.page), count);
  const shown = all.slice((page - 1) * pageSize, page * pageSize);
  const body = html`<h1>Tests</h1>
<p>The golden questions of the documents, as each bot answered them last.</p>
<ul>${targets.map((target) => html`<li><strong>${target.status.name}</strong>: ${testsSentence(target.status)?.replace(/^tests: /, '') ?? 'nothing was asked yet'}</li>`)}</ul>
<div class="actions">${actionForm(scene, { name: 'verify', label: 'Ask the tests now', ...(search.target !== '' && { target: search.target, about: search.target }) })}</div>
${whyNoActions(scene)}
${form(scene, search)}
<p role="status">${all.length === 0 ? 'No question to show: ask them with the button or kbsync verify.' : html`${figure(all.length)} ${all.length === 1 ? 'question' : 'questions'}, what fails first`}</p>
${
  shown.length === 0
    ? ''
    : html`<ul class="list" aria-label="Questions">${shown.map(({ target, document, question, verdict, reasons, at, tries, revision }) => {
        const [style, edge] = verdict === 'pass' ? ['good', 'good-edge'] : verdict === 'fail' ? ['bad', 'bad-edge'] : ['warn', 'warn-edge'];
        return html`<li class="${edge}"><p><strong class="${style}">${verdict}</strong> ${target}: <bdi>${question}</bdi></p>
${reasons.length === 0 ? '' : html`<p class="${style}"><bdi>${reasons.join('; ')}</bdi></p>`}
<p class="dim small">${document === null ? '' : html`<a href="${documentHref(document)}"><bdi>${document}</bdi></a>, `}asked ${ago(at, nowMs)}${tries > 1 ? `, ${tries} times` : ''}${revision === null ? '' : html`, of <code>${short(revision)}</code>`}</p></li>`;
      })}</ul>`
}
${pages({ target: search.target, ...(search.verdict !== '' && { verdict: search.verdict }) }, page, count, '/tests')}`;
  return { name: 'tests', title: 'Tests', body, again: null };
}

function form({ snapshot }: Scene, { target, verdict }: TestsSearch): Html {
  const option = (value: string, label: string, chosen: string) =>
    html`<option value="${value}"${value === chosen ? raw(' selected') : ''}>${label}</option>`;
  return html`<form method="get" action="/tests" class="card" aria-label="Filter questions"><div class="filters">
<label><span>Bot</span><select name="target" id="tests-target">${option('', 'every bot', target)}${snapshot.targets.map(({ status: { name } }) => option(name, name, target))}</select></label>
<label><span>Verdict</span><select name="verdict" id="tests-verdict">${option('', 'any', verdict)}${verdicts.map((one) => option(one, one, verdict))}</select></label>
<div><button>Show</button></div></div></form>`;
}
