// What the status page of the daemon has done: the same commands, in words that a second terminal would have sent; and the look for gaps, masked.

import type { DaemonInput } from '../daemon/daemon.ts';
import type { HandedCommand } from '../daemon/handover.ts';
import type { Workspace } from '../workspace.ts';
import { gapsOf } from './gaps.ts';
import { kindWords } from './gaps-report.ts';
import { inboxFacts } from './inbox.ts';
import type { Invocation } from './invocation.ts';
import type { SyncRequest } from './sync.ts';
import { wholeSync } from './todo.ts';
import type { TodoRequest } from './todo-decision.ts';

/** Groups of questions that the page shows. */
const mostGaps = 50;

/** For the daemon that this invocation starts. */
export function pageWork({ options, cwd }: Pick<Invocation, 'options' | 'cwd'>): NonNullable<DaemonInput['page']> {
  const handed = (command: HandedCommand['command'], request: SyncRequest | TodoRequest, targets: readonly string[]): HandedCommand => ({
    command,
    request: { ...request },
    options: { config: options.config, targets, json: false, quiet: false, verbose: false },
    cwd,
    colour: false,
    columns: null,
  });
  return {
    facts: inboxFacts,
    // Not waited for here: the daemon's own loop follows the training.
    retry: (targets, paths) =>
      handed('sync', { ...wholeSync, onlyFailed: true, paths, waitMs: 0 }, targets.length === 0 ? options.targets : targets),
    decide: (target, { action, id, remoteId }) => handed('todo', { action, words: remoteId === null ? [id] : [id, remoteId] }, [target]),
    async gaps(workspace: Workspace, days, stop) {
      const at = new Date(workspace.now()).toISOString();
      const since = { agoMs: days * 86_400_000 };
      const how = { since, limit: mostGaps, most: 20_000, unmasked: false, unknown: [] };
      const report = await gapsOf(workspace, { targets: options.targets, stop }, how);
      return {
        at,
        days,
        groups: report.groups,
        targets: report.reads.map(({ target, checked, reason, exchanges, vain, error }) => ({
          name: target.name,
          checked,
          reason: error === null ? reason : `${error.message}. Next: ${error.next}`,
          exchanges,
          vain: vain.length,
        })),
        gaps: report.gaps.slice(0, mostGaps).map(({ question, also, count, targets, last, kind, nearest }) => ({
          question,
          also,
          count,
          targets: targets.map(({ target }) => target),
          last,
          kind,
          words: kindWords[kind],
          nearest: nearest === null ? null : { document: nearest.document, heading: nearest.heading },
        })),
      };
    },
  };
}
