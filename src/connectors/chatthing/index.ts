// Chat Thing: rows of a manual data source, written in bulk, trained by a sync. Wires the calls to the contract; each lies in a file of its own.
import { marker } from '../../model/mark.ts';
import { type Checked, type ConnectorSpec, defineConnector, type ItemTarget, type Traits } from '../connector.ts';
import { bindApi } from './api.ts';
import { bindChat } from './chat.ts';
import { type ChatthingOptions, chatthingOptions } from './options.ts';
import { bindRows } from './rows.ts';
import { bindSources } from './sources.ts';
import { bindSync } from './sync.ts';

/** The Chat Thing connector. */
export const connector: ConnectorSpec<ChatthingOptions> = defineConnector<ChatthingOptions>({
  name: 'chatthing',
  contract: 1,
  label: 'Chat Thing',
  options: chatthingOptions,
  identityKeys: ['channelId', 'dataSourceId'],
  required: () => ['channelId', 'secretKey'],
  defaultBaseUrl: 'https://chatthing.ai',

  sandbox(targetName) {
    const id = `sandbox-${targetName}`;
    return { options: { channelId: id, secretKey: 'sandbox' }, bot: { id, secret: 'sandbox' } };
  },

  variants: { chatthing: {} },

  account: ({ channelId, secretKey }) => `${channelId ?? ''} ${secretKey ?? ''}`,

  connect(options, tools): ItemTarget {
    const send = bindApi(options, tools);
    const sources = bindSources(options, send);
    const rows = bindRows(options, send, sources);
    const { train, status } = bindSync(options, tools, { send, sources, rows });
    const { ask, history } = bindChat(options, send);
    const channelId = options.channelId ?? '';
    return {
      traits: traitsOf(options),
      marks: marker({ maxCharacters: options.nameCharacters, barred: /[\u0000-\u001f\u007f]/, suffix: '' }),

      // The API tells no name of a bot [seed: silent], so its label is the channel's id.
      async check(call): Promise<Checked> {
        if (call.container === null && options.dataSourceId === null) await sources.touch(call);
        else await sources.look(call);
        return { identity: `chatthing|${tools.origin}|${channelId}`, label: channelId, proven: 'bot' };
      },

      create: rows.create,
      update: rows.update,
      delete: rows.delete,
      list: rows.list,
      read: rows.read,
      train,
      status,
      ask,
      history,
      container: sources.container,
    };
  },
});

function traitsOf(options: ChatthingOptions): Traits {
  return {
    // Duplicate names are taken to be accepted [assumed], and a listing shows names [seed].
    repeatedCreate: 'findable',
    training: 'on-request',
    trainedMeans: 'the data source is synced, with another lastSync than before the sync was asked for',
    formats: ['markdown', 'plain'],
    attributes: [],
    renames: true,
    limits: {
      // No limit is documented; below the two a second, one in flight, of the cautious default [assumed].
      perMinute: 60,
      perHour: null,
      concurrency: 1,
      batch: options.rowsPerCall,
      batchBytes: options.bytesPerCall,
      partBytes: options.rowBytes,
      titleCharacters: null,
    },
    lagMs: options.lagMs,
    poll: { firstMs: 5_000, maxMs: 60_000 },
    missing: {},
  };
}
