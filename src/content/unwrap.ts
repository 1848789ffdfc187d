// MDX files: what of them is MDX at all, and the partials and files that they import, each with all its own steps done.
import type { Generator } from '../model/config.ts';
import { brought, includeContext, type Kitchen, opened, spoken, tellExpressions, tellUnknown } from './steps.ts';
import { type Place, placeAt, splice, type Woven, weave } from './woven.ts';

/** `.mdx` always is; Docusaurus reads `.md` as MDX too, and where that fails it is Markdown here. */
export async function readsAsMdx(path: string, text: string, generator: Generator | null): Promise<boolean> {
  if (/\.mdx$/i.test(path)) return true;
  if (generator !== 'docusaurus' || !/[<{]|^(?:import|export)\s/m.test(text)) return false;
  const { parseMdx } = await import('./formats/mdx.ts');
  // Names of ours between double braces may be no JavaScript.
  const masked = text.replace(/\{\{[ \t]*[\w.-]+[ \t]*\}\}/g, (braces) => ' '.repeat(braces.length));
  return 'root' in parseMdx(weave({ path, text: masked, firstLine: 1 }));
}

/** MDX → Markdown, partials included. `props`: what a partial is given; null for the document itself. */
export async function unwrapped(
  woven: Woven,
  chain: readonly string[],
  props: ReadonlyMap<string, string> | null,
  kitchen: Kitchen,
): Promise<Woven> {
  const { parseMdx, withoutMdx } = await import('./formats/mdx.ts');
  const parsed = parseMdx(woven);
  if ('fault' in parsed) {
    kitchen.report(placeAt(woven, parsed.fault.offset), `cannot be read as MDX: ${parsed.fault.message}`);
    return woven;
  }
  const fetched = new Map<string, Woven | null>();
  const wanted: {
    readonly key: string;
    readonly path: string;
    readonly offset: number;
    readonly props: ReadonlyMap<string, string> | null;
  }[] = [];
  const key = (path: string, offset: number) => `${offset} ${path}`;
  const ask = (path: string, offset: number, given: ReadonlyMap<string, string> | null) => {
    wanted.push({ key: key(path, offset), path, offset, props: given });
    return null;
  };
  const dry = withoutMdx(woven, parsed.root, { document: ask, file: (path, offset) => ask(path, offset, null) }, props);
  tellUnknown(dry.unknown, 'component', woven, kitchen);
  tellExpressions(dry.expressions, woven, kitchen);
  if (wanted.length === 0) return dry.woven;
  for (const one of wanted) fetched.set(one.key, await imported(one.path, () => placeAt(woven, one.offset), one.props, chain, kitchen));
  const bring = (path: string, offset: number) => fetched.get(key(path, offset)) ?? null;
  return withoutMdx(woven, parsed.root, { document: bring, file: bring }, props).woven;
}

/** An imported file: a document with all its own steps done, or (`props` null) a file as it is. */
async function imported(
  path: string,
  at: () => Place,
  props: ReadonlyMap<string, string> | null,
  chain: readonly string[],
  kitchen: Kitchen,
): Promise<Woven | null> {
  const { importPaths } = await import('./formats/mdx.ts');
  const paths = importPaths(path, chain.at(-1) ?? '', kitchen.settings.rootName);
  if (props === null) {
    const { bring } = await import('./includes.ts');
    const file = bring(paths, at, chain, includeContext(kitchen));
    return file === null ? null : weave({ path: file.path, text: file.text.replace(/(?<!\n)\n+$/, ''), firstLine: 1 });
  }
  const file = await brought(paths, at, chain, kitchen);
  if (file === null) return null;
  const inner = [...chain, file.path];
  const text = await opened(file.woven, inner, kitchen);
  const isMdx = await readsAsMdx(file.path, text.text, kitchen.settings.generator);
  const said = await spoken(text, isMdx ? 'mdx' : 'markdown', kitchen);
  return isMdx ? trimmed(await unwrapped(said, inner, props, kitchen)) : trimmed(said);
}

function trimmed(woven: Woven): Woven {
  const { text } = woven;
  const start = text.length - text.trimStart().length;
  const end = text.trimEnd().length;
  return splice(woven, [
    { start: 0, end: Math.min(start, text.length), insert: '' },
    { start: Math.max(start, end), end: text.length, insert: '' },
  ]);
}
