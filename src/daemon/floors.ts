// Whose turn it is at each target, among the commands handed to the daemon: first come, first served, and who only waits there for a training gives
// its place to the others meanwhile. Never two at one target at once.

/** A place in the line of one target. */
export interface Place {
  /** Resolves when it is this one's turn. */
  readonly turn: Promise<void>;
  /** Whether it is, right now. */
  isMine(): boolean;
  /** Resolves when somebody else waits for the target; for as long as it is this one's turn. */
  wanted(): Promise<void>;
  /** Leaves the line, whether its turn had come or not. */
  leave(): void;
}

export interface Floors {
  /** Takes the last place in that target's line. */
  enter(target: string): Place;
}

interface Waiting {
  readonly grant: () => void;
  wake: () => void;
}

/** Lines that are empty. */
export function createFloors(): Floors {
  const lines = new Map<string, Waiting[]>();
  return {
    enter(target) {
      const line = lines.get(target) ?? [];
      lines.set(target, line);
      let grant = (): void => {};
      const turn = new Promise<void>((resolve) => {
        grant = resolve;
      });
      const own: Waiting = { grant, wake() {} };
      line.push(own);
      if (line[0] === own) grant();
      else line[0]?.wake();
      return {
        turn,
        isMine: () => line[0] === own,
        wanted: () => (line.length > 1 ? Promise.resolve() : new Promise((resolve) => Object.assign(own, { wake: resolve }))),
        leave() {
          const at = line.indexOf(own);
          if (at < 0) return;
          line.splice(at, 1);
          if (at === 0) line[0]?.grant();
        },
      };
    },
  };
}
