// @ts-check
// Corkboard on loopback, as its (made-up) documentation says: a server of node:http and nothing else. Written from the documentation and not
// from the connector, so that the two do not share a misunderstanding. `node emulator.js [PORT]` runs it on its own.
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

/** Behaviour that tests switch on. Times in milliseconds; markers are texts that bring a failure about. */
export const defaults = {
  learnMs: 500,
  /** @type {string | null} */
  failMarker: null,
  /** @type {string | null} */
  rejectMarker: null,
};

/** @typedef {{ id: string, name: string, text: string, at: number, known: string | null }} Note */
/** @typedef {{ id: string, secret: string, notes: Map<string, Note> }} Board */

/**
 * @param {{ now: () => number } & Partial<typeof defaults>} given
 */
export function createCorkboard(given) {
  const settings = { ...defaults, ...given };
  /** @type {Map<string, Board>} */
  const boards = new Map();
  let lastId = 0;

  /** What the board answers from is the text as it was learnt last. @param {Note} note @returns {'waiting' | 'learnt' | 'failed'} */
  const look = (note) => {
    if (settings.now() - note.at < settings.learnMs) return 'waiting';
    if (settings.failMarker !== null && note.text.includes(settings.failMarker)) return 'failed';
    note.known = note.text;
    return 'learnt';
  };

  /** @param {Note} note */
  const shown = (note) => ({ id: note.id, name: note.name, state: look(note) });

  /** @param {Board} board @param {string} name @param {string} text */
  const put = (board, name, text) => {
    lastId += 1;
    const note = { id: `note_${String(lastId).padStart(6, '0')}`, name, text, at: settings.now(), known: null };
    board.notes.set(note.id, note);
    return note;
  };

  /** The note that shares the most words with the question. @param {Board} board @param {string} question */
  const answer = (board, question) => {
    let best = null;
    let most = 0;
    for (const note of board.notes.values()) {
      look(note);
      const shared = wordsOf(question).filter((word) => wordsOf(note.known ?? '').includes(word)).length;
      if (shared > most) [best, most] = [note, shared];
    }
    return best === null ? { text: 'The board does not say.', notes: [] } : { text: best.known ?? '', notes: [shown(best)] };
  };

  /** @param {string} method @param {URL} url @param {string | undefined} key @param {string} body */
  const reply = (method, url, key, body) => {
    const [, boardId = '', rest = '', noteId] = /^\/v1\/boards\/([^/]+)\/?([^/]*)\/?(.*)$/.exec(url.pathname) ?? [];
    const board = boards.get(decodeURIComponent(boardId));
    if (board === undefined) return [404, { error: 'no such board' }];
    if (key !== `Bearer ${board.secret}`) return [401, { error: 'key not valid' }];
    if (rest === '' && method === 'GET') return [200, { id: board.id, title: `Board ${board.id}` }];
    if (rest === 'ask' && method === 'POST') return [200, answer(board, String(JSON.parse(body).question))];
    if (rest !== 'notes') return [404, { error: 'no such path' }];

    if (noteId === '') {
      if (method === 'POST') {
        const { name, text } = JSON.parse(body);
        if (settings.rejectMarker !== null && text.includes(settings.rejectMarker)) return [422, { error: 'text not welcome' }];
        if (Buffer.byteLength(text) > 20_000) return [422, { error: 'text too long' }];
        return [201, shown(put(board, name, text))];
      }
      const limit = Number(url.searchParams.get('limit') ?? 20);
      const after = url.searchParams.get('after') ?? '';
      const later = [...board.notes.values()].filter(({ id }) => id > after);
      const notes = later.slice(0, limit).map(shown);
      return [200, { notes, next: later.length > limit ? notes.at(-1)?.id : null }];
    }
    const note = board.notes.get(decodeURIComponent(noteId ?? ''));
    if (note === undefined) return [404, { error: 'no such note' }];
    if (method === 'GET') return [200, { ...shown(note), text: note.text }];
    if (method === 'DELETE') {
      board.notes.delete(note.id);
      return [204, null];
    }
    const { name, text } = JSON.parse(body);
    Object.assign(note, { name, text, at: settings.now() });
    return [200, shown(note)];
  };

  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const [status, value] = reply(
      request.method ?? '',
      new URL(request.url ?? '/', 'http://localhost'),
      request.headers.authorization,
      body,
    );
    response.writeHead(Number(status), { 'content-type': 'application/json' });
    response.end(value === null ? undefined : JSON.stringify(value));
  });

  return {
    server,
    /** Makes the board if there is none. @param {{ id: string, secret: string }} bot */
    provision({ id, secret }) {
      if (!boards.has(id)) boards.set(id, { id, secret, notes: new Map() });
    },
    /** Everything that a board holds. @param {string} id */
    inspect(id) {
      return [...(boards.get(id)?.notes.values() ?? [])].map((note) => {
        look(note);
        return { remoteId: note.id, name: note.name, text: note.text, answeredFrom: note.known };
      });
    },
    /** Adds a note as a person would. @param {string} id @param {{ name: string, text: string }} note */
    plant(id, { name, text }) {
      const board = boards.get(id);
      if (board === undefined) throw new Error(`no board ${id}`);
      return put(board, name, text).id;
    },
  };
}

/** @param {string} text */
function wordsOf(text) {
  return [...new Set(text.toLowerCase().match(/\p{L}{5,}/gu) ?? [])].filter((word) => word !== 'which');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { server, provision } = createCorkboard({ now: Date.now });
  provision({ id: 'board-1', secret: 'corkboard-key' });
  server.listen(Number(process.argv[2] ?? 8431), '127.0.0.1', () => {
    const address = server.address();
    console.log(`board-1 (key corkboard-key) on http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`);
  });
}
