// @ts-check
// Corkboard: notes on a board, over HTTP. The vendor is made up; the connector is whole. A connector translates and nothing else: it holds no
// retry, no sleep, no queue, no cache, no file and no environment variable. All of that is kbsync's.
import { defineConnector, marker, SyncError, z } from 'kbsync/connector';

/** @import { Call, ChangedItem, HttpReply, HttpRequest, ItemResult, NewItem, StatusQuery, Tools } from 'kbsync/connector' */

/** The vendor's own keys of a target in sync.config.yaml: all optional or with a default, each described, secrets marked. */
const options = z.strictObject({
  boardId: z.string().min(1).optional().describe('Id of the board: the last part of its address.'),
  apiKey: z.string().min(1).optional().describe('Key of the account, from Settings.').meta({ secret: true }),
  pageLimit: z.int().min(2).max(100).default(50).describe('Notes a page of a listing asks for.'),
});

/** @typedef {z.output<typeof options>} Options */

// What the vendor sends, validated: what is not as documented is told as such, and never guessed at.
const board = z.looseObject({ id: z.string(), title: z.string() });
const note = z.looseObject({ id: z.string(), name: z.string(), state: z.enum(['waiting', 'learnt', 'failed']) });
const noteWithText = note.extend({ text: z.string() });
const page = z.looseObject({ notes: z.array(note), next: z.string().nullable() });
const answer = z.looseObject({ text: z.string(), notes: z.array(note) });

export default defineConnector({
  name: 'corkboard',
  contract: 1,
  label: 'Corkboard',
  options,
  required: () => ['boardId', 'apiKey'],
  identityKeys: ['boardId'],
  defaultBaseUrl: 'https://api.corkboard.example',
  // kbsync has no emulator of other people's vendors; the contract suite fills in the ids of its bots from here.
  sandbox: (name) => ({
    options: { boardId: `board-${name}`, apiKey: 'corkboard-key' },
    bot: { id: `board-${name}`, secret: 'corkboard-key' },
  }),
  variants: { corkboard: {} },
  account: ({ apiKey }) => apiKey ?? '',
  connect,
});

/**
 * Binds functions, sends nothing. A function that is here is a capability; one that is not is explained in `missing`.
 *
 * @param {Options} options
 * @param {Tools} tools
 */
function connect(options, tools) {
  const root = `/v1/boards/${encodeURIComponent(options.boardId ?? '')}`;
  const send = bindSend(options, tools);

  /** @param {Call} call */
  async function* notes(call) {
    /** @type {string | null} */
    let after = null;
    do {
      const query = { limit: options.pageLimit, after: after ?? undefined };
      /** @type {z.output<typeof page>} */
      const found = await send(page, { what: 'listing notes', intent: 'read', method: 'GET', path: `${root}/notes`, query }, call);
      yield* found.notes;
      after = found.next;
    } while (after !== null);
  }

  return {
    /** @type {import('kbsync/connector').Traits} */
    traits: {
      repeatedCreate: 'findable',
      training: 'automatic',
      trainedMeans: "the note's state is learnt",
      formats: ['markdown'],
      attributes: [],
      renames: true,
      limits: {
        perMinute: 120,
        perHour: null,
        concurrency: 1,
        batch: 1,
        batchBytes: null,
        partBytes: 20_000,
        titleCharacters: null,
      },
      lagMs: 0,
      poll: { firstMs: 1_000, maxMs: 30_000 },
      missing: {
        train: {
          because: 'vendor-has-none',
          remedy: 'nothing to do: Corkboard learns each note by itself',
          source: 'https://corkboard.example/docs/notes',
          checked: '2026-11-21',
        },
        history: {
          because: 'not-built',
          remedy: 'read the questions on the board',
          source: 'https://corkboard.example/docs/questions',
          checked: '2026-11-21',
        },
      },
    },

    // The mark is the note's name: at most 200 characters, no control characters.
    marks: marker({ maxCharacters: 200, barred: /[\u0000-\u001f\u007f]/, suffix: '' }),

    /** @param {Call} call */
    async check(call) {
      const { id, title } = await send(board, { what: 'asking for the board', intent: 'read', method: 'GET', path: root }, call);
      // Vendor, origin and bot; never the credential.
      return { identity: `corkboard|${tools.origin}|${id}`, label: title, proven: /** @type {const} */ ('bot') };
    },

    /** @param {readonly NewItem[]} items @param {Call} call */
    create: (items, call) =>
      oneByOne(items, async ({ path, mark, text }) => {
        const json = { name: mark, text };
        const request = /** @type {const} */ ({ what: `creating ${path}`, intent: 'create', method: 'POST', path: `${root}/notes`, json });
        return (await send(note, { ...request, isWrite: true }, call)).id;
      }),

    /** @param {readonly ChangedItem[]} items @param {Call} call */
    update: (items, call) =>
      oneByOne(items, async ({ path, mark, text, remoteId }) => {
        const json = { name: mark, text };
        const request = /** @type {const} */ ({
          what: `updating ${path}`,
          intent: 'repeatable',
          method: 'PUT',
          path: noteAt(remoteId),
          json,
        });
        return (await send(note, { ...request, isWrite: true, remoteId }, call)).id;
      }),

    /** @param {readonly string[]} remoteIds @param {Call} call */
    delete: (remoteIds, call) =>
      oneByOne(remoteIds, async (remoteId) => {
        const request = /** @type {const} */ ({
          what: `deleting ${remoteId}`,
          intent: 'repeatable',
          method: 'DELETE',
          path: noteAt(remoteId),
        });
        try {
          await send(z.unknown(), { ...request, remoteId }, call);
        } catch (error) {
          // Already gone is success.
          if (!(error instanceof SyncError) || error.code !== 'REMOTE_GONE') throw error;
        }
        return remoteId;
      }),

    /** @param {Call} call */
    async *list(call) {
      for await (const { id, name, state } of notes(call)) {
        yield { remoteId: id, mark: name, name, training: trainingOf(state) };
      }
    },

    /** @param {string} remoteId @param {Call} call */
    async read(remoteId, call) {
      const request = /** @type {const} */ ({ what: `reading ${remoteId}`, intent: 'read', method: 'GET', path: noteAt(remoteId) });
      const { text, state } = await send(noteWithText, { ...request, remoteId }, call);
      return { text, training: trainingOf(state) };
    },

    /** @param {StatusQuery} query @param {Call} call */
    async status({ items }, call) {
      const states = new Map();
      if (items.length > 0) for await (const { id, state } of notes(call)) states.set(id, trainingOf(state));
      return {
        run: null,
        items: items.flatMap(({ remoteId, document }) => {
          const state = states.get(remoteId);
          if (state === undefined) return [];
          const error =
            state === 'failed' ? new SyncError('TRAINING_FAILED', { message: `${document}: Corkboard could not learn it` }) : null;
          return [{ remoteId, state, error }];
        }),
      };
    },

    /** @param {string} question @param {Call} call */
    async ask(question, call) {
      const json = { question };
      const request = /** @type {const} */ ({ what: 'asking the board', intent: 'ask', method: 'POST', path: `${root}/ask`, json });
      const { text, notes: sources } = await send(answer, request, call);
      return { text, sources: sources.map(({ name }) => ({ document: null, title: name, url: null })) };
    },
  };

  /** @param {string} remoteId */
  function noteAt(remoteId) {
    return `${root}/notes/${encodeURIComponent(remoteId)}`;
  }
}

