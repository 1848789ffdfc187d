// zod's issues → faults with a place: a wrong value at the value, an unknown key at the key, a missing key at what should hold it.
import type { z } from 'zod';
import { type Fault, nearest, type Path, pathKey } from './problem.ts';
import type { Spot } from './read.ts';

type Issue = z.core.$ZodIssue;

/** All faults that a failed parse tells of. `at` is where the parsed value stands in the file. */
export function faultsOf(error: z.ZodError, at: Path, spots: ReadonlyMap<string, Spot>): readonly Fault[] {
  return error.issues.flatMap((issue) => faultsOfIssue(issue, at, spots));
}

/** The nearest place that is in the file: of the value itself, or of what should hold it. */
export function spotOf(path: Path, spots: ReadonlyMap<string, Spot>): { readonly at: number; readonly spot: Spot | null } {
  const own = spots.get(pathKey(path));
  if (own !== undefined) return { at: own.at, spot: own };
  for (let length = path.length - 1; length >= 0; length--) {
    const holder = spots.get(pathKey(path.slice(0, length)));
    if (holder !== undefined) return { at: length === 0 || typeof path[length - 1] === 'number' ? holder.at : holder.keyAt, spot: null };
  }
  return { at: 0, spot: null };
}

function faultsOfIssue(issue: Issue, base: Path, spots: ReadonlyMap<string, Spot>): readonly Fault[] {
  const path = [...base, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const inner = [...path, key];
      return {
        at: spots.get(pathKey(inner))?.keyAt ?? spotOf(inner, spots).at,
        path: inner,
        found: 'an unknown key',
        expected: 'no such key here',
      };
    });
  }
  if (issue.code === 'invalid_key') {
    const at = spots.get(pathKey(path))?.keyAt ?? spotOf(path, spots).at;
    const key = JSON.stringify(String(issue.path.at(-1)));
    return issue.issues.map((inner) => ({ at, path: path.slice(0, -1), found: `the key ${key}`, expected: expectedOf(inner) }));
  }
  if (issue.code === 'invalid_union') {
    const deeper = deepestBranch(branchesOf(issue));
    if (deeper !== null) return deeper.flatMap((inner) => faultsOfIssue(inner, path, spots));
  }
  const { at, spot } = spotOf(path, spots);
  const found = spot?.found ?? 'nothing';
  return [{ at, path, found, expected: expectedOf(issue), suggestion: suggestionOf(issue, found), absent: spot === null || spot.absent }];
}

/** The alternatives of a union; none where another copy of zod says it in another way. */
function branchesOf(issue: Extract<Issue, { readonly code: 'invalid_union' }>): readonly (readonly Issue[])[] {
  const { errors } = issue as { readonly errors?: readonly (readonly Issue[])[] };
  return errors ?? [];
}

/** Of alternatives that are maps, the one that fits best; null where the alternatives are single values. */
function deepestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | null {
  const inside = branches.filter(
    (branch) => branch.length > 0 && branch.every((issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys'),
  );
  return [...inside].sort((left, right) => left.length - right.length)[0] ?? null;
}

const types: { readonly [name: string]: string } = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
  record: 'a map of keys',
  null: 'null',
};

/** Completes "expected …". A schema's own message is written for that; zod's own ones are put into our words. */
function expectedOf(issue: Issue): string {
  const own = /^(?:Invalid|Too (?:small|big)|Unrecognized)/.test(issue.message) ? null : issue.message;
  if (issue.code === 'invalid_type' && issue.expected === 'never') return `the key left out${own === null ? '' : ` (${own})`}`;
  if (own !== null && issue.code !== 'invalid_value') return own;
  switch (issue.code) {
    case 'invalid_type':
      return types[issue.expected] ?? String(issue.expected);
    case 'invalid_value':
      return `${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map((value) => JSON.stringify(value)).join(', ')}${own === null ? '' : ` (${own})`}`;
    case 'too_small':
      return `at least ${String(issue.minimum)}${unitOf(issue.origin)}`;
    case 'too_big':
      return `at most ${String(issue.maximum)}${unitOf(issue.origin)}`;
    case 'invalid_format':
      return issue.pattern === undefined ? `a ${issue.format}` : `a text that matches ${issue.pattern}`;
    case 'invalid_union': {
      const each = branchesOf(issue).flatMap((branch) => branch.map(expectedOf));
      return each.length === 0 ? 'another value' : [...new Set(each)].join(' or ');
    }
    default:
      return `another value (${issue.message})`;
  }
}

function unitOf(origin: string): string {
  return origin === 'string' ? ' characters' : origin === 'array' ? ' items' : '';
}

function suggestionOf(issue: Issue, found: string): string | null {
  const values = issue.code === 'invalid_union' ? branchesOf(issue).flat().flatMap(valuesOf) : valuesOf(issue);
  return found.startsWith('"') ? nearest(found.slice(1, -1), values) : null;
}

function valuesOf(issue: Issue): readonly string[] {
  return issue.code === 'invalid_value' ? issue.values.filter((value) => typeof value === 'string') : [];
}
