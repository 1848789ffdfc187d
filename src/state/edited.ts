// Whether a state that a person has edited is one that the engine can rest on: every field there, of its kind, and no item in two places. What
// kbsync wrote is vouched for by its checksum and never comes here. Pure.
import { type TargetState, trainingStates } from '../model/record.ts';

/** The first thing that is not as it has to be, with its place; null where nothing is. */
type Check = (value: unknown, at: string) => string | null;

type Fields = { readonly [key: string]: unknown };

const shown = (value: unknown): string => (value === undefined ? 'nothing' : (JSON.stringify(value) ?? typeof value).slice(0, 40));

const kind =
  (what: string, fits: (value: unknown) => boolean): Check =>
  (value, at) =>
    fits(value) ? null : `${at} is ${shown(value)}, not ${what}`;

const text = kind('a text', (value) => typeof value === 'string');
const time = kind('a time', (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)));
const count = kind('a whole number from 0', (value) => Number.isSafeInteger(value) && Number(value) >= 0);
const anything = kind('there', (value) => value !== undefined);

const oneOf = (values: readonly string[]): Check => kind(`one of ${values.join(', ')}`, (value) => values.some((one) => one === value));

const orNull =
  (check: Check): Check =>
  (value, at) =>
    value === null ? null : check(value, at);

const optional =
  (check: Check): Check =>
  (value, at) =>
    value === undefined ? null : check(value, at);

const listOf =
  (check: Check): Check =>
  (value, at) => {
    if (!Array.isArray(value)) return `${at} is ${shown(value)}, not a list`;
    return firstOf(value.map((one: unknown, index) => () => check(one, `${at}[${index}]`)));
  };

const mapOf =
  (check: Check): Check =>
  (value, at) =>
    isFields(value)
      ? firstOf(
          Object.entries(value).map(
            ([key, one]) =>
              () =>
                check(one, `${at}[${JSON.stringify(key)}]`),
          ),
        )
      : `${at} is ${shown(value)}, not an object`;

const fields =
  (checks: { readonly [name: string]: Check }): Check =>
  (value, at) => {
    if (!isFields(value)) return `${at} is ${shown(value)}, not an object`;
    return firstOf(
      Object.entries(checks).map(
        ([name, check]) =>
          () =>
            check(value[name], at === '' ? name : `${at}.${name}`),
      ),
    );
  };

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function firstOf(checks: readonly (() => string | null)[]): string | null {
  for (const check of checks) {
    const found = check();
    if (found !== null) return found;
  }
  return null;
}

const training = oneOf(trainingStates);
const error = orNull(fields({ code: text, message: text, vendor: orNull(text), next: text }));

const item = fields({
  part: text,
  remoteId: orNull(text),
  mark: text,
  fingerprint: orNull(text),
  training,
  acceptedAt: time,
  commit: orNull(text),
  effect: orNull(text),
});

const record = fields({
  path: text,
  title: text,
  url: orNull(text),
  body: orNull(text),
  items: listOf(item),
  pushed: orNull(text),
  trained: orNull(text),
  training,
  pushedCommit: orNull(text),
  trainedCommit: orNull(text),
  pushedAt: orNull(time),
  trainedAt: orNull(time),
  origin: oneOf(['created', 'adopted']),
  error,
  refused: orNull(text),
});

const leftover = fields({
  remoteId: text,
  document: text,
  mark: orNull(text),
  why: oneOf(['superseded', 'twin', 'orphan', 'deleted']),
  removable: oneOf(['now', 'once-trained', 'by-hand']),
  since: time,
});

const held = fields({
  id: text,
  rule: text,
  message: text,
  documents: listOf(text),
  passWith: orNull(text),
  since: time,
  approvedAt: orNull(time),
});

const finding = fields({ kind: oneOf(['missing', 'twin', 'changed']), document: text, remoteId: text });

const state: Check = fields({
  target: text,
  identity: orNull(text),
  serial: count,
  container: orNull(text),
  records: mapOf(record),
  leftovers: listOf(leftover),
  forgetting: listOf(fields({ document: text, path: text, remoteId: text, effect: text, since: time })),
  run: orNull(fields({ effect: text, baseline: text, handle: text, requestedAt: time, covers: orNull(text) })),
  lastWrite: orNull(text),
  learntThrough: orNull(text),
  held: listOf(held),
  todos: listOf(
    fields({ id: text, operation: fields({ id: text, action: text, document: text, path: text }), where: text, how: text, since: time }),
  ),
  doubts: listOf(fields({ id: text, effect: text, error, since: time })),
  numbers: fields({ T: count, U: count, H: count }),
  retracted: mapOf(fields({ path: text, file: orNull(text), body: optional(orNull(text)), since: time, targets: optional(listOf(text)) })),
  drift: orNull(
    fields({
      at: time,
      findings: listOf(finding),
      foreign: count,
      texts: fields({ compared: count, through: orNull(text) }),
      host: optional(orNull(text)),
    }),
  ),
  lastSync: orNull(
    fields({
      at: time,
      commit: orNull(text),
      revision: text,
      documents: count,
      behind: mapOf(text),
      outOfScope: count,
      uncommitted: optional(count),
    }),
  ),
  revision: orNull(text),
  version: anything,
});

/** What keeps a state from being used, in words; null where nothing does. */
export function faultsOf(given: TargetState): string | null {
  return state(given, '') ?? doubled(given);
}

/** An item that two things claim would be deleted for the sake of one of them. */
function doubled({ records, leftovers }: TargetState): string | null {
  const owners = new Map<string, string>();
  const claims = [
    ...Object.entries(records).flatMap(([id, { items }]) =>
      items.map(({ remoteId }) => [remoteId, `records[${JSON.stringify(id)}]`] as const),
    ),
    ...leftovers.map(({ remoteId }, index) => [remoteId, `leftovers[${index}]`] as const),
  ];
  for (const [remoteId, owner] of claims) {
    if (remoteId === null) continue;
    const other = owners.get(remoteId);
    if (other !== undefined) return `item ${remoteId} stands in ${other} and in ${owner}`;
    owners.set(remoteId, owner);
  }
  return null;
}
