import { describe, expect, it } from 'vitest';
import { passagesOf } from '../../src/sandbox/passages.ts';
import { createKnowledge, dontKnow } from '../../src/sandbox/retrieval.ts';
import { termOf, wordsOf } from '../../src/sandbox/words.ts';
import { cpuMs } from '../support/cpu-time.ts';

const terms = (text: string) =>
  wordsOf(text)
    .map(termOf)
    .filter((term) => term !== null);

describe('passages', () => {
  it('keep their heading path, and fenced code whole, though it looks like a heading', () => {
    const text =
      '# Install\n\nIntro.\n\n## Linux\n\nRun **this** [now](https://x.test/a):\n\n```sh\n# not a heading\n\nnpm ci\n```\n\n## Mac\n\nSame.';
    expect(passagesOf(text)).toEqual([
      { heading: 'Install', text: 'Intro.' },
      { heading: 'Install > Linux', text: 'Run this now:\n\n# not a heading\n\nnpm ci' },
      { heading: 'Install > Mac', text: 'Same.' },
    ]);
  });

  it('are closed at about 600 characters, at a paragraph', () => {
    const paragraph = 'word '.repeat(60).trim();
    expect(passagesOf([paragraph, paragraph, paragraph].join('\n\n')).map((passage) => passage.text.length)).toEqual([600, 299]);
  });

  it('read tables, lists and simple HTML', () => {
    expect(passagesOf('| a | b |\n|---|:-:|\n| 1 | 2 |')).toEqual([{ heading: '', text: 'a | b\n1 | 2' }]);
    expect(passagesOf('<h2>Price</h2><p>It is <b>5&nbsp;&euro; &amp; more</b></p><ul><li>one</li></ul><pre>a &lt; b</pre>')).toEqual([
      { heading: 'Price', text: 'It is 5 &euro; & more\n\n- one\n\na < b' },
    ]);
    expect(passagesOf('Use <your-token> here')).toEqual([{ heading: '', text: 'Use <your-token> here' }]);
  });

  it('know the bars that set documents apart in one text for a whole bot', () => {
    expect(passagesOf('=== a.md ===\none\n\n=== b.md ===\n\ntwo')).toEqual([
      { heading: 'a.md', text: 'one' },
      { heading: 'b.md', text: 'two' },
    ]);
  });
});

describe('words', () => {
  it('meet in one term over plural, -ed, -ing and accents; stop words go; codes stay', () => {
    expect(terms('expires expired expiring expire')).toEqual(['expir', 'expir', 'expir', 'expir']);
    expect(terms('How do I reset the settings of policies in Café v1.2.3x?')).toEqual(['reset', 'set', 'policy', 'caf', 'v1', '2', '3x']);
    expect(terms('文档同步')).toEqual(['文档', '档同', '同步']);
  });
});

describe('knowledge', () => {
  const bot = () => {
    const knowledge = createKnowledge();
    knowledge.put(
      '1',
      'Reset your password',
      '# Reset your password\n\nOpen Settings and ask for a reset link. It is valid for 30 minutes.',
    );
    knowledge.put('2', 'Invoices', 'Invoices are sent on the first of each month.\n\n## Refunds\n\nA refund takes five days.');
    knowledge.put('3', 'Password rules', 'A password has at least twelve characters.');
    return knowledge;
  };

  it('answers from the passage that fits, with its document as the source', () => {
    expect(bot().answer('How do I reset my password?')).toEqual({
      text: 'Open Settings and ask for a reset link. It is valid for 30 minutes.',
      sources: ['1'],
    });
    expect(bot().answer('how long does a refund take').sources).toEqual(['2']);
  });

  it('does not know what nothing says, nor what only a common word of the question fits', () => {
    const unknown = { text: dontKnow, sources: [] };
    expect(bot().answer('Which colour has the moon?')).toEqual(unknown);
    expect(bot().answer('what is it?')).toEqual(unknown);
    expect(bot().answer('')).toEqual(unknown);
    const knowledge = bot();
    knowledge.remove('1');
    expect(knowledge.answer('reset link')).toEqual(unknown);
    expect(createKnowledge().answer('password')).toEqual(unknown);
  });

  it('takes up changes and removals at the next question', () => {
    const knowledge = bot();
    expect(knowledge.answer('refund').text).toContain('five days');
    knowledge.put('2', 'Invoices', 'A refund takes nine days.');
    expect(knowledge.answer('refund')).toEqual({ text: 'A refund takes nine days.', sources: ['2'] });
    knowledge.put('2', 'Invoices', 'Changed twice before a question: a refund takes two days.');
    knowledge.remove('2');
    expect(knowledge.answer('refund').sources).toEqual([]);
    knowledge.put('2', 'Invoices', 'Back: refund in one day.');
    expect(knowledge.answer('refund').sources).toEqual(['2']);
  });

  it('quotes two copies of the same document, as a bot does that was never told to forget one', () => {
    const knowledge = createKnowledge();
    knowledge.put('old', 'Price', 'The annual plan costs 90 dollars.');
    knowledge.put('new', 'Price', 'The annual plan costs 99 dollars.');
    expect(knowledge.answer('What does the annual plan cost?').sources).toEqual(['new', 'old']);
  });

  it('never tells codes apart by likeness', () => {
    const knowledge = createKnowledge();
    knowledge.put('a', 'A', 'The launch code is zebra4711x.');
    expect(knowledge.answer('zebra4712x').sources).toEqual([]);
    expect(knowledge.answer('zebra4711x').sources).toEqual(['a']);
  });

  it('keeps to 1,200 characters', () => {
    const knowledge = createKnowledge();
    knowledge.put('a', 'Log', `\`\`\`\n${'kettle boils\n'.repeat(400)}\`\`\``);
    const { text } = knowledge.answer('kettle');
    expect(text.length).toBeLessThanOrEqual(1201);
    expect(text).toMatch(/…$/);
  });

  it('gives the same answers whatever the order in which it learnt', () => {
    const texts = Array.from({ length: 40 }, (_unused, index) => ({
      id: `d${index}`,
      text: `Topic alpha number${index % 5} and common words beta gamma.`,
    }));
    const forwards = createKnowledge();
    const backwards = createKnowledge();
    for (const { id, text } of texts) forwards.put(id, id, text);
    for (const { id, text } of [...texts].reverse()) backwards.put(id, 'other', text);
    backwards.answer('alpha');
    for (const { id, text } of texts) backwards.put(id, id, text);
    for (const question of ['alpha number3', 'beta gamma', 'number4 topic'])
      expect(backwards.answer(question)).toEqual(forwards.answer(question));
  });

  it('serves 10,000 documents, and one change among them at once', () => {
    const knowledge = createKnowledge();
    for (let index = 0; index < 10_000; index++)
      knowledge.put(
        `d${index}`,
        `Document ${index}`,
        `# Part ${index}\n\nThe widget w${index} has ${index * 7} teeth and a common handle.`,
      );
    expect(knowledge.answer('How many teeth has the widget w1234?')).toEqual({
      text: 'The widget w1234 has 8638 teeth and a common handle.',
      sources: ['d1234'],
    });
    knowledge.put('d1234', 'Document 1234', 'The widget w1234 has no teeth.');
    const started = cpuMs();
    expect(knowledge.answer('teeth of widget w1234').text).toBe('The widget w1234 has no teeth.');
    expect(cpuMs() - started).toBeLessThan(2_000);
  });
});
