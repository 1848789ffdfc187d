// The document of the freshness check, as one target is given it: it stands in no file, and goes the way of any other from here on.
import { type RenderOptions, renderPayload } from '../content/render.ts';
import type { Scan } from '../content/scan.ts';
import type { Leave } from '../content/select.ts';
import { canaryId } from '../model/canary.ts';
import type { Config, TargetConfig } from '../model/config.ts';
import type { ContentProblem, Document, DocumentId } from '../model/document.ts';
import { fingerprint } from '../model/json.ts';
import type { Payload } from '../model/payload.ts';
import { canaryText, canaryTitle } from '../verify/canary.ts';
import type { Folder } from './folder.ts';

interface CanaryAt {
  /** Null: the target does not have it, or it has yet to be made. */
  readonly payload: Payload | null;
  /** Where it is switched off: it goes like any document that is not for this target. */
  readonly leaves: readonly (readonly [DocumentId, Leave])[];
}

/** What one target is to have of it. */
export async function canaryAt(target: TargetConfig, folder: Folder, options: RenderOptions): Promise<CanaryAt> {
  if (!target.canary) return { payload: null, leaves: [[canaryId, { reason: 'the freshness check is switched off', retraction: false }]] };
  const made = canaryDocumentAt(target, folder);
  return { payload: made === null ? null : await made.render(options), leaves: [] };
}

/** The document itself; null where the target has none, or it has yet to be made. */
export function canaryDocumentAt(
  target: TargetConfig,
  folder: Folder,
): { readonly document: Document; render(options: RenderOptions): Promise<Payload> } | null {
  const code = folder.canaries?.get(target.name);
  if (!target.canary || code === undefined || isClaimed(folder.scan)) return null;
  const text = canaryText(code);
  const document: Document = {
    kind: 'article',
    id: canaryId,
    path: canaryId,
    title: canaryTitle,
    url: null,
    attributes: {},
    // It tells nobody anything: it stands inside the fence of whoever has it.
    distribution: { targets: null, audience: target.audience?.[0] ?? null, draft: false, publishAt: null, expiresAt: null, reviewBy: null },
    tests: [],
    body: fingerprint(text),
  };
  return { document, render: (options) => renderPayload(document, text, { ...options, links: false }) };
}

/** A file that has taken its id: then there is no check. */
export function claimsCanary(config: Pick<Config, 'targets'>, scan: Pick<Scan, 'documents'>): readonly ContentProblem[] {
  const claimant = scan.documents.find(({ id }) => id === canaryId);
  if (claimant === undefined || !config.targets.some(({ canary }) => canary)) return [];
  const message = `its id, ${canaryId}, is that of the freshness check, which is left out as long as it has it: give it another one`;
  return [{ path: claimant.path, line: null, column: null, message, severity: 'warning' }];
}

function isClaimed({ documents, blockedIds }: Scan): boolean {
  return documents.some(({ id }) => id === canaryId) || blockedIds?.has(canaryId) === true;
}
