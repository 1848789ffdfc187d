// The reference connector: a vendor in memory, every capability and oddity switchable. It outlives crashes of the engine, as a vendor does.
import type {
  Call,
  Capability,
  ItemResult,
  NewItem,
  RemoteEntry,
  StatusQuery,
  StatusReport,
  Target,
  Traits,
} from '../connectors/connector.ts';
import { SyncError } from '../model/error.ts';
import { type Marker, marker } from '../model/mark.ts';
import type { TrainingState } from '../model/record.ts';

export interface MemoryOptions {
  /** Capabilities that are there besides create. */
  readonly can: readonly Exclude<Capability, 'create'>[];
  readonly repeatedCreate: Traits['repeatedCreate'];
  readonly training: Traits['training'];
  /** false: creates are accepted without an id, as bulk calls of some vendors do. */
  readonly givesIds: boolean;
  readonly batch: number;
  /** The name that carries the mark is rewritten by updates. */
  readonly renames: boolean;
  /** Takes one text for the whole bot; what it holds is shown by document and part all the same. */
  readonly whole: boolean;
}

export interface MemoryItem {
  readonly mark: string;
  readonly effect: string;
  readonly text: string;
  /** What the bot answers from; null: nothing yet. */
  readonly learnt: string | null;
}

/** Where the engine can be struck: before the vendor has done anything, and after it has but before the engine hears of it. */
export type Strike = (where: string) => void;

export interface MemoryVendor {
  connect(strike?: Strike): Target;
  readonly items: ReadonlyMap<string, MemoryItem>;
  /** Texts the bot still answers from though their items are gone: until the next training. */
  readonly ghosts: ReadonlySet<string>;
  readonly writes: readonly string[];
  /** Adds an item as a person would in the dashboard: without a mark. Returns its id. */
  plant(text: string): string;
  /** Removes an item as a person would in the dashboard. */
  remove(remoteId: string): void;
}

const everything: MemoryOptions = {
  can: ['update', 'delete', 'list', 'read', 'status', 'train'],
  repeatedCreate: 'findable',
  training: 'automatic',
  givesIds: true,
  batch: 3,
  renames: false,
  whole: false,
};