/** @param {'waiting' | 'learnt' | 'failed'} state */
function trainingOf(state) {
  return /** @type {const} */ ({ waiting: 'training', learnt: 'trained', failed: 'failed' })[state];
}

/**
 * One request, its answer validated. What a status means here is said in `onError`; everything else is kbsync's common table.
 *
 * @param {Options} options
 * @param {Tools} tools
 */
function bindSend({ apiKey, boardId }, tools) {
  /**
   * @template T
   * @param {z.ZodType<T>} schema
   * @param {HttpRequest & { readonly what: string, readonly remoteId?: string, readonly isWrite?: boolean }} request
   * @param {Call} call
   * @returns {Promise<T>}
   */
  return async (schema, { what, remoteId, isWrite, ...request }, call) => {
    const headers = { authorization: `Bearer ${apiKey ?? ''}`, accept: 'application/json' };
    /** @param {HttpReply} reply */
    const onError = (reply) => {
      if (reply.status === 404 && remoteId !== undefined) return new SyncError('REMOTE_GONE', { message: `${what}: the note is gone` });
      if (reply.status === 404) return new SyncError('BOT_NOT_FOUND', { message: `${what}: there is no board ${boardId}` });
      // 422: the note itself is at fault, so these bytes are not sent again.
      if (reply.status === 422 && isWrite === true)
        return new SyncError('DOCUMENT_REFUSED', { message: `${what}: Corkboard refused the text` });
      return null;
    };
    const reply = await tools.http({ ...request, headers, onError }, call);
    const parsed = schema.safeParse(reply.status === 204 ? null : reply.json());
    if (parsed.success) return parsed.data;
    throw new SyncError('REPLY_INVALID', {
      message: `${what}: ${parsed.error.issues[0]?.message ?? 'not what is documented'}`,
      // A read changes nothing, whatever it says; of a write nobody knows.
      ...(request.intent === 'read' ? { facts: { effect: /** @type {const} */ ('none') } } : {}),
    });
  };
}

/**
 * Writers answer once for each item, in order. What is one document's fault stands in its result; what stops the whole target is thrown.
 *
 * @template Item
 * @param {readonly Item[]} items
 * @param {(item: Item) => Promise<string>} send
 * @returns {Promise<ItemResult[]>}
 */
async function oneByOne(items, send) {
  /** @type {ItemResult[]} */
  const results = [];
  for (const item of items) {
    try {
      results.push({ ok: true, remoteId: await send(item) });
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      // `batch: 1` above: nothing has gone through before the first item. With larger batches, those behind it must be told as not sent.
      if (error.facts.stops !== 'document') throw error;
      results.push({ ok: false, error });
    }
  }
  return results;
}
