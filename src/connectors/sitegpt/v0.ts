// SiteGPT, API v0 (legacy): one text for the whole chatbot, which can be set and never read. Another table of functions than v2's.
import { marker } from '../../model/mark.ts';
import type { Call, Capability, Checked, Missing, Tools, Traits, WholeTarget } from '../connector.ts';
import type { SitegptOptions } from './options.ts';
import { bindApiV0, type SendV0 } from './v0-api.ts';
import { bindChatV0 } from './v0-chat.ts';
import { chatbotDataV0 } from './v0-schema.ts';
import { bindReplaceAll } from './v0-text.ts';

/** The target of `apiVersion: v0`. */
export function connectV0(options: SitegptOptions, tools: Tools): WholeTarget {
  const send = bindApiV0(options, tools);
  const { ask, history } = bindChatV0(options, send);
  return {
    traits,
    // Nothing at the vendor carries a mark: the state alone knows what the text is made of.
    marks: marker({ maxCharacters: 255, barred: /[\u0000-\u001f\u007f]/, suffix: '' }),
    check: (call) => check(options, tools, send, call),
    replaceAll: bindReplaceAll(options, send),
    ask,
    history,
  };
}

async function check({ chatbotId = '' }: SitegptOptions, tools: Tools, send: SendV0, call: Call): Promise<Checked> {
  const { chatbot } = await send(chatbotDataV0, { what: 'asking for the chatbot', intent: 'read', method: 'GET', path: '' }, call);
  return { identity: `sitegpt|${tools.origin}|${chatbotId}`, label: chatbot.title ?? chatbotId, proven: 'bot' };
}

const none = {
  because: 'vendor-has-none',
  source: 'https://sitegpt.ai/docs/api-reference/chatbot-custom-content/modify-chatbot-custom-content',
  checked: '2026-11-21',
} as const;

const missing: { readonly [capability in Capability]?: Missing } = {
  list: { ...none, remedy: "look at the chatbot's custom text in the SiteGPT dashboard, or use apiVersion v2" },
  read: { ...none, remedy: "look at the chatbot's custom text in the SiteGPT dashboard, or use apiVersion v2" },
  status: {
    ...none,
    remedy: 'ask something that only a document of ours says: kbsync ask; apiVersion v2 tells a status for each document',
  },
  train: { ...none, remedy: 'nothing to do: SiteGPT trains the text by itself after each change' },
};

const traits: Traits = {
  // The whole text is replaced [assumed]: said twice, it is the same text.
  repeatedCreate: 'same-item',
  training: 'automatic',
  trainedMeans: 'nothing that the API tells: only a test that passes proves that the bot knows the text',
  formats: ['markdown', 'plain'],
  attributes: [],
  renames: false,
  limits: {
    // 100 a minute in the standard plan [public P1].
    perMinute: 100,
    perHour: null,
    concurrency: 2,
    // All of them, in one call; its size is judged as a whole (customContent.maxChars).
    batch: 1_000_000,
    batchBytes: null,
    partBytes: null,
    titleCharacters: null,
  },
  // PRODUCT: SiteGPT v0 counts as ready 60 s after the last write [assumed: no status can be asked].
  settleMs: 60_000,
  lagMs: 0,
  // Nothing is polled for; the numbers are those of a look at state alone.
  poll: { firstMs: 5_000, maxMs: 60_000 },
  missing,
};
