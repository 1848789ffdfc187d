// What every page of the daemon has: head, navigation, who is logged in, the live line, footer; and the forms that its buttons are. Pure. `html`
// escapes everything that it is given, so that titles, paths and vendors' words stay text; `bdi` keeps their direction from reaching further.
import { html, raw } from 'hono/html';
import { age } from './derive.ts';
import type { ActionName, Job } from './desk.ts';
import { script, styles } from './page-assets.ts';
import type { Snapshot, TargetSnapshot } from './snapshot.ts';

export type Html = ReturnType<typeof html>;

/** Whether the reader may have things done: nobody may without a token in the configuration. */
export type Standing = { readonly kind: 'no-token' } | { readonly kind: 'reader' } | { readonly kind: 'operator'; readonly csrf: string };

/** What a page is made from. */
export interface Scene {
  readonly snapshot: Snapshot;
  readonly standing: Standing;
  /** What can be done at all. */
  readonly offered: ReadonlySet<ActionName>;
  /** Newest first; [] for those who may only read. */
  readonly jobs: readonly Job[];
  /** Path and query of this page: where an action comes back to. */
  readonly here: string;
  /** What was asked for on this page just now; null: nothing. */
  readonly said: Job | null;
}

export interface Page {
  readonly name: 'overview' | 'documents' | 'document' | 'tests' | 'todo' | 'history' | 'gaps' | 'login' | 'missing';
  readonly title: string;
  readonly body: Html | readonly Html[];
  /** Without a script, read again this often, in seconds; null: not, since somebody may be typing. */
  readonly again: number | null;
}

const places = [
  ['/', 'overview', 'Overview'],
  ['/documents', 'documents', 'Documents'],
  ['/tests', 'tests', 'Tests'],
  ['/todo', 'todo', 'Todo'],
  ['/history', 'history', 'History'],
  ['/gaps', 'gaps', 'Gaps'],
] as const;

/** The sentence that says how to have buttons at all. */
export const howToSetToken =
  'Nothing can be done from here: no token is configured. Set KBSYNC_TOKEN in the environment or in .env beside the configuration (daemon.token), and start the daemon again or send it SIGHUP.';

