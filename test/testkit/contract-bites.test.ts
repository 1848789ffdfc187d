// The contract suite must fail where a connector breaks the contract: connectors spoilt on purpose, and the case that has to notice each.
import { AssertionError } from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import type { ConnectorSpec, ItemTarget, Target } from '../../src/connectors/connector.ts';
import { resolveConnector, resolveEmulator } from '../../src/connectors/registry.ts';
import { SyncError } from '../../src/model/error.ts';
import { openBenches, type Subject } from '../../src/testkit/benches.ts';
import { contractCases, levelNames } from '../../src/testkit/contract.ts';

type Spoil = (
  target: ItemTarget & Required<Pick<ItemTarget, 'update' | 'delete' | 'list' | 'read' | 'status' | 'ask'>>,
) => Partial<Target> & object;

async function spoilt(vendor: string, spoil: Spoil): Promise<Subject> {
  const spec = await resolveConnector(vendor, '/');
  const connect: ConnectorSpec['connect'] = (options, tools) => {
    const target = spec.connect(options, tools) as Parameters<Spoil>[0];
    return { ...target, ...spoil(target) } as Target;
  };
  const [variant = {}] = Object.values(spec.variants);
  return { name: vendor, spec: { ...spec, connect }, emulator: await resolveEmulator(vendor), variant, conditions: {}, sync: null };
}

const swallow = <T>(error: unknown, instead: T): T => {
  if (error instanceof SyncError) return instead;
  throw error;
};

const sabotage: readonly { readonly what: string; readonly vendor: string; readonly noticed: string; readonly spoil: Spoil }[] = [
  {
    what: 'check believes any key',
    vendor: 'sitegpt',
    noticed: 'a wrong key is CREDENTIALS_REFUSED, and nothing is written',
    spoil: () => ({ check: () => Promise.resolve({ identity: 'sitegpt|x', label: 'x', proven: 'bot' }) }),
  },
  {
    what: 'identity holds the credential’s bot only by vendor',
    vendor: 'sitegpt',
    noticed: 'two bots have two identities',
    spoil: () => ({ check: () => Promise.resolve({ identity: 'sitegpt', label: 'x', proven: 'nothing' }) }),
  },
  {
    what: 'texts are cut',
    vendor: 'sitegpt',
    noticed: 'exactly the byte limit of one part is taken whole',
    spoil: ({ create }) => ({
      create: (items, call) =>
        create(
          items.map((item) => ({ ...item, text: item.text.slice(0, 50_000) })),
          call,
        ),
    }),
  },
  {
    what: 'a batch is answered out of order',
    vendor: 'sitegpt',
    noticed: 'an id given back is the id the vendor holds it under; an id not given can be found by the mark or not at all',
    spoil: ({ create }) => ({ create: async (items, call) => (await create(items, call)).map(() => ({ ok: true, remoteId: 'doc_999' })) }),
  },
  {
    what: 'an update is a create',
    vendor: 'sitegpt',
    noticed: 'update replaces the text of the item it names, and of no other',
    spoil: ({ create }) => ({ update: (items, call) => create(items, call) }),
  },
  {
    what: 'an update of nothing succeeds',
    vendor: 'sitegpt',
    noticed: 'an update of something deleted elsewhere is REMOTE_GONE, and makes nothing',
    spoil: () => ({ update: (items) => Promise.resolve(items.map(({ remoteId }) => ({ ok: true, remoteId }))) }),
  },
  {
    what: 'a listing ends at a broken page',
    vendor: 'sitegpt',
    noticed: 'a broken page throws instead of ending early',
    spoil: ({ list }) => ({
      async *list(call) {
        try {
          yield* list(call);
        } catch (error) {
          swallow(error, null);
        }
      },
    }),
  },
  {
    what: 'a listing stops after its first page',
    vendor: 'sitegpt',
    noticed: 'list gives each item once across pages, with its id, and marks come back as written',
    spoil: ({ list }) => ({
      async *list(call) {
        let left = 100;
        for await (const entry of list(call)) if (left-- > 0) yield entry;
      },
    }),
  },
  {
    what: 'every item found is ours',
    vendor: 'chatthing',
    noticed: 'what people made, and what another workspace made, is listed and never ours',
    spoil: ({ marks }) => ({ marks: { ...marks, ours: () => true } }),
  },
  {
    what: 'a create that failed is sent again',
    vendor: 'chatthing',
    noticed: 'a reset after the effect on create',
    spoil: ({ create }) => ({ create: (items, call) => create(items, call).catch(() => create(items, call)) }),
  },
  {
    what: 'an unknown outcome is called known',
    vendor: 'sitegpt',
    noticed: 'a create whose answer was lost is unconfirmed, is not sent again by itself, and can be settled as the trait says',
    spoil: ({ create }) => ({
      create: (items, call) =>
        create(items, call).catch(() =>
          items.map(() => ({ ok: false, error: new SyncError('TARGET_UNREACHABLE', { facts: { effect: 'none' } }) })),
        ),
    }),
  },
  {
    what: 'an answer that is no answer counts as success',
    vendor: 'chatthing',
    noticed: 'HTML for JSON on create',
    spoil: ({ create }) => ({ create: (items, call) => create(items, call).catch(() => items.map(() => ({ ok: true, remoteId: null }))) }),
  },
  {
    what: 'accepted counts as trained',
    vendor: 'sitegpt',
    noticed: 'everything is trained in the end, and nothing is called trained that the bot does not know',
    spoil: () => ({
      status: ({ items }) =>
        Promise.resolve({ run: null, items: items.map(({ remoteId }) => ({ remoteId, state: 'trained', error: null })) }),
    }),
  },
  {
    what: 'asked for counts as trained',
    vendor: 'chatthing',
    noticed: 'asking for training is not being trained',
    spoil: () => ({ status: () => Promise.resolve({ run: { state: 'succeeded', error: null }, items: [] }) }),
  },
  {
    what: 'answers are made up',
    vendor: 'sitegpt',
    noticed: 'what was deleted is forgotten',
    spoil: () => ({ ask: () => Promise.resolve({ text: 'It takes 4711 minutes; invoices on the first day.', sources: [] }) }),
  },
  {
    what: 'a missing capability is not explained',
    vendor: 'sitegpt',
    noticed: 'each missing capability is explained with remedy, source and date, and none that is there is called missing',
    spoil: ({ read: _gone, ...rest }) => ({ ...rest, read: undefined }) as unknown as Partial<Target>,
  },
  {
    // Of errors the wrappers take it out; an id is the vendor's, and kept as it is.
    what: 'an id tells the key',
    vendor: 'chatthing',
    noticed: 'a secret that the vendor echoes is on no sink',
    spoil: ({ create }) => ({
      create: (items, call) =>
        create(items, call).catch(() => items.map(() => ({ ok: true, remoteId: 'sandbox-contract-5ecret-1' }) as const)),
    }),
  },
];

describe('the contract suite notices', () => {
  it.each(sabotage)('$what', async ({ vendor, spoil, noticed }) => {
    const each = contractCases.find(({ name }) => name === noticed);
    if (each === undefined) throw new Error(`there is no case ${noticed}`);
    const subject = await spoilt(vendor, spoil);
    const own = openBenches();
    try {
      await expect(each.run(await own.open(subject)), `${levelNames[each.level]}: ${noticed}`).rejects.toBeInstanceOf(AssertionError);
    } finally {
      await own.close();
    }
  });
});
