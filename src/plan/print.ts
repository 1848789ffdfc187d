// A plan for people, as text or Markdown: one line a document with its reason, totals, cost, brakes and the way past them. No colour here.

import type { Forecast, Operation, Plan } from '../model/operation.ts';
import { insteadOfPassing } from '../model/pass.ts';
import { markdownBlock, markdownText, visible, visibleLines } from './escape.ts';
import { type Counts, countsOf, plannedResults } from './rows.ts';
import { counted, figure } from './words.ts';

export {
  type Counts,
  countsOf,
  type HeldRow,
  heldRows,
  type OperationRow,
  operationRows,
  type PlanJson,
  planJson,
} from './rows.ts';

export interface PrintOptions {
  readonly format: 'text' | 'markdown';
  /** Operation ids and fingerprints too, and each document a brake holds. */
  readonly verbose: boolean;
  /** What to show beneath an operation (`--diff`: what the bot will read); null for nothing. */
  readonly detail?: (operation: Operation) => string | null;
}

interface Line {
  readonly sign: string;
  readonly name: string;
  readonly reason: string;
  readonly detail: string | null;
}

const signs = { create: '+', update: '~', move: '>', delete: '-', adopt: '=' } as const;

/** The plan of one target, ending in a line feed. */
export function printPlan(plan: Plan, options: PrintOptions): string {
  return options.format === 'markdown' ? printMarkdown(plan, options) : printText(plan, options);
}

function printText(plan: Plan, options: PrintOptions): string {
  const out = [`${visible(plan.target)} (${visible(plan.vendor)}): ${totalsOf(plan)}`];
  for (const line of linesOf(plan, options)) {
    out.push(`  ${line.sign} ${visible(line.name)}  ${visible(line.reason)}`);
    if (line.detail !== null)
      out.push(
        ...visibleLines(line.detail)
          .split('\n')
          .map((row) => `      ${row}`),
      );
  }
  const cost = costOf(plan.forecast);
  if (cost !== null) out.push(`  ${cost}`);
  for (const brake of plan.brakes) {
    out.push(`  HELD${brake.id === '' ? '' : ` ${brake.id}`} ${brake.rule}: ${visible(brake.message)}`);
    if (options.verbose) out.push(...brake.documents.map((document) => `      ${visible(document)}`));
    const instead = insteadOfPassing(brake, plan.target);
    if (instead !== null) out.push(`    to match what is there: ${visible(instead)}`);
    out.push(`    ${brake.passWith === null ? 'nothing passes this brake' : `to pass: kbsync ${visible(brake.passWith)}`}`);
  }
  out.push(...plan.notes.map((note) => `  note: ${visible(note)}`));
  return `${out.join('\n')}\n`;
}

function printMarkdown(plan: Plan, options: PrintOptions): string {
  const out = [`### ${markdownText(plan.target)} (${markdownText(plan.vendor)})`, '', `${markdownText(totalsOf(plan))}`, ''];
  for (const brake of plan.brakes) {
    const instead = insteadOfPassing(brake, plan.target);
    const match = instead === null ? '' : `To match what is there: ${markdownText(instead)}. `;
    const pass = brake.passWith === null ? 'Nothing passes this brake.' : `To pass: ${markdownText(`kbsync ${brake.passWith}`)}`;
    out.push(
      `> **Held${brake.id === '' ? '' : ` ${markdownText(brake.id)}`}, ${brake.rule}**: ${markdownText(brake.message)}`,
      `> ${match}${pass}`,
      '',
    );
    if (options.verbose) out.push(...brake.documents.map((document) => `- ${markdownText(document)}`), '');
  }
  const lines = linesOf(plan, options);
  if (lines.length > 0) {
    out.push('| | document | reason |', '|---|---|---|');
    out.push(...lines.map((line) => `| \`${line.sign}\` | ${markdownText(line.name)} | ${markdownText(line.reason)} |`), '');
  }
  for (const line of lines) {
    if (line.detail !== null)
      out.push(`<details><summary>${markdownText(line.name)}</summary>`, '', markdownBlock(line.detail), '', '</details>', '');
  }
  const cost = costOf(plan.forecast);
  if (cost !== null) out.push(markdownText(cost), '');
  if (plan.notes.length > 0) out.push(...plan.notes.map((note) => `- ${markdownText(note)}`), '');
  return `${out.join('\n').trimEnd()}\n`;
}

function linesOf(plan: Plan, options: PrintOptions): readonly Line[] {
  const lines = plannedResults(plan).map(({ operation, outcome }): Line => {
    const held = outcome === 'held' ? 'held: ' : '';
    const todo = operation.by === 'person' ? `${operation.action} by hand: ` : '';
    const note = operation.note === null ? '' : ` (${operation.note})`;
    return {
      sign: operation.by === 'person' ? '?' : signs[operation.action],
      name: nameOf(operation.path, operation.document),
      reason: `${held}${todo}${operation.reason}${note}${options.verbose ? fingerprintOf(operation) : ''}`,
      detail: options.detail?.(operation) ?? null,
    };
  });
  const blocked = plan.blocked.map(
    ({ path, document, reason }): Line => ({ sign: '!', name: nameOf(path, document), reason, detail: null }),
  );
  return [...lines, ...blocked];
}

/** The path, and the id where the path does not tell it. */
function nameOf(path: string, document: string): string {
  if (document === path || document.startsWith(`${path}#`)) return document;
  return `${path} (${document})`;
}

function fingerprintOf(operation: Operation): string {
  const bytes = 'fingerprint' in operation && operation.fingerprint !== null ? ` ${operation.fingerprint.slice(0, 8)}` : '';
  return ` [${operation.id}${bytes}]`;
}

const totals: readonly (readonly [keyof Counts, string])[] = [
  ['create', 'to create'],
  ['update', 'to update'],
  ['move', 'to move'],
  ['delete', 'to delete'],
  ['adopt', 'to adopt'],
  ['todo', 'of these by hand'],
  ['held', 'of these held'],
  ['blocked', 'blocked'],
];

function totalsOf(plan: Plan): string {
  const counts = countsOf(plannedResults(plan), plan.blocked, plan.unchanged);
  const said = totals.filter(([key]) => counts[key] > 0).map(([key, words]) => `${figure(counts[key])} ${words}`);
  if (plan.operations.length === 0) said.unshift('nothing to do');
  said.push(`${figure(plan.unchanged)} unchanged`);
  if (plan.outOfScope > 0) said.push(`${figure(plan.outOfScope)} out of scope`);
  return said.join(', ');
}

function costOf({ writes, reads, durationMs }: Forecast): string | null {
  if (writes + reads === 0) return null;
  const calls = reads === 0 ? counted(writes, 'write') : `${counted(writes, 'write')} and ${counted(reads, 'read')}`;
  return `about ${calls}, ${durationOf(durationMs)} at the configured rate (training not included)`;
}

function durationOf(milliseconds: number): string {
  const seconds = Math.max(1, Math.ceil(milliseconds / 1000));
  if (seconds < 90) return counted(seconds, 'second');
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? counted(minutes, 'minute') : counted(Math.ceil(minutes / 60), 'hour');
}
