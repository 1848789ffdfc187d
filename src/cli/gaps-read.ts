// What users asked one bot in vain: read within bounds, without what kbsync asked itself, masked before anything else sees it.
import type { Call, Exchange } from '../connectors/connector.ts';
import type { CycleContext } from '../cycle/context.ts';
import { callsOf, containerOf } from '../cycle/plan-target.ts';
import { type OwnQuestion, questionHash } from '../model/asked.ts';
import type { TargetConfig } from '../model/config.ts';
import type { DocumentId } from '../model/document.ts';
import { asSyncError, type ErrorRecord } from '../model/error.ts';
import type { Timestamp } from '../model/json.ts';

import type { VainQuestion } from '../verify/gaps.ts';
import { masked } from '../verify/mask.ts';
import { vainReason } from '../verify/vain.ts';
import type { Workspace } from '../workspace.ts';

/** How a target is read. */
export interface ReadRequest {
  readonly since: Timestamp;
  /** Exchanges of one target at most. */
  readonly most: number;
  readonly phrases: readonly string[];
  readonly unmasked: boolean;
}

/** What one target gave. */
export interface TargetRead {
  readonly target: TargetConfig;
  /** false: nothing was read, for `reason` or `error`. */
  readonly checked: boolean;
  readonly reason: string | null;
  readonly exchanges: number;
  readonly vain: readonly VainQuestion[];
  /** Questions of kbsync's own that were left out. */
  readonly own: number;
  /** Questions that met a bot not able to work: they say nothing of what it knows. */
  readonly unserved: number;
  readonly notes: readonly string[];
  /** Answers that the bot gave to many different questions, and that no phrase takes for "I don't know". */
  readonly repeated: readonly string[];
  /** What the bot was given, and when last: document → moment, null where that is not known. */
  readonly given: ReadonlyMap<DocumentId, Timestamp | null>;
  readonly error: ErrorRecord | null;
}

/** A question is looked at up to here; a longer one is no question. */
const questionCharacters = 4_000;
const shownCharacters = 300;
/** An unanswered question this fresh is being answered. */
const answeringMs = 120_000;

/** Reads one target, whatever becomes of it. */
export async function readTarget(workspace: Workspace, target: TargetConfig, request: ReadRequest, stop: AbortSignal): Promise<TargetRead> {
  const blank = blankRead(target);
  if (target.paused) return { ...blank, reason: 'paused in the configuration: left alone' };
  try {
    // There is nothing to finish in good order: the first signal drops the reads.
    return await workspace.readOnly(target, { stop, kill: stop }, false, (context) => readFrom(context, workspace, request));
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED') throw thrown;
    return { ...blank, error: error.record() };
  }
}

function blankRead(target: TargetConfig): TargetRead {
  const nothing = { exchanges: 0, vain: [], own: 0, unserved: 0, notes: [], repeated: [], given: new Map() };
  return { target, checked: false, reason: null, ...nothing, error: null };
}

async function readFrom(context: CycleContext, workspace: Workspace, request: ReadRequest): Promise<TargetRead> {
  const { target, connection, memory } = context;
  const { traits, history } = connection.target;
  const blank = blankRead(target);
  if (history === undefined) {
    const remedy = traits.missing.history?.remedy ?? `look at the conversations in the dashboard of ${connection.vendorLabel}`;
    return { ...blank, reason: `${connection.vendorLabel} gives no way to read what users asked: ${remedy}` };
  }
  const notes: string[] = [];
  const call: Call = { ...callsOf(context), container: containerOf(context), told: (note) => void notes.push(note) };
  const exchanges: Exchange[] = [];
  for await (const exchange of connection.target.history?.(request.since, call) ?? []) {
    if (exchanges.length >= request.most) {
      notes.push(`only the first ${request.most} exchanges were read: narrow it with --since, or raise --most`);
      break;
    }
    if (exchange.at === null || exchange.at >= request.since) exchanges.push(exchange);
  }
  const own = ownExchanges(exchanges, workspace.asked(target.name, request.since));
  const users = exchanges.filter((exchange) => !own.has(exchange));
  return {
    ...blank,
    checked: true,
    exchanges: users.length,
    vain: vainIn(users, target.name, request, workspace.now()),
    own: own.size,
    unserved: users.filter(({ vain }) => vain === 'unserved').length,
    notes,
    repeated: repeatedIn(users, request),
    given: new Map(
      Object.entries(memory.state.records).flatMap(([id, { items, trainedAt, pushedAt }]) =>
        items.length === 0 ? [] : [[id, trainedAt ?? pushedAt] as const],
      ),
    ),
  };
}

