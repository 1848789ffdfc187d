// Texts that would keep the Markdown grammar busy for minutes: refused before they are parsed, since nothing else runs meanwhile. Owns the
// measure, which is linear; that a mebibyte of anything else takes seconds is bounded by the size of files.

/** A RangeError, as the grammar's own "Maximum call stack size exceeded" is: whoever expects one is not surprised by the other. */
export class HeavyText extends RangeError {}

/** Nobody reads on the hundredth level of a quote. */
const mostNested = 100;
/** Quotes and list items of one text; the time they take grows with the square of their number. */
const mostContainers = 20_000;

/** Headings that are underlined, and rules that may be such underlines: the same. */
const mostUnderlines = 5_000;

const underline = /^ {0,3}(?:=+|-+)[ \t]*$/gm;
const markers = /^(?:[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])(?![^ \t\n])))+/gm;

/** Throws HeavyText. */
export function refuseHeavy(text: string): void {
  let underlines = 0;
  for (const _ of text.matchAll(underline)) {
    underlines += 1;
    if (underlines > mostUnderlines)
      throw new HeavyText(`has more than ${mostUnderlines} underlined headings: make several documents of it`);
  }
  let containers = 0;
  for (const [found] of text.matchAll(markers)) {
    const nested = found.match(/[>\-+*.)]/g)?.length ?? 0;
    containers += nested;
    if (nested > mostNested) throw new HeavyText(`nests lists or quotes more than ${mostNested} levels deep on one line`);
    if (containers > mostContainers)
      throw new HeavyText(`has more than ${mostContainers} list items and quoted lines: make several documents of it`);
  }
}
