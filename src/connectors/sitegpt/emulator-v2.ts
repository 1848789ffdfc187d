// SiteGPT API v2 [3]: the envelope {ok, data, meta}, the account's own calls, and which call a request is.
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatorRequest, EmulatorTools } from '../emulator.ts';
import type { Account } from './emulator-account.ts';
import type { Chatbot } from './emulator-chat.ts';
import { iso, listed } from './emulator-paging.ts';
import { isRecord, noBody, noQuery, Refused } from './emulator-request.ts';
import { type Face, match, type Route } from './emulator-routes.ts';
import type { SiteGptSettings } from './emulator-settings.ts';
import { conversationRoutes } from './emulator-v2-conversations.ts';
import { documentRoutes } from './emulator-v2-documents.ts';

type OfAccount = (request: EmulatorRequest) => Json;

/** The v2 face of the emulator. */
export function v2(tools: EmulatorTools, settings: SiteGptSettings, account: Account): Face {
  let requests = 0;

  /** What a chatbot looks like in v2 is documented only by placeholder pages [3.1]. */
  function chatbot(id: string): JsonRecord {
    const { createdAt } = tools.store.get('chatbots', id) as Chatbot;
    return { id, name: `Chatbot ${id}`, createdAt: iso(createdAt) };
  }

  function listChatbots(request: EmulatorRequest): Json {
    const { page, pagination } = listed(request, account.chatbotsOf(account.credential(request)), chatbot);
    return { chatbots: page, pagination };
  }

  /** Shapes are unknown: nothing to lean on [5]. */
  function nothing(request: EmulatorRequest): Json {
    noQuery(request);
    return {};
  }

  const ofAccount: readonly Route<OfAccount>[] = [
    { method: 'GET', path: 'health', scope: null, run: nothing },
    { method: 'GET', path: 'me', scope: 'account:read', run: nothing },
    { method: 'GET', path: 'usage', scope: 'account:read', run: nothing },
    { method: 'GET', path: 'limits', scope: 'account:read', run: nothing },
    { method: 'GET', path: 'chatbots', scope: 'chatbots:read', run: listChatbots },
  ];

  const ofChatbot: readonly Route[] = [
    {
      method: 'GET',
      path: 'chatbots/*',
      scope: 'chatbots:read',
      run: ({ request, box }) => {
        noQuery(request);
        return { chatbot: chatbot(box.id) };
      },
    },
    ...documentRoutes(tools, settings),
    ...conversationRoutes,
  ];

  function answer(request: EmulatorRequest): Json {
    if (request.path.split('/').length === 4) {
      const { route } = match(ofAccount, request);
      if (route.path !== 'health') account.checkV2(request, route.scope);
      noBody(request);
      return route.run(request);
    }
    const { route, ids } = match(ofChatbot, request);
    account.checkV2(request, route.scope);
    if (request.method === 'GET') noBody(request);
    return route.run({ request, ids, box: account.boxOf(request, ids[0] ?? '', 'v2') });
  }

  return (request) => {
    const requestId = `req_${++requests}`;
    const tail: JsonRecord = settings.requestIdBeside ? { requestId } : { meta: { requestId } };
    try {
      const data = answer(request);
      const created = request.method === 'POST' && request.path.endsWith('/knowledge/files');
      return { status: created ? settings.createdStatus : 200, body: { ok: true, data, ...tail } };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { status, headers } = error.refusal;
      return { status, ...(headers === undefined ? {} : { headers }), body: { ok: false, error: failure(error), ...tail } };
    }
  };
}

/** A refusal in v2's words: `details` of a validation are sentences [3.1]. */
function failure({ refusal, message }: Refused): JsonRecord {
  if (refusal.code !== 'INVALID') return { code: refusal.code, message };
  const fields = Array.isArray(refusal.details) ? (refusal.details as readonly Json[]) : [];
  const details = fields.map((field) => (isRecord(field) ? `${String(field['path'])}: ${String(field['message'])}` : field));
  return { code: 'VALIDATION_FAILED', message, details };
}
