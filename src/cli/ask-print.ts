// Answers for people: one block a bot, and below all of them where they contradict each other.
import type { AnswerSource } from '../model/answer.ts';
import { visible, visibleLines } from '../plan/escape.ts';
import type { Disagreement } from '../verify/disagree.ts';
import { saysUnknown } from '../verify/vain.ts';
import type { Asked } from './ask.ts';
import type { MatchedSource } from './ask-match.ts';
import type { Output } from './output.ts';

/** Side by side means one below the other at the width of a terminal: five columns would be eleven letters each. */
const width = 78;

/** One bot's answer, or what kept it from answering. `wrap`: lines are broken at spaces. */
export function printAnswer({ target, answer, sources, error }: Asked, wrap: boolean, output: Output): void {
  output.data(output.style('strong', `${target.name} (${target.vendor})`));
  if (error !== null) {
    const words = error.vendor === null ? '' : ` (the vendor says: ${error.vendor})`;
    output.data(`  ${output.style('bad', 'error')}: ${visible(`${error.message}${words}`)}`);
    output.data(`    next: ${visible(error.next)}`);
    return;
  }
  for (const line of visibleLines(answer ?? '').split('\n')) for (const piece of wrap ? wrapped(line) : [line]) output.data(`  ${piece}`);
  if (!sources.some(({ matched }) => !matched)) output.data(`  ${output.style('dim', 'the vendor named no source')}`);
  for (const source of sources) output.data(`  ${output.style('dim', wordOf(source))} ${visible(sourceLine(source))}`);
}

function wordOf({ matched }: MatchedSource): string {
  return matched ? 'our match:' : 'rests on';
}

function sourceLine({ document, title, url }: AnswerSource): string {
  const name = [document, title === null || title === document ? null : document === null ? title : `(${title})`, url];
  return name.filter((part) => part !== null).join(' ');
}

/** A word that is longer than a line stays whole: it may be an address. */
function wrapped(line: string): readonly string[] {
  const lines: string[] = [];
  let open = '';
  for (const word of line.split(' ')) {
    if (open !== '' && open.length + 1 + word.length > width) {
      lines.push(open);
      open = word;
    } else open = open === '' ? word : `${open} ${word}`;
  }
  return [...lines, open];
}

const kindWords: Readonly<Record<Disagreement['kind'], string>> = {
  duration: 'a duration',
  amount: 'an amount',
  share: 'a percentage',
  size: 'a size',
  date: 'a date',
  count: 'a number',
  link: 'a link',
  'yes-no': 'yes or no',
};

/** Where the answers contradict each other, or that no such place was found, which is not that they agree. */
export function printDisagreements(asked: readonly Asked[], found: readonly Disagreement[], output: Output): void {
  const answered = asked.filter(({ answer }) => answer !== null);
  if (answered.length < 2) return;
  const unknowing = answered.filter(({ answer }) => saysUnknown(answer ?? '')).map(({ target }) => target.name);
  output.data('');
  for (const { kind, of, sides } of found) {
    const about = kind === 'count' ? ` (${visible(of)})` : '';
    const said = sides.map(
      ({ targets, says }) => `${targets.join(', ')} ${targets.length === 1 ? 'says' : 'say'} ${says.map(visible).join(', ')}`,
    );
    output.data(`${output.style('bad', 'they disagree')} on ${kindWords[kind]}${about}: ${said.join('; ')}`);
  }
  if (unknowing.length > 0 && unknowing.length < answered.length)
    output.data(`${output.style('warn', 'does not know')}: ${unknowing.join(', ')}`);
  if (found.length === 0)
    output.data(output.style('dim', 'no difference in figures, dates, links, or yes and no was found; more is not compared'));
}
