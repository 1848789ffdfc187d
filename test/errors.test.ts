// Every error code, provoked once by the real thing: its sentence says what, where, why and what next. docs/errors.md shows them.
// UPDATE_README=1 npx vitest run test/errors.test.ts rewrites the page.
import { readFileSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type ErrorCode, type ErrorRecord, errorTable } from '../src/model/error.ts';
import type { World } from './support/bots.ts';
import { placeFor, provocations } from './support/provocations.ts';

const page = fileURLToPath(new URL('../docs/errors.md', import.meta.url));
const places: World[] = [];
const found = new Map<ErrorCode, ErrorRecord>();

afterEach(async () => {
  for (const place of places.splice(0)) await place.close();
});

/** Without what is another one at each run: folders, ports, processes, names of this machine. */
function settled(text: string): string {
  return places
    .reduce((plain, { dir }) => plain.replaceAll(`/private${dir}`, '/srv/docs').replaceAll(dir, '/srv/docs'), text)
    .replaceAll(tmpdir(), '/tmp')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:8421')
    .replace(/process \d+ on \S+, since [^ ]+Z/g, 'process 4711 on web1, since 2026-11-22T08:00:00.000Z')
    .replaceAll(`of ${userInfo().username},`, 'of deploy,')
    .replaceAll(hostname(), 'web1')
    .replace(/\b(doc|document)([ _-])([0-9a-z]{8,})\b/g, '$1$2…');
}

function settledRecord({ code, message, vendor, next }: ErrorRecord): ErrorRecord {
  return { code, message: settled(message), vendor: vendor === null ? null : settled(vendor), next: settled(next) };
}

describe('every error code', () => {
  it('has its provocation', () => {
    expect(provocations.map(({ code }) => code)).toEqual(Object.keys(errorTable));
  });

  it.each(provocations)(
    '$code: $by',
    async ({ code, where, run }) => {
      const record = await run(async (flavour, settings) => {
        const place = await placeFor(flavour, settings);
        places.push(place);
        return place;
      });
      expect(record.code).toBe(code);
      const { message, next } = record;
      // What, where, and why: a sentence of its own, that says more than the table does.
      expect(`${message} ${next}`).toMatch(where);
      expect(message.split(/\s+/).length).toBeGreaterThanOrEqual(3);
      // What next: never the message again, and something to do.
      expect(next.length).toBeGreaterThan(8);
      expect(next).not.toBe(message);
      expect(`${message}${next}`).not.toMatch(/undefined|\[object|NaN/);
      found.set(code, settledRecord(record));
    },
    30_000,
  );

  it('stands in docs/errors.md as it was told', () => {
    expect(found.size).toBe(provocations.length);
    const text = pageOf(found);
    if (process.env['UPDATE_README'] === '1') writeFileSync(page, text);
    expect(readFileSync(page, 'utf8')).toBe(text);
  });
});

function pageOf(records: ReadonlyMap<ErrorCode, ErrorRecord>): string {
  const sections = provocations.flatMap(({ code, by }) => {
    const record = records.get(code);
    if (record === undefined) return [];
    const said = record.vendor === null ? '' : ` (the vendor says: ${record.vendor})`;
    const exit = errorTable[code].exitCode;
    return [
      `## ${code}`,
      `Exit code ${exit}. Here because ${by}:`,
      `\`\`\`text\nerror: ${record.message}${said}\nnext: ${record.next}\n\`\`\``,
    ];
  });
  return `${[
    '# Errors, as they are told',
    'Each code once, with the sentence that a test has really brought about (`UPDATE_README=1 npx vitest run test/errors.test.ts` rewrites this page); the same code has other sentences where something else is the cause. Commands print the name of the target before it, and the document where the sentence does not name it. What each code means in general stands in the [README](../README.md#errors), what to do in [Troubleshooting](../content/help/errors.md).',
    ...sections,
  ].join('\n\n')}\n`;
}
