// The history's lines → what the page draws and lists of them, and what was done with one document. Pure; `kbsync history` reads the same lines.
import type { DocumentId } from '../model/document.ts';
import type { JsonRecord, Timestamp } from '../model/json.ts';
import type { Line } from './desk.ts';

/** One thing done with a document. */
export interface DocumentRow {
  readonly at: Timestamp;
  readonly target: string;
  readonly command: string;
  readonly commit: string | null;
  readonly action: string;
  readonly document: DocumentId;
  readonly path: string;
  readonly from: string | null;
  readonly reason: string;
  readonly outcome: string;
}

/** One time that a golden question was asked. */
export interface AskedRow {
  readonly at: Timestamp;
  readonly target: string;
  readonly document: DocumentId | null;
  readonly question: string;
  readonly verdict: string;
  readonly reasons: readonly string[];
  readonly answer: string | null;
  readonly revision: string | null;
}

/** One run, or one freshness check that came to its end. */
export interface RunRow {
  readonly at: Timestamp;
  readonly target: string;
  readonly command: string;
  readonly commit: string | null;
  readonly what: string;
  readonly error: string | null;
  readonly durationMs: number | null;
}

export interface Past {
  readonly from: Timestamp;
  readonly to: Timestamp;
  readonly runs: readonly RunRow[];
  /** How many documents each target had learnt, whenever that was noted. Oldest first. */
  readonly learnt: readonly { readonly at: Timestamp; readonly target: string; readonly trained: number }[];
  /** Seconds from save to trained, one each for documents that were saved while the daemon watched. */
  readonly seconds: readonly { readonly at: Timestamp; readonly target: string; readonly seconds: number }[];
  readonly asked: readonly AskedRow[];
  readonly rows: readonly DocumentRow[];
  /** Operations of large runs that are only counted: the document may be among them. */
  readonly unnamed: number;
}

/** Most of each that a page lists, the newest. */
const most = 200;

/** What the lines of that time say; with `names`, of that document alone. Lines oldest first. */
export function pastOf(
  lines: readonly Line[],
  { from, to }: { readonly from: Timestamp; readonly to: Timestamp },
  names: ReadonlySet<string> | null,
): Past {
  const runs: RunRow[] = [];
  const learnt: { at: Timestamp; target: string; trained: number }[] = [];
  const seconds: { at: Timestamp; target: string; seconds: number }[] = [];
  const asked: AskedRow[] = [];
  const rows: DocumentRow[] = [];
  let unnamed = 0;
  for (const line of lines) {
    if (line.at < from) continue;
    if (line.kind === 'test') {
      const row = askedRow(line);
      if (names === null || (row.document !== null && names.has(row.document))) asked.push(row);
      continue;
    }
    if (names !== null) {
      unnamed += numberOf(line['moreOperations']);
      rows.push(...documentRows(line, names));
      continue;
    }
    const training = line['training'];
    const trained = isRecord(training) ? training['trained'] : line['trained'];
    if (typeof trained === 'number') learnt.push({ at: line.at, target: line.target, trained });
    if (line.kind === 'run') runs.push(runRow(line));
    if (line.kind === 'canary') runs.push(checkRow(line));
    for (const each of Array.isArray(line['seconds']) ? line['seconds'] : [])
      if (typeof each === 'number') seconds.push({ at: line.at, target: line.target, seconds: each });
  }
  return { from, to, runs: runs.slice(-most).reverse(), learnt, seconds, asked, rows: rows.slice(-most).reverse(), unnamed };
}

/** What a line says was done with a document; its questions count, since they went with the file. */
export function documentRows(line: Line, names: ReadonlySet<string>): DocumentRow[] {
  return operationsOf(line)
    .filter((operation) => isOf(operation, names))
    .map((operation): DocumentRow => {
      const document = textOf(operation['document']);
      return {
        at: line.at,
        target: line.target,
        command: textOf(line['command']),
        commit: typeof line['commit'] === 'string' ? line['commit'] : null,
        action: textOf(operation['action']),
        document,
        path: textOf(operation['path'], document),
        from: typeof operation['from'] === 'string' ? operation['from'] : null,
        reason: textOf(operation['reason']),
        outcome: textOf(operation['outcome'], 'done'),
      };
    });
}

/** The operations that a line names. */
export function operationsOf(line: Line): readonly JsonRecord[] {
  const { operations } = line;
  return Array.isArray(operations) ? operations.filter(isRecord) : [];
}

/** Whether an operation was on a document of one of these names. */
export function isOf(operation: JsonRecord, names: ReadonlySet<string>): boolean {
  const called = [operation['document'], operation['path'], operation['from']].filter((name) => typeof name === 'string');
  return called.some((name) => names.has(name) || names.has(name.replace(/#qa-[^#]*$/, '')));
}

const actions = ['create', 'update', 'move', 'delete', 'adopt'] as const;
const open = ['failed', 'unconfirmed', 'held', 'blocked', 'todo'] as const;

/** "3 create, not done: 1 failed": what a run did. Actions count whatever became of them; what did not go through follows. */
export function didOf(line: Line): string {
  const { counts } = line;
  if (!isRecord(counts)) return `${figure(numberOf(line['done']))} done, ${figure(numberOf(line['notDone']))} not`;
  const named = (names: readonly string[]) =>
    names.flatMap((name) => (numberOf(counts[name]) > 0 ? [`${figure(numberOf(counts[name]))} ${name}`] : []));
  const [done, notDone] = [named(actions), named(open)];
  const stopped = typeof line['error'] === 'string';
  const did = done.length > 0 ? done.join(', ') : stopped ? 'nothing done' : 'nothing to do';
  return notDone.length === 0 ? did : `${did}, not done: ${notDone.join(', ')}`;
}

function runRow(line: Line): RunRow {
  const duration = line['durationMs'];
  return {
    at: line.at,
    target: line.target,
    command: textOf(line['command'], 'run'),
    commit: typeof line['commit'] === 'string' ? line['commit'] : null,
    what: typeof line['from'] === 'string' ? `was known as ${line['from']} before` : didOf(line),
    error: typeof line['error'] === 'string' ? line['error'] : null,
    durationMs: typeof duration === 'number' ? duration : null,
  };
}

/** A freshness check: it took as long as the bot did to say the new code. */
function checkRow(line: Line): RunRow {
  const words = textOf(line['words'], textOf(line['outcome']));
  const [isLate, quotedMs] = [line['outcome'] === 'timeout', line['quotedMs']];
  return {
    at: line.at,
    target: line.target,
    command: 'freshness check',
    commit: null,
    what: isLate ? 'timed out' : words,
    error: isLate ? words : null,
    durationMs: typeof quotedMs === 'number' ? quotedMs : null,
  };
}

function askedRow(line: Line): AskedRow {
  const reasons = line['reasons'];
  return {
    at: line.at,
    target: line.target,
    document: typeof line['document'] === 'string' ? line['document'] : null,
    question: textOf(line['question']),
    verdict: textOf(line['verdict'], 'asked'),
    reasons: Array.isArray(reasons) ? reasons.filter((reason) => typeof reason === 'string') : [],
    answer: typeof line['answer'] === 'string' ? line['answer'] : null,
    revision: typeof line['revision'] === 'string' ? line['revision'] : null,
  };
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise;
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

function figure(value: number): string {
  return value.toLocaleString('en-US');
}
