// Events → lines of the log: which level each has, what it says, and what is no news.
import { describe, expect, it } from 'vitest';
import type { EventBody, SyncEvent } from '../../src/model/event.ts';
import type { LogFields, LogLevel } from '../../src/model/log.ts';
import { createEventLog } from '../../src/status/event-log.ts';

interface Line extends LogFields {
  readonly level: LogLevel;
  readonly event: string;
  readonly message: string;
}

function logged(...events: readonly EventBody[]): readonly Line[] {
  const lines: Line[] = [];
  const log = createEventLog(
    { line: (level, event, message, fields) => void lines.push({ level, event, message, ...fields }) },
    () => 'r1',
  );
  for (const event of events) log.take({ ...event, target: 'support', at: '2026-01-01T00:00:00.000Z' } as SyncEvent);
  return lines;
}

const error = { code: 'DOCUMENT_REFUSED', message: 'POST /rows: 422, refused', vendor: 'too odd', next: 'change it' } as const;

describe('the log of events', () => {
  it('says of an operation what, whom, which effects, how long, and what the vendor answered', () => {
    const operation = { kind: 'operation', action: 'create', document: 'a.md', effects: ['e1', 'e2'], durationMs: 40 } as const;
    const lines = logged(
      { ...operation, outcome: 'done', error: null },
      { ...operation, outcome: 'failed', error, status: 422 },
      { ...operation, outcome: 'unconfirmed', error },
    );
    expect(lines[0]).toEqual({
      level: 'info',
      event: 'operation',
      message: 'done: create a.md',
      run: 'r1',
      target: 'support',
      document: 'a.md',
      operation: 'create',
      outcome: 'done',
      effects: ['e1', 'e2'],
      durationMs: 40,
      status: undefined,
    });
    expect(lines[1]).toMatchObject({ level: 'error', status: 422, code: 'DOCUMENT_REFUSED', vendor: 'too odd', next: 'change it' });
    expect(lines[1]?.message).toBe('failed: create a.md: POST /rows: 422, refused');
    expect(lines[2]).toMatchObject({ level: 'warn', outcome: 'unconfirmed' });
  });

  it('tells each request, and only to those who want every detail', () => {
    const request = {
      kind: 'request',
      intent: 'write',
      method: 'POST',
      origin: 'https://api.example',
      path: '/rows',
      durationMs: 9,
    } as const;
    expect(logged({ ...request, status: 200, attempt: 1 }, { ...request, status: null, attempt: 2 })).toEqual([
      {
        level: 'debug',
        event: 'request',
        message: 'POST https://api.example/rows: 200',
        run: 'r1',
        target: 'support',
        method: 'POST',
        url: 'https://api.example/rows',
        status: 200,
        durationMs: 9,
        attempt: 1,
        intent: 'write',
      },
      expect.objectContaining({ message: 'POST https://api.example/rows: no answer', status: null, attempt: 2 }),
    ]);
  });

  it('leaves out progress within a phase, and counts of training that have not moved', () => {
    const counts = { pending: 0, training: 2, trained: 1, failed: 0, stuck: 0, unknown: 0 };
    const phase = { kind: 'phase', phase: 'pushing', total: 3 } as const;
    const lines = logged(
      ...[0, 1, 2, 3].map((done) => ({ ...phase, done })),
      { kind: 'training', counts },
      { kind: 'training', counts },
      { kind: 'training', counts: { ...counts, training: 0, trained: 3 } },
    );
    expect(lines.map(({ message }) => message)).toEqual(['pushing', '2 training, 1 trained', '3 trained']);
  });

  it('gives each event the level that it deserves', () => {
    const none = { missing: 0, twin: 0, changed: 0 };
    const test = { kind: 'test', document: null, question: 'How long?', reasons: ['missing: 30'] } as const;
    const lines = logged(
      { kind: 'drift', found: none, foreign: 3 },
      { kind: 'drift', found: { ...none, missing: 1 }, foreign: 0 },
      { ...test, change: 'failing' },
      { ...test, change: 'mended' },
      { kind: 'paused', forMs: 30_000, why: 'the vendor asks for it' },
      { kind: 'note', message: 'a torn line was cut' },
      { kind: 'error', error },
      { kind: 'error', error: { ...error, code: 'LOCKED' } },
    );
    expect(lines.map(({ level, event }) => `${event} ${level}`)).toEqual([
      'drift info',
      'drift warn',
      'test warn',
      'test info',
      'paused info',
      'note info',
      'error error',
      'error info',
    ]);
  });
});