/** A vendor in memory. Trains at once when asked how training goes. */
export function memoryVendor(patch: Partial<MemoryOptions> = {}): MemoryVendor {
  const options = { ...everything, ...patch };
  const items = new Map<string, MemoryItem>();
  const ghosts = new Set<string>();
  const writes: string[] = [];
  const runs: { done: boolean }[] = [];
  let lastId = 0;

  const learnAll = (): void => {
    for (const [id, item] of items) items.set(id, { ...item, learnt: item.text });
    ghosts.clear();
  };

  function createOne(item: NewItem): string {
    if (options.repeatedCreate === 'same-item') {
      for (const [id, known] of items) if (known.effect === item.effect) return id;
    }
    lastId += 1;
    const id = `item-${lastId}`;
    items.set(id, { mark: item.mark, effect: item.effect, text: item.text, learnt: null });
    return id;
  }

  function connect(strike: Strike = () => {}): Target {
    const write = <T>(name: string, work: () => T): Promise<T> => {
      strike(`before ${name}`);
      writes.push(name);
      const result = work();
      strike(`after ${name}`);
      return Promise.resolve(result);
    };
    const can = new Set(options.can);
    const status = (query: StatusQuery): Promise<StatusReport> => {
      if (options.training === 'automatic') learnAll();
      const run = query.run === null ? null : runState(query.run.baseline);
      const states = [...items].map(([remoteId, item]) => ({ remoteId, state: stateOf(item), error: null }));
      return Promise.resolve({ run, items: states });
    };
    if (options.whole) {
      return {
        traits: traitsOf(options),
        marks: memoryMarks,
        check: () => Promise.resolve({ identity: 'memory|bot', label: 'memory', proven: 'bot' }),
        replaceAll: (all) =>
          write('replaceAll', () => {
            items.clear();
            for (const { mark, effect, part, text } of all)
              items.set(part === '' ? mark : `${mark}#${part}`, { mark, effect, text, learnt: text });
            return { ok: true, remoteId: null };
          }),
      };
    }
    const target: Target = {
      traits: traitsOf(options),
      marks: memoryMarks,
      check: () => Promise.resolve({ identity: 'memory|bot', label: 'memory', proven: 'bot' }),
      create: (batch) => write('create', () => batch.map((item): ItemResult => ({ ok: true, remoteId: reply(createOne(item)) }))),
      ...(can.has('update') && {
        update: (batch: readonly (NewItem & { remoteId: string })[]) =>
          write('update', () =>
            batch.map((item): ItemResult => {
              const known = items.get(item.remoteId);
              if (known === undefined) return { ok: false, error: new SyncError('REMOTE_GONE') };
              const mark = options.renames ? item.mark : known.mark;
              items.set(item.remoteId, { ...known, mark, effect: item.effect, text: item.text });
              return { ok: true, remoteId: item.remoteId };
            }),
          ),
      }),
      ...(can.has('delete') && {
        delete: (ids: readonly string[]) =>
          write('delete', () =>
            ids.map((id): ItemResult => {
              const known = items.get(id);
              if (known?.learnt != null && options.training === 'on-request') ghosts.add(known.learnt);
              items.delete(id);
              return { ok: true, remoteId: id };
            }),
          ),
      }),
      ...(can.has('list') && { list: () => listed() }),
      ...(can.has('read') && {
        read: (id: string) => {
          const known = items.get(id);
          if (known === undefined) return Promise.reject(new SyncError('REMOTE_GONE'));
          return Promise.resolve({ text: known.text, training: stateOf(known) });
        },
      }),
      ...(can.has('status') && { status }),
      ...(can.has('train') &&
        options.training === 'on-request' && {
          train: {
            baseline: () => Promise.resolve(String(runs.length)),
            start: () =>
              write('train', () => {
                runs.push({ done: false });
                return { handle: String(runs.length) };
              }),
          },
        }),
    };
    return target;
  }

  async function* listed(_call?: Call): AsyncGenerator<RemoteEntry, void, undefined> {
    for (const [remoteId, { mark }] of [...items]) yield { remoteId, mark: mark === '' ? null : mark, name: mark, training: null };
  }

  /** A run is known by how many there were before it; asking how it goes is what lets it end. */
  function runState(baseline: string): StatusReport['run'] {
    const run = runs[Number(baseline)];
    if (run === undefined) return { state: 'lost', error: null };
    if (!run.done) learnAll();
    run.done = true;
    return { state: 'succeeded', error: null };
  }

  const reply = (id: string): string | null => (options.givesIds ? id : null);
  const plant = (text: string): string => {
    lastId += 1;
    items.set(`item-${lastId}`, { mark: '', effect: '', text, learnt: text });
    return `item-${lastId}`;
  };
  return { connect, items, ghosts, writes, plant, remove: (remoteId) => void items.delete(remoteId) };
}

const memoryMarks: Marker = marker({ maxCharacters: 200, barred: /[\u0000-\u001f]/, suffix: '' });

function stateOf(item: MemoryItem | undefined): TrainingState {
  return item !== undefined && item.learnt === item.text ? 'trained' : 'pending';
}

function traitsOf(options: MemoryOptions): Traits {
  const { repeatedCreate, training, batch, renames, can } = options;
  const missing = { because: 'switched-off', remedy: 'switch it on', source: 'testkit/memory.ts', checked: '2026-11-21' } as const;
  const all = ['update', 'delete', 'list', 'read', 'status', 'train', 'ask', 'history'] as const;
  return {
    repeatedCreate,
    training,
    trainedMeans: 'the item was learnt when status was asked',
    formats: ['markdown'],
    attributes: [],
    renames,
    limits: { perMinute: 60_000, perHour: null, concurrency: 1, batch, batchBytes: null, partBytes: null, titleCharacters: null },
    lagMs: 0,
    poll: { firstMs: 1, maxMs: 1 },
    missing: Object.fromEntries(all.filter((name) => !can.includes(name)).map((name) => [name, missing])),
  };
}
