// What golden questions came to, for people, for programs and for CI: table, Markdown, JSON, JUnit. Pure.
import type { VerifyReport } from '../cycle/verify.ts';
import type { Verdict } from '../model/answer.ts';
import type { ContentProblem } from '../model/document.ts';
import type { JsonRecord } from '../model/json.ts';
import type { TestResult } from '../model/tests.ts';
import { markdownBlock, markdownText, visible } from '../plan/escape.ts';
import { inWords } from '../verify/judge.ts';
import type { Compared } from './baseline.ts';
import type { Output, Style } from './output.ts';
import { figure, plain } from './reports.ts';
import { countVerdicts } from './verify-request.ts';

/** The rows of `tests` in JSON (PRODUCT: verify), with more of what is known of each. */
export function testRow(result: TestResult): JsonRecord {
  const { target, document, question, verdict, answer, reasons, sources, tries, ...more } = result;
  return plain({ target, document, question, verdict, answer, reasons, sources, tries, ...more });
}

/** The body of `verify --json`, and `verify` of `sync --json`. */
export function verifyJson(reports: readonly VerifyReport[], compared: Compared | null = null): JsonRecord {
  const results = reports.flatMap((report) => report.results);
  return plain({
    counts: countVerdicts(results),
    tests: results.map(testRow),
    leftOut: reports.flatMap(({ target, leftOut }) => leftOut.map((one) => ({ target, ...one }))),
    targets: reports.map(({ target, vendor, calls, error, results: own }) => ({
      name: target,
      vendor,
      counts: countVerdicts(own),
      calls,
      error,
    })),
    ...(compared !== null && { baseline: compared }),
  });
}

/** "41 pass, 1 fail", the most telling last; "no test" for none. */
export function countWords(results: readonly TestResult[]): string {
  const counts = countVerdicts(results);
  const words = (['pass', 'fail', 'inconclusive', 'skipped'] as const).flatMap((verdict) =>
    counts[verdict] === 0 ? [] : [`${figure(counts[verdict])} ${verdict}`],
  );
  return words.length === 0 ? 'no test' : words.join(', ');
}

const whyWords = {
  budget: 'the calls that the day (verify.maxCallsPerDay) or --max-calls allows are made',
  error: 'the bot gave no answers any more',
  stopped: 'stopped',
} as const;

/** "50 of 900 asked: …"; null where nothing was left out. */
export function leftOutWords({ results, leftOut }: VerifyReport): string | null {
  const [first] = leftOut;
  if (first === undefined) return null;
  const left = leftOut.reduce((sum, { tests }) => sum + tests, 0);
  const asked = results.filter(({ tries }) => tries > 0).length;
  const why = leftOut.map((one) => (one.why === 'budget' ? `budget, ${whyWords.budget}` : whyWords[one.why])).join('; ');
  return `${figure(asked)} of ${figure(asked + left)} asked: ${why}`;
}

const styleOf: { readonly [verdict in Verdict]: Style } = { pass: 'good', fail: 'bad', inconclusive: 'warn', skipped: 'dim' };
/** A table of 80 columns. */
const widths = { verdict: 12, document: 24, question: 38 };

/** One target: a line a test, and below those that did not pass what is wrong. */
export function printVerify(report: VerifyReport, output: Output): void {
  const { target, vendor, results, calls, error } = report;
  const counts = countVerdicts(results);
  const style: Style = counts.fail > 0 || error !== null ? 'bad' : counts.pass > 0 ? 'good' : 'warn';
  const cost = calls === 0 ? '' : `; ${figure(calls)} ${calls === 1 ? 'call' : 'calls'}`;
  output.data(`${output.style('strong', `${target} (${vendor})`)}: ${output.style(style, countWords(results))}${cost}`);
  let told: string | null = null;
  for (const result of results) {
    const [line, ...details] = linesOf(result, output);
    // A bot that cannot be asked has the same reason for all of them.
    const reason = result.verdict === 'skipped' ? result.reasons.join() : null;
    for (const each of reason !== null && reason === told ? [line] : [line, ...details]) output.data(each ?? '');
    told = reason;
  }
  const left = leftOutWords(report);
  if (left !== null) output.data(`  ${output.style('warn', left)}`);
  if (error !== null) {
    const words = error.vendor === null ? '' : ` (the vendor says: ${error.vendor})`;
    output.data(`  ${output.style('bad', 'error')}: ${visible(`${error.message}${words}`)}`);
    output.data(`    next: ${visible(error.next)}`);
  }
}

