// Which documents a target gets, and which leave it. Pure. The fence comes first: what is outside it is denied whatever else is said.
import type { TargetConfig } from '../model/config.ts';
import type { Document, DocumentId } from '../model/document.ts';
import { pathFilter } from './ignore.ts';

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
  const matches = pathFilter(target.include, { dot: true });
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

function filterOf(include: readonly string[]): (path: string) => boolean {
  return include.length === 1 && include[0] === '**' ? () => true : pathFilter(include, { dot: true });
}

function outsideFence(target: Scope, document: Document): string | null {
  const { audience } = document.distribution;
  if (target.audience === null || (audience !== null && target.audience.includes(audience))) return null;
  const stated = audience === null ? 'no audience is stated, which' : `audience ${audience}`;
  return `${stated} is outside the fence [${target.audience.join(', ')}]`;
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
