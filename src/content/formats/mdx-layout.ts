// How the blocks of an MDX text stand to each other: what keeps them apart, and how far to the right they are. Without their tags both have
// to be made good. Pure.
import type { Nodes, Root } from 'mdast';
import type { Edit } from '../woven.ts';
import { linesOf, nodesOf } from './markdown.ts';

/** What keeps a block apart from its neighbours. */
export interface Gaps {
  readonly above: string;
  readonly below: string;
}

/** A block of JSX ends the paragraph before it, and the one after it begins anew: without its tags that takes a blank line. */
export function gapsOf(root: Root): ReadonlyMap<Nodes, Gaps> {
  const gaps = new Map<Nodes, Gaps>();
  for (const parent of nodesOf(root)) {
    if (!('children' in parent)) continue;
    const children = parent.children as readonly Nodes[];
    children.forEach((node, index) => {
      if (node.type !== 'mdxJsxFlowElement') return;
      const touches = (one: Nodes | undefined, other: Nodes | undefined) => {
        return one !== undefined && other !== undefined && (other.position?.start.line ?? 0) === (one.position?.end.line ?? 0) + 1;
      };
      const [previous, next] = [children[index - 1], children[index + 1]];
      // A neighbour of the same kind has made its own gap already.
      const above = touches(previous, node) && previous?.type !== 'mdxJsxFlowElement' ? '\n' : '';
      gaps.set(node, { above, below: touches(node, next) ? '\n' : '' });
    });
  }
  return gaps;
}

export interface Margins {
  /** Line → columns that it moves to the left. */
  readonly shifts: ReadonlyMap<number, number>;
  /** The white space that a block keeps before it. */
  readonly kept: ReadonlyMap<Nodes, string>;
}

/** In MDX what a block of JSX holds may stand to the right; without the tags it would be code: each line goes back to its block's column. */
export function marginsOf(root: Root): Margins {
  const shifts = new Map<number, number>();
  const kept = new Map<Nodes, string>();
  const stack: { readonly node: Nodes; readonly shift: number }[] = [{ node: root, shift: 0 }];
  for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
    const { node, shift } = entry;
    const from = node.position?.start.line ?? 1;
    const to = node.position?.end.line ?? from;
    const column = node.position?.start.column ?? 1;
    if (node.type !== 'root') for (let line = from; line <= to; line += 1) shifts.set(line, shift);
    kept.set(node, ' '.repeat(Math.max(0, column - 1 - shift)));
    if (!('children' in node) || !holdsBlocks(node)) continue;
    for (const child of [...node.children].reverse() as Nodes[]) {
      const own = child.position?.start.column ?? 1;
      const moves = node.type === 'root' ? own - 1 : node.type === 'mdxJsxFlowElement' ? shift + Math.max(0, own - column) : shift;
      stack.push({ node: child, shift: moves });
    }
  }
  return { shifts, kept };
}

/** Takes each line back to the column of its block. */
export function marginEdits({ shifts }: Margins, text: string): readonly Edit[] {
  const lines = linesOf(text);
  return [...shifts].flatMap(([number, shift]): readonly Edit[] => {
    const line = lines[number - 1];
    if (line === undefined || shift <= 0) return [];
    const margin = /^[ \t]*/.exec(line.text)?.[0].length ?? 0;
    return margin === 0 ? [] : [{ start: line.start, end: line.start + Math.min(margin, shift), insert: '' }];
  });
}

function holdsBlocks({ type }: Nodes): boolean {
  return ['root', 'mdxJsxFlowElement', 'list', 'listItem', 'blockquote'].includes(type);
}
