// CX Genie: training data that can be created and nothing else. Wires the calls to the contract; each lies in a file of its own.

import { sha256 } from '../../model/json.ts';
import { type Marker, marker } from '../../model/mark.ts';
import {
  type Call,
  type Capability,
  type Checked,
  type ConnectorSpec,
  defineConnector,
  type ItemTarget,
  type Missing,
  type Tools,
  type Traits,
} from '../connector.ts';
import { type Api, bindApi, needed, undocumentedPaths } from './api.ts';
import { bindAsk } from './chat.ts';
import { bindHistory } from './history.ts';
import { bindCreate } from './items.ts';
import { type CxgenieOptions, cxgenieOptions } from './options.ts';
import { customersData, profileReply } from './schema.ts';

/** The CX Genie connector. */
export const connector: ConnectorSpec<CxgenieOptions> = defineConnector<CxgenieOptions>({
  name: 'cxgenie',
  contract: 1,
  label: 'CX Genie',
  options: cxgenieOptions,
  identityKeys: ['botId'],
  // baseUrl, too: it has no default, because which host serves API V2 is not known.
  required: () => ['botId', 'workspaceToken'],
  defaultBaseUrl: null,

  sandbox(targetName) {
    const hex = sha256(`cxgenie ${targetName}`);
    const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
    return { options: { botId: id, workspaceToken: 'sandbox' }, bot: { id, secret: 'sandbox' } };
  },

  variants: { cxgenie: {} },

  account: ({ workspaceToken }) => workspaceToken ?? '',

  connect(options, tools): ItemTarget {
    const api = bindApi(options, tools);
    return {
      traits: traitsOf(options),
      marks: marksOf(options),
      check: (call) => check(options, tools, api, call),
      create: bindCreate(options, api),
      ask: bindAsk(options, api),
      history: bindHistory(options, api),
    };
  },
});

/**
 * A listing of customers proves the token; narrowed to ourselves, so that nobody else's data comes with it. That the bot exists is only
 * proven with `checkBot`, by a call that is not documented for customers.
 */
async function check(options: CxgenieOptions, tools: Tools, { send, sendBare }: Api, call: Call): Promise<Checked> {
  const botId = needed(options.botId, 'botId');
  const identity = `cxgenie|${tools.origin}|${botId}`;
  const read = { intent: 'read', method: 'GET', about: 'bot' } as const;
  const search = options.customer?.email ?? 'kb-sync-verify@example.invalid';
  await send(customersData, { ...read, what: 'checking the workspace token', path: '/customer-list', query: { search } }, call);
  if (!options.checkBot) return { identity, label: botId, proven: 'credentials' };
  const path = `${undocumentedPaths.profile}/${encodeURIComponent(botId)}`;
  const { data } = await sendBare(profileReply, { ...read, what: 'asking for the bot', path, absolute: true, open: true }, call);
  return { identity, label: data.name ?? botId, proven: 'bot' };
}

/** Eight digits of the effect at the end: two copies of one document have two titles, so that a person finds the one that is to go. */
function marksOf({ titleCharacters }: CxgenieOptions): Marker {
  const plain = marker({ maxCharacters: Math.min(120, titleCharacters - 40), barred: /[\u0000-\u001f\u007f]/, suffix: '' });
  return {
    write: (source) => `${plain.write(source)} #${source.effect.slice(-8)}`,
    ours: (found, workspace) => plain.ours(found.replace(/ #[^ ]{0,8}$/, ''), workspace),
  };
}

function traitsOf(options: CxgenieOptions): Traits {
  return {
    // Nothing can be asked afterwards, and the same body twice makes two items [assumed].
    repeatedCreate: 'twin',
    training: 'automatic',
    trainedMeans: 'nothing that the API tells: only a test that passes proves that the bot knows a document',
    formats: options.textFormat === null ? ['markdown', 'html', 'plain'] : [options.textFormat],
    attributes: [],
    renames: false,
    readsLinks: true,
    limits: {
      // Not documented; one a second, one in flight [assumed].
      perMinute: 60,
      perHour: null,
      concurrency: 1,
      batch: 1,
      batchBytes: null,
      partBytes: options.documentBytes,
      titleCharacters: null,
    },
    lagMs: 0,
    // Nothing is polled for; the numbers are those of a look at state alone.
    poll: { firstMs: 5_000, maxMs: 60_000 },
    missing,
  };
}

const source = 'https://www.cxgenie.ai/resources/blogs/public-api-v2-endpoint-document';
const none = { because: 'vendor-has-none', source, checked: '2026-11-21' } as const;
const dashboard = "CX Genie's dashboard, under the bot's Training Data";

/** Each is missing from the only page there is on API V2; editing and deleting exist in the dashboard alone [public P3, P4]. */
const missing: { readonly [capability in Capability]?: Missing } = {
  update: {
    ...none,
    remedy: `in ${dashboard}, open the article whose title ends in the mark and put the new text in (kbsync show DOCUMENT --as TARGET prints it); a link: press its re-crawl button; then kbsync todo done`,
  },
  delete: {
    ...none,
    remedy: `in ${dashboard}, delete the article whose title ends in the mark (a Q&A: the one with this question; a link: the one with this address); then kbsync todo done`,
  },
  list: { ...none, remedy: `look through ${dashboard}: articles are listed there by title` },
  read: { ...none, remedy: `open the article in ${dashboard} to see what it holds` },
  status: {
    ...none,
    remedy: `look at the item's status in ${dashboard} (Imported, In Queue, Overlapped), or ask something that only this document says: kbsync ask`,
  },
  train: { ...none, remedy: 'nothing to do: CX Genie learns each item by itself after it was created' },
};
