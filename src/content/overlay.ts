// Layers of keys → one statement, and what of it every document of a file shares. Pure.
import type { ContentConfig } from '../model/config.ts';
import type { Distribution } from '../model/document.ts';
import type { JsonRecord } from '../model/json.ts';
import type { Stated } from './keys.ts';

/** Weakest first: what a later layer states hides what an earlier one stated. */
export function overlay(layers: readonly Stated[]): Stated {
  const strongest = <Name extends Exclude<keyof Stated, 'attributes'>>(name: Name): Stated[Name] | null =>
    layers.findLast((layer) => layer[name] !== null)?.[name] ?? null;
  return {
    id: strongest('id'),
    title: strongest('title'),
    url: strongest('url'),
    targets: strongest('targets'),
    audience: strongest('audience'),
    draft: strongest('draft'),
    unlisted: strongest('unlisted'),
    publishAt: strongest('publishAt'),
    expiresAt: strongest('expiresAt'),
    reviewBy: strongest('reviewBy'),
    faq: strongest('faq'),
    tests: strongest('tests'),
    attributes: Object.assign({}, ...layers.map((layer) => layer.attributes)) as JsonRecord,
  };
}

/** Who may get what a statement is about, and when. */
export function distributionOf(stated: Stated, content: Pick<ContentConfig, 'defaults'>): Distribution {
  return {
    targets: stated.targets,
    audience: stated.audience ?? content.defaults.audience,
    // An unlisted page is not for everybody who asks: like a draft, it stays out of every bot.
    draft: stated.draft === true || stated.unlisted === true,
    publishAt: stated.publishAt,
    expiresAt: stated.expiresAt,
    reviewBy: stated.reviewBy,
  };
}

/** Attributes in one order, whatever the order they were written in. */
export function sortedAttributes({ attributes }: Stated): JsonRecord {
  return Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
}
