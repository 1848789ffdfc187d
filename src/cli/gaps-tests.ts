// `gaps --as-tests`: drafts of golden questions from what users asked in vain. Drafts expect nothing, so that none can pass, and say so. Pure.
import { visible } from '../plan/escape.ts';
import type { Gap } from './gaps-map.ts';
import { addressOf } from './gaps-report.ts';

/** By which drafts are found. That a draft expects nothing is what keeps it from being asked. */
const draftTag = 'draft';

/** A `*.golden.yaml` with one draft a gap; '' where there is none. The questions in it are masked by whoever hands them in. */
export function draftTests(gaps: readonly Gap[], since: string): string {
  const head = [
    `# Drafted by kbsync gaps from what users asked in vain since ${since.slice(0, 10)}. A draft proves nothing and does not count: say under`,
    `# expect what a right answer holds, read the question once more for personal data, and take the tag "${draftTag}" out.`,
  ];
  if (gaps.length === 0) return `${[...head, '[]'].join('\n')}\n`;
  return `${[...head, ...gaps.flatMap((gap) => ['', ...draftOf(gap)])].join('\n')}\n`;
}

function draftOf({ question, count, targets, nearest, last }: Gap): readonly string[] {
  const times = count === 1 ? 'once' : `${count} times`;
  const where =
    nearest === null
      ? 'no document is near: to be written'
      : `nearest: ${addressOf(nearest)} (covers ${Math.round(nearest.coverage * 100)} %)`;
  return [
    // A comment ends with its line, and `visible` leaves none in it.
    `# asked ${times}${last === null ? '' : `, last on ${last.slice(0, 10)}`}; ${visible(where)}`,
    `- ask: ${quoted(question)}`,
    '  expect: [] # TODO: what a right answer says',
    `  targets: [${targets.map(({ target }) => quoted(target)).join(', ')}]`,
    `  tags: [${draftTag}]`,
  ];
}

/** A JSON text is a YAML one; what does not show is written as its code first. */
function quoted(text: string): string {
  return JSON.stringify(visible(text));
}
