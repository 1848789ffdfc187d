// Every variant of every connector for the contract suite, and the settings by which each emulator brings conditions about.
import { existsSync } from 'node:fs';
import { registry } from '../../src/connectors/registry.ts';
import { type Subject, unbound } from '../../src/testkit/benches.ts';
import { type Condition, refusedText } from '../../src/testkit/contract.ts';

type Conditions = { readonly [condition in Condition]?: object };

/** By vendor. A text that every text contains marks them all. */
function conditionsOf(vendor: string, lagMs: number): Conditions {
  switch (vendor) {
    case 'chatthing':
      return {
        'training-fails': { failMarker: '' },
        'training-never-ends': { syncMs: Number.POSITIVE_INFINITY },
        'training-refused': { tokenBudget: 0 },
        'item-refused': { rejectMarker: refusedText },
        'slow-lists': { listLagMs: lagMs },
      };
    case 'sitegpt':
      return {
        'training-fails': { failMarker: '' },
        'training-never-ends': { processingMs: Number.POSITIVE_INFINITY },
        'item-refused': { rejectMarker: refusedText },
        'slow-lists': { listLagMs: lagMs },
      };
    case 'cxgenie':
      return {
        'training-fails': { failMarker: '' },
        'training-never-ends': { learnMs: Number.POSITIVE_INFINITY },
        'item-refused': { rejectMarker: refusedText },
      };
    case 'replycx':
      return {
        'training-fails': { failMarker: '' },
        'training-never-ends': { trainMs: Number.POSITIVE_INFINITY },
        'item-refused': { rejectMarker: refusedText },
        'slow-lists': { listLagMs: lagMs },
      };
    case 'koreai':
      return {
        'training-fails': { failMarker: '' },
        'training-never-ends': { trainMs: Number.POSITIVE_INFINITY },
        'item-refused': { rejectMarker: refusedText },
        'slow-lists': { listLagMs: lagMs },
      };
    default:
      return {};
  }
}

/** Settings of the emulator for one variant: the vendor as that variant believes it to be. */
const settingsOf: { readonly [variant: string]: object } = {
  // Only what ReplyCX documents itself: with its features off the connector must not miss the rest.
  replycx: { profile: 'seed-only' },
  'replycx-full': { profile: 'full' },
};

/** Those that are there; the others by name. One that is there and cannot be loaded throws. */
export async function contractSubjects(sync: Subject['sync']): Promise<{ subjects: Subject[]; missing: string[] }> {
  const subjects: Subject[] = [];
  const missing: string[] = [];
  for (const [vendor, { connector, emulator }] of Object.entries(registry)) {
    if (!['index.ts', 'emulator.ts'].every((file) => existsSync(new URL(`../../src/connectors/${vendor}/${file}`, import.meta.url)))) {
      missing.push(vendor);
      continue;
    }
    const [spec, emulatorSpec] = await Promise.all([connector(), emulator()]);
    for (const [name, variant] of Object.entries(spec.variants)) {
      const subject: Subject = { name, spec, emulator: emulatorSpec, variant, settings: settingsOf[name] ?? {}, conditions: {}, sync };
      subjects.push({ ...subject, conditions: conditionsOf(vendor, unbound(subject).traits.lagMs) });
    }
  }
  return { subjects, missing };
}
