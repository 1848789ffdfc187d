// Histories made of anything that happens to a folder, a bot and a machine, as plain data: a failing one can be printed, shrunk and lived again.
// Beside the bot a model is kept of what it should know; afterwards everything is healed, and both must agree.
import type { Fault } from '../../src/sandbox/serve.ts';
import type { Loss } from '../../src/testkit/faults.ts';
import { seededRandom } from '../../src/testkit/random.ts';
import { Life, type Lived } from './life.ts';
import { type ScannedFolder, scannedFolder } from './scanned.ts';
import type { BotKind } from './struck-bots.ts';
import { type Expected, groupOf, judge, word } from './truth.ts';

export const slots = ['fa', 'fb', 'fc', 'fd', 'fe'] as const;
type Slot = (typeof slots)[number];

/** What can happen to one document. ask: a question comes or goes. grow: it comes to need several parts, or one again. */
export const edits = ['edit', 'add', 'remove', 'move', 'internal', 'public', 'break', 'mend', 'ask', 'grow'] as const;

export type Happening =
  | { readonly do: (typeof edits)[number]; readonly slot: Slot }
  | { readonly do: 'narrow' | 'lose' | 'foreign' | 'calm' }
  /** A person removes the n-th of our items in the dashboard. */
  | { readonly do: 'unhand'; readonly n: number }
  /** Our machine's clock jumps; the vendor's does not. */
  | { readonly do: 'clock'; readonly hours: number }
  /** Of the requests that follow about one in five goes wrong. */
  | { readonly do: 'trouble'; readonly seed: number }
  /** crashAt: the step at which it dies; null: it does not. */
  | { readonly do: 'sync'; readonly crashAt: number | null; readonly loses: Loss };

/** What a campaign counts. */
export interface Tally {
  histories: number;
  runs: number;
  crashes: number;
  unconfirmed: number;
  /** When the last history began, in milliseconds since 1970. One that hangs is not seen to fail: it is the one that began long ago. */
  begunMs: number;
  readonly faults: { [kind: string]: number };
}

export function newTally(): Tally {
  return { histories: 0, runs: 0, crashes: 0, unconfirmed: 0, begunMs: 0, faults: {} };
}

const faults: readonly (readonly [string, Fault])[] = [
  ['429 with Retry-After', { kind: 'status', status: 429, retryAfter: 3 }],
  ['500, not carried out', { kind: 'status', status: 500 }],
  ['500 after it was carried out', { kind: 'status', status: 500, after: true }],
  ['HTML for JSON', 'html'],
  ['JSON cut short', 'broken-json'],
  ['connection reset, request lost', 'reset-before'],
  ['connection reset, answer lost', 'reset-after'],
];

/** The kinds of faults, as a tally counts them. */
export const faultKinds: readonly string[] = faults.map(([name]) => name);

interface Draft {
  folder: '' | 'sub/';
  exists: boolean;
  internal: boolean;
  broken: boolean;
  question: boolean;
  sections: 1 | 3;
  version: number;
}

/** A vendor that refuses quotes what it was sent, credentials and all: they must not come out anywhere. */
function sayingBack(fault: Fault | null, secrets: readonly string[]): Fault | null {
  if (fault === null || typeof fault !== 'object' || !('kind' in fault) || fault.kind !== 'status' || secrets.length === 0) return fault;
  return { ...fault, body: JSON.stringify({ message: `You sent ${secrets.join(' and ')}.` }) };
}

/** The world of one history. */
class FuzzWorld {
  private readonly life: Life;
  private readonly folder: ScannedFolder = scannedFolder();
  private readonly drafts = new Map<Slot, Draft>();
  private readonly words = new Set<string>();
  /** Words of versions that were for the public, and whole, whenever the folder was looked at. Only these may ever be in the bot. */
  private readonly shown = new Set<string>();
  private readonly foreign = new Map<string, string>();
  private readonly handled = new Set<string>();
  private readonly tally: Tally;
  private narrow = false;
  private met = false;
  readonly breaches: string[] = [];

  constructor(life: Life, tally: Tally) {
    this.life = life;
    this.tally = tally;
    for (const slot of slots)
      this.drafts.set(slot, {
        folder: slot > 'fc' ? 'sub/' : '',
        exists: slot < 'fd',
        internal: false,
        broken: false,
        question: slot === 'fb',
        sections: 1,
        version: 1,
      });
    this.folder.write({ 'keep.md': pageOf('keep', blank) });
    for (const slot of slots) this.write(slot);
  }

