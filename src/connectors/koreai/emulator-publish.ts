// Publishing a bot of the Kore.ai emulator [2.8], with an Admin Console app only.
import type { Json } from '../../model/json.ts';
import type { EmulatorReply, EmulatorTools } from '../emulator.ts';
import type { Faqs } from './emulator-faqs.ts';
import { filled, flag, iso, noBody, notFound, readBody, readQuery, refuse, uuid } from './emulator-request.ts';
import { type Asked, adminOnly, type Route } from './emulator-routes.ts';
import type { KoreSettings } from './emulator-settings.ts';

type Publish = {
  readonly startedAt: number;
  readonly endsAt: number | null;
  readonly train: boolean;
  readonly fails: boolean;
  readonly done: boolean;
};

export class Publishing {
  readonly #tools: EmulatorTools;
  readonly #settings: KoreSettings;
  readonly #bot: string;
  readonly #faqs: Faqs;

  constructor(tools: EmulatorTools, settings: KoreSettings, bot: { readonly id: string; readonly faqs: Faqs }) {
    this.#tools = tools;
    this.#settings = settings;
    this.#bot = bot.id;
    this.#faqs = bot.faqs;
  }

  /** Ends a publish whose time is over, unless a training of FAQs ended before it, which then comes first. */
  advance(faqsAt: number | null): void {
    const latest = this.latest;
    if (latest === null || latest[1].done || !this.isOver(latest[1])) return;
    if (faqsAt !== null && faqsAt <= (latest[1].endsAt ?? 0)) return;
    this.#tools.store.put(this.#collection, latest[0], { ...latest[1], done: true });
    if (latest[1].fails) return;
    if (latest[1].train) this.#faqs.trainNow();
    this.#faqs.publish();
    this.#tools.store.put('published', this.#bot, latest[1].endsAt);
  }

  get latest(): [string, Publish] | null {
    const found = [...this.#tools.store.entries(this.#collection)].at(-1);
    return found === undefined ? null : [found[0], found[1] as Publish];
  }

  start(train: boolean): void {
    const startedAt = this.#tools.now();
    const end = startedAt + this.#settings.publishMs;
    const publish: Publish = {
      startedAt,
      endsAt: Number.isFinite(end) ? end : null,
      train,
      fails: this.#settings.publishFails,
      done: false,
    };
    this.#tools.store.put(this.#collection, uuid(this.#tools, 'ds-'), publish);
    this.advance(null);
  }

  isOver({ endsAt }: Publish): boolean {
    return endsAt !== null && this.#tools.now() >= endsAt;
  }

  get #collection(): string {
    return `publishes:${this.#bot}`;
  }
}

/** #33 and #34. */
export function publishRoutes(settings: KoreSettings): readonly Route[] {
  const scopes = adminOnly('Publish');

  function publish({ request, box }: Asked): EmulatorReply {
    readQuery(request);
    const body = readBody(request, 'versionComment', 'initiateTraining');
    filled(body, 'versionComment');
    if (!settings.channelEnabled) refuse({ status: 400, msg: 'At least one channel must be enabled' });
    box.publishing.start(flag(body, 'initiateTraining', false));
    return { status: 200, body: [{ resourceType: 'knowledgeTask', resourceId: box.faqs.task.configured, status: 'SUCCESS', result: {} }] };
  }

  /** Reports the latest publish, whoever asked for it. */
  function status({ request, box }: Asked): Json {
    readQuery(request);
    noBody(request);
    const { latest } = box.publishing;
    if (latest === null) return notFound('the bot was never published');
    const over = box.publishing.isOver(latest[1]);
    const ended = latest[1].fails ? 'failed' : 'successful';
    return {
      _id: latest[0],
      jobType: 'PUBLISH_BOT',
      requestedTime: iso(latest[1].startedAt),
      percentageComplete: over ? 100 : 50,
      status: over ? ended : 'inprogress',
      statusSummary: over ? [{ resourceId: box.faqs.task.configured, resourceType: 'knowledgeTask', name: box.id, status: ended }] : [],
    };
  }

  return [
    { method: 'POST', path: 'publish', scopes, run: publish },
    { method: 'GET', path: 'publish/status', scopes, pace: ({ box }) => box.publishing.latest?.[0] ?? box.id, run: status },
  ];
}
