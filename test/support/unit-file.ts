// A systemd unit, read as systemd reads it: sections, keys that may repeat, an empty value that takes back what stood before.

/** "Section.Key" → its values in order. Throws, with the line, where it is none. */
export function readUnit(text: string): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  let section = '';
  for (const line of text.replaceAll('\\\n', ' ').split('\n')) {
    if (line.trim() === '' || /^[#;]/.test(line)) continue;
    const head = /^\[(\w+)\]$/.exec(line);
    if (head !== null) {
      section = head[1] ?? '';
      continue;
    }
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (key === undefined || value === undefined || section === '') throw new Error(`no line of a unit: ${line}`);
    const name = `${section}.${key}`;
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return values;
}

/** "45s", "3min", "15min" in milliseconds. */
export function unitTime(text: string): number {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 };
  const [, number, unit] = /^(\d+)(ms|s|min|h)$/.exec(text) ?? [];
  if (number === undefined || unit === undefined) throw new Error(`no time of a unit: ${text}`);
  return Number(number) * (units[unit] ?? Number.NaN);
}
