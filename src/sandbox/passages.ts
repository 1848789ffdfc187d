// Cuts one text into the passages that are searched and quoted: sections with their heading path, fenced code kept whole, Markdown and
// simple HTML lightly stripped. Pure; knows neither index nor vendor.

export interface Passage {
  /** Headings above it, outermost first, ' > ' between them; '' for none. */
  readonly heading: string;
  /** Plain text. */
  readonly text: string;
}

/** A passage is closed at the next block once it has this many characters. */
const passageCharacters = 600;

interface Block {
  readonly level: number;
  readonly text: string;
}

/** The passages of a text, in its order. A text with headings and nothing below them still gives one passage. */
export function passagesOf(text: string): readonly Passage[] {
  const passages: Passage[] = [];
  const path: string[] = [];
  let open = '';
  const close = (): void => {
    if (open !== '') passages.push({ heading: path.filter((name) => name !== '').join(' > '), text: open });
    open = '';
  };
  for (const block of blocksOf(text)) {
    if (block.level > 0) {
      close();
      path.length = Math.min(path.length, block.level - 1);
      while (path.length < block.level - 1) path.push('');
      path.push(block.text);
    } else {
      if (open !== '' && open.length + block.text.length > passageCharacters) close();
      open = open === '' ? block.text : `${open}\n\n${block.text}`;
    }
  }
  close();
  if (passages.length === 0 && path.length > 0) return [{ heading: '', text: path.join(' ') }];
  return passages;
}

/** Headings (level 1…6) and blocks (level 0), plain. */
function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let lines: string[] = [];
  let fence = '';
  const close = (strip: boolean): void => {
    const block = (strip ? lines.map(plainLine).filter((line) => line !== null) : lines).join('\n').trim();
    if (block !== '') blocks.push({ level: 0, text: block });
    lines = [];
  };
  for (const line of markdownOf(text).split(/\r\n?|\n/)) {
    const mark = /^\s{0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence !== '') {
      if (mark?.startsWith(fence) === true && line.trim() === mark) {
        close(false);
        fence = '';
      } else lines.push(line);
      continue;
    }
    if (mark !== undefined) {
      close(true);
      fence = mark;
      continue;
    }
    const heading = headingOf(line);
    if (heading !== null) {
      close(true);
      blocks.push(heading);
    } else if (line.trim() === '') close(true);
    else lines.push(line);
  }
  close(fence === '');
  return blocks;
}

/** `## Title`, or `=== title ===`, by which a text for a whole bot sets its documents apart. */
function headingOf(line: string): Block | null {
  const sharp = /^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$/.exec(line);
  if (sharp?.[1] !== undefined) return { level: sharp[1].length, text: inline(sharp[2] ?? '') };
  const bar = /^={3,}\s+(.+?)\s+={3,}\s*$/.exec(line);
  return bar?.[1] === undefined ? null : { level: 1, text: inline(bar[1]) };
}

/** One line without its block marks; null for a line that holds nothing else (rules, the dashes below a table's head). */
function plainLine(line: string): string | null {
  if (/^\s*(?:[-*_]\s*){3,}$/.test(line) || /^\s*\|?(?:\s*:?-{2,}:?\s*\|)+\s*:?-*:?\s*\|?\s*$/.test(line)) return null;
  const row = /^\s*\|(.*)\|\s*$/.exec(line);
  const body =
    row?.[1] === undefined
      ? line
      : row[1]
          .split('|')
          .map((cell) => cell.trim())
          .join(' | ');
  return inline(body.replace(/^\s*>\s?/, ''));
}

function inline(text: string): string {
  return text
    .replace(/!?\[([^\]]*)\]\([^)\s]*(?:\s+"[^"]*")?\)/g, '$1')
    .replace(/\*\*([^*]+)\*\*/g, '$1')
    .replace(/(^|[^\w*])\*([^*\s][^*]*)\*(?![\w*])/g, '$1$2')
    .replace(/(^|\W)__([^_]+)__(?!\w)/g, '$1$2')
    .replace(/`+([^`]+)`+/g, '$1');
}

const tags =
  'p|div|section|article|ul|ol|li|table|thead|tbody|tr|td|th|br|hr|h[1-6]|strong|em|b|i|u|s|span|a|code|pre|blockquote|img|small|sup|sub';
const entities: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** HTML made into the little Markdown that is understood here; a text without block tags is left as it is. */
function markdownOf(text: string): string {
  if (!/<(?:p|div|h[1-6]|ul|ol|li|pre|table|br)\b[^>]*>/i.test(text)) return text;
  return text
    .replace(/<pre[^>]*>([\s\S]*?)<\/pre>/gi, (_whole, code: string) => `\n\n\`\`\`\n${code.trim()}\n\`\`\`\n\n`)
    .replace(
      /<h([1-6])[^>]*>([\s\S]*?)<\/h\1>/gi,
      (_whole, level: string, title: string) => `\n\n${'#'.repeat(Number(level))} ${title.trim()}\n\n`,
    )
    .replace(/<li[^>]*>/gi, '\n- ')
    .replace(/<\/(?:p|div|ul|ol|table|blockquote|section|article)>/gi, '\n\n')
    .replace(/<br\s*\/?>|<\/tr>/gi, '\n')
    .replace(/<\/t[dh]>/gi, ' | ')
    .replace(new RegExp(`</?(?:${tags})(?:\\s[^>]*)?/?>`, 'gi'), '')
    .replace(/&(#\d{1,7}|[a-z]{2,6});/gi, (whole, name: string) => entityOf(name) ?? whole);
}

function entityOf(name: string): string | null {
  if (!name.startsWith('#')) return Object.hasOwn(entities, name.toLowerCase()) ? (entities[name.toLowerCase()] ?? null) : null;
  const code = Number(name.slice(1));
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : null;
}
