// Telling webhooks, by a clock that is turned by hand: retries, restarts, dead webhooks, full disks, and that nobody waits for any of it.
import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { folderSeen } from '../../src/daemon/incidents.ts';
import { createNotifier, type Notifier, type NotifyPlan } from '../../src/daemon/notify.ts';
import type { JsonRecord } from '../../src/model/json.ts';
import type { Finding, Posted, Seen, Webhook } from '../../src/model/notice.ts';

const path = '/state/notify/incidents.json';
let files: Map<string, string>;
beforeEach(() => {
  files = new Map();
});
const disk = {
  read: (name: string) => (files.has(name) ? Buffer.from(files.get(name) ?? '') : null),
  mkdir: () => Promise.resolve(),
  async replace(name: string, data: string | Uint8Array) {
    await turn();
    files.set(name, String(data));
  },
};

const hook = (name: string): Webhook => ({
  name,
  url: `https://${name}.example/x`,
  kind: 'json',
  events: null,
  targets: null,
  missing: [],
});
const failed = (what: string): Finding => ({ kind: 'failed', what, message: 'refused', next: null });
const saw = (...findings: readonly Finding[]): Seen => ({ target: 'support', judges: ['failed'], findings });
const ok: Posted = { status: 200, error: null, retryAfterMs: null };
const gone: Posted = { status: 404, error: 'it answers 404', retryAfterMs: null };

/** A clock whose timers fire when it is turned past them. */
function clock() {
  let nowMs = Date.UTC(2026, 0, 1);
  const waiting = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    now: () => nowMs,
    timers: {
      now: () => nowMs,
      after(ms: number, run: () => void) {
        const timer = { at: nowMs + ms, run };
        waiting.add(timer);
        return timer;
      },
      cancel: (timer: unknown) => void waiting.delete(timer as never),
    },
    async pass(ms: number) {
      const end = nowMs + ms;
      for (;;) {
        await settle();
        const [next] = [...waiting].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        waiting.delete(next);
        nowMs = next.at;
        next.run();
      }
      nowMs = end;
      await settle();
    },
    get waits() {
      return waiting.size;
    },
  };
}
async function settle(): Promise<void> {
  for (let n = 0; n < 20; n += 1) await turn();
}

function scene(time = clock(), webhooks: readonly Webhook[] = [hook('ops')]) {
  const told: string[] = [];
  const said: string[] = [];
  const lines: string[] = [];
  let answer: (name: string, body: JsonRecord) => Posted | Promise<Posted> = () => ok;
  const answers = (next: typeof answer): void => {
    answer = next;
  };
  const plan: NotifyPlan = {
    workspace: 'docs',
    webhooks,
    targets: ['support', 'site'],
    async post(url, body) {
      const name = new URL(url).hostname.split('.')[0] ?? '';
      const { id, event, kind, count } = body as { id: string; event: string; kind: string; count: number };
      const posted = await answer(name, body as JsonRecord);
      told.push(`${name} ${event} ${kind} ${count} ${id}${posted.error === null ? '' : ` ${posted.status}`}`);
      return posted;
    },
  };
  const start = (more: Partial<Parameters<typeof createNotifier>[0]> = {}): Notifier => {
    let ids = 0;
    const notifier = createNotifier({
      disk,
      stateDir: '/state',
      timers: time.timers,
      now: time.now,
      redact: (text) => text.replaceAll('hunter2', '***'),
      voice: { talk: (line) => void said.push(line), complain: (line) => void said.push(`! ${line}`) },
      log: { line: (level, event, message) => void lines.push(`${level} ${event} ${message}`) },
      newId() {
        ids += 1;
        return `n${ids}`;
      },
      ...more,
    });
    notifier.configure(plan);
    return notifier;
  };
  return { time, told, said, lines, start, plan, answers };
}

