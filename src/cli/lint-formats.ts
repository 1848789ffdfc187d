// Findings of lint as text, as SARIF 2.1.0 and as annotations of a GitHub workflow. Pure.
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { githubCommand } from '../ci/annotations.ts';
import { isLintRule, ruleTexts } from '../content/lint-rules.ts';
import type { JsonRecord } from '../model/json.ts';
import { visible } from '../plan/escape.ts';
import type { Style } from './output.ts';

/** A row of the report. Lines and columns count from 1. */
export interface LintRow {
  /** Relative to the content root. */
  readonly path: string;
  readonly line: number | null;
  readonly column: number | null;
  /** A key of content.lint, or `file`: the file cannot be taken in as it is. */
  readonly rule: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

/** Where the content root lies, for formats whose reader starts from the repository. */
export interface Base {
  /** What stands before a path; '' or ending in a slash. */
  readonly prefix: string;
  /** What it is relative to. */
  readonly id: '%SRCROOT%' | 'CONTENTROOT';
}

const file = {
  short: 'The file cannot be taken in as it is.',
  help: 'Its front matter, encoding, links to other files or questions are at fault; the message says what.',
};

function textsOf(rule: string): { readonly short: string; readonly help: string } {
  return isLintRule(rule) ? ruleTexts[rule] : file;
}

/** `guides/a.md:3:5 secrets: …`, one line a finding. */
export function textLine({ path, line, column, rule, severity, message }: LintRow, style: (style: Style, text: string) => string): string {
  const where = [visible(path), ...(line === null ? [] : [line]), ...(line === null || column === null ? [] : [column])].join(':');
  const word = severity === 'error' ? style('bad', 'error') : style('warn', 'warning');
  return `${where} ${word} ${visible(rule)}: ${visible(message)}`;
}

/** A workflow command of GitHub Actions, which marks the line in the pull request. */
export function githubLine({ path, line, column, rule, severity, message }: LintRow, { prefix }: Base): string {
  return githubCommand({ severity, file: posix.normalize(prefix + path), line, column, title: `kbsync ${rule}`, message });
}

/** A SARIF 2.1.0 log with one run. `version` is this program's. */
export function sarif(
  rows: readonly LintRow[],
  base: Base,
  version: string,
  severityOf: (rule: string) => LintRow['severity'],
): JsonRecord {
  const names = [...Object.keys(ruleTexts), 'file'];
  const rules = names.map((id) => {
    const { short, help } = textsOf(id);
    return {
      id,
      name: pascal(id),
      shortDescription: { text: short },
      fullDescription: { text: `${short} ${help}` },
      help: { text: help },
      defaultConfiguration: { level: severityOf(id) },
      properties: { tags: id === 'secrets' || id === 'hidden-text' || id === 'model-instructions' ? ['content', 'security'] : ['content'] },
    };
  });
  const prints = fingerprintsOf(rows);
  const results = rows.map(({ path, line, column, rule, severity, message }, index) => ({
    ruleId: names.includes(rule) ? rule : 'file',
    ruleIndex: names.includes(rule) ? names.indexOf(rule) : names.indexOf('file'),
    level: severity,
    message: { text: visible(message) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(posix.normalize(base.prefix + path)), uriBaseId: base.id },
          // A finding of the whole file is shown at its beginning.
          region: { startLine: line ?? 1, ...(line !== null && column !== null && { startColumn: column }) },
        },
      },
    ],
    partialFingerprints: { 'kbsyncFinding/v1': prints[index] ?? '' },
  }));
  const what =
    base.id === '%SRCROOT%'
      ? 'The root of the repository, or the working directory where there is none.'
      : 'content.root of the configuration.';
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'kbsync', semanticVersion: version, rules } },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { [base.id]: { description: { text: what } } },
        results,
      },
    ],
  };
}

/** What makes a finding the same in the next report: nothing of the secret, nor its place, and of several of one sentence which one it is. */
function fingerprintsOf(rows: readonly LintRow[]): readonly string[] {
  const counts = new Map<string, number>();
  return rows.map(({ path, rule, message }) => {
    const key = `${path}\n${rule}\n${message}`;
    const before = counts.get(key) ?? 0;
    counts.set(key, before + 1);
    return createHash('sha256')
      .update(before === 0 ? key : `${key}\n${before}`)
      .digest('hex')
      .slice(0, 32);
  });
}

function pascal(id: string): string {
  return id.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function uriOf(path: string): string {
  // A lone surrogate has no UTF-8, and no address.
  return path
    .split('/')
    .map((step) => encodeURIComponent(step.replace(/\p{Cs}/gu, '\ufffd')))
    .join('/');
}
