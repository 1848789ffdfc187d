// The texts of a scan's documents, composed as they are now for one target, with their links resolved against all of the folder. And what of
// a text lies beside its file, so that the scan cache knows when it has to be made anew.
import type { ContentProblem, Document, DocumentId } from '../model/document.ts';
import { SyncError } from '../model/error.ts';
import { fingerprint } from '../model/json.ts';
import type { CachedFile } from './cached-file.ts';
import { type ComposeInput, compose, type KnownLinks, resolvedFrom, type Syntax } from './compose.ts';
import type { ContentDisk } from './disk.ts';
import { includeFiles } from './include-files.ts';
import type { LinkResolver, LinkSite } from './links.ts';
import { bounded } from './lint-rules.ts';
import type { ComposeSettings } from './steps.ts';

/** A document's text, ready to be put into a target's format. */
export interface ComposedText {
  /** The author's body as it stands in the file. */
  readonly body: string;
  readonly text: string;
  readonly syntax: Syntax;
  /** Nothing that it is made of has changed since the scan. */
  readonly asScanned: boolean;
}

export interface Composer {
  /** Null as a target: what is meant for any of them stays. Throws DOCUMENT_REFUSED where the files are no longer what was scanned. */
  compose(document: Document, target: string | null): Promise<ComposedText>;
  /** The text differs from target to target. */
  isPerTarget(document: Document): boolean;
  /** Fingerprint of what shapes the text and lies in other files that it does not include: where its links lead. '' for nothing. */
  around(document: Document): string;
  /** Paths of the files that a file includes. */
  includes(path: string): readonly string[];
}

/** A document's own text as it is now; `current` is false where its body changed since the scan. */
export interface TextNow {
  readonly text: string;
  readonly syntax: Syntax | null;
  readonly current: boolean;
}

export interface ComposerInput {
  readonly root: string;
  readonly neverEnter: readonly string[];
  readonly disk: ContentDisk;
  readonly settings: ComposeSettings;
  readonly files: ReadonlyMap<string, CachedFile>;
  readonly resolve: LinkResolver;
  readonly textNow: (document: Document) => Promise<TextNow>;
}

/** UTF-16 units of sources and composed texts. */
const mostKept = 64 * 1024 * 1024;

/** A composer for one scan. */
export function composerOf(input: ComposerInput): Composer {
  const { files, resolve, settings } = input;
  const linksOf = ({ path, id }: Document): KnownLinks | null => {
    const { links = {} } = files.get(path) ?? {};
    return Object.hasOwn(links, id) ? (links[id] ?? null) : null;
  };

  // Most texts are the same for every target: they are composed once, as far as memory goes.
  const made = new Map<DocumentId, { readonly source: string; readonly text: string; readonly syntax: Syntax }>();
  let room = mostKept;

  return {
    async compose(document, target) {
      const now = await input.textNow(document);
      const body = now.text;
      if (document.kind === 'url') return { body, text: body, syntax: 'plain', asScanned: now.current };
      // What was made from a binary file holds no markup of ours.
      if (document.kind === 'file') return { body, text: body, syntax: now.syntax ?? 'plain', asScanned: now.current };
      const log = includeFiles(input.root, input.neverEnter, input.disk).log();
      const text = document.kind === 'qa' ? document.answer : body;
      const { includes = [], perTarget } = files.get(document.path) ?? {};
      const isShared = now.current && includes.length === 0 && perTarget !== true;
      const before = isShared ? made.get(document.id) : undefined;
      if (before?.source === text) return { body, text: before.text, syntax: before.syntax, asScanned: true };
      const source = { path: document.path, text, firstLine: 1 };
      const { attributes } = document;
      const base: ComposeInput = { source, settings, target, read: log.read, resolve, known: linksOf(document), attributes };
      const composing: ComposeInput = document.kind === 'qa' ? { ...base, syntax: 'markdown' } : base;
      const composed = await compose(composing);
      const error = composed.problems.find((problem) => problem.severity === 'error');
      if (error !== undefined) throw changedSince(document, error);
      const facts = files.get(document.path)?.includes ?? [];
      const known = new Map(facts.map(({ path, digest }) => [path, digest]));
      const same = log.facts().every(({ path, digest }) => known.get(path) === digest);
      const size = text.length + composed.text.length;
      if (isShared && size <= room) {
        room -= size;
        made.set(document.id, { source: text, text: composed.text, syntax: composed.syntax });
      }
      return { body, text: composed.text, syntax: composed.syntax, asScanned: now.current && same };
    },
    isPerTarget: (document) => files.get(document.path)?.perTarget === true,
    around(document) {
      const sites = linksOf(document)?.sites ?? [];
      const urls = sites.map((site) => resolvedFrom(resolve, site, document.path)?.url ?? null);
      return urls.every((url) => url === null) ? '' : fingerprint(urls);
    },
    includes: (path) => (files.get(path)?.includes ?? []).filter(({ digest }) => digest !== null).map((fact) => fact.path),
  };
}

