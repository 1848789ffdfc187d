// What lint can find: the names of its rules (the keys of `content.lint`), what each is for, and the shape of a finding. Knows no text.
import type { ContentProblem } from '../model/document.ts';

/** The names, in the order of the configuration. */
export const lintRules = [
  'secrets',
  'undefined-variable',
  'hidden-text',
  'model-instructions',
  'near-duplicate',
  'broken-link',
  'internal-link',
  'long-title',
  'empty-body',
] as const;

export type LintRule = (typeof lintRules)[number];

export type Severity = ContentProblem['severity'];

/** As `content.lint` has it; a rule that it does not name is off. */
export type Severities = { readonly [rule: string]: Severity | 'off' };

/** Part of the key of the scan cache: raise it whenever a rule would find something else in the same file. */
export const lintVersion = 2;

/** Something found in one text. Lines and columns (UTF-16 units) count from 1. */
export interface Finding {
  readonly rule: LintRule;
  readonly line: number | null;
  readonly column: number | null;
  /** Never holds a secret, nor a character that does not show. */
  readonly message: string;
}

export interface RuleText {
  /** A few words. */
  readonly short: string;
  /** Why it matters, and what to do. */
  readonly help: string;
}

/** What each rule is for. */
export const ruleTexts: { readonly [rule in LintRule]: RuleText } = {
  secrets: {
    short: 'A password, key or token in the text.',
    help: 'A bot repeats what it was taught, to anybody. Take the secret out of the text and revoke it: it may be in the history of the repository too. A line that holds no real secret can be excused with a comment: <!-- secretlint-disable-next-line -->.',
  },
  'undefined-variable': {
    short: '{{ name }} without a value in content.variables.',
    help: 'Set content.variables.<name> in the configuration, or write \\{{ name }} where the braces are meant.',
  },
  'hidden-text': {
    short: 'Text that readers of the page do not see.',
    help: 'The bot reads it all the same, and a reviewer does not. Remove characters without width, elements that are not shown and long comments, or put the text where it can be read.',
  },
  'model-instructions': {
    short: 'Text that speaks to a language model instead of a reader.',
    help: 'A bot may obey what its documents tell it. Remove the sentence; where it is an example, put it into code.',
  },
  'near-duplicate': {
    short: 'Two documents that say almost the same.',
    help: 'A bot that knows both may answer from the older one, or from the wrong answer to a question. Merge them, or give them to different bots.',
  },
  'broken-link': {
    short: 'A relative link to a file that is not there.',
    help: 'Correct the path, or remove the link.',
  },
  'internal-link': {
    short: 'A link to a page that a bot which is given the link may not have.',
    help: 'The bot tells its users an address that lies behind the fence, and cannot answer from what is there. Remove the link, put it into a region of its own for the other bots, or correct the audience of one of the two pages.',
  },
  'long-title': {
    short: 'A title longer than a vendor keeps.',
    help: 'Vendors cut long titles, or refuse them. Shorten the title, or set a shorter one in the front matter.',
  },
  'empty-body': {
    short: 'A document without text.',
    help: 'The bot would learn a title alone. Write the text, set draft: true, or leave the file out with content.exclude.',
  },
};

/** Whether a name is that of a rule. */
export function isLintRule(name: string): name is LintRule {
  return (lintRules as readonly string[]).includes(name);
}

/** How severe a rule's findings are; null: off. */
export function severityOf(severities: Severities, rule: LintRule): Severity | null {
  const severity = Object.hasOwn(severities, rule) ? severities[rule] : 'off';
  return severity === undefined || severity === 'off' ? null : severity;
}

/** A finding as a problem of its file; null where its rule is off. */
export function problemOf(finding: Finding, path: string, severities: Severities): ContentProblem | null {
  const severity = severityOf(severities, finding.rule);
  if (severity === null) return null;
  const { rule, line, column, message } = finding;
  return { path, line, column, message, severity, rule };
}

/** The line and column (from 1) of an offset. `starts` are the offsets that lines begin at. */
export function placeIn(starts: readonly number[], offset: number): { readonly line: number; readonly column: number } {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
}

/** Where the lines of a text begin. */
export function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** Of one rule at most this many findings in a file are told one by one. */
const mostPerRule = 20;

/** Findings in the order of the text; those over the limit become one sentence. */
export function bounded<Told extends { readonly message: string }>(findings: readonly Told[]): readonly Told[] {
  const [first, ...rest] = findings.slice(mostPerRule);
  if (first === undefined || rest.length === 0) return findings;
  return [...findings.slice(0, mostPerRule), { ...first, message: `${first.message} (and ${rest.length} more below)` }];
}
