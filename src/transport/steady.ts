// A clock for pauses: it goes on where the machine's is set back, so that nothing that has a few seconds to wait waits for a day.

/** The same clock, but it never goes back. Milliseconds; only differences mean anything. */
export function steady(now: () => number): () => number {
  let offset = 0;
  let last = now();
  return () => {
    const at = now() + offset;
    if (at < last) {
      offset += last - at;
      return last;
    }
    last = at;
    return at;
  };
}
