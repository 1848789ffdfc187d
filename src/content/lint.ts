// Lint of one file, before anything of it is sent: what its text must not hold or should not look like. Each family of rules has a file of its
// own; the results are kept with the file in the scan cache, so that an unchanged file is not looked at again. Pure.
import type { ContentProblem, Document } from '../model/document.ts';
import { signatureOf } from './lint-duplicates.ts';
import { findHidden, hiddenCharacters } from './lint-hidden.ts';
import { findInstructions, instructionsIn } from './lint-instructions.ts';
import { lineInSource, maskerOf } from './lint-place.ts';
import { readingOf } from './lint-readings.ts';
import { bounded, type Finding, type LintRule, lineStarts, placeIn, problemOf, type Severities, severityOf } from './lint-rules.ts';
import { surfaceOf } from './lint-text.ts';
import { type Value, valuesOf } from './lint-values.ts';

/** Titles over this many UTF-16 units are told: the least of what vendors and search results keep. */
export const longTitle = 100;

/** A text and where it stands. */
export interface LintText {
  readonly path: string;
  readonly text: string;
}

export interface LintInput extends LintText {
  /** False where the text was taken out of a binary file, whose lines nobody sees. */
  readonly hasLines: boolean;
  /** What the file became. */
  readonly documents: readonly Document[];
  /** The text of its article, without the front matter. */
  readonly body: string;
  readonly sidecar: LintText | null;
  /** Files that are included in it: their text reaches the bot as its own does. */
  readonly includes: readonly LintText[];
}

export interface Linted {
  readonly problems: readonly ContentProblem[];
  /** For telling near-duplicates; null: not wanted, or too few words. */
  readonly signature: string | null;
  /** What the problems of other stages must not repeat. */
  readonly secrets: readonly string[];
}

/** What the rules of a text alone find in one. */
export interface TextFindings {
  readonly findings: readonly Finding[];
  /** Of the findings that are secrets, what they are. */
  readonly found: ReadonlyMap<Finding, string>;
  readonly secrets: readonly string[];
  /** Secrets that a comment excuses: they are none, wherever they turn up again. */
  readonly excused: readonly string[];
}

interface LintedText {
  readonly problems: readonly ContentProblem[];
  readonly secrets: readonly string[];
  readonly excused: readonly string[];
}

export interface Linter {
  lint(input: LintInput): Promise<Linted>;
  /** The rules of a text alone. */
  findIn(text: LintText): Promise<TextFindings>;
  isOn(rule: LintRule): boolean;
}

