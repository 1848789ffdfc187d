// Proof that one bot has forgotten a document: what was known of it before it went, and what the bot says when it is asked afterwards.
import type { Answer } from '../model/answer.ts';
import type { Document, DocumentId } from '../model/document.ts';
import { asSyncError } from '../model/error.ts';
import type { TargetState } from '../model/record.ts';
import { type Forgotten, type ForgottenVerdict, judgeForgotten, questionsAbout, says } from '../verify/forgotten.ts';
import { resolveSources } from '../verify/sources.ts';
import type { CycleContext } from './context.ts';
import type { Folder } from './folder.ts';
import { covers, keptOut } from './kept-out.ts';
import { callsOf, containerOf } from './plan-target.ts';

/** One question and what came of it. */
export interface ProofRow {
  readonly question: string;
  /** Null: there was no answer to judge. */
  readonly answer: string | null;
  readonly sources: Answer['sources'];
  readonly verdict: ForgottenVerdict;
  /** What gave it away, or why there is nothing to judge. */
  readonly reason: string | null;
}

/** What is to be forgotten, gathered while the state and the kept texts still hold it. */
export interface ToForget {
  readonly id: DocumentId;
  /** The state before the document went. */
  readonly before: TargetState;
  readonly questions: readonly string[];
  readonly forgotten: Omit<Forgotten, 'staysElsewhere'>;
}

/** Gathers names, texts and questions of a document. To be called before the run that takes it out: that run sweeps its texts away. */
export function toForget(id: DocumentId, context: CycleContext, folder: Folder): ToForget {
  const { memory, texts, connection, config } = context;
  const before: TargetState = { ...memory.state, records: { ...memory.state.records } };
  const records = Object.entries(before.records).filter(([document]) => covers(id, document));
  const files = filesOf(id, before, folder);
  const documents = new Set([id, ...records.map(([document]) => document), ...files.map((document) => document.id)]);
  const kept = records.flatMap(([, { pushed }]) => (pushed === null ? [] : [texts.get(pushed)])).filter((given) => given !== null);
  const given = kept.flatMap(({ parts, body }) => [...parts.map(({ text }) => text), body]);
  const words = given.length > 0 ? given : files.flatMap((document) => textOf(document, folder));
  const write = (document: DocumentId) => connection.target.marks.write({ workspace: config.name, document, part: '', effect: '' });
  const names = [
    ...records.flatMap(([, { items }]) => items.flatMap(({ remoteId, mark }) => [mark, ...(remoteId === null ? [] : [remoteId])])),
    ...before.leftovers.flatMap(({ document, remoteId, mark }) =>
      documents.has(document) ? [remoteId, ...(mark === null ? [] : [mark])] : [],
    ),
    ...before.forgetting.flatMap(({ document, remoteId }) => (documents.has(document) ? [remoteId] : [])),
    ...[...documents].map(write),
  ];
  const others = Object.entries(before.records).filter(([document]) => !documents.has(document));
  const own = (values: readonly (string | null)[], theirs: readonly (string | null)[]) =>
    new Set(values.filter((value) => value !== null && !theirs.includes(value)) as string[]);
  const title = records[0]?.[1].title ?? files[0]?.title ?? id;
  const asked = [
    ...files.flatMap((document) => (document.kind === 'qa' ? [document.question] : [])),
    ...records.flatMap(([document, record]) => (document.includes('#qa-') ? [record.title] : [])),
    ...files.flatMap((document) => document.tests.map((test) => test.ask)),
  ];
  return {
    id,
    before,
    questions: questionsAbout(title, asked, words),
    forgotten: {
      documents,
      names: new Set(names),
      titles: own(
        [...records.map(([, record]) => record.title), ...files.map((document) => document.title)],
        others.map(([, record]) => record.title),
      ),
      urls: own(
        [...records.map(([, record]) => record.url), ...files.map((document) => document.url)],
        others.map(([, record]) => record.url),
      ),
      texts: words,
    },
  };
}

/** What the folder still has of it, as it was when it was retracted. */
function filesOf(id: DocumentId, state: TargetState, folder: Folder): readonly Document[] {
  const { out } = keptOut(state, folder);
  return folder.scan.documents.filter((document) => out.get(document.id) === id);
}

function textOf(document: Document, { scan }: Folder): string[] {
  try {
    return [scan.text(document)];
  } catch (thrown) {
    // Changed since it was scanned: what it says now is not what is to be forgotten.
    if (asSyncError(thrown).code === 'UNEXPECTED') throw thrown;
    return [];
  }
}

/** Asks the bot, one message of the customer's a question, and judges what it says. A bot that cannot be asked is never handed in. */
export async function prove(
  context: CycleContext,
  folder: Folder,
  { before, questions, forgotten }: ToForget,
): Promise<readonly ProofRow[]> {
  const rows: ProofRow[] = [];
  const staysElsewhere = wordsElsewhere(context, folder, forgotten.documents);
  for (const question of questions) {
    if (context.stop.aborted) break;
    rows.push(await proofOf(question, context, before, { ...forgotten, staysElsewhere }));
  }
  return rows;
}

async function proofOf(question: string, context: CycleContext, before: TargetState, forgotten: Forgotten): Promise<ProofRow> {
  const { target } = context.connection;
  try {
    const answer = await target.ask?.(question, { ...callsOf(context), container: containerOf(context) });
    if (answer === undefined) return { question, answer: null, sources: [], verdict: 'inconclusive', reason: 'it cannot be asked' };
    const sources = resolveSources(answer.sources, before);
    return { question, answer: answer.text, sources, ...judgeForgotten(question, { text: answer.text, sources }, forgotten) };
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED') throw thrown;
    const words = error.vendor === null ? '' : ` (the vendor says: ${error.vendor})`;
    return { question, answer: null, sources: [], verdict: 'inconclusive', reason: `${error.message}${words}` };
  }
}

/** Whether another document that the bot holds says the same words. */
function wordsElsewhere({ memory, texts }: CycleContext, folder: Folder, gone: ReadonlySet<DocumentId>): (words: string) => boolean {
  return (words) => {
    const files = new Map(folder.scan.documents.map((document) => [document.id, document]));
    return Object.entries(memory.state.records).some(([document, { pushed, items }]) => {
      if (gone.has(document) || items.length === 0) return false;
      const given = pushed === null ? null : texts.get(pushed);
      if (given !== null) return given.parts.some(({ title, text }) => says(title, words) || says(text, words));
      const file = files.get(document);
      return file !== undefined && textOf(file, folder).some((text) => says(text, words));
    });
  };
}