/** Links that lead nowhere: file, line and what was written. */
export function brokenLinks(
  files: ReadonlyMap<string, CachedFile>,
  resolve: LinkResolver,
  severity: ContentProblem['severity'],
): readonly { readonly path: string; readonly problem: ContentProblem }[] {
  const found: { path: string; problem: ContentProblem }[] = [];
  for (const [path, file] of files) {
    const sites = Object.values(file.links ?? {}).flatMap((links) => links.sites);
    const broken = sites.filter((site) => resolvedFrom(resolve, site, path)?.broken === true);
    const findings = broken.map((site) => ({ ...placeOf(site), message: brokenMessage(site), severity, rule: 'broken-link' }));
    for (const finding of bounded(findings)) found.push({ path, problem: finding });
  }
  return found;
}

/** Why a bot that may have the one document may not have the other, as a clause that names it; null: every bot may have both. */
export type FenceBetween = (from: Document, to: Document) => string | null;

/** Links that lead out of a bot's fence: file, line and what lies behind. */
export function internalLinks(
  files: ReadonlyMap<string, CachedFile>,
  resolve: LinkResolver,
  fence: FenceBetween,
  severity: ContentProblem['severity'],
): readonly { readonly path: string; readonly problem: ContentProblem }[] {
  const found: { path: string; problem: ContentProblem }[] = [];
  for (const [path, file] of files) {
    // Whom a link in a region is for cannot be told from here.
    if (file.perTarget === true) continue;
    const findings = file.documents.flatMap((document) => {
      const sites = Object.hasOwn(file.links ?? {}, document.id) ? (file.links?.[document.id]?.sites ?? []) : [];
      return sites.flatMap((site) => {
        const page = site.kind === 'link' ? resolvedFrom(resolve, site, path)?.page : undefined;
        const why = page === undefined ? null : fence(document, page);
        if (page === undefined || why === null) return [];
        return [{ ...placeOf(site), message: `the link "${site.href}" leads to ${page.path}, ${why}`, severity, rule: 'internal-link' }];
      });
    });
    for (const finding of bounded(findings)) found.push({ path, problem: finding });
  }
  return found;
}

function placeOf({ path, line, column }: LinkSite) {
  return { path, line, column };
}

function brokenMessage({ kind, href }: LinkSite): string {
  return kind === 'image' ? `the image "${href}" is not there` : `the link "${href}" leads nowhere: there is no such file`;
}

function changedSince(document: Document, { path, line, message }: ContentProblem): SyncError {
  const name: DocumentId = document.id;
  return new SyncError('DOCUMENT_REFUSED', {
    message: `${name}: ${path}${line === null ? '' : `:${line}`} ${message}`,
    next: 'mend it; the next sync looks at it anew',
    facts: { retry: 'later' },
  });
}
