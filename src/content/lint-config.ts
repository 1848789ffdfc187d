// Lint of what a configuration itself says to bots: variables, what rules set, the address of the site, its own name. Documents that take any
// of it are judged by what they are given; this tells where it stands.
import path from 'node:path';
import type { Config } from '../model/config.ts';
import type { ContentProblem } from '../model/document.ts';
import { fingerprint, type Json } from '../model/json.ts';
import type { ScanCache } from './cached-file.ts';
import type { ContentDisk } from './disk.ts';
import { lineInSource } from './lint-place.ts';
import { lintVersion, problemOf } from './lint-rules.ts';
import { stringsIn, type Value } from './lint-values.ts';
import { decode, maxFileBytes } from './source.ts';

export interface ConfigLintInput {
  readonly config: Config;
  readonly cache: ScanCache | null;
  readonly disk: ContentDisk;
}

/** What lint says of it, by the configuration's path as seen from the content root. Kept in the cache until one of the texts is another. */
export async function configProblems({ config, cache, disk }: ConfigLintInput): Promise<readonly ContentProblem[]> {
  const { content, rules, name, file } = config;
  if (Object.values(content.lint).every((severity) => severity === 'off')) return [];
  const values = [
    { what: 'name', text: name },
    ...Object.entries(content.variables).flatMap(([key, value]) => stringsIn(value, `content.variables.${key}`)),
    ...rules.flatMap(({ set }, index) => stringsIn(set, `rules[${index}].set`)),
    ...stringsIn(content.site?.url ?? '', 'content.site.url'),
    ...stringsIn(content.defaults.audience, 'content.defaults.audience'),
  ];
  const key = fingerprint({ lintVersion, lint: content.lint, values: values.map(({ what, text }) => [what, text]) } as unknown as Json);
  const known = cache?.memo?.('config', key) as readonly ContentProblem[] | null | undefined;
  if (known !== null && known !== undefined) return known;
  const where = path.relative(content.root, file).split(path.sep).join('/');
  const found = await problemsIn(values, config, where, () => textOf(disk, file));
  cache?.putMemo?.('config', key, found as unknown as Json);
  return found;
}

async function problemsIn(
  values: readonly Value[],
  { content }: Config,
  where: string,
  source: () => string,
): Promise<readonly ContentProblem[]> {
  const { linterOf } = await import('./lint.ts');
  const linter = linterOf(content.lint);
  const problems: ContentProblem[] = [];
  for (const { what, text } of values) {
    const { findings, found } = await linter.findIn({ path: where, text });
    for (const finding of findings) {
      const line = lineInSource(source(), text.split('\n')[(finding.line ?? 1) - 1] ?? '', found.get(finding) ?? null);
      const problem = problemOf({ ...finding, line, column: null, message: `${finding.message}, in ${what}` }, where, content.lint);
      if (problem !== null) problems.push(problem);
    }
  }
  return problems;
}

function textOf(disk: ContentDisk, file: string): string {
  try {
    const { bytes } = disk.read(file, maxFileBytes);
    const decoded = bytes === null ? null : decode(bytes);
    return decoded?.ok === true ? decoded.text : '';
  } catch {
    return '';
  }
}
