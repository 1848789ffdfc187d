// A body → parts, as many as its size asks for, or one a section. Pure, and linear in the text. Nothing is reworded: parts are slices of the
// source between atoms (outline.ts), with the headings above them, and with the definitions they use that stand elsewhere.
//
// By size: cut at headings, then between blocks, then between list items, each time where no place within a third of the limit is better,
// by a rank that hangs on the words there (cut.ts). By heading: cut at each heading of the first two levels, and what is over the limit by
// size. Keys come from headings and first words (part-keys.ts). So an edit in one place changes the part it is in, and moves at most the cuts
// beside it; a heading is part of all that stands below it.
import { sha256 } from '../model/json.ts';
import { type Cuttable, cutRun } from './cut.ts';
import { definitionsFor } from './definitions.ts';
import { type Atom, type Outline, outlineOf, outlineOfPlain, type Section } from './outline.ts';
import { openingOf, partKeys } from './part-keys.ts';

export interface SplitInput {
  readonly title: string;
  /** Without the heading that repeats the title. */
  readonly body: string;
  /** plain: no Markdown for sure. It has no definitions and no numbered lists, and can be cut between any two lines. */
  readonly syntax: 'markdown' | 'plain';
  /** A run of the body, with the headings above it → the text of a part as it is sent, title and source line included. */
  readonly finish: (run: string) => string;
  /** UTF-8 bytes of one part. */
  readonly limit: number;
  /** size: for bodies that are over the limit as a whole. heading: each top-level section is a part, and one over the limit is split by size. */
  readonly by: 'size' | 'heading';
}

export interface Piece {
  readonly key: string;
  readonly title: string;
  readonly text: string;
}

export interface SplitResult {
  readonly parts: readonly Piece[];
  /** The first block that is over the limit by itself; then there are no parts. */
  readonly tooLarge: { readonly bytes: number; readonly start: string } | null;
}

/** Splits a body. */
export function splitText(input: SplitInput): SplitResult {
  const empty = input.finish('');
  const reach = Math.max(1, Math.floor((input.limit - Buffer.byteLength(empty)) / 3));
  const outline = input.syntax === 'markdown' ? outlineOf(input.body) : outlineOfPlain(input.body, reach);
  const assemble = assembler(input, outline);
  const unique = partKeys();
  const parts: Piece[] = [];
  let last = '';
  let [from, to] = [0, 0];
  const take = (first: number, behind: number): boolean => {
    [from, to] = [first, behind];
    last = assemble(first, behind);
    if (Buffer.byteLength(last) > input.limit) return false;
    // Nothing but definitions, in a format that does not show them.
    if (last !== empty) parts.push({ ...naming(input, outline.atoms, first, behind, unique), text: last });
    return true;
  };
  const cuttable = cuttableOf(input.body, outline, reach);
  const runs: readonly (readonly [number, number])[] = input.by === 'heading' ? sectionsOf(outline) : [[0, outline.atoms.length]];
  for (const run of runs) {
    if (cutRun(cuttable, run, take, input.by === 'size')) continue;
    const block = sourceOf(input.body, outline.atoms, Math.max(from, to - 1), to).trim();
    const start = [...(block.split('\n')[0] ?? '').slice(0, 200)].slice(0, 60).join('');
    return { parts: [], tooLarge: { bytes: Buffer.byteLength(last), start } };
  }
  return { parts, tooLarge: null };
}

/** One run a section of the first two levels, and one for what stands above them; a title alone goes with the sections below it. */
function sectionsOf({ atoms }: Outline): readonly (readonly [number, number])[] {
  const depths = atoms.flatMap(({ kind, section }) => (kind === 'heading' && section !== null ? [section.depth] : []));
  const top = Math.max(
    2,
    depths.reduce((least, depth) => Math.min(least, depth), 6),
  );
  // What an element holds together is no section of the page; a heading behind a heading is, whatever a cut by size would think of it.
  const begins = atoms.map(({ kind, section, cost }) => {
    return kind === 'heading' && section !== null && section.depth <= top && (cost === 0 || cost === Number.POSITIVE_INFINITY);
  });
  const starts = [0, ...atoms.keys()].filter((atom, index) => (index === 0 ? atoms.length > 0 : atom > 0 && begins[atom] === true));
  const runs = starts.map((start, index) => [start, starts[index + 1] ?? atoms.length] as const);
  return runs.filter(([start, end]) => {
    const next = atoms[end];
    const isBare = end - start === 1 && atoms[start]?.kind === 'heading';
    return !(isBare && next !== undefined && (next.section?.depth ?? 0) > (atoms[start]?.section?.depth ?? 0));
  });
}

