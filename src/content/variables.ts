// `{{ product }}` → what the configuration says it stands for. In prose a name without a value is reported, and so is what is no name; in
// code, where braces are often code, both are left as they are. Pure.
import type { CodeRange } from './formats/markdown.ts';
import { rangeAt } from './formats/markdown.ts';
import { didYouMean } from './similar.ts';
import { type Edit, splice, type Woven } from './woven.ts';

export interface Variables {
  readonly [name: string]: string;
}

/** Of one text this many are told one by one. */
const mostTold = 20;

/** Told of each name without a value. `offset` is where its braces begin. */
export type UndefinedReport = (offset: number, message: string) => void;

/** Whether a text could hold a variable at all. */
export function mayHoldVariables(text: string): boolean {
  return text.includes('{{');
}

/** Whether braces at an offset hold what could be a name. */
export function holdsName(text: string, offset: number): boolean {
  return /^\{\{[ \t]*[A-Za-z_][A-Za-z0-9_.-]{0,79}[ \t]*\}\}/.test(text.slice(offset, offset + 200));
}

/** Fills in the variables of a text; `code` are its ranges of code, in order. */
export function fillVariables(woven: Woven, variables: Variables, code: readonly CodeRange[], report: UndefinedReport): Woven {
  const edits: Edit[] = [];
  const missing: Found[] = [];
  for (const found of variablesIn(woven.text)) {
    const { start, end, name } = found;
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (value !== undefined) edits.push({ start, end, insert: value });
    else if (rangeAt(code, start) === null) missing.push(found);
  }
  for (const [index, { start, name }] of missing.slice(0, mostTold + 1).entries()) {
    const more = index < mostTold || missing.length === mostTold + 1 ? '' : ` (and ${missing.length - mostTold - 1} more below)`;
    report(start, `${undefinedMessage(name, variables)}${more}`);
  }
  return splice(woven, edits);
}

/** The same for a text without positions: a title, a question. What has no value stays as it is and is returned. */
export function fillText(text: string, variables: Variables): { readonly text: string; readonly missing: readonly string[] } {
  if (!mayHoldVariables(text)) return { text, missing: [] };
  const missing: string[] = [];
  let filled = '';
  let cursor = 0;
  for (const { start, end, name } of variablesIn(text)) {
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (value === undefined) missing.push(name);
    filled += text.slice(cursor, start) + (value ?? text.slice(start, end));
    cursor = end;
  }
  return { text: filled + text.slice(cursor), missing };
}

/** What is wrong, and what to do. */
export function undefinedMessage(name: string, variables: Variables): string {
  if (!isName.test(name)) {
    const rule = 'a name has letters, digits, _ . and - and no spaces';
    return `{{ ${name} }} is no name of a variable: ${rule}; write \\{{ ${name} }} where the braces are meant`;
  }
  const hint =
    didYouMean(name, Object.keys(variables)) || `; set content.variables.${name}, or write \\{{ ${name} }} where the braces are meant`;
  return `the variable {{ ${name} }} has no value${hint}`;
}

interface Found {
  readonly start: number;
  readonly end: number;
  /** What stands between the braces, also where it is none. */
  readonly name: string;
}

const isName = /^[A-Za-z_][A-Za-z0-9_.-]{0,79}$/;

/** All that stands between double braces. Other people's braces are none: `\{{ x }}`, `${{ x }}`, `style={{ x }}`, `{{{ x }}}`, `{{< x >}}`. */
function variablesIn(text: string): readonly Found[] {
  const found: Found[] = [];
  const pattern = /\{\{(?![<%])([^{}\n]{1,200})\}\}/g;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const end = match.index + match[0].length;
    const before = text[match.index - 1] ?? '';
    if ('\\$={'.includes(before) && before !== '') continue;
    if (text[end] === '}') continue;
    const name = match[1]?.trim() ?? '';
    if (name !== '') found.push({ start: match.index, end, name });
  }
  return found;
}
