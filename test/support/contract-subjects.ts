// Every variant of every connector for the contract suite, and the settings by which each emulator brings conditions about.
import { registry } from '../../src/connectors/registry.ts';
import { type Condition, refusedText } from '../../src/testkit/contract.ts';
import type { Subject } from './contract-bench.ts';

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
    default:
      return {};
  }
}

/** Those that can be loaded; the others by name, with why not. */
export async function contractSubjects(sync: Subject['sync']): Promise<{ subjects: Subject[]; missing: { name: string; why: string }[] }> {
  const subjects: Subject[] = [];
  const missing: { name: string; why: string }[] = [];
  for (const [vendor, { connector, emulator }] of Object.entries(registry)) {
    try {
      const [spec, emulatorSpec] = await Promise.all([connector(), emulator()]);
      for (const [name, variant] of Object.entries(spec.variants)) {
        const subject: Subject = { name, spec, emulator: emulatorSpec, variant, conditions: {}, sync };
        const { options } = spec.sandbox(name);
        const http = () => Promise.reject(new Error('not now'));
        const { traits } = spec.connect(spec.options.parse({ ...options, ...variant }), { http, origin: 'sandbox', now: () => 0 });
        subjects.push({ ...subject, conditions: conditionsOf(vendor, traits.lagMs) });
      }
    } catch (thrown) {
      missing.push({ name: vendor, why: thrown instanceof Error ? thrown.message : String(thrown) });
    }
  }
  return { subjects, missing };
}
