// Asking the Search AI of the Kore.ai emulator a question, in both documented shapes [2.6].
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatorTools } from '../emulator.ts';
import { views } from './emulator-content.ts';
import { filled, flag, invalid, isRecord, only, readBody, strings, uuid } from './emulator-request.ts';
import { type Asked, type Box, builderOnly, type Route } from './emulator-routes.ts';
import type { KoreSettings } from './emulator-settings.ts';

const scopes = builderOnly('Answer Generation');
const inputs = [
  'query',
  'answerSearch',
  'includeChunksInResponse',
  'metaFilters',
  'IncludeMetaDataAnswers',
  'includeMetaDataAnswers',
  'raclEntityIds',
  'customData',
  'dynamicPromptSelection',
];
const inputsV2 = [...inputs, 'searchResults', 'isFacetsEnable', 'vectorWeights', 'retrievalStrategy'];

/** What the bot says, and the chunks that it says it from. */
export interface Found {
  readonly text: string;
  readonly chunks: readonly JsonRecord[];
}

/** The bot's answer; null where it has none. Chunks that are learnt but not listed any more count too. */
export function answerFrom(box: Box, tools: EmulatorTools, settings: KoreSettings, question: string): Found | null {
  const { text, sources } = box.shelf.knowledge().answer(question);
  if (sources.length === 0) return null;
  const show = views(tools, settings);
  return {
    text,
    chunks: sources.flatMap((id) => box.shelf.learntChunk(id)).map(([id, content, chunk]) => show.chunk(box, id, content, chunk)),
  };
}

/** #13 and #14. */
export function searchRoutes(tools: EmulatorTools, settings: KoreSettings): readonly Route[] {
  function search(asked: Asked, body: JsonRecord): Found | null {
    const query = filled(body, 'query');
    const fits = filterOf(body['metaFilters']);
    const found = answerFrom(asked.box, tools, settings, query);
    const chunks = (found?.chunks ?? []).filter(fits);
    // What is answered from though it is gone has no chunk to show.
    const fromNowhere = settings.staleAnswers === true && found?.chunks.length === 0;
    const answer =
      found === null || (chunks.length === 0 && !fromNowhere) ? null : { text: fromNowhere ? found.text : textOf(found, chunks), chunks };
    const said = answer?.text ?? '';
    asked.box.history.note({ user: String(asked.app.claims['sub']), question: query, answer: answer?.text ?? null, said, fresh: true });
    return answer;
  }

  /** Rules of `sourceType` (documented) and `sourceName` (assumed). */
  function filterOf(given: Json | undefined): (chunk: JsonRecord) => boolean {
    if (given === undefined) return () => true;
    if (!Array.isArray(given)) return invalid('metaFilters must be a list');
    const tests = given.map((filter: Json) => {
      if (!isRecord(filter)) return invalid('metaFilters: {condition, rules}');
      only(filter, 'condition', 'rules');
      const { condition, rules } = filter;
      if ((condition !== 'AND' && condition !== 'OR') || !Array.isArray(rules))
        return invalid('metaFilters: {condition: AND or OR, rules}');
      const each = rules.map(ruleOf);
      return (chunk: JsonRecord) => (condition === 'AND' ? each.every((rule) => rule(chunk)) : each.some((rule) => rule(chunk)));
    });
    return (chunk) => tests.every((test) => test(chunk));
  }

  function ruleOf(rule: Json): (chunk: JsonRecord) => boolean {
    if (!isRecord(rule)) return invalid('a rule is an object');
    only(rule, 'fieldName', 'fieldValue', 'operator');
    const name = filled(rule, 'fieldName');
    const known = settings.filterBySourceName ? ['sourceType', 'sourceName'] : ['sourceType'];
    if (!known.includes(name)) return invalid(`fieldName ${name} is not documented; documented: ${known.join(', ')}`);
    if (rule['operator'] !== 'contains') return invalid('operator must be contains');
    const values = strings(rule, 'fieldValue');
    return (chunk) => values.includes(String(chunk[name]));
  }

  function first(asked: Asked): Json {
    const body = readBody(asked.request, ...inputs);
    const found = search(asked, body);
    const isAsked = flag(body, 'answerSearch', true);
    const withChunks = flag(body, 'includeChunksInResponse', false);
    return {
      query: filled(body, 'query'),
      requestType: 'answer_search',
      resultType: 'Answer',
      ...(isAsked ? { response: answerOf(found) } : {}),
      ...(withChunks ? { chunk_result: { extractive: [], generative: (found?.chunks ?? []).map(hitOf) } } : {}),
      ...idsOf(asked.box),
    };
  }

  /** The payload under `template`; `chunk_result` is a flat list here. */
  function second(asked: Asked): Json {
    const body = readBody(asked.request, ...inputsV2);
    if (!['vector', 'hybrid', undefined].includes(body['retrievalStrategy'] as string | undefined))
      invalid('retrievalStrategy must be vector or hybrid');
    const found = search(asked, body);
    const chunks = found?.chunks ?? [];
    const template = {
      results: resultsOf(chunks),
      ...(flag(body, 'answerSearch', true) ? { answer_details: answerOf(found) } : {}),
      ...(flag(body, 'includeChunksInResponse', false) ? { chunk_result: chunks.map(hitOf) } : {}),
      facets: [],
      tabFacet: {},
      ...idsOf(asked.box),
    };
    return { template, llmResponseTime: '500.00ms', retrievalResponseTime: '100.00ms' };
  }

  function answerOf(found: Found | null): JsonRecord {
    if (found !== null) return { answer: found.text, isValidAnswer: true, answer_payload: { center_panel: panelOf(found) } };
    const panel = settings.noAnswer === 'flag' ? { center_panel: panelOf({ text: settings.fallback, chunks: [] }) } : {};
    return { answer: '', ...(settings.noAnswer === 'no-panel' ? {} : { isValidAnswer: false }), answer_payload: panel };
  }

  function idsOf(box: Box): JsonRecord {
    const pipelines = { indexPipelineId: `fip-${box.id}`, queryPipelineId: `fqp-${box.id}` };
    return { searchIndexId: `sidx-${box.id}`, searchRequestId: uuid(tools, 'fsh-'), ...pipelines };
  }

  return [
    { method: 'POST', path: 'advancedSearch', scopes, run: first },
    { method: 'POST', path: 'search/v2/advanced-search', scopes, run: second },
  ];
}

