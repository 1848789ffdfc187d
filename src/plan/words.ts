// How plans speak: figures with thousands separators, nouns that agree with them, and one order for everything listed.

/** A whole number with commas between thousands: 12,345. */
export function figure(value: number): string {
  return String(Math.floor(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A figure with its noun: "1 document", "12,345 documents". */
export function counted(value: number, noun: string, plural: string = `${noun}s`): string {
  return `${figure(value)} ${value === 1 ? noun : plural}`;
}

/** Order by UTF-16 code unit: the same on every machine, whatever its locale. */
export function byText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
