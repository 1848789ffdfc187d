// The support bundle: one readable file that says what a helper has to ask first. No secret, no text of a document, no question and no answer;
// vendors' own words, which may quote any of them, only where they are asked for.
import { join } from 'node:path';
import type { Json } from '../model/json.ts';
import { visible, visibleLines } from '../plan/escape.ts';
import { readJournal } from '../state/journal.ts';
import { ledgerPaths } from '../state/recovery.ts';
import { deriveStatus } from '../status/derive.ts';
import { redactedConfiguration } from './redacted.ts';
import type { Row } from './row.ts';
import type { Scene } from './scene.ts';
import { linesOf } from './words.ts';

/** What every bundle begins with: such a file may be written over. */
export const bundleHeading = '# kbsync support bundle';

export interface BundleInput {
  readonly rows: readonly Row[];
  readonly atMs: number;
  readonly version: string;
  readonly machine: string;
  readonly node: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The configuration's text; null: it cannot be read. */
  readonly source: string | null;
  /** Null: the configuration is not valid. */
  readonly scene: Scene | null;
  /** Vendors' own words and the like, too. */
  readonly withWords: boolean;
  readonly redact: (text: string) => string;
}

/** Set or not is told of these, never to what. */
const variables = [
  ...['CI', 'NO_COLOR', 'HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy', 'ALL_PROXY'],
  ...['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'NODE_TLS_REJECT_UNAUTHORIZED', 'SSL_CERT_FILE', 'TZ', 'LANG', 'KBSYNC_TOKEN'],
];
const mostErrors = 20;
const mostHistory = 40;

/** The file's text, redacted. */
export async function bundleText(input: BundleInput): Promise<string> {
  const { rows, scene, redact } = input;
  const parts = [
    `${bundleHeading}\n`,
    section('Versions', versionLines(input)),
    section(
      'Findings',
      rows.flatMap((one) => linesOf(withoutFound(one), input.withWords)),
    ),
    section('Configuration', [input.source === null ? '(it cannot be read)' : redactedConfiguration(input.source, scene !== null)]),
    ...(scene === null
      ? []
      : [
          section('Targets', await targetLines(scene, input)),
          section('State folder', folderLines(scene)),
          section('History', historyLines(scene, input.withWords)),
        ]),
  ];
  return redact(parts.map(visibleLines).join('\n'));
}

/** What was found at a wrong place of the configuration may be a key of a vendor's that nobody knows to be one. */
function withoutFound(row: Row): Row {
  return row.check === 'configuration' && row.state !== 'ok'
    ? {
        ...row,
        what: row.what
          .replace(/: found [\s\S]*, expected /, ': found (not shown), expected ')
          .replace(/^found [\s\S]*, expected /, 'found (not shown), expected '),
      }
    : row;
}

function section(title: string, lines: readonly string[]): string {
  // A fence longer than any within: nothing of it ends the block.
  const text = lines.length === 0 ? '(nothing)' : lines.join('\n');
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `## ${title}\n\n${fence}text\n${text}\n${fence}\n`;
}

function versionLines({ version, node, machine, atMs, env, scene, withWords }: BundleInput): readonly string[] {
  const present = variables.filter((name) => (env[name] ?? '') !== '');
  return [
    `kbsync ${version}, Node ${node}`,
    machine,
    `made ${new Date(atMs).toISOString()}${scene?.workspace.underCi === true ? ', under CI' : ''}`,
    `set in the environment: ${present.length === 0 ? 'none of those that matter' : present.join(', ')}`,
    withWords
      ? "with vendors' own words and questions: read it before you hand it on"
      : "without secrets, documents' texts, questions, answers and vendors' own words",
  ];
}

async function targetLines({ workspace, targets }: Scene, { withWords }: BundleInput): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const { name, vendor, sandbox, required, paused, missing } of targets) {
    lines.push(
      `${name} (${vendor}${sandbox ? ', sandbox' : ''}${required ? '' : ', not required'}${paused ? ', paused' : ''}; ${missing.length} variables not set)`,
    );
    try {
      const { state, open, savedBy, recovered } = await workspace.view(name);
      const { counts } = deriveStatus({ name, vendor, state, open, nowMs: workspace.now() });
      const journal = readJournal(workspace.disk, ledgerPaths(workspace.config.stateDir, name).journal);
      const kinds = new Map<string, number>();
      for (const { kind } of journal.entries) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      lines.push(
        `  documents: ${pairs(Object.entries(counts))}`,
        `  serial ${state.serial}, saved by kbsync ${savedBy.kbsync ?? 'of an unknown version'}${recovered === null ? '' : ', recovered'}; held ${state.held.length}, identity ${state.identity === null ? 'not known' : 'known'}, container ${state.container === null ? 'none' : 'known'}`,
        `  journal: ${journal.bytes ?? 0} bytes, ${pairs([...kinds])}; begun and not ended: ${open.length}`,
        ...errorLines(Object.values(state.records), withWords),
      );
    } catch (thrown) {
      lines.push(`  state: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    }
  }
  return lines;
}

function errorLines(
  records: readonly { readonly error: { readonly code: string; readonly message: string; readonly vendor: string | null } | null }[],
  withWords: boolean,
): readonly string[] {
  const errors = records.flatMap(({ error }) => error ?? []);
  const byCode = new Map<string, number>();
  for (const { code } of errors) byCode.set(code, (byCode.get(code) ?? 0) + 1);
  if (errors.length === 0) return ['  errors: none'];
  // Without being asked, only which and how many: a message may name a document by a sentence of it.
  const shown = withWords
    ? errors
        .slice(-mostErrors)
        .map(({ code, message, vendor }) => `    ${code}: ${visible(message)}${vendor === null ? '' : ` (${visible(vendor)})`}`)
    : [];
  return [`  errors: ${pairs([...byCode])}`, ...shown];
}

function folderLines({ workspace }: Scene): readonly string[] {
  const { disk, config } = workspace;
  return disk.list(config.stateDir).map((name) => {
    const facts = disk.stat(join(config.stateDir, name));
    return `${visible(name)}${facts === null ? '' : facts.folder ? '/' : `, ${facts.size} bytes`}, ${facts === null ? 'gone' : new Date(facts.modifiedMs).toISOString()}`;
  });
}

/** What a line of the history may say: words of a fixed set, times and figures. */
const told = [
  'at',
  'kind',
  'target',
  'command',
  'commit',
  'exitCode',
  'outcome',
  'verdict',
  'durationMs',
  'counts',
  'requests',
  'held',
  'training',
  'waited',
  'moreOperations',
];

function historyLines({ workspace, targets }: Scene, withWords: boolean): readonly string[] {
  const { entries, damaged } = workspace.history.read({ limit: mostHistory, targets: targets.map(({ name }) => name) });
  const lines = entries.map((entry) => {
    if (withWords) return visible(JSON.stringify(entry));
    return visible(JSON.stringify(Object.fromEntries(told.flatMap((key) => (entry[key] === undefined ? [] : [[key, bare(entry[key])]])))));
  });
  return damaged === 0 ? lines : [...lines, `(${damaged} lines cannot be read)`];
}

/** Figures and short words; of anything longer that it was there. */
function bare(value: Json, depth = 0): Json {
  if (typeof value === 'string') return value.length <= 40 ? value : `(${value.length} characters)`;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return `(${value.length})`;
  return depth > 2 ? '…' : Object.fromEntries(Object.entries(value).map(([key, one]) => [key, bare(one, depth + 1)]));
}

function pairs(entries: readonly (readonly [string, unknown])[]): string {
  return entries.length === 0 ? 'none' : entries.map(([key, value]) => `${key} ${String(value)}`).join(', ');
}