function cuttableOf(body: string, { atoms }: Outline, reach: number): Cuttable {
  const at = [0];
  for (let index = 0; index < atoms.length; index += 1) {
    at.push((at[index] ?? 0) + Buffer.byteLength(sourceOf(body, atoms, index, index + 1)));
  }
  const ranks: string[] = [];
  const rank = (index: number) => {
    ranks[index] ??= rankOf(body, atoms, index);
    return ranks[index] ?? '';
  };
  return { at, reach, rank, cost: (index) => atoms[index]?.cost ?? Number.POSITIVE_INFINITY };
}

/** Higher headings first; then by hashes of what an edit seldom touches, so that no place is better for standing first. */
function rankOf(body: string, atoms: readonly Atom[], index: number): string {
  const atom = atoms[index];
  const source = sourceOf(body, atoms, index, index + 1);
  if (atom?.kind !== 'heading' || atom.section === null) return `0${hash(openingOf(source))}${hash(source.trim())}`;
  const opening = openingOf(sourceOf(body, atoms, index + 1, index + 2));
  return `${7 - atom.section.depth}${hash(namesOf(atom.section).join('\n'))}${hash(opening)}`;
}

function hash(text: string): string {
  return sha256(text).slice(0, 16);
}

function sourceOf(body: string, atoms: readonly Atom[], from: number, to: number): string {
  return body.slice(atoms[from]?.start ?? body.length, atoms[to]?.start ?? body.length);
}

function pathOf(section: Section | null): readonly Section[] {
  const path: Section[] = [];
  for (let each = section; each !== null; each = each.above) path.unshift(each);
  return path;
}

function namesOf(section: Section | null): readonly string[] {
  return pathOf(section).map(({ name }) => name);
}

function naming(
  { title, body }: SplitInput,
  atoms: readonly Atom[],
  from: number,
  to: number,
  unique: ReturnType<typeof partKeys>,
): Pick<Piece, 'key' | 'title'> {
  const atom = atoms[from];
  const names = namesOf(atom?.section ?? null);
  const isHeading = atom?.kind === 'heading';
  const behind = isHeading ? from + 1 : from;
  const key = unique({
    names,
    isWithin: !isHeading && from > 0,
    opening: openingOf(sourceOf(body, atoms, behind, behind + 1)),
    whole: () => sourceOf(body, atoms, from, to).trim(),
  });
  return { key, title: [title, ...names].join(' › ') };
}

/** What makes the text of a part from its atoms. */
function assembler({ body, finish }: SplitInput, { atoms, definitions }: Outline): (from: number, to: number) => string {
  const definitionsOf = definitionsFor(definitions);
  return (from, to) => {
    const first = atoms[from];
    const start = first?.start ?? body.length;
    const end = atoms[to]?.start ?? body.length;
    const above = first?.kind === 'heading' ? (first.section?.above ?? null) : (first?.section ?? null);
    const context = pathOf(above).map((section) => body.slice(section.start, section.end));
    const run = numbered(body, atoms, from, to).replace(/^(?:[ \t]*\n)+/, '');
    const shown = [...context, run].map((piece) => piece.trimEnd()).filter((piece) => piece !== '');
    const beside = definitionsOf(shown.join('\n\n'), (one) => one.start < start || one.start >= end);
    return finish([...shown, beside].filter((piece) => piece !== '').join('\n\n'));
  };
}

/** The source of a run. Where it goes on with a numbered list, its items go on with the numbers a reader counts, whatever is written there. */
function numbered(body: string, atoms: readonly Atom[], from: number, to: number): string {
  let text = '';
  let index = from;
  for (; index < to; index += 1) {
    const atom = atoms[index];
    if (atom?.kind !== 'item' || atom.number === null) break;
    text += withNumber(sourceOf(body, atoms, index, index + 1), atom.number);
  }
  return text + sourceOf(body, atoms, index, to);
}

/** What is indented below an item stays below it where the number gets wider. */
function withNumber(item: string, number: number): string {
  const [all = '', space = '', written = ''] = /^([ \t]*)(\d{1,9})(?=[.)])/.exec(item) ?? [];
  if (all === '' || Number(written) === number) return item;
  const wider = String(number).length - written.length;
  const rest = item.slice(all.length);
  const moved = wider > 0 ? rest.replace(/\n(?=[ \t]*[^\s])/g, `\n${' '.repeat(wider)}`) : rest;
  return `${space}${number}${moved}`;
}
