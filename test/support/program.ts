// What the program offers, read off the source of its arguments: running it would cost a process and a build.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface ProgramCommand {
  readonly name: string;
  readonly description: string;
  /** Long options, such as --out. */
  readonly options: readonly string[];
}

/** Source text of src/main.ts. */
export function mainSource(): string {
  return readFileSync(fileURLToPath(new URL('../../src/main.ts', import.meta.url)), 'utf8');
}

/** The commands of src/main.ts with their own options, in its order. */
export function commandsOf(source: string = mainSource()): readonly ProgramCommand[] {
  const starts = [...source.matchAll(/^command\(\s*'([a-z-]+)',\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"),?\s*\)/gm)];
  return starts.map((start, index) => {
    const block = source.slice(start.index, starts[index + 1]?.index ?? source.indexOf('\nfunction command('));
    return { name: start[1] ?? '', description: start[2] ?? start[3] ?? '', options: optionsIn(block) };
  });
}

/** The options that every command takes. */
export function globalOptionsOf(source: string = mainSource()): readonly string[] {
  return optionsIn(source.slice(source.indexOf('const program ='), source.search(/^command\(/m)));
}

function optionsIn(block: string): string[] {
  return [...block.matchAll(/(?:\.option\(|new Option\()\s*'(--[a-z-]+)/g)].map((found) => found[1] ?? '');
}
