// Which documents a target gets, and which leave it. Pure. The fence comes first: what is outside it is denied whatever else is said.
import type { TargetConfig } from '../model/config.ts';
import type { ContentProblem, Document, DocumentId } from '../model/document.ts';
import { pathFilter, withQaFiles } from './ignore.ts';

export interface Leave {
  readonly reason: string;
  /** The document is outside the fence: it leaves first of all, and is proven forgotten. */
  readonly retraction: boolean;
}

export interface Selection {
  readonly wanted: readonly Document[];
  readonly leaves: ReadonlyMap<DocumentId, Leave>;
  /** target.include does not match: stays as it is. */
  readonly outOfScope: ReadonlySet<DocumentId>;
}

type Scope = Pick<TargetConfig, 'name' | 'audience' | 'include'>;

/** Sorts the documents for one target at one moment (milliseconds since 1970). */
export function selectFor(target: Scope, documents: readonly Document[], nowMs: number): Selection {
  const matches = filterOf(target.include);
  const wanted: Document[] = [];
  const leaves = new Map<DocumentId, Leave>();
  const outOfScope = new Set<DocumentId>();
  for (const document of documents) {
    const outside = outsideFence(target, document);
    const reason = outside ?? (matches(document.path) ? whyNot(target, document, nowMs) : null);
    if (reason !== null) leaves.set(document.id, { reason, retraction: outside !== null });
    else if (!matches(document.path)) outOfScope.add(document.id);
    else wanted.push(document);
  }
  return { wanted, leaves, outOfScope };
}

/** Whether a target's include matches a path. */
export function inTargetScope(target: Pick<TargetConfig, 'include'>, path: string): boolean {
  return filterOf(target.include)(path);
}

/** Tells the names of the targets that may ever have a document, whatever its dates. */
export function reachOf(targets: readonly Scope[]): (document: Document) => readonly string[] {
  const scopes = targets.map((target) => ({ target, matches: filterOf(target.include) }));
  return ({ path, distribution }) => {
    const { targets: only } = distribution;
    const reached = scopes.filter(({ target, matches }) => {
      return (only === null || only.includes(target.name)) && outsideFence(target, { distribution }) === null && matches(path);
    });
    return reached.map(({ target }) => target.name);
  };
}

function filterOf(include: readonly string[]): (path: string) => boolean {
  return include.length === 1 && include[0] === '**' ? () => true : withQaFiles(pathFilter(include, { dot: true }));
}

/** Why a document stands outside a target's fence; null where it stands inside, or there is no fence. Nothing stated is outside. */
export function outsideFence(target: Pick<Scope, 'audience'>, document: Pick<Document, 'distribution'>): string | null {
  const { audience } = document.distribution;
  if (target.audience === null || (audience !== null && target.audience.includes(audience))) return null;
  const stated = audience === null ? 'no audience is stated, which' : `audience ${audience}`;
  return `${stated} is outside the fence [${target.audience.join(', ')}]`;
}

/** How many documents stand inside a fence, and how many outside by the audience they state ('' for none). */
export interface FenceCount {
  readonly inside: number;
  readonly outside: ReadonlyMap<string, number>;
}

/** Counts a fence's two sides; null where the target has none. */
export function fenceCount(target: Pick<Scope, 'audience'>, documents: readonly Document[]): FenceCount | null {
  if (target.audience === null) return null;
  const outside = new Map<string, number>();
  let inside = 0;
  for (const document of documents) {
    if (outsideFence(target, document) === null) inside += 1;
    else {
      const audience = document.distribution.audience ?? '';
      outside.set(audience, (outside.get(audience) ?? 0) + 1);
    }
  }
  return { inside, outside };
}

/** A warning for each file whose review is due at a moment (milliseconds since 1970), and which a bot could have. */
export function overdueReviews(documents: readonly Document[], nowMs: number): readonly ContentProblem[] {
  const told = new Set<string>();
  return documents.flatMap(({ path, distribution: { reviewBy, draft, expiresAt } }): ContentProblem[] => {
    if (reviewBy === null || nowMs < Date.parse(reviewBy) || draft) return [];
    if (expiresAt !== null && nowMs >= Date.parse(expiresAt)) return [];
    const message = `its review was due on ${reviewBy} (reviewBy): look through it, and set the next date`;
    const key = `${path}\n${reviewBy}`;
    if (told.has(key)) return [];
    told.add(key);
    return [{ path, line: null, column: null, message, severity: 'warning' }];
  });
}

function whyNot(target: Scope, { distribution }: Document, nowMs: number): string | null {
  const { targets, draft, publishAt, expiresAt } = distribution;
  if (targets !== null && !targets.includes(target.name)) return 'not for this target';
  if (draft) return 'draft';
  // Both are ISO: a day means its midnight in UTC.
  if (publishAt !== null && nowMs < Date.parse(publishAt)) return `not before ${publishAt}`;
  if (expiresAt !== null && nowMs >= Date.parse(expiresAt)) return `expired ${expiresAt}`;
  return null;
}
