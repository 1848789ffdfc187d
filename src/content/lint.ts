// Lint of one file, before anything of it is sent: what its text must not hold or should not look like. Each family of rules has a file of its
// own; the results are kept with the file in the scan cache, so that an unchanged file is not looked at again. Pure.
import type { ContentProblem, Document } from '../model/document.ts';
import { signatureOf } from './lint-duplicates.ts';
import { findHidden } from './lint-hidden.ts';
import { findInstructions } from './lint-instructions.ts';
import { bounded, type Finding, problemOf, type Severities, severityOf } from './lint-rules.ts';
import { surfaceOf } from './lint-text.ts';

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

export interface LintedText {
  readonly problems: readonly ContentProblem[];
  readonly secrets: readonly string[];
}

export interface Linter {
  lint(input: LintInput): Promise<Linted>;
  /** The rules of a text alone, for one that came to be after its file was linted. */
  lintText(text: LintText): Promise<LintedText>;
}

/** A linter for one look at the folder: what is included many times is looked at once. */
export function linterOf(severities: Severities): Linter {
  const included = new Map<string, Promise<LintedText>>();
  const isOn = (rule: Finding['rule']) => severityOf(severities, rule) !== null;
  const problemsOf = (findings: readonly Finding[], path: string) =>
    findings.flatMap((finding) => problemOf(finding, path, severities) ?? []);

  async function lintText({ path, text }: LintText): Promise<LintedText> {
    const findings: Finding[] = [];
    let secrets: readonly string[] = [];
    if (isOn('secrets')) {
      const { findSecrets } = await import('./lint-secrets.ts');
      const found = await findSecrets(path, text);
      findings.push(...bounded(found.findings));
      secrets = found.values;
    }
    if (isOn('hidden-text') || isOn('model-instructions')) {
      const surface = surfaceOf(text);
      if (isOn('hidden-text')) findings.push(...findHidden(text, surface));
      if (isOn('model-instructions')) findings.push(...findInstructions(text, surface));
    }
    return { problems: problemsOf(findings, path), secrets };
  }

  const lintIncluded = (file: LintText) => {
    const known = included.get(file.path) ?? lintText(file);
    included.set(file.path, known);
    return known;
  };

  return {
    lintText,
    async lint(input) {
      const { path, text, hasLines, documents, body, sidecar, includes } = input;
      const own = await lintText({ path, text });
      const beside = sidecar === null ? [] : [await lintText(sidecar)];
      const others = await Promise.all(includes.map(lintIncluded));
      const shape = problemsOf([...longTitles(documents, text), ...emptyBody(documents, body)], path);
      const around = [...beside, ...others];
      const problems = [...(hasLines ? own.problems : own.problems.map(withoutPlace)), ...around.flatMap((one) => one.problems), ...shape];
      const secrets = [own, ...around].flatMap((one) => one.secrets);
      return { problems, signature: isOn('near-duplicate') ? signatureOf(body) : null, secrets };
    },
  };
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
  if (article === undefined || saysSomething(body)) return [];
  return [{ rule: 'empty-body', line: null, column: null, message: 'holds no text: the bot would learn its title alone' }];
}

function saysSomething(body: string): boolean {
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
