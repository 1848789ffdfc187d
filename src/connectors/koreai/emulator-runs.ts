// What runs on its own in one bot of the Kore.ai emulator [2.2, 2.5]: ingest jobs, and the job groups that are trainings. How each ends is
// settled when it starts, and what it does is done at its end, by the clock, at the next request: no time writes anything by itself.
import type { Json } from '../../model/json.ts';
import type { EmulatedItem, EmulatorTools } from '../emulator.ts';
import { uuid } from './emulator-request.ts';
import type { KoreSettings } from './emulator-settings.ts';
import { type Draft, type Shelf, textOfChunks } from './emulator-shelf.ts';

type Run = {
  readonly startedAt: number;
  /** Null: never. */
  readonly endsAt: number | null;
  /** Why it will have failed; null: it will succeed. */
  readonly fails: string | null;
  /** Whether what it does has been done. */
  readonly done: boolean;
};

export type IngestJob = Run & { readonly queuedUntil: number; readonly source: string; readonly documents: number };

export type JobGroup = Run & {
  readonly opType: 'Manual' | 'Auto';
  readonly contentIds: readonly string[] | null;
  /** The last change of the bot that it learns. */
  readonly upTo: number;
  readonly source: string | null;
  readonly jobs: { readonly parsing: string; readonly extraction: string; readonly indexing: string };
};

export class Runs {
  readonly #tools: EmulatorTools;
  readonly #settings: KoreSettings;
  readonly #bot: string;
  readonly #shelf: Shelf;
  /** Those that are not done, by id. */
  readonly #open = new Map<string, Run>();
  #manual = 0;

