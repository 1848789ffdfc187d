// Kore.ai, Search AI: a document of chunks for each of ours, trained on request, perhaps published after it. Wires the calls to the contract;
// each lies in a file of its own. With `qa: knowledge-graph`, questions are FAQs beside it. There is no update: the engine makes a new copy and deletes the old one once the new one is trained.
import { type Checked, type ConnectorSpec, defineConnector, type ItemTarget, type Missing, type Traits } from '../connector.ts';
import { bindApi } from './api.ts';
import { bindAsk } from './ask.ts';
import { bindContents } from './contents.ts';
import { bindFaqTrainings } from './faq-train.ts';
import { bindFaqs } from './faqs.ts';
import { bindHistory } from './history.ts';
import { bindIngest } from './ingest.ts';
import { type KoreaiOptions, koreaiOptions } from './options.ts';
import { bindPublish } from './publish.ts';
import { type Store, withFaqs, withoutFaqs } from './stores.ts';
import { titleMarker } from './title.ts';
import { bindTrain } from './train.ts';
import { bindWebhook } from './webhook.ts';

/** The Kore.ai connector. */
export const connector: ConnectorSpec<KoreaiOptions> = defineConnector<KoreaiOptions>({
  name: 'koreai',
  contract: 1,
  label: 'Kore.ai',
  options: koreaiOptions,
  identityKeys: ['botId'],
  required: ({ publish }) => ['botId', 'clientId', 'clientSecret', ...(publish === 'after-train' ? ['admin'] : [])],
  // Regions and installations have hosts of their own: none is the usual one.
  defaultBaseUrl: null,

  sandbox(targetName) {
    const id = `st-sandbox-${targetName}`;
    const app = { clientId: `cs-${id}`, clientSecret: 'sandbox' };
    const admin = { clientId: `admin-${id}`, clientSecret: 'sandbox' };
    return { options: { botId: id, ...app, admin, lagMs: '3s' }, bot: { id, secret: 'sandbox' } };
  },

  variants: {
    koreai: {},
    'koreai-published': { publish: 'after-train', numberChunks: true },
    'koreai-faqs': { qa: 'knowledge-graph', publish: 'after-train' },
  },

  // Limits are counted by bot [public P38].
  account: ({ botId }) => botId ?? '',

  connect(options, tools): ItemTarget {
    const send = bindApi(options, tools);
    const contents = bindContents(options, send);
    const chunkStore: Store = { create: bindIngest(options, send), delete: contents.delete, find: contents.find, list: contents.list };
    const faqs = options.qa === 'knowledge-graph' ? bindFaqs(options, send) : null;
    const publishing = options.publish === 'after-train' ? bindPublish(send) : null;
    const { train, status } = bindTrain(send, publishing, faqs === null ? null : bindFaqTrainings(options, send));
    const botId = options.botId ?? '';
    return {
      traits: traitsOf(options),
      marks: titleMarker(options.titleCharacters),

      // No call tells a bot's name, so its label is its id. The admin app is tried too: better now than after an hour of training.
      async check(call): Promise<Checked> {
        await contents.touch(call);
        await faqs?.touch(call);
        await publishing?.look(call);
        return { identity: `koreai|${tools.origin}|${botId}`, label: botId, proven: 'bot' };
      },

      ...(faqs === null ? withoutFaqs(chunkStore) : withFaqs(chunkStore, faqs)),
      ...(canRead(options) ? { read: contents.read } : {}),
      train,
      status,
      ask: asksChannel(options) ? bindWebhook(options, send) : bindAsk(options, send),
      history: bindHistory(options, tools, send),
    };
  },
});

const checked = '2026-11-21';
const docs = 'https://github.com/Koredotcom/docs-v2, ai-for-service/apis/searchai';

const noUpdate: Missing = {
  because: 'vendor-has-none',
  remedy:
    'nothing to do: a changed document is made anew, and the old copy is deleted once the new one is trained. With onUpdate: todo: in the App Builder, Search AI, take the new text in (kbsync show DOCUMENT --as TARGET prints it), delete the old document, train, then kbsync todo done',
  source: `${docs}/ingest-data.mdx: what a title does that is there already is not said`,
  checked,
};

const noRead: Missing = {
  because: 'switched-off',
  remedy:
    'set numberChunks: true, then look in the Chunk Browser whether new chunks have a page number; without it texts cannot be compared',
  source: `${docs}/chunk-apis.mdx: chunks are listed in the order of their random ids`,
  checked,
};

const noFaqRead: Missing = {
  because: 'not-built',
  remedy: 'look at the FAQs in the App Builder; with qa: chunks and numberChunks: true texts can be compared',
  source: `${docs.replace('searchai', 'automation')}/get-faqs-from-knowledge-task-v2.mdx: one FAQ can be read only by listing them all`,
  checked,
};

/** FAQs can be read by listing them all only, which would be a listing for each. */
function canRead({ numberChunks, qa }: KoreaiOptions): boolean {
  return numberChunks && qa === 'chunks';
}

/** Search AI knows no FAQs: a channel answers from both [public P37]. */
function asksChannel({ askVia, qa }: KoreaiOptions): boolean {
  return (askVia ?? (qa === 'knowledge-graph' ? 'webhook' : 'search')) === 'webhook';
}

function traitsOf(options: KoreaiOptions): Traits {
  const withFaqTraining = options.qa === 'knowledge-graph' ? ', so does the training of FAQs' : '';
  const published = options.publish === 'after-train' ? ', and the publish asked for after it is successful' : '';
  return {
    // Titles carry the effect and are asked for by title; a title sent twice makes a second document, or the same one [P2: silent]. FAQs carry
    // it in an alternate question, and are listed.
    repeatedCreate: 'findable',
    training: 'on-request',
    trainedMeans: `the job group of a training asked for after the last write says success${withFaqTraining}${published}`,
    formats: ['markdown', 'plain'],
    attributes: [],
    renames: false,
    limits: {
      // Of the strictest class; Search AI itself is not in the vendor's table [public P38; assumed].
      perMinute: 60,
      perHour: 1_800,
      concurrency: 1,
      batch: options.maxDocsPerIngest,
      batchBytes: Math.max(options.bytesPerIngest, options.documentBytes),
      partBytes: options.documentBytes,
      titleCharacters: null,
    },
    lagMs: options.lagMs,
    poll: { firstMs: 5_000, maxMs: 60_000 },
    missing: { update: noUpdate, ...(canRead(options) ? {} : { read: options.qa === 'chunks' ? noRead : noFaqRead }) },
  };
}
