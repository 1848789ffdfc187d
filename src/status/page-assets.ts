// Style and script of the status page, inline so that it needs nothing from anywhere. Constants only.

/** Follows the reader's colour scheme; one column on a phone. Every colour pair keeps a contrast of 4.5 or more, and no colour speaks alone. */
export const styles = `
:root { --ink: #1b1f24; --dim: #57606a; --paper: #f6f8fa; --card: #fff; --line: #d1d9e0; --soft: #eef1f4; --good: #1a7f37; --warn: #8a5a00; --bad: #c4202c; --link: #0b5cad; --go: #0b5cad; --on-go: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --dim: #9aa4ae; --paper: #0d1117; --card: #161b22; --line: #30363d; --soft: #21262d; --good: #56d364; --warn: #e3b341; --bad: #ff8b83; --link: #79b8ff; --go: #1f6feb; --on-go: #fff; }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: var(--ink); background: var(--paper); }
.skip { position: absolute; left: -100rem; } .skip:focus { position: fixed; left: .5rem; top: .5rem; z-index: 2; background: var(--card); padding: .5rem 1rem; border-radius: .4rem; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.bar { background: var(--card); border-bottom: 1px solid var(--line); }
.bar > div { max-width: 72rem; margin: 0 auto; padding: .6rem 1rem 0; }
.top { display: flex; flex-wrap: wrap; gap: .3rem 1rem; align-items: center; justify-content: space-between; }
.top > p { margin: 0; } .name { font-weight: 700; font-size: 1.1rem; overflow-wrap: anywhere; }
nav.main ul { display: flex; flex-wrap: wrap; gap: 0 .2rem; list-style: none; margin: .4rem 0 0; padding: 0; }
time { white-space: nowrap; }
nav.main a { display: block; padding: .35rem .7rem .45rem; color: var(--dim); text-decoration: none; border-bottom: 3px solid transparent; white-space: nowrap; }
nav.main a:hover { color: var(--ink); } nav.main a[aria-current] { color: var(--ink); border-bottom-color: var(--go); font-weight: 600; }
main { max-width: 72rem; margin: 0 auto; padding: .6rem 1rem 2rem; display: block; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .8rem 0 .4rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin: 0 0 .2rem; overflow-wrap: anywhere; } h3 { font-size: 1rem; margin: .9rem 0 .2rem; }
h2 .dim { font-weight: normal; font-size: .9rem; } p { margin: .4rem 0; overflow-wrap: anywhere; }
a { color: var(--link); text-underline-offset: .15em; } :focus-visible { outline: 3px solid var(--go); outline-offset: 2px; border-radius: .2rem; }
section, .card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .9rem 1rem; margin: .9rem 0; min-width: 0; }
.good-edge { border-left: .35rem solid var(--good); } .warn-edge { border-left: .35rem solid var(--warn); } .bad-edge { border-left: .35rem solid var(--bad); }
.cards { display: grid; gap: .9rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); } .cards > section { margin: 0; }
.sentence { font-weight: 600; } .dim { color: var(--dim); } .good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); } .small { font-size: .875rem; }
.counts { display: grid; grid-template-columns: repeat(auto-fit, minmax(5.6rem, 1fr)); gap: .35rem; list-style: none; margin: .6rem 0; padding: 0; }
.counts a, .counts span.tile { display: block; border: 1px solid var(--line); border-radius: .4rem; padding: .2rem .5rem; color: inherit; text-decoration: none; background: var(--paper); }
.counts a:hover { border-color: var(--go); } .counts b { display: block; font-size: 1.15rem; line-height: 1.3; font-variant-numeric: tabular-nums; } .counts .nil { color: var(--dim); font-weight: 400; }
.counts a > span, .counts .tile > span { font-size: .8rem; white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .15rem .9rem; margin: .5rem 0; font-size: .925rem; } dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
summary { cursor: pointer; } ul { margin: .4rem 0; padding-left: 1.2rem; } li { overflow-wrap: anywhere; }
code { font: .875em ui-monospace, SFMono-Regular, Menlo, monospace; overflow-wrap: anywhere; background: var(--soft); border-radius: .25rem; padding: .05em .3em; }
pre { font: .85rem/1.45 ui-monospace, SFMono-Regular, Menlo, monospace; white-space: pre-wrap; overflow-wrap: anywhere; background: var(--soft); border-radius: .4rem; padding: .5rem .7rem; margin: .4rem 0; max-height: 16rem; overflow: auto; }
button, .button { font: inherit; font-size: .925rem; color: var(--on-go); background: var(--go); border: 1px solid transparent; border-radius: .4rem; padding: .35rem .8rem; min-height: 2.25rem; cursor: pointer; text-decoration: none; display: inline-block; }
button.plain, .button.plain { color: var(--ink); background: var(--card); border-color: var(--line); } button.plain:hover, .button.plain:hover { border-color: var(--go); } button.risky { background: var(--card); color: var(--bad); border-color: var(--bad); }
.actions { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: .6rem 0 0; } .actions + .cards { margin-top: .9rem; } .actions:empty { display: none; } .actions form { margin: 0; display: flex; flex-wrap: wrap; gap: .4rem; align-items: end; }
input, select { font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--dim); border-radius: .4rem; padding: .35rem .5rem; min-height: 2.25rem; max-width: 100%; width: 100%; }
label { display: block; font-size: .85rem; color: var(--dim); min-width: 0; } label > span { display: block; }
.filters { display: grid; gap: .6rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 11rem), 1fr)); align-items: end; } .filters .broad { grid-column: span 2; } .filters details { grid-column: 1 / -1; } .filters details .filters { margin-top: .5rem; }
.list { list-style: none; padding: 0; margin: .6rem 0; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); }
.list > li { padding: .6rem .9rem; border-top: 1px solid var(--line); } .list > li:first-child { border-top: 0; }
.doc { display: grid; gap: .3rem 1rem; grid-template-columns: minmax(0, 2fr) minmax(0, 5fr); } .doc p { margin: 0; }
.chips { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 8.4rem), 1fr)); gap: .3rem; list-style: none; margin: 0; padding: 0; align-content: start; }
.chip { border-left: .25rem solid var(--line); padding: 0 .5rem; font-size: .85rem; min-width: 0; } .chip.good-edge { border-left-color: var(--good); } .chip.warn-edge { border-left-color: var(--warn); } .chip.bad-edge { border-left-color: var(--bad); }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; } caption { text-align: left; color: var(--dim); font-size: .85rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; } th { font-weight: 600; color: var(--dim); font-size: .85rem; } td.num { text-align: right; font-variant-numeric: tabular-nums; }
.pages { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; }
.charts { display: grid; gap: .9rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); } figure { margin: 0; min-width: 0; } figcaption { font-size: .9rem; }
svg.chart { width: 100%; height: auto; display: block; } .chart text { font-size: 10px; fill: var(--dim); } .chart .axis { stroke: var(--line); } .chart .bar1 { fill: var(--go); } .chart .bar2 { fill: var(--bad); } .chart .path { fill: none; stroke: var(--go); stroke-width: 2; } .chart .dot { fill: var(--go); }
.notice { border-left: .35rem solid var(--go); } .login { max-width: 26rem; margin: 2rem auto; } .login input { margin: .2rem 0 .8rem; }
footer { max-width: 72rem; margin: 0 auto; padding: 0 1rem 2rem; font-size: .85rem; color: var(--dim); } footer a { margin-right: .8rem; }
@media (max-width: 44rem) { .doc { grid-template-columns: minmax(0, 1fr); } .stack thead { display: none; } .stack tr { display: block; border-top: 1px solid var(--line); padding: .4rem 0; } .stack td { display: block; border: 0; padding: .1rem 0; } .stack td:empty { display: none; } nav.main a { padding: .3rem .45rem .35rem; } .stack td.num { text-align: left; } .stack td[data-label]::before { content: attr(data-label) ": "; color: var(--dim); } .filters .broad { grid-column: 1 / -1; } }
@media (forced-colors: active) { .chip, section, .card { border-color: CanvasText; } }
@media (prefers-reduced-motion: no-preference) { a, button { transition: border-color .1s; } }
`;

