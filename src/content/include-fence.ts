// The fence inside documents: what one includes has to be for the same readers, whether it is a document of its own or a partial.
import type { ContentProblem } from '../model/document.ts';
import type { CachedFile } from './cached-file.ts';
import { type Claim, claimsOf, type IncludedClaim } from './claims.ts';
import type { IncludeFiles } from './include-files.ts';
import type { ParserOptions } from './parse.ts';
import type { FoundFile } from './walk.ts';

export interface FenceInput {
  /** Files that give documents, or would if nothing were wrong with them. */
  readonly files: ReadonlyMap<string, CachedFile>;
  /** All that lie in scope, partials among them. */
  readonly listed: readonly FoundFile[];
  readonly includes: IncludeFiles;
  readonly parser: ParserOptions;
}

export interface Breach {
  readonly path: string;
  readonly problem: ContentProblem;
  /** What is included, for those bots that hold the document already. */
  readonly included: IncludedClaim;
}

/**
 * Files that include another one of another audience, or one that only other targets may have: its text would get past the fence inside a document
 * that may pass. What cannot be known just now counts as another's; a file that states nothing (a partial, a piece of code) has its includer's.
 */
export async function fenceBreaches(input: FenceInput): Promise<readonly Breach[]> {
  const { files } = input;
  const found: Breach[] = [];
  const known = new Map<string, readonly Claim[] | null>();
  for (const [path, file] of files) {
    const own = claimsIn(file)?.[0];
    if (own === undefined) continue;
    for (const fact of file.includes ?? []) {
      if (fact.digest === null || fact.path === path) continue;
      const document = files.get(fact.path);
      if (!known.has(fact.path)) known.set(fact.path, document === undefined ? await ofPartial(fact.path, input) : claimsIn(document));
      const breach = breachOf(own, fact.path, known.get(fact.path) ?? null, document === undefined);
      if (breach !== null)
        found.push({
          path,
          problem: { path, line: null, column: null, message: breach.message, severity: 'error' },
          included: breach.included,
        });
    }
  }
  return found;
}

/** Of a file's documents, or of those that an error keeps back; null where nothing can be told of them. */
function claimsIn({ documents, claims }: CachedFile): readonly Claim[] | null {
  return documents.length > 0 ? claimsOf(documents, false) : (claims ?? null);
}

function breachOf(
  own: Claim,
  path: string,
  theirs: readonly Claim[] | null,
  isPartial: boolean,
): { message: string; included: IncludedClaim } | null {
  const stated = own.distribution.audience;
  const mend = 'give both the same, or leave the include out';
  const audienceIs = (whose: string) => `includes ${path}, whose audience is ${whose}; its own is ${stated ?? 'none'}: ${mend}`;
  const unknown = { audience: null, targets: null };
  if (theirs === null)
    return { message: audienceIs('not to be known, since it cannot be read'), included: { path, distribution: unknown, isUnclear: false } };
  for (const { distribution, isUnclear } of theirs) {
    const { audience, targets } = distribution;
    const included = { path, distribution: { audience, targets }, isUnclear };
    if (isUnclear) return { message: audienceIs('not to be known'), included };
    if (audience !== stated && !(isPartial && audience === null)) return { message: audienceIs(audience ?? 'none'), included };
    const mayHave = own.distribution.targets;
    if (targets !== null && (mayHave === null || mayHave.some((target) => !targets.includes(target)))) {
      const message = `includes ${path}, which only ${targets.join(', ')} may have: ${mend.replace('the same', 'the same targets')}`;
      return { message, included };
    }
  }
  return null;
}

/** What rules, a sidecar and front matter of its own say of a file that is no document. */
async function ofPartial(path: string, { listed, includes, parser }: FenceInput): Promise<readonly Claim[] | null> {
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
  const isMarkdown = /\.(?:md|mdx|markdown)$/i.test(path);
  const { claims } = parse({ path, text: isMarkdown || /\.qa\.ya?ml$/i.test(path) ? textOf(path) : '', sidecar });
  return claims.length === 0 ? null : claims;
}