  async happen(what: Happening): Promise<void> {
    switch (what.do) {
      case 'sync':
        await this.sync(what.crashAt, what.loses);
        return;
      case 'narrow':
        this.narrow = !this.narrow;
        return;
      case 'calm':
        this.life.bot.setFault(null);
        return;
      case 'trouble':
        this.trouble(what.seed);
        return;
      case 'clock':
        this.life.bot.skewMs += what.hours * 3_600_000;
        return;
      case 'foreign':
        if (this.canBeListed())
          this.foreign.set(this.life.bot.plant(`Somebody typed this: f${this.foreign.size}f.`), `f${this.foreign.size}f.`);
        return;
      case 'unhand':
        await this.unhand(what.n);
        return;
      case 'lose':
        await this.lose();
        return;
      default:
        this.edit(what.do, what.slot);
    }
  }

  private canBeListed(): boolean {
    return this.life.bot.target.list !== undefined;
  }

  private draft(slot: Slot): Draft {
    const draft = this.drafts.get(slot);
    if (draft === undefined) throw new Error(`there is no ${slot}`);
    return draft;
  }

  private write(slot: Slot): void {
    const draft = this.draft(slot);
    const path = `${draft.folder}${slot}.md`;
    this.folder.write({ [path]: draft.exists ? pageOf(slot, draft) : null });
    for (const text of wordsOf(slot, draft)) this.words.add(text);
  }

  private edit(what: (typeof edits)[number], slot: Slot): void {
    const draft = this.draft(slot);
    if (what === 'add' ? draft.exists : !draft.exists) return;
    if (what === 'move') {
      this.folder.write({ [`${draft.folder}${slot}.md`]: null });
      draft.folder = draft.folder === '' ? 'sub/' : '';
    }
    if (what === 'add' || what === 'remove') draft.exists = what === 'add';
    if (what === 'internal' || what === 'public') draft.internal = what === 'internal';
    if (what === 'break' || what === 'mend') draft.broken = what === 'break';
    if (what === 'ask') draft.question = !draft.question;
    if (what === 'grow') draft.sections = draft.sections === 1 ? 3 : 1;
    if (what === 'edit' || what === 'add' || what === 'grow') draft.version += 1;
    this.write(slot);
  }

  private trouble(seed: number): void {
    const random = seededRandom(seed);
    const drawn: (Fault | null)[] = [];
    this.life.bot.setFault((_request, count) => {
      while (drawn.length < count) {
        const [name, fault] = random() < 0.2 ? random.pick(faults) : ['', null];
        if (name !== '') this.tally.faults[name] = (this.tally.faults[name] ?? 0) + 1;
        drawn.push(sayingBack(fault, this.life.bot.secrets));
      }
      return drawn[count - 1] ?? null;
    });
  }

  /** Where a bot cannot be listed a lost state stops everything until it is found again: nothing may be sent. */
  private async lose(): Promise<void> {
    const { life } = this;
    if (this.canBeListed()) {
      life.loseState();
      this.handled.clear();
      for (const slot of slots) if (this.draft(slot).broken) this.handled.add(slot);
      return;
    }
    const { disk } = life;
    life.loseState();
    const lived = await life.run(await this.scan(), { passes: { initial: false } });
    if (lived.writes > 0) this.breaches.push(`a lost state, and ${lived.writes} writes without asking`);
    if (lived.exitCode === 0 && (lived.report?.results.length ?? 0) > 0) this.breaches.push('a lost state, and a green run');
    life.disk = disk;
  }

  /** The n-th of what the state accounts for goes. */
  private async unhand(n: number): Promise<void> {
    const { bot } = this.life;
    if (!('delete' in bot.target) || bot.target.delete === undefined) return;
    const { state } = await this.life.view();
    const ours = Object.entries(state.records).flatMap(([id, { items }]) =>
      items.flatMap(({ remoteId }) => (remoteId === null ? [] : [{ id, remoteId }])),
    );
    const picked = ours[n % Math.max(1, ours.length)];
    if (picked === undefined) return;
    this.handled.add(groupOf(picked.id));
    bot.setFault(null);
    // In the dashboard the clock of our machine is of no account.
    const { skewMs } = bot;
    bot.skewMs = 0;
    await bot.remove(picked.remoteId, state.container);
    bot.skewMs = skewMs;
  }

  private scan() {
    for (const slot of slots) {
      const draft = this.draft(slot);
      if (draft.exists && !draft.internal && !draft.broken) for (const text of wordsOf(slot, draft)) this.shown.add(text);
    }
    return this.folder.scan(this.life.bot.clock.nowMs, this.narrow ? ['*.md'] : undefined);
  }

  private async sync(crashAt: number | null, loses: Loss): Promise<Lived> {
    // The first push to a bot that cannot be listed is let through by a person, once.
    const initial = this.canBeListed() || !this.met;
    const lived = await this.life.run(await this.scan(), { crashAt, loses, passes: { initial } });
    this.met ||= (await this.life.view()).state.identity !== null;
    this.leaks();
    this.tally.runs += 1;
    if (lived.died) this.tally.crashes += 1;
    if (lived.exitCode === 0 && (lived.report?.held.length ?? 0) > 0) this.breaches.push('held, and a green run');
    if (lived.exitCode === 0) {
      const { breaches } = await judge(this.life, this.expected(), lived);
      this.breaches.push(...breaches.filter((breach) => /^(lost|green|said to be)/.test(breach)).map((breach) => `exit 0, but ${breach}`));
    }
    return lived;
  }

