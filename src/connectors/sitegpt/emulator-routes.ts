// Which documented call a request is. Both API generations of the SiteGPT emulator are tables of these.
import type { Json } from '../../model/json.ts';
import type { EmulatorReply, EmulatorRequest } from '../emulator.ts';
import type { Chat } from './emulator-chat.ts';
import type { Documents } from './emulator-documents.ts';
import { refuse } from './emulator-request.ts';

/** One chatbot. */
export interface Box {
  readonly id: string;
  readonly documents: Documents;
  readonly chat: Chat;
}

/** What a call below one chatbot is given. */
export interface Asked {
  readonly request: EmulatorRequest;
  readonly ids: readonly string[];
  /** The chatbot of the path. */
  readonly box: Box;
}

export interface Route<Answer = (asked: Asked) => Json> {
  readonly method: string;
  /** Segments behind the version; `*` stands for an id. */
  readonly path: string;
  /** What the token needs; null: nothing. */
  readonly scope: string | null;
  readonly run: Answer;
}

export interface Match<Answer> {
  readonly route: Route<Answer>;
  /** What stands for each `*`, decoded. */
  readonly ids: readonly string[];
}

/** Finds the route; 405 for another method on a documented path, 404 for an undocumented one. Literal paths stand before `*`. */
export function match<Answer>(routes: readonly Route<Answer>[], request: EmulatorRequest): Match<Answer> {
  const segments = split(request.path).slice(3);
  let other = false;
  for (const route of routes) {
    const ids = idsOf(route.path.split('/'), segments);
    if (ids !== null && route.method === request.method) return { route, ids };
    other ||= ids !== null;
  }
  const name = `${request.method} ${request.path}`;
  if (other) return refuse({ status: 405, code: 'METHOD_NOT_ALLOWED' }, `${name}: this method is not documented here`);
  return refuse({ status: 404, code: 'ROUTE_NOT_FOUND' }, `${name} is not documented, or not emulated`);
}

function idsOf(pattern: readonly string[], segments: readonly string[]): string[] | null {
  if (pattern.length !== segments.length) return null;
  const ids: string[] = [];
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (part === '*' && segment !== '') ids.push(segment);
    else if (part !== segment) return null;
  }
  return ids;
}

function split(path: string): string[] {
  try {
    return path.split('/').map(decodeURIComponent);
  } catch {
    return refuse({ status: 404, code: 'ROUTE_NOT_FOUND' }, `${path} is not documented`);
  }
}

/** Destructive calls need their confirmation said [3.1, 3.5]. */
export function confirmed(said: boolean): void {
  if (!said) refuse({ status: 400, code: 'CONFIRMATION_REQUIRED' }, 'a destructive call needs confirm');
}

/** A reply of one envelope. */
export type Face = (request: EmulatorRequest) => EmulatorReply;
