// Looking at something that costs time, no oftener than it is worth: what was found stands for twenty times as long as finding it took.

/** A twentieth of a core at most goes into looking. */
const restFactor = 20;
/** Found things that are kept. */
const most = 50;

/** `look`, rested. Several who ask at once share one look. `now`: milliseconds that never go back. */
export function resting<Found>(look: (key: string) => Promise<Found>, now: () => number): (key: string) => Promise<Found> {
  const known = new Map<string, { readonly found: Promise<Found>; until: number }>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined && now() < before.until) return before.found;
    const began = now();
    const entry = { found: look(key), until: Number.POSITIVE_INFINITY };
    known.delete(key);
    known.set(key, entry);
    const [oldest] = known.keys();
    if (known.size > most && oldest !== undefined) known.delete(oldest);
    const done = (): void => {
      entry.until = now() + (now() - began) * restFactor;
    };
    entry.found.then(done, done);
    return entry.found;
  };
}
