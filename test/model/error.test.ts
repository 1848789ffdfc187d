// The table of errors: what it tells people to do can be done.
import { describe, expect, it } from 'vitest';
import { errorTable } from '../../src/model/error.ts';
import { commandsOf } from '../support/program.ts';

describe('the next step of an error', () => {
  it('names only commands that there are', () => {
    const known = commandsOf().map(({ name }) => name);
    const named = Object.values(errorTable).flatMap(({ next }) =>
      [...next.matchAll(/(?<!that runs )kbsync ([a-z]+)/g)].map((found) => found[1]),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !known.includes(name ?? ''))).toEqual([]);
  });
});
