// What a step came to, as a page for the pull request and for the job's summary: what the bots learn and forget, what is wrong, the texts folded.
// Everything that a document, a bot, a vendor or a branch says stands in code. Pure.
import { counted, figure } from '../plan/words.ts';
import { type Block, code, block as fence, folded, said } from './markdown.ts';
import type { CiCommand, ComparedSaid, CountName, ErrorSaid, Finding, OperationSaid, Said, TargetSaid, VerifySaid } from './results.ts';

export interface PageInput {
  readonly command: CiCommand;
  readonly lint: Said | null;
  readonly main: Said | null;
  readonly verify: VerifySaid | null;
  /** What kept the questions from being asked. */
  readonly verifyError: ErrorSaid | null;
  readonly exitCode: number;
  /** Of what was looked at; null where nobody knows. */
  readonly commit: string | null;
  /** The configuration's path in the repository, and the targets where not all. */
  readonly config: string;
  readonly targets: readonly string[];
  /** Sentences of our own about this run, such as that it asked no vendor. */
  readonly remarks: readonly string[];
}

const headings: { readonly [command in CiCommand]: string } = {
  plan: 'what the bots would learn and forget',
  sync: 'what the bots were given',
  verify: 'what the bots answer',
  status: 'what the bots know',
  lint: 'what is wrong with the documents',
  drift: 'whether the bots still hold what they were given',
};

/** What exit codes mean, for people (PRODUCT section 3). */
const meanings: { readonly [code: number]: string } = {
  1: 'unexpected error',
  2: 'usage or configuration error',
  3: 'there are changes',
  4: 'some documents are at fault, failed or are unconfirmed',
  5: 'held by a brake: a person decides',
  6: 'not trained in time',
  7: 'a golden question failed, or none could be concluded',
  8: 'a target refused its credentials',
  9: 'rate limit or quota exhausted: run again later',
  10: 'locked by another run',
  11: 'a target is unreachable: run again later',
  130: 'stopped',
};

/** The page in pieces, the first of which always stays. */
export function pageOf(input: PageInput): readonly Block[] {
  const { command, main, lint, verify, verifyError, exitCode, commit, config, targets, remarks } = input;
  const of = [
    code(config),
    ...(targets.length === 0 ? [] : [targets.map(code).join(', ')]),
    ...(commit === null ? [] : [`at ${code(commit.slice(0, 12))}`]),
  ];
  const ended = exitCode === 0 ? '' : `\n\n**Exit code ${exitCode}**: ${meanings[exitCode] ?? 'see the log'}.`;
  const error = main?.error ?? lint?.error ?? null;
  return [
    always(`## kbsync: ${headings[command]}\n\n${of.join(', ')}${ended}\n`),
    ...remarks.map((remark) => always(`> ${remark}\n`)),
    // A configuration may have hundreds of mistakes: each is a line that can be left out.
    ...(error === null ? [] : errorLines(error).split('\n').map(row)),
    ...(command === 'plan' || command === 'sync' ? targetBlocks(main?.targets ?? []) : bareTargets(command, main)),
    ...(command === 'plan' || command === 'lint' ? findingBlocks(lint) : []),
    ...(verify === null ? [] : verifyBlocks(verify)),
    ...(verifyError === null ? [] : [always(`\n### Golden questions\n\n${errorLines(verifyError)}`)]),
    ...folds(main?.targets ?? [], verify?.baseline ?? null),
  ];
}

const always = (text: string): Block => ({ kind: 'always', text });
const row = (text: string): Block => ({ kind: 'row', text });

function errorLines({ message, vendor, next }: ErrorSaid): string {
  const words = message.split('\n').map((line) => `- ${code(line)}`);
  return [...words, ...(vendor === null ? [] : [`- the vendor says: ${code(vendor)}`]), `- next: ${code(next)}`, ''].join('\n');
}

const columns: readonly (readonly [CountName, string])[] = [
  ['create', 'create'],
  ['update', 'update'],
  ['move', 'move'],
  ['delete', 'delete'],
  ['adopt', 'adopt'],
  ['todo', 'by hand'],
  ['held', 'held'],
  ['blocked', 'blocked'],
  ['failed', 'failed'],
  ['unconfirmed', 'unconfirmed'],
  ['unchanged', 'unchanged'],
];
/** Shown even where all of them are 0. */
const core: ReadonlySet<CountName> = new Set(['create', 'update', 'delete', 'unchanged']);

function targetBlocks(targets: readonly TargetSaid[]): readonly Block[] {
  const shown = columns.filter(([name]) => core.has(name) || targets.some(({ counts }) => (counts?.[name] ?? 0) > 0));
  const rows = targets.flatMap(({ name, counts }) => {
    const cells = shown.map(([column]) => (counts === undefined ? '?' : figure(counts[column])));
    // A target's name is of letters, digits and hyphens.
    return [row(`| ${code(name)} | ${cells.join(' | ')} |`)];
  });
  const head = [`| target | ${shown.map(([, words]) => words).join(' | ')} |`, `|---|${shown.map(() => '---:').join('|')}|`].join('\n');
  return [...(targets.length === 0 ? [] : [always(head), ...rows, always('')]), ...targets.flatMap(oneTarget)];
}

