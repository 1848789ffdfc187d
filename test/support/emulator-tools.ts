// What an emulator is handed in tests: a store in memory, a clock that tests set, seeded randomness, and a knowledge simple enough to
// be read at a glance. `caller` sends requests straight to `handle`.
import type { Emulator, EmulatorReply, EmulatorStore, EmulatorTools, Knowledge } from '../../src/connectors/emulator.ts';
import type { Json, JsonRecord } from '../../src/model/json.ts';

export interface TestTools extends EmulatorTools {
  /** The clock, in milliseconds; set it forward. */
  readonly clock: { now: number };
  /** How many writes the store has taken. */
  readonly writes: () => number;
}

/** Tools over a fresh store. With `again`, the tools of a new process over the same store and clock: knowledge starts empty. */
export function emulatorTools(again?: TestTools): TestTools {
  const clock = again?.clock ?? { now: Date.parse('2026-03-01T12:00:00.000Z') };
  const store = again?.store ?? memoryStore();
  const bots = new Map<string, Knowledge>();
  return {
    clock,
    store,
    now: () => clock.now,
    random: again?.random ?? seeded(7),
    writes: again?.writes ?? ((store as MemoryStore).writes as () => number),
    knowledge: (bot) => {
      const known = bots.get(bot) ?? simpleKnowledge();
      bots.set(bot, known);
      return known;
    },
  };
}

interface MemoryStore extends EmulatorStore {
  writes(): number;
}

/** A store in memory that keeps JSON texts, so that nothing but JSON survives. */
export function memoryStore(): MemoryStore {
  const collections = new Map<string, Map<string, string>>();
  let writes = 0;
  const of = (name: string): Map<string, string> => {
    const found = collections.get(name) ?? new Map<string, string>();
    collections.set(name, found);
    return found;
  };
  return {
    writes: () => writes,
    get(collection, id) {
      const text = of(collection).get(id);
      return text === undefined ? undefined : (JSON.parse(text) as Json);
    },
    put(collection, id, value) {
      writes++;
      of(collection).set(id, JSON.stringify(value));
    },
    delete(collection, id) {
      writes++;
      of(collection).delete(id);
    },
    *entries(collection) {
      for (const [id, text] of of(collection)) yield [id, JSON.parse(text) as Json];
    },
    size: (collection) => of(collection).size,
  };
}

/** The texts that share a word of four letters or more with the question, whole. */
function simpleKnowledge(): Knowledge {
  const texts = new Map<string, string>();
  const words = (text: string): Set<string> => new Set(text.toLowerCase().match(/\p{L}{4,}/gu) ?? []);
  return {
    put: (id, _title, text) => {
      texts.set(id, text);
    },
    remove: (id) => {
      texts.delete(id);
    },
    answer(question) {
      const asked = words(question);
      const found = [...texts].filter(([, text]) => [...words(text)].some((word) => asked.has(word)));
      if (found.length === 0) return { text: "I don't know.", sources: [] };
      return { text: found.map(([, text]) => text).join('\n'), sources: found.map(([id]) => id) };
    },
  };
}

/** Mulberry32: the same numbers for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface Sent {
  readonly headers?: { readonly [name: string]: string };
  /** Sent as JSON. */
  readonly json?: Json;
  /** Sent as it is. */
  readonly raw?: string;
}

export interface Got {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  /** The body where it is an object, else {}. */
  readonly body: JsonRecord;
  readonly reply: EmulatorReply;
}

/** Sends `"METHOD path?query"` to an emulator, with these headers on every request. */
export function caller(emulator: Emulator, headers: { readonly [name: string]: string }) {
  return async (line: string, sent: Sent = {}): Promise<Got> => {
    const [method = '', target = ''] = line.split(' ');
    const [path = '', query = ''] = target.split('?');
    const text = sent.raw ?? (sent.json === undefined ? '' : JSON.stringify(sent.json));
    const type: { [name: string]: string } = text === '' ? {} : { 'content-type': 'application/json' };
    const reply = await emulator.handle({
      method,
      path,
      query: new URLSearchParams(query),
      headers: { ...type, ...headers, ...sent.headers },
      body: Buffer.from(text),
    });
    const { body } = reply;
    const isRecord = typeof body === 'object' && body !== null && !Array.isArray(body) && !Buffer.isBuffer(body);
    return { status: reply.status, headers: reply.headers ?? {}, body: isRecord ? (body as JsonRecord) : {}, reply };
  };
}

/** The JSON value at a path of keys and indexes; fails loudly where there is none. */
export function at(value: Json | undefined, ...path: readonly (string | number)[]): Json {
  let found: Json | undefined = value;
  for (const key of path) found = (found as { readonly [key: string]: Json } | null | undefined)?.[key];
  if (found === undefined) throw new Error(`nothing at ${path.join('.')} in ${JSON.stringify(value)}`);
  return found;
}
