// The daemon's fetches where the folder comes from git: at its start, at the configured pace, and when somebody asks; never two at once. What was
// fetched before goes on whatever becomes of them. Owns the pace and what is told; fetching is source/'s.
import { asSyncError } from '../model/error.ts';
import type { Refreshed, SourceTrouble, SourceView } from '../model/source.ts';
import { visible } from '../plan/escape.ts';
import type { ContentSource } from '../source/git-source.ts';
import { age, short } from '../status/derive.ts';
import type { LoopTimers } from './loop.ts';
import type { Voice } from './voice.ts';

export interface PullerInput {
  readonly source: Pick<ContentSource, 'refresh' | 'view'>;
  /** 0: only when asked. */
  readonly everyMs: number;
  readonly timers: LoopTimers;
  readonly voice: Voice;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Another commit is there to be read. */
  readonly onChange: () => void;
  /** After each fetch. */
  readonly onFetched: () => void;
}

export interface Puller {
  /** Resolves when the first fetch has ended, well or not. */
  readonly first: Promise<void>;
  /** Resolves when a fetch that began after this has ended, well or not. */
  now(): Promise<void>;
  view(): SourceView;
  /** Stops what is under way. */
  end(): Promise<void>;
}

/** Another process that fetches just now does it for us, mostly. Milliseconds. */
const lockWaitMs = 30_000;

/** Begins at once. */
export function startPuller({ source, everyMs, timers, voice, now, onChange, onFetched }: PullerInput): Puller {
  const stopping = new AbortController();
  let timer: unknown = null;
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  let seen = source.view().commit;
  /** What kept a fetch from being tried at all: no key, no disk. */
  let hindrance: SourceTrouble | null = null;
  let told = false;

  const view = (): SourceView => {
    const found = source.view();
    return hindrance === null ? found : { ...found, failing: hindrance };
  };
  const tell = (): void => {
    const { failing, commit, fetchedAt } = view();
    if (failing !== null && !told) {
      const ago = fetchedAt === null ? '' : `, fetched ${age(Math.max(0, now() - Date.parse(fetchedAt)))} ago`;
      const goesOn = commit === null ? '' : `; ${short(commit)} goes on${ago}`;
      voice.complain(`${visible(failing.message)}${goesOn}. Next: ${visible(failing.next)}`);
    }
    if (failing === null && told) voice.talk('content.git: fetched again');
    told = failing !== null;
  };
  const fetchOnce = async (): Promise<void> => {
    try {
      const refreshed: Refreshed = await source.refresh({ command: 'kbsync watch', waitMs: lockWaitMs, signal: stopping.signal });
      hindrance = null;
      for (const note of refreshed.notes) voice.talk(`content.git: ${note}`);
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (stopping.signal.aborted) return;
      // Another process is fetching: what it finds is seen below, now or next time.
      if (error.code !== 'LOCKED')
        hindrance = { since: hindrance?.since ?? new Date(now()).toISOString(), message: error.message, next: error.next };
    }
    tell();
    // A command of another process may have fetched it.
    const { commit } = source.view();
    if (commit !== seen) {
      voice.talk(`content.git: at ${commit === null ? 'no commit' : short(commit)}${seen === null ? '' : ` (was ${short(seen)})`}`);
      seen = commit;
      onChange();
    }
    onFetched();
  };
  const arm = (): void => {
    if (timer !== null) timers.cancel(timer);
    timer = everyMs === 0 || stopping.signal.aborted ? null : timers.after(everyMs, () => void begin());
  };
  const begin = (): Promise<void> => {
    if (stopping.signal.aborted) return Promise.resolve();
    running ??= fetchOnce()
      .catch((thrown: unknown) => voice.complain(`content.git: ${asSyncError(thrown).message}`))
      .finally(() => {
        running = null;
        arm();
      });
    return running;
  };
  const first = begin();
  return {
    first,
    now() {
      if (running === null) return begin();
      // The one under way may have asked the server before what is meant was there.
      next ??= running.then(() => {
        next = null;
        return begin();
      });
      return next;
    },
    view,
    async end() {
      stopping.abort();
      if (timer !== null) timers.cancel(timer);
      await running;
    },
  };
}
