// Asking Search AI. Its two documented shapes of an answer, and the legacy one, are read alike. Each question stands alone: there is no conversation.
import type { Answer, AnswerSource } from '../../model/answer.ts';
import { SyncError } from '../../model/error.ts';
import type { Call } from '../connector.ts';
import type { Send } from './api.ts';
import type { KoreaiOptions } from './options.ts';
import { type KoreaiAnswer, type KoreaiChunkResult, type SearchReply, searchReply } from './schema.ts';
import { markOfTitle } from './title.ts';

/** Binds `ask`. No answer is an answer without text: the bot does not know, which can be judged. */
export function bindAsk(options: KoreaiOptions, send: Send) {
  return async (question: string, call: Call): Promise<Answer> => {
    const reply = await send(
      searchReply,
      {
        what: 'asking the bot',
        intent: 'ask',
        method: 'POST',
        path: '/advancedSearch',
        wholePath: options.searchPath,
        scope: 'Answer Generation',
        json: { query: question, answerSearch: true, includeChunksInResponse: true },
        timeoutMs: options.answerTimeoutMs,
      },
      call,
    );
    const answer = answerIn(reply);
    const fragments = (answer.answer_payload?.center_panel?.data ?? []).flatMap((snippet) => snippet.snippet_content ?? []);
    const pieces = fragments.map(({ answer_fragment }) => answer_fragment?.trim() ?? '').filter((piece) => piece !== '');
    const text = answer.answer?.trim() || pieces.join(' ');
    if (text === '' || answer.isValidAnswer === false) return { text, sources: [] };
    const named = fragments.flatMap(({ sources }) => sources ?? []).map(({ doc_id, title, url }) => ({ id: doc_id, title, url }));
    return {
      text,
      sources: distinct(named.length > 0 ? named : usedChunks(reply.chunk_result ?? reply.template?.chunk_result), call.workspace),
    };
  };
}

function answerIn({ response, template }: SearchReply): KoreaiAnswer {
  const details = template?.answer_details;
  const found = response ?? details?.response ?? details;
  if (found) return found;
  if (template?.graph_answer) return { answer_payload: template.graph_answer.payload };
  // The frame is there and holds no answer.
  if (response !== undefined || template) return {};
  throw new SyncError('REPLY_INVALID', {
    message: "asking the bot: Kore.ai's answer has none of the documented shapes",
    next: 'check searchPath',
    facts: { effect: 'none' },
  });
}

interface Named {
  readonly id: string | null | undefined;
  readonly title: string | null | undefined;
  readonly url: string | null | undefined;
}

function usedChunks(result: KoreaiChunkResult): Named[] {
  const all = Array.isArray(result) ? result : [...(result?.generative ?? []), ...(result?.extractive ?? [])];
  return all.flatMap(({ _source }) =>
    _source?.usedInAnswer === true ? [{ id: _source.docId, title: _source.recordTitle, url: _source.recordUrl }] : [],
  );
}

/** Each document once. What has a title of ours is named by its id, else by its mark, from which the engine knows the document. */
function distinct(named: readonly Named[], workspace: string): AnswerSource[] {
  const sources = new Map<string, AnswerSource>();
  for (const { id, title, url } of named) {
    const mark = title ? markOfTitle(title, workspace) : null;
    const name = mark === null ? title || id : id || mark;
    if (!name && !url) continue;
    const key = id || `${title ?? ''}\n${url ?? ''}`;
    if (!sources.has(key)) sources.set(key, { document: null, title: name || null, url: url || null });
  }
  return [...sources.values()];
}