  /** Nothing that was only ever behind the fence has come to the vendor, not even for a moment between two runs. */
  private leaks(): void {
    const { bot } = this.life;
    const held = [...bot.items().map(({ text }) => text), ...bot.ghosts()].join('\n');
    for (const text of this.words)
      if (!this.shown.has(text) && held.includes(text)) this.breaches.push(`leaked: ${text} was never for the public`);
  }

  /** What the bot should know now. */
  private expected(): Expected {
    const wanted = [...wordsOf('keep', blank)];
    const excused = new Set(this.handled);
    for (const slot of slots) {
      const draft = this.draft(slot);
      // A broken file, and one that is out of scope or was moved or deleted meanwhile, leaves things as they are.
      if (draft.broken || this.narrow) excused.add(slot);
      else if (draft.exists && !draft.internal) wanted.push(...wordsOf(slot, draft));
    }
    const unwanted = [...this.words].filter((text) => !wanted.includes(text));
    return { wanted, unwanted, excused, foreign: this.foreign, inParts: new Set(slots) };
  }

  /** Everything is mended and left in peace; then folder and bot must agree, and nothing more may be written. */
  async heal(): Promise<void> {
    const { life } = this;
    life.bot.setFault(null);
    // A vendor may refuse tokens of another day: the clock is put right as well.
    life.bot.skewMs = 0;
    life.bot.clock.nowMs += 72 * 3_600_000;
    this.narrow = false;
    for (const slot of slots) {
      const draft = this.draft(slot);
      draft.broken = false;
      // What a hand has removed comes back when its document changes.
      if (this.handled.has(slot)) draft.version += 1;
      this.write(slot);
    }
    if (this.handled.has('keep')) this.folder.write({ 'keep.md': `${pageOf('keep', blank)}\nMore.\n` });
    this.handled.clear();
    let last = await this.sync(null, 'nothing');
    for (let round = 1; round < 6 && (last.writes > 0 || round < 3); round += 1) {
      life.bot.clock.nowMs += 120_000;
      // A clock that was far ahead and is put right is before the last sync: nothing is done until a person says that it is right now.
      if (last.report?.held.some(({ rule }) => rule === 'clock-back') === true) await life.approve('clock-back');
      last = await this.sync(null, 'nothing');
    }
    if (last.writes > 0) this.breaches.push(`never still: the last run wrote ${last.writes} times`);
    if (last.report?.error != null) this.breaches.push(`healed, and still: ${last.report.error.message}`);
    if ((last.report?.held.length ?? 0) > 0)
      this.breaches.push(`healed, and still held: ${last.report?.held.map(({ rule }) => rule).join()}`);
    const { breaches, unconfirmed } = await judge(life, this.expected(), last);
    this.breaches.push(...breaches);
    this.tally.unconfirmed += unconfirmed;
    this.tally.histories += 1;
  }

  async close(): Promise<void> {
    this.folder.remove();
    await this.life.close();
  }
}

const blank: Draft = { folder: '', exists: true, internal: false, broken: false, question: false, sections: 1, version: 1 };
const filling = Array.from({ length: 6 }, (_, n) => `Sentence ${n} says what has to be said here, at some length.`).join('\n');

function wordsOf(slot: string, draft: Draft): string[] {
  const sections = Array.from({ length: draft.sections }, (_, n) => word(slot, `${draft.version}s${n}`));
  return draft.question ? [...sections, word(slot, `${draft.version}q`)] : sections;
}

function pageOf(slot: string, draft: Draft): string {
  const keys = [
    ...(draft.broken ? ['title: [broken'] : []),
    'kb:',
    `  audience: ${draft.internal ? 'internal' : 'public'}`,
    ...(draft.question ? [`  faq: [{ q: "What of ${slot}?", a: "It is ${word(slot, `${draft.version}q`)}." }]`] : []),
  ];
  const sections = Array.from(
    { length: draft.sections },
    (_, n) => `## Section ${n} of ${slot}\n\n${filling}\n\nHere: ${word(slot, `${draft.version}s${n}`)}.\n`,
  );
  return `---\n${keys.join('\n')}\n---\n# The page on ${slot}\n\n${sections.join('\n')}`;
}

/** Lives a history to its end and returns every breach, none where all went well. */
export async function liveThrough(kind: BotKind, history: readonly Happening[], tally: Tally = newTally()): Promise<readonly string[]> {
  tally.begunMs = Date.now();
  const world = new FuzzWorld(await Life.begin(kind), tally);
  try {
    for (const what of history) await world.happen(what);
    await world.heal();
    return world.breaches;
  } finally {
    await world.close();
  }
}
