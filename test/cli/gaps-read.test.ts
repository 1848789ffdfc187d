// Which exchanges are kbsync's own, and which of the others were in vain, without a vendor.
import { describe, expect, it } from 'vitest';
import { ownExchanges, vainIn } from '../../src/cli/gaps-read.ts';
import type { Exchange } from '../../src/connectors/connector.ts';
import { questionHash } from '../../src/model/asked.ts';

const at = (minute: number): string => new Date(Date.UTC(2026, 10, 20, 12, minute)).toISOString();
const exchange = (question: string, patch: Partial<Exchange> = {}): Exchange => ({ at: at(0), question, answer: null, ...patch });
const own = (question: string, minute: number) => ({ at: at(minute), target: 'bot', hash: questionHash(question) });

describe('questions of our own', () => {
  it('are told by their words, however the vendor gives them back', () => {
    const ours = exchange('<p>How long is a <b>link</b> valid</p>');
    expect([...ownExchanges([ours, exchange('Fax?')], [own('How long is a link valid?', 0)])]).toEqual([ours]);
  });

  it('take out one exchange each: a user may ask the same', () => {
    expect(ownExchanges([exchange('Fax?'), exchange('Fax?'), exchange('Fax?')], [own('Fax?', 0), own('Fax?', 1)]).size).toBe(2);
  });

  it('are about that time, and those without a time are taken for ours', () => {
    const asked = [own('Fax?', 0)];
    expect(ownExchanges([exchange('Fax?', { at: at(59) })], asked).size).toBe(1);
    expect(ownExchanges([exchange('Fax?', { at: at(61) })], asked).size).toBe(0);
    expect(ownExchanges([exchange('Fax?', { at: at(-6) })], asked).size).toBe(0);
    expect(ownExchanges([exchange('Fax?', { at: null })], asked).size).toBe(1);
  });

  it('that have no words are told by their characters', () => {
    expect(ownExchanges([exchange('???'), exchange('!!!')], [own('???', 0)]).size).toBe(1);
  });
});

describe('asked in vain', () => {
  const request = { since: at(-60), most: 10, phrases: [], unmasked: false };
  const now = Date.parse(at(30));
  const vain = (...all: readonly Exchange[]) => vainIn(all, 'bot', request, now).map(({ question }) => question);

  it('is not the first of two messages in a row, where the second is answered', () => {
    const inOne = { conversation: 'c' };
    const second = exchange('How do I fax?', { ...inOne, at: at(1), answer: 'Dial.' });
    expect(vain(exchange('Hello you', inOne), second)).toEqual([]);
    expect(vain(exchange('Hello you', inOne), { ...second, at: at(9) })).toEqual(['Hello you']);
    expect(vain(exchange('Hello you', inOne), { ...second, conversation: 'd' })).toEqual(['Hello you']);
    expect(vain(exchange('Hello you', inOne), { ...second, answer: null })).toEqual(['Hello you', 'How do I fax?']);
  });

  it('is not what is being answered this moment', () => {
    expect(vain(exchange('Fax?', { at: at(29) }))).toEqual([]);
    expect(vain(exchange('Fax?', { at: at(27) }))).toEqual(['Fax?']);
  });

  it('is cut, on one line, and masked before it is cut', () => {
    const long = `${'a b '.repeat(70)}mail to erika@example.org ${'c d '.repeat(2_000)}`;
    const [shown = ''] = vain(exchange(`line\none ${long}`));
    expect(shown).toMatch(/^line one a b /);
    expect([...shown]).toHaveLength(301);
    expect(shown).not.toContain('eri');
    expect(shown).not.toContain('\n');
  });
});
