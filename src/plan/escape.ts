// Text from files and vendors made harmless where it is printed: what a terminal or a Markdown reader would act on becomes visible.

/**
 * Controls (ESC and line ends too), soft hyphens, directional and zero-width characters, fillers, tags, lone surrogates and separators:
 * all that can hide, reorder or forge a line.
 */
const unseen =
  /[\p{Cc}\p{Cs}\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb]|\u034f|[\u{e0000}-\u{e0fff}]/gu;

/** One line of plain text: everything that does not show is written as its code, `\u001b`. */
export function visible(text: string): string {
  return text.replace(unseen, (found) => {
    const code = found.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** JSON that says the same and shows all that it holds: a terminal would act on some characters that JSON lets stand in strings. */
export function visibleJson(json: string): string {
  return json.replace(unseen, (found) => {
    if (found === '\n') return found;
    return [...Array(found.length).keys()].map((at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');
  });
}

/**
 * `visible` inside Markdown, table cells included: no markup, HTML, link, mention or cell border comes out of it. GitHub and GitLab look for mentions in
 * what is rendered, where an entity is the sign itself: nothing must follow it directly.
 */
export function markdownText(text: string): string {
  return visible(text)
    .replace(/[\\`*_{}[\]()#!~$^]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/\|/g, '\\|')
    .replace(/@/g, '&#64;&#8203;')
    .replace(/:\/\//g, '&#58;//')
    .replace(/www\./gi, (found) => `${found.slice(0, 3)}&#46;`)
    .replace(/^( *)([-+=]|\d+[.)])/, '$1&#8203;$2');
}

/** A block of text that a Markdown reader shows as it is, whatever fences it contains. */
export function markdownBlock(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${visibleLines(text)}\n${fence}`;
}

/** Several lines of plain text: line ends stay, all else as in `visible`. */
export function visibleLines(text: string): string {
  return text
    .replace(/\r\n/g, '\n')
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => line.split('\t').map(visible).join('\t'))
    .join('\n');
}