describe('a notifier', () => {
  it('tells an incident once and its end once, and logs both', async () => {
    const { time, told, lines, start } = scene();
    const notifier = start();
    for (let pass = 0; pass < 5; pass += 1) {
      notifier.saw(saw(failed('a.md')));
      await time.pass(60_000);
    }
    notifier.saw(saw());
    await time.pass(60_000);
    expect(told).toEqual(['ops opened failed 1 n1', 'ops over failed 1 n2']);
    expect(lines).toEqual(['info notification delivered: opened failed to ops', 'info notification delivered: over failed to ops']);
    expect(notifier.views()).toEqual([{ name: 'ops', failing: null, waiting: 0, counts: { delivered: 2, failed: 0, dropped: 0 } }]);
    expect(time.waits).toBe(0);
  });

  it('tells nothing again after a restart, and goes on with what had not arrived', async () => {
    const { time, told, start, answers } = scene();
    const first = start();
    first.saw(saw(failed('a.md')));
    await time.pass(1_000);
    answers(() => gone);
    first.saw({ target: 'site', judges: ['failed'], findings: [failed('b.md')] });
    await time.pass(1_000);
    await first.close();
    expect(told).toEqual(['ops opened failed 1 n1', 'ops opened failed 1 n2 404']);

    answers(() => ok);
    told.length = 0;
    const second = start({ newId: () => 'later' });
    second.saw(saw(failed('a.md')));
    second.saw({ target: 'site', judges: ['failed'], findings: [failed('b.md')] });
    await time.pass(60_000);
    expect(told).toEqual(['ops opened failed 1 n2']);
    second.saw(saw());
    await time.pass(1_000);
    expect(told.at(-1)).toBe('ops over failed 1 later');
    const kept = files.get(path) ?? '';
    expect(JSON.parse(kept)).toMatchObject({ version: 1, outbox: [] });
    await second.close();
  });

  it('has it on disk before it leaves', async () => {
    const { time, start, answers } = scene();
    let kept = '';
    answers(() => {
      kept = files.get(path) ?? '';
      return ok;
    });
    start().saw(saw(failed('a.md')));
    await time.pass(1_000);
    expect(kept).toContain('"a.md"');
  });

  it('tries a dead webhook again with longer and longer waits, gives up, and says so once', async () => {
    const { time, told, said, start, answers } = scene();
    answers(() => gone);
    const notifier = start();
    notifier.saw(saw(failed('a.md')));
    await time.pass(1_000);
    expect(told).toHaveLength(1);
    await time.pass(2_000);
    expect(told).toHaveLength(2);
    expect(said).toEqual([]);
    expect(notifier.views()[0]?.failing).toBeNull();
    await time.pass(3_600_000);
    expect(told).toHaveLength(6);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^! notify: webhook ops takes nothing: it answers 404;.*kbsync notify test ops$/);
    expect(notifier.views()[0]?.failing).toMatchObject({ error: 'it answers 404', since: '2026-01-01T00:00:00.000Z' });
    await time.pass(3 * 86_400_000);
    expect(told.length).toBeLessThanOrEqual(11);
    expect(notifier.views()[0]).toMatchObject({ waiting: 0, counts: { delivered: 0, dropped: 1 } });
    expect(new Set(told).size).toBe(1);

    answers(() => ok);
    notifier.saw(saw(failed('a.md'), failed('b.md')));
    await time.pass(1_000);
    expect(said.slice(1)).toEqual(['notify: webhook ops takes notifications again']);
    expect(notifier.views()[0]?.failing).toBeNull();
    // Of a.md it never heard.
    notifier.saw(saw());
    await time.pass(1_000);
    expect(told.at(-1)).toBe('ops over failed 1 n3');
  });

  it('tells what is new soon though an old one has been tried in vain for hours, and the old one first', async () => {
    const { time, told, start, answers } = scene();
    answers(() => gone);
    const notifier = start();
    notifier.saw(saw(failed('a.md')));
    // The next attempt is three hours away.
    await time.pass(2 * 3_600_000);
    const before = told.length;
    answers(() => ok);
    notifier.saw(saw(failed('a.md'), failed('b.md')));
    await time.pass(300_000);
    expect(told.slice(before)).toEqual(['ops opened failed 1 n1', 'ops opened failed 1 n2']);
  });

  it('tries at once what waited for a webhook whose address was mended, and after a restart', async () => {
    const { time, told, start, answers, plan } = scene();
    answers((name) => (name === 'ops' ? gone : ok));
    const notifier = start();
    notifier.saw(saw(failed('a.md')));
    await time.pass(2 * 3_600_000);
    const before = told.length;
    notifier.configure(plan);
    await time.pass(1_000);
    expect(told).toHaveLength(before);
    await notifier.close();
    const next = start();
    await time.pass(1_000);
    expect(told.slice(before)).toEqual(['ops opened failed 1 n1 404']);
    next.configure({ ...plan, webhooks: [{ ...hook('ops'), url: 'https://mended.example/x' }] });
    await time.pass(1_000);
    expect(told.at(-1)).toBe('mended opened failed 1 n1');
  });

  it('lets one dead webhook keep nothing from another, nor from whoever tells it', async () => {
    const { time, told, start, answers } = scene(clock(), [hook('slow'), hook('ops')]);
    answers((name) => (name === 'slow' ? new Promise<Posted>(() => {}) : ok));
    const notifier = start();
    notifier.saw(saw(failed('a.md')));
    notifier.saw(saw());
    await time.pass(1_000);
    notifier.saw(saw(failed('c.md')));
    await time.pass(1_000);
    expect(told).toEqual(['ops opened failed 1 n2', 'ops over failed 1 n4', 'ops opened failed 1 n6']);
    // The one under way is dropped: nothing waits for it.
    await notifier.close();
  });

  it('tells on a full disk all the same', async () => {
    const { time, told, said, start } = scene();
    const full = { ...disk, replace: () => Promise.reject(new Error('ENOSPC: the disk is full')) };
    const notifier = start({ disk: full });
    notifier.saw(saw(failed('a.md')));
    notifier.saw(folderSeen('the content folder is missing'));
    await time.pass(1_000);
    expect(told).toEqual(['ops opened failed 1 n1', 'ops opened folder 1 n2']);
    expect(said.filter((line) => line.includes('the disk is full'))).toHaveLength(1);
  });

  it('starts anew from a damaged book', async () => {
    const { time, told, start } = scene();
    files.set(path, '{"version":1,"incid');
    start().saw(saw(failed('a.md')));
    await time.pass(1_000);
    expect(told).toHaveLength(1);
  });

  it('keeps secrets out of the book', async () => {
    const { time, start } = scene();
    start().saw(saw({ ...failed('a.md'), message: 'the key hunter2 was refused' }));
    await time.pass(1_000);
    const kept = files.get(path) ?? '';
    expect(kept).toContain('***');
    expect(kept).not.toContain('hunter2');
  });

  it('writes nothing and reads nothing where no webhook is configured', async () => {
    const { time, start, told } = scene(clock(), []);
    start().saw(saw(failed('a.md')));
    await time.pass(1_000);
    expect(told).toEqual([]);
    expect(files.size).toBe(0);
  });

  it('says at the start that an address is not set, and shows it', async () => {
    const { start, said, time, told } = scene(clock(), [{ ...hook('ops'), url: '${OPS}', missing: ['OPS'] }]);
    const notifier = start();
    notifier.saw(saw(failed('a.md')));
    await time.pass(1_000);
    expect(told).toEqual([]);
    expect(said).toEqual(['! notify: webhook ops is told nothing: OPS is not set']);
    expect(notifier.views()[0]?.failing?.error).toBe('OPS is not set');
  });

  it('for a one-shot: waits no longer than it was given, and leaves the rest to the next', async () => {
    const { time, start, told, answers } = scene();
    answers(() => gone);
    const notifier = start();
    notifier.saw(saw(failed('a.md')));
    let done = false;
    const settled = notifier.settled(14_000).then(() => {
      done = true;
    });
    await time.pass(12_000);
    await settled;
    expect(done).toBe(true);
    expect(told).toHaveLength(2);
    expect(notifier.views()[0]?.waiting).toBe(1);
    await notifier.close();
  });
});
