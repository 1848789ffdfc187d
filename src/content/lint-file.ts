// Lint as a step of reading a file: its findings join the file's problems, and an error takes its documents away as every other error does.
// Loads the rules only when a file has changed, and only where one of them is on.
import type { ContentProblem, DocumentId } from '../model/document.ts';
import type { CachedFile } from './cached-file.ts';
import type { IncludeFiles } from './include-files.ts';
import type { Linter, LintText } from './lint.ts';
import { maskerOf } from './lint-place.ts';
import type { Severities } from './lint-rules.ts';
import type { Sent } from './lint-sent.ts';
import { hashKey, slug } from './slug.ts';
import { bodyOf } from './source.ts';

export interface Read extends LintText {
  /** False for what was taken out of a binary file. */
  readonly hasLines: boolean;
  readonly sidecar: LintText | null;
}

export interface FileLinter {
  /** The file with what lint says of it. */
  linted(file: CachedFile, read: Read): Promise<CachedFile>;
  /** What it says of what a bot is given of a document, beyond what it said of its file. */
  sent(sent: Sent): Promise<readonly ContentProblem[]>;
}

/** Rules that look at one file; those about links, variables and twins are seen to elsewhere. */
const ofOneFile = ['secrets', 'hidden-text', 'model-instructions', 'near-duplicate', 'long-title', 'empty-body'];

/** Lint for one look at the folder. */
export function fileLinter(severities: Severities, includes: IncludeFiles): FileLinter {
  const isOn = ofOneFile.some((rule) => (severities[rule] ?? 'off') !== 'off');
  let loaded: Linter | null = null;
  const linter = async () => {
    loaded ??= (await import('./lint.ts')).linterOf(severities);
    return loaded;
  };
  const textOf = (path: string): LintText[] => {
    const found = includes.log().read(path);
    return found.kind === 'text' ? [{ path, text: found.text }] : [];
  };
  return {
    async linted(file, { path, text, hasLines, sidecar }) {
      if (!isOn) return file;
      const { lint } = await linter();
      const others = (file.includes ?? []).filter(({ digest }) => digest !== null).flatMap((fact) => textOf(fact.path));
      const body = bodyOf(text, file.bodyStart);
      const found = await lint({ path, text, hasLines, sidecar, documents: file.documents, body, includes: others });
      const { problems, signature, secrets } = found;
      const safe = secrets.length === 0 ? file : withoutSecrets(file, path, secrets);
      const isKept = problems.some((problem) => problem.severity === 'error');
      const documents = isKept ? [] : safe.documents;
      const ids = isKept ? safe.ids.map((id) => withoutWords(id, secrets)) : safe.ids;
      return { ...safe, documents, ids, problems: [...safe.problems, ...problems], ...(signature !== null && { signature }) };
    },
    async sent(sent) {
      if (!isOn) return [];
      const { sentProblems } = await import('./lint-sent.ts');
      return sentProblems(sent, await linter(), severities);
    },
  };
}

/** An id is made of a question's words, in lower case: one with a secret among them is told by its hash. */
function withoutWords(id: DocumentId, secrets: readonly string[]): DocumentId {
  const [file = '', words] = id.split('#qa-');
  const holds = (secret: string) => slug(secret, 1_000).length >= leastWords && words?.includes(slug(secret, 1_000)) === true;
  return words !== undefined && secrets.some(holds) ? `${file}#qa-${hashKey(words)}` : id;
}

const leastWords = 6;

/** Other stages quote the text: a link, a key. What they say of a file with a secret is told without it. */
function withoutSecrets(file: CachedFile, path: string, secrets: readonly string[]): CachedFile {
  const masked = maskerOf(secrets);
  const isClean = (words: string) => masked(words) === words;
  const problems = file.problems.map((problem) => ({ ...problem, message: masked(problem.message), path: masked(problem.path) }));
  const links = Object.entries(file.links ?? {}).map(([document, known]) => {
    return [document, { ...known, sites: known.sites.filter((site) => isClean(site.href) && isClean(site.path)) }] as const;
  });
  const safe = { ...file, problems, ...(file.links !== undefined && { links: Object.fromEntries(links) }) };
  return isClean(path) ? safe : { ...safe, shown: masked(path) };
}
