// `ask`: one question to one bot or to all, the answers, and the documents they rest on. Costs the customer one message a bot.
import type { Call } from '../connectors/connector.ts';
import type { CycleContext } from '../cycle/context.ts';
import { callsOf, containerOf } from '../cycle/plan-target.ts';
import type { AnswerSource } from '../model/answer.ts';
import type { TargetConfig } from '../model/config.ts';
import type { DocumentId } from '../model/document.ts';
import { asSyncError, SyncError } from '../model/error.ts';
import type { TargetState } from '../model/record.ts';
import { disagreements } from '../verify/disagree.ts';
import { resolveSources } from '../verify/sources.ts';
import { saysUnknown } from '../verify/vain.ts';
import type { Workspace } from '../workspace.ts';
import { type MatchedSource, withMatches } from './ask-match.ts';
import { printAnswer as print, printDisagreements } from './ask-print.ts';
import { codeOfStop, strongest } from './exit.ts';
import { type Invocation, workspaceOf } from './invocation.ts';
import { plain } from './reports.ts';

/** `ask`, parsed: the positionals as they came. With `all` the first is the question. */
export interface AskRequest {
  readonly target: string | null;
  readonly question: string | null;
  readonly all: boolean;
}

/** One bot, asked. */
export interface Asked {
  readonly target: TargetConfig;
  readonly answer: string | null;
  /** As the vendor named them, else our best match. */
  readonly sources: readonly MatchedSource[];
  /** Documents that the bot was given: an answer rests on no other. */
  readonly given: ReadonlySet<DocumentId>;
  readonly error: SyncError | null;
  /** There is no way to ask this bot at all: with --all that is told and does not count. */
  readonly mute: boolean;
}

/** Asks and prints. Resolves to 0, or to the exit code of what kept a bot from answering. */
export async function ask(invocation: Invocation, request: AskRequest): Promise<number> {
  const { output, options } = invocation;
  const { names, question } = readRequest(request, options.targets);
  const workspace = await workspaceOf(invocation);
  try {
    const targets = askable(workspace.targets(names), request.all, invocation);
    const answered = await Promise.all(targets.map((target) => askOne(workspace, target, question, invocation)));
    const asked = await withMatches(answered, question, workspace, output);
    const found = disagreements(
      asked.flatMap(({ target, answer }) => (answer === null || saysUnknown(answer) ? [] : [{ target: target.name, answer }])),
    );
    output.answer(
      () =>
        plain({
          version: 1,
          command: 'ask',
          answers: asked.map(({ target, answer, sources, error }) => ({
            target: target.name,
            question,
            answer,
            sources,
            error: error?.record() ?? null,
          })),
          disagreements: found,
        }),
      () => {
        for (const one of asked) print(one, request.all, output);
        if (request.all) printDisagreements(asked, found, output);
      },
    );
    return invocation.stop.aborted ? 130 : codeOf(asked, request.all);
  } finally {
    await workspace.close();
  }
}

/** Which bots, and the question. USAGE says how it is meant. */
function readRequest({ target, question, all }: AskRequest, named: readonly string[]): { names: readonly string[]; question: string } {
  // --target names the bot as well, so that one positional is the question.
  const alone = all || (named.length > 0 && question === null);
  const words = alone ? target : question;
  if (all && question !== null) {
    throw new SyncError('USAGE', { message: 'with --all no bot is named', next: 'kbsync ask --all "question"' });
  }
  if (words === null || words.trim() === '') {
    throw new SyncError('USAGE', { message: 'there is no question', next: 'kbsync ask TARGET "question", or kbsync ask --all "question"' });
  }
  return { names: alone || target === null ? named : [target], question: words };
}

function askable(targets: readonly TargetConfig[], all: boolean, { output }: Invocation): readonly TargetConfig[] {
  const paused = targets.filter((target) => target.paused).map((target) => target.name);
  if (paused.length > 0 && !all) {
    throw new SyncError('USAGE', {
      message: `${paused.join(', ')}: paused in the configuration, so nothing is sent there`,
      next: 'take paused: true out',
    });
  }
  if (paused.length > 0) output.talk(`not asked, since paused: ${paused.join(', ')}`);
  return targets.filter((target) => !target.paused);
}

/** One bot, whatever becomes of it: its failure is a row, so that it never keeps the others' answers back. */
async function askOne(workspace: Workspace, target: TargetConfig, question: string, { stop }: Invocation): Promise<Asked> {
  // There is nothing to finish in good order: the first signal drops the question.
  const signals = { stop, kill: stop };
  try {
    return await workspace.readOnly(target, signals, false, async (context) => {
      if (context.connection.target.ask === undefined) return { ...blank(target, cannotAsk(context)), mute: true };
      const call: Call = { ...callsOf(context), container: containerOf(context) };
      const { text, sources } = await context.connection.target.ask(question, call);
      return {
        target,
        answer: text,
        sources: vendorsOwn(sources, context.memory.state),
        given: givenIn(context.memory.state),
        error: null,
        mute: false,
      };
    });
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED') throw thrown;
    return blank(target, error);
  }
}

function blank(target: TargetConfig, error: SyncError): Asked {
  return { target, answer: null, sources: [], given: new Set(), error, mute: false };
}

function vendorsOwn(sources: readonly AnswerSource[], state: TargetState): readonly MatchedSource[] {
  return resolveSources(sources, state).map((source) => ({ ...source, matched: false }));
}

function givenIn({ records }: TargetState): ReadonlySet<DocumentId> {
  return new Set(Object.entries(records).flatMap(([id, { items }]) => (items.length === 0 ? [] : [id])));
}

function cannotAsk({ connection, target }: CycleContext): SyncError {
  const next = connection.target.traits.missing.ask?.remedy ?? `ask it in the dashboard of ${connection.vendorLabel}`;
  return new SyncError('USAGE', {
    message: `${target.name} cannot be asked: ${connection.vendorLabel} gives no way to`,
    next,
    facts: { stops: 'target' },
  });
}

function codeOf(asked: readonly Asked[], all: boolean): number {
  const lenient = all && asked.some((one) => !one.mute);
  const counted = asked.filter((one) => !(lenient && (one.mute || !one.target.required)));
  return strongest(counted.flatMap(({ error }) => (error === null ? [] : [codeOfStop(error.code)])));
}