function linesOf(result: TestResult, output: Output): string[] {
  const { verdict, question, tries, reasons, answer, kind } = result;
  const name = kind === 'unlearned' ? `${placeOf(result)} (old)` : placeOf(result);
  const times = tries > 1 ? ` ${tries} tries` : '';
  const cells = `${shortened(visible(name), widths.document, 'end')} ${shortened(visible(question), widths.question, 'start')}`;
  const line = `  ${output.style(styleOf[verdict], verdict.padEnd(widths.verdict))} ${`${cells}${times}`.trimEnd()}`;
  const why =
    verdict === 'pass' && tries < 2 ? reasons : verdict === 'pass' ? triesOf(result) : [...reasons, ...(tries > 1 ? triesOf(result) : [])];
  const details = why.map((reason) => `    ${visible(reason)}`);
  if (verdict !== 'fail') return [line, ...details];
  const about = `    ${[placeOf(result), result.revision === null ? null : `revision ${result.revision}`, cutAt(question, mostQuestion)]
    .filter((part) => part !== null)
    .map((part) => visible(part))
    .join(' · ')}`;
  return [line, ...details, about, ...saidLines(answer)];
}

/** Only where it was asked more than once: what each time came to. */
function triesOf({ asked }: TestResult): string[] {
  return [`asked ${asked.length} times: ${asked.map(({ verdict }) => verdict).join(', ')}`];
}

const mostAnswer = 600;
const mostQuestion = 300;

