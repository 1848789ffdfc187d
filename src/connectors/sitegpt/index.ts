// SiteGPT: API v2 (one document a file, trained by the vendor itself), or the legacy v0 (v0.ts). Wires v2's calls to the contract; each lies in a
// file of its own.
import { marker } from '../../model/mark.ts';
import {
  type Call,
  type Checked,
  type ConnectorSpec,
  defineConnector,
  type ItemTarget,
  type Target,
  type Tools,
  type Traits,
} from '../connector.ts';
import { bindApi, lacksScope, type Send } from './api.ts';
import { bindChat } from './chat.ts';
import { bindDocuments } from './documents.ts';
import { type SitegptOptions, sitegptOptions } from './options.ts';
import { chatbotData, nothing } from './schema.ts';
import { bindStatus } from './states.ts';
import { connectV0 } from './v0.ts';

/** Characters that the vendor's own client takes out of names [public P12]; the colon among them, so that marks end in their hashed form. */
const barred = /[\\/<>:"|?*\u0000-\u001f\u007f]/;

/** The SiteGPT connector. */
export const connector: ConnectorSpec<SitegptOptions> = defineConnector<SitegptOptions>({
  name: 'sitegpt',
  contract: 1,
  label: 'SiteGPT',
  options: sitegptOptions,
  identityKeys: ['chatbotId'],
  required: ({ apiVersion }) => (apiVersion === 'v0' ? ['chatbotId', 'apiKey', 'takeOver'] : ['chatbotId', 'token']),
  defaultBaseUrl: 'https://sitegpt.ai',

  sandbox(targetName) {
    const id = `sandbox-${targetName}`;
    // What either version needs: which one it is, is not known here. In a sandbox there is nobody whose text could be overwritten.
    return { options: { chatbotId: id, token: 'sandbox', apiKey: 'sandbox', takeOver: true }, bot: { id, secret: 'sandbox' } };
  },

  variants: { 'sitegpt-v2': { apiVersion: 'v2' }, 'sitegpt-v0': { apiVersion: 'v0', takeOver: true } },

  account: ({ apiVersion, apiKey, token }) => (apiVersion === 'v0' ? apiKey : token) ?? '',

  connect: (options, tools): Target => (options.apiVersion === 'v0' ? connectV0(options, tools) : connectV2(options, tools)),
});

function connectV2(options: SitegptOptions, tools: Tools): ItemTarget {
  const send = bindApi(options, tools);
  const documents = bindDocuments(options, send);
  const { ask, history } = bindChat(options, send);
  return {
    traits: traitsOf(options),
    marks: marker({ maxCharacters: options.nameCharacters, barred, suffix: '.md' }),
    check: (call) => check(options, tools, send, call),
    create: documents.create,
    update: documents.update,
    delete: documents.delete,
    find: documents.find,
    list: documents.list,
    read: documents.read,
    status: bindStatus(options, tools, documents),
    ask,
    history,
  };
}

/** A token without the scopes of this check may still do all of the work: then only the credentials are proven. */
async function check(options: SitegptOptions, tools: Tools, send: Send, call: Call): Promise<Checked> {
  const chatbotId = options.chatbotId ?? '';
  const identity = `sitegpt|${tools.origin}|${chatbotId}`;
  const me = { what: 'checking the token', intent: 'read', method: 'GET', path: '/me', account: true, scope: 'account:read' } as const;
  const bot = { what: 'asking for the chatbot', intent: 'read', method: 'GET', path: '', scope: 'chatbots:read' } as const;
  try {
    await send(nothing, me, call);
  } catch (error) {
    if (!lacksScope(error)) throw error;
  }
  try {
    const { chatbot } = await send(chatbotData, bot, call);
    return { identity, label: chatbot?.title ?? chatbot?.name ?? chatbotId, proven: 'bot' };
  } catch (error) {
    if (!lacksScope(error)) throw error;
    return { identity, label: chatbotId, proven: 'credentials' };
  }
}

function traitsOf(options: SitegptOptions): Traits {
  return {
    // Files of one name do not collide [assumed], and a listing shows names [public P12].
    repeatedCreate: 'findable',
    training: 'automatic',
    trainedMeans: `the document's status is ${options.trainedWords.join(' or ')}`,
    formats: ['markdown', 'plain'],
    attributes: [],
    // PATCH takes nothing but the text [public P12].
    renames: false,
    limits: {
      // "Follows your plan" without a number [public P12]; the numbers are [assumed].
      perMinute: 60,
      perHour: null,
      concurrency: 2,
      batch: 1,
      batchBytes: null,
      partBytes: options.documentBytes,
      titleCharacters: null,
    },
    lagMs: options.lagMs,
    poll: { firstMs: 2_000, maxMs: 30_000 },
    missing: {
      train: {
        because: 'vendor-has-none',
        remedy: 'nothing to do: SiteGPT trains each document by itself after every write',
        source: 'https://github.com/sitegpt/convex-component (src/component/knowledge.ts): create and PATCH re-embed by themselves',
        checked: '2026-11-21',
      },
    },
  };
}
