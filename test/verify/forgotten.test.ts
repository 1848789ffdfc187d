// What counts as still known, as forgotten, and as nothing to go by.
import { describe, expect, it } from 'vitest';
import { type Forgotten, judgeForgotten, questionsAbout, runsOf, says, verdictOf } from '../../src/verify/forgotten.ts';

const text = '# Refunds\n\nEvery refund is paid out in golden zebras within nine working days.\n';
const facts = (more: Partial<Forgotten> = {}): Forgotten => ({
  documents: new Set(['prices.md']),
  names: new Set(['r-1', 'docs:prices.md']),
  titles: new Set(['Prices']),
  urls: new Set(['https://docs.example.com/prices']),
  texts: [text],
  staysElsewhere: () => false,
  ...more,
});
const judge = (answer: string, sources: Parameters<typeof judgeForgotten>[1]['sources'] = [], more: Partial<Forgotten> = {}) =>
  judgeForgotten('What about refunds?', { text: answer, sources }, facts(more));
const source = (more: object) => ({ document: null, title: null, url: null, ...more });

describe('an answer', () => {
  it.each([
    ['the document', source({ document: 'prices.md' })],
    ['an id at the vendor', source({ title: 'r-1' })],
    ['our mark', source({ title: 'docs:prices.md' })],
    ['its title', source({ title: 'Prices' })],
    ['its page', source({ url: 'https://docs.example.com/prices' })],
  ])('that rests on %s shows that it is known', (_, named) => {
    expect(judge('Something.', [named]).verdict).toBe('known');
  });

  it('that rests on something else proves nothing', () => {
    expect(judge("I don't know.", [source({ title: 'Costs', url: 'https://docs.example.com/costs' })])).toEqual({
      verdict: 'clear',
      reason: null,
    });
  });

  it.each([
    ['word for word', 'Sure: every refund is paid out in golden zebras, always.'],
    ['in other typography', '**EVERY refund** is *paid out*:\n\nin “golden” ZEBRAS!'],
  ])('that says eight of its words in a row shows it: %s', (_, answer) => {
    expect(judge(answer)).toMatchObject({
      verdict: 'known',
      reason: expect.stringContaining('every refund is paid out in golden zebras') as string,
    });
  });

  it('that says seven of them, or what another document says too, or what the question said, does not', () => {
    expect(judge('Every refund is paid out in golden.').verdict).toBe('clear');
    expect(judge('Every refund is paid out in golden zebras.', [], { staysElsewhere: () => true }).verdict).toBe('clear');
    const question = 'Is it true that every refund is paid out in golden zebras?';
    expect(judgeForgotten(question, { text: `${question} I do not know.`, sources: [] }, facts()).verdict).toBe('clear');
  });

  it('is asked for elsewhere only where it says such words', () => {
    const asked: string[] = [];
    const staysElsewhere = (words: string) => asked.push(words) === 0;
    judge('Nothing of it.', [], { staysElsewhere });
    expect(asked).toEqual([]);
  });
});

it('a text without eight words in a row is known by its lines; a script without spaces by its characters', () => {
  expect([...runsOf(['# Pay\n\nThe boss earns zebras.\n\nYes.\n'])]).toEqual(['the boss earns zebras']);
  expect(judge('払い戻しは七営業日以内に行われます。', [], { texts: ['払い戻しは七営業日以内に行われます。'] }).verdict).toBe('known');
  expect(says('The boss\nearns zebras', 'boss earns zebras')).toBe(true);
  expect(says('The boss earns zebrasx', 'boss earns zebras')).toBe(false);
});

it('asks what the document itself asks, else about its title and headings, three times at most', () => {
  expect(questionsAbout('Prices', ['How?', ' How? ', 'Why?', 'Who?', 'When?'], [text])).toEqual(['How?', 'Why?', 'Who?']);
  expect(questionsAbout('Prices', [], ['## One\n```sh\n# not this\n```\n### **Two** ##\n## One\n'])).toEqual([
    'What does "Prices" say about One?',
    'What does "Prices" say about Two?',
    'What does "Prices" say?',
  ]);
  expect(questionsAbout('Refunds', [], [text])).toEqual(['What does "Refunds" say?']);
  // A heading that asks is asked as it is; nothing ends in two marks.
  expect(questionsAbout('Help!', [], ['## How do I pay??\n## Deadlines:\n## Never asked\n'])).toEqual([
    'How do I pay?',
    'What does "Help" say about Deadlines?',
    'What does "Help" say?',
  ]);
  expect(questionsAbout('Who pays?', [], ['## Cash\n'])).toEqual(['What does "Who pays" say about Cash?', 'Who pays?']);
});

it('one that came out is enough, and none may be left open', () => {
  expect(verdictOf(['clear', 'known', 'inconclusive'])).toBe('known');
  expect(verdictOf(['clear', 'inconclusive'])).toBe('inconclusive');
  expect(verdictOf([])).toBe('inconclusive');
  expect(verdictOf(['clear', 'clear'])).toBe('clear');
});
