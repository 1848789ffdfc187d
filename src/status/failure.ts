// What did not go: as JSON for programs, and as a page with a way back for a person in a browser, who pressed a button or followed a link. Owns no
// decision on what goes.
import type { Context } from 'hono';
import { json, placeWithin } from './requests.ts';
import { wordsPage } from './shell.ts';

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly vendor?: string | null;
  readonly next?: string;
}

/** Whether a browser asks that shows what it gets: not a program, and not the script of a page. */
export function isForPeople({ req }: Context): boolean {
  return (req.header('accept') ?? '').includes('text/html');
}

/** Answers that it did not go. */
export async function failure(
  context: Context,
  input: { readonly redact: (text: string) => string },
  error: Failure,
  status: 400 | 401 | 403 | 404 | 409 | 413 | 500 | 503,
): Promise<Response> {
  if (!isForPeople(context)) return json(context, input, { version: 1, error: { ...error } }, status);
  const nonce = String(context.get('secureHeadersNonce'));
  return context.html(input.redact(await wordsPage({ ...error, back: cameFrom(context), nonce })), status);
}

/** The page of this server on which a form was sent, or a link followed; '/' where that is not said. */
export function cameFrom({ req }: Context): string {
  const from = req.header('referer') ?? '';
  if (!URL.canParse(from)) return '/';
  const { host, pathname, search } = new URL(from);
  return host === req.header('host') ? placeWithin(`${pathname}${search}`) : '/';
}
