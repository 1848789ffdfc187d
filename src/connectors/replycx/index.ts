// ReplyCX: sources of one knowledge base, uploaded as files, trained by themselves. Which functions there are depends on `features`.
import { sha256 } from '../../model/json.ts';
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
import { bindApi, isAbsent, needed, paths, type Send } from './api.ts';
import { marksOf } from './names.ts';
import { type ReplycxOptions, replycxOptions } from './options.ts';
import { botsReply } from './schema.ts';
import { bindDelete, bindList, detailsOf } from './sources.ts';
import { bindStatus } from './states.ts';
import { bindCreate } from './uploads.ts';

/** The ReplyCX connector. */
export const connector: ConnectorSpec<ReplycxOptions> = defineConnector<ReplycxOptions>({
  name: 'replycx',
  contract: 1,
  label: 'ReplyCX',
  options: replycxOptions,
  identityKeys: ['knowledgeBaseId'],
  required: () => ['token', 'knowledgeBaseId'],
  // By one third party and by analogy with the siblings [public R3]; https://app.reply.cx is the other guess.
  defaultBaseUrl: 'https://api.reply.cx',

  // A knowledge base has a number for its id [public R3].
  sandbox(targetName) {
    const id = String(100_000_000 + (Number.parseInt(sha256(`replycx ${targetName}`).slice(0, 12), 16) % 900_000_000));
    return { options: { token: 'sandbox', knowledgeBaseId: id }, bot: { id, secret: 'sandbox' } };
  },

  variants: { replycx: {}, 'replycx-full': { features: { delete: true, list: true } } },

  account: ({ token }) => token ?? '',

  connect(options, tools): ItemTarget {
    const send = bindApi(options, tools);
    const { features } = options;
    return {
      traits: traitsOf(options),
      marks: marksOf(options),
      check: (call) => check(options, tools, send, call),
      create: bindCreate(options, send),
      status: bindStatus(options, tools, send),
      ...(features.delete ? { delete: bindDelete(options, send) } : {}),
      ...(features.list ? { list: bindList(options, send) } : {}),
    };
  },
});

/** Only with accountId or features.list is there something that can be read without an id of our own: without either, nothing is proven. */
async function check(options: ReplycxOptions, tools: Tools, send: Send, call: Call): Promise<Checked> {
  const kb = needed(options.knowledgeBaseId, 'knowledgeBaseId');
  needed(options.token, 'token');
  const known = { identity: `replycx|${tools.origin}|${kb}`, label: `knowledge base ${kb}` };
  let proven: Checked['proven'] = 'nothing';
  if (options.accountId !== null) {
    const path = paths.bots(encodeURIComponent(options.accountId));
    await send(botsReply, { what: 'listing the bots', intent: 'read', method: 'GET', path, about: 'account' }, call);
    proven = 'credentials';
  }
  if (!options.features.list) return { ...known, proven };
  try {
    const { name } = await detailsOf(options, send, { limit: 1, offset: 0 }, call);
    return { ...known, label: name ?? known.label, proven: 'bot' };
  } catch (error) {
    if (!isAbsent(error)) throw error;
    return { ...known, proven };
  }
}

function traitsOf(options: ReplycxOptions): Traits {
  const { features, upload } = options;
  const largest = Math.min(options.maxFileBytes, options.uploadBytes);
  return {
    // Two uploads of one name make two sources; a text part carries no mark that a listing could show [assumed].
    repeatedCreate: features.list && upload.as === 'file' ? 'findable' : 'twin',
    training: 'automatic',
    trainedMeans: `the source's status is ${options.statusWords.trained.join(' or ')}`,
    formats: ['markdown', 'plain'],
    attributes: [],
    renames: false,
    // Without delete, too, the new version is uploaded, and the old source is left to a person.
    withoutUpdate: 'append',
    limits: {
      // Not documented [assumed].
      perMinute: 30,
      perHour: null,
      concurrency: 1,
      batch: options.uploadBatch,
      batchBytes: options.uploadBytes,
      // A character has at least one byte, so that many bytes are never too many characters.
      partBytes: upload.as === 'text' ? Math.min(options.textCharacters, largest) : largest,
      titleCharacters: null,
    },
    lagMs: options.lagMs,
    poll: { firstMs: 3_000, maxMs: 30_000 },
    missing: missingOf(options),
  };
}

const source = 'https://help.reply.cx/integrations/public-apis';
const checked = '2026-11-21';
const none = { because: 'vendor-has-none', source, checked } as const;
const siblings = {
  because: 'switched-off',
  source: 'https://help.wotnot.io/build/integrations/public-apis (a sibling brand; ReplyCX has no page on it)',
  checked,
} as const;
const dashboard = 'the knowledge base in the ReplyCX dashboard';

function missingOf({ features }: ReplycxOptions): { readonly [capability in Capability]?: Missing } {
  return {
    update: {
      ...none,
      remedy: `in ${dashboard}, delete the source whose name begins with the mark and upload the new text (kbsync show DOCUMENT --as TARGET prints it); then kbsync todo done`,
    },
    ...(features.delete
      ? {}
      : {
          delete: {
            ...siblings,
            remedy: `in ${dashboard}, delete the source with this id; of two names with one beginning, the older one; then kbsync todo done. Or try features.delete: true`,
          },
        }),
    ...(features.list ? {} : { list: { ...siblings, remedy: `look through ${dashboard}, or try features.list: true` } }),
    read: { ...none, remedy: `open the source in ${dashboard} to see what it holds` },
    train: { ...none, remedy: 'nothing to do: ReplyCX trains each source by itself after its upload' },
    ask: {
      because: 'not-built',
      remedy:
        'ask the bot in its own chat window: by API its answers only come to a webhook, which kbsync has not; tests of this target are skipped',
      source: 'https://help.wotnot.io/deploy/publishing-agents/api',
      checked,
    },
    history: { ...none, remedy: 'read the conversations in the ReplyCX inbox: no call reads messages' },
  };
}