/** A whole page. `nonce` is what the content security policy lets run. */
export async function shell(scene: Scene, page: Page, nonce: string): Promise<string> {
  const { snapshot } = scene;
  const { workspace, targets } = snapshot;
  const waiting = targets.reduce((sum, target) => sum + waitingAt(target), 0);
  const inSync = targets.filter(({ status }) => status.inSync).length;
  const body = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="${iconOf(snapshot)}">
${page.again === null ? '' : html`<noscript><meta http-equiv="refresh" content="${page.again}"></noscript>`}
<title>${page.title}: ${workspace}</title>
<style nonce="${nonce}">${raw(styles)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="bar"><div>
<div class="top"><p class="name"><bdi>${workspace}</bdi></p>${who(scene)}</div>
<nav class="main" aria-label="Pages"><ul>
${places.map(([href, name, label]) => html`<li><a href="${href}"${isHere(name, page.name) ? raw(' aria-current="page"') : ''}>${label}${name === 'todo' && waiting > 0 ? html` <span>(${figure(waiting)})</span>` : ''}</a></li>`)}
</ul></nav>
</div></header>
<p id="said" class="sr" role="status" aria-live="polite">${inSync} of ${targets.length} ${targets.length === 1 ? 'bot' : 'bots'} in sync${waiting > 0 ? `, ${figure(waiting)} for a person to decide` : ''}</p>
<main id="main" data-page="${page.name}" tabindex="-1">
${scene.said === null ? '' : notice(scene.said)}
${page.body}
</main>
${footer(snapshot)}
<script nonce="${nonce}">${raw(script)}</script>
</body>
</html>`;
  return String(await body);
}

/** The log-in page: it stands before everything else, and so says nothing of the workspace. */
export async function loginPage(input: { readonly next: string; readonly said: string; readonly nonce: string }): Promise<string> {
  const { next, said, nonce } = input;
  const body = html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<link rel="icon" href="${icon('#57606a')}"><title>Log in: kbsync</title><style nonce="${nonce}">${raw(styles)}</style></head>
<body><main id="main" data-page="login"><section class="login"><h1>Log in to kbsync</h1>
${said === '' ? '' : html`<p class="bad" role="alert" id="why">${said}</p>`}
<form method="post" action="/login"><input type="hidden" name="next" value="${next}">
<label for="token">The token (KBSYNC_TOKEN, or daemon.token of the configuration)</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus${said === '' ? '' : raw(' aria-describedby="why"')}>
<button>Log in</button> <a class="button plain" href="/">Back</a></form>
<p class="dim small">The session is kept in the daemon's memory, for twelve hours or until it stops.</p>
</section></main></body></html>`;
  return String(await body);
}

/** What did not go, for a person: in words, with a way back. It may stand before somebody who is not logged in, and says nothing of the workspace. */
export async function wordsPage(input: {
  readonly code: string;
  readonly message: string;
  readonly vendor?: string | null;
  readonly next?: string;
  readonly back: string;
  readonly nonce: string;
}): Promise<string> {
  const { code, message, vendor, next, back, nonce } = input;
  const body = html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<link rel="icon" href="${icon('#57606a')}"><title>That did not go: kbsync</title><style nonce="${nonce}">${raw(styles)}</style></head>
<body><main id="main" data-page="words"><section class="login bad-edge"><h1>That did not go</h1>
<p role="alert"><strong>${code}</strong>: <bdi>${message}</bdi>${vendor == null ? '' : html` (the vendor says: <bdi>${vendor}</bdi>)`}</p>
${next === undefined || next === '' ? '' : html`<p>Next: <bdi>${next}</bdi></p>`}
<p><a class="button" href="${back}">Back</a></p>
</section></main></body></html>`;
  return String(await body);
}

function who({ standing, here }: Scene): Html {
  if (standing.kind === 'no-token') return html`<p class="dim small">read only</p>`;
  if (standing.kind === 'reader') return html`<p><a href="/login?next=${encodeURIComponent(here)}">Log in to act</a></p>`;
  return html`<form method="post" action="/logout"><input type="hidden" name="csrf" value="${standing.csrf}"><button class="plain">Log out</button></form>`;
}

function isHere(name: string, page: Page['name']): boolean {
  return name === page || (name === 'documents' && page === 'document');
}

function notice({ what, state, told }: Job): Html {
  const [words, edge] = state === 'running' ? ['at work', 'notice'] : state === 'done' ? ['done', 'good-edge'] : ['failed', 'bad-edge'];
  return html`<section id="asked-for" class="${edge}" aria-live="polite"><p><strong><bdi>${what}</bdi>: ${words}</strong></p>${told === '' ? '' : html`<pre>${told}</pre>`}</section>`;
}

function footer({ version, schedule, nowMs }: Snapshot): Html {
  const runs = schedule.map(({ name, at }) => `${name} ${inWords(Date.parse(at) - nowMs)}`).join(', ');
  return html`<footer>
<p>kbsync ${version}; as of ${new Date(nowMs).toISOString()}${runs === '' ? '' : `; next ${runs}`}</p>
<p><a href="/api/status">status as JSON</a> <a href="/metrics">metrics</a> <a href="/readyz">ready?</a></p>
</footer>`;
}

/** One action as a form with one button; '' where it is not offered, or the reader may not. `more` are further controls of the form. */
export function actionForm(
  scene: Scene,
  input: {
    readonly name: ActionName;
    readonly label: string;
    /** For who hears the page: what the button is about. */
    readonly about?: string;
    readonly target?: string | null;
    readonly fields?: Readonly<Record<string, string>>;
    readonly look?: 'plain' | 'risky';
    readonly more?: Html;
  },
): Html | '' {
  const { standing, offered, here } = scene;
  if (standing.kind !== 'operator' || !offered.has(input.name)) return '';
  const hidden = Object.entries({
    csrf: standing.csrf,
    next: here,
    ...(input.target != null && { target: input.target }),
    ...input.fields,
  });
  return html`<form method="post" action="/actions/${input.name}">${hidden.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}${input.more ?? ''}<button${input.look === undefined ? '' : html` class="${input.look}"`}>${input.label}${input.about === undefined ? '' : html`<span class="sr"> <bdi>${input.about}</bdi></span>`}</button></form>`;
}

/** Why there are no buttons; '' where there are. */
export function whyNoActions({ standing, here }: Scene): Html | '' {
  if (standing.kind === 'no-token') return html`<p class="dim small">${howToSetToken}</p>`;
  if (standing.kind === 'reader')
    return html`<p class="dim small"><a href="/login?next=${encodeURIComponent(here)}">Log in</a> with the token to sync, verify, retry, pause, approve and tick off from here.</p>`;
  return '';
}

/** How many things wait for a person at a target. */
export function waitingAt({ inbox, todos, doubts, status }: TargetSnapshot): number {
  return inbox?.length ?? todos.length + doubts.length + status.held.length + status.byHand;
}

/** The path of a document's own page. */
export function documentHref(id: string): string {
  return `/documents/${encodeURIComponent(id).replaceAll('%2F', '/')}`;
}

/** "in 5 min". */
export function inWords(ms: number): string {
  return ms <= 0 ? 'now' : `in ${age(ms)}`;
}

/** "5 min ago", with the moment itself for who points at it. */
export function ago(at: string, nowMs: number): Html {
  return html`<time datetime="${at}" title="${at}">${age(Math.max(0, nowMs - Date.parse(at)))} ago</time>`;
}

/** 12,345 */
export function figure(value: number): string {
  return value.toLocaleString('en-US');
}

function iconOf({ targets }: Snapshot): string {
  const isBad = targets.some(({ status, error }) => error !== null || status.held.length > 0 || status.counts.failed > 0);
  return icon(isBad ? '#c4202c' : targets.every(({ status }) => status.inSync) ? '#1a7f37' : '#b7791f');
}

function icon(colour: string): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="${colour}"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
