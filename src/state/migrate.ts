// Formats of the state over time, and the steps from each to the next. Values in, values out: what an older kbsync wrote is read, brought up in
// memory, and written in today's format with the next save. A format that is not known here is refused; nothing is guessed.
import type { JournalEntry } from '../model/effect.ts';
import { SyncError } from '../model/error.ts';
import { noNumbers, numbersWith } from '../model/record.ts';

/** The format that this kbsync writes, of snapshot and journal alike. */
export const stateFormat = 2;
/** The oldest that it reads. */
export const oldestFormat = 1;

type Fields = { readonly [key: string]: unknown };

/** From one format to the next. */
interface Step {
  readonly state: (fields: Fields) => Fields;
  readonly entry: (entry: Fields) => Fields;
}

/**
 * By the format that a step starts from.
 *
 * 1 → 2: `retracted`, `drift` and `numbers` are always there, and the journal may hold `retracted`, `drift` and `altered`. A kbsync of format 1
 * ignores what it does not know: it would push a retracted page again. That is why it must not read what has them.
 */
const steps: { readonly [from: number]: Step } = {
  1: {
    state: (fields) => ({ retracted: {}, drift: null, ...fields, numbers: numbersOf(fields), version: 2 }),
    entry: (entry) => entry,
  },
};

/** A snapshot's fields as today's. What they are is for the caller to check. */
export function migratedState(fields: Fields, format: number): Fields {
  return stepsFrom(format).reduce((state, step) => step.state(state), fields);
}

/** A journal's entry as today's. */
export function migratedEntry(entry: Fields, format: number): JournalEntry {
  return stepsFrom(format).reduce((migrated, step) => step.entry(migrated), entry) as unknown as JournalEntry;
}

function stepsFrom(format: number): readonly Step[] {
  const path: Step[] = [];
  for (let from = format; from < stateFormat; from += 1) {
    const step = steps[from];
    if (step === undefined) throw new Error(`no step from state format ${from}`);
    path.push(step);
  }
  return path;
}

/** The highest numbers that a snapshot without them shows. */
function numbersOf(fields: Fields): Fields {
  const ids = [fields['held'], fields['todos'], fields['doubts']].flatMap((list) =>
    Array.isArray(list) ? list.flatMap((one: unknown) => (isRecord(one) && typeof one['id'] === 'string' ? [one['id']] : [])) : [],
  );
  const known = fields['numbers'];
  return { ...numbersWith({ ...noNumbers, ...(isRecord(known) ? known : {}) }, ids) };
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Said of a file whose format is newer than this kbsync knows. `head`: the start of its text, where its writer is named. */
export function newerFormat(file: string, format: number, head: string): SyncError {
  const writer = /"kbsync":"([0-9A-Za-z.+-]{1,40})"/.exec(head)?.[1] ?? null;
  return new SyncError('STATE_NEWER', {
    message: `${file} was written by ${writer === null ? 'a newer kbsync' : `kbsync ${writer}`} (state format ${format}; this one knows ${stateFormat} and older); nothing was changed`,
    next: `use ${writer === null ? 'that version' : `kbsync ${writer}`} or a newer one; an older one would not know what the bot must not be given`,
    data: { file, format, writer },
  });
}
