// Headings as a reader sees them, also those that no author ever wrote.
import { describe, expect, it } from 'vitest';
import { firstHeading, headingText } from '../../src/content/title.ts';

describe('headings', () => {
  it.each([
    ['# Reset', 'Reset'],
    ['# Reset #', 'Reset'],
    ['# Reset ## ', 'Reset'],
    ['# C#', 'C#'],
    ['# #', ''],
    ['#', ''],
    ['#\tTab', 'Tab'],
    ['### **Bold** [link](a.md) `code`  {#id}', 'Bold link code'],
    ['Under\nscored\n===', 'Under scored'],
    ['Under\n  ---  ', 'Under'],
    ['#hashtag', '#hashtag'],
  ])('%j reads %j', (source, words) => {
    expect(headingText(source)).toBe(words);
  });

  it('only level one is a title, outside code and comments', () => {
    expect(firstHeading('## Two\n\n```\n# code\n```\n<!--\n# no\n-->\n# One #\n')).toEqual({ text: 'One', firstLine: 8, lastLine: 8 });
    expect(firstHeading('#\n\nTop\n===')).toEqual({ text: 'Top', firstLine: 2, lastLine: 3 });
    expect(firstHeading('#hashtag')).toBeNull();
  });

  // Each took time that grows with the square or worse, half a minute and more.
  it.each([
    ['emphasis never closed', '**a '.repeat(100_000)],
    ['code never closed', '` '.repeat(200_000)],
    ['spaces', `a${' '.repeat(400_000)}b`],
    ['number signs', `a ${'# '.repeat(200_000)}b`],
    ['brackets', '[a]('.repeat(100_000)],
  ])('a line of %s is read at once, and nothing of it is lost', (_, line) => {
    expect(firstHeading(`# ${line}`)?.text).toBe(line.replace(/ +/g, ' ').trim());
  });
});
