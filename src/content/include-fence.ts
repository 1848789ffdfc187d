// The fence inside documents: what one includes has to be for the same readers, whether it is a document of its own or a partial.
import type { ContentProblem } from '../model/document.ts';
import type { CachedFile } from './cached-file.ts';
import type { IncludeFiles } from './include-files.ts';
import type { ParserOptions } from './parse.ts';
import type { FoundFile } from './walk.ts';

export interface FenceInput {
  /** Files that give documents. */
  readonly files: ReadonlyMap<string, CachedFile>;
  /** All that lie in scope, partials among them. */
  readonly listed: readonly FoundFile[];
  readonly includes: IncludeFiles;
  readonly parser: ParserOptions;
}

export interface Breach {
  readonly path: string;
  readonly problem: ContentProblem;
}

/** null: it states none, and has that of whatever includes it. */
type Audience = { readonly known: true; readonly audience: string | null } | { readonly known: false };

/**
 * Files that include another one of another audience: its text would get past the fence inside a document that may pass. One whose own audience
 * cannot be known just now counts as another's; one that states none (a partial, a file of code) has its includer's.
 */
export async function fenceBreaches(input: FenceInput): Promise<readonly Breach[]> {
  const { files } = input;
  const found: Breach[] = [];
  const ofPartials = new Map<string, Audience>();
  for (const [path, file] of files) {
    const [own] = file.documents;
    if (own === undefined) continue;
    for (const fact of file.includes ?? []) {
      if (fact.digest === null || fact.path === path) continue;
      const included = files.get(fact.path);
      const theirs = included === undefined ? (ofPartials.get(fact.path) ?? (await ofPartial(fact.path, input))) : ofDocument(included);
      if (included === undefined) ofPartials.set(fact.path, theirs);
      const stated = own.distribution.audience;
      if (theirs.known && (theirs.audience === stated || (included === undefined && theirs.audience === null))) continue;
      const whose = theirs.known ? (theirs.audience ?? 'none') : 'not to be known, since it cannot be read';
      const message = `includes ${fact.path}, whose audience is ${whose}; its own is ${stated ?? 'none'}: give both the same, or leave the include out`;
      found.push({ path, problem: { path, line: null, column: null, message, severity: 'error' } });
    }
  }
  return found;
}

function ofDocument({ documents: [document] }: CachedFile): Audience {
  return document === undefined ? { known: false } : { known: true, audience: document.distribution.audience };
}

/** What rules, a sidecar and front matter of its own say of a file that is no document. */
async function ofPartial(path: string, { listed, includes, parser }: FenceInput): Promise<Audience> {
  const { fileParser } = await import('./parse.ts');
  const { read } = includes.log();
  const textOf = (name: string): string => {
    const included = read(name);
    return included.kind === 'text' ? included.text : '';
  };
  const beside = listed.find((file) => file.path === path)?.sidecar ?? null;
  const sidecar = beside === null ? null : { path: beside.path, text: textOf(beside.path) };
  // The defaults are those of documents: here only what is said of this very file counts.
  const { content } = parser;
  const parse = fileParser({ ...parser, content: { ...content, defaults: { ...content.defaults, audience: null } } });
  const [document] = parse({ path, text: /\.(?:md|mdx|markdown)$/i.test(path) ? textOf(path) : '', sidecar }).documents;
  return document === undefined ? { known: false } : { known: true, audience: document.distribution.audience };
}
