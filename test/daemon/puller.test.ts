// The daemon's fetches over hours: their pace, who waits for them, and what is told. The source is a script; the clock is turned by hand.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { realTimers } from '../../src/daemon/loop.ts';
import { type Puller, startPuller } from '../../src/daemon/puller.ts';
import { SyncError } from '../../src/model/error.ts';
import type { Refreshed, SourceView } from '../../src/model/source.ts';
import type { RefreshHow } from '../../src/source/git-source.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 21, 12) });
});
afterEach(() => {
  vi.useRealTimers();
});

function world(everyMs = 300_000) {
  const state = {
    commit: 'a'.repeat(40),
    failing: null as string | null,
    throws: null as SyncError | null,
    takesMs: 1_000,
    notes: [] as string[],
  };
  const said: string[] = [];
  const began: number[] = [];
  const changes: string[] = [];
  let fetched = 0;
  let atOnce = 0;
  let most = 0;
  const now = { view: null as SourceView | null };
  const viewOf = (): SourceView => ({
    url: 'https://git.example.com/docs.git',
    branch: 'main',
    commit: state.commit,
    fetchedAt: '2026-11-21T11:00:00.000Z',
    failing: state.failing === null ? null : { since: '2026-11-21T12:00:00.000Z', message: state.failing, next: 'look' },
  });
  const refresh = async ({ signal }: RefreshHow): Promise<Refreshed> => {
    began.push(Math.round((Date.now() - Date.UTC(2026, 10, 21, 12)) / 1_000));
    atOnce += 1;
    most = Math.max(most, atOnce);
    const before = now.view ?? viewOf();
    await new Promise((resolve) => {
      setTimeout(resolve, state.takesMs);
      signal?.addEventListener('abort', resolve);
    });
    atOnce -= 1;
    if (signal?.aborted === true) throw new SyncError('ABORTED');
    if (state.throws !== null) throw state.throws;
    now.view = viewOf();
    return { changed: before.commit !== state.commit, before, after: now.view, notes: state.notes };
  };
  const puller: Puller = startPuller({
    source: { refresh, view: () => now.view ?? viewOf() },
    everyMs,
    timers: realTimers,
    voice: { talk: (line) => void said.push(line), complain: (line) => void said.push(`! ${line}`) },
    now: Date.now,
    onChange: () => void changes.push(state.commit.slice(0, 1)),
    onFetched: () => {
      fetched += 1;
    },
  });
  return { state, said, began, changes, puller, fetched: () => fetched, most: () => most };
}

describe('the puller', () => {
  it('fetches at once, then so long after each end, and says only what is new', async () => {
    const { state, said, began, changes, puller, fetched } = world();
    await vi.advanceTimersByTimeAsync(1_000);
    await puller.first;
    await vi.advanceTimersByTimeAsync(620_000);
    expect(began).toEqual([0, 301, 602]);
    expect([said, changes]).toEqual([[], []]);
    state.commit = 'b'.repeat(40);
    state.notes = ['history was rewritten'];
    await vi.advanceTimersByTimeAsync(300_000);
    expect(said).toEqual(['content.git: history was rewritten', 'content.git: at bbbbbbb (was aaaaaaa)']);
    expect(changes).toEqual(['b']);
    expect(fetched()).toBe(4);
    await puller.end();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(began).toHaveLength(4);
  });

  it('tells once that it cannot be fetched, and once that it can again', async () => {
    const { state, said, puller } = world();
    state.failing = 'content.git: fatal: unable to access';
    await vi.advanceTimersByTimeAsync(1_300_000);
    expect(said).toEqual(['! content.git: fatal: unable to access; aaaaaaa goes on, fetched 1 h ago. Next: look']);
    expect(puller.view().failing?.message).toBe('content.git: fatal: unable to access');
    state.failing = null;
    await vi.advanceTimersByTimeAsync(700_000);
    expect(said.slice(1)).toEqual(['content.git: fetched again']);
    await puller.end();
  });

  it('goes on after what keeps a fetch from being tried, and shows it meanwhile', async () => {
    const { state, said, began, puller } = world();
    state.throws = new SyncError('SECRET_MISSING', { message: 'content.git.token names GIT_TOKEN', next: 'set it' });
    await vi.advanceTimersByTimeAsync(700_000);
    expect(said).toHaveLength(1);
    expect(puller.view().failing).toMatchObject({ since: '2026-11-21T12:00:01.000Z', message: 'content.git.token names GIT_TOKEN' });
    state.throws = new SyncError('LOCKED');
    await vi.advanceTimersByTimeAsync(301_000);
    state.throws = null;
    await vi.advanceTimersByTimeAsync(301_000);
    expect(said).toHaveLength(2);
    expect(puller.view().failing).toBe(null);
    expect(began.length).toBeGreaterThan(3);
    await puller.end();
  });

  it('fetches when it is asked, never two at once, and anew for who asks during one', async () => {
    const { state, began, puller, most } = world(0);
    await vi.advanceTimersByTimeAsync(500);
    const during = [puller.now(), puller.now()];
    await vi.advanceTimersByTimeAsync(10_000);
    await Promise.all(during);
    expect(began).toEqual([0, 1]);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(began).toHaveLength(2);
    const later = puller.now();
    await vi.advanceTimersByTimeAsync(1_000);
    await later;
    expect([began.length, most()]).toEqual([3, 1]);
    // A server that hangs is dropped at the end.
    state.takesMs = 600_000;
    const hanging = puller.now();
    await vi.advanceTimersByTimeAsync(1_000);
    await puller.end();
    await hanging;
  });

  it('sees what another process has fetched', async () => {
    const { state, changes, puller } = world();
    state.takesMs = 60_000;
    state.throws = new SyncError('LOCKED');
    await vi.advanceTimersByTimeAsync(61_000);
    expect(changes).toEqual([]);
    state.commit = 'c'.repeat(40);
    await vi.advanceTimersByTimeAsync(400_000);
    expect(changes).toEqual(['c']);
    await puller.end();
  });
});
