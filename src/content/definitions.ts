// Which definitions a run of a text uses that stand elsewhere in it: addresses of links, and footnotes. Pure.
import { nodesOf, parseMarkdown, rangeOf } from './formats/markdown.ts';
import type { Definition } from './outline.ts';

/**
 * What a run needs of the definitions beside it, as texts in the order of the document: those it refers to, and those that these refer to.
 * Asks the grammar only where a run names one: what looks like a reference may be code.
 */
export function definitionsFor(definitions: readonly Definition[]): (run: string, beside: (one: Definition) => boolean) => string {
  const known = new Map(definitions.map((one) => [one.label, one]));
  const named = (text: string) => [...new Set(labelsIn(text))].flatMap((label) => known.get(label) ?? []);
  const order = new Map(definitions.map((one, index) => [one, index]));
  return (run, beside) => {
    if (known.size === 0) return '';
    const used = new Set<Definition>();
    let texts = [run];
    while (texts.length > 0) {
      const fresh: Definition[] = [];
      for (const text of texts) {
        const possible = named(text).filter((one) => beside(one) && !used.has(one));
        if (possible.length === 0) continue;
        const labels = referencesIn(text, possible);
        fresh.push(...possible.filter(({ label }) => labels.has(label)));
      }
      for (const one of fresh) used.add(one);
      texts = fresh.filter(({ label }) => label.startsWith('^')).map(({ text }) => text);
    }
    return [...used]
      .sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0))
      .map(({ text }) => text)
      .join('\n\n');
  };
}

/** What stands between brackets, as the grammar compares names. */
function labelsIn(text: string): readonly string[] {
  return [...text.matchAll(/\[(\^?(?:[^[\]\\]|\\.){1,999})\]/gs)].map(([, label]) => normalized(label ?? ''));
}

function normalized(label: string): string {
  return label
    .replace(/[\t\n\r ]+/g, ' ')
    .replace(/^(\^?) | $/g, '$1')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase();
}

/** The labels that a text refers to once these are defined. */
function referencesIn(text: string, defined: readonly Definition[]): ReadonlySet<string> {
  const labels = new Set<string>();
  const whole = [text, ...defined.map((one) => one.text)].join('\n\n');
  for (const node of nodesOf(parseMarkdown(whole))) {
    if (rangeOf(node).start > text.length) continue;
    if (node.type === 'footnoteReference') labels.add(normalized(`^${node.identifier}`));
    else if (node.type === 'linkReference' || node.type === 'imageReference') labels.add(normalized(node.identifier));
  }
  return labels;
}
