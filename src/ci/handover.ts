// What a step leaves for the steps and jobs after it: GitHub's outputs, GitLab's variables and its code-quality report. Pure.

import { sha256 } from '../model/json.ts';
import { visible } from '../plan/escape.ts';
import type { Annotation } from './annotations.ts';

/** Names are ours, kebab-case; values are one line. */
export type Outputs = Readonly<Record<string, string>>;

/**
 * Lines of GITHUB_OUTPUT. `delimiter`: random, since a value that could guess it would begin outputs of its own.
 */
export function githubOutputs(outputs: Outputs, delimiter: string): string {
  return Object.entries(outputs)
    .map(([name, value]) => `${name}<<${delimiter}\n${visible(value)}\n${delimiter}\n`)
    .join('');
}

/** A dotenv report of GitLab: KBSYNC_EXIT_CODE=0. GitLab takes neither quotes nor line ends, and 150 variables at most. */
export function gitlabVariables(outputs: Outputs): string {
  return Object.entries(outputs)
    .map(([name, value]) => `KBSYNC_${name.toUpperCase().replaceAll('-', '_')}=${visible(value)}\n`)
    .join('');
}

/**
 * A code-quality report (docs.gitlab.com/ee/ci/testing/code_quality.html): what has no file is left out, since it needs a place. A fingerprint
 * holds nothing of the line, so that a finding that moves is the same one.
 */
export function codeQuality(annotations: readonly Annotation[]): string {
  const counts = new Map<string, number>();
  const rows = annotations.flatMap(({ severity, file, line, title, message }) => {
    if (file === null) return [];
    const key = `${file}\n${title}\n${message}`;
    const before = counts.get(key) ?? 0;
    counts.set(key, before + 1);
    return [
      {
        description: visible(message),
        check_name: visible(title),
        fingerprint: sha256(before === 0 ? key : `${key}\n${before}`),
        severity: severity === 'error' ? 'major' : 'minor',
        location: { path: file, lines: { begin: line ?? 1 } },
      },
    ];
  });
  return `${JSON.stringify(rows, null, 2)}\n`;
}