/** Clocks differ, and a question may wait for the account's turn. */
const before = 5 * 60_000;
const after = 60 * 60_000;

/** Each question that we remember takes out one exchange of the same words at about that time. */
export function ownExchanges(exchanges: readonly Exchange[], asked: readonly OwnQuestion[]): ReadonlySet<Exchange> {
  const found = new Set<Exchange>();
  if (asked.length === 0) return found;
  const byHash = new Map<string, Exchange[]>();
  for (const exchange of exchanges) {
    const hash = questionHash(exchange.question);
    const same = byHash.get(hash) ?? [];
    same.push(exchange);
    byHash.set(hash, same);
  }
  for (const { at, hash } of asked) {
    const own = byHash.get(hash)?.find((exchange) => !found.has(exchange) && isAbout(exchange.at, Date.parse(at)));
    if (own !== undefined) found.add(own);
  }
  return found;
}

function isAbout(at: Timestamp | null, askedMs: number): boolean {
  if (at === null) return true;
  const gap = Date.parse(at) - askedMs;
  return gap >= -before && gap <= after;
}

/** The questions that were asked in vain, masked. */
export function vainIn(users: readonly Exchange[], target: string, request: ReadRequest, nowMs: number): readonly VainQuestion[] {
  const answeredLater = laterAnswers(users);
  return users.flatMap((exchange) => {
    const reason = vainReason(exchange, request.phrases);
    if (reason === null) return [];
    const { at, question } = exchange;
    const isBeingAnswered = at !== null && nowMs - Date.parse(at) < answeringMs;
    // Two messages in a row are one question, and the answer to the second one is the answer to both.
    if (reason === 'no-answer' && (isBeingAnswered || answeredLater(exchange))) return [];
    return [{ target, at, question: shown(question, request.unmasked), reason }];
  });
}

/** Whether the same conversation goes on with an answer within two minutes. */
function laterAnswers(users: readonly Exchange[]): (exchange: Exchange) => boolean {
  const answered = new Map<string, number[]>();
  for (const { conversation, at, answer } of users) {
    if (conversation === undefined || at === null || answer === null || answer === '') continue;
    answered.set(conversation, [...(answered.get(conversation) ?? []), Date.parse(at)]);
  }
  return ({ conversation, at }) => {
    if (conversation === undefined || at === null) return false;
    const from = Date.parse(at);
    return (answered.get(conversation) ?? []).some((moment) => moment >= from && moment - from <= answeringMs);
  };
}

function shown(text: string, unmasked: boolean): string {
  const whole = text.slice(0, questionCharacters);
  const line = (unmasked ? whole : masked(whole)).replace(/\s+/g, ' ').trim();
  if (line.length <= shownCharacters) return line;
  return `${line.slice(0, shownCharacters).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** So many different questions got the very same words. */
const leastRepeats = 5;

/** What may be a bot's way of not knowing that no phrase tells: for a person to decide. */
function repeatedIn(users: readonly Exchange[], request: ReadRequest): readonly string[] {
  const questions = new Map<string, Set<string>>();
  for (const { question, answer, vain } of users) {
    if (answer === null || answer === '' || answer.length > shownCharacters || vain !== undefined) continue;
    const asked = questions.get(answer) ?? new Set();
    if (asked.size < leastRepeats) asked.add(questionHash(question));
    questions.set(answer, asked);
  }
  const often = [...questions].filter(([, asked]) => asked.size >= leastRepeats).map(([answer]) => answer);
  return often
    .filter((answer) => vainReason({ at: null, question: '', answer }, request.phrases) === null)
    .map((answer) => shown(answer, request.unmasked));
}
