// Reading the configuration again: what may change under a running daemon, where its page is served then, and what is told of the change.
import type { SecretSet } from '../config/secrets.ts';
import type { Config } from '../model/config.ts';
import { SyncError } from '../model/error.ts';
import type { SyncEvent } from '../model/event.ts';
import { isLoopback } from '../status/access.ts';
import type { StatusServer } from '../status/server.ts';
import type { Workspace } from '../workspace.ts';
import { checkSchedule } from './engine.ts';
import type { Voice } from './voice.ts';

/** The status server, and how another one is made of the same daemon. */
export interface Page {
  server: StatusServer;
  readonly listen: (at: Pick<Config['daemon'], 'host' | 'port'>) => Promise<StatusServer>;
}

/** How a configuration is read. */
interface Opening {
  readonly open: (onEvent: (event: SyncEvent) => void) => Promise<Workspace>;
  readonly targets: readonly string[];
  readonly voice: Voice;
}

/** What is at work until the new one is. */
interface AtWork {
  readonly workspace: Workspace;
  readonly secrets: Set<SecretSet>;
}

/** The workspace of the configuration as it is now, its status page where it wants it. Throws, with everything as it was, where it cannot take over. */
export async function openNext(
  { open, targets, voice }: Opening,
  { now, page }: { readonly now: AtWork; readonly page: Page },
  onEvent: (event: SyncEvent) => void,
): Promise<Workspace> {
  const next = await open(onEvent);
  // Whatever becomes of it: it was read, and may stand in a message.
  now.secrets.add(next.secrets);
  try {
    const old = now.workspace.config;
    refuseMove(old, next.config);
    checkSchedule(next.config);
    next.targets(targets);
    await next.source?.check();
    if (await moved(page, old.daemon, next.config.daemon)) voice.talk(`status page: ${page.server.url}`);
    return next;
  } catch (thrown) {
    await next.close();
    throw thrown;
  }
}

/** What cannot change under a running daemon. */
function refuseMove(old: Config, next: Config): void {
  if (old.stateDir !== next.stateDir)
    throw new SyncError('CONFIG_INVALID', { message: 'state.dir has changed', next: 'stop the daemon and start it again' });
  if (old.name !== next.name)
    throw new SyncError('CONFIG_INVALID', {
      message: 'name has changed, by which every item of ours is recognised',
      next: 'put it back; or, if it is meant, stop the daemon and start it again',
    });
  if (!isLoopback(next.daemon.host) && next.daemon.token === null) {
    throw new SyncError('CONFIG_INVALID', {
      message: `daemon.host is ${next.daemon.host}, which others can reach, and the token is gone`,
      next: 'set KBSYNC_TOKEN or daemon.token',
    });
  }
}

/** Has the page served where the configuration wants it now; whether that is another place. CONFIG_INVALID where it cannot be. */
async function moved(page: Page, old: Config['daemon'], next: Config['daemon']): Promise<boolean> {
  if (old.host === next.host && old.port === next.port) return false;
  const before = page.server;
  // Another address with the same port may only be free once the old one is.
  if (old.port === next.port && next.port !== 0) {
    await before.close();
    try {
      page.server = await page.listen(next);
    } catch (thrown) {
      page.server = await page.listen(old);
      throw thrown;
    }
    return true;
  }
  page.server = await page.listen(next);
  await before.close();
  return true;
}

/** Targets that came, went or are told otherwise, for the log; '' where none did. */
export function changesBetween(old: Config, next: Config): string {
  const textOf = (config: Config) => new Map(config.targets.map((target) => [target.name, JSON.stringify({ ...target, line: 0 })]));
  const [before, after] = [textOf(old), textOf(next)];
  const words = [
    ...[...after.keys()].filter((name) => !before.has(name)).map((name) => `${name} added`),
    ...[...before.keys()].filter((name) => !after.has(name)).map((name) => `${name} removed`),
    ...[...after].flatMap(([name, text]) => (before.has(name) && before.get(name) !== text ? [`${name} changed`] : [])),
    ...(old.content.root === next.content.root ? [] : [`content.root is ${next.content.root}`]),
  ];
  return words.length === 0 ? '' : `: ${words.join(', ')}`;
}

/** The time as a workspace has it. */
export function stampOf({ now }: Workspace): string {
  return new Date(now()).toISOString();
}
