// One comment of ours on a pull request, written anew on each run: found by its mark and its author, never doubled by a lost answer, and never a
// reason for a step to fail. The requests themselves are a forge's; owns the order of them and the patience.
import type { HttpReply, HttpRequest } from '../connectors/connector.ts';
import { asSyncError } from '../model/error.ts';
import { sha256 } from '../model/json.ts';

/** A comment as a forge lists it. */
export interface Note {
  readonly id: string;
  readonly body: string;
  /** Whether the one who asks has written it. */
  readonly ours: boolean;
  readonly url: string | null;
}

/** What a forge can be asked, as requests. */
export interface Forge {
  /** Who asks, so that a comment in which somebody else has copied our mark is not taken for ours. */
  readonly me: HttpRequest;
  /** Whether tokens that may comment are refused that answer. */
  readonly mayBeNobody: boolean;
  list(page: number): HttpRequest;
  create(body: string): HttpRequest;
  update(id: string, body: string): HttpRequest;
  /** `me`: the answer to that question; null: it was refused. */
  notes(reply: HttpReply, me: HttpReply | null): readonly Note[];
  note(reply: HttpReply): Note | null;
}

export type Commented =
  | { readonly outcome: 'created' | 'updated'; readonly url: string | null }
  /** A later run has written it already. */
  | { readonly outcome: 'newer' }
  /** There is nothing to tell, and nothing was told before. */
  | { readonly outcome: 'unneeded' }
  /** `status`: of the answer; null: there was none. */
  | { readonly outcome: 'refused'; readonly status: number | null; readonly why: string };

/** What makes a comment this step's. */
export interface Mark {
  /** Equal for every run of the same step. */
  readonly key: string;
  /** Grows from run to run. */
  readonly run: string;
}

/** Which step it is: folder, configuration, targets and command. */
export function markOf(parts: readonly string[], run: string): Mark {
  return { key: sha256(JSON.stringify(parts)).slice(0, 16), run: /^\d{1,20}$/.test(run) ? run : '0' };
}

/** The first line of our comment. */
export function markLine({ key, run }: Mark): string {
  return `<!-- kbsync:ci:1 ${key} run=${run} -->`;
}

const markPattern = /^<!-- kbsync:ci:1 ([0-9a-f]{16}) run=(\d{1,20}) -->(?:\r?\n|$)/;

const perPage = 100;
/** 5,000 comments: what is older is not looked at. */
const mostPages = 50;
/** Of one request. */
const mostTries = 4;
/** Milliseconds of one wait; a longer one is not worth a runner's time. */
const mostWait = 60_000;

export interface Sender {
  send(request: HttpRequest): Promise<HttpReply>;
  wait(ms: number): Promise<void>;
  now(): number;
}

export interface Page {
  readonly text: string;
  /** Whether it is worth a comment of its own; an earlier one is written anew in any case. */
  readonly tells: boolean;
}

/** Writes the comment, whatever becomes of it. */
export async function comment(forge: Forge, sender: Sender, mark: Mark, page: Page): Promise<Commented> {
  const body = `${markLine(mark)}\n${page.text}`;
  try {
    const meReply = await patiently(forge.me, sender);
    const me = meReply.status === 200 ? meReply : null;
    // Not knowing which comment is ours, a second one would be written on every run.
    if (me === null && !(forge.mayBeNobody && meReply.status === 403)) return refusal(meReply);
    for (let attempt = 0; ; attempt += 1) {
      const found = await find(forge, sender, mark, me);
      if ('refused' in found) return refusal(found.refused);
      if (found.note !== null && BigInt(markPattern.exec(found.note.body)?.[2] ?? '0') > BigInt(mark.run)) return { outcome: 'newer' };
      if (found.note === null && !page.tells) return { outcome: 'unneeded' };
      const request = found.note === null ? forge.create(body) : forge.update(found.note.id, body);
      const reply = await patiently(request, sender);
      if (reply.status >= 200 && reply.status < 300) {
        return { outcome: found.note === null ? 'created' : 'updated', url: forge.note(reply)?.url ?? null };
      }
      // Whether a comment that was answered with 5xx, or not at all, is there now: looked at again rather than written twice. Gone: written anew.
      const isOpen = reply.status === 0 || reply.status >= 500 || (found.note !== null && reply.status === 404);
      if (!isOpen || attempt + 1 >= mostTries) return refusal(reply);
      await sender.wait(1_000 * 2 ** attempt);
    }
  } catch (thrown) {
    return { outcome: 'refused', status: null, why: asSyncError(thrown).message };
  }
}

async function find(
  forge: Forge,
  sender: Sender,
  { key }: Mark,
  me: HttpReply | null,
): Promise<{ readonly note: Note | null } | { readonly refused: HttpReply }> {
  for (let page = 1; page <= mostPages; page += 1) {
    const reply = await patiently(forge.list(page), sender);
    if (reply.status !== 200) return { refused: reply };
    const notes = forge.notes(reply, me);
    const note = notes.find(({ ours, body }) => ours && markPattern.exec(body)?.[1] === key);
    if (note !== undefined) return { note };
    if (notes.length < perPage) break;
  }
  return { note: null };
}

/** An answer, after the waits that it asks for. A write that may have been carried out is not repeated here: status 0 stands for no answer. */
async function patiently(request: HttpRequest, { send, wait, now }: Sender): Promise<HttpReply> {
  const isCreate = request.method === 'POST';
  for (let attempt = 0; ; attempt += 1) {
    const reply = await send(request).catch((thrown: unknown): HttpReply => {
      const error = asSyncError(thrown);
      if (error.code === 'UNEXPECTED' || error.code === 'ABORTED' || error.code === 'CONFIG_INVALID') throw thrown;
      return { status: 0, headers: {}, text: error.message, json: () => null, retryAfterMs: null };
    });
    const asked = waitAsked(reply, now());
    const again = asked !== null || (!isCreate && (reply.status === 0 || reply.status >= 500));
    const pause = asked ?? 1_000 * 2 ** attempt;
    if (!again || attempt + 1 >= mostTries || pause > mostWait) return reply;
    await wait(pause);
  }
}

/** Milliseconds until a limit is over; null where the answer speaks of none. GitHub's secondary limits answer 403 or 429. */
function waitAsked({ status, headers, retryAfterMs, text }: HttpReply, nowMs: number): number | null {
  if (status !== 429 && status !== 403) return null;
  if (retryAfterMs !== null) return retryAfterMs;
  const reset = Number(headers['x-ratelimit-reset']);
  if (headers['x-ratelimit-remaining'] === '0' && Number.isFinite(reset)) return Math.max(1_000, reset * 1_000 - nowMs);
  if (status === 429 || /secondary rate limit/i.test(text)) return 30_000;
  return null;
}

function refusal({ status, text }: HttpReply): Commented {
  const words = messageIn(text);
  return { outcome: 'refused', status: status === 0 ? null : status, why: words.replace(/\s+/g, ' ').trim().slice(0, 300) };
}

function messageIn(text: string): string {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    return typeof message === 'string' ? message : JSON.stringify(message ?? '');
  } catch {
    return text.startsWith('<') ? '' : text;
  }
}
