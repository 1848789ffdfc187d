// What happened: charts over the last days, small ones side by side for each bot, and the last runs. Pure.
import { html, raw } from 'hono/html';
import { type Bar, chart } from '../chart.ts';
import { age, short } from '../derive.ts';
import type { Traffic } from '../desk.ts';
import type { Past } from '../past.ts';
import { ago, type Html, type Page, type Scene } from '../shell.ts';

/** Days that can be looked at, and into how many parts each is drawn. */
export const spans = { 1: 24, 7: 28, 30: 30, 90: 30 } as const;
export type Days = keyof typeof spans;

const listedRuns = 50;

/** The number of days that a query asks for. */
export function daysOf(text: string | undefined): Days {
  const found = ([1, 7, 30, 90] as const).find((days) => String(days) === text);
  return found ?? 7;
}

/** Charts and runs of the last days. */
export function history(scene: Scene, days: Days, past: Past, traffic: Traffic): Page {
  const { targets, nowMs } = scene.snapshot;
  const names = targets.map(({ status: { name, vendor } }) => ({ name, vendor }));
  const slots = slotsOf(nowMs, days);
  const each = (make: (name: string, vendor: string) => Html) =>
    html`<div class="charts">${names.map(({ name, vendor }) => make(name, vendor))}</div>`;
  /** A bot to which nothing happened in this time knows all the same what it knows. */
  const knownNow = (name: string): readonly Value[] =>
    targets.flatMap(({ status, ledger }) =>
      status.name === name && ledger !== undefined ? [{ at: new Date(nowMs).toISOString(), value: status.counts.trained }] : [],
    );
  const body = html`<h1>History</h1>
<form method="get" action="/history" class="card" aria-label="Time"><div class="filters"><label><span>The last</span><select name="days" id="days">${([1, 7, 30, 90] as const).map((one) => html`<option value="${one}"${one === days ? raw(' selected') : ''}>${one === 1 ? '24 hours' : `${one} days`}</option>`)}</select></label><div><button>Show</button></div></div></form>
<section aria-labelledby="c-trained"><h2 id="c-trained">Documents trained</h2>
${each((name) =>
  chart({
    id: `trained-${name}`,
    title: name,
    unit: 'documents',
    kind: 'line',
    bars: lastIn(slots, [
      ...past.learnt.filter(({ target }) => target === name).map(({ at, trained }) => ({ at, value: trained })),
      ...knownNow(name),
    ]),
  }),
)}</section>
<section aria-labelledby="c-seconds"><h2 id="c-seconds">Seconds from save to trained</h2><p class="dim small">The median of documents that were saved while the daemon watched, where the vendor tells when it has learnt.</p>
${each((name) =>
  chart({
    id: `seconds-${name}`,
    title: name,
    unit: 'seconds',
    kind: 'bars',
    bars: medianIn(
      slots,
      past.seconds.filter(({ target }) => target === name).map(({ at, seconds }) => ({ at, value: seconds })),
    ),
  }),
)}</section>
<section aria-labelledby="c-requests"><h2 id="c-requests">Requests and refusals</h2><p class="dim small">Counted in this daemon's memory, since ${ago(traffic.since, nowMs)}. Refused: answered with a status of 400 or more, or not at all.</p>
${each((name, vendor) =>
  chart({
    id: `requests-${name}`,
    title: `${name} (${vendor})`,
    unit: 'requests',
    badUnit: 'refused',
    kind: 'bars',
    bars: sumIn(
      slots,
      (traffic.targets[name] ?? []).map(({ hour, requests, refused, unanswered }) => ({
        at: hour,
        value: requests,
        bad: refused + unanswered,
      })),
    ),
  }),
)}</section>
<section aria-labelledby="c-tests"><h2 id="c-tests">Tests that passed</h2><p class="dim small">The share of golden questions, of those that could be concluded.</p>
${each((name) =>
  chart({
    id: `tests-${name}`,
    title: name,
    unit: '%',
    kind: 'bars',
    top: 100,
    bars: shareIn(
      slots,
      past.asked.filter(({ target }) => target === name),
    ),
  }),
)}</section>
${runs(past, nowMs)}`;
  return { name: 'history', title: 'History', body, again: 60 };
}

