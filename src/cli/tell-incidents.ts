// `sync --notify`: what one run showed, told to the webhooks by the same book that the daemon keeps, so that a nightly run tells each incident once.
import type { Folder } from '../cycle/folder.ts';
import { folderSeen, seenBy } from '../daemon/incidents.ts';
import { realTimers } from '../daemon/loop.ts';
import { createNotifier, lockNotices, notifyPlanOf } from '../daemon/notify.ts';
import { asSyncError, SyncError } from '../model/error.ts';
import type { Seen } from '../model/notice.ts';
import type { TargetReport } from '../model/report.ts';
import { visibleLines } from '../plan/escape.ts';
import { troublesOf } from '../status/troubles.ts';
import type { Workspace } from '../workspace.ts';
import type { Invocation } from './invocation.ts';

/** Two attempts, of ten seconds at most: what is not taken by then is the next run's. */
const mostMs = 14_000;
/** Another run that is telling is done by then. */
const lockWaitMs = 30_000;

/** Whether this run tells anybody. USAGE, SECRET_MISSING where it was asked to and cannot: said before anything is done. */
export function willTell({ config }: Workspace, { ready, output }: Invocation): boolean {
  if (ready !== undefined) {
    output.talk('the daemon tells the webhooks by itself: --notify adds nothing');
    return false;
  }
  if (config.notify.length === 0) {
    throw new SyncError('USAGE', { message: '--notify: no webhook is configured', next: 'add one to notify in the configuration' });
  }
  const [unset] = config.notify.filter(({ missing }) => missing.length > 0);
  if (unset !== undefined)
    throw new SyncError('SECRET_MISSING', { message: `the address of webhook ${unset.name}: ${unset.missing.join(', ')} is not set` });
  return true;
}

export interface RunShowed {
  readonly reports: readonly TargetReport[];
  readonly folder: Folder;
  /** The run planned the whole folder. */
  readonly whole: boolean;
}

/** Tells, for a bounded time. Never throws: the run's own outcome stands, whoever hears of it. */
export async function tellIncidents(workspace: Workspace, showed: RunShowed, { output, log, stop }: Invocation): Promise<void> {
  const { disk, config, now, secrets } = workspace;
  if (stop.aborted) return;
  try {
    const lock = await lockNotices(workspace, { waitMs: lockWaitMs, signal: stop });
    try {
      const notifier = createNotifier({
        disk,
        stateDir: config.stateDir,
        timers: realTimers,
        now,
        redact: secrets.redact,
        voice: output,
        log: log?.log,
      });
      notifier.configure(notifyPlanOf(workspace));
      for (const seen of await seenIn(workspace, showed)) notifier.saw(seen);
      await notifier.settled(mostMs);
      const waiting = notifier.views().filter((view) => view.waiting > 0);
      for (const { name } of waiting) output.complain(`notify: webhook ${name} has not taken everything; the next run tries again`);
      await notifier.close();
    } finally {
      await lock.release();
    }
  } catch (thrown) {
    output.complain(`notify: ${visibleLines(asSyncError(thrown).message)}; the next run tells it`);
  }
}

async function seenIn(workspace: Workspace, { reports, folder, whole }: RunShowed): Promise<readonly (Seen | null)[]> {
  const { rootMissing, complete, incompleteWhy } = folder.scan;
  const trouble = rootMissing
    ? 'the content folder is missing'
    : complete
      ? null
      : `the content folder cannot be listed completely: ${incompleteWhy ?? ''}`;
  const seen: (Seen | null)[] = [folderSeen(trouble, workspace.source?.view().failing ?? null)];
  for (const report of reports) {
    const { target } = report;
    const troubles = await troublesAt(workspace, target);
    seen.push(seenBy({ target, report, error: null, whole, looksOnly: false, troubles }));
  }
  return seen;
}

/** Null where its memory cannot be read, which its report has said. */
async function troublesAt(workspace: Workspace, target: string) {
  try {
    const tests = workspace.tests(target);
    const isOn = workspace.config.targets.some(({ name, canary }) => name === target && canary);
    return troublesOf(target, (await workspace.view(target)).state, tests.memory(), isOn ? tests.canary() : undefined);
  } catch (thrown) {
    if (asSyncError(thrown).code === 'UNEXPECTED') throw thrown;
    return null;
  }
}
