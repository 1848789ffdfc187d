import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSecretSet } from '../../src/config/secrets.ts';

function setOf(...values: readonly string[]) {
  const secrets = createSecretSet();
  for (const value of values) secrets.add(value);
  return secrets;
}

/** Without the redaction's own asterisk: a secret of asterisks cannot be told from it. */
const secretText = fc
  .string({ minLength: 6, maxLength: 40, unit: 'binary' })
  .filter((text) => !text.includes('*') && text.trim().length >= 6);

describe('a set of secrets', () => {
  it('takes a value out of a text, wherever and however often it stands', () => {
    expect(setOf('hunter2-hunter2').redact('a hunter2-hunter2, bhunter2-hunter2c')).toBe('a ***, b***c');
  });

  it('ignores values shorter than 6 characters, which would black out ordinary words', () => {
    const secrets = setOf('', 'a', 'salt5');
    expect(secrets.values()).toEqual([]);
    expect(secrets.redact('salt5 and a')).toBe('salt5 and a');
  });

  it('takes the longest value that fits, so that no tail is left', () => {
    const secrets = setOf('abcdef', 'abcdefghij');
    expect(secrets.values()).toEqual(['abcdefghij', 'abcdef']);
    expect(secrets.redact('abcdefghij abcdefx')).toBe('*** ***x');
  });

  it('learns values after it has redacted', () => {
    const secrets = setOf('first-secret');
    expect(secrets.redact('second-secret')).toBe('second-secret');
    secrets.add('second-secret');
    expect(secrets.redact('first-secret second-secret')).toBe('*** ***');
  });

  it.each([
    ['in an address', (value: string) => encodeURIComponent(value)],
    [
      'in an address, lower-case hexadecimal',
      (value: string) => encodeURIComponent(value).replace(/%../g, (triplet) => triplet.toLowerCase()),
    ],
    ['in a form', (value: string) => new URLSearchParams({ value }).toString().slice('value='.length)],
    ['in base64', (value: string) => Buffer.from(value).toString('base64')],
    ['in base64url', (value: string) => Buffer.from(value).toString('base64url')],
    ['in JSON', (value: string) => JSON.stringify(value)],
    ['in HTML', (value: string) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')],
  ])('knows a value %s', (_, write) => {
    const value = 'p&ss "w<rd" /ä\n+%x';
    const text = write(value);
    expect(setOf(value).redact(`before ${text} after`)).not.toContain(text);
    expect(setOf(value).redact(`before ${text} after`)).toContain('***');
  });

  it('leaves none of its values in any text, plain or encoded', () => {
    fc.assert(
      fc.property(fc.array(secretText, { minLength: 1, maxLength: 5 }), fc.array(fc.string(), { maxLength: 6 }), (values, between) => {
        const secrets = setOf(...values);
        const written = values.flatMap((value) => [value, JSON.stringify(value), Buffer.from(value).toString('base64')]);
        const text = written.map((form, at) => `${between[at] ?? '|'}${form}`).join('|');
        const redacted = secrets.redact(text);
        for (const value of values) {
          expect(redacted.includes(value)).toBe(false);
          expect(redacted.includes(Buffer.from(value).toString('base64'))).toBe(false);
        }
        expect(secrets.redact(redacted)).toBe(redacted);
      }),
      { seed: 1 },
    );
  });

  it('changes nothing in a text without secrets', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('x', 'y', ' ') }), (text) => {
        expect(setOf('secret-1', 'other-secret').redact(text)).toBe(text);
      }),
      { seed: 2 },
    );
  });

  it('redacts a megabyte in well under a second', () => {
    const secrets = setOf(...Array.from({ length: 20 }, (_, at) => `${at}-secret-${'ab'.repeat(at)}`));
    const text = 'some text with 7-secret-ababababababab and 3-secre\n'.repeat(20_000);
    const started = performance.now();
    const redacted = secrets.redact(text);
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(redacted).not.toContain('7-secret-ab');
    expect(redacted).toContain('3-secre\n');
  });
});
