// The book of incidents: one notice when it begins, one when it is over, to each webhook that wants it, and to none that never heard the first.
import { describe, expect, it } from 'vitest';
import {
  type Book,
  delivered,
  dueAt,
  emptyBook,
  folderSeen,
  judge,
  mostWaiting,
  notDelivered,
  retryMs,
  seenBy,
  trimmed,
} from '../../src/daemon/incidents.ts';
import type { ErrorCode, ErrorRecord } from '../../src/model/error.ts';
import type { Finding, Seen, Webhook } from '../../src/model/notice.ts';

const webhook = (name: string, more: Partial<Webhook> = {}): Webhook => ({
  name,
  url: 'https://x.example/',
  kind: 'json',
  events: null,
  targets: null,
  missing: [],
  ...more,
});
const ops = webhook('ops');
const failed = (what: string, message = 'refused'): Finding => ({ kind: 'failed', what, message, next: 'mend it' });
const saw = (...findings: readonly Finding[]): Seen => ({ target: 'support', judges: ['failed', 'held'], findings });

/** A book that is fed looks, and hands out what is on its way. */
function keeping(...webhooks: readonly Webhook[]) {
  let book: Book = emptyBook;
  let ids = 0;
  let nowMs = 1_000_000;
  const sending = new Set<string>();
  const newId = (): string => {
    ids += 1;
    return `n${ids}`;
  };
  const how = () => ({ webhooks, nowMs, newId, sending });
  const outbox = () =>
    book.outbox.map(
      ({ webhook: to, event, kind, items, count }) => `${to} ${event} ${kind} ${count}: ${items.map(({ what }) => what).join(',')}`,
    );
  return {
    outbox,
    sending,
    book: () => book,
    saw(seen: Seen | null) {
      if (seen !== null) book = judge(book, seen, how());
      return outbox();
    },
    deliver() {
      for (const { id } of book.outbox) book = delivered(book, id);
    },
    fail() {
      const [first] = book.outbox;
      const after = notDelivered(book, first?.id ?? '', nowMs, null);
      book = after.book;
      return after.givenUp;
    },
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

describe('an incident', () => {
  it('is told once, and once when it is over, however often it is seen', () => {
    const { saw: see, deliver, outbox } = keeping(ops);
    expect(see(saw(failed('a.md')))).toEqual(['ops opened failed 1: a.md']);
    expect(see(saw(failed('a.md', 'still refused')))).toHaveLength(1);
    deliver();
    expect(see(saw(failed('a.md')))).toEqual([]);
    expect(see(saw())).toEqual(['ops over failed 1: a.md']);
    deliver();
    expect(see(saw())).toEqual([]);
    expect(see(saw(failed('a.md')))).toEqual(['ops opened failed 1: a.md']);
    expect(outbox()).toHaveLength(1);
  });

  it('that began together with others of its kind is told in one notice with them', () => {
    const { saw: see, deliver } = keeping(ops);
    const many = Array.from({ length: 300 }, (_, n) => failed(`p${n}.md`));
    const [line] = see(saw(...many, { kind: 'held', what: 'too-many-deletes', message: '312 deletes', next: null }));
    expect(line?.startsWith('ops opened failed 300: p0.md,p1.md')).toBe(true);
    expect(line?.split(',')).toHaveLength(20);
    expect(see(saw(...many))).toHaveLength(1);
    deliver();
    expect(see(saw(...many.slice(0, 299)))).toEqual(['ops over failed 1: p299.md']);
  });

  it('is not over because a look could not judge it', () => {
    const { saw: see, deliver } = keeping(ops);
    see(saw(failed('a.md')));
    deliver();
    expect(see({ target: 'support', judges: ['unreachable'], findings: [] })).toEqual([]);
    expect(see({ target: 'site', judges: ['failed'], findings: [] })).toEqual([]);
    expect(see(saw())).toHaveLength(1);
  });

  it('goes to those who want its kind and its target; the folder is everybody’s', () => {
    const { saw: see } = keeping(
      webhook('all'),
      webhook('held', { events: ['held'] }),
      webhook('site', { targets: ['site'] }),
      webhook('unset', { missing: ['X'] }),
    );
    expect(see(saw(failed('a.md')))).toEqual(['all opened failed 1: a.md']);
    expect(see(folderSeen('the content folder is missing')).slice(1)).toEqual(['all opened folder 1: ', 'site opened folder 1: ']);
  });
});

describe('what was not heard', () => {
  it('is not taken back: over before it was ever sent, nobody is told', () => {
    const { saw: see } = keeping(ops);
    see(saw(failed('a.md'), failed('b.md')));
    expect(see(saw(failed('b.md')))).toEqual(['ops opened failed 1: b.md']);
    expect(see(saw())).toEqual([]);
  });

  it('may have been heard all the same: over while it is being sent, or after an attempt, it is taken back', () => {
    const inFlight = keeping(ops);
    inFlight.saw(saw(failed('a.md')));
    inFlight.sending.add('n1');
    expect(inFlight.saw(saw())).toEqual(['ops opened failed 1: a.md', 'ops over failed 1: a.md']);
    const tried = keeping(ops);
    tried.saw(saw(failed('a.md')));
    tried.fail();
    expect(tried.saw(saw())).toEqual(['ops opened failed 1: a.md', 'ops over failed 1: a.md']);
  });

  it('is given up after a day, however often it was tried, and its end with it', () => {
    const { saw: see, fail, outbox, pass } = keeping(ops);
    see(saw(failed('a.md')));
    const attempts = Array.from({ length: 5 * retryMs.length }, () => fail());
    expect(attempts.every((givenUp) => !givenUp)).toBe(true);
    see(saw());
    expect(outbox()).toHaveLength(2);
    pass(86_400_000);
    expect(fail()).toBe(true);
    expect(outbox()).toEqual([]);
  });

  it('keeps newer ones waiting for minutes, not for hours, and for as long as the receiver asks', () => {
    const { saw: see, book } = keeping(ops);
    see(saw(failed('a.md')));
    let current = book();
    for (let n = 0; n < 7; n += 1) current = notDelivered(current, 'n1', 0, null).book;
    const tried = current.outbox[0] ?? { attempts: 0, dueMs: 0 };
    expect([dueAt(tried, false), dueAt(tried, true)]).toEqual([10_800_000, 300_000]);
    const asked = notDelivered(book(), 'n1', 0, 1_800_000).book.outbox[0] ?? tried;
    expect(dueAt(asked, true)).toBe(1_800_000);
  });

  it('waits longer from attempt to attempt, and at least as long as the receiver asks', () => {
    const { saw: see, book } = keeping(ops);
    see(saw(failed('a.md')));
    let current = book();
    const waits: number[] = [];
    for (let n = 0; n < retryMs.length; n += 1) {
      current = notDelivered(current, 'n1', 0, null).book;
      waits.push(current.outbox[0]?.dueMs ?? 0);
    }
    expect(waits).toEqual(retryMs);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    expect(notDelivered(book(), 'n1', 0, 120_000).book.outbox[0]?.dueMs).toBe(120_000);
    expect(notDelivered(book(), 'n1', 0, 1e12).book.outbox[0]?.dueMs).toBe(43_200_000);
  });

  it('never grows without bound', () => {
    const { saw: see, outbox } = keeping(ops);
    for (let n = 0; n < 2 * mostWaiting; n += 1) see({ target: 'support', judges: [], findings: [failed(`p${n}.md`)] });
    expect(outbox()).toHaveLength(mostWaiting);
    expect(outbox().at(-1)).toContain('p199.md');
  });
});

describe('what a pass shows', () => {
  const error = (code: ErrorCode): ErrorRecord => ({ code, message: code.toLowerCase(), vendor: null, next: 'look' });
  const look = { target: 'support', report: null, error: null, whole: true, looksOnly: false, troubles: [] };
  const kindOf = (code: ErrorCode) => seenBy({ ...look, error: error(code) })?.findings.map(({ kind }) => kind);

  it('is what stopped it, by the kind of error, and nothing where another run is at work or somebody stopped it', () => {
    expect(kindOf('TARGET_UNREACHABLE')).toEqual(['unreachable']);
    expect(kindOf('VENDOR_FAILED')).toEqual(['unreachable']);
    expect(kindOf('CREDENTIALS_REFUSED')).toEqual(['refused']);
    expect(kindOf('SECRET_MISSING')).toEqual(['refused']);
    expect(kindOf('QUOTA_EXHAUSTED')).toEqual(['stopped']);
    for (const code of ['LOCKED', 'ABORTED', 'BUSY'] as const) expect(kindOf(code)).toBeUndefined();
    expect(seenBy({ ...look, looksOnly: true, error: error('TARGET_UNREACHABLE') })).toBeNull();
  });

  it('says nothing of documents and brakes where the target was stopped', () => {
    expect(seenBy({ ...look, error: error('TARGET_UNREACHABLE'), troubles: [failed('a.md')] })).toMatchObject({
      judges: ['unreachable', 'refused', 'stopped'],
      findings: [{ kind: 'unreachable' }],
    });
  });

  it('names brakes by their rule, and no target that waits for another', () => {
    const brake = { id: 'H1', rule: 'too-many-deletes', message: '312 deletes', passWith: null, documents: [] } as const;
    const report = { error: null, held: [brake, { ...brake, id: 'H2', rule: 'after' }] } as never;
    expect(seenBy({ ...look, report })?.findings).toEqual([
      { kind: 'held', what: 'too-many-deletes', message: '312 deletes', next: 'kbsync todo approve H1' },
    ]);
    expect(seenBy({ ...look, report: { error: null, held: [] }, whole: false })?.judges).not.toContain('held');
    expect(seenBy({ ...look, report: { error: null, held: [] } })?.judges).toContain('held');
  });
});

describe('after a reload', () => {
  it('nobody is told what concerns a target or a webhook that is gone', () => {
    const { saw: see, book } = keeping(ops, webhook('old'));
    see(saw(failed('a.md')));
    const left = trimmed(book(), [ops], ['site']);
    expect(left.incidents).toEqual({});
    expect(left.outbox.map(({ webhook: to }) => to)).toEqual(['ops']);
  });
});