/** Where a filter has taken sources away, the answer is made of what is left. */
function textOf(found: Found, chunks: readonly JsonRecord[]): string {
  return chunks.length === found.chunks.length ? found.text : chunks.map((chunk) => String(chunk['chunkText'])).join('\n\n');
}

function panelOf({ text, chunks }: Found): JsonRecord {
  const sources = chunks.map((chunk) => ({
    title: chunk['recordTitle'] ?? '',
    url: chunk['recordUrl'] ?? '',
    chunk_id: chunk['chunkId'] ?? '',
    doc_id: chunk['docId'] ?? '',
    source_id: chunk['sourceId'] ?? '',
    source_type: chunk['sourceType'] ?? '',
    image_url: '',
  }));
  const snippet = {
    snippet_content: [{ answer_fragment: text, sources }],
    snippet_type: 'generative_model',
    timeTaken: '500.00ms',
    isPresentedAnswer: true,
    score: '0.0000%',
  };
  return { type: 'active_citation_snippet', data: [snippet] };
}

function hitOf(chunk: JsonRecord): JsonRecord {
  return { _index: 'answer_index', _score: 0.3, _source: { ...chunk, chunkQualified: true, sentToLLM: true, usedInAnswer: true } };
}

function resultsOf(chunks: readonly JsonRecord[]): JsonRecord {
  const found: { [type: string]: Json } = {};
  for (const type of new Set(chunks.map((chunk) => String(chunk['sourceType'])))) {
    const mine = chunks.filter((chunk) => chunk['sourceType'] === type);
    const ids = [...new Set(mine.map((chunk) => chunk['docId'] ?? ''))];
    const data = ids.map((docId) => {
      const chunkResults = mine.filter((chunk) => chunk['docId'] === docId);
      return { docId, recordTitle: chunkResults[0]?.['recordTitle'] ?? '', recordUrl: chunkResults[0]?.['recordUrl'] ?? '', chunkResults };
    });
    found[type] = { data, doc_count: data.length };
  }
  return found;
}
