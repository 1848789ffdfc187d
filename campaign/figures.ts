// What a part of the campaign was asked for, and what it hands back: figures in a file of its own, which scripts/campaign.mjs puts together.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of `npm run campaign -- --seed N`. */
export const seed = Number(process.env['KBSYNC_CAMPAIGN_SEED'] ?? 1);

/** How many minutes the parts that are never done may take. */
const minutes = Number(process.env['KBSYNC_CAMPAIGN_MINUTES'] ?? 1);

/** Milliseconds of wall time for a part that takes this share of the campaign. */
export function timeFor(share: number): number {
  return minutes * 60_000 * share;
}

/** Figures by name; a name that is there already is added to. */
export type Figures = { [name: string]: number };

export function add(figures: Figures, name: string, count: number): void {
  figures[name] = (figures[name] ?? 0) + count;
}

/** Counts towards a line that is summed over all parts and stands first in the document. */
export function addToAll(figures: Figures, name: string, count: number): void {
  add(figures, `in all: ${name}`, count);
}

/** Hands back what a part came to. `group` is the heading under which the document shows it. */
export function handBack(part: string, group: string, figures: Figures): void {
  const dir = process.env['KBSYNC_CAMPAIGN_DIR'];
  if (dir === undefined) return;
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, `${part}.json`), JSON.stringify({ part, group, figures }));
}
