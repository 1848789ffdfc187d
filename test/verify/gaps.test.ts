// Grouping of questions asked in vain: what belongs together, in any order, in several languages, and fast enough.
import { describe, expect, it } from 'vitest';
import { groupQuestions, type VainQuestion } from '../../src/verify/gaps.ts';
import { termsOf } from '../../src/verify/terms.ts';
import { seeded } from '../support/emulator-tools.ts';

const asked = (question: string, patch: Partial<VainQuestion> = {}): VainQuestion => ({
  target: 'support',
  at: '2026-11-20T10:00:00.000Z',
  question,
  reason: 'said-so',
  ...patch,
});

const groupsOf = (...questions: readonly string[]) =>
  groupQuestions(questions.map((question) => asked(question))).groups.map(({ count }) => count);

describe('what belongs together', () => {
  it.each([
    ['the same in other words', ['How do I reset my password?', 'password reset', 'I need to reset the password please']],
    ['another ending', ['Resetting passwords', 'reset password', 'Password resets?']],
    ['German', ['Wie kann ich meine Rechnung herunterladen?', 'Rechnungen herunterladen', 'rechnung herunterladen wo?']],
    ['French', ['Comment télécharger ma facture ?', 'telecharger factures', 'Où puis-je télécharger la facture']],
    ['Japanese, without spaces', ['請求書をダウンロードしたい', '請求書ダウンロード', '請求書のダウンロード']],
    ['a slip of the fingers', ['invoice export', 'invoice export', 'export of invoices', 'invocie export', 'exprot invoice']],
    ['masked data of different people', ['Where is order [number]?', 'where is my order [token]', 'order where is it [e-mail]']],
  ])('%s', (_name, questions) => {
    expect(groupsOf(...questions)).toEqual([questions.length]);
  });

  it.each([
    ['one shared word of several', ['change password', 'reset calendar password sync error', 'printer paper jam']],
    ['one word of two', ['change password', 'reset password']],
    ['another verb', ['cancel subscription today', 'upgrade billing plan']],
    ['other versions', ['error 404', 'error 500 crash loop']],
  ])('not: %s', (_name, questions) => {
    expect(groupsOf(...questions)).toEqual(questions.map(() => 1));
  });

  it('counts talk that asks nothing, and puts it nowhere', () => {
    expect(groupQuestions(['hi', 'ok thanks!', '???', '🙂', 'Guten Morgen', 'Fax?'].map((text) => asked(text)))).toMatchObject({
      aboutNothing: 4,
      groups: [{ count: 1 }, { count: 1 }],
    });
  });
});

describe('a group', () => {
  it('is told by its most frequent wording, with the others, who asked, why and when', () => {
    const questions = [
      asked('Export invoices?', { at: '2026-11-01T00:00:00.000Z', target: 'site', reason: 'escalated' }),
      asked('How do I export my invoices?', { at: null }),
      asked('How do I export my invoices?', { at: '2026-11-03T00:00:00.000Z' }),
      asked('export the invoices to a disk', { at: '2026-11-02T00:00:00.000Z' }),
    ];
    expect(groupQuestions(questions).groups).toEqual([
      {
        question: 'How do I export my invoices?',
        also: ['export the invoices to a disk'],
        count: 4,
        targets: [
          { target: 'support', count: 3 },
          { target: 'site', count: 1 },
        ],
        reasons: [
          { reason: 'said-so', count: 3 },
          { reason: 'escalated', count: 1 },
        ],
        first: '2026-11-01T00:00:00.000Z',
        last: '2026-11-03T00:00:00.000Z',
      },
    ]);
  });

  it('is the same in whatever order the questions come', () => {
    const random = seeded(5);
    const words = ['invoice', 'export', 'calendar', 'printer', 'refund', 'shipping', 'password', 'reset', 'tax', 'plan'];
    const pick = () => words[Math.floor(random() * words.length)] ?? '';
    const questions = Array.from({ length: 300 }, (_, n) =>
      asked(`${pick()} ${pick()} ${pick()}`, { at: `2026-11-${10 + (n % 9)}T00:00:00.000Z` }),
    );
    const shuffled = questions
      .map((question) => ({ question, key: random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ question }) => question);
    expect(groupQuestions(shuffled)).toEqual(groupQuestions(questions));
    expect(groupQuestions(questions).groups.reduce((sum, { count }) => sum + count, 0)).toBe(300);
  });
});

it('takes 20,000 different questions in well under the time of reading them', () => {
  const random = seeded(9);
  const vocabulary = Array.from({ length: 4_000 }, (_, n) => `word${String.fromCharCode(97 + (n % 26))}${n.toString(36)}`);
  const pick = () => vocabulary[Math.floor(random() ** 3 * vocabulary.length)] ?? '';
  const questions = Array.from({ length: 20_000 }, () => asked(`${pick()} ${pick()} ${pick()} ${pick()} ${pick()}`));
  const started = performance.now();
  const { groups } = groupQuestions(questions);
  expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(20_000);
  expect(performance.now() - started).toBeLessThan(10_000);
});

describe('terms', () => {
  it('leave out what questions are made of, in several languages, and what masking left', () => {
    for (const text of [
      'How do I do that?',
      'Wie geht das bitte?',
      "Qu'est-ce que c'est ?",
      '¿Cómo puedo hacerlo?',
      '[e-mail] [phone]',
      '',
    ])
      expect(termsOf(text).length).toBeLessThanOrEqual(1);
    expect(termsOf('How do I do that?')).toEqual([]);
  });

  it('keep codes and versions, and count at most 24', () => {
    expect(termsOf('error E1042 in v2')).toContain('e1042');
    expect(termsOf(Array.from({ length: 99 }, (_, n) => `w${n}x`).join(' '))).toHaveLength(24);
  });
});
