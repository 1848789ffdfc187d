// One body → the text that a reader of the published page sees, still in the syntax it was written in: includes, regions, variables, what a
// site generator adds to Markdown, links. The order of these steps is decided here and nowhere else. Pure, but for the files that the
// include reader is asked for; the grammars are loaded only for texts that could hold something of theirs.
import type { Generator } from '../model/config.ts';
import type { ContentProblem } from '../model/document.ts';
import { type JsonRecord, sha256 } from '../model/json.ts';
import { HeavyText } from './formats/heavy.ts';
import type { IncludeReader } from './includes.ts';
import { landingOf } from './landing.ts';
import type { LinkResolver, LinkSite } from './links.ts';
import { type ComposeSettings, type Kitchen, opened, type Report, speaks, spoken, tellExpressions, tellUnknown } from './steps.ts';
import { firstHeading } from './title.ts';
import { readsAsMdx, unwrapped } from './unwrap.ts';
import { placeAt, type Source, splice, type Woven, weave } from './woven.ts';

export type Syntax = 'markdown' | 'html' | 'plain';

export interface ComposeInput {
  readonly source: Source;
  /** By default what the name of the file says; Markdown that is said to be Markdown is not MDX. */
  readonly syntax?: Syntax;
  readonly settings: ComposeSettings;
  /** Null: what is meant for any target stays. */
  readonly target: string | null;
  readonly read: IncludeReader;
  /** Null: links stay as they are. */
  readonly resolve: LinkResolver | null;
  /** Links found in the same text before. */
  readonly known: KnownLinks | null;
  /** The document's native keys, for what its generator shows of them. */
  readonly attributes?: JsonRecord;
}

/** The links of a text, and the digest of the text they were found in. */
export interface KnownLinks {
  readonly of: string;
  readonly sites: readonly LinkSite[];
}

export interface Composed {
  readonly text: string;
  readonly syntax: Syntax;
  readonly problems: readonly ContentProblem[];
  /** The first level-one heading, or an HTML page's title. */
  readonly title: string | null;
  readonly links: KnownLinks | null;
  /** Some region depends on the target. */
  readonly perTarget: boolean;
}

/** What a file is by its name; null for formats that are no text. */
export function syntaxOf(path: string): Syntax | null {
  if (/\.(?:md|mdx|markdown)$/i.test(path)) return 'markdown';
  if (/\.html?$/i.test(path)) return 'html';
  return /\.txt$/i.test(path) ? 'plain' : null;
}

/** What the includes of one document may add up to. */
const includeBudget = { files: 1_000, units: 2 * 1024 * 1024 };

/** Composes a text. Whatever is wrong with it is among the problems; it never throws for what is in it. */
export async function compose(input: ComposeInput): Promise<Composed> {
  const problems: ContentProblem[] = [];
  const report: Report = (place, message, severity = 'error', rule = undefined) => {
    const { path, line, column } = place;
    const known = problems.some((other) => other.path === path && other.line === line && other.message === message);
    if (!known) problems.push({ path, line, column, message, severity, ...(rule !== undefined && { rule }) });
  };
  const start = weave(input.source);
  const syntax = input.syntax ?? syntaxOf(input.source.path) ?? 'plain';
  try {
    const { settings, target, read } = input;
    const { attributes = {} } = input;
    const kitchen: Kitchen = { settings, target, read, report, perTarget: false, budget: { ...includeBudget }, attributes };
    const done = await stepsFor(syntax)(start, { path: input.source.path, mayBeMdx: input.syntax === undefined }, kitchen);
    const { woven, links } = syntax === 'plain' ? { woven: done, links: null } : await linked(done, syntax, input);
    return { text: woven.text, syntax, problems, title: await titleOf(woven.text, syntax), links, perTarget: kitchen.perTarget };
  } catch (thrown) {
    // Grammars recurse: a text that nests thousands of levels deep is refused, not crashed over.
    if (!(thrown instanceof RangeError)) throw thrown;
    report(placeAt(start, 0), thrown instanceof HeavyText ? thrown.message : 'is nested too deeply to be read');
    return { text: start.text, syntax, problems, title: null, links: null, perTarget: false };
  }
}

