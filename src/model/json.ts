// JSON values, the canonical text of one, and its SHA-256: the only way anything in kbsync is fingerprinted.
import { createHash } from 'node:crypto';

export type Json = null | boolean | number | string | readonly Json[] | JsonRecord;
export interface JsonRecord {
  readonly [key: string]: Json;
}

/** ISO 8601 in UTC, milliseconds, as `Date.toISOString()` writes it. */
export type Timestamp = string;

/** Lower-case hexadecimal SHA-256 (64 characters) of one canonical JSON text. */
export type Fingerprint = string;

/**
 * One JSON text for equal values: keys sorted by code unit at every depth, no white space, strings in Unicode NFC with LF line ends.
 * (`JSON.stringify` with a list of keys would drop nested keys, and edits to them would never be noticed.)
 */
export function canonical(value: Json): string {
  if (typeof value === 'string') return JSON.stringify(value.normalize('NFC').replace(/\r\n?/g, '\n'));
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonical).join(',')}]`;
  const record: JsonRecord = value;
  const pairs = Object.keys(record)
    .sort()
    .map((key) => `${canonical(key)}:${canonical(record[key] ?? null)}`);
  return `{${pairs.join(',')}}`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** An object without Object.prototype behind it: for keys that others choose, where `constructor` and `__proto__` are keys like any other. */
export function keyed<Value>(from: { readonly [key: string]: Value } = {}): { [key: string]: Value } {
  return Object.assign(Object.create(null) as { [key: string]: Value }, from);
}

/** Keys such as `message` or `remoteIds` are those of a program, whatever else they may spell. */
const ownKey = /^[A-Za-z][A-Za-z0-9]{0,31}$/;

/** The value with every text in it changed, keys that are somebody's text among them. */
export function withTexts(value: Json, change: (text: string) => string): Json {
  if (typeof value === 'string') return change(value);
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map((item) => withTexts(item, change));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [ownKey.test(key) ? key : change(key), withTexts(item, change)]));
}

/** SHA-256 of UTF-8 text, as 64 hexadecimal characters. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Fingerprint of any JSON value over its canonical form. */
export function fingerprint(value: Json): Fingerprint {
  return sha256(canonical(value));
}
