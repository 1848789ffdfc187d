// Tells webhooks of incidents: keeps the book in the state folder, sends one notice at a time to each webhook, tries again later, and never makes
// anybody wait. What an incident is, and who is told of it, is decided in incidents.ts.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { asSyncError } from '../model/error.ts';
import type { Json } from '../model/json.ts';
import type { Log } from '../model/log.ts';
import type { Posted, Seen, Webhook, WebhookView } from '../model/notice.ts';
import { visible } from '../plan/escape.ts';
import type { Disk } from '../state/disk.ts';
import { acquireLock, type Lock } from '../state/lock.ts';
import type { Workspace } from '../workspace.ts';
import { type Book, delivered, dueAt, emptyBook, judge, notDelivered, type Pending, trimmed } from './incidents.ts';
import type { LoopTimers } from './loop.ts';
import { bodyOf } from './notice-words.ts';
import type { Voice } from './voice.ts';

/** What is told, and whom: read again at each reload. */
export interface NotifyPlan {
  readonly workspace: string;
  readonly webhooks: readonly Webhook[];
  /** Names of all targets. */
  readonly targets: readonly string[];
  readonly post: (url: string, body: Json, signal: AbortSignal) => Promise<Posted>;
}

export interface NotifierInput {
  readonly disk: Pick<Disk, 'read' | 'mkdir' | 'replace'>;
  readonly stateDir: string;
  readonly timers: LoopTimers;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly redact: (text: string) => string;
  readonly voice: Voice;
  readonly log?: Log | undefined;
  readonly newId?: () => string;
}

export interface Notifier {
  /** From here on, these webhooks. What still waits for one that is gone is dropped. */
  configure(plan: NotifyPlan): void;
  /** Takes what a look showed. Returns at once and never throws; null: it showed nothing. */
  saw(seen: Seen | null): void;
  views(): readonly WebhookView[];
  /** Resolves when nothing is left that could be sent before `ms` have passed, or then. */
  settled(ms: number): Promise<void>;
  /** What is under way is dropped, and is the next start's. */
  close(): Promise<void>;
}

/** As the workspace is configured now. */
export function notifyPlanOf({ config, post }: Pick<Workspace, 'config' | 'post'>): NotifyPlan {
  return { workspace: config.name, webhooks: config.notify, targets: config.targets.map(({ name }) => name), post };
}

/** Of one-shots: the daemon has a lock of its own. LOCKED, ABORTED. */
export function lockNotices(
  { disk, config, now }: Pick<Workspace, 'disk' | 'config' | 'now'>,
  how: { readonly waitMs: number; readonly signal: AbortSignal },
): Promise<Lock> {
  const path = join(notifyFolder(config.stateDir), 'notify.lock');
  return acquireLock({ disk, path, now, command: 'kbsync sync --notify', ...how });
}

/** The folder of the book, below the state's. */
function notifyFolder(stateDir: string): string {
  return join(stateDir, 'notify');
}

/** Attempts in a row that come to nothing before a webhook is complained of. */
const deadAfter = 3;

interface Post {
  sending: string | null;
  /** Tried at once, whatever it waits for: its address may just have been mended. */
  promptly: boolean;
  timer: unknown;
  failures: number;
  since: number | null;
  error: string;
  complained: boolean;
  delivered: number;
  failed: number;
  dropped: number;
}

