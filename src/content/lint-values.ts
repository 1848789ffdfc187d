// What a bot or its vendor is given of a document beside its text, as strings: titles, questions, links, attributes, names. Pure.
import type { Document } from '../model/document.ts';
import type { Json } from '../model/json.ts';

/** A string of a document, and what to call it. */
export interface Value {
  readonly what: string;
  readonly text: string;
}

/** Under this many UTF-16 units nothing fits that a rule could find. */
const least = 4;

/** Every string of the documents of one file, each once. The text of an article is none of them. */
export function valuesOf(documents: readonly Document[]): readonly Value[] {
  const all = documents.flatMap((document): Value[] => [
    { what: 'title', text: document.title },
    { what: 'id', text: document.id },
    { what: 'link', text: document.kind === 'url' ? document.link : (document.url ?? '') },
    ...(document.kind === 'qa'
      ? [
          { what: 'question', text: document.question },
          { what: 'answer', text: document.answer },
        ]
      : []),
    ...stringsIn(document.attributes, 'attributes'),
    ...stringsIn(document.distribution.audience, 'audience'),
    // A bot is asked them, and what it is asked it may keep.
    ...document.tests.map(({ ask }) => ({ what: 'tests', text: ask })),
  ]);
  const long = all.filter(({ text }) => text.length >= least);
  return [...new Map(long.map((value) => [value.text, value])).values()];
}

/** The strings that a value is or holds, keys included. */
export function stringsIn(value: Json, what: string): readonly Value[] {
  if (typeof value === 'string') return [{ what, text: value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [{ what, text: key }, ...stringsIn(inner as Json, what)]);
}
