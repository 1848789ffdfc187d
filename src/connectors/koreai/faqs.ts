// Questions with answers as FAQs of the knowledge graph (`qa: knowledge-graph`): adding, listing, disabling. There is no call that deletes one FAQ, and none
// that gives back the id of a new one. The mark is an alternate question: of what an FAQ has, users see everything else, or lists do not show it.
import { SyncError } from '../../model/error.ts';
import { type Json, sha256 } from '../../model/json.ts';
import { answerIn } from '../../model/payload.ts';
import type { Call, ItemResult, NewItem, RemoteEntry } from '../connector.ts';
import type { ApiRequest, Send } from './api.ts';
import { alternatesOf, faqsReply, type KoreaiFaq, type KoreaiTask, tasksReply } from './faq-schema.ts';
import { inGroups, inPieces, named } from './groups.ts';
import type { KoreaiOptions } from './options.ts';
import { everyItem, incomplete, type Page } from './pages.ts';
import { ingestReply } from './schema.ts';
import { titleMarker } from './title.ts';

export interface Faqs {
  /** One result an item, in order, all without ids. */
  add(items: readonly NewItem[], call: Call): Promise<readonly ItemResult[]>;
  /** Every FAQ there is, but those of ours that are disabled: for us they are deleted. */
  list(call: Call): AsyncIterable<RemoteEntry>;
  /** Ids by mark. */
  find(marks: readonly string[], call: Call): Promise<ReadonlyMap<string, readonly string[]>>;
  disable(remoteIds: readonly string[], call: Call): Promise<readonly ItemResult[]>;
  /** Proof that there is a graph, and that the app may see it. */
  touch(call: Call): Promise<void>;
}

const prefix = 'faq:';
const pageSize = 50;
const scope = 'Manage Knowledge Graph';

/** Whether an id is that of an FAQ, and not of a Search AI document. */
export function isFaqId(remoteId: string): boolean {
  return remoteId.startsWith(prefix);
}

/** Whether an item goes as an FAQ. Parts of one that is too large, and what has no answer, are texts like any other. */
export function isQuestion(item: NewItem): boolean {
  return item.kind === 'qa' && item.part === '' && item.title.trim() !== '' && answerIn(item) !== '';
}

/** Binds the FAQ calls of one bot. */
export function bindFaqs(options: KoreaiOptions, send: Send): Faqs {
  const language = options.faqLanguage;
  const marker = titleMarker(options.titleCharacters);
  const markIn = (faq: KoreaiFaq, workspace: string): string | null =>
    alternatesOf(faq).find((question) => marker.ours(question, workspace)) ?? null;

  /** Each page begins with the last FAQ of the one before: if it does not, something went away meanwhile, and another was left out. */
  async function* faqs(call: Call): AsyncGenerator<KoreaiFaq> {
    const what = 'listing FAQs';
    let last: string | null = null;
    const page = async (cursor: string | null): Promise<Page<KoreaiFaq>> => {
      const offset = Number(cursor ?? 0);
      const query = { state: 'configured', limit: pageSize, offset, type: 'all', withallchild: 'true', language };
      const reply = await send(faqsReply, { what, intent: 'read', method: 'GET', path: '/v2/faqs', scope, query }, call);
      if (last !== null && reply.faqs[0]?._id !== last) throw incomplete(what, 'FAQs were moved or deleted meanwhile');
      last = reply.faqs.at(-1)?._id ?? null;
      const more = reply.moreAvailable ?? reply.faqs.length >= pageSize;
      if (more && last === null) throw incomplete(what, 'there is more, and a page was empty');
      return { items: reply.faqs, next: more ? String(offset + reply.faqs.length - 1) : null, more };
    };
    yield* everyItem(what, options.maxPages, page, ({ _id }) => _id);
  }

  async function place(call: Call): Promise<Place> {
    const request = { what: 'reading the knowledge graph', intent: 'read', method: 'GET', path: '/knowledgeTasks', scope } as const;
    const reply = await send(tasksReply, { ...request, query: { language } }, call);
    return placeIn(Array.isArray(reply) ? reply : [reply], options);
  }

  async function addGroup(group: readonly NewItem[], { task, node, label }: Place, call: Call): Promise<void> {
    const paths = named(group.map(({ path }) => path));
    const added = group.map((item) => ({
      questionPayload: { question: item.title.trim(), tagsPayload: [] },
      answerPayload: [{ text: answerIn(item), type: 'basic', channel: 'default' }],
      knowledgeTaskId: task,
      subQuestions: [{ question: item.mark, tagsPayload: [] }],
      responseType: 'message',
      subAnswers: [],
      streamId: options.botId ?? '',
      parent: node,
      leafterm: label,
      ...(options.faqQsId === 'generate' ? { qsId: questionId(item) } : {}),
    }));
    const request = { what: `adding ${paths}`, intent: 'create', method: 'POST', path: '/faqs/bulk', scope } as const;
    await send(ingestReply, { ...request, documents: paths, mayBeEmpty: true, query: { language }, json: { faqs: added } }, call);
  }

  /** The FAQs of these ids, as far as they are there and enabled, and those of them that an update can name without meaning another. */
  async function enabled(remoteIds: readonly string[], call: Call) {
    const wanted = new Set(remoteIds);
    const found = new Map<string, KoreaiFaq>();
    const meant = new Map<string, number>();
    const keyOf = (faq: KoreaiFaq): string => JSON.stringify(queryOf(faq, options));
    for await (const faq of faqs(call)) {
      if (faq.faqStatus === false) continue;
      if (wanted.has(idOf(faq))) found.set(idOf(faq), faq);
      meant.set(keyOf(faq), (meant.get(keyOf(faq)) ?? 0) + 1);
    }
    return { found, clear: [...found.values()].filter((faq) => meant.get(keyOf(faq)) === 1) };
  }

  /** What the vendor says against it; null where it took it. */
  async function disableGroup(group: readonly KoreaiFaq[], call: Call): Promise<SyncError | null> {
    const payload = group.map((faq): Json => ({ query: queryOf(faq, options), [options.faqUpdateKey]: { faqStatus: false } }));
    const request: ApiRequest = {
      what: `disabling ${group.length} FAQs`,
      intent: 'repeatable',
      method: 'POST',
      path: '/faqs/bulkupdates',
      scope: 'Update FAQs',
      remoteId: named(group.map(idOf)),
      mayBeEmpty: true,
      json: { payload },
    };
    try {
      await send(ingestReply, request, call);
      return null;
    } catch (error) {
      if (error instanceof SyncError && (error.code === 'REMOTE_GONE' || error.code === 'REQUEST_REFUSED')) return error;
      throw error;
    }
  }

  return {
    async add(items, call) {
      if (items.length === 0) return [];
      const where = await place(call);
      return inGroups(inPieces(items, options.faqsPerCall), (group) => addGroup(group, where, call), options.atomicBatches);
    },

    async *list(call) {
      for await (const faq of faqs(call)) {
        const mark = markIn(faq, call.workspace);
        if (mark !== null && faq.faqStatus === false) continue;
        yield { remoteId: idOf(faq), mark, name: questionOf(faq) || null, training: null, kind: 'qa' };
      }
    },

    async find(marks, call) {
      const found = new Map<string, string[]>(marks.map((mark) => [mark, []]));
      for await (const faq of faqs(call)) {
        const mark = faq.faqStatus === false ? null : markIn(faq, call.workspace);
        if (mark !== null) found.get(mark)?.push(idOf(faq));
      }
      return found;
    },

    async disable(remoteIds, call) {
      if (remoteIds.length === 0) return [];
      const due = await enabled(remoteIds, call);
      if (due.found.size === 0) return remoteIds.map((remoteId) => ({ ok: true, remoteId }) as const);
      const refused = new Map<string, SyncError>();
      const groups = inPieces(due.clear, options.faqsPerCall);
      for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
        const error = await disableGroup(group, call);
        if (error !== null && group.length > 1) groups.unshift(...inPieces(group, 1));
        else if (error !== null) for (const faq of group) refused.set(idOf(faq), error);
      }
      // What the answer looks like is not known, and a question that is there twice may have been mistaken for its twin: looked at again.
      const still = await enabled([...due.found.keys()], call);
      return remoteIds.map((remoteId) => {
        const error = still.found.has(remoteId) ? notDisabled(remoteId, refused.get(remoteId)?.vendor ?? null) : null;
        return error === null ? { ok: true, remoteId } : { ok: false, error };
      });
    },

    async touch(call) {
      await place(call);
    },
  };
}

