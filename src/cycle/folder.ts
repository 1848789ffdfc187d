// The folder as one run sees it: scanned once, then shared by all targets; and what one target is to have of it.
import type { ConnectorSpec } from '../connectors/connector.ts';
import { nodeDisk } from '../content/disk.ts';
import { configProblems } from '../content/lint-config.ts';
import { lintedPayload, payloadHeads, type RenderOptions, type SendGuard } from '../content/render.ts';
import { type Revision, readRevision } from '../content/revision.ts';
import { type Scan, type ScanCache, scanContent } from '../content/scan.ts';
import { fenceBetween, inTargetScope, leavesOfBlocked, overdueReviews, reachOf, selectFor } from '../content/select.ts';
import { canaryId } from '../model/canary.ts';
import type { Config, TargetConfig } from '../model/config.ts';
import type { ContentProblem, Document, DocumentId } from '../model/document.ts';
import { asSyncError, type ErrorRecord } from '../model/error.ts';
import type { Payload, PayloadHead } from '../model/payload.ts';
import { refusalOf } from '../push/context.ts';
import { canaryAt, claimsCanary } from './canary-document.ts';
import type { KnownSecrets } from './context.ts';

export interface Folder {
  readonly scan: Scan;
  /** HEAD of the repository that holds the folder; null where there is none. */
  readonly commit: string | null;
  /** The commit that a path's bytes belong to; null where they differ from it, or there is none. */
  commitOf(path: string): string | null;
  /** Where the folder lies in its repository, '' or ending in a slash; null where there is none. */
  readonly prefix: string | null;
  readonly cache: ScanCache | null;
  /** By target: what the document of the freshness check says there. Left out, or none: it has yet to be made. */
  readonly canaries?: ReadonlyMap<string, string>;
}

export interface FolderInput {
  readonly config: Config;
  readonly cache: ScanCache | null;
  readonly nowMs: () => number;
  /** The moment by which reviews are overdue; by default now. */
  readonly atMs?: number | undefined;
  readonly canaries?: ReadonlyMap<string, string>;
  readonly secrets?: KnownSecrets;
  /** One commit of a fetched folder, every file of it as it was checked out; left out: content.root, whatever it is at. */
  readonly at?: { readonly root: string; readonly commit: string | null; readonly prefix: string };
}

/** Scans the content folder, completely or saying why not. Never throws for what is in it. */
export async function readFolder(input: FolderInput): Promise<Folder> {
  const { cache, nowMs, at } = input;
  const config = at === undefined ? input.config : { ...input.config, content: { ...input.config.content, root: at.root } };
  const targetNames = config.targets.map((target) => target.name);
  const [scan, revision] = await Promise.all([
    scanContent({
      content: config.content,
      rules: config.rules,
      targetNames,
      // A fetched folder lies within the state folder, and holds nothing of it.
      neverEnter: at === undefined ? [config.stateDir] : [],
      cache,
      now: nowMs,
      reach: reachOf(config.targets),
      fence: fenceBetween(config.targets),
      golden: config.verify.files,
      secrets: input.secrets,
    }),
    at === undefined ? readRevision(config.content.root) : revisionOf(at),
  ]);
  const { commit, dirty, prefix } = revision;
  const own = await configProblems({ config: input.config, cache, disk: nodeDisk });
  const problems = [...own, ...scan.problems, ...overdueReviews(scan.documents, input.atMs ?? nowMs()), ...claimsCanary(config, scan)];
  // A text is at a commit only where everything that it is made of is.
  const isDirty = (path: string) =>
    dirty === null || dirty.has(path) || (scan.composer?.includes(path) ?? []).some((one) => dirty.has(one));
  const commitOf = (path: string) => (path === canaryId || isDirty(path) ? null : commit);
  const { canaries } = input;
  return { scan: { ...scan, problems }, commit, prefix, cache, commitOf, ...(canaries !== undefined && { canaries }) };
}

function revisionOf({ commit, prefix }: NonNullable<FolderInput['at']>): Revision {
  return { commit, dirty: new Set(), prefix: commit === null ? null : prefix };
}

export interface Wanted {
  readonly heads: readonly PayloadHead[];
  readonly failed: readonly { readonly document: DocumentId; readonly path: string; readonly error: ErrorRecord }[];
  /** What lint said of what is given, errors (also among the failed) and warnings. */
  readonly told?: readonly ContentProblem[];
  readonly leaves: ReadonlyMap<DocumentId, { readonly reason: string; readonly retraction: boolean }>;
  inScope(path: string): boolean;
  /** The payload with its texts, rendered from the file as it is now; null where it can no longer be had. */
  payload(document: DocumentId): Promise<Payload | null>;
}

/** What decides the bytes that a target is given. */
export function renderOptionsOf(target: TargetConfig, traits: ReturnType<ConnectorSpec['connect']>['traits']): RenderOptions {
  return {
    format: target.format ?? traits.formats[0] ?? 'markdown',
    split: target.split,
    target: target.name,
    partBytes: target.maxDocumentBytes ?? traits.limits.partBytes,
    titleCharacters: traits.limits.titleCharacters,
    attributeKeys: traits.attributes,
    links: target.onUpdate === 'url',
  };
}

/** A file that has become a partial is no document any more, whatever a bot still holds under its path. */
function partialsOf(scan: Scan): readonly (readonly [DocumentId, { readonly reason: string; readonly retraction: boolean }])[] {
  return [...(scan.partials ?? [])].map((path) => [path, { reason: 'a partial: only included in others', retraction: false }]);
}

/** Whether a text holds any of them. */
export function holdsAny(secrets: KnownSecrets): (text: string) => boolean {
  return (text) => secrets.findIn(text) !== null;
}

/** What keeps a document that holds a key of the configuration from every bot: also a plan foresees it. */
export function guardOf(secrets: KnownSecrets | undefined): SendGuard | undefined {
  if (secrets === undefined) return undefined;
  return { key: secrets.digest(), refusalOf: (payload) => refusalOf(payload, { holdsSecret: holdsAny(secrets) }) };
}

/** Select and render: what one target shall have, what leaves it, and what could not be rendered or may not be sent. */
export async function wantedBy(
  target: TargetConfig,
  folder: Folder,
  options: RenderOptions,
  nowMs: number,
  guard?: SendGuard | undefined,
): Promise<Wanted> {
  const { scan, cache } = folder;
  const selection = selectFor(target, scan.documents, nowMs);
  const { heads: given, failed, told } = await payloadHeads(scan, selection.wanted, options, cache, guard);
  const canary = await canaryAt(target, folder, options);
  const heads = canary.payload === null ? given : [...given, canary.payload];
  const byId = new Map<DocumentId, Document>(selection.wanted.map((document) => [document.id, document]));
  return {
    heads,
    failed,
    told,
    leaves: new Map([...partialsOf(scan), ...leavesOfBlocked(target, scan.claims ?? [], nowMs), ...canary.leaves, ...selection.leaves]),
    inScope: (path) => path !== canaryId && scan.inScope(path) && inTargetScope(target, path),
    payload: async (id) => {
      if (id === canaryId && canary.payload !== null) return canary.payload;
      const document = byId.get(id);
      if (document === undefined) return null;
      try {
        // Of what came into the text since the scan lint has said nothing yet.
        return await lintedPayload(scan, document, options);
      } catch (thrown) {
        if (asSyncError(thrown).code === 'UNEXPECTED') throw thrown;
        return null;
      }
    },
  };
}
