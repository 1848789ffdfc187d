// Whether a value read from a plan file has the shape of a plan. By hand: the engine needs no schema library for one closed format.
import type { Plan } from '../model/operation.ts';

type Fields = { readonly [key: string]: unknown };

/** Any JSON object. */
export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Complete down to the fields that applying or printing a plan reads. */
export function isPlan(value: unknown): value is Plan {
  if (!isRecord(value)) return false;
  const { version, target, vendor, stateSerial, operations, blocked, unchanged, outOfScope, brakes, notes, forecast, seal } = value;
  return (
    version === 1 &&
    [target, vendor, seal].every(isText) &&
    [stateSerial, unchanged, outOfScope].every(isNumber) &&
    isListOf(operations, isOperation) &&
    isListOf(blocked, isBlocked) &&
    isListOf(brakes, isBrake) &&
    isListOf(notes, isText) &&
    isRecord(forecast) &&
    [forecast['writes'], forecast['reads'], forecast['durationMs']].every(isNumber)
  );
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isTextOrNull = (value: unknown): value is string | null => value === null || isText(value);
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
const isListOf = (value: unknown, is: (item: unknown) => boolean): boolean => Array.isArray(value) && value.every(is);

function isOperation(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { id, document, path, reason, by, note } = value;
  if (![id, document, path, reason].every(isText) || !(by === 'vendor' || by === 'person') || !isTextOrNull(note)) return false;
  switch (value['action']) {
    case 'create':
    case 'update':
      return isText(value['fingerprint']);
    case 'move':
      return isText(value['from']) && isText(value['fromPath']) && isTextOrNull(value['fingerprint']) && isFlag(value['rename']);
    case 'delete':
      return isTextOrNull(value['remoteId']) && isFlag(value['retraction']);
    case 'adopt':
      return isListOf(value['items'], isAdopted);
    default:
      return false;
  }
}

function isAdopted(value: unknown): boolean {
  return isRecord(value) && [value['part'], value['remoteId'], value['mark']].every(isText) && isTextOrNull(value['fingerprint']);
}

function isBlocked(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { document, path, action, reason, error } = value;
  return [document, path, action, reason].every(isText) && (error === null || isErrorRecord(error));
}

function isErrorRecord(value: unknown): boolean {
  return isRecord(value) && [value['code'], value['message'], value['next']].every(isText) && isTextOrNull(value['vendor']);
}

function isBrake(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { id, rule, holds, documents, message, passWith } = value;
  return (
    [id, rule, message].every(isText) &&
    (holds === 'deletes' || holds === 'pushes' || holds === 'all') &&
    isListOf(documents, isText) &&
    isTextOrNull(passWith)
  );
}
