// Requests and refusals of each target by the hour, counted from the event stream and kept in memory for as long as the page draws them.
import type { SyncEvent } from '../model/event.ts';
import type { Traffic, TrafficHour } from '../status/desk.ts';

export interface TrafficCounter {
  take(event: SyncEvent): void;
  read(): Traffic;
}

/** Ninety days. */
const mostHours = 90 * 24;

/** Counts from now on; `since`, ISO. */
export function countTraffic(since: string): TrafficCounter {
  const targets = new Map<string, TrafficHour[]>();
  return {
    take(event) {
      if (event.kind !== 'request') return;
      const hours = targets.get(event.target) ?? [];
      const hour = `${event.at.slice(0, 13)}:00:00.000Z`;
      const last = hours.at(-1);
      const before = last?.hour === hour ? hours.pop() : undefined;
      const { requests = 0, refused = 0, unanswered = 0 } = before ?? {};
      const { status } = event;
      hours.push({
        hour,
        requests: requests + 1,
        refused: refused + (status !== null && status >= 400 ? 1 : 0),
        unanswered: unanswered + (status === null ? 1 : 0),
      });
      if (hours.length > mostHours) hours.shift();
      targets.set(event.target, hours);
    },
    read: () => ({ since, targets: Object.fromEntries([...targets].map(([target, hours]) => [target, [...hours]])) }),
  };
}