interface Slot {
  readonly label: string;
  readonly from: string;
  readonly to: string;
}

function slotsOf(nowMs: number, days: Days): readonly Slot[] {
  const count = spans[days];
  const size = (days * 86_400_000) / count;
  return Array.from({ length: count }, (_, index) => {
    const end = nowMs - (count - 1 - index) * size;
    const from = new Date(end - size).toISOString();
    const label = size < 86_400_000 ? `${from.slice(5, 10)} ${from.slice(11, 16)}` : from.slice(5, 10);
    return { label, from, to: new Date(end).toISOString() };
  });
}

interface Value {
  readonly at: string;
  readonly value: number;
  readonly bad?: number;
}

function valuesIn({ from, to }: Slot, values: readonly Value[]): readonly Value[] {
  return values.filter(({ at }) => at > from && at <= to);
}

/** The last one of each; what was known before goes on. */
function lastIn(slots: readonly Slot[], values: readonly Value[]): readonly Bar[] {
  let before: number | null = null;
  return slots.map((slot) => {
    before = valuesIn(slot, values).at(-1)?.value ?? before;
    return { label: slot.label, value: before };
  });
}

function medianIn(slots: readonly Slot[], values: readonly Value[]): readonly Bar[] {
  return slots.map((slot) => {
    const sorted = valuesIn(slot, values)
      .map(({ value }) => value)
      .sort((one, two) => one - two);
    return { label: slot.label, value: sorted[Math.floor(sorted.length / 2)] ?? null };
  });
}

/** An hour's bucket counts where most of it lies. */
function sumIn(slots: readonly Slot[], values: readonly Value[]): readonly Bar[] {
  const middle = values.map((value) => ({ ...value, at: new Date(Date.parse(value.at) + 1_800_000).toISOString() }));
  return slots.map((slot, index) => {
    const last = index === slots.length - 1;
    const found = valuesIn(last ? { ...slot, to: '9999' } : slot, middle);
    if (found.length === 0) return { label: slot.label, value: null };
    const sum = (of: (value: Value) => number) => found.reduce((total, value) => total + of(value), 0);
    return { label: slot.label, value: sum(({ value }) => value), bad: sum(({ bad }) => bad ?? 0) };
  });
}

function shareIn(slots: readonly Slot[], asked: Past['asked']): readonly Bar[] {
  return slots.map(({ label, from, to }) => {
    const concluded = asked.filter(({ at, verdict }) => at > from && at <= to && (verdict === 'pass' || verdict === 'fail'));
    if (concluded.length === 0) return { label, value: null };
    return { label, value: (100 * concluded.filter(({ verdict }) => verdict === 'pass').length) / concluded.length };
  });
}

function runs({ runs: all }: Past, nowMs: number): Html {
  return html`<section aria-labelledby="runs"><h2 id="runs">Runs that did something, and freshness checks</h2>
${all.length === 0 ? html`<p class="dim">None in this time.</p>` : html`<table class="stack"><thead><tr><th scope="col">when</th><th scope="col">bot</th><th scope="col">what</th><th scope="col">took</th></tr></thead><tbody>${all.slice(0, listedRuns).map(({ at, target, command, commit, what, error, durationMs }) => html`<tr><td data-label="when">${ago(at, nowMs)}</td><td data-label="bot">${target}</td><td>${command}${commit === null ? '' : html` at <code>${short(commit)}</code>`}: <bdi>${what}</bdi>${error === null ? '' : html`; <span class="bad"><bdi>${error}</bdi></span>`}</td><td data-label="took">${durationMs === null ? '' : durationMs < 60_000 ? `${(durationMs / 1_000).toFixed(1)} s` : age(durationMs)}</td></tr>`)}</tbody></table>`}
<p class="small">All of it: <code>kbsync history</code></p></section>`;
}
