// Where the answers of several bots to one question contradict each other. Pure. It sees figures, dates, links and yes or no, and nothing else:
// where it finds no difference, the bots may still differ.
import { type Statement, type StatementKind, statementsOf } from './statements.ts';

/** What one bot answered. */
export interface Answered {
  readonly target: string;
  readonly answer: string;
}

export interface Side {
  /** Bots that state the same. */
  readonly targets: readonly string[];
  /** As the first of them puts it. */
  readonly says: readonly string[];
}

export interface Disagreement {
  readonly kind: StatementKind;
  /** Of counts what is counted, of amounts the currency; '' for the rest. */
  readonly of: string;
  /** Two or more, in the order of the bots. */
  readonly sides: readonly Side[];
}

/**
 * Disagreements, those of most weight first. A bot that states nothing of a kind, or more than another, contradicts nobody: only where each
 * of two states something that the other does not.
 */
export function disagreements(answers: readonly Answered[]): readonly Disagreement[] {
  const stated = answers.map(({ target, answer }) => ({ target, statements: statementsOf(answer) }));
  const topics = new Map<string, Pick<Statement, 'kind' | 'of'>>();
  for (const { statements } of stated) for (const { kind, of } of statements) topics.set(`${kind} ${of}`, { kind, of });
  const found = [...topics.values()].flatMap(({ kind, of }) => {
    const sides = sidesOf(
      stated.map(({ target, statements }) => ({ target, mine: statements.filter((one) => one.kind === kind && one.of === of) })),
    );
    return contradicts(sides)
      ? [{ kind, of, sides: sides.map(({ targets, mine }) => ({ targets, says: mine.map(({ words }) => words) })) }]
      : [];
  });
  return found.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || (a.of < b.of ? -1 : a.of > b.of ? 1 : 0));
}

const order: readonly StatementKind[] = ['yes-no', 'duration', 'amount', 'share', 'date', 'size', 'count', 'link'];

interface Stand {
  readonly targets: string[];
  readonly mine: readonly Statement[];
}

/** Bots that state the same values stand together; those that state none stand nowhere. */
function sidesOf(bots: readonly { readonly target: string; readonly mine: readonly Statement[] }[]): readonly Stand[] {
  const sides = new Map<string, Stand>();
  for (const { target, mine } of bots) {
    if (mine.length === 0) continue;
    const key = mine
      .map(({ value }) => value)
      .sort()
      .join('\n');
    const side = sides.get(key);
    if (side === undefined) sides.set(key, { targets: [target], mine });
    else side.targets.push(target);
  }
  return [...sides.values()];
}

function contradicts(sides: readonly Stand[]): boolean {
  return sides.some((one, index) => sides.slice(index + 1).some((two) => !within(one, two) && !within(two, one)));
}

/** Whether all that one states is stated by the other, too. */
function within({ mine }: Stand, other: Stand): boolean {
  const theirs = new Set(other.mine.map(({ value }) => value));
  return mine.every(({ value }) => theirs.has(value));
}