  constructor(tools: EmulatorTools, settings: KoreSettings, bot: { readonly id: string; readonly shelf: Shelf }) {
    this.#tools = tools;
    this.#settings = settings;
    this.#bot = bot.id;
    this.#shelf = bot.shelf;
    for (const collection of [this.#jobs, this.#groups])
      for (const [id, value] of tools.store.entries(collection)) if (!(value as Run).done) this.#open.set(id, value as Run);
    for (const [, value] of tools.store.entries(this.#groups)) if ((value as JobGroup).opType === 'Manual') this.#manual++;
  }

  /** Brings the bot to the present: what is over by now takes its effect, in the order of the ends. */
  advance(): void {
    let moved = false;
    for (let next = this.#due(); next !== null; next = this.#due()) {
      moved = true;
      const [id, run] = next;
      this.#open.delete(id);
      if ('opType' in run) this.#endGroup(id, run as JobGroup);
      else this.#endJob(id, run as IngestJob);
    }
    if (moved) this.tidy();
    this.#shelf.bury();
  }

  tidy(): void {
    this.#shelf.tidy(this.#trainings().length > 0);
  }

  // ── ingest ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  freshJobId(): string {
    return uuid(this.#tools, 'fj-');
  }

  ingest(jobId: string, source: string, drafts: readonly Draft[]): void {
    const { ingestQueuedMs, ingestMs, ingestFailMarker: marker } = this.#settings;
    const startedAt = this.#tools.now();
    const queuedUntil = startedAt + ingestQueuedMs;
    const fails =
      marker !== null && drafts.some(({ chunks }) => textOfChunks(chunks).includes(marker)) ? 'The content could not be ingested' : null;
    const job: IngestJob = {
      startedAt,
      queuedUntil: finite(queuedUntil) ?? Number.MAX_SAFE_INTEGER,
      endsAt: finite(queuedUntil + ingestMs),
      fails,
      done: false,
      source,
      documents: drafts.length,
    };
    this.#tools.store.put(this.#drafts, jobId, drafts as unknown as Json);
    this.#tools.store.put(this.#jobs, jobId, job);
    this.#open.set(jobId, job);
    this.advance();
  }

  job(id: string): IngestJob | null {
    return (this.#tools.store.get(this.#jobs, id) as IngestJob | undefined) ?? null;
  }

  /** A file that a person uploaded in the dashboard, trained since. */
  plant({ name, text, source }: { readonly name: string; readonly text: string; readonly source: string }): string {
    const id = uuid(this.#tools, this.#settings.contentIdPrefix);
    const now = this.#tools.now();
    const chunks = [{ chunkTitle: '', chunkText: text }];
    const draft = { id, title: name, source, type: 'file', fileType: 'txt', jobId: this.freshJobId(), acceptedAt: now, chunks } as const;
    const planted = this.#shelf.ingest(draft, now);
    this.#shelf.learn([planted], this.#shelf.counter);
    this.tidy();
    return planted;
  }

  /** Documents that were taken and that no list shows yet. */
  *inFlight(): IterableIterator<EmulatedItem> {
    for (const [, drafts] of this.#tools.store.entries(this.#drafts))
      for (const { id, title, chunks } of drafts as unknown as readonly Draft[])
        yield { remoteId: id, name: title, text: textOfChunks(chunks), answeredFrom: null };
  }

  // ── trainings ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A manual training that is not over. */
  get training(): boolean {
    return this.#trainings().some(({ opType }) => opType === 'Manual');
  }

  train(contentIds: readonly string[] | null): string {
    this.#manual++;
    return this.#start({ opType: 'Manual', contentIds, source: null, at: this.#tools.now() });
  }

  group(id: string): JobGroup | null {
    return (this.#tools.store.get(this.#groups, id) as JobGroup | undefined) ?? null;
  }

  isOver({ endsAt }: Run): boolean {
    return endsAt !== null && this.#tools.now() >= endsAt;
  }

  #start({ opType, contentIds, source, at }: Pick<JobGroup, 'opType' | 'contentIds' | 'source'> & { readonly at: number }): string {
    const id = uuid(this.#tools, 'fjg-');
    const fresh = (): string => uuid(this.#tools, 'fj-');
    const group: JobGroup = {
      opType,
      contentIds,
      source,
      startedAt: at,
      endsAt: finite(at + this.#settings.trainMs),
      upTo: this.#shelf.counter,
      fails: this.#failure(opType, contentIds),
      done: false,
      jobs: { parsing: fresh(), extraction: fresh(), indexing: fresh() },
    };
    this.#tools.store.put(this.#groups, id, group);
    this.#open.set(id, group);
    return id;
  }

  #failure(opType: JobGroup['opType'], contentIds: readonly string[] | null): string | null {
    const { failMarker, failFirstTrains } = this.#settings;
    if (opType === 'Manual' && this.#manual <= failFirstTrains) return 'Training failed';
    if (failMarker === null || !this.#shelf.hasMarked(this.#shelf.work(contentIds), failMarker)) return null;
    return 'The content could not be indexed';
  }

  #endJob(id: string, job: IngestJob): void {
    const drafts = this.#tools.store.get(this.#drafts, id) as unknown as readonly Draft[];
    const at = job.endsAt ?? this.#tools.now();
    this.#tools.store.delete(this.#drafts, id);
    this.#tools.store.put(this.#jobs, id, { ...job, done: true });
    if (job.fails !== null) return;
    const contentIds = [...new Set(drafts.map((draft) => this.#shelf.ingest(draft, at)))];
    if (this.#settings.autoTrain) this.#start({ opType: 'Auto', contentIds, source: job.source, at });
  }

  #endGroup(id: string, group: JobGroup): void {
    this.#tools.store.put(this.#groups, id, { ...group, done: true });
    if (group.fails === null) this.#shelf.learn(group.contentIds, group.upTo);
  }

  #due(): [string, Run] | null {
    let found: [string, Run] | null = null;
    for (const entry of this.#open) {
      const [, { endsAt }] = entry;
      if (endsAt === null || !this.isOver(entry[1])) continue;
      if (found === null || endsAt < (found[1].endsAt ?? 0)) found = entry;
    }
    return found;
  }

  #trainings(): JobGroup[] {
    return [...this.#open.values()].filter((run): run is JobGroup => 'opType' in run);
  }

  get #jobs(): string {
    return `jobs:${this.#bot}`;
  }

  get #groups(): string {
    return `groups:${this.#bot}`;
  }

  get #drafts(): string {
    return `drafts:${this.#bot}`;
  }
}

/** What JSON can hold: null stands for never. */
function finite(at: number): number | null {
  return Number.isFinite(at) ? at : null;
}
