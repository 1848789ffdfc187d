// The canonical form: nesting, key order, Unicode form, line ends.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical, fingerprint, type Json, sha256 } from '../../src/model/json.ts';
import { payloadFingerprint } from '../../src/model/payload.ts';

/** The same value with the keys of every record the other way round. */
function reversed(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(reversed);
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}

const plainJson = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json);

describe('canonical', () => {
  it('sorts keys at every depth and keeps nested ones', () => {
    expect(canonical({ b: { z: 1, y: [{ d: 1, c: 2 }] }, a: null })).toBe('{"a":null,"b":{"y":[{"c":2,"d":1}],"z":1}}');
  });

  it('notices a change in a nested key', () => {
    expect(fingerprint({ a: { b: { c: 1 } } })).not.toBe(fingerprint({ a: { b: { c: 2 } } }));
  });

  it('does not tell composed from decomposed letters, in values and keys', () => {
    expect(canonical({ é: 'é' })).toBe(canonical({ 'e\u0301': 'e\u0301' }));
  });

  it('does not tell line ends apart', () => {
    expect(canonical('a\r\nb\rc')).toBe(canonical('a\nb\nc'));
  });

  it('sorts by code unit, not by locale', () => {
    expect(canonical({ a: 1, B: 2, ä: 3, _: 4 })).toBe('{"B":2,"_":4,"a":1,"ä":3}');
  });

  it('is the same for any order of keys, and is JSON of an equal value', () => {
    fc.assert(
      fc.property(plainJson, (value) => {
        expect(canonical(reversed(value))).toBe(canonical(value));
        expect(canonical(JSON.parse(canonical(value)) as Json)).toBe(canonical(value));
      }),
      { seed: 20260301 },
    );
  });
});

describe('fingerprints', () => {
  it('are SHA-256 in hexadecimal', () => {
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('of a payload do not depend on the order of its parts, but on their keys', () => {
    const one = { key: 'a', fingerprint: sha256('1') };
    const two = { key: 'b', fingerprint: sha256('2') };
    expect(payloadFingerprint([one, two])).toBe(payloadFingerprint([two, one]));
    expect(payloadFingerprint([one, two])).not.toBe(
      payloadFingerprint([
        { ...one, key: 'b' },
        { ...two, key: 'a' },
      ]),
    );
    expect(payloadFingerprint([{ key: '', fingerprint: one.fingerprint }])).toBe(one.fingerprint);
  });
});
