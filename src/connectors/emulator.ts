// The base of every emulator: a vendor's documented behaviour on loopback. This file owns what all share: the shape of an emulator, what it
// is handed, its request log and injected faults. It knows no vendor and no connector.
import type { Json } from '../model/json.ts';

/** One request as it came over the wire. */
export interface EmulatorRequest {
  readonly method: string;
  /** Path without query, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string };
  readonly body: Buffer;
}

export interface EmulatorReply {
  readonly status: number;
  readonly headers?: { readonly [name: string]: string };
  /** A string or buffer is sent as it is, anything else as JSON; `stream` sends chunks one by one. */
  readonly body?: string | Buffer | Json;
  readonly stream?: AsyncIterable<string | Uint8Array>;
  /** Carried out, but the connection is dropped instead of the answer. */
  readonly drop?: boolean;
}

/** Keyed values that survive the process where the sandbox keeps them, and live in memory in tests. Values must be plain JSON. */
export interface EmulatorStore {
  get(collection: string, id: string): Json | undefined;
  put(collection: string, id: string, value: Json): void;
  delete(collection: string, id: string): void;
  /** In the order of first insertion. */
  entries(collection: string): IterableIterator<[string, Json]>;
  size(collection: string): number;
}

/** What one bot has been trained on. Answers come from this and from nothing else. */
export interface Knowledge {
  put(id: string, title: string, text: string): void;
  remove(id: string): void;
  /** An answer made of passages found by full text, with the ids they came from; a plain "I don't know" with no sources where nothing fits. */
  answer(question: string): { readonly text: string; readonly sources: readonly string[] };
}

export interface EmulatorTools {
  readonly store: EmulatorStore;
  /** Milliseconds since the epoch; training and lag are decided by it, at each request, never by timers. */
  readonly now: () => number;
  /** 0 ≤ n < 1, seeded in tests: ids are made from it. */
  readonly random: () => number;
  /** The trained knowledge of one bot; the same object for the same bot. */
  readonly knowledge: (bot: string) => Knowledge;
}

/** What one bot of an emulator holds, in words common to all vendors: for invariants, not for connectors. */
export interface EmulatedItem {
  readonly remoteId: string;
  readonly name: string | null;
  readonly text: string;
  /** The text that the bot answers from now for this item; null: not learnt. Differs from `text` while training is owed. */
  readonly answeredFrom: string | null;
}

export interface Emulator {
  /** Makes a bot with this id and secret if there is none. */
  provision(bot: { readonly id: string; readonly secret: string }): void;
  handle(request: EmulatorRequest): Promise<EmulatorReply>;
  /** Everything that the bot holds, and (deleted, but not yet forgotten) what it still answers from, with text ''. */
  inspect(bot: string): readonly EmulatedItem[];
  /** Adds an item as a person would in the dashboard. Returns its id. */
  plant(bot: string, item: { readonly name: string; readonly text: string }): string;
}

export interface EmulatorSpec<Settings extends object = object> {
  readonly vendor: string;
  /** Path prefixes that are this vendor's, behind one port; the longest that fits wins. */
  readonly prefixes: readonly string[];
  /** Each assumed behaviour is a switch here, with the documented default. Times in milliseconds. */
  readonly defaults: Settings;
  create(tools: EmulatorTools, settings: Settings): Emulator;
}

/** What every vendor's bot can be told to do wrong when it is asked; no vendor documents any of it. */
export interface AnswerSettings {
  /** Goes on answering from what was deleted, and from the text before a change. */
  readonly staleAnswers?: boolean;
  /** Of so many answers the first is wrong: 3 means the first, the fourth, the seventh … null: none. */
  readonly wrongEvery?: number | null;
}

/** What a bot says that is wrong in any context. */
const wrongAnswer = 'Purple elephants.';

/** An emulator whose bots can also be told to answer wrongly. */
export function defineEmulator<Settings extends object>(spec: EmulatorSpec<Settings>): EmulatorSpec<Settings & AnswerSettings> {
  return {
    ...spec,
    defaults: { staleAnswers: false, wrongEvery: null, ...spec.defaults },
    create: (tools, settings) => spec.create(unreliable(tools, settings), settings),
  };
}

function unreliable(tools: EmulatorTools, { staleAnswers = false, wrongEvery = null }: AnswerSettings): EmulatorTools {
  if (!staleAnswers && wrongEvery === null) return tools;
  const bots = new Map<string, Knowledge>();
  const spoiled = (bot: string): Knowledge => {
    const brain = tools.knowledge(bot);
    const learnt = new Set<string>();
    let asked = 0;
    return {
      put(id, title, text) {
        if (staleAnswers && learnt.has(id)) return;
        learnt.add(id);
        brain.put(id, title, text);
      },
      remove(id) {
        if (!staleAnswers) brain.remove(id);
      },
      answer(question) {
        asked += 1;
        return wrongEvery !== null && (asked - 1) % wrongEvery === 0 ? { text: wrongAnswer, sources: [] } : brain.answer(question);
      },
    };
  };
  return {
    ...tools,
    knowledge(bot) {
      const known = bots.get(bot) ?? spoiled(bot);
      bots.set(bot, known);
      return known;
    },
  };
}
