// Events → progress: a live line a target in a terminal, plain lines elsewhere. Talk, so stderr; silent under --quiet.
import type { SyncEvent } from '../model/event.ts';
import { visible } from '../plan/escape.ts';
import type { Output } from './output.ts';
import { figure } from './reports.ts';

interface Line {
  phase: string;
  done: number;
  total: number;
  note: string;
}

/** What to hand to the workspace as `onEvent`, and how to end it. */
export interface Progress {
  onEvent(event: SyncEvent): void;
  end(): void;
}

const redrawMs = 100;

/** A request that fails sooner is over before anybody wonders. */
const silenceMs = 5_000;

/** Progress over the targets of one command. */
export function createProgress(output: Output, verbose: boolean, now: () => number): Progress {
  // The log has each event as a line of its own.
  if (output.logsHere) return { onEvent() {}, end() {} };
  const lines = new Map<string, Line>();
  let drawnAt = 0;
  const draw = (force: boolean): void => {
    if (!output.isLive || (!force && now() - drawnAt < redrawMs)) return;
    drawnAt = now();
    output.showLive([...lines].map(([target, line]) => lineOf(target, line)));
  };
  return {
    onEvent(event) {
      const line = lines.get(event.target) ?? { phase: '', done: 0, total: 0, note: '' };
      lines.set(event.target, line);
      const moved = take(line, event);
      if (moved && !output.isLive && line.phase !== 'idle') output.mutter(`${visible(event.target)}: ${phrase(line)}`);
      if (event.kind === 'note') output.mutter(`${visible(event.target)}: ${visible(event.message)}`);
      if (verbose) tellDetail(event, output);
      else tellSilence(event, output);
      draw(moved);
    },
    end() {
      output.clearLive();
    },
  };
}

/** Takes an event over; whether a plain line is due. */
function take(line: Line, event: SyncEvent): boolean {
  if (event.kind === 'phase') {
    // Without a terminal: a line where a phase begins, and a sign of life every thousand documents.
    const moved =
      line.phase !== event.phase || line.total !== event.total || Math.floor(event.done / 1_000) > Math.floor(line.done / 1_000);
    line.phase = event.phase;
    line.done = event.done;
    line.total = event.total;
    line.note = '';
    return moved;
  }
  if (event.kind === 'training') {
    line.note = `${figure(event.counts.trained)} trained, ${figure(event.counts.training + event.counts.pending)} to go`;
    return true;
  }
  if (event.kind === 'paused') {
    line.note = `waiting ${Math.ceil(event.forMs / 1_000)} s: ${event.why}`;
    return true;
  }
  return false;
}

function phrase(line: Line): string {
  const count = line.total > 0 ? ` ${figure(line.done)}/${figure(line.total)}` : '';
  return `${line.phase}${count}${line.note === '' ? '' : ` (${line.note})`}`;
}

function lineOf(target: string, line: Line): string {
  const width = 20;
  const filled = line.total === 0 ? 0 : Math.min(width, Math.round((line.done / line.total) * width));
  const bar = line.total === 0 ? '' : ` [${'#'.repeat(filled)}${'.'.repeat(width - filled)}]`;
  return `${target}${bar} ${phrase(line)}`;
}

/** Where a vendor takes its time and then says nothing, a person who waits is told what for: it is asked again for up to two minutes more. */
function tellSilence(event: SyncEvent, output: Output): void {
  if (event.kind !== 'request' || event.status !== null || event.durationMs < silenceMs) return;
  const after = `${Math.round(event.durationMs / 1_000)} s`;
  output.talk(`${visible(event.target)}: no answer to ${event.method} ${visible(event.path)} after ${after} (attempt ${event.attempt})`);
}

function tellDetail(event: SyncEvent, output: Output): void {
  if (event.kind === 'request') {
    output.mutter(`${event.target}: ${event.method} ${visible(event.path)} → ${event.status ?? 'no answer'} (${event.durationMs} ms)`);
  } else if (event.kind === 'operation') {
    output.mutter(`${event.target}: ${event.outcome} ${event.action} ${visible(event.document)}`);
  }
}
