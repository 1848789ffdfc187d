// Level 9 of the contract: the whole engine over a bench's target, its state on a disk in memory, on the bench's own clock.

import type { GivenText } from '../push/context.ts';
import type { SyncOf } from './benches.ts';
import type { SyncOutcome } from './contract.ts';
import { runSync } from './engine.ts';
import { memoryDisk } from './faults.ts';

/** `sync` as one process after another would run it: nothing is remembered but what lies on the disk. */
export const engineSync: SyncOf = ({ target, clock, events, newEffectId }) => {
  const disk = memoryDisk(clock.now);
  const texts = new Map<string, GivenText>();
  const engineClock = {
    get nowMs() {
      return clock.now();
    },
    set nowMs(ms: number) {
      clock.advance(ms - clock.now());
    },
  };
  const targetPatch = { format: target.traits.formats[0] ?? 'markdown' } as const;
  return async (files): Promise<SyncOutcome> => {
    const before = events.length;
    const report = await runSync({ target, disk, files, texts, clock: engineClock, id: newEffectId, targetPatch });
    if (report.error !== null) throw new Error(`${report.error.code}: ${report.error.message}`);
    const writes = events.slice(before).filter((event) => event.kind === 'request' && event.intent === 'write').length;
    return {
      operations: report.results.map(({ operation, outcome }) => ({ action: operation.action, document: operation.document, outcome })),
      writes,
    };
  };
};
