// What an answer rests on where the vendor does not say: our best match, marked as such.
import type { AnswerSource } from '../model/answer.ts';
import type { DocumentId } from '../model/document.ts';
import { asSyncError } from '../model/error.ts';
import { contentWords } from '../verify/terms.ts';
import { saysUnknown } from '../verify/vain.ts';
import type { Workspace } from '../workspace.ts';
import type { Output } from './output.ts';
import { type Passages, readPassages } from './passages.ts';

/** A source; `matched`: the vendor named none, and this is the document of ours whose words the answer is most like. */
export interface MatchedSource extends AnswerSource {
  readonly matched: boolean;
}

interface Answered {
  readonly answer: string | null;
  readonly sources: readonly MatchedSource[];
  readonly given: ReadonlySet<DocumentId>;
}

/** Share of an answer's words, the rare ones first, that one passage must hold: bots reword, but they keep the terms. */
const enough = 0.5;
/** An answer is told by its first words; the question belongs to what it is about. */
const mostWords = 60;

/** Fills in a match where a vendor named no source. A folder that cannot be read keeps no answer back. */
export async function withMatches<One extends Answered>(
  asked: readonly One[],
  question: string,
  workspace: Workspace,
  output: Output,
): Promise<readonly One[]> {
  const needs = asked.some((one) => isOpen(one));
  if (!needs) return asked;
  const passages = await read(workspace, output);
  if (passages === null) return asked;
  return asked.map((one) => (isOpen(one) ? { ...one, sources: matchOf(one, question, passages) } : one));
}

function isOpen({ answer, sources, given }: Answered): boolean {
  return answer !== null && answer.trim() !== '' && sources.length === 0 && given.size > 0 && !saysUnknown(answer);
}

async function read(workspace: Workspace, output: Output): Promise<Passages | null> {
  try {
    const passages = await readPassages(await workspace.readFolder());
    await workspace.saveCache();
    return passages;
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED') throw thrown;
    output.talk(`the documents cannot be compared with the answers: ${error.message}`);
    return null;
  }
}

function matchOf({ answer, given }: Answered, question: string, passages: Passages): readonly MatchedSource[] {
  const words = [...new Set(contentWords(answer ?? ''))].slice(0, mostWords);
  // An answer of a word or two is told by the question that it answers.
  const asked = words.length < 4 ? [...new Set([...words, ...contentWords(question)])] : words;
  const found = passages.nearest(asked, (document) => given.has(document));
  if (found === null || found.coverage < enough) return [];
  const document = passages.documents.get(found.document);
  return [{ document: found.document, title: document?.title ?? null, url: document?.url ?? null, matched: true }];
}
