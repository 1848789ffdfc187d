// One bounded look over a project, the nearest folders first: where Markdown lies, and which site generators have a configuration there.
import { below, type ProjectFolder } from './folder.ts';

export interface Survey {
  /** Paths of Markdown files. */
  readonly markdown: readonly string[];
  /** Paths of files that may configure a site generator. */
  readonly configs: readonly string[];
  /** false: the project is larger than what was looked at. */
  readonly complete: boolean;
}

export interface Bounds {
  readonly entries: number;
  readonly depth: number;
}

/** Some seconds at most, on a slow disk. */
export const usualBounds: Bounds = { entries: 20_000, depth: 8 };

/** What others wrote, and what tools made: no documents of this project. */
const passedBy: ReadonlySet<string> = new Set(
  'node_modules bower_components vendor third_party site-packages venv env __pycache__ dist build out target coverage tmp temp _site'.split(
    ' ',
  ),
);

const configName =
  /^(?:docusaurus\.config\.[cm]?[jt]s|astro\.config\.[cm]?[jt]s|mkdocs\.ya?ml|hugo\.(?:toml|ya?ml|json)|config\.(?:toml|ya?ml|json))$/;

function isMarkdown(name: string): boolean {
  return /\.mdx?$/.test(name);
}

/** Looks, and ends early rather than late. */
export function survey(project: ProjectFolder, bounds: Bounds = usualBounds): Survey {
  const markdown: string[] = [];
  const configs: string[] = [];
  let left = bounds.entries;
  let level: readonly string[] = [''];
  for (let depth = 0; level.length > 0 && depth <= bounds.depth; depth += 1) {
    const next: string[] = [];
    for (const folder of level) {
      for (const { name, kind } of project.list(folder) ?? []) {
        left -= 1;
        if (left < 0) return { markdown, configs, complete: false };
        const path = below(folder, name);
        if (kind === 'file' && isMarkdown(name) && !name.startsWith('.')) markdown.push(path);
        if (kind === 'file' && configName.test(name)) configs.push(path);
        if (kind === 'folder' && name === '.vitepress') configs.push(...vitepressConfigs(project, path));
        if (kind === 'folder' && !name.startsWith('.') && !passedBy.has(name)) next.push(path);
      }
    }
    level = next;
  }
  return { markdown, configs, complete: level.length === 0 };
}

function vitepressConfigs(project: ProjectFolder, folder: string): readonly string[] {
  const isConfig = (name: string) => /^(?:config|index)\.[cm]?[jt]s$/.test(name);
  const found = [folder, below(folder, 'config')].flatMap((place) =>
    (project.list(place) ?? []).filter(({ name, kind }) => kind === 'file' && isConfig(name)).map(({ name }) => below(place, name)),
  );
  return found.slice(0, 1);
}

/** How many of the Markdown files lie in a folder; '' is the project. */
export function countBelow(found: Survey, folder: string): number {
  return folder === '' ? found.markdown.length : found.markdown.filter((path) => path.startsWith(`${folder}/`)).length;
}

/** The same, with a folder that a person named and that was passed by: behind a link, hidden, or too far down. `inside` is that folder. */
export function withFolder(found: Survey, folder: string, inside: ProjectFolder): Survey {
  if (folder === '' || countBelow(found, folder) > 0) return found;
  const { markdown, complete } = survey(inside);
  return { ...found, markdown: [...found.markdown, ...markdown.map((path) => below(folder, path))], complete: found.complete && complete };
}
