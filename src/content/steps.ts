// The steps that every text with markup goes through, whatever file it stands in: includes, shortcodes, indented blocks, regions, variables.
// Partials go through the same ones as the documents that show them.
import type { ContentConfig, Generator } from '../model/config.ts';
import type { ContentProblem } from '../model/document.ts';
import type { JsonRecord } from '../model/json.ts';
import type { IncludeContext, IncludeReader } from './includes.ts';
import { type Place, placeAt, type Woven } from './woven.ts';

/** What a configuration says of every text. */
export interface ComposeSettings {
  readonly generator: Generator | null;
  readonly variables: ContentConfig['variables'];
  /** Declared folders of partials. */
  readonly partials: readonly string[];
  readonly targetNames: readonly string[];
  /** Name of the content root's own folder. */
  readonly rootName: string;
  /** What becomes of a name without a value. */
  readonly undefinedVariable: 'error' | 'warning' | 'off';
}

/** The settings of a configuration. */
export function settingsFor(content: ContentConfig, targetNames: readonly string[]): ComposeSettings {
  // Patterns name files that are partials; only folders are places to look in.
  const folders = content.partials.filter((path) => !/[*?[\]{}!]/.test(path)).map((path) => path.replace(/^\.\/|\/+$/g, ''));
  return {
    generator: content.site?.generator ?? null,
    variables: content.variables,
    partials: folders,
    targetNames,
    rootName: content.root.split(/[\\/]/).findLast((name) => name !== '') ?? '',
    // Where no variable is declared, braces are text: other people's templates are full of them, and nobody meant ours.
    undefinedVariable: Object.keys(content.variables).length === 0 ? 'off' : (content.lint['undefined-variable'] ?? 'error'),
  };
}

export type Dialect = 'markdown' | 'mdx' | 'html' | 'plain';

/** `rule`: the key of content.lint that it belongs to. */
export type Report = (place: Place, message: string, severity?: ContentProblem['severity'], rule?: string) => void;

/** What the steps of one text share. */
export interface Kitchen {
  readonly settings: ComposeSettings;
  /** Null: what is meant for any target stays. */
  readonly target: string | null;
  readonly read: IncludeReader;
  readonly report: Report;
  /** Set where some region depends on the target. */
  perTarget: boolean;
  readonly budget: { files: number; units: number };
  /** Of the document. */
  readonly attributes: JsonRecord;
}

/** Whether a syntax of some generators is one here: where none is named, any of them may be meant. */
export function speaks(generator: Generator | null, ...whose: readonly Generator[]): boolean {
  return generator === null || generator === 'plain' || whose.includes(generator);
}

