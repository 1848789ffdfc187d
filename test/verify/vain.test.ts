// When a question counts as asked in vain: as the vendor marks it, without an answer, or by what the bot says.
import { describe, expect, it } from 'vitest';
import { saysUnknown, vainReason } from '../../src/verify/vain.ts';

const exchange = (answer: string | null) => ({ at: null, question: 'Fax?', answer });

describe('an answer that says that the bot does not know', () => {
  it.each([
    "I don't know.",
    'I’m sorry, but I don’t have information about that. Please contact support.',
    "Hmm, I'm not sure.",
    'Unfortunately I could not find an answer to that in our documents.',
    'The provided context does not mention fax numbers.',
    'No relevant information found.',
    'I am afraid I cannot help with that.',
    'Unfortunately, that is not covered in the provided context.',
    'There is no information about this in my knowledge base.',
    "That information isn't available.",
    'Leider kann ich dazu nichts sagen.',
    'Je suis désolé, je ne dispose pas de cette information.',
    'Das weiß ich leider nicht.',
    'Leider habe ich dazu keine Informationen.',
    'Ich konnte keine passende Antwort finden, das kann ich nicht beantworten.',
    'Je ne sais pas.',
    "Désolé, je n'ai pas d'informations à ce sujet.",
    'Lo siento, no tengo información sobre eso.',
    'No sé.',
    'Non lo so.',
    'Desculpe, não sei.',
    'Sorry, ik weet het niet.',
    '申し訳ありませんが、わかりません。',
    '抱歉，我不知道。',
    'Xin lỗi, tôi không có thông tin về điều này.',
  ])('%s', (answer) => {
    expect(saysUnknown(answer)).toBe(true);
  });

  it.each([
    'Open Settings and press Reset. The link is valid for 30 minutes.',
    "If you don't know your password, press Reset.",
    'You can change this if you are not sure.',
    'There is no fax number; write to us instead.',
    'Wenn Sie Ihr Passwort nicht wissen, klicken Sie auf Zurücksetzen.',
    'Yes.',
    'Die Funktion ist nicht verfügbar.',
    'The report is not included in the free plan.',
    'We cannot help with lost cards; call your bank.',
    `Press Reset. ${'It is easy. '.repeat(20)} I don't know more.`,
  ])('not: %s', (answer) => {
    expect(saysUnknown(answer)).toBe(false);
  });

  it('knows further phrases, whatever their case, spaces and apostrophes', () => {
    expect(saysUnknown('Oh! Please   ask  our TEAM’s desk.', ["ask our team's desk"])).toBe(true);
    expect(saysUnknown('Press Reset.', ['  '])).toBe(false);
  });
});

it('goes by the vendor first, and never counts a bot that was out of service', () => {
  expect(vainReason({ ...exchange('Press Reset.'), vain: 'disliked' }, [])).toBe('disliked');
  expect(vainReason({ ...exchange(null), vain: 'unserved' }, [])).toBeNull();
  expect(vainReason(exchange(null), [])).toBe('no-answer');
  expect(vainReason(exchange('  '), [])).toBe('no-answer');
  expect(vainReason(exchange("I don't know."), [])).toBe('said-so');
  expect(vainReason(exchange('Press Reset.'), [])).toBeNull();
});
