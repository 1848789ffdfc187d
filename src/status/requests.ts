// What comes in with a request, read within bounds, and what goes out as JSON with secrets taken out. Shared by the API and the page.
import type { Context } from 'hono';
import { type JsonRecord, withTexts } from '../model/json.ts';

/** Answers with JSON. */
export function json(
  context: Context,
  { redact }: { readonly redact: (text: string) => string },
  body: JsonRecord,
  status: 200 | 202 | 400 | 401 | 403 | 404 | 409 | 413 | 500 | 503 = 200,
): Response {
  context.header('content-type', 'application/json; charset=utf-8');
  return context.body(JSON.stringify(withTexts(body, redact)), status);
}

/** More than any request of ours has. */
export const mostBodyBytes = 64 * 1024;

/**
 * A request's body, '' where there is none; null where it is too large. By hand: hono's bodyLimit makes a new Request of one without a length,
 * which fails on node's own, so that `curl -X POST` without a body was answered with 500.
 */
export async function bodyOf({ body }: Request, mostBytes: number): Promise<string | null> {
  if (body === null) return '';
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks).toString('utf8');
    bytes += value.length;
    if (bytes > mostBytes) {
      await reader.cancel();
      return null;
    }
    chunks.push(value);
  }
}

/** The fields of a form as a browser sends it; null where it is none, or too large. Of a name that comes twice, the last. */
export async function formOf(request: Request): Promise<Readonly<Record<string, string>> | null> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)) return null;
  const text = await bodyOf(request, mostBodyBytes);
  return text === null ? null : Object.fromEntries(new URLSearchParams(text));
}

/** A path of this very server to go to; '/' for anything that might be another place. */
export function placeWithin(text: string | undefined): string {
  const base = 'http://here.invalid';
  if (text === undefined || !text.startsWith('/') || !URL.canParse(text, base)) return '/';
  const { origin, pathname, search } = new URL(text, base);
  // `//elsewhere`, and what a browser makes one of.
  return origin === base && !pathname.startsWith('//') ? `${pathname}${search}` : '/';
}
