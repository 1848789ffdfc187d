// The version of the renderer, in a file of its own: another one renders everything again, and pushes what really comes out different.

/** Part of the key under which heads are cached: raise it whenever the same document would come out as other bytes. */
export const rendererVersion = 3;
