// Small worlds for planning tests: payload heads, records, targets and inputs with sensible defaults, and a simulation that carries a plan out
// by folding journal entries, with no vendor and no clock.
import type { Capability, Traits } from '../../src/connectors/connector.ts';
import type { Effect, EntryBody, JournalEntry, WrittenPart } from '../../src/model/effect.ts';
import { fold } from '../../src/model/fold.ts';
import { sha256 } from '../../src/model/json.ts';
import { marker } from '../../src/model/mark.ts';
import type { Operation, Plan } from '../../src/model/operation.ts';
import { type PartHead, type PayloadHead, payloadFingerprint } from '../../src/model/payload.ts';
import { type DocumentRecord, emptyState, type HeldRun, type Leftover, type RemoteItem, type TargetState } from '../../src/model/record.ts';
import { heldOperations } from '../../src/plan/brake.ts';
import type { PlanInput, PlanTarget } from '../../src/plan/build.ts';

export const at = '2026-01-01T00:00:00.000Z';
export const workspace = 'docs';
export const marks = marker({ maxCharacters: 200, barred: /[\n]/, suffix: '' });

export const all: readonly Capability[] = ['create', 'update', 'delete', 'list', 'read', 'status', 'ask'];

/** A wanted document; `text` decides body and fingerprint, `settings` the fingerprint alone, several texts make several parts. */
export function head(
  path: string,
  text: string | readonly string[] = path,
  more: Partial<PayloadHead> & { settings?: string } = {},
): PayloadHead {
  const { settings = '', ...rest } = more;
  const texts = typeof text === 'string' ? [text] : text;
  const parts = texts.map((content, index): PartHead => {
    return {
      key: texts.length === 1 ? '' : `p${index}`,
      title: path,
      bytes: content.length,
      fingerprint: sha256(`${content}|${settings}`),
    };
  });
  const document = rest.document ?? path;
  return {
    document,
    kind: document.includes('#qa-') ? 'qa' : 'article',
    path,
    title: path,
    url: null,
    body: sha256(texts.join('\n')),
    parts,
    fingerprint: payloadFingerprint(parts),
    ...rest,
  };
}

/** A question/answer pair of the file at `path`. */
export function question(path: string, slug: string, text = slug, parent = path): PayloadHead {
  return head(path, text, { document: `${parent}#qa-${slug}` });
}

/** The record of a payload that was pushed and trained. */
export function record(payload: PayloadHead, more: Partial<DocumentRecord> = {}): DocumentRecord {
  const items = payload.parts.map((part): RemoteItem => {
    return {
      part: part.key,
      remoteId: `r-${payload.document}-${part.key}`,
      mark: marks.write({ workspace, document: payload.document, part: part.key, effect: 'e' }),
      fingerprint: part.fingerprint,
      training: 'trained',
      acceptedAt: at,
      commit: null,
      effect: 'e',
    };
  });
  return {
    path: payload.path,
    title: payload.title,
    url: payload.url,
    body: payload.body,
    items,
    pushed: payload.fingerprint,
    trained: payload.fingerprint,
    training: 'trained',
    pushedCommit: null,
    trainedCommit: null,
    pushedAt: at,
    trainedAt: at,
    origin: 'created',
    error: null,
    refused: null,
    ...more,
  };
}

/** A state that holds these payloads, pushed and trained. */
export function stateOf(payloads: readonly PayloadHead[], more: Partial<TargetState> = {}): TargetState {
  const records = Object.fromEntries(payloads.map((payload) => [payload.document, record(payload)]));
  return { ...emptyState('site'), serial: 7, identity: 'vendor origin bot', records, ...more };
}

export function leftover(document: string, more: Partial<Leftover> = {}): Leftover {
  return { remoteId: `left-${document}`, document, mark: null, why: 'superseded', removable: 'now', since: at, ...more };
}

export function traits(more: Partial<Traits> = {}): Traits {
  return {
    repeatedCreate: 'findable',
    training: 'automatic',
    trainedMeans: 'the listing says so',
    formats: ['markdown'],
    attributes: [],
    renames: false,
    limits: { perMinute: 60, perHour: null, concurrency: 1, batch: 1, batchBytes: null, partBytes: null, titleCharacters: null },
    lagMs: 0,
    poll: { firstMs: 1, maxMs: 1 },
    missing: {},
    ...more,
  };
}

export function target(more: Partial<PlanTarget> = {}): PlanTarget {
  return {
    name: 'site',
    vendor: 'sitegpt',
    label: 'SiteGPT',
    workspace,
    capabilities: new Set(all),
    traits: traits(),
    marks,
    whole: false,
    onUpdate: 'default',
    rate: { perMinute: 60, concurrency: 1 },
    ...more,
  };
}

/** A target that lacks some capabilities, each with a remedy. */
export function lacking(missing: readonly Capability[], more: Partial<PlanTarget> = {}): PlanTarget {
  const why = missing.map((name) => [
    name,
    { because: 'vendor-has-none' as const, remedy: `${name} it in the dashboard`, source: 'docs', checked: '2026-01-01' },
  ]);
  return target({
    capabilities: new Set(all.filter((capability) => !missing.includes(capability))),
    traits: traits({ missing: Object.fromEntries(why) }),
    ...more,
  });
}

export type InputParts = Partial<Omit<PlanInput, 'folder' | 'contact' | 'passes' | 'only'>> & {
  readonly folder?: Partial<PlanInput['folder']>;
  readonly contact?: Partial<PlanInput['contact']>;
  readonly passes?: Partial<PlanInput['passes']>;
  readonly only?: Partial<PlanInput['only']>;
};