/** Includes, shortcodes, and the indented blocks of MkDocs. */
export async function opened(woven: Woven, chain: readonly string[], kitchen: Kitchen): Promise<Woven> {
  const { generator } = kitchen.settings;
  let text = woven;
  if (/-8<-|<<<|@include/.test(text.text)) {
    const { expandIncludes } = await import('./includes.ts');
    text = expandIncludes(text, chain, includeContext(kitchen));
  }
  if (generator === 'hugo' && /\{\{[<%]/.test(text.text)) text = await withoutShortcodes(text, chain, kitchen);
  if (generator === 'mkdocs' && /\smarkdown[\s=>]/.test(text.text)) {
    const { openMarkdownInHtml } = await import('./formats/python-markdown.ts');
    text = openMarkdownInHtml(text);
  }
  if (speaks(generator, 'mkdocs') && /^[ \t]*(?:!!!|\?\?\?|===)/m.test(text.text)) {
    const { mayHoldIndentedBlocks, openIndentedBlocks } = await import('./formats/python-markdown.ts');
    if (mayHoldIndentedBlocks(text.text)) text = openIndentedBlocks(text);
  }
  return text;
}

/** Regions and variables. */
export async function spoken(woven: Woven, dialect: Dialect, kitchen: Kitchen): Promise<Woven> {
  const { target, settings } = kitchen;
  let text = woven;
  if (/kb\s*:|kb[^\p{L}\p{N}]{1,3}(?:ignore|only|end)/iu.test(text.text)) {
    const { cutRegions } = await import('./regions.ts');
    const { targetNames } = settings;
    const before = text;
    const report = (offset: number, message: string) => kitchen.report(placeAt(before, offset), message);
    const regions = cutRegions(text, { dialect, targetNames, target, report });
    kitchen.perTarget ||= regions.perTarget;
    text = regions.woven;
  }
  return filled(text, dialect, kitchen);
}

export async function filled(woven: Woven, dialect: Dialect, kitchen: Kitchen): Promise<Woven> {
  if (!woven.text.includes('{{')) return woven;
  const { variables, undefinedVariable, generator } = kitchen.settings;
  const { fillVariables, holdsName } = await import('./variables.ts');
  // On a VitePress page with a script of its own the braces are Vue's.
  const isPages = generator === 'vitepress' && /<script\b/i.test(woven.text);
  // What is no name is Vue's at VitePress, and an expression of MDX; both have a word of their own for it.
  const isTheirs = (offset: number) => (generator === 'vitepress' || dialect === 'mdx') && !holdsName(woven.text, offset);
  const report = (offset: number, message: string) => {
    if (undefinedVariable !== 'off' && !isPages && !isTheirs(offset))
      kitchen.report(placeAt(woven, offset), message, undefinedVariable, 'undefined-variable');
  };
  return fillVariables(woven, variables, await codeIn(woven, dialect), report);
}

async function codeIn(woven: Woven, dialect: Dialect) {
  if (dialect === 'html') return (await import('./formats/html.ts')).codeInHtml(woven.text);
  if (dialect === 'plain') return [];
  const { treeOf } = await import('./formats/markdown.ts');
  return treeOf(woven, dialect).code;
}

// ── includes ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export function includeContext({ settings, read, report, budget }: Kitchen): IncludeContext {
  const { partials, rootName, generator } = settings;
  const dialects = { snippets: speaks(generator, 'mkdocs'), imports: speaks(generator, 'vitepress') };
  return { read, speaks: dialects, snippetsInCode: generator === 'mkdocs', partials, rootName, report, budget };
}

/** An included file, ready to be put where it is used; null where it cannot be had, which is reported. */
export async function brought(paths: readonly string[], at: () => Place, chain: readonly string[], kitchen: Kitchen) {
  const { bodyOfIncluded, bring } = await import('./includes.ts');
  const context = includeContext(kitchen);
  const file = bring(paths, at, chain, context);
  return file === null ? null : { path: file.path, woven: bodyOfIncluded(file, chain, context) };
}

async function withoutShortcodes(woven: Woven, chain: readonly string[], kitchen: Kitchen): Promise<Woven> {
  const { shortcodePaths, withoutShortcodes: remove } = await import('./formats/hugo.ts');
  const { partials, variables, undefinedVariable } = kitchen.settings;
  const place = (offset: number) => () => placeAt(woven, offset);
  // What shortcodes include is fetched between two passes: the passes themselves are pure.
  const fetched = new Map<number, Woven | null>();
  const wanted: { readonly offset: number; readonly path: string; readonly whole: boolean }[] = [];
  const note = (whole: boolean) => (path: string, offset: number) => {
    wanted.push({ offset, path, whole });
    return null;
  };
  remove(woven, { include: note(false), file: note(true), parameter: () => null });
  for (const { offset, path, whole } of wanted) {
    const file = await brought(shortcodePaths(path, chain.at(-1) ?? '', partials), place(offset), chain, kitchen);
    const inner = file === null || whole ? (file?.woven ?? null) : await opened(file.woven, [...chain, file.path], kitchen);
    fetched.set(offset, inner);
  }
  const bring = (_: string, offset: number) => fetched.get(offset) ?? null;
  const { undefinedMessage } = await import('./variables.ts');
  const parameter = (name: string, offset: number) => {
    // As Hugo has it: the page's own parameter before the site's.
    const own = parameterOf(kitchen.attributes, name);
    if (own !== null) return own;
    if (Object.hasOwn(variables, name)) return variables[name] ?? null;
    const severity = undefinedVariable === 'off' ? 'warning' : undefinedVariable;
    kitchen.report(placeAt(woven, offset), undefinedMessage(name, variables), severity, 'undefined-variable');
    return null;
  };
  const found = remove(woven, { include: bring, file: bring, parameter });
  tellUnknown(found.unknown, 'shortcode', woven, kitchen);
  return found.woven;
}

/** Below `params`, or at the top of the front matter; names are the same in any case of letters. */
function parameterOf(attributes: JsonRecord, name: string): string | null {
  const params = attributes['params'];
  for (const place of [typeof params === 'object' && params !== null && !Array.isArray(params) ? (params as JsonRecord) : {}, attributes]) {
    const key = Object.keys(place).find((each) => each.toLowerCase() === name.toLowerCase());
    const value = key === undefined ? undefined : place[key];
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  }
  return null;
}

/** One warning for all of a document: code is not run. */
export function tellExpressions(offsets: readonly number[], woven: Woven, { report }: Kitchen): void {
  const [first] = offsets;
  if (first === undefined) return;
  const lines = [...new Set(offsets.map((offset) => placeAt(woven, offset).line))];
  const where = lines.length === 1 ? 'here' : `here (and in line ${lines.slice(1).join(', ')})`;
  report(placeAt(woven, first), `what stands between braces ${where} is code, which is not run: what it would show is left out`, 'warning');
}

/** One warning for all of a document: what they draw by themselves is not in its text. */
export function tellUnknown(unknown: ReadonlyMap<string, number>, what: string, woven: Woven, { report }: Kitchen): void {
  const [first] = unknown.values();
  if (first === undefined) return;
  const names = [...unknown].map(([name, offset]) => `${name} (line ${placeAt(woven, offset).line})`);
  const plural = names.length === 1 ? `a ${what}` : `${what}s`;
  report(
    placeAt(woven, first),
    `${plural} not known here: ${names.join(', ')}; the text within stays, what it draws by itself is left out`,
    'warning',
  );
}
