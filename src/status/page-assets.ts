// Style and script of the status page, inline so that it needs nothing from anywhere. Constants only.

/** Follows the reader's colour scheme; one column on a phone. */
export const styles = `
:root { --ink: #1b1f24; --dim: #59636e; --paper: #fff; --card: #f6f8fa; --line: #d1d9e0; --good: #1a7f37; --warn: #8a5a00; --bad: #c4202c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --dim: #9198a1; --paper: #0d1117; --card: #161b22; --line: #3d444d; --good: #3fb950; --warn: #d29922; --bad: #ff7b72; }
}
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
main { max-width: 64rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.15rem; margin: 0; }
h2 .dim { font-weight: normal; font-size: .9rem; }
p { margin: .4rem 0; overflow-wrap: anywhere; }
section { background: var(--card); border: 1px solid var(--line); border-left: .3rem solid var(--line); border-radius: .4rem; padding: .8rem 1rem; margin: 1rem 0; }
section.good { border-left-color: var(--good); } section.warn { border-left-color: var(--warn); } section.bad { border-left-color: var(--bad); }
.sentence { font-weight: 600; }
.dim { color: var(--dim); } p.good, span.good, td.good { color: var(--good); } p.warn, span.warn, td.warn { color: var(--warn); } p.bad, span.bad, td.bad { color: var(--bad); }
.counts span { margin-right: .8rem; white-space: nowrap; }
dl { display: flex; flex-wrap: wrap; gap: .2rem 1.5rem; margin: .4rem 0; } dt { color: var(--dim); font-size: .8rem; } dd { margin: 0; }
summary { cursor: pointer; } ul { margin: .4rem 0; padding-left: 1.2rem; } li { overflow-wrap: anywhere; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem .25rem 0; border-top: 1px solid var(--line); } td:first-child { overflow-wrap: anywhere; } td code { white-space: nowrap; }
details.good > summary { color: var(--good); } details.warn > summary { color: var(--warn); } details.bad > summary { color: var(--bad); }
@media (max-width: 40rem) { .ids { display: none; } }
a { color: inherit; margin-right: .8rem; } footer { font-size: .85rem; }
`;

/** Reads the page again when something happened, at most once a second, and leaves open what the reader opened. */
export const script = `
const main = document.getElementById('status');
let due = null;
async function refresh() {
  const reply = await fetch(location.pathname, { headers: { accept: 'text/html' } }).catch(() => null);
  due = null;
  if (reply === null || !reply.ok) return;
  const next = new DOMParser().parseFromString(await reply.text(), 'text/html');
  const fresh = next.getElementById('status');
  if (fresh === null) return;
  for (const old of main.querySelectorAll('details[id]')) {
    const same = fresh.querySelector('#' + CSS.escape(old.id));
    if (same !== null) same.open = old.open;
  }
  main.replaceChildren(...fresh.childNodes);
  document.title = next.title;
}
const later = () => { due ??= setTimeout(refresh, 1000); };
const events = new EventSource('/api/events');
events.onmessage = later;
events.onopen = later;
setInterval(later, 30000);
`;
