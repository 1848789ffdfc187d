// A document's story for people.
import { type Given, whyNot } from '../cycle/given.ts';
import type { TargetConfig } from '../model/config.ts';
import type { KeptTest } from '../model/tests.ts';
import { visible } from '../plan/escape.ts';
import { short } from '../status/derive.ts';
import type { Story } from '../status/story.ts';
import type { Found } from './find-document.ts';
import type { Invocation } from './invocation.ts';
import type { Output } from './output.ts';

/** One target in the story. */
export interface TargetStory {
  readonly target: TargetConfig;
  readonly given: Given;
  readonly story: Story;
  /** The last verdicts of this bot on the document's golden questions. */
  readonly tests: readonly Pick<KeptTest, 'question' | 'verdict' | 'at' | 'tries' | 'reasons' | 'revision'>[];
}

/** Prints the story: first the document, then each bot. */
export function printStory(
  found: Found,
  commit: string | null,
  stories: readonly TargetStory[],
  { output }: Pick<Invocation, 'output'>,
): void {
  const { id, path, document, others } = found;
  const title = document?.title ?? stories.find(({ story }) => story.title !== null)?.story.title ?? null;
  const name = path === id ? id : `${id} (${path})`;
  output.data(output.style('strong', visible(title === null ? name : `${name}: ${title}`)));
  const fault = stories.find(({ given }) => given.kind === 'blocked')?.given;
  if (document === null) output.data(visible(`  ${fault === undefined ? 'not in the folder' : `its file is at fault: ${whyNot(fault)}`}`));
  else
    output.data(`  in the folder: ${document.kind}, ${commit === null ? 'no commit holds these bytes' : `as of commit ${short(commit)}`}`);
  if (others.length > 0) output.data(`  in the same file: ${visible(others.join(', '))}`);
  if (document !== null && document.tests.length > 0) output.data(`  golden questions: ${document.tests.length}`);
  for (const story of stories) printTarget(story, output);
}

function printTarget({ target, given, story, tests }: TargetStory, output: Output): void {
  const wanted = given.kind === 'payload' ? given.payload.fingerprint : null;
  const inStep = wanted === null ? story.training === null && story.forgetting.length === 0 : wanted === story.trainedFingerprint;
  const say = (text: string): void => output.data(`  ${visible(text)}`);
  output.data(
    `${output.style('strong', target.name)} (${target.vendor}): ${output.style(inStep ? 'good' : 'warn', visible(headline({ given, story })))}`,
  );
  if (story.pushedAt !== null) say(`given ${revision(story.pushedCommit, story.pushedFingerprint)} at ${story.pushedAt}`);
  if (story.trainedAt !== null) say(`trained ${revision(story.trainedCommit, story.trainedFingerprint)} at ${story.trainedAt}`);
  for (const { part, remoteId, mark, training } of story.items) {
    say(`item ${remoteId ?? 'without an id'}${part === '' ? '' : ` (part ${part})`}, named ${mark}: ${training}`);
  }
  for (const { remoteId, why, removable } of story.leftovers) say(`left over: ${remoteId}, ${why}, ${removableWords[removable]}`);
  for (const { remoteId, since } of story.forgetting) say(`deleted at ${since}, not seen to be forgotten: ${remoteId}`);
  for (const { id, action } of story.unconfirmed) say(`${id ?? 'unconfirmed'}: ${action}, outcome not known; see kbsync todo`);
  for (const { id, action, how } of story.todos) say(`${id}: ${action} by hand: ${how}`);
  for (const { id, message } of story.held) say(`held ${id}: ${message}`);
  if (story.retracted !== null) say(`kept out since ${story.retracted} by kbsync retract`);
  for (const { question, verdict, at, revision, reasons } of tests) {
    const why = reasons.length === 0 ? '' : `: ${reasons.join('; ')}`;
    say(`test at ${at}${revision === null ? '' : ` of ${revision}`}: ${verdict}: ${question}${why}`);
  }
  if (story.error !== null) {
    const words = story.error.vendor === null ? '' : ` (the vendor says: ${story.error.vendor})`;
    say(`last error: ${story.error.message}${words}; next: ${story.error.next}`);
  }
}

const removableWords = {
  now: 'goes with the next sync',
  'once-trained': 'goes once the new copy is trained',
  'by-hand': 'to be removed by hand',
};

/** What this bot knows of it, against what it shall know. */
function headline({ given, story }: Pick<TargetStory, 'given' | 'story'>): string {
  const why = whyNot(given);
  if (why !== null) {
    if (story.training !== null) return `is to have none of it (${why}), and still holds it`;
    return story.forgetting.length > 0 ? `was told to forget it (${why})` : `has none of it: ${why}`;
  }
  if (story.training === null) return 'not there yet';
  const wanted = given.kind === 'payload' ? given.payload.fingerprint : null;
  if (story.trainedFingerprint === wanted) return 'knows it as it is in the folder';
  const knows =
    story.trainedFingerprint === null
      ? 'is not known to know any of it'
      : `still knows ${revision(story.trainedCommit, story.trainedFingerprint)}`;
  return story.pushedFingerprint === wanted
    ? `${knows}; the present text is there and ${story.training}`
    : `${knows}; the present text is not there yet`;
}

function revision(commit: string | null, fingerprint: string | null): string {
  const name = commit ?? fingerprint;
  return name === null ? 'unknown text' : short(name);
}
