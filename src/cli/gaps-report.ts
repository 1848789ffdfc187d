// What `gaps` tells: its JSON, its lines for people, and the Markdown of an issue. What users and files say is made harmless in each.
import type { JsonRecord } from '../model/json.ts';
import { markdownText, visible } from '../plan/escape.ts';
import { counted, figure } from '../plan/words.ts';
import { reasonWords } from '../verify/vain.ts';
import type { Gap, GapKind, Place } from './gaps-map.ts';
import type { TargetRead } from './gaps-read.ts';
import type { Output } from './output.ts';
import { plain } from './reports.ts';

export interface GapsReport {
  readonly since: string;
  readonly masked: boolean;
  readonly reads: readonly TargetRead[];
  /** How many there are. */
  readonly groups: number;
  /** The most frequent of them, first to last. */
  readonly gaps: readonly Gap[];
  readonly aboutNothing: number;
  /** How many gaps are shown. */
  readonly limit: number;
  /** Documents that could not be looked into. */
  readonly unread: number;
}

const kinds: readonly GapKind[] = ['content', 'not-given', 'retrieval'];

function countsOf({ reads, groups, gaps, aboutNothing }: GapsReport) {
  const sum = (of: (read: TargetRead) => number): number => reads.reduce((total, read) => total + of(read), 0);
  const [content = 0, notGiven = 0, retrieval = 0] = kinds.map((kind) => gaps.filter((gap) => gap.kind === kind).length);
  return {
    exchanges: sum(({ exchanges }) => exchanges),
    vain: sum(({ vain }) => vain.length),
    own: sum(({ own }) => own),
    unserved: sum(({ unserved }) => unserved),
    aboutNothing,
    groups,
    lookedUp: gaps.length,
    content,
    notGiven,
    retrieval,
  };
}

/** The one JSON object. */
export function gapsJson(report: GapsReport, exitCode: number, file: string | null): JsonRecord {
  const targets = report.reads.map(({ target, checked, reason, exchanges, vain, own, unserved, notes, repeated, error }) => {
    return {
      name: target.name,
      vendor: target.vendor,
      checked,
      reason,
      exchanges,
      vain: vain.length,
      own,
      unserved,
      notes,
      repeated,
      error,
    };
  });
  const gaps = report.gaps.slice(0, report.limit).map(({ nearest, ...gap }) => ({ ...gap, nearest }));
  const { since, masked } = report;
  return plain({ version: 1, command: 'gaps', exitCode, since, masked, targets, counts: countsOf(report), gaps, tests: file });
}

/** For people. */
export const kindWords: Readonly<Record<GapKind, string>> = {
  content: 'no document is near: to be written',
  'not-given': 'a document is near that none of these bots was given',
  retrieval: 'the bots have the nearest document, and did not answer from it',
};

/** Lines for people. */
export function printGaps(report: GapsReport, output: Output): void {
  for (const read of report.reads) printRead(read, output);
  const { gaps, limit } = report;
  gaps.slice(0, limit).forEach((gap, index) => {
    const times = gap.count === 1 ? 'once' : `${figure(gap.count)} times`;
    output.data(`${figure(index + 1)}. ${output.style('strong', visible(gap.question))}`);
    output.data(
      `   asked ${times}${spanOf(gap)}: ${gap.targets.map(({ target, count }) => `${visible(target)} ${figure(count)}`).join(', ')}; ${reasonsOf(gap)}`,
    );
    for (const other of gap.also) output.data(`   ${output.style('dim', 'also')} ${visible(other)}`);
    const style = gap.kind === 'retrieval' ? 'warn' : 'bad';
    output.data(`   ${output.style(style, gap.kind)}: ${placeWords(gap)}`);
  });
  if (report.groups > limit) output.data(`and ${figure(report.groups - limit)} more: --limit ${report.groups} lists them`);
  output.data(summaryOf(report));
}

function printRead({ target, reason, notes, repeated, error }: TargetRead, output: Output): void {
  const name = visible(target.name);
  if (reason !== null) output.data(`${output.style('dim', name)}: ${visible(reason)}`);
  for (const note of notes) output.data(`${output.style('warn', name)}: ${visible(note)}`);
  for (const answer of repeated)
    output.data(
      `${output.style('warn', name)}: the same answer to many different questions: ${visible(answer)}\n  if that is how it says that it does not know: --unknown ${visible(JSON.stringify(answer))}`,
    );
  if (error === null) return;
  const words = error.vendor === null ? '' : ` (the vendor says: ${error.vendor})`;
  output.complain(`${output.style('bad', 'error')} ${name}: ${visible(`${error.message}${words}`)}`);
  output.complain(`  next: ${visible(error.next)}`);
}

