import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSecretSet } from '../../src/config/secrets.ts';
import { cpuMs } from '../support/cpu-time.ts';

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
    ['in JSON within JSON', (value: string) => JSON.stringify(JSON.stringify(value)).slice(3, -3)],
    ['in hexadecimal', (value: string) => Buffer.from(value).toString('hex')],
    ['in an address within an address', (value: string) => encodeURIComponent(encodeURIComponent(value))],
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
    const started = cpuMs();
    const redacted = secrets.redact(text);
    expect(cpuMs() - started).toBeLessThan(2_000);
    expect(redacted).not.toContain('7-secret-ab');
    expect(redacted).toContain('3-secre\n');
  });

  it.each(['', 'u', 'us', 'user', 'user:', 'Bearer '])('knows a value in base64 behind %j, as in Basic credentials', (before) => {
    const value = 'abc-DEF-4711-xyz';
    for (const after of ['', ':', ':p', ':pa']) {
      const text = Buffer.from(`${before}${value}${after}`).toString('base64');
      const left = Buffer.from(setOf(value).redact(text).replaceAll('***', ''), 'base64').toString('latin1');
      // At most a character at either end, which are made of the neighbours as well.
      expect(left).not.toMatch(/abc|DEF|471|xyz/);
      expect(setOf(value).redact(text)).toContain('***');
    }
  });

  it('knows a value that is broken over lines, and leaves the lines around it', () => {
    const value = 'k-0123456789-abcdef';
    for (const lineBreak of ['\n', '\r\n    ', '\\n', '\\r\\n']) {
      const broken = `${value.slice(0, 7)}${lineBreak}${value.slice(7)}`;
      expect(setOf(value).redact(`one\ntwo ${broken}\nthree ${broken}`)).toBe('one\ntwo ***\nthree ***');
      expect(setOf(value).redact(JSON.stringify({ said: `Basic ${broken}` }))).toBe('{"said":"Basic ***"}');
    }
    const overlapping = setOf('aaaaaaaabbbbbbbb', 'bbbbbbbbcccccccc');
    expect(overlapping.redact('aaaa\naaaabbbb\nbbbbcccc\ncccc')).toBe('***');
  });

  it('knows a key of several lines by each of them, but not by those that frame it', () => {
    const pem = `-----BEGIN PRIVATE KEY-----\n${'MIIabc+/12'.repeat(6)}\n${'xyzABC+/34'.repeat(6)}\n-----END PRIVATE KEY-----\n`;
    const redacted = setOf(pem).redact(`line 2: ${pem.split('\n')[2]} in -----BEGIN PRIVATE KEY-----; ${encodeURIComponent(pem)}`);
    expect(redacted).not.toMatch(/xyzABC|MIIabc/);
    expect(redacted).toContain('-----BEGIN PRIVATE KEY-----');
    expect(setOf(pem).redact(pem.replaceAll('\n', ' '))).not.toContain('MIIabc');
  });

  it('takes characters of patterns as they are', () => {
    for (const value of ['a.*b+c?d', '(abc|def)', '[x-y]{3}^$', 'back\\slash/', 'quo"te\'s']) {
      expect(setOf(value).redact(`<${value}>`)).toBe('<***>');
      expect(setOf(value).redact('abcdefxyz')).toBe('abcdefxyz');
    }
  });

  it('keeps a passing credential only for a while, without building anything anew', () => {
    const secrets = setOf('a-lasting-secret');
    for (let n = 0; n < 200; n += 1) secrets.addPassing(`a-passing-one/${n}-token`);
    expect(secrets.redact('a-passing-one/199-token a-passing-one%2F199-token')).toBe('*** ***');
    expect(secrets.redact('a-passing-one/100-token')).toBe('a-passing-one/100-token');
    expect(secrets.values()).toEqual(['a-lasting-secret']);
  });

  it('leaves JSON whole, whatever the secrets are: texts are changed, and keys that are somebody’s text', () => {
    const value = { message: 'a message', count: 123456, list: ['","x', null, true], 'guides/message.md': { remoteIds: ['message'] } };
    const secrets = setOf('message', '123456', '","x"', 'remoteIds');
    expect(secrets.redactValue(value)).toEqual({
      message: 'a ***',
      count: 123456,
      list: ['","x', null, true],
      'guides/***.md': { remoteIds: ['***'] },
    });
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 6, maxLength: 9 }), { minLength: 1, maxLength: 4 }), fc.jsonValue(), (values, json) => {
        JSON.parse(JSON.stringify(setOf(...values).redactValue(json as never)));
      }),
      { seed: 3 },
    );
  });

  it('finds only what cannot be there by chance', () => {
    const secrets = setOf('support', 'documentation', 'short-1', 'k-0123456789');
    expect(secrets.findIn('the documentation of support, short-1')).toBeNull();
    expect(secrets.findIn('use k-0123456789 for it')).toBe('k-0123456789');
    const encoded = Buffer.from('k-0123456789').toString('base64');
    expect(secrets.findIn(`send ${encoded} along`)).toBe('k-0123456789');
    secrets.add('another-9876543210');
    expect(secrets.findIn('use another-9876543210 for it')).toBe('another-9876543210');
  });
});

describe('digest', () => {
  it('tells that what a document may not hold has changed, and nothing of what it is', () => {
    const secrets = createSecretSet();
    secrets.add('short-1');
    expect(secrets.digest()).toBe('');
    secrets.add('k-0123456789');
    const one = secrets.digest();
    expect(one).toMatch(/^[0-9a-f]{4}$/);
    secrets.add('another-9876543210');
    expect(secrets.digest()).not.toBe(one);
  });
});
