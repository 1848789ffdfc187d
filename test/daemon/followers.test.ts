// Whom a change of the folder reaches when: a follower hears of it once its leader is through, or cannot be.
import { describe, expect, it } from 'vitest';
import { followersOf } from '../../src/daemon/followers.ts';
import type { PassOutcome } from '../../src/daemon/loop.ts';
import { SyncError } from '../../src/model/error.ts';

const target = (name: string, after: string | null = null, paused = false) => ({ name, after, paused });

function bench(targets = [target('prod', 'stage'), target('stage', 'dev'), target('dev'), target('alone')]) {
  const hints: string[] = [];
  const loops = new Map(targets.map(({ name }) => [name, { hint: (why: string) => void hints.push(`${name}: ${why}`) }]));
  const followers = followersOf(targets, loops);
  const outcome = ({ learning = false, held = [] as string[] } = {}): Pick<PassOutcome, 'result' | 'error'> => ({
    result: { learning, report: { error: null, held: held.map((rule) => ({ rule })) } } as never,
    error: null,
  });
  const failed = (code: 'TARGET_UNREACHABLE' | 'LOCKED') => ({ result: null, error: new SyncError(code) });
  return { followers, hints, outcome, failed };
}

describe('followers', () => {
  it('start, and hear of changes, one after the other', () => {
    const { followers, hints, outcome } = bench();
    expect(['prod', 'stage', 'dev', 'alone'].map((name) => followers.waits(name))).toEqual([true, true, false, false]);
    followers.ended('alone', 'sync', outcome());
    followers.ended('dev', 'sync', outcome({ learning: true }));
    expect(hints, 'not before it has learnt').toEqual([]);
    followers.ended('dev', 'train', outcome());
    followers.ended('stage', 'sync', outcome());
    followers.ended('prod', 'sync', outcome());
    expect(hints).toEqual(['stage: after dev', 'prod: after stage']);
    followers.ended('dev', 'sync', outcome());
    expect(hints, 'nothing is new').toHaveLength(2);
  });

  it('hear of a change that came while they were at work on the one before', () => {
    const { followers, hints, outcome } = bench([target('prod', 'dev'), target('dev')]);
    followers.ended('dev', 'sync', outcome());
    followers.began('prod');
    followers.waits('prod');
    followers.ended('prod', 'sync', outcome());
    followers.ended('dev', 'sync', outcome());
    expect(hints).toEqual(['prod: after dev', 'prod: after dev']);
  });

  it('that are held are told again whenever their leader has had a pass', () => {
    const { followers, hints, outcome, failed } = bench();
    followers.ended('dev', 'sync', failed('TARGET_UNREACHABLE'));
    followers.ended('stage', 'sync', outcome({ held: ['after'] }));
    followers.ended('dev', 'sync', failed('LOCKED'));
    expect(hints.filter((hint) => hint.startsWith('stage'))).toHaveLength(1);
    followers.ended('dev', 'sync', outcome());
    expect(hints.filter((hint) => hint.startsWith('stage'))).toHaveLength(2);
  });

  it('have no leader where that one is paused or not part of the daemon: they go by themselves', () => {
    for (const targets of [[target('prod', 'stage'), target('stage', null, true)], [target('prod', 'stage')]]) {
      const { followers } = bench(targets);
      expect([followers.has(target('prod', 'stage')), followers.waits('prod')]).toEqual([false, false]);
    }
  });
});
