// What a person who waits is told: that something is under way, and which vendor says nothing.
import { describe, expect, it } from 'vitest';
import { Output } from '../../src/cli/output.ts';
import { createProgress } from '../../src/cli/progress.ts';
import { createSecretSet } from '../../src/config/secrets.ts';
import type { EventBody } from '../../src/model/event.ts';
import { world } from '../support/bots.ts';

function said(verbose: boolean, events: readonly EventBody[]): string {
  const words: string[] = [];
  const sink = { write: (more: string) => void words.push(more) };
  const output = new Output({ stdout: sink, stderr: sink, json: false, quiet: false, colour: false, secrets: createSecretSet() });
  const progress = createProgress(output, verbose, () => 0);
  for (const event of events) progress.onEvent({ ...event, target: 'site', at: '2026-01-01T00:00:00.000Z' });
  progress.end();
  return words.join('');
}

const request = { kind: 'request', intent: 'read', method: 'GET', path: '/me', attempt: 2 } as const;

describe('a vendor that does not answer', () => {
  it('is told, once each time', () => {
    expect(said(false, [{ ...request, status: null, durationMs: 30_004 }])).toBe('site: no answer to GET /me after 30 s (attempt 2)\n');
    expect(said(true, [{ ...request, status: null, durationMs: 30_004 }])).toBe('site: GET /me → no answer (30004 ms)\n');
  });

  it('is not, where it answered or was gone at once', () => {
    expect(said(false, [{ ...request, status: 200, durationMs: 30_004 }])).toBe('');
    expect(said(false, [{ ...request, status: null, durationMs: 3 }])).toBe('');
  });
});

it('a run says what it does before the first request leaves', async () => {
  const bot = await world('sitegpt');
  bot.write({ 'a.md': '# Ants\n\nThe ant carries a leaf.\n' });
  await bot.plan();
  expect(bot.events[0]).toMatchObject({ kind: 'phase', phase: 'planning' });
  await bot.close();
});