function cutAt(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

function saidLines(answer: string | null): string[] {
  if (answer === null) return [];
  const words = answer.replace(/\s+/g, ' ').trim();
  return wrapped(`it said: ${words === '' ? '(nothing)' : visible(cutAt(words, mostAnswer))}`, 74).map((line) => `    ${line}`);
}

/** Lines of at most so many characters, cut at spaces. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Of a path the end tells more than the beginning. */
function shortened(text: string, width: number, keep: 'start' | 'end'): string {
  const characters = [...text];
  if (characters.length <= width) return text.padEnd(width + text.length - characters.length);
  return keep === 'start' ? `${characters.slice(0, width - 1).join('')}…` : `…${characters.slice(1 - width).join('')}`;
}

/** The document, or the file that the question stands in. */
export function placeOf({ document, path, line }: Pick<TestResult, 'document' | 'path' | 'line'>): string {
  return document ?? (line === null ? path : `${path}:${line}`);
}

/** A report for a pull request or an issue: counts, then each test that did not pass with what it said and what was expected. */
export function verifyMarkdown(reports: readonly VerifyReport[], compared: Compared | null): string {
  const rows = reports.map(({ target, vendor, results, calls }) => {
    const { pass, fail, inconclusive, skipped } = countVerdicts(results);
    return `| ${markdownText(target)} | ${markdownText(vendor)} | ${[pass, fail, inconclusive, skipped, calls].join(' | ')} |`;
  });
  const table = ['| target | vendor | pass | fail | inconclusive | skipped | calls |', '|---|---|---:|---:|---:|---:|---:|', ...rows];
  const left = reports.flatMap((report) => {
    const words = leftOutWords(report);
    const error = report.error === null ? [] : [`- **${markdownText(report.target)}**: ${markdownText(report.error.message)}`];
    return [...error, ...(words === null ? [] : [`- **${markdownText(report.target)}**: ${markdownText(words)}`])];
  });
  const open = reports.flatMap(({ results }) => results.filter(({ verdict }) => verdict === 'fail' || verdict === 'inconclusive'));
  return [
    '# Golden questions',
    '',
    ...table,
    ...(left.length === 0 ? [] : ['', ...left]),
    ...open.flatMap(section),
    ...baselineSection(compared),
    '',
  ]
    .join('\n')
    .replace(/\n{3,}/g, '\n\n');
}

function section(result: TestResult): string[] {
  const { target, verdict, question, reasons, answer, revision, tries, expect, reject, sources } = result;
  const where = `${markdownText(placeOf(result))}${revision === null ? '' : ` at ${markdownText(revision)}`}, ${markdownText(target)}`;
  const expected = [
    ...(expect.length === 0 ? [] : [`- expected: ${expect.map((one) => markdownText(inWords(one))).join('; ')}`]),
    ...(reject.length === 0 ? [] : [`- not to be said: ${reject.map((one) => markdownText(inWords(one))).join('; ')}`]),
    ...(reasons.length === 0 ? [] : [`- ${verdict === 'fail' ? 'wrong' : 'why'}: ${reasons.map(markdownText).join('; ')}`]),
    ...(sources.length === 0
      ? []
      : [`- rests on: ${sources.map(({ document, title, url }) => markdownText(document ?? title ?? url ?? '')).join(', ')}`]),
    ...(tries > 1 ? [`- ${triesOf(result).map(markdownText).join('')}`] : []),
  ];
  const said = answer === null ? [] : ['', 'It said:', '', markdownBlock(answer)];
  return ['', `## ${verdict}: ${markdownText(question)}`, '', `- document: ${where}`, ...expected, ...said];
}

function baselineSection(compared: Compared | null): string[] {
  if (compared === null) return [];
  const { counts, rows } = compared;
  const words = Object.entries(counts).flatMap(([name, count]) => (count === 0 ? [] : [`${figure(count)} ${name}`]));
  const shown = rows.filter(({ change }) => change === 'worse' || change === 'better' || change === 'different');
  return [
    '',
    '## Before and after',
    '',
    words.join(', '),
    ...shown.flatMap(({ change, target, document, question, before, after }) => [
      '',
      `### ${change}: ${markdownText(question)}`,
      '',
      `- ${markdownText(document ?? 'no document')}, ${markdownText(target)}: ${before?.verdict ?? 'new'} → ${after?.verdict ?? 'gone'}`,
      ...(before === null ? [] : ['', 'Before:', '', markdownBlock(before.answer ?? '')]),
      ...(after === null ? [] : ['', 'After:', '', markdownBlock(after.answer ?? '')]),
    ]),
  ];
}

/**
 * JUnit as CI systems read it: inconclusive and skipped are skipped, each with its reason, and so is what was left out. What could not be read
 * is an error: no CI is to be green by tests that it does not see.
 */
export function junit(reports: readonly VerifyReport[], problems: readonly ContentProblem[] = []): string {
  const broken = problems.filter(({ severity }) => severity === 'error');
  const suites = [
    ...(broken.length === 0 ? [] : [suite('content', broken.map(brokenCase), { failures: 0, errors: broken.length, skipped: 0 })]),
    ...reports.map((report) => {
      const { target, results, error } = report;
      const { fail, inconclusive, skipped } = countVerdicts(results);
      const left = leftOutWords(report);
      const own = (name: string, inside: string) => `    <testcase classname="${xml(target)}" name="${name}">${inside}</testcase>`;
      const cases = [
        ...results.map(testCase),
        ...(left === null ? [] : [own('all that is due is asked', `<skipped message="${xml(left)}"/>`)]),
        ...(error === null ? [] : [own('the bot can be asked', `<error message="${xml(error.message)}">${xml(error.next)}</error>`)]),
      ];
      const missing = inconclusive + skipped + (left === null ? 0 : 1);
      return suite(target, cases, { failures: fail, errors: error === null ? 0 : 1, skipped: missing });
    }),
  ];
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites name="kbsync verify">', ...suites, '</testsuites>', ''].join('\n');
}

interface Tally {
  readonly failures: number;
  readonly errors: number;
  readonly skipped: number;
}

function suite(name: string, cases: readonly string[], { failures, errors, skipped }: Tally): string {
  const numbers = `tests="${cases.length}" failures="${failures}" errors="${errors}" skipped="${skipped}"`;
  return [`  <testsuite name="${xml(name)}" ${numbers}>`, ...cases, '  </testsuite>'].join('\n');
}

function brokenCase({ path, line, column, message }: ContentProblem): string {
  const where = [path, line, column].filter((part) => part !== null).join(':');
  const names = `classname="${xml(`content.${path}`)}" name="${xml(where)} can be read" file="${xml(path)}"${line === null ? '' : ` line="${line}"`}`;
  return `    <testcase ${names}><error message="${xml(message)}"/></testcase>`;
}

function testCase(result: TestResult): string {
  const { target, question, verdict, reasons, answer, path, line } = result;
  const names = `classname="${xml(`${target}.${placeOf(result)}`)}" name="${xml(question)}" file="${xml(path)}"${line === null ? '' : ` line="${line}"`}`;
  const why = reasons.join('; ');
  if (verdict === 'pass') return `    <testcase ${names}/>`;
  if (verdict !== 'fail') return `    <testcase ${names}><skipped message="${xml(`${verdict}: ${why}`)}"/></testcase>`;
  return `    <testcase ${names}><failure message="${xml(why)}">${xml(`it said:\n${answer ?? ''}`)}</failure></testcase>`;
}

/** Text in XML 1.0, which holds no control characters and no half of a character. */
function xml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/\n/g, '&#10;');
}