/**
 * Reads the page again when something happened, and puts what is new into what is there: nothing that did not change is touched, so that focus,
 * selection, scrolling, open details and what somebody is typing stay. At most once a second, and at most a tenth of the time.
 */
export const script = `
let due = null;
let pause = 1000;
let events = null;
const kept = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id ?? '') === (b.id ?? '');
function attributes(old, next) {
  for (const { name } of [...old.attributes]) if (!next.hasAttribute(name) && name !== 'open') old.removeAttribute(name);
  for (const { name, value } of next.attributes) if (name !== 'open' && name !== 'nonce' && old.getAttribute(name) !== value) old.setAttribute(name, value);
}
function morph(old, next) {
  if (old.nodeType !== 1) {
    if (old.nodeValue !== next.nodeValue) old.nodeValue = next.nodeValue;
    return;
  }
  attributes(old, next);
  if (old.nodeName === 'INPUT' || old.nodeName === 'SELECT') return;
  const byId = new Map([...old.children].filter((child) => child.id !== '').map((child) => [child.id, child]));
  let at = old.firstChild;
  for (const child of [...next.childNodes]) {
    const named = child.id ? byId.get(child.id) : undefined;
    const same = named !== undefined && kept(named, child) ? named : at !== null && kept(at, child) ? at : null;
    if (same === null) {
      old.insertBefore(child, at);
      continue;
    }
    if (same === at) at = at.nextSibling;
    else old.insertBefore(same, at);
    morph(same, child);
  }
  while (at !== null) {
    const after = at.nextSibling;
    at.remove();
    at = after;
  }
}
async function refresh() {
  const began = performance.now();
  const reply = await fetch(location.href, { headers: { accept: 'text/html' } }).catch(() => null);
  due = null;
  if (reply === null || !reply.ok) return;
  // Its style has another nonce, which this page's policy would complain of.
  const text = (await reply.text()).replace(/<(sty)le[^]*?<.\\1le>/, '');
  const next = new DOMParser().parseFromString(text, 'text/html');
  const [main, fresh] = [document.getElementById('main'), next.getElementById('main')];
  if (fresh === null || main.dataset.page !== fresh.dataset.page) return location.reload();
  document.title = next.title;
  morph(document.body, next.body);
  const [icon, sign] = [document.querySelector('link[rel=icon]'), next.querySelector('link[rel=icon]')];
  if (icon.href !== sign.href) icon.href = sign.href;
  pause = Math.max(1000, 10 * (performance.now() - began));
}
const later = () => { due ??= setTimeout(refresh, pause); };
function follow() {
  if (document.hidden) {
    events?.close();
    events = null;
  } else if (events === null) {
    events = new EventSource('/api/events');
    events.onmessage = later;
    events.onopen = later;
  }
}
follow();
document.addEventListener('visibilitychange', follow);
setInterval(() => { if (!document.hidden) later(); }, 30000);
`;
