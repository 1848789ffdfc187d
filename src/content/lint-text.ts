// What of a Markdown text is code and what is a comment, line by line and without a parser, for the rules of lint: they look at every
// changed file, and a tree of each would cost more than the whole scan. Offsets stay those of the text. Pure.

/** UTF-16 offsets, the end not included. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

export interface Surface {
  /** The text with code blanked out, as long as it was. */
  readonly prose: string;
  /** Outside code: those of HTML and those of MDX, their marks included. */
  readonly comments: readonly Stretch[];
}

const fence = /^(?:[ \t]|[-*+>]|\d+[.)])*(`{3,}|~{3,})(?!.*`.*$)|^(?:[ \t]|[-*+>]|\d+[.)])*(~{3,})/;

/** Blanks code out of a text and finds its comments. */
export function surfaceOf(text: string): Surface {
  const withoutBlocks = /`{3}|~{3}/.test(text) ? withoutFences(text) : text;
  const code = withoutBlocks.includes('`') ? inlineCode(withoutBlocks) : [];
  const comments = [...commentsIn(withoutBlocks, '<!--', '-->', code), ...commentsIn(withoutBlocks, '{/*', '*/}', code)];
  comments.sort((a, b) => a.start - b.start);
  return { prose: code.length === 0 ? withoutBlocks : withoutInlineCode(withoutBlocks, code, comments), comments };
}

/** An opening fence outside a comment begins a block, which only a fence as long ends; one that nothing ends goes on to the last line. */
function withoutFences(text: string): string {
  let open: string | null = null;
  let isComment = false;
  return text
    .split('\n')
    .map((line) => {
      if (open !== null) {
        const mark = /^(?:[ \t]|>)*(`{3,}|~{3,})[ \t]*$/.exec(line)?.[1];
        if (mark !== undefined && mark[0] === open[0] && mark.length >= open.length) open = null;
        return blank(line);
      }
      const found = isComment ? null : fence.exec(line);
      if (found === null) {
        isComment = endsInComment(line, isComment);
        return line;
      }
      open = found[1] ?? found[2] ?? '```';
      return blank(line);
    })
    .join('\n');
}

function endsInComment(line: string, before: boolean): boolean {
  const start = line.lastIndexOf('<!--');
  const end = line.lastIndexOf('-->');
  return start < 0 && end < 0 ? before : start > end;
}

/** `<!--` in code that a line holds is no comment. */
function commentsIn(text: string, open: string, close: string, code: readonly Stretch[]): readonly Stretch[] {
  const found: Stretch[] = [];
  let next = 0;
  for (let start = text.indexOf(open); start >= 0; ) {
    while ((code[next]?.end ?? Number.POSITIVE_INFINITY) <= start) next += 1;
    const isCode = (code[next]?.start ?? Number.POSITIVE_INFINITY) < start;
    const end = isCode ? start : text.indexOf(close, start + open.length);
    // Nothing that never closes hides anything on purpose: most of it is no comment.
    if (end < 0) break;
    if (!isCode) found.push({ start, end: end + close.length });
    start = text.indexOf(open, isCode ? start + open.length : end + close.length);
  }
  return found;
}

function withoutInlineCode(text: string, code: readonly Stretch[], comments: readonly Stretch[]): string {
  const pieces: string[] = [];
  let cursor = 0;
  let next = 0;
  for (const { start, end } of code) {
    while ((comments[next]?.end ?? Number.POSITIVE_INFINITY) <= start) next += 1;
    // Ticks in a comment make no code: nobody sees them.
    if ((comments[next]?.start ?? Number.POSITIVE_INFINITY) < end) continue;
    pieces.push(text.slice(cursor, start), blank(text.slice(start, end)));
    cursor = end;
  }
  return pieces.join('') + text.slice(cursor);
}

/** Code spans: from a run of ticks to the next run as long, at most to the end of the paragraph. */
function inlineCode(text: string): readonly Stretch[] {
  const runs = [...text.matchAll(/`+|\n[ \t]*\n/g)].map((match) => ({
    start: match.index,
    length: match[0].startsWith('`') ? match[0].length : 0,
  }));
  const found: Stretch[] = [];
  for (let index = 0; index < runs.length; index += 1) {
    const run = runs[index];
    if (run === undefined || run.length === 0) continue;
    for (let next = index + 1; next < runs.length; next += 1) {
      const other = runs[next];
      if (other === undefined || other.length === 0) break;
      if (other.length !== run.length) continue;
      found.push({ start: run.start, end: other.start + other.length });
      index = next;
      break;
    }
  }
  return found;
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}
