// What users asked a SiteGPT bot, read from the messages of one conversation: both API generations use the same words for them.
import type { Timestamp } from '../../model/json.ts';
import type { Exchange, VainMark } from '../connector.ts';
import { instant } from './dates.ts';

/** A message as either generation shows it. */
export interface Spoken {
  readonly question?: { readonly text: string; readonly timestamp?: string | null | undefined } | null | undefined;
  readonly answer?: { readonly text: string } | null | undefined;
  readonly messageType?: string | null | undefined;
  readonly systemMessageType?: string | null | undefined;
  readonly reaction?: string | null | undefined;
  readonly createdAt?: string | null | undefined;
}

/** Notices that stand where an answer should: the bot was not able to work [seed]. */
const outages: readonly string[] = ['EXCEEDED_USAGE_LIMITS', 'PROBLEMS_WITH_UPSTREAM_PROVIDER'];

/**
 * The exchanges of one conversation, given oldest first. What was said to a person after the conversation was escalated is left out: the last
 * question before it is what the bot failed at.
 */
export function exchangesIn(messages: readonly Spoken[], conversation: string, escalated: boolean): readonly Exchange[] {
  const notice = messages.findIndex(({ systemMessageType }) => systemMessageType === 'CONVERSATION_ESCALATED');
  const withBot = messages.filter((message, index) => {
    if (!message.question) return false;
    const toPerson = message.answer == null && message.messageType !== 'SYSTEM_MESSAGE';
    return !(toPerson && notice >= 0 && index > notice);
  });
  const before = withBot.filter((message) => notice < 0 || messages.indexOf(message) < notice);
  const handedOver = notice >= 0 || escalated ? before.at(-1) : undefined;
  return withBot.map((message) => {
    const at: Timestamp | null = instant(message.question?.timestamp ?? message.createdAt);
    const vain = markOf(message, message === handedOver);
    return {
      at,
      question: message.question?.text ?? '',
      answer: message.answer?.text ?? null,
      conversation,
      ...(vain !== null && { vain }),
    };
  });
}

function markOf({ messageType, systemMessageType, reaction }: Spoken, handedOver: boolean): VainMark | null {
  if (messageType === 'SYSTEM_MESSAGE' && outages.includes(systemMessageType ?? '')) return 'unserved';
  if (handedOver) return 'escalated';
  return reaction === 'NEGATIVE' ? 'disliked' : null;
}
