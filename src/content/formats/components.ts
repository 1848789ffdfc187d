// What components of site generators say in words: which of their attributes a reader sees, and how they read as Markdown. Pure.

/** A component as it stands in a text; only attributes that are plain texts. */
export interface Component {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** Attributes that are shown. */
const shown = [
  'label',
  'title',
  'header',
  'heading',
  'summary',
  'caption',
  'text',
  'description',
  'details',
  'alt',
  'subtitle',
  'tagline',
  'lead',
];
/** Where a component leads. */
export const linkText: ReadonlySet<string> = new Set(['href', 'to', 'link', 'url']);

/** Whether an attribute of a component is shown to readers. */
export function isTextAttribute(name: string): boolean {
  return shown.includes(name);
}

/** The kind of box a component draws; null for those that draw none. */
function boxOf({ name, attributes }: Component): string | null {
  if (/^(?:Admonition|Aside|Callout|Alert)$/.test(name)) return attributes.get('type') ?? attributes.get('variant') ?? 'note';
  if (/^(?:Note|Tip|Info|Warning|Caution|Danger|Important|Check)$/.test(name)) return name.toLowerCase();
  return null;
}

/** What a component says besides the text within it, as Markdown; '' for nothing. */
export function wordsOfComponent(component: Component, label: (kind: string, title: string) => string = plainLabel): string {
  const { attributes } = component;
  const texts = shown.flatMap((name) => {
    const value = attributes.get(name)?.trim() ?? '';
    return value === '' ? [] : [{ name, value }];
  });
  // The description is for translators.
  if (component.name === 'Translate') return '';
  const box = boxOf(component);
  if (box !== null) return label(box, texts.find(({ name }) => name === 'title')?.value ?? '');
  const target = [...linkText].map((name) => attributes.get(name)).find((value) => value !== undefined);
  const [first, ...rest] = texts;
  if (first === undefined) return '';
  const head = target !== undefined ? `[${first.value}](${destination(target)})` : isInline(component) ? first.value : `**${first.value}**`;
  return [head, ...rest.map(({ value }) => value)].join(isInline(component) ? ' ' : ': ');
}

/** Those that stand within a sentence. */
function isInline({ name }: Component): boolean {
  return /^(?:Badge|Icon|Tooltip|Kbd|Highlight|Pill|Tag|Chip|Abbr)$/.test(name);
}

function plainLabel(kind: string, title: string): string {
  const name = kind.charAt(0).toUpperCase() + kind.slice(1).toLowerCase();
  return title === '' ? `**${name}**` : `**${name}: ${title}**`;
}

/** An address between round brackets. */
export function destination(url: string): string {
  return url.replace(/[\s()<>\\]/g, (character) => encodeURIComponent(character).replace('(', '%28').replace(')', '%29'));
}