/** A notifier that knows nobody yet. */
export function createNotifier(input: NotifierInput): Notifier {
  const { timers, now, voice, log, redact } = input;
  const newId = input.newId ?? (() => randomBytes(8).toString('hex'));
  const posts = new Map<string, Post>();
  const closing = new AbortController();
  const waiting = new Set<() => void>();
  const keeper = createKeeper(input);
  let book: Book | null = null;
  let plan: NotifyPlan = { workspace: '', webhooks: [], targets: [], post: () => Promise.reject(new Error('not configured')) };

  const theBook = (): Book => {
    book ??= keeper.load();
    return book;
  };
  const change = (next: Book): Promise<void> => {
    if (next === book) return Promise.resolve();
    book = next;
    return keeper.save(next);
  };
  const postOf = (name: string): Post => {
    const blank = {
      sending: null,
      promptly: true,
      timer: null,
      failures: 0,
      since: null,
      error: '',
      complained: false,
      delivered: 0,
      failed: 0,
      dropped: 0,
    };
    const post = posts.get(name) ?? blank;
    posts.set(name, post);
    return post;
  };
  const nextFor = (name: string): { readonly pending: Pending; readonly dueMs: number } | null => {
    const [pending, ...others] = theBook().outbox.filter(({ webhook }) => webhook === name);
    return pending === undefined ? null : { pending, dueMs: dueAt(pending, others.length > 0) };
  };
  const announce = (): void => {
    for (const told of waiting) told();
  };

  /** Sends what is due to this webhook, or sets the clock for it. */
  const pump = (webhook: Webhook): void => {
    const post = postOf(webhook.name);
    if (closing.signal.aborted || post.sending !== null || webhook.missing.length > 0) return;
    if (post.timer !== null) timers.cancel(post.timer);
    post.timer = null;
    const next = nextFor(webhook.name);
    const waitMs = next === null || post.promptly ? 0 : next.dueMs - now();
    post.promptly = false;
    // A clock that was set back must not keep a notice for long.
    if (waitMs > 0) post.timer = timers.after(Math.min(waitMs, longestWaitMs), () => pump(current(webhook)));
    if (next === null || waitMs > 0) {
      announce();
      return;
    }
    post.sending = next.pending.id;
    void send(webhook, next.pending).catch((thrown: unknown) => voice.complain(`notify: ${visible(redact(asSyncError(thrown).message))}`));
  };
  /** Its address may have been changed by a reload. */
  const current = (webhook: Webhook): Webhook => plan.webhooks.find(({ name }) => name === webhook.name) ?? webhook;

  const send = async (webhook: Webhook, pending: Pending): Promise<void> => {
    const post = postOf(webhook.name);
    const startedAt = timers.now();
    // On disk before it leaves: a crash may tell it twice, under one id, and never loses it.
    await keeper.saved();
    const posted = closing.signal.aborted
      ? null
      : await plan
          .post(webhook.url, bodyOf(pending, plan.workspace, webhook.kind), closing.signal)
          .catch((thrown: unknown): Posted => ({ status: null, error: asSyncError(thrown).message, retryAfterMs: null }));
    post.sending = null;
    if (posted === null || closing.signal.aborted) {
      announce();
      return;
    }
    const durationMs = Math.round(timers.now() - startedAt);
    if (posted.error === null) await taken(webhook, pending, posted, durationMs);
    else await refused(webhook, pending, { ...posted, error: visible(redact(posted.error)) }, durationMs);
    pump(current(webhook));
  };
  const tell = (
    pending: Pending,
    { status }: Posted,
    outcome: string,
    more: { readonly durationMs: number; readonly error?: string },
  ): void => {
    const { webhook, event, kind, target, count, attempts, id } = pending;
    const facts = { webhook, notice: id, incident: kind, change: event, count, attempt: attempts + 1, status, ...more };
    const level = outcome === 'delivered' ? 'info' : 'warn';
    log?.line(level, 'notification', `${outcome}: ${event} ${kind} to ${webhook}`, { target: target ?? undefined, ...facts });
  };
  const taken = async ({ name }: Webhook, pending: Pending, posted: Posted, durationMs: number): Promise<void> => {
    const post = postOf(name);
    post.delivered += 1;
    if (post.complained) voice.talk(`notify: webhook ${name} takes notifications again`);
    Object.assign(post, { failures: 0, since: null, complained: false });
    tell(pending, posted, 'delivered', { durationMs });
    await change(delivered(theBook(), pending.id));
  };
  const refused = async ({ name }: Webhook, pending: Pending, posted: Posted, durationMs: number): Promise<void> => {
    const post = postOf(name);
    post.failed += 1;
    post.failures = Math.max(post.failures, pending.attempts) + 1;
    post.since ??= now();
    post.error = posted.error ?? '';
    const after = notDelivered(theBook(), pending.id, now(), posted.retryAfterMs);
    if (after.givenUp) post.dropped += 1;
    tell(pending, posted, after.givenUp ? 'given up' : 'not delivered', { durationMs, error: post.error });
    if (post.failures >= deadAfter && !post.complained) {
      post.complained = true;
      voice.complain(
        `notify: webhook ${name} takes nothing: ${post.error}; tried again for a day, with longer and longer waits. Test it: kbsync notify test ${name}`,
      );
    }
    await change(after.book);
  };

  return {
    configure(next) {
      const before = plan.webhooks;
      plan = next;
      if (next.webhooks.length === 0) return;
      for (const { name, missing } of next.webhooks) {
        if (missing.length > 0) voice.complain(`notify: webhook ${name} is told nothing: ${missing.join(', ')} is not set`);
      }
      void change(trimmed(theBook(), next.webhooks, next.targets));
      for (const webhook of next.webhooks) {
        if (webhook.url !== before.find(({ name }) => name === webhook.name)?.url) postOf(webhook.name).promptly = true;
        pump(webhook);
      }
    },
    saw(seen) {
      if (seen === null || plan.webhooks.length === 0 || closing.signal.aborted) return;
      const clean = { ...seen, findings: seen.findings.map((one) => ({ ...one, message: redact(one.message), what: redact(one.what) })) };
      const sending = new Set([...posts.values()].flatMap((post) => post.sending ?? []));
      void change(judge(theBook(), clean, { webhooks: plan.webhooks, nowMs: now(), newId, sending }));
      for (const webhook of plan.webhooks) pump(webhook);
    },
    views: () =>
      plan.webhooks.map(({ name, missing }) => {
        const { since, error, failures, delivered: arrived, failed, dropped } = postOf(name);
        const unset = missing.length > 0 ? { since: new Date(now()).toISOString(), error: `${missing.join(', ')} is not set` } : null;
        const failing = since === null || failures < deadAfter ? unset : { since: new Date(since).toISOString(), error };
        const waits = book?.outbox.filter(({ webhook }) => webhook === name).length ?? 0;
        return { name, failing, waiting: waits, counts: { delivered: arrived, failed, dropped } };
      }),
    async settled(ms) {
      const deadline = now() + ms;
      const quiet = (): boolean =>
        plan.webhooks.every(({ name }) => postOf(name).sending === null && (nextFor(name)?.dueMs ?? Number.POSITIVE_INFINITY) > deadline);
      if (!quiet()) {
        await new Promise<void>((resolve) => {
          const timer = timers.after(ms, resolve);
          const look = (): void => {
            if (!quiet()) return;
            timers.cancel(timer);
            resolve();
          };
          waiting.add(look);
        });
      }
      await keeper.saved();
    },
    async close() {
      closing.abort();
      for (const post of posts.values()) if (post.timer !== null) timers.cancel(post.timer);
      await keeper.saved();
    },
  };
}

