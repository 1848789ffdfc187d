// Which documented call a request is. The parts of the Kore.ai emulator are tables of these.
import type { Json } from '../../model/json.ts';
import type { EmulatorReply, EmulatorRequest } from '../emulator.ts';
import type { App } from './emulator-account.ts';
import type { Faqs } from './emulator-faqs.ts';
import type { History } from './emulator-history.ts';
import type { Publishing } from './emulator-publish.ts';
import type { Runs } from './emulator-runs.ts';
import type { Shelf } from './emulator-shelf.ts';

/** One bot. */
export interface Box {
  readonly id: string;
  readonly shelf: Shelf;
  readonly runs: Runs;
  readonly faqs: Faqs;
  readonly publishing: Publishing;
  readonly history: History;
}

/** What a call below one bot is given. */
export interface Asked {
  readonly request: EmulatorRequest;
  /** What stands for each `*`, decoded. */
  readonly ids: readonly string[];
  readonly box: Box;
  readonly app: App;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Segments behind the bot's id; `*` stands for an id. */
  readonly path: string;
  /** Any of these scopes is enough; [] for none needed, null for an app of this kind never. */
  readonly scopes: { readonly builder: readonly string[] | null; readonly admin: readonly string[] | null };
  /** Whose pace it counts against [5]; default the bot's. */
  readonly pace?: (asked: Asked) => string;
  readonly run: (asked: Asked) => Json | EmulatorReply;
}

/** Search AI scopes are listed as app scopes only [2.0]. */
export function builderOnly(...scopes: readonly string[]): Route['scopes'] {
  return { builder: scopes, admin: null };
}

export function adminOnly(...scopes: readonly string[]): Route['scopes'] {
  return { builder: null, admin: scopes };
}

export function either(...scopes: readonly string[]): Route['scopes'] {
  return { builder: scopes, admin: scopes };
}

/** What the `*` of a pattern stand for; null where the path does not fit. */
export function idsOf(pattern: string, segments: readonly string[]): string[] | null {
  const parts = pattern.split('/');
  if (parts.length !== segments.length) return null;
  const ids: string[] = [];
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] ?? '';
    if (part === '*' && segment !== '') ids.push(segment);
    else if (part !== segment) return null;
  }
  return ids;
}
