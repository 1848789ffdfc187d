// Asking the published bot through its webhook channel, version 2: what users get, FAQs among it. It names no sources [public P37, K2].
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Answer } from '../../model/answer.ts';
import { SyncError } from '../../model/error.ts';
import type { Call } from '../connector.ts';
import type { Send } from './api.ts';
import type { KoreaiOptions } from './options.ts';

const webhookReply = z.looseObject({
  data: z.array(z.looseObject({ val: z.unknown().optional() })).nullish(),
  pollId: z.string().nullish(),
  status: z.string().nullish(),
});

/** Binds `ask` to the channel. A user of its own for each question, so that nothing was said before it. */
export function bindWebhook(options: KoreaiOptions, send: Send) {
  return async (question: string, call: Call): Promise<Answer> => {
    const reply = await send(
      webhookReply,
      {
        what: 'asking the bot through its webhook',
        intent: 'ask',
        method: 'POST',
        path: '',
        wholePath: options.webhookPath,
        scope: 'of a webhook channel',
        bearer: true,
        json: { session: { new: true }, message: { type: 'text', val: question }, from: { id: `kbsync-${randomUUID()}` } },
        timeoutMs: options.answerTimeoutMs,
      },
      call,
    );
    const said = (reply.data ?? []).map(({ val }) => textOf(val)).filter((text) => text !== '');
    if (said.length === 0 && reply.pollId) throw deferred();
    return { text: said.join('\n\n'), sources: [] };
  };
}

/** `val` is a text, or an object for templates [public K2]. */
function textOf(val: unknown): string {
  if (typeof val === 'string') return val.trim();
  if (typeof val !== 'object' || val === null) return '';
  return 'text' in val ? textOf(val.text) : 'payload' in val ? textOf(val.payload) : '';
}

function deferred(): SyncError {
  return new SyncError('REQUEST_REFUSED', {
    message: 'the webhook channel of the Kore.ai bot answers later, to be asked again for: that is not built yet',
    next: 'set the channel to answer synchronously, or set askVia: search',
    facts: { effect: 'none' },
  });
}