const longestWaitMs = 43_200_000;

/** The book on disk. A disk that cannot be written to delays nothing: a full one is what somebody is to be told of. */
function createKeeper({ disk, stateDir, voice, redact }: NotifierInput) {
  const path = join(notifyFolder(stateDir), 'incidents.json');
  let latest: Book | null = null;
  let saving: Promise<void> | null = null;
  let complained = false;
  const write = async (): Promise<void> => {
    for (let book = latest; book !== null; book = latest) {
      latest = null;
      try {
        await disk.mkdir(notifyFolder(stateDir));
        await disk.replace(path, `${JSON.stringify(book)}\n`);
        complained = false;
      } catch (thrown) {
        if (!complained) voice.complain(`notify: ${visible(redact(asSyncError(thrown).message))}; after a restart some may be told again`);
        complained = true;
      }
    }
    saving = null;
  };
  return {
    load(): Book {
      try {
        const found: unknown = JSON.parse(disk.read(path)?.toString('utf8') ?? 'null');
        return isBook(found) ? found : emptyBook;
      } catch {
        // Damaged: at worst an incident is told once more.
        return emptyBook;
      }
    },
    save(book: Book): Promise<void> {
      latest = book;
      saving ??= write();
      return saving;
    },
    saved: (): Promise<void> => saving ?? Promise.resolve(),
  };
}

function isBook(found: unknown): found is Book {
  if (typeof found !== 'object' || found === null) return false;
  const { version, incidents, outbox } = found as { readonly [key: string]: unknown };
  return version === 1 && typeof incidents === 'object' && incidents !== null && Array.isArray(outbox);
}