interface File {
  readonly path: string;
  readonly mayBeMdx: boolean;
}

function stepsFor(syntax: Syntax): (woven: Woven, file: File, kitchen: Kitchen) => Promise<Woven> {
  switch (syntax) {
    case 'markdown':
      return markdownSteps;
    case 'html':
      return (woven, _, kitchen) => spoken(woven, 'html', kitchen);
    case 'plain':
      return (woven, _, kitchen) => spoken(woven, 'plain', kitchen);
    default:
      return syntax satisfies never;
  }
}

async function markdownSteps(woven: Woven, { path, mayBeMdx }: File, kitchen: Kitchen): Promise<Woven> {
  const { generator } = kitchen.settings;
  const chain = [path];
  const landing = landingOf(kitchen.attributes, generator);
  const whole = landing === '' ? woven : splice(woven, [{ start: 0, end: 0, insert: `${landing}\n\n` }]);
  // The generators read these before they read Markdown.
  const prepared = await opened(whole, chain, kitchen);
  const isMdx = mayBeMdx && (await readsAsMdx(path, prepared.text, generator));
  let text = await spoken(prepared, isMdx ? 'mdx' : 'markdown', kitchen);
  if (isMdx) text = await unwrapped(text, chain, null, kitchen);
  // At MkDocs `::: package.module` asks mkdocstrings for a module; Hugo has no containers.
  const mayHoldContainers = speaks(generator, 'docusaurus', 'vitepress', 'astro') && text.text.includes(':::');
  const containers = mayHoldContainers ? await import('./formats/containers.ts') : null;
  if (containers !== null) text = containers.openContainers(text, 'markdown');
  if (generator === 'vitepress') text = await withoutVue(text, kitchen);
  return withoutMarks(text, generator, isMdx);
}

async function linked(woven: Woven, syntax: 'markdown' | 'html', { resolve, known, source }: ComposeInput) {
  const { linksIn, mayHoldLinks, withAddresses } = await import('./links.ts');
  if (!mayHoldLinks(woven.text, syntax)) return { woven, links: null };
  const of = sha256(woven.text);
  const links: KnownLinks = known?.of === of ? known : { of, sites: linksIn(woven, syntax) };
  if (resolve === null) return { woven, links };
  const urlOf = (site: LinkSite) => resolvedFrom(resolve, site, source.path)?.url ?? null;
  return { woven: withAddresses(woven, links.sites, urlOf), links };
}

/** Where a link leads: seen from the file that it was written in, else from the document that includes it. */
export function resolvedFrom(resolve: LinkResolver, site: LinkSite, documentPath: string) {
  // An anchor alone is a place in the page that is read, wherever the words came from.
  if (site.path === documentPath || site.href.startsWith('#')) return resolve(documentPath, site.href, site.kind);
  const fromThere = resolve(site.path, site.href, site.kind);
  return fromThere === null || (!fromThere.broken && fromThere.url !== null) ? fromThere : resolve(documentPath, site.href, site.kind);
}

async function titleOf(text: string, syntax: Syntax): Promise<string | null> {
  if (syntax !== 'html') return firstHeading(text)?.text ?? null;
  const { parseHtml, titleOfHtml } = await import('./formats/html.ts');
  return titleOfHtml(parseHtml(text, 'page'));
}

// ── what generators add ───────────────────────────────────────────────────────────────────────────────────────────────

async function withoutVue(woven: Woven, kitchen: Kitchen): Promise<Woven> {
  const vue = await import('./formats/vue.ts');
  if (!vue.mayHoldVue(woven.text)) return woven;
  const { woven: result, unknown, expressions } = vue.withoutVue(woven);
  tellUnknown(unknown, 'component', woven, kitchen);
  tellExpressions(expressions, woven, kitchen);
  return result;
}

async function withoutMarks(woven: Woven, generator: Generator | null, isMdx: boolean): Promise<Woven> {
  if (isMdx) return woven;
  const marks = await import('./formats/marks.ts');
  if (generator === null || generator === 'plain') return marks.mayHoldComments(woven.text) ? marks.withoutComments(woven) : woven;
  return marks.mayHoldMarks(woven.text) ? marks.withoutMarks(woven, generator) : woven;
}
