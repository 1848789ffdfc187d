// What to type at a brake before one thinks of passing it. Pure.

/** Where a bot holds items that kbsync did not make, matching them comes before adding beside them; null for every other rule. */
export function insteadOfPassing({ rule }: { readonly rule: string }, target: string): string | null {
  return rule === 'existing-content' ? `kbsync adopt ${target}` : null;
}
