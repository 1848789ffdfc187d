// `${NAME}` and `${NAME:-default}`: where the value of a variable comes from, and how a text is filled in.
// Values are text and stay text: what a variable holds is never read as YAML.
import path from 'node:path';
import { parseEnv } from 'node:util';

export type ReadFile = (file: string) => Promise<string>;
export type Environment = { readonly [name: string]: string | undefined };

/** unreadable: the file that NAME_FILE names cannot be read. A variable that is set but empty counts as missing: CI sets unset secrets so. */
export type Variable =
  | { readonly state: 'set'; readonly value: string }
  | { readonly state: 'missing' }
  | { readonly state: 'unreadable'; readonly file: string; readonly why: string };

export interface Filled {
  readonly text: string;
  /** Names of the variables that stand in the text. */
  readonly names: readonly string[];
  /** What the variables put in, defaults aside. */
  readonly values: readonly string[];
  /** Names that have neither value nor default. The text then keeps them as they stand. */
  readonly missing: readonly string[];
  readonly unreadable: readonly { readonly name: string; readonly file: string; readonly why: string }[];
  /** A `${` that starts no variable. */
  readonly malformed: boolean;
}

const variable = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-((?:(?!\$\{)[^}])*))?\}|\$\{/g;

/** The names of variables in a text. */
export function namesIn(text: string): readonly string[] {
  return [...text.matchAll(variable)].flatMap((found) => found[1] ?? []);
}

/** Puts in values and defaults; `$${` is a plain `${`. */
export function fill(text: string, variables: ReadonlyMap<string, Variable>): Filled {
  const names: string[] = [];
  const values: string[] = [];
  const missing: string[] = [];
  const unreadable: { name: string; file: string; why: string }[] = [];
  let malformed = false;
  const filled = text.replace(variable, (whole: string, name: string | undefined, fallback: string | undefined) => {
    if (whole === '$${') return '${';
    if (name === undefined) {
      malformed = true;
      return whole;
    }
    names.push(name);
    const known = variables.get(name) ?? { state: 'missing' };
    if (known.state === 'set') {
      values.push(known.value);
      return known.value;
    }
    if (known.state === 'unreadable') unreadable.push({ name, file: known.file, why: known.why });
    else if (fallback !== undefined) return fallback;
    else missing.push(name);
    return whole;
  });
  return { text: filled, names, values, missing, unreadable, malformed };
}

export interface Sources {
  readonly env: Environment;
  /** The variables of `.env` beside the configuration. */
  readonly dotEnv: Environment;
  /** Where relative NAME_FILE paths start. */
  readonly folder: string;
  readonly readFile: ReadFile;
}

/** Looks each name up: environment, `.env`, then the file that NAME_FILE names (its trailing line ends are cut). */
export async function lookUp(names: Iterable<string>, sources: Sources): Promise<ReadonlyMap<string, Variable>> {
  const found = await Promise.all([...new Set(names)].map(async (name) => [name, await lookUpOne(name, sources)] as const));
  return new Map(found);
}

async function lookUpOne(name: string, { env, dotEnv, folder, readFile }: Sources): Promise<Variable> {
  const value = env[name] || dotEnv[name];
  if (value !== undefined && value !== '') return { state: 'set', value };
  const file = env[`${name}_FILE`] || dotEnv[`${name}_FILE`];
  if (file === undefined || file === '') return { state: 'missing' };
  try {
    const text = (await readFile(path.resolve(folder, file))).replace(/(?:\r?\n)+$/, '');
    return text === '' ? { state: 'missing' } : { state: 'set', value: text };
  } catch (thrown) {
    return { state: 'unreadable', file, why: reasonOf(thrown) };
  }
}

/** `.env` of a folder; {} where there is none (a folder of that name is none). Throws what else reading throws. */
export async function readDotEnv(folder: string, readFile: ReadFile): Promise<Environment> {
  try {
    return parseEnv(await readFile(path.join(folder, '.env'))) as Environment;
  } catch (thrown) {
    if (/^(?:ENOENT|EISDIR|ENOTDIR)$/.test(codeOf(thrown))) return {};
    throw thrown;
  }
}

/** The error code of the operating system, or ''. */
export function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}

/** Why a file could not be read, in words. */
export function reasonOf(thrown: unknown): string {
  const words: { readonly [code: string]: string } = {
    ENOENT: 'there is no such file',
    EACCES: 'this user may not read it',
    EISDIR: 'it is a folder',
    ENOTDIR: 'there is no such folder',
  };
  return words[codeOf(thrown)] ?? (thrown instanceof Error ? thrown.message : String(thrown));
}
