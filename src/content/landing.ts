// Landing pages: VitePress and Starlight draw them from the front matter (`hero`, `features`), and their files may hold nothing else. Pure.
// Keys: vitepress.dev/reference/default-theme-home-page, starlight.astro.build/reference/frontmatter/#hero (checked 2026-11).
import type { Generator } from '../model/config.ts';
import type { Json, JsonRecord } from '../model/json.ts';

/** The name that a landing page shows; null where it is none. */
export function landingTitle(attributes: JsonRecord, generator: Generator | null): string | null {
  const hero = heroOf(attributes, generator);
  return hero === null ? null : (textOf(hero['name']) ?? textOf(hero['title']) ?? null);
}

/** What a landing page says beside its body, as Markdown; '' for nothing. */
export function landingOf(attributes: JsonRecord, generator: Generator | null): string {
  const hero = heroOf(attributes, generator);
  if (hero === null) return '';
  const lead = [hero['text'], hero['tagline']].flatMap((value) => textOf(value) ?? []);
  const actions = listOf(hero['actions']).flatMap(linked);
  const features = listOf(attributes['features']).flatMap((feature) => {
    const words = [textOf(feature['title']), textOf(feature['details'])].filter((each) => each !== null);
    return words.length === 0 ? [] : [`- ${words.join(': ')}`];
  });
  return [...lead, ...actions, ...(features.length === 0 ? [] : [features.join('\n')])].join('\n\n');
}

function heroOf(attributes: JsonRecord, generator: Generator | null): JsonRecord | null {
  return generator === 'vitepress' || generator === 'astro' ? recordOf(attributes['hero']) : null;
}

function linked(action: JsonRecord): readonly string[] {
  const words = textOf(action['text']);
  const link = textOf(action['link']);
  if (words === null) return [];
  return [link === null ? words : `[${words}](${link.replace(/[\s()<>]/g, encodeURIComponent)})`];
}

function recordOf(value: Json | undefined): JsonRecord | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonRecord) : null;
}

function listOf(value: Json | undefined): readonly JsonRecord[] {
  return Array.isArray(value) ? (value as readonly Json[]).map(recordOf).filter((one) => one !== null) : [];
}

/** On one line, without tags: a heading may be styled. */
function textOf(value: Json | undefined): string | null {
  const text =
    typeof value === 'string'
      ? value
          .replace(/<[^<>]*>/g, ' ')
          .replace(/\s+/g, ' ')
          .trim()
      : '';
  return text === '' ? null : text;
}
