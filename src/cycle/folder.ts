// The folder as one run sees it: scanned once, then shared by all targets; and what one target is to have of it.
import type { ConnectorSpec } from '../connectors/connector.ts';
import { payloadHeads, type RenderOptions, renderPayload } from '../content/render.ts';
import { readRevision } from '../content/revision.ts';
import { type Scan, type ScanCache, scanContent } from '../content/scan.ts';
import { inTargetScope, selectFor } from '../content/select.ts';
import type { Config, TargetConfig } from '../model/config.ts';
import type { Document, DocumentId } from '../model/document.ts';
import { asSyncError, type ErrorRecord } from '../model/error.ts';
import type { Payload, PayloadHead } from '../model/payload.ts';

export interface Folder {
  readonly scan: Scan;
  /** HEAD of the repository that holds the folder; null where there is none. */
  readonly commit: string | null;
  /** The commit that a path's bytes belong to; null where they differ from it, or there is none. */
  commitOf(path: string): string | null;
  readonly cache: ScanCache | null;
}

export interface FolderInput {
  readonly config: Config;
  readonly cache: ScanCache | null;
  readonly nowMs: () => number;
}

/** Scans the content folder, completely or saying why not. Never throws for what is in it. */
export async function readFolder(input: FolderInput): Promise<Folder> {
  const { config, cache, nowMs } = input;
  const targetNames = config.targets.map((target) => target.name);
  const [scan, revision] = await Promise.all([
    scanContent({ content: config.content, rules: config.rules, targetNames, neverEnter: [config.stateDir], cache, now: nowMs }),
    readRevision(config.content.root),
  ]);
  const { commit, dirty } = revision;
  return { scan, commit, cache, commitOf: (path) => (dirty === null || dirty.has(path) ? null : commit) };
}

export interface Wanted {
  readonly heads: readonly PayloadHead[];
  readonly failed: readonly { readonly document: DocumentId; readonly path: string; readonly error: ErrorRecord }[];
  readonly leaves: ReadonlyMap<DocumentId, { readonly reason: string; readonly retraction: boolean }>;
  inScope(path: string): boolean;
  /** The payload with its texts, rendered from the file as it is now; null where it can no longer be had. */
  payload(document: DocumentId): Promise<Payload | null>;
}

/** What decides the bytes that a target is given. */
export function renderOptionsOf(target: TargetConfig, traits: ReturnType<ConnectorSpec['connect']>['traits']): RenderOptions {
  return {
    format: 'markdown',
    partBytes: target.maxDocumentBytes ?? traits.limits.partBytes,
    titleCharacters: traits.limits.titleCharacters,
    attributeKeys: traits.attributes,
    links: target.onUpdate === 'url',
  };
}

/** Select and render: what one target shall have, what leaves it, and what could not be rendered. */
export async function wantedBy(target: TargetConfig, folder: Folder, options: RenderOptions, nowMs: number): Promise<Wanted> {
  const { scan, cache } = folder;
  const selection = selectFor(target, scan.documents, nowMs);
  const { heads, failed } = await payloadHeads(scan, selection.wanted, options, cache);
  const byId = new Map<DocumentId, Document>(selection.wanted.map((document) => [document.id, document]));
  return {
    heads,
    failed,
    leaves: selection.leaves,
    inScope: (path) => scan.inScope(path) && inTargetScope(target, path),
    payload: async (id) => {
      const document = byId.get(id);
      if (document === undefined) return null;
      try {
        return await renderPayload(document, scan.text(document), options);
      } catch (thrown) {
        if (asSyncError(thrown).code === 'UNEXPECTED') throw thrown;
        return null;
      }
    },
  };
}
