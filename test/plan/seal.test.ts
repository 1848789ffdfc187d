// Plan files: there and back, refused where they are none or were edited; what differs from now.
import { describe, expect, it } from 'vitest';
import { SyncError } from '../../src/model/error.ts';
import { fingerprint, type Json } from '../../src/model/json.ts';
import { buildPlan } from '../../src/plan/build.ts';
import { approvalOf, differences, readSealed, refuseForeign, refuseOld, sealOf, takesOf, writeSealed } from '../../src/plan/seal.ts';
import { head, input, question, stateOf } from '../support/plan-builders.ts';

const error = new SyncError('DOCUMENT_TOO_LARGE').record();
const world = () =>
  input({
    state: stateOf([head('a.md', 'old'), head('gone.md'), head('from.md', 'm')]),
    wanted: [head('a.md', 'new'), head('b.md'), question('b.md', 'why'), head('to.md', 'm')],
    failed: [{ document: 'large.md', path: 'large.md', error }],
    contact: { identityFound: 'another' },
  });
const meta = { workspace: 'docs', createdAt: '2026-01-01T00:00:00.000Z', commit: null, identities: { site: 'vendor origin bot' } };
const refusal = (text: string): unknown => {
  try {
    readSealed(text);
  } catch (thrown) {
    return thrown;
  }
  return null;
};

describe('a plan file', () => {
  it('comes back as it was', () => {
    const plan = buildPlan(world());
    expect(readSealed(writeSealed([plan], meta))).toEqual({ kbsync: 'plan', version: 1, meta, plans: [plan] });
  });

  it.each([
    ['', 'it is not JSON'],
    ['null', 'it is not a plan of kbsync'],
    ['[]', 'it is not a plan of kbsync'],
    ['{"version":1}', 'it is not a plan of kbsync'],
    [writeSealed([buildPlan(world())], meta).replace('"version": 1', '"version": 2'), 'another version'],
    [writeSealed([buildPlan(world())], meta).replace('delete gone.md', 'delete b.md'), 'it was changed after it was written'],
    [writeSealed([buildPlan(world())], meta).replace(/"checksum": ".{4}/, '"checksum": "0000'), 'it was changed after it was written'],
  ])('is refused: case %#', (text, why) => {
    const thrown = refusal(text);
    expect(thrown).toBeInstanceOf(SyncError);
    expect(thrown).toMatchObject({ code: 'USAGE', message: expect.stringContaining(why) });
  });

  it.each([
    ['no meta', { meta: null }],
    ['no identities', { meta: { ...meta, identities: undefined } }],
    ['identities that are none', { meta: { ...meta, identities: { site: 1 } } }],
    ['plans that are none', { plans: 'x' }],
    ['a broken operation', { plans: [{ ...buildPlan(world()), operations: [{ action: 'delete' }] }] }],
    ['a foreign seal', { plans: [{ ...buildPlan(world()), seal: 'x' }] }],
  ])('is refused with %s, even under a right checksum', (_, change) => {
    const sealed = { kbsync: 'plan', version: 1, meta, plans: [buildPlan(world())], ...change };
    const text = JSON.stringify({ ...sealed, checksum: fingerprint(sealed as unknown as Json) });
    expect(refusal(text)).toMatchObject({ code: 'USAGE' });
  });
});

describe('a plan of somewhere else', () => {
  const sealed = readSealed(writeSealed([buildPlan(world())], meta));
  const refusalAt = (workspace: string, known: readonly { target: string; identity: string | null }[]): unknown => {
    try {
      refuseForeign(sealed, workspace, known);
    } catch (thrown) {
      return thrown;
    }
    return null;
  };

  it('is refused in another workspace, which is named', () => {
    const message = expect.stringContaining('it was made in the workspace docs, and this one is shop') as string;
    expect(refusalAt('shop', [])).toMatchObject({ code: 'USAGE', message });
  });

  it('is refused where its target is another bot now', () => {
    expect(refusalAt('docs', [{ target: 'site', identity: 'vendor origin bot' }])).toBeNull();
    const message = expect.stringContaining('site was vendor origin bot when it was made, and is vendor origin other now') as string;
    expect(refusalAt('docs', [{ target: 'site', identity: 'vendor origin other' }])).toMatchObject({ code: 'USAGE', message });
    // Never met, then or now: nothing is known to differ.
    expect(refusalAt('docs', [{ target: 'site', identity: null }])).toBeNull();
    expect(refusalAt('docs', [{ target: 'new', identity: 'vendor origin new' }])).toBeNull();
  });
});

describe('differences', () => {
  it('are none where the same would be done, whatever brakes and notes say', () => {
    const now = { ...buildPlan(world()), brakes: [], notes: ['x'] };
    expect(differences(buildPlan(world()), now)).toEqual([]);
  });

  it('name each line that differs', () => {
    const now = buildPlan({
      ...world(),
      state: { ...world().state, serial: 1234 },
      wanted: [head('a.md', 'newer'), head('gone.md'), head('c.md'), head('to.md', 'm')],
      failed: [],
    });
    expect(differences(buildPlan(world()), now)).toEqual([
      'what site holds has changed since (state 7, now 1,234)',
      'no longer so: create b.md: new file',
      'no longer so: create b.md (b.md#qa-why): new question',
      'not in the sealed plan: create c.md: new file',
      'no longer so: delete gone.md: file deleted',
      'differs from the sealed plan: update a.md: text changed',
      `no longer so: large.md blocked (${error.message})`,
    ]);
  });

  it('notice another target, and a mere change of order', () => {
    const plan = buildPlan(world());
    expect(differences(plan, { ...plan, target: 'other', seal: 'x' })).toEqual(['the plan is for site, not for other']);
    const operations = [...plan.operations].reverse();
    expect(differences(plan, { ...plan, operations, seal: sealOf({ ...plan, operations }) })).toEqual(['the order of operations differs']);
  });
});

describe('what a plan approves later', () => {
  const plan = buildPlan(world());
  const { records } = world().state;
  const sealed = readSealed(writeSealed([plan], { ...meta, takes: { [plan.target]: takesOf(plan, records) } }));

  it('is the deletes of what is as it was', () => {
    expect(approvalOf(sealed, plan.target, records)).toEqual({ approved: new Set(['delete gone.md']), changed: [] });
    expect(approvalOf(sealed, 'another', records)).toEqual({ approved: new Set(), changed: [] });
  });

  it('is not the delete of what was pushed anew since', () => {
    const gone = records['gone.md'];
    if (gone === undefined) throw new Error('no record');
    const now = { ...records, 'gone.md': { ...gone, pushed: fingerprint('another text') } };
    expect(approvalOf(sealed, plan.target, now)).toEqual({ approved: new Set(), changed: ['gone.md'] });
    // A file of a kbsync before this says nothing of it.
    const { takes: _, ...older } = sealed.meta;
    expect(approvalOf({ ...sealed, meta: older }, plan.target, now).changed).toEqual([]);
  });

  it('is nothing at all after 30 days', () => {
    const made = Date.parse(meta.createdAt);
    expect(() => refuseOld(sealed, made + 30 * 86_400_000)).not.toThrow();
    expect(() => refuseOld(sealed, made + 31 * 86_400_000)).toThrow(/made 31 days ago/);
  });
});