function spanOf({ first, last }: Gap): string {
  if (first === null || last === null) return '';
  const [from, to] = [first.slice(0, 10), last.slice(0, 10)];
  return from === to ? ` on ${from}` : ` from ${from} to ${to}`;
}

function reasonsOf({ reasons }: Gap): string {
  return reasons.map(({ reason }) => reasonWords[reason]).join(', ');
}

function placeWords(gap: Gap): string {
  const { nearest, kind } = gap;
  if (nearest === null) return kindWords.content;
  const where = `${visible(addressOf(nearest))}${nearest.heading === '' ? '' : ` (${visible(nearest.heading)})`}`;
  return `${where}, ${matchWords(nearest)}; ${detailOf(nearest, kind)}`;
}

/** path#heading. */
export function addressOf({ path, anchor }: Place): string {
  return anchor === null ? path : `${path}#${anchor}`;
}

function matchWords({ match, coverage }: Place): string {
  return `${match}: covers ${Math.round(coverage * 100)} % of the question`;
}

function detailOf({ givenSince, tested, document }: Place, kind: GapKind): string {
  const test = tested ? '; a golden question of these words is there: kbsync verify judges it' : '';
  if (kind === 'not-given') return `${kindWords[kind]}: kbsync show ${visible(document)} says why${test}`;
  return `${givenSince ? 'given to the bots after it was last asked: it may be answered by now, ask again' : kindWords[kind]}${test}`;
}

function summaryOf(report: GapsReport): string {
  const { exchanges, vain, own, unserved, aboutNothing, groups, lookedUp, content, notGiven, retrieval } = countsOf(report);
  const most = lookedUp < groups ? `of the first ${figure(lookedUp)}: ` : '';
  const parts = [
    `${counted(exchanges, 'exchange')} since ${report.since.slice(0, 10)}`,
    `${figure(vain)} in vain`,
    `${counted(groups, 'group')}: ${most}${figure(content)} without a document, ${figure(notGiven)} not given, ${figure(retrieval)} not found by the bot`,
    ...(aboutNothing > 0 ? [`${figure(aboutNothing)} without a question in them`] : []),
    ...(unserved > 0 ? [`${figure(unserved)} met a bot out of service`] : []),
    ...(own > 0 ? [`${figure(own)} of kbsync's own left out`] : []),
    ...(report.unread > 0 ? [`${counted(report.unread, 'file')} of the folder could not be looked into`] : []),
  ];
  return parts.join('; ');
}

/** The Markdown of an issue; `question` in it is plain text, whatever users wrote. */
export function gapsMarkdown(report: GapsReport): string {
  const shown = report.gaps.slice(0, report.limit);
  const lines = ['## Questions asked in vain', '', `${markdownText(summaryOf(report))}.`, ''];
  const told = report.reads.flatMap(({ target, reason, notes, error }) =>
    [...(reason === null ? [] : [reason]), ...notes, ...(error === null ? [] : [`${error.message}; ${error.next}`])].map(
      (words) => `- ${markdownText(`${target.name}: ${words}`)}`,
    ),
  );
  if (told.length > 0) lines.push(...told, '');
  for (const kind of kinds) {
    const rows = shown.filter((gap) => gap.kind === kind);
    if (rows.length === 0) continue;
    lines.push(
      `### ${titles[kind]}`,
      '',
      '| asked | question | bots | nearest | last asked |',
      '|---:|---|---|---|---|',
      ...rows.map(rowOf),
      '',
    );
  }
  if (report.groups > shown.length)
    lines.push(`And ${figure(report.groups - shown.length)} more: \`kbsync gaps --limit ${report.groups}\`.`, '');
  if (report.masked) lines.push('Personal data is masked by patterns: read it before you pass it on.', '');
  return lines.join('\n');
}

const titles: Readonly<Record<GapKind, string>> = {
  content: 'No document is near: to be written',
  'not-given': 'The nearest document was not given to these bots',
  retrieval: 'The bots have the nearest document and did not answer from it',
};

function rowOf({ count, question, also, targets, nearest, last }: Gap): string {
  const others = also.length === 0 ? '' : `<br>also: ${also.map(markdownText).join('; ')}`;
  const place =
    nearest === null ? '' : `${markdownText(addressOf(nearest))}, ${matchWords(nearest)}${nearest.givenSince ? ', given since' : ''}`;
  return `| ${figure(count)} | ${markdownText(question)}${others} | ${targets.map(({ target }) => markdownText(target)).join(', ')} | ${place} | ${last?.slice(0, 10) ?? ''} |`;
}
