// What settling may send: nothing in a plan.
import { describe, expect, it } from 'vitest';
import type { Effect } from '../../src/model/effect.ts';
import { emptyState } from '../../src/model/record.ts';
import { settle } from '../../src/push/settle.ts';
import { memoryVendor } from '../../src/testkit/memory.ts';

const lost: Effect = {
  id: '01',
  operation: null,
  commit: null,
  action: 'create',
  supersedes: null,
  document: 'a.md',
  path: 'a.md',
  title: 'A',
  url: null,
  body: 'b',
  part: '',
  mark: 'docs:a.md',
  fingerprint: 'f',
};

describe('a lost create at a vendor that takes the same effect for the same item', () => {
  it.each([
    [true, []],
    [false, ['create']],
  ] as const)('in a read-only pass (%s) the vendor is sent %j', async (readOnly, writes) => {
    const vendor = memoryVendor({ repeatedCreate: 'same-item' });
    await settle({
      target: vendor.connect(),
      memory: { state: emptyState('bot'), open: [lost], append: () => Promise.resolve() },
      texts: { put: () => {}, get: () => ({ parts: [{ key: '', title: 'A', text: 'ant' }], body: 'ant' }) },
      call: { signal: new AbortController().signal, workspace: 'docs' },
      sleep: () => Promise.resolve(),
      nextNumber: () => 'U1',
      now: () => '2026-11-21T00:00:00.000Z',
      onUnconfirmed: 'default',
      readOnly,
    });
    expect(vendor.writes).toEqual(writes);
  });
});
