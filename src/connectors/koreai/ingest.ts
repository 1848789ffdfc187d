// Creates: documents of structured chunks into the named source, several a call. The answer names a job and no ids [public P42], so the engine
// looks for the titles; what becomes of the job shows in whether they appear.
import { SyncError } from '../../model/error.ts';
import type { Call, ItemResult, NewItem } from '../connector.ts';
import type { Send } from './api.ts';
import { type Chunk, chunksOf } from './chunks.ts';
import { inGroups, named } from './groups.ts';
import { type KoreaiOptions, sourceNameOf } from './options.ts';
import { ingestReply } from './schema.ts';
import { titleOfMark } from './title.ts';

interface Prepared {
  readonly item: NewItem;
  readonly chunks: readonly Chunk[];
}

/** Binds `create`. */
export function bindIngest(options: KoreaiOptions, send: Send) {
  return async (items: readonly NewItem[], call: Call): Promise<readonly ItemResult[]> => {
    const errors = items.map(unfit);
    const prepared = items.flatMap((item, index) => (errors[index] === null ? [{ item, chunks: chunksOf(item, options) }] : []));
    const groups = groupsOf(prepared, options);
    const sent = await inGroups(groups, (group) => ingest(group, call), options.atomicBatches);
    let next = 0;
    return errors.map((error) => (error === null ? (sent[next++] ?? notAnswered()) : { ok: false, error }));
  };

  async function ingest(group: readonly Prepared[], call: Call): Promise<void> {
    const documents = group.map(({ item, chunks }) => ({
      title: titleOfMark(item.mark, call.workspace) ?? item.mark,
      chunks: chunks.map((chunk) => ({ ...chunk })),
    }));
    const paths = group.map(({ item }) => item.path);
    const request = {
      what: `ingesting ${named(paths)}`,
      intent: 'create',
      method: 'POST',
      path: '/ingest-data',
      scope: 'Ingest data',
    } as const;
    const json = { sourceName: sourceNameOf(options, call.workspace), sourceType: 'json', documents };
    await send(ingestReply, { ...request, documents: named(paths), mayBeEmpty: true, json }, call);
  }
}

/** A document without text has no chunk. */
function unfit({ path, text }: NewItem): SyncError | null {
  if (text.trim() !== '') return null;
  const next = 'give the document a text, or keep it out with draft or targets';
  return new SyncError('DOCUMENT_REFUSED', { message: `${path}: Kore.ai takes no document without text`, next });
}

function notAnswered(): ItemResult {
  return { ok: false, error: new SyncError('UNCONFIRMED', { message: 'no answer was kept for it' }) };
}

/** As many documents as an ingest takes, and chunks; a document that has more chunks by itself goes alone. */
function groupsOf(prepared: readonly Prepared[], { maxDocsPerIngest, maxChunksPerIngest }: KoreaiOptions): Prepared[][] {
  const groups: Prepared[][] = [];
  let group: Prepared[] = [];
  let chunks = 0;
  for (const one of prepared) {
    if (group.length >= maxDocsPerIngest || (group.length > 0 && chunks + one.chunks.length > maxChunksPerIngest)) {
      groups.push(group);
      group = [];
      chunks = 0;
    }
    group.push(one);
    chunks += one.chunks.length;
  }
  return group.length === 0 ? groups : [...groups, group];
}
