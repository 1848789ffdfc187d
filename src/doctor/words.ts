// Rows → lines for people.
import { visible } from '../plan/escape.ts';
import type { Row } from './row.ts';

/** One finding: what, and below it where, why and what next. What vendors say of it stands in `why`, and may be left out. */
export function linesOf(
  row: Row,
  withWhy = true,
  style: (state: Row['state'], text: string) => string = (_state, text) => text,
): readonly string[] {
  const { check, target, state, what, where, why, next } = row;
  const head = `${style(state, state.padEnd(7))} ${visible(target === null ? check : `${check} ${target}`)}: ${visible(what)}`;
  if (state === 'ok') return [head];
  return [
    head,
    ...(where === null ? [] : [`          where: ${visible(where)}`]),
    ...(why === null || (!withWhy && why.startsWith('the vendor says')) ? [] : [`          why:   ${visible(why)}`]),
    ...(next === null ? [] : [`          next:  ${visible(next)}`]),
  ];
}
