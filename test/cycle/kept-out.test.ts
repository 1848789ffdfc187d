// Which documents a retraction keeps out, whatever became of their file.
import { describe, expect, it } from 'vitest';
import { keptOut } from '../../src/cycle/kept-out.ts';
import { fingerprint } from '../../src/model/json.ts';
import { emptyState, type Retracted } from '../../src/model/record.ts';
import { folderOf } from '../../src/testkit/engine.ts';
import { head, leftover, record } from '../support/plan-builders.ts';

const since = '2026-11-21T08:00:00.000Z';
const hold = (text: string | null, more: Partial<Retracted> = {}): Retracted => ({
  path: 'a.md',
  file: text === null ? null : fingerprint(text),
  body: text === null ? null : fingerprint(text),
  since,
  ...more,
});
const state = (retracted: Record<string, Retracted>, known: readonly string[] = [], leftovers: readonly string[] = []) => ({
  ...emptyState('bot'),
  retracted,
  records: Object.fromEntries(known.map((id) => [id, record(head(id))])),
  leftovers: leftovers.map((id) => leftover(id)),
});
const glance = (...[given, folder]: Parameters<typeof keptOut>) => {
  const { out, leaves, returning } = keptOut(given, folder);
  return { out: [...out.keys()], leaves: [...leaves.keys()], returning: [...returning.keys()] };
};

describe('a retracted document', () => {
  it.each<readonly [string, Retracted, Record<string, string>, string[], string[]]>([
    ['as it was', hold('wrong'), { 'a.md': 'wrong' }, ['a.md'], []],
    ['changed', hold('wrong'), { 'a.md': 'right' }, [], ['a.md']],
    ['moved', hold('wrong'), { 'b.md': 'wrong' }, ['b.md'], []],
    ['gone', hold('wrong'), {}, [], []],
    ['that could not be read then, whatever it says now', hold('wrong', { file: '' }), { 'a.md': 'right' }, ['a.md'], []],
    ['whose file was not there, restored as the bot had it', hold(null, { body: fingerprint('wrong') }), { 'a.md': 'wrong' }, ['a.md'], []],
    ['whose file was not there, written anew', hold(null, { body: fingerprint('wrong') }), { 'a.md': 'right' }, [], ['a.md']],
    ['whose words nobody knows, written anew', hold(null), { 'a.md': 'right' }, [], ['a.md']],
    ['empty, beside other empty files', hold(''), { 'b.md': 'x', 'c.md': '' }, ['c.md'], []],
  ])('%s', (_, retracted, files, out, returning) => {
    expect(glance(state({ 'a.md': retracted }), { scan: folderOf(files).scan })).toEqual({ out, leaves: out, returning });
  });

  it('of which the bot still holds something leaves it, copies too, also where its file is gone or broken', () => {
    expect(glance(state({ 'a.md': hold('wrong') }, ['a.md', 'z.md'], ['a.md', 'y.md']), { scan: folderOf({ 'z.md': 'z' }).scan })).toEqual({
      out: [],
      leaves: ['a.md'],
      returning: [],
    });
  });

  it('does not leave once its file has changed', () => {
    expect(glance(state({ 'a.md': hold('wrong') }, ['a.md']), { scan: folderOf({ 'a.md': 'right' }).scan })).toEqual({
      out: [],
      leaves: [],
      returning: ['a.md'],
    });
  });

  it('takes no copy with it that the bot was given beside it', () => {
    const given = state({ 'a.md': hold('wrong') }, ['a.md', 'copy.md']);
    expect(glance(given, { scan: folderOf({ 'copy.md': 'wrong', 'new.md': 'wrong' }).scan })).toEqual({
      out: ['new.md'],
      leaves: ['new.md', 'a.md'],
      returning: [],
    });
  });

  it('is one with its questions; a question stands for itself', () => {
    const { scan } = folderOf({ 'a.md': 'wrong', 'a.md#qa-who': 'me', 'a.md#qa-why': 'so' });
    expect(glance(state({ 'a.md': hold('wrong') }, ['a.md#qa-who']), { scan }).leaves.sort()).toEqual([
      'a.md',
      'a.md#qa-who',
      'a.md#qa-why',
    ]);
    expect(glance(state({ 'a.md#qa-who': hold('me', { file: 'other' }) }), { scan })).toEqual({
      out: ['a.md#qa-who'],
      leaves: ['a.md#qa-who'],
      returning: [],
    });
    expect(glance(state({ 'a.md#qa-who': hold('you') }), { scan }).returning).toEqual(['a.md#qa-who']);
  });
});

it('without any, nothing is looked at', () => {
  expect(glance(emptyState('bot'), { scan: folderOf({ 'a.md': 'a' }).scan })).toEqual({ out: [], leaves: [], returning: [] });
});
