// Answers as an event stream: whole whatever the wire does to lines and characters, and never taken for whole when it broke off.
import { describe, expect, it } from 'vitest';
import { answerInStream } from '../../src/connectors/chatthing/stream.ts';
import { world } from '../support/bots.ts';
import { syncVerifyIn } from '../support/verifying.ts';

const chunk = (delta: object, reason: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: reason }] })}`;

describe('the text of a stream', () => {
  it.each(['\n\n', '\n', '\r\n\r\n', '\r\n'])('is that of its chunks, with %j between them', (end) => {
    const events = [
      chunk({ role: 'assistant' }),
      ': a comment',
      'event: x',
      chunk({ content: 'Grüße ' }),
      'data: {half',
      chunk({ content: '🐜' }),
      chunk({}, 'stop'),
    ];
    expect(answerInStream([...events, 'data: [DONE]', ''].join(end))).toBe('Grüße 🐜');
    expect(answerInStream(events.join(end))).toBe('Grüße 🐜');
  });

  it('that ends neither way broke off', () => {
    expect(() => answerInStream(`${chunk({ content: 'Grü' })}\n\n`)).toThrow('broke off');
    expect(() => answerInStream('')).toThrow('broke off');
  });
});

it.each([1, 3, 7, null])('over the wire in pieces of %s bytes, the answer is whole', async (streamPiece) => {
  const bot = await world('chatthing', { streamPiece });
  bot.configure({ extra: 'streamAnswers: true' });
  bot.write({
    'ants.md':
      '---\nkb:\n  tests:\n    - ask: Was trägt die Ameise 🐜 über die Brücke?\n      expect: ["trägt ein grünes Blatt 🍃 über die Brücke"]\n---\nDie Ameise 🐜 trägt ein grünes Blatt 🍃 über die Brücke.\n',
  });
  try {
    const { tests, exitCode } = await syncVerifyIn(bot);
    expect(tests.map(({ verdict, answer }) => [verdict, answer])).toEqual([
      ['pass', 'Die Ameise 🐜 trägt ein grünes Blatt 🍃 über die Brücke.'],
    ]);
    expect(exitCode).toBe(0);
  } finally {
    await bot.close();
  }
});
