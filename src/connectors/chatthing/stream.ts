// An answer that comes as server-sent events → its text. Read whole and decoded whole before this, so that no border between two pieces on the
// wire can cut a line or a character, as it does in the vendor's own sample [seed: code].
import { SyncError } from '../../model/error.ts';

interface Chunk {
  readonly choices?: readonly { readonly delta?: { readonly content?: string | null } | null; readonly finish_reason?: string | null }[];
}

/** The text of all chunks. Unknown lines are passed over [assumed]; a stream without an end is VENDOR_FAILED [assumed]. */
export function answerInStream(text: string): string {
  let answer = '';
  let ended = false;
  for (const line of text.split(/\r\n|\n|\r/)) {
    const data = /^data: ?(.*)$/.exec(line)?.[1];
    if (data === undefined) continue;
    if (data === '[DONE]') {
      ended = true;
      break;
    }
    const choice = chunkOf(data)?.choices?.[0];
    answer += choice?.delta?.content ?? '';
    ended ||= (choice?.finish_reason ?? null) !== null;
  }
  if (ended) return answer;
  throw new SyncError('VENDOR_FAILED', {
    message: 'asking the bot: the stream of Chat Thing broke off before the answer had ended',
    facts: { stops: 'document' },
  });
}

function chunkOf(data: string): Chunk | null {
  try {
    const found: unknown = JSON.parse(data);
    return typeof found === 'object' && found !== null ? (found as Chunk) : null;
  } catch {
    return null;
  }
}