/** A linter for one look at the folder: what is included many times is looked at once. */
export function linterOf(severities: Severities): Linter {
  const included = new Map<string, Promise<LintedText>>();
  const isOn = (rule: Finding['rule']) => severityOf(severities, rule) !== null;
  const problemsOf = (findings: readonly Finding[], path: string) =>
    findings.flatMap((finding) => problemOf(finding, path, severities) ?? []);

  async function findIn({ path, text }: LintText): Promise<TextFindings> {
    const findings: Finding[] = [];
    const found = new Map<Finding, string>();
    let secrets: readonly string[] = [];
    let excused: readonly string[] = [];
    if (isOn('secrets')) {
      const { findSecrets } = await import('./lint-secrets.ts');
      const hits = await findSecrets(path, text);
      for (const [index, finding] of hits.findings.entries()) found.set(finding, hits.found[index] ?? '');
      findings.push(...bounded(hits.findings));
      secrets = hits.values;
      excused = hits.excused;
    }
    if (isOn('hidden-text') || isOn('model-instructions')) {
      const surface = surfaceOf(text);
      if (isOn('hidden-text')) findings.push(...findHidden(text, surface));
      if (isOn('model-instructions')) findings.push(...findInstructions(text, surface));
      // In a plain text `&#8203;` is what it says.
      if (!/\.txt$/i.test(path)) findings.push(...undoneFindings(text, surface.prose, findings));
    }
    return { findings: findings.filter(({ rule }) => isOn(rule)), found, secrets, excused };
  }

  async function lintText(given: LintText): Promise<LintedText> {
    const { findings, secrets, excused } = await findIn(given);
    return { problems: problemsOf(findings, given.path), secrets, excused };
  }

  /** What the documents say that does not stand in the file as they say it: set by a rule, or written with escapes. */
  async function lintValues({ path, text, sidecar, documents }: LintInput, around: readonly LintedText[]) {
    // Secrets are told once each, where they stand; what a comment excuses there is excused.
    const told = new Set(around.flatMap(({ secrets, excused }) => [...secrets, ...excused]));
    const isWritten = ({ text: value }: Value) => text.includes(value) || sidecar?.text.includes(value) === true;
    const values = [{ what: 'path', text: path }, ...valuesOf(documents)].filter((value) => !isWritten(value));
    const problems: ContentProblem[] = [];
    const secrets: string[] = [];
    // Together first, for nearly always there is nothing; marks of code would take what comes behind them out.
    const apart = values.filter((value) => /[`~]/.test(value.text));
    const together = values.filter((value) => !apart.includes(value));
    const joined = await findIn({ path, text: together.map((value) => value.text).join('\n\n') });
    for (const value of joined.findings.length === 0 ? apart : values) {
      const { findings, found, secrets: own } = await findIn({ path, text: value.text });
      const news = findings.filter((finding) => !told.has(found.get(finding) ?? ''));
      const fresh = own.filter((secret) => !told.has(secret));
      secrets.push(...fresh);
      for (const secret of fresh) told.add(secret);
      for (const finding of news) {
        const made = value.text.split('\n')[(finding.line ?? 1) - 1] ?? '';
        const line = value.what === 'path' ? null : lineInSource(text, made, found.get(finding) ?? null);
        problems.push(...problemsOf([{ ...finding, line, column: null, message: `${finding.message}, in its ${value.what}` }], path));
      }
    }
    return { problems, secrets };
  }

  const lintIncluded = (file: LintText) => {
    const known = included.get(file.path) ?? lintText(file);
    included.set(file.path, known);
    return known;
  };

  return {
    findIn,
    isOn,
    async lint(input) {
      const { path, text, hasLines, documents, body, sidecar, includes } = input;
      const own = await lintText({ path, text });
      const beside = sidecar === null ? [] : [await lintText(sidecar)];
      const values = await lintValues(input, [own, ...beside]);
      const others = await Promise.all(includes.map(lintIncluded));
      const shape = problemsOf([...longTitles(documents, text), ...emptyBody(documents, body)], path);
      const around = [values, ...beside, ...others];
      const mine = [...own.problems, ...values.problems].map((problem) => (hasLines ? problem : withoutPlace(problem)));
      const problems = [...mine, ...[...beside, ...others].flatMap((one) => one.problems), ...shape];
      const secrets = [own, ...around].flatMap((one) => one.secrets);
      const masked = maskerOf(secrets);
      return {
        problems: secrets.length === 0 ? problems : problems.map((problem) => ({ ...problem, path: masked(problem.path) })),
        signature: isOn('near-duplicate') ? signatureOf(body) : null,
        secrets,
      };
    },
  };
}

/** What only a reader of the page sees: characters that the text names, words that comments and references take apart. */
function undoneFindings(text: string, prose: string, known: readonly Finding[]): readonly Finding[] {
  const undone = readingOf(prose, 'references');
  if (undone === null) return [];
  const hidden = hiddenCharacters(undone.text).map((found) => ({ rule: 'hidden-text' as const, ...found }));
  const aimed = instructionsIn(undone.text).map((found) => ({ rule: 'model-instructions' as const, ...found }));
  const starts = hidden.length + aimed.length === 0 ? [] : lineStarts(text);
  const findings = [hidden, aimed].map((found) => {
    const placed = found.map(({ rule, offset, message }): Finding => ({ rule, ...placeIn(starts, undone.offset(offset)), message }));
    return bounded(placed.filter(({ rule, line }) => !known.some((other) => other.rule === rule && other.line === line)));
  });
  return findings.flat();
}

function withoutPlace(problem: ContentProblem): ContentProblem {
  return { ...problem, line: null, column: null };
}

function longTitles(documents: readonly Document[], text: string): readonly Finding[] {
  return documents.flatMap(({ title }): Finding[] => {
    if (title.length <= longTitle) return [];
    const at = text.indexOf(title.slice(0, 40));
    const line = at < 0 ? null : text.slice(0, at).split('\n').length;
    return [
      { rule: 'long-title', line, column: null, message: `the title has ${title.length} characters; vendors keep about ${longTitle}` },
    ];
  });
}

/** An article that says nothing but its title. */
function emptyBody(documents: readonly Document[], body: string): readonly Finding[] {
  const article = documents.find((document) => document.kind === 'article' || document.kind === 'file');
  return article === undefined || saysSomething(body) ? [] : [nothingSaid];
}

/** What is told of it. */
export const nothingSaid: Finding = {
  rule: 'empty-body',
  line: null,
  column: null,
  message: 'holds no text: the bot would learn its title alone',
};

/** Whether a text in Markdown or HTML says more than headings. */
export function saysSomething(body: string): boolean {
  const rest = withoutSpans(withoutSpans(body, '<!--', '-->'), '{/*', '*/}')
    // What MDX needs to run, and headings.
    .replace(/^(?:import|export)\s.*$|^ {0,3}#{1,6}(?:\s.*)?$|^.*\n {0,3}(?:=+|-+)[ \t]*$/gm, ' ');
  return /[\p{L}\p{N}\p{So}]/u.test(rest.replace(/<\/?[A-Za-z][^<>]*>/g, (tag) => (/\b(?:src|href|alt)\s*=/i.test(tag) ? tag : ' ')));
}

/** By hand: a pattern looks for the end once for each beginning, and a text may hold thousands that never end. */
function withoutSpans(text: string, opening: string, closing: string): string {
  let kept = '';
  let from = 0;
  for (let start = text.indexOf(opening); start >= 0; start = text.indexOf(opening, from)) {
    const end = text.indexOf(closing, start + opening.length);
    if (end < 0) break;
    kept += `${text.slice(from, start)} `;
    from = end + closing.length;
  }
  return kept + text.slice(from);
}