/** Where new FAQs go. */
interface Place {
  readonly task: string;
  readonly node: string;
  readonly label: string;
}

function placeIn(tasks: readonly KoreaiTask[], { faqNode, faqLanguage }: KoreaiOptions): Place {
  const nodes = tasks.flatMap(({ _id, taxonomy }) => (taxonomy ?? []).map((node) => ({ task: _id, node })));
  const found = nodes.find(({ node }) =>
    faqNode === null ? (node.parent ?? []).length === 0 : node.nodeId === faqNode || node.label === faqNode,
  );
  if (found !== undefined) return { task: found.task, node: found.node.nodeId, label: found.node.label };
  const lacks = faqNode === null ? 'has no root node' : `has no node ${faqNode} (faqNode)`;
  throw new SyncError('CONFIG_INVALID', {
    message: `the knowledge graph of the Kore.ai bot in ${faqLanguage} (faqLanguage) ${nodes.length === 0 ? 'is not there' : lacks}`,
    next: 'make it in the App Builder (Knowledge AI), set faqLanguage or faqNode, or set qa: chunks',
    facts: { stops: 'target' },
  });
}

function idOf({ _id }: KoreaiFaq): string {
  return `${prefix}${_id}`;
}

function questionOf({ questionPayload }: KoreaiFaq): string {
  return questionPayload?.question ?? '';
}

/** In the form of an extracted question's id; of the effect, so that the same add has the same one. */
function questionId({ effect, mark }: NewItem): string {
  const digits = sha256(`${effect}\n${mark}`);
  const cuts = [0, 8, 12, 16, 20, 32] as const;
  return `qna-${cuts
    .slice(1)
    .map((end, index) => digits.slice(cuts[index], end))
    .join('-')}`;
}

function queryOf(faq: KoreaiFaq, { faqLanguage, faqFoundBy, faqPathFormat }: KoreaiOptions): Json {
  const path = faq.fullPath ?? [];
  const key =
    faqFoundBy === 'referenceId' ? { referenceId: faq.refId ?? '' } : { faqPath: faqPathFormat === 'slash' ? path.join('/') : path };
  return { language: faqLanguage, ...key, primaryQuestion: questionOf(faq) };
}

function notDisabled(remoteId: string, vendor: string | null): SyncError {
  return new SyncError('REQUEST_REFUSED', {
    message: `${remoteId}: this FAQ could not be disabled: Kore.ai lists it as enabled, or another one has the same question and path`,
    vendor,
    next: 'disable it in the App Builder (Knowledge AI); if it goes on, see faqFoundBy and faqUpdateKey, or set qa: chunks',
    facts: { retry: 'later', stops: 'document', effect: 'none' },
  });
}
