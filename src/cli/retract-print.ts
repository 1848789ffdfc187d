// What became of a retraction, for people and as JSON.
import type { ProofRow } from '../cycle/prove.ts';
import type { TargetConfig } from '../model/config.ts';
import type { DocumentId } from '../model/document.ts';
import type { TargetReport } from '../model/report.ts';
import { visible } from '../plan/escape.ts';
import { heldRows, operationRows } from '../plan/print.ts';
import type { Invocation } from './invocation.ts';
import { plain } from './reports.ts';
import type { RetractVerdict } from './retract-verdict.ts';

/** One target of a retraction, or of its undoing. */
export interface Retraction extends RetractVerdict {
  readonly target: TargetConfig;
  /** Null: nothing had to be done there. */
  readonly report: TargetReport | null;
  readonly proof: readonly ProofRow[];
  /** false: that it is kept out could not be written down there; left out: it was. */
  readonly held?: boolean;
}

export interface RetractionResult {
  readonly id: DocumentId;
  readonly done: readonly Retraction[];
  readonly exitCode: number;
  readonly undone: boolean;
}

/** Prints the result: data on stdout, and who may still know it on stderr. */
export function tellRetraction(result: RetractionResult, { output, command }: Invocation): void {
  const { id, done, exitCode, undone } = result;
  output.answer(
    () => plain({ version: 1, command, exitCode, document: id, undone, targets: done.map(rowOf) }),
    () => {
      const what = undone ? 'not kept out any more' : keptWords(done);
      output.data(`${output.style('strong', visible(id))}: ${what}`);
      for (const one of done) print(one, undone, output);
    },
  );
  const suspects = done.filter(({ knows }) => knows !== 'no').map(({ target }) => target.name);
  if (undone || suspects.length === 0) return;
  output.complain(`${output.style('bad', 'may still know it')}: ${visible(suspects.join(', '))}`);
}

/** Where it is kept out, and where that could not be written down. */
function keptWords(done: readonly Retraction[]): string {
  const free = done.filter(({ held }) => held === false).map(({ target }) => target.name);
  if (free.length === done.length && done.length > 0) return 'kept out of no bot yet: it could not be written down';
  const but = free.length === 0 ? '' : ` but ${free.join(', ')}`;
  return `kept out of every bot named here${visible(but)} until its file changes, or kbsync retract --undo`;
}

function rowOf({ target, report, knows, reason, proof }: Retraction) {
  return {
    name: target.name,
    vendor: target.vendor,
    operations: report === null ? [] : operationRows(report.results, report.blocked),
    held: report === null ? null : heldRows(report.held),
    knows,
    reason,
    proof: proof.map(({ question, answer, sources, verdict, reason: why }) => ({ question, answer, sources, verdict, reason: why })),
    error: report?.error ?? null,
  };
}

const words = { no: 'does not know it', maybe: 'may still know it', yes: 'still knows it' } as const;
const undoneWords = { no: 'has none of it', maybe: 'is not seen to know it yet', yes: 'knows it again' } as const;

function print({ target, knows, reason, proof, report }: Retraction, undone: boolean, output: Invocation['output']): void {
  const good = undone ? knows === 'yes' : knows === 'no';
  const verdict = (undone ? undoneWords : words)[knows];
  output.data(
    `${output.style('strong', visible(target.name))} (${target.vendor}): ${output.style(good ? 'good' : 'bad', verdict)}${reason === '' ? '' : `: ${visible(reason)}`}`,
  );
  for (const { operation, outcome } of report?.results ?? []) {
    const item = operation.action === 'delete' && operation.remoteId !== null ? ` (${operation.remoteId})` : '';
    output.data(
      `  ${output.style(outcome === 'done' ? 'dim' : 'bad', outcome)} ${operation.action} ${visible(`${operation.document}${item}`)}`,
    );
  }
  for (const row of proof) {
    output.data(`  ${output.style(row.verdict === 'clear' ? 'good' : 'bad', row.verdict)}: ${visible(row.question)}`);
    if (row.verdict === 'known' && row.answer !== null) output.data(`    it says: ${visible(shortened(row.answer))}`);
    if (row.reason !== null) output.data(`    ${visible(row.reason)}`);
  }
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= mostCharacters ? line : `${line.slice(0, mostCharacters)} …`;
}

const mostCharacters = 300;
