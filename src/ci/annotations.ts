// Marks at the lines of a pull request: workflow commands of GitHub Actions, escaped, and never more than GitHub shows. Pure.
import { visible } from '../plan/escape.ts';
import { counted } from '../plan/words.ts';
import type { ErrorSaid, Finding, Said, VerifySaid } from './results.ts';

/** One mark. The file counts from the root of the repository; null: of the whole run. */
export interface Annotation {
  readonly severity: 'error' | 'warning';
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly title: string;
  readonly message: string;
}

/** GitHub shows so many errors, and so many warnings, of one step. */
export const mostAnnotations = 10;

/** `::error file=…,line=…,col=…,title=…::message` */
export function githubCommand({ severity, file, line, column, title, message }: Annotation): string {
  const place = [
    ...(file === null ? [] : [`file=${property(file)}`]),
    ...(file === null || line === null ? [] : [`line=${line}`]),
    ...(file === null || line === null || column === null ? [] : [`col=${column}`]),
  ];
  return `::${severity} ${[...place, `title=${property(visible(title))}`].join(',')}::${data(visible(message))}`;
}

/** The escapes of GitHub's own toolkit: without them a path could begin another command. */
function data(text: string): string {
  return text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
}

function property(text: string): string {
  return data(text).replace(/:/g, '%3A').replace(/,/g, '%2C');
}

/** As many commands as are shown, errors first, and one line that counts the rest. */
export function githubCommands(annotations: readonly Annotation[]): readonly string[] {
  const of = (severity: Annotation['severity']) => annotations.filter((one) => one.severity === severity);
  const [errors, warnings] = [of('error'), of('warning')];
  const shown = [...errors.slice(0, mostAnnotations), ...warnings.slice(0, mostAnnotations)];
  const left = { errors: Math.max(0, errors.length - mostAnnotations), warnings: Math.max(0, warnings.length - mostAnnotations) };
  const words = [
    ...(left.errors === 0 ? [] : [counted(left.errors, 'more error')]),
    ...(left.warnings === 0 ? [] : [counted(left.warnings, 'more warning')]),
  ].join(' and ');
  const rest = words === '' ? [] : [`::notice title=kbsync::${words} not marked here: the job summary has them, kbsync lint all of them`];
  return [...shown.map(githubCommand), ...rest];
}

export interface AnnotationSources {
  /** Null where the folder was not looked at. */
  readonly lint: Said | null;
  readonly main: Said | null;
  readonly verify: VerifySaid | null;
  /** What stands before a path that counts from the working directory; '' or ending in a slash. */
  readonly folder: string;
}

/** Everything that has a place: findings, documents that did not go through, tests that failed; and what has none: errors and brakes. */
export function annotationsOf({ lint, main, verify, folder }: AnnotationSources): readonly Annotation[] {
  const prefix = lint?.prefix ?? null;
  const at = (path: string) => (prefix === null ? null : normalized(prefix + path));
  const findings = lint?.findings ?? [];
  const faulty = new Set(findings.flatMap(({ severity, path }) => (severity === 'error' ? [path] : [])));
  return [
    ...errorsOf(main?.error ?? lint?.error ?? null, folder),
    ...findings.map((finding) => ofFinding(finding, at(finding.path))),
    ...(main?.targets ?? []).flatMap((target) => ofTarget(target, at, faulty)),
    ...(verify?.tests ?? []).flatMap((test): Annotation[] => {
      if (test.verdict !== 'fail') return [];
      const message = `${test.target}: ${test.question}: ${test.reasons.join('; ')}`;
      return [{ severity: 'error', file: at(test.path), line: test.line, column: null, title: 'kbsync verify', message: cut(message) }];
    }),
  ];
}

function ofFinding({ line, column, rule, severity, message, path }: Finding, file: string | null): Annotation {
  const place = file === null ? `${path}: ` : '';
  return { severity, file, line, column, title: `kbsync ${rule}`, message: cut(`${place}${message}`) };
}

function ofTarget(
  { name, operations = [], held, error }: NonNullable<Said['targets']>[number],
  at: (path: string) => string | null,
  faulty: ReadonlySet<string>,
): Annotation[] {
  const whole = { file: null, line: null, column: null } as const;
  const stopped = error == null ? [] : [{ ...whole, severity: 'error', title: `kbsync ${name}`, message: sentence(error) } as const];
  const brakes = (held ?? []).map(({ rule, message, passWith }): Annotation => {
    const way = passWith === null ? '' : ` To pass: kbsync ${passWith}`;
    return { ...whole, severity: 'warning', title: `kbsync ${name}: held, ${rule}`, message: cut(`${message}${way}`) };
  });
  const open = operations.flatMap(({ action, path, outcome, reason, error: why }): Annotation[] => {
    // What lint has marked, with its line, is not marked once more without one.
    if (!['failed', 'unconfirmed', 'blocked'].includes(outcome) || (outcome === 'blocked' && faulty.has(path))) return [];
    const severity = outcome === 'failed' || (outcome === 'blocked' && why !== null) ? 'error' : 'warning';
    const place = at(path) === null ? `${path}: ` : '';
    const message = cut(`${place}${name}: ${action} ${outcome}: ${why === null ? reason : sentence(why)}`);
    return [{ severity, file: at(path), line: null, column: null, title: `kbsync ${outcome}`, message }];
  });
  return [...stopped, ...brakes, ...open];
}

/** An error of a whole command; those of the configuration say file, line and column, each in a line of its own. */
function errorsOf(error: ErrorSaid | null, folder: string): readonly Annotation[] {
  if (error === null) return [];
  const lines = error.code === 'CONFIG_INVALID' ? error.message.split('\n') : [];
  const placed = lines.map((line) => /^([^:\n]+\.ya?ml):(\d+):(\d+) (.*)$/.exec(line));
  if (placed.length === 0 || placed.some((found) => found === null)) {
    return [{ severity: 'error', file: null, line: null, column: null, title: 'kbsync', message: cut(sentence(error)) }];
  }
  return placed.map((found): Annotation => {
    const [, file = '', line = '', column = '', message = ''] = found ?? [];
    const where = file.startsWith('/') ? null : normalized(folder + file);
    const words = where === null ? `${file}: ${message}` : message;
    return {
      severity: 'error',
      file: where,
      line: Number(line),
      column: Number(column),
      title: 'kbsync configuration',
      message: cut(words),
    };
  });
}

function sentence({ message, vendor, next }: ErrorSaid): string {
  return `${message}${vendor === null ? '' : ` (the vendor says: ${vendor})`}. Next: ${next}`;
}

/** A mark is read in a margin. */
function cut(text: string): string {
  return text.length > 1_000 ? `${text.slice(0, 1_000)}…` : text;
}

/** `a/./b/../c` → `a/c`; a path that leaves the repository stays as it is. */
function normalized(path: string): string {
  const out: string[] = [];
  for (const step of path.split('/')) {
    if (step === '' || step === '.') continue;
    if (step === '..' && out.length > 0 && out.at(-1) !== '..') out.pop();
    else out.push(step);
  }
  return out.join('/');
}