/** A whole input: complete folder, known bot, default brakes, nothing passed, nothing narrowed. */
export function input(more: InputParts = {}): PlanInput {
  const { folder, contact, passes, only, ...rest } = more;
  const wanted = more.wanted ?? [];
  return {
    target: target(),
    state: emptyState('site'),
    open: [],
    wanted,
    failed: [],
    leaves: new Map(),
    likeness: () => null,
    safety: { maxDelete: { share: 0.1, count: 50, floor: 5 }, maxUpdate: { share: 0.5, floor: 20 } },
    ...rest,
    folder: {
      complete: true,
      incompleteWhy: null,
      rootMissing: false,
      documents: Math.max(1, wanted.length),
      blockedPaths: new Map(),
      inScope: () => true,
      ...folder,
    },
    contact: {
      first: false,
      listed: true,
      foreign: 0,
      taken: 0,
      identityFound: 'vendor origin bot',
      proven: 'bot',
      sandbox: false,
      offline: false,
      ...contact,
    },
    passes: { allowDeletes: null, allowUpdates: null, initial: false, sealed: null, approved: [], ...passes },
    only: { paths: null, failed: false, limit: null, ...only },
  };
}

/** A held run as `todo approve` leaves it. */
export function approved(rule: string, documents: readonly string[]): HeldRun {
  return { id: 'H1', rule, message: '', documents, passWith: null, since: at, approvedAt: at };
}

/** `+ path`, `~ path`, `> old → new`, `- id`, `? …` for operations by a person: a plan at one glance. */
export function glance(plan: Plan): readonly string[] {
  const signs = { create: '+', update: '~', move: '>', delete: '-', adopt: '=' };
  return plan.operations.map((operation) => {
    const sign = `${operation.by === 'person' ? '?' : ''}${signs[operation.action]}`;
    if (operation.action === 'move') return `${sign} ${operation.from} → ${operation.document}`;
    if (operation.action === 'delete' && operation.remoteId !== null) return `${sign} ${operation.document} ${operation.remoteId}`;
    return `${sign} ${operation.document}`;
  });
}

/** The state after everything that no brake holds was carried out, and, unless told otherwise, trained. */
export function carryOut(plan: Plan, world: PlanInput, trained = true): TargetState {
  const held = heldOperations(plan);
  const heads = new Map(world.wanted.map((payload) => [payload.document, payload]));
  let state = world.state;
  let number = world.state.serial * 1000;
  const nextId = () => `x${++number}`;
  for (const operation of plan.operations) {
    if (operation.by === 'person' || held.has(operation.id)) continue;
    const entries = entriesOf(operation, heads.get(operation.document) ?? null, state, world, nextId);
    state = fold(
      state,
      entries.map((entry): JournalEntry => ({ ...entry, at })),
    ).state;
  }
  if (trained) {
    const news = Object.keys(state.records).map((document) => ({ document, part: null, state: 'trained' as const, error: null }));
    state = fold(state, [{ at, kind: 'training', news }]).state;
  }
  return { ...state, serial: state.serial + 1 };
}

function entriesOf(
  operation: Operation,
  payload: PayloadHead | null,
  state: TargetState,
  world: PlanInput,
  nextId: () => string,
): EntryBody[] {
  if (operation.action === 'adopt') return [];
  if (operation.action === 'delete') {
    const { document, path } = operation;
    const items =
      operation.remoteId === null ? (state.records[document]?.items.map((item) => item.remoteId ?? '') ?? []) : [operation.remoteId];
    return items.flatMap((remoteId) =>
      done({ id: nextId(), operation: operation.id, commit: null, action: 'delete', document, path, remoteId, retrain: false }),
    );
  }
  if (payload === null) return [];
  const { document, path, title, url, body } = payload;
  const entries: EntryBody[] = [];
  let from = document;
  if (operation.action === 'move') {
    from = operation.from;
    if (from === document) entries.push({ kind: 'moved', document, path, title, url, body });
    else entries.push({ kind: 'rekey', from, to: document, path, title, url, body });
    if (operation.fingerprint === null && !operation.rename) return entries;
  }
  const rename = operation.action === 'move' && operation.rename;
  const items = new Map((state.records[from]?.items ?? []).map((item) => [item.part, item]));
  for (const part of payload.parts) {
    const item = items.get(part.key);
    items.delete(part.key);
    if (item !== undefined && item.fingerprint === part.fingerprint && !rename) continue;
    entries.push(...done(writeOf(operation, payload, part, item, world, nextId())));
  }
  for (const item of items.values()) {
    entries.push(
      ...done({
        id: nextId(),
        operation: operation.id,
        commit: null,
        action: 'delete',
        document,
        path,
        remoteId: item.remoteId ?? '',
        retrain: false,
      }),
    );
  }
  return entries;
}

function writeOf(
  operation: Operation,
  payload: PayloadHead,
  part: PartHead,
  item: RemoteItem | undefined,
  world: PlanInput,
  id: string,
): Effect {
  const { document, path, title, url, body } = payload;
  const { capabilities } = world.target;
  const mark = world.target.marks.write({ workspace, document, part: part.key, effect: id });
  const written: WrittenPart = { document, path, title, url, body, part: part.key, mark, fingerprint: part.fingerprint };
  const base = { id, operation: operation.id, commit: null, ...written };
  if (item === undefined || item.remoteId === null) return { ...base, action: 'create', supersedes: null };
  if (capabilities.has('update')) return { ...base, action: 'update', remoteId: item.remoteId };
  const removable = capabilities.has('delete') ? 'once-trained' : 'by-hand';
  return { ...base, action: 'create', supersedes: { remoteId: item.remoteId, mark: item.mark, removable } };
}

function done(effect: Effect): EntryBody[] {
  return [
    { kind: 'begin', effects: [effect] },
    { kind: 'done', effect: effect.id, remoteId: `id-${effect.id}`, settledBy: 'reply' },
  ];
}