function oneTarget({ name, operations = [], held, notes = [], training, error }: TargetSaid): readonly Block[] {
  const state = typeof training === 'object' ? training.state : null;
  const blocks = [
    ...(error == null ? [] : [row(errorLines(error))]),
    ...(held ?? []).map(({ rule, message, passWith }) =>
      row(
        `> **Held** (${code(rule)}): ${code(message)}${passWith === null ? ' Nothing passes this brake.' : ` To pass: ${code(`kbsync ${passWith}`)}`}\n`,
      ),
    ),
    ...operations.map((operation) => row(operationLine(operation))),
    ...notes.map((note) => row(`- note: ${code(note)}`)),
  ];
  if (blocks.length === 0 && (state === null || state === 'trained')) return [];
  const learnt = state === null || state === 'trained' ? '' : ` (training: ${state})`;
  return [always(`\n### ${code(name)}${learnt}\n`), ...blocks];
}

function operationLine({ action, path, document, from, reason, outcome, error }: OperationSaid): string {
  const named = document === path || document.startsWith(`${path}#`) ? code(document) : `${code(path)} (${code(document)})`;
  const moved = from === undefined ? '' : ` from ${code(from)}`;
  const word = outcome === 'planned' || outcome === 'done' ? `**${action}**` : `**${action}, ${outcome === 'todo' ? 'by hand' : outcome}**`;
  const why = error === null ? code(reason) : `${code(error.message)} next: ${code(error.next)}`;
  return `- ${word} ${named}${moved}: ${why}`;
}

/** `status`, `verify` and `drift`: what each target says of itself; the log has the rest. */
function bareTargets(command: CiCommand, main: Said | null): readonly Block[] {
  return (main?.targets ?? []).flatMap((target) => {
    if (target.error != null) return [row(`- ${code(target.name)}\n${errorLines(target.error)}`)];
    return command === 'status' ? [row(`- ${code(target.name)}: revision ${code(target.revision ?? 'none')}`)] : [];
  });
}

function findingBlocks(lint: Said | null): readonly Block[] {
  const findings = lint?.findings ?? [];
  if (findings.length === 0) return [];
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const words = [
    ...(errors === 0 ? [] : [counted(errors, 'error')]),
    ...(findings.length === errors ? [] : [counted(findings.length - errors, 'warning')]),
  ].join(', ');
  const of = (wanted: Finding['severity']) => findings.filter(({ severity }) => severity === wanted).map(findingRow);
  const warnings = of('warning');
  return [
    always(`\n### In the documents: ${words}\n`),
    ...of('error'),
    ...(warnings.length <= mostOpenWarnings
      ? warnings
      : [always(`\n<details><summary>${counted(warnings.length, 'warning')}</summary>\n`), ...warnings, always('\n</details>')]),
  ];
}

/** A folder may have hundreds that are older than the change; they are not to push what matters out of sight. */
const mostOpenWarnings = 5;

function findingRow({ path, line, column, severity, rule, message }: Finding): Block {
  const place = [path, line, column].filter((part) => part !== null).join(':');
  return row(`- **${severity}** ${code(place)} (${code(rule)}): ${code(message)}`);
}

function verifyBlocks({ counts, tests, leftOut = [], baseline }: VerifySaid): readonly Block[] {
  const { pass, fail, inconclusive, skipped } = counts;
  const figures = [`${figure(pass)} pass`, `${figure(fail)} fail`, `${figure(inconclusive)} inconclusive`, `${figure(skipped)} skipped`];
  const left = leftOut.reduce((sum, one) => sum + one.tests, 0);
  const open = tests.filter(({ verdict }) => verdict === 'fail' || verdict === 'inconclusive');
  return [
    always(`\n### Golden questions: ${figures.join(', ')}${left === 0 ? '' : `; ${figure(left)} not asked`}\n`),
    ...open.map(({ verdict, target, question, document, path, reasons }) =>
      row(`- **${verdict}** ${code(target)}, ${code(document ?? path)}: ${code(question)}: ${code(reasons.join('; '))}`),
    ),
    ...(baseline === undefined ? [] : comparedBlocks(baseline)),
  ];
}

const told: ReadonlySet<string> = new Set(['worse', 'better', 'different']);

function comparedBlocks({ counts, rows }: ComparedSaid): readonly Block[] {
  const words = Object.entries(counts).flatMap(([name, count]) => (count === 0 ? [] : [`${figure(count)} ${name}`]));
  return [
    always(`\n### Answers before and after: ${words.join(', ') || 'none'}\n`),
    ...rows
      .filter(({ change }) => told.has(change))
      .map(({ change, target, question, before, after }) => {
        const verdicts = `${before?.verdict ?? 'new'} → ${after?.verdict ?? 'gone'}`;
        return row(`- **${change}** ${code(target)}: ${code(question)} (${verdicts})`);
      }),
  ];
}

/** Last, so that what is left out for length is what a reader can do without. */
function folds(targets: readonly TargetSaid[], compared: ComparedSaid | null): readonly Block[] {
  const answers = (compared?.rows ?? [])
    .filter(({ change }) => told.has(change))
    .map(({ target, question, before, after }): Block => {
      const inside = ['Before:', '', said(before?.answer ?? ''), '', 'After:', '', said(after?.answer ?? '')].join('\n');
      return { kind: 'fold', text: folded(`${target}: ${question}`.slice(0, 300), inside) };
    });
  const diffs = targets.flatMap(({ name, operations = [] }) =>
    operations.flatMap(({ document, diff }): Block[] => {
      if (diff === undefined || diff === null || diff === '') return [];
      return [{ kind: 'fold', text: folded(targets.length > 1 ? `${name}: ${document}` : document, fence(diff, 'diff')) }];
    }),
  );
  const heading = always(`\n### What each bot will read${answers.length === 0 ? '' : ', and what it answered'}\n`);
  return answers.length + diffs.length === 0 ? [] : [heading, ...answers, ...diffs];
}
