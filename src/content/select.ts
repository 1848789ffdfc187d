// Which documents a target gets, and which leave it. Pure. The fence comes first: what is outside it is denied whatever else is said.
import type { TargetConfig } from '../model/config.ts';
import type { ContentProblem, Document, DocumentId } from '../model/document.ts';
import type { Claim } from './claims.ts';
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

/**
 * What leaves a target although its file is kept back: a document that its own words, or those of a file that it includes, put outside the fence,
 * and one that is a draft, expired or for others. An id that several files claim leaves only where all of them say so.
 */
export function leavesOfBlocked(target: Scope, claims: readonly Claim[], nowMs: number): ReadonlyMap<DocumentId, Leave> {
  const matches = filterOf(target.include);
  const byId = new Map<DocumentId, Claim[]>();
  for (const claim of claims) byId.set(claim.id, [...(byId.get(claim.id) ?? []), claim]);
  const leaves = new Map<DocumentId, Leave>();
  for (const [id, claimants] of byId) {
    const found = claimants.map((claim): Leave | null => {
      const outside = claimOutsideFence(target, claim);
      const reason = outside ?? (matches(claim.path) ? whyNot(target, claim, nowMs) : null);
      return reason === null ? null : { reason, retraction: outside !== null };
    });
    const [first] = found;
    if (first !== undefined && first !== null && found.every((leave) => leave !== null)) leaves.set(id, first);
  }
  return leaves;
}

/** Why a document whose file is kept back stands outside a fence; null where nothing says so. */
export function claimOutsideFence(target: Pick<Scope, 'name' | 'audience'>, claim: Claim): string | null {
  const unclear = `an audience that cannot be read is outside the fence [${(target.audience ?? []).join(', ')}]`;
  if (claim.isUnclear && target.audience !== null) return unclear;
  const own = outsideFence(target, claim);
  if (own !== null) return own;
  for (const { path, distribution, isUnclear } of claim.includes ?? []) {
    const { audience, targets } = distribution;
    const other =
      isUnclear && target.audience !== null
        ? unclear
        : audience === null
          ? null
          : outsideFence(target, { distribution: { ...claim.distribution, audience } });
    if (other !== null) return `includes ${path}: ${other}`;
    if (targets !== null && !targets.includes(target.name)) return `includes ${path}, which is not for this target`;
  }
  return null;
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

/** Why some target that may have the one document may not have the other: its fence, and nothing else. Null: no fence stands between them. */
export function fenceBetween(targets: readonly Scope[]): (from: Document, to: Document) => string | null {
  const fenced = targets.filter(({ audience }) => audience !== null);
  if (fenced.length === 0) return () => null;
  const reach = reachOf(fenced);
  return (from, to) => {
    if (from.distribution.draft) return null;
    const names = reach(from);
    const shut = fenced.filter((target) => names.includes(target.name) && outsideFence(target, to) !== null);
    const [first, ...more] = shut;
    if (first === undefined) return null;
    const others =
      more.length === 0
        ? ''
        : ` (nor may ${more.length} other bot${more.length === 1 ? '' : 's'} that ${more.length === 1 ? 'is' : 'are'} given the link)`;
    return `which ${first.name} may not have: ${outsideFence(first, to)}${others}`;
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

/** How many documents stand inside a fence, how many outside by the audience they state ('' for none), and how many files say neither. */
export interface FenceCount {
  readonly inside: number;
  readonly outside: ReadonlyMap<string, number>;
  /** Blocked documents that stand inside as far as can be told: they stay as they are. */
  readonly blocked: number;
}

/** Counts a fence's two sides; null where the target has none. */
export function fenceCount(
  target: Pick<Scope, 'name' | 'audience'>,
  documents: readonly Document[],
  claims: readonly Claim[] = [],
): FenceCount | null {
  if (target.audience === null) return null;
  const outside = new Map<string, number>();
  const add = (audience: string) => outside.set(audience, (outside.get(audience) ?? 0) + 1);
  let inside = 0;
  let blocked = 0;
  for (const document of documents) {
    if (outsideFence(target, document) === null) inside += 1;
    else add(document.distribution.audience ?? '');
  }
  for (const claim of claims) {
    if (claimOutsideFence(target, claim) === null) blocked += 1;
    else add(claim.isUnclear ? '' : (claim.distribution.audience ?? ''));
  }
  return { inside, outside, blocked };
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

function whyNot(target: Scope, { distribution }: Pick<Document, 'distribution'>, nowMs: number): string | null {
  const { targets, draft, publishAt, expiresAt } = distribution;
  if (targets !== null && !targets.includes(target.name)) return 'not for this target';
  if (draft) return 'draft';
  // Both are ISO: a day means its midnight in UTC.
  if (publishAt !== null && nowMs < Date.parse(publishAt)) return `not before ${publishAt}`;
  if (expiresAt !== null && nowMs >= Date.parse(expiresAt)) return `expired ${expiresAt}`;
  return null;
}
