// What a sandbox holds survives the process: every vendor's emulator started again over its log on disk meets the same bot.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { fileStore } from '../../src/sandbox/store.ts';
import { openBenches } from '../../src/testkit/benches.ts';
import { learn, makeItem, push } from '../../src/testkit/steps.ts';
import { contractSubjects } from '../support/contract-subjects.ts';

const { subjects } = await contractSubjects(null);
const dir = mkdtempSync(join(tmpdir(), 'kbsync-restart-'));
const stores = new Map<number, ReturnType<typeof fileStore>>();
const benches = openBenches((bot) => {
  stores.get(bot)?.close();
  const store = fileStore(dir, `bot${bot}`);
  stores.set(bot, store);
  return store;
});

afterEach(async () => {
  await benches.close();
  for (const store of stores.values()) store.close();
  stores.clear();
  rmSync(dir, { recursive: true, force: true });
});

describe.each(subjects.map((subject) => ({ ...subject, subject })))('$name', ({ subject }) => {
  it('holds, answers and goes on learning as before', async () => {
    const bench = await benches.open(subject);
    const { target, call, vendor, clock } = bench;
    const lesson = makeItem(bench, 'zorbling', 'The zorbling of a quaxel takes 4711 minutes.');
    const later = makeItem(bench, 'grommet', 'A grommet of brass weighs 815 grams.');
    const items = [lesson, later];
    await learn(bench, await push(bench, [lesson]));
    const unlearnt = await push(bench, 'replaceAll' in target ? items : [later]);
    const before = vendor.inspect();
    bench.restart();
    expect(vendor.inspect()).toEqual(before);
    const ask = async (question: string) => (target.ask === undefined ? null : (await target.ask(question, call)).text);
    if (target.ask !== undefined) expect(await ask('How long does the zorbling of a quaxel take?')).toMatch(/4711/);
    await learn(bench, unlearnt);
    bench.restart();
    clock.advance(1);
    if (target.ask !== undefined) expect(await ask('What does a grommet of brass weigh?')).toMatch(/815/);
    expect(vendor.inspect().filter(({ answeredFrom }) => answeredFrom !== null)).toHaveLength('replaceAll' in target ? 1 : 2);
  });
});
