import { describe, expect, it } from 'vitest';
import { keyText, nearest } from '../../src/config/problem.ts';

describe('did you mean', () => {
  it.each([
    ['chatthin', 'chatthing'],
    ['chatthign', 'chatthing'],
    ['ChatThing', 'chatthing'],
    ['sitgpt', 'sitegpt'],
    ['secret_key', 'secretKey'],
    ['botID', 'botId'],
    ['audiance', 'audience'],
  ])('%s is taken for %s', (word, meant) => {
    expect(nearest(word, ['chatthing', 'sitegpt', 'secretKey', 'botId', 'audience'])).toBe(meant);
  });

  it.each(['', 'x', 'zendesk', 'bot', 'ab', 'chat'])('%s is taken for nothing', (word) => {
    expect(nearest(word, ['chatthing', 'sitegpt', 'secretKey', 'after', 'q'])).toBe(null);
  });
});

describe('a key in words', () => {
  it('reads as it would be written in code', () => {
    expect(keyText(['targets', 0, 'rate', 'perMinute'])).toBe('targets[0].rate.perMinute');
    expect(keyText(['a b', 'c.d'])).toBe('["a b"]["c.d"]');
    expect(keyText([])).toBe('');
  });
});
