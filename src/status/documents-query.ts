// GET /api/documents: its parameters, checked, and what they leave of each target's documents. Pure.
import { SyncError } from '../model/error.ts';
import { type TrainingState, trainingStates } from '../model/record.ts';
import type { DocumentStatus, TargetStatus } from './derive.ts';

export interface DocumentsQuery {
  /** Null: all. */
  readonly target: string | null;
  readonly states: readonly TrainingState[];
  /** Stands in id, path, a vendor's id, a commit or the last error; case does not count. */
  readonly q: string;
  /** Documents of each target at most; null: all. */
  readonly limit: number | null;
  /** Of each target's documents, the first so many are left out. */
  readonly offset: number;
}

export interface DocumentsPage {
  readonly name: string;
  /** Documents that the filters leave, on all pages. */
  readonly total: number;
  readonly documents: readonly DocumentStatus[];
  /** The offset of the next page; null: this is the last one. */
  readonly next: number | null;
}

/** Larger pages are refused: who wants all leaves the limit out. */
const mostLimit = 10_000;

/** The parameters of a request. USAGE for one that there is not, or a value that it cannot have. */
export function documentsQuery(parameters: Readonly<Record<string, readonly string[]>>): DocumentsQuery {
  const strange = Object.keys(parameters).find((name) => !known.has(name));
  if (strange !== undefined) throw wrong(`there is no parameter ${strange}`, `use ${[...known].join(', ')}`);
  const one = (name: string): string | null => {
    const [first, ...more] = parameters[name] ?? [];
    if (more.length > 0) throw wrong(`${name} is given more than once`, `give ${name} once`);
    return first ?? null;
  };
  const states = parameters['state'] ?? [];
  const noState = states.find((state) => !isState(state));
  if (noState !== undefined) throw wrong(`there is no state ${noState}`, `use ${trainingStates.join(', ')}`);
  return {
    target: one('target'),
    states: states.filter(isState),
    q: one('q') ?? '',
    limit: count('limit', one('limit'), 1, mostLimit),
    offset: count('offset', one('offset'), 0, Number.MAX_SAFE_INTEGER) ?? 0,
  };
}

/** One page of a target's documents, in the order of their ids, so that pages fit together. */
export function documentsPage({ name, documents }: TargetStatus, { states, q, limit, offset }: DocumentsQuery): DocumentsPage {
  const needle = q.toLowerCase();
  const found = documents
    .filter((document) => (states.length === 0 || states.includes(document.training)) && (needle === '' || speaksOf(document, needle)))
    .sort((a, b) => (a.document < b.document ? -1 : 1));
  const end = limit === null ? found.length : offset + limit;
  return { name, total: found.length, documents: found.slice(offset, end), next: end < found.length ? end : null };
}

const known = new Set(['target', 'state', 'q', 'limit', 'offset']);

function isState(state: string): state is TrainingState {
  return (trainingStates as readonly string[]).includes(state);
}

function speaksOf(document: DocumentStatus, needle: string): boolean {
  const { error } = document;
  const texts = [document.document, document.path, ...document.remoteIds, document.pushedCommit, document.trainedCommit];
  const errors = error === null ? [] : [error.code, error.message, error.vendor];
  return [...texts, ...errors].some((text) => text?.toLowerCase().includes(needle) === true);
}

function count(name: string, text: string | null, least: number, most: number): number | null {
  if (text === null) return null;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) throw wrong(`${name}=${text} is no number from ${least} to ${most}`, `give ${name} as digits`);
  return value;
}

function wrong(message: string, next: string): SyncError {
  return new SyncError('USAGE', { message, next });
}
