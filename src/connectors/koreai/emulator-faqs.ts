// The knowledge graph of one bot of the Kore.ai emulator [2.7]: FAQs as they are configured, as they were last trained, and as they are
// published. Only what is trained is understood, and only what is published is answered to users [4].
import type { EmulatedItem, EmulatorTools, Knowledge } from '../emulator.ts';
import { hex, uuid } from './emulator-request.ts';
import type { KoreSettings } from './emulator-settings.ts';

export type FaqAnswer = { readonly _id: string; readonly text: string; readonly type: string; readonly channel: string };

/** What an answer is made of. */
type Copy = { readonly question: string; readonly alternates: readonly string[]; readonly text: string; readonly label: string };

export type Faq = {
  readonly question: string;
  readonly alternates: readonly string[];
  readonly answers: readonly FaqAnswer[];
  readonly parent: string;
  readonly leafterm: string;
  readonly fullPath: readonly string[];
  readonly language: string;
  readonly faqStatus: boolean;
  readonly refId: string;
  readonly trained: Copy | null;
  readonly published: Copy | null;
};

export type Task = { readonly configured: string; readonly published: string; readonly root: string };

/** A training of FAQs. */
export type FaqRun = {
  readonly language: string;
  readonly startedAt: number;
  readonly endsAt: number | null;
  readonly fails: boolean;
  readonly done: boolean;
};

export class Faqs {
  readonly #tools: EmulatorTools;
  readonly #settings: KoreSettings;
  readonly #bot: string;
  readonly #brains = new Set<string>();

  constructor(tools: EmulatorTools, settings: KoreSettings, bot: string) {
    this.#tools = tools;
    this.#settings = settings;
    this.#bot = bot;
  }

  /** Ends trainings whose time is over. */
  advance(): void {
    const run = this.lastRun;
    if (run === null || run[1].done || !this.isOver(run[1])) return;
    this.#tools.store.put(this.#runs, run[0], { ...run[1], done: true });
    if (!run[1].fails) this.trainNow();
  }

  // ── the graph ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The task's ids, which differ between the states, and the root node. */
  get task(): Task {
    const known = this.#tools.store.get(`tasks:${this.#bot}`, 'task') as Task | undefined;
    if (known !== undefined) return known;
    const task: Task = { configured: hex(this.#tools, 24), published: hex(this.#tools, 24), root: uuid(this.#tools, 'node-') };
    this.#tools.store.put(`tasks:${this.#bot}`, 'task', task);
    return task;
  }

  /** Nodes by id with their labels; the root bears the bot's name. */
  get nodes(): ReadonlyMap<string, string> {
    const { root } = this.task;
    return new Map([[root, this.#bot], ...this.#settings.nodes.map((label, index) => [`${root}-${index + 1}`, label] as const)]);
  }

  all(): [string, Faq][] {
    return [...this.#tools.store.entries(`faqs:${this.#bot}`)].map(([id, value]) => [id, value as Faq]);
  }

  add(
    given: Pick<Faq, 'question' | 'alternates' | 'parent' | 'language'> & { readonly answers: readonly Omit<FaqAnswer, '_id'>[] },
  ): string {
    const id = hex(this.#tools, 24);
    const leafterm = this.nodes.get(given.parent) ?? '';
    const faq: Faq = {
      ...given,
      answers: given.answers.map((answer) => ({ ...answer, _id: uuid(this.#tools, 'mt-') })),
      leafterm,
      fullPath: given.parent === this.task.root ? [this.#bot] : [this.#bot, leafterm],
      faqStatus: true,
      refId: uuid(this.#tools, ''),
      trained: null,
      published: null,
    };
    this.put(id, faq);
    return id;
  }

  put(id: string, faq: Faq): void {
    this.#tools.store.put(`faqs:${this.#bot}`, id, faq);
  }

  // ── training and publishing ─────────────────────────────────────────────────────────────────────────────────────────

  get lastRun(): [string, FaqRun] | null {
    const found = [...this.#tools.store.entries(this.#runs)].at(-1);
    return found === undefined ? null : [found[0], found[1] as FaqRun];
  }

  /** When a training that is not done ends. */
  get nextEnd(): number | null {
    const run = this.lastRun?.[1];
    return run === undefined || run.done ? null : run.endsAt;
  }

  startTraining(language: string): string {
    const id = uuid(this.#tools, 'ds-');
    const startedAt = this.#tools.now();
    const end = startedAt + this.#settings.faqTrainMs;
    const run: FaqRun = {
      language,
      startedAt,
      endsAt: Number.isFinite(end) ? end : null,
      fails: this.#settings.faqTrainFails,
      done: false,
    };
    this.#tools.store.put(this.#runs, id, run);
    this.advance();
    return id;
  }

  isOver({ endsAt }: FaqRun): boolean {
    return endsAt !== null && this.#tools.now() >= endsAt;
  }

  /** Everything configured is understood from now on. */
  trainNow(): void {
    for (const [id, faq] of this.all()) this.put(id, { ...faq, trained: faq.faqStatus ? copyOf(faq) : null });
    this.#brains.delete('trained');
  }

  /** What is trained is what users get from now on. */
  publish(): void {
    for (const [id, faq] of this.all()) this.put(id, { ...faq, published: faq.trained });
    this.#brains.delete('published');
  }

  /** The FAQ that fits a question, in one of the two states. */
  find(question: string, state: 'trained' | 'published'): { readonly id: string; readonly text: string; readonly label: string } | null {
    const [id] = this.#brain(state).answer(question).sources;
    const copy = this.all().find(([candidate]) => candidate === id)?.[1][state] ?? null;
    return id === undefined || copy === null ? null : { id, text: copy.text, label: copy.label };
  }

  /** A disabled FAQ counts as deleted: there is no other way to delete one [2.7]. */
  items(): EmulatedItem[] {
    return this.all().flatMap(([remoteId, faq]) => {
      const answeredFrom = faq.published === null ? null : textOf(faq.published);
      if (!faq.faqStatus && answeredFrom === null) return [];
      return [{ remoteId, name: faq.question, text: faq.faqStatus ? textOf(copyOf(faq)) : '', answeredFrom }];
    });
  }

  #brain(state: 'trained' | 'published'): Knowledge {
    const brain = this.#tools.knowledge(`${this.#bot}/faqs-${state}`);
    if (this.#brains.has(state)) return brain;
    this.#brains.add(state);
    for (const [id, faq] of this.all()) {
      const copy = faq[state];
      if (copy === null) brain.remove(id);
      else brain.put(id, copy.question, [copy.question, ...copy.alternates].join('\n\n'));
    }
    return brain;
  }

  get #runs(): string {
    return `faq-runs:${this.#bot}`;
  }
}

function copyOf(faq: Faq): Copy {
  return { question: faq.question, alternates: faq.alternates, text: faq.answers[0]?.text ?? '', label: faq.leafterm };
}

function textOf(copy: Copy): string {
  return `${copy.question}\n\n${copy.text}`;
}
