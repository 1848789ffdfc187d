// The rules of docs/architecture.md as functions from source texts to breaches. Pure, so that each can be shown a planted breach.

/** Path from the repository's root, forward slashes → text. */
export type Sources = ReadonlyMap<string, string>;

export interface Import {
  readonly from: string;
  readonly specifier: string;
  /** Vanishes when compiled. */
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

const statics = /^(import|export)[ \t]+(type[ \t]+)?(?:[^'"`;()=]*?[ \t\n}*]from[ \t]+)?'([^'\n]+)';?/gm;
const dynamics = /\bimport\(\s*'([^'\n]+)'\s*\)(\.[A-Z])?/g;

/** Every `import … from`, `export … from`, bare import and `import('…')` of a text. `import('…').Name` is a type. */
export function importsOf(path: string, text: string): readonly Import[] {
  const found: Import[] = [];
  for (const [whole, word, type, specifier] of text.matchAll(statics)) {
    if (specifier === undefined || (word === 'export' && !whole.includes(' from '))) continue;
    found.push({ from: path, specifier, typeOnly: type !== undefined, dynamic: false });
  }
  for (const line of text.split('\n')) {
    if (/^\s*(?:\/\/|\*)/.test(line)) continue;
    for (const [, specifier, type] of line.matchAll(dynamics)) {
      if (specifier !== undefined) found.push({ from: path, specifier, typeOnly: type !== undefined, dynamic: true });
    }
  }
  return found;
}

/** The part of the tree that a file belongs to: `plan`, `cycle.ts`, `connectors/connector`, `connectors/<vendor>`, `connectors/<vendor>/emulator`. */
export function areaOf(path: string): string {
  const steps = path.replace(/^src\//, '').split('/');
  const [first = '', second = '', third] = steps;
  if (first !== 'connectors' || steps.length === 1) return first;
  if (third === undefined) return `connectors/${second.replace(/\.ts$/, '')}`;
  return `connectors/<vendor>${third.startsWith('emulator') ? '/emulator' : ''}`;
}

/** A relative specifier as a path from the root; null for packages and Node's own modules. */
export function resolved({ from, specifier }: Import): string | null {
  if (!specifier.startsWith('.')) return null;
  const steps = from.split('/').slice(0, -1);
  for (const step of specifier.split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '.') steps.push(step);
  }
  return steps.join('/');
}

/** Packages that loading a file loads with it, by the files in between: what stands behind `import()` is left out. */
export function packagesLoadedBy(sources: Sources, file: string): ReadonlySet<string> {
  const seen = new Set([file]);
  const packages = new Set<string>();
  // A set grows while it is walked.
  for (const path of seen) {
    for (const one of importsOf(path, sources.get(path) ?? '')) {
      if (one.typeOnly || one.dynamic) continue;
      const inside = resolved(one);
      if (inside !== null) seen.add(inside);
      else if (!one.specifier.startsWith('node:')) packages.add(one.specifier);
    }
  }
  return packages;
}

export interface Allowed {
  /** Areas that may be imported. */
  readonly values: readonly string[];
  /** Areas of which only types may be. */
  readonly types?: readonly string[];
}

/** Imports that the table does not allow. An area that the table does not name may import nothing. */
export function importBreaches(sources: Sources, table: { readonly [area: string]: Allowed }): readonly string[] {
  return each(sources, (path, text) =>
    importsOf(path, text).flatMap((found) => {
      const to = resolved(found);
      if (to === null) return [];
      if (!to.endsWith('.ts')) return [`${path}: ${found.specifier} does not end in .ts`];
      const [own, other] = [areaOf(path), areaOf(to)];
      const sameVendor = !own.startsWith('connectors/<') || vendorOf(path) === vendorOf(to);
      if (own === other && sameVendor) return [];
      const allowed = table[own] ?? { values: [] };
      const fits = allowed.values.includes(other) || (found.typeOnly && (allowed.types ?? []).includes(other));
      const stranger = own.startsWith('connectors/<') && other.startsWith('connectors/<') && !sameVendor;
      return fits && !stranger ? [] : [`${path} imports ${to}${found.typeOnly ? ' (type)' : ''}: ${own} may not`];
    }),
  );
}

function vendorOf(path: string): string {
  return path.split('/')[2] ?? '';
}

/** Packages that stand in other files than the ones named. A package that the table does not name may stand nowhere. */
export function packageBreaches(sources: Sources, homes: { readonly [name: string]: readonly string[] }): readonly string[] {
  return each(sources, (path, text) =>
    importsOf(path, text).flatMap(({ specifier }) => {
      if (specifier.startsWith('.') || specifier.startsWith('node:')) return [];
      const name = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
      const home = homes[name];
      const fits = home?.some((place) => (place.endsWith('/') ? path.startsWith(place) : path === place)) ?? false;
      return fits ? [] : [`${path} imports ${name}, which belongs in ${home?.join(', ') ?? 'no file: add it to the table'}`];
    }),
  );
}

/** Lines that match a pattern in files where it may not stand. Comments do not count. `places` are files, or folders ending in a slash. */
export function patternBreaches(sources: Sources, pattern: RegExp, places: readonly string[]): readonly string[] {
  return each(sources, (path, text) => {
    if (places.some((place) => (place.endsWith('/') ? path.startsWith(place) : path === place))) return [];
    return text.split('\n').flatMap((line, index) => {
      if (/^\s*(?:\/\/|\/?\*)/.test(line) || !pattern.test(line.replace(/\/\*.*?\*\/|\/\/ .*$/g, ''))) return [];
      return [`${path}:${index + 1}: ${line.trim()}`];
    });
  });
}

/** Files that do not open with a comment that says what they own. */
export function silentFiles(sources: Sources): readonly string[] {
  return each(sources, (path, text) => (/^(?:#!.*\n)?\/[/*][ \t*]*[^\s*]/.test(text) ? [] : [path]));
}

/** Files over the limit, but for those with a reason of their own. */
export function longFiles(sources: Sources, most: number, excused: readonly string[]): readonly string[] {
  return each(sources, (path, text) => {
    const lines = text.split('\n').length - 1;
    return lines > most && !excused.includes(path) ? [`${path}: ${lines} lines`] : [];
  });
}

/** Vendors without a folder, and folders without a vendor. */
export function registryBreaches(registered: readonly string[], sources: Sources): readonly string[] {
  const folders = new Set([...sources.keys()].flatMap((path) => /^src\/connectors\/([^/]+)\//.exec(path)?.[1] ?? []));
  return [
    ...registered.filter((name) => !folders.has(name)).map((name) => `${name} is registered and has no folder`),
    ...[...folders].filter((name) => !registered.includes(name)).map((name) => `src/connectors/${name} is not registered`),
  ];
}

function each(sources: Sources, judge: (path: string, text: string) => readonly string[]): readonly string[] {
  return [...sources].flatMap(([path, text]) => judge(path, text));
}
