// Data sources, rows and syncs of one channel of the Chat Thing emulator: endpoints #7 to #18 over shelves. Every call expects that
// `advance` has been called for this request, and answers with the payload that the page documents.
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatedItem, EmulatorTools } from '../emulator.ts';
import { type Input, isRecord, only, pageQuery, pageStart, pagination, Refused, refuse, rowsOf, text, uuid } from './emulator-request.ts';
import type { ChatThingSettings } from './emulator-settings.ts';
import { type Interval, type Pupil, type Row, Shelf, type Source } from './emulator-shelf.ts';

export type Channel = { readonly secret: string; readonly tokens: number; readonly asked: number };

interface Content {
  readonly name: string;
  readonly content: string;
}

export class Sources {
  readonly #tools: EmulatorTools;
  readonly #settings: ChatThingSettings;
  readonly #bot: string;
  readonly #shelves = new Map<string, Shelf>();
  readonly #pupil: Pupil;
  #taught = false;

  constructor(tools: EmulatorTools, settings: ChatThingSettings, bot: string) {
    this.#tools = tools;
    this.#settings = settings;
    this.#bot = bot;
    // Until the first question nothing is told to the knowledge: it is in memory only, and `knowledge()` tells it all at once.
    this.#pupil = {
      learn: (row, content) => {
        if (this.#taught) tools.knowledge(bot).put(row, '', this.#back(content));
      },
      forget: (row) => {
        if (this.#taught) tools.knowledge(bot).remove(row);
      },
    };
    for (const [id, value] of tools.store.entries(`sources:${bot}`)) {
      this.#shelves.set(id, new Shelf(tools, settings, { bot, id, source: value as Source }));
    }
  }

  /** Ends and starts whatever time has brought since the last request. */
  advance(): void {
    for (const shelf of this.#shelves.values()) shelf.advance(this.#pupil, () => !this.#busy(shelf) && this.#spend(shelf));
  }

  /** What the bot answers from: synced rows only (6.10). The row's name is not given to the bot (#12). */
  knowledge(): ReturnType<EmulatorTools['knowledge']> {
    if (!this.#taught) {
      this.#taught = true;
      for (const shelf of this.#shelves.values()) shelf.recite(this.#pupil);
    }
    return this.#tools.knowledge(this.#bot);
  }

  items(): EmulatedItem[] {
    return [...this.#shelves.values()].flatMap((shelf) => shelf.items());
  }

  has(source: string): boolean {
    return this.#shelves.has(source);
  }

  /** A row made in the dashboard, in the newest data source; not synced yet. */
  plant(item: { readonly name: string; readonly text: string }): string {
    const shelf = [...this.#shelves.values()].at(-1) ?? this.#open();
    const id = this.#rowId(shelf);
    shelf.add(id, item.name, item.text);
    return id;
  }

  // ── data sources ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** #7 */
  create(input: Input): JsonRecord {
    only(input);
    return { dataSource: this.#shown(this.#open()) };
  }

  /** #8 */
  list(input: Input): JsonRecord {
    only(input, 'limit', 'cursor');
    const { limit, cursor } = pageQuery(input);
    const listed = [...this.#shelves.values()].filter((shelf) => this.#tools.now() >= shelf.source.createdAt + this.#settings.listLagMs);
    const start = pageStart(cursor, (id) => listed.findIndex((shelf) => shelf.id === id), this.#settings);
    const page = listed.slice(start, start + limit);
    return { dataSources: page.map((shelf) => this.#shown(shelf)), pagination: pagination(listed.length, page) };
  }

  /** #9 */
  get(input: Input): JsonRecord {
    only(input, 'dataSourceId');
    return { dataSource: this.#shown(this.#shelf(input)) };
  }

  /** #10 */
  setInterval(input: Input): JsonRecord {
    only(input, 'dataSourceId', 'syncInterval');
    const asked = input['syncInterval'];
    if (asked !== undefined && asked !== null && asked !== 'day' && asked !== 'week' && asked !== 'month') {
      refuse(400, 'syncInterval must be "day", "week", "month" or null');
    }
    const shelf = this.#shelf(input);
    const kept = this.#settings.missingInterval === 'keep' ? shelf.source.syncInterval : null;
    shelf.save({ syncInterval: asked === undefined ? kept : (asked as Interval), intervalFrom: this.#tools.now() });
    return { dataSource: this.#shown(shelf) };
  }

  /** #11: rows and what was learnt from them go with it (assumed there). */
  delete(input: Input): JsonRecord {
    only(input, 'dataSourceId');
    const shelf = this.#shelf(input);
    shelf.clear(this.#pupil);
    this.#shelves.delete(shelf.id);
    return {};
  }

  /** #17 */
  sync(input: Input): JsonRecord {
    only(input, 'dataSourceId');
    return this.start(text(input, 'dataSourceId'));
  }

  /** #17 and #18: accepted, not finished. */
  start(source: string): JsonRecord {
    const shelf = this.#shelf({ dataSourceId: source });
    if (shelf.source.run !== null || this.#busy(shelf)) refuse(429, 'a sync is already running');
    if (!this.#spend(shelf)) refuse(429, 'the storage tokens are used up');
    shelf.begin(this.#tools.now());
    return {};
  }

  // ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** #12: answers no ids. */
  addRows(input: Input): JsonRecord {
    only(input, 'dataSourceId', 'dataSourceRows');
    const rows = rowsOf(input, this.#settings);
    const shelf = this.#shelf(input);
    const fresh = new Set<string>();
    const check = (row: Json): Content => {
      const content = this.#content(row, ['name', 'content']);
      if (this.#settings.duplicateNames === 'refuse' && (shelf.hasName(content.name) || fresh.has(content.name))) {
        refuse(400, `a row named ${content.name} exists`);
      }
      fresh.add(content.name);
      return content;
    };
    this.#each(rows, check, (row) => shelf.add(this.#rowId(shelf), row.name, row.content));
    return this.#written(shelf);
  }

  /** #13: id and name, nothing else. */
  listRows(input: Input): JsonRecord {
    only(input, 'dataSourceId', 'limit', 'cursor');
    const { limit, cursor } = pageQuery(input);
    const shelf = this.#shelf(input);
    const start = pageStart(cursor, (id) => shelf.indexOf(id), this.#settings);
    const page = shelf.page(start, limit);
    return { dataSourceRows: page, pagination: pagination(shelf.total(), page) };
  }

  /** #14: everything but the name. */
  getRow(input: Input): JsonRecord {
    only(input, 'dataSourceId', 'dataSourceRowId');
    const id = text(input, 'dataSourceRowId');
    const shelf = this.#shelf(input);
    const row = shelf.find(id) ?? refuse(this.#settings.missingRow, `no data source row ${id}`);
    const { state, lastSync } = shelf.stateOf(id, row);
    const createdAt = iso(row.createdAt);
    return {
      dataSourceRow: {
        id,
        type: 'MANUAL',
        state,
        lastSync: lastSync === null ? null : iso(lastSync),
        createdAt,
        content: this.#back(shelf.textOf(id, row)),
      },
    };
  }

  /** #15 */
  updateRows(input: Input): JsonRecord {
    only(input, 'dataSourceId', 'dataSourceRows');
    const rows = rowsOf(input, this.#settings);
    const shelf = this.#shelf(input);
    const check = (value: Json): Content & { readonly id: string } => {
      const content = this.#content(value, ['id', 'name', 'content']);
      const id = text(isRecord(value) ? value : {}, 'id');
      if (shelf.find(id) === null && this.#settings.unknownRow === 'refuse') refuse(404, `no data source row ${id}`);
      return { ...content, id };
    };
    this.#each(rows, check, ({ id, ...content }) => {
      const row = shelf.find(id);
      if (row !== null) shelf.change(id, row, content);
    });
    return this.#written(shelf);
  }

  /** #16 */
  deleteRows(input: Input): JsonRecord {
    only(input, 'dataSourceId', 'dataSourceRows');
    const rows = rowsOf(input, this.#settings);
    const shelf = this.#shelf(input);
    const check = (value: Json): string => {
      if (!isRecord(value)) return refuse(400, 'each of dataSourceRows must be an object');
      only(value, 'id');
      const id = text(value, 'id');
      return shelf.find(id) === null && this.#settings.deletedRow === 'gone' ? refuse(404, `no data source row ${id}`) : id;
    };
    this.#each(rows, check, (id) => {
      const row: Row | null = shelf.find(id);
      if (row !== null) shelf.delete(id, row, this.#pupil);
    });
    return this.#written(shelf);
  }

  // ── inner ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Atomic: every row is checked before the first is taken. Else the rows before a bad one are taken, and the answer is 500 (#12). */
  #each<Checked>(rows: readonly Json[], check: (row: Json) => Checked, take: (row: Checked) => void): void {
    if (this.#settings.atomic) {
      for (const row of rows.map(check)) take(row);
      return;
    }
    for (const [index, row] of rows.entries()) {
      let checked: Checked;
      try {
        checked = check(row);
      } catch (error) {
        if (index === 0 || !(error instanceof Refused)) throw error;
        refuse(500, `row ${index + 1} of ${rows.length}: ${error.message}; the rows before it were taken`);
      }
      take(checked);
    }
  }

  #content(row: Json, names: readonly string[]): Content {
    if (!isRecord(row)) return refuse(400, 'each of dataSourceRows must be an object');
    only(row, ...names);
    const content = { name: text(row, 'name'), content: text(row, 'content') };
    const { rejectMarker, maxContentBytes } = this.#settings;
    if (rejectMarker !== null && content.content.includes(rejectMarker)) refuse(400, `row ${content.name}: content refused`);
    if (maxContentBytes !== null && Buffer.byteLength(content.content) > maxContentBytes)
      refuse(400, `row ${content.name}: content too long`);
    return content;
  }

  #written(shelf: Shelf): JsonRecord {
    if (this.#settings.dirtySource === 'not_synced' && shelf.source.run === null) shelf.save({ state: 'not_synced' });
    return {};
  }

  #open(): Shelf {
    const id = uuid(this.#tools, (found) => this.#shelves.has(found));
    const now = this.#tools.now();
    const source: Source = {
      createdAt: now,
      state: 'not_synced',
      lastSync: null,
      syncInterval: null,
      intervalFrom: now,
      run: null,
      lastStart: 0,
      runs: 0,
      learntUpTo: 0,
      failedUpTo: 0,
    };
    const shelf = new Shelf(this.#tools, this.#settings, { bot: this.#bot, id, source });
    shelf.save({});
    this.#shelves.set(id, shelf);
    return shelf;
  }

  #shelf(input: Input): Shelf {
    const id = text(input, 'dataSourceId');
    return this.#shelves.get(id) ?? refuse(404, `no data source ${id}`);
  }

  #rowId(shelf: Shelf): string {
    return uuid(this.#tools, (id) => shelf.rows.has(id));
  }

  #busy(shelf: Shelf): boolean {
    return (
      this.#settings.syncsAtOnce === 'bot' && [...this.#shelves.values()].some((other) => other !== shelf && other.source.run !== null)
    );
  }

  /** Charges a sync; false where the budget is used up. */
  #spend(shelf: Shelf): boolean {
    if (this.#settings.tokenBudget === null) return true;
    const channel = this.#tools.store.get('channels', this.#bot) as Channel;
    if (channel.tokens >= this.#settings.tokenBudget) return false;
    this.#tools.store.put('channels', this.#bot, { ...channel, tokens: channel.tokens + shelf.tokensOwed() });
    return true;
  }

  #shown(shelf: Shelf): JsonRecord {
    const { source } = shelf;
    const lastSync = source.lastSync === null ? null : iso(source.lastSync);
    const state = shelf.syncing() ? 'syncing' : source.state;
    return { id: shelf.id, type: 'MANUAL', state, lastSync, syncInterval: source.syncInterval, createdAt: iso(source.createdAt) };
  }

  #back(content: string): string {
    return this.#settings.contentBack === 'exact' ? content : content.replace(/\r\n/g, '\n').trimEnd();
  }
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
