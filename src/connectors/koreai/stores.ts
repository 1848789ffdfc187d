// Two stores behind one target: articles are Search AI documents, questions are FAQs. Ids tell the store (`faq:` before those of FAQs); marks do not.
import { SyncError } from '../../model/error.ts';
import type { Call, ItemResult, NewItem, RemoteEntry } from '../connector.ts';
import { type Faqs, isFaqId, isQuestion } from './faqs.ts';
import { withEffect } from './groups.ts';

/** What both stores together offer, and the one for documents offers alone. */
export interface Store {
  create(items: readonly NewItem[], call: Call): Promise<readonly ItemResult[]>;
  delete(remoteIds: readonly string[], call: Call): Promise<readonly ItemResult[]>;
  find(marks: readonly string[], call: Call): Promise<readonly (readonly string[])[]>;
  list(call: Call): AsyncIterable<RemoteEntry>;
}

/** The store of documents with FAQs beside it. */
export function withFaqs(documents: Store, faqs: Faqs): Store {
  return {
    async create(items, call) {
      const articles = items.filter((item) => !isQuestion(item));
      const sent = articles.length === 0 ? [] : await documents.create(articles, call);
      const questions = items.filter(isQuestion);
      const added = articles.length === 0 ? await faqs.add(questions, call) : await after(sent, questions, (rest) => faqs.add(rest, call));
      return inOrder(items, isQuestion, added, sent);
    },

    // Both may be said again, so what stops one half needs no care for the other.
    async delete(remoteIds, call) {
      const removed = await documents.delete(
        remoteIds.filter((id) => !isFaqId(id)),
        call,
      );
      return inOrder(remoteIds, isFaqId, await faqs.disable(remoteIds.filter(isFaqId), call), removed);
    },

    // FAQs first: one listing finds them all, and what is found there need not be asked for by title.
    async find(marks, call) {
      if (marks.length === 0) return [];
      const found = await faqs.find(marks, call);
      const rest = marks.filter((mark) => found.get(mark)?.length === 0);
      const others = rest.length === 0 ? [] : await documents.find(rest, call);
      const byMark = new Map(rest.map((mark, index) => [mark, others[index] ?? []]));
      return marks.map((mark) => byMark.get(mark) ?? found.get(mark) ?? []);
    },

    async *list(call) {
      yield* documents.list(call);
      yield* faqs.list(call);
    },
  };
}

/** The store of documents alone. FAQs of the time when `qa` said knowledge-graph are not reached, and never passed off as gone. */
export function withoutFaqs(documents: Store): Store {
  return {
    ...documents,
    async delete(remoteIds, call) {
      const removed = await documents.delete(
        remoteIds.filter((id) => !isFaqId(id)),
        call,
      );
      const left = remoteIds.filter(isFaqId).map((id): ItemResult => ({ ok: false, error: notReached(id) }));
      return inOrder(remoteIds, isFaqId, left, removed);
    },
  };
}

function notReached(remoteId: string): SyncError {
  return new SyncError('REQUEST_REFUSED', {
    message: `${remoteId} is an FAQ of the knowledge graph, which qa: chunks does not reach`,
    next: 'disable it in the App Builder (Knowledge AI) and publish the bot, or set qa: knowledge-graph until it is gone',
    facts: { retry: 'later', stops: 'document', effect: 'none' },
  });
}

/** Documents went before: from here on nothing is thrown, and what stops the target stops the questions too. */
async function after(
  sent: readonly ItemResult[],
  questions: readonly NewItem[],
  add: (questions: readonly NewItem[]) => Promise<readonly ItemResult[]>,
): Promise<readonly ItemResult[]> {
  const stopped = sent.flatMap((result) => (result.ok || result.error.facts.stops === 'document' ? [] : [result.error]))[0];
  if (stopped !== undefined) return questions.map(() => ({ ok: false, error: withEffect(stopped, 'none') }));
  try {
    return await add(questions);
  } catch (error) {
    if (!(error instanceof SyncError)) throw error;
    return questions.map(() => ({ ok: false, error }));
  }
}

function inOrder<Item>(
  items: readonly Item[],
  first: (item: Item) => boolean,
  ofFirst: readonly ItemResult[],
  ofOthers: readonly ItemResult[],
): ItemResult[] {
  const [left, right] = [[...ofFirst], [...ofOthers]];
  const unanswered = (): ItemResult => ({ ok: false, error: new SyncError('UNCONFIRMED', { message: 'no answer was kept for it' }) });
  return items.map((item) => (first(item) ? left : right).shift() ?? unanswered());
}
