// Asking a CX Genie bot. Each question makes or extends a customer and a conversation in the help desk, so it comes from one that is known as ours.
import type { Answer } from '../../model/answer.ts';
import { SyncError } from '../../model/error.ts';
import { type JsonRecord, sha256 } from '../../model/json.ts';
import type { Call } from '../connector.ts';
import { type Api, type ApiRequest, needed, undocumentedPaths } from './api.ts';
import { cleaned } from './clean.ts';
import type { CxgenieOptions } from './options.ts';
import { answerData } from './schema.ts';

/** The id by which the help desk knows our questions: the same in each run and on each machine. A UUID, as other calls show it [seed]. */
export function verifierId({ customer, botId }: Pick<CxgenieOptions, 'customer' | 'botId'>, workspace: string): string {
  if (customer?.external_id) return customer.external_id;
  const hex = sha256(`kbsync verifier ${workspace} ${botId ?? ''}`);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Binds `ask`. The answer comes in the same call, without a source and without an id [seed]. */
export function bindAsk(options: CxgenieOptions, { send }: Api) {
  return async (question: string, call: Call): Promise<Answer> => {
    const said = cleaned((await send(answerData, questionOf(question, call.workspace, options), call)) ?? '');
    if (said !== '') return { text: said, sources: [] };
    throw new SyncError('VENDOR_FAILED', {
      message: 'CX Genie gave no answer (auto-reply may be off, or a person has taken the conversation over): it cannot be verified',
      next: "look at the bot's auto-reply, and at the conversation of the verifier in CX Genie's inbox",
      facts: { stops: 'document' },
    });
  };
}

function questionOf(question: string, workspace: string, options: CxgenieOptions): ApiRequest {
  const who = customerOf(workspace, options);
  const json = {
    bot_id: needed(options.botId, 'botId'),
    content: question,
    ...(options.sendMetadata ? { metadata: {} } : {}),
    ...(who === null ? {} : { [options.chatApi === 'v1' ? 'chat_user' : 'customer_info']: who }),
  };
  const where = options.chatApi === 'v1' ? { path: undocumentedPaths.messagesV1, absolute: true } : { path: '/messages' };
  return { what: 'asking the bot', intent: 'ask', method: 'POST', about: 'bot', ...where, json, timeoutMs: options.answerTimeoutMs };
}

/** V1 knows no `external_id` [public P6, P7]. A key that is null is left out: a strict server might refuse it. */
function customerOf(workspace: string, options: CxgenieOptions): JsonRecord | null {
  if (options.customer === null) return null;
  const { name, email, phone_number } = options.customer;
  const external_id = options.chatApi === 'v1' ? null : verifierId(options, workspace);
  return Object.fromEntries(Object.entries({ name, email, phone_number, external_id }).filter(([, value]) => value !== null));
}
