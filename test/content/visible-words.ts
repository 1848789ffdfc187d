// A second opinion on what readers of a page see: crude, by regular expressions, and written apart from the renderer, so that it does not
// share its misunderstandings. For tests only.

/** Words as a multiset: letters and digits in lower case → how often. */
export function wordsOf(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** Words of the first that are not, or not as often, in the second. */
export function missingWords(source: string, payload: string): readonly string[] {
  const have = wordsOf(payload);
  return [...wordsOf(source)]
    .filter(([word, count]) => (have.get(word) ?? 0) < count)
    .map(([word, count]) => `${word} ×${count - (have.get(word) ?? 0)}`);
}

/** The words of a Markdown-like source that a reader of the page sees. Code blocks count as they are. */
export function visibleText(source: string): string {
  const body = source.replace(/^(---\w*|\+\+\+)\n[\s\S]*?\n(---|\+\+\+)\n/, '');
  const pieces = body.split(/^([ \t]*(?:```|~~~)[\s\S]*?^[ \t]*(?:```|~~~)[ \t]*)$/m);
  return pieces.map((piece, index) => (index % 2 === 1 ? visibleCode(piece) : visibleProse(piece))).join('\n');
}

/** The language is drawn as colours; a title or tab label behind it is read. */
function visibleCode(piece: string): string {
  const lines = piece.trim().split('\n').slice(1, -1);
  return lines.filter((line) => !/-+8<-+/.test(line)).join('\n');
}

const shown = /\b(?:title|label|text|description|caption|alt|header|summary|name)=(?:"([^"]*)"|'([^']*)')/g;

function visibleProse(text: string): string {
  const attributes = (tag: string) => ` ${[...tag.matchAll(shown)].map((match) => match[1] ?? match[2] ?? '').join(' ')} `;
  return text
    .replace(/<!--[\s\S]*?-->|\{\/\*[\s\S]*?\*\/\}/g, ' ')
    .replace(/<(script|style)\b[\s\S]*?<\/\1>/g, ' ')
    .replace(/^(?:import|export)\s.*$/gm, ' ')
    .replace(/^[ \t]*;?-+8<-+.*$|^<<<.*$/gm, ' ')
    .replace(/\{\{[<%][\s\S]*?[>%]\}\}/g, attributes)
    .replace(/<\/?[A-Za-z][^<>]*(?:\{[^{}]*\}[^<>]*)*>/g, attributes)
    .replace(/\{\{[^{}]*\}\}/g, ' ')
    .replace(/\{"([^"]*)"\}/g, '$1')
    .replace(/\{[^{}]*\}/g, ' ')
    .replace(/^([ \t]*)(?:!!!|\?\?\?\+?)[ \t]+\w+/gm, '$1')
    .replace(/^([ \t]*:{3,})[ \t]*(?:note|tip|info|warning|danger|caution|details|code-group)?/gm, '$1')
    .replace(/\]\([^()\s]*(?:\([^()]*\))?[^()]*\)/g, ' ')
    .replace(/^([ \t]*)\d+[.)][ \t]/gm, '$1')
    .replace(/\[\[toc\]\]|\[TOC\]|:material-\w+:/g, ' ');
}
