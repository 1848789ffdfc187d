// The twelve invariants of docs/reliability.md, each against every variant of every connector over real HTTP. Invariant 2 is test/crash.test.ts, and
// 11 is test/isolation.test.ts: they are about more than one run of one target.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { capabilitiesOf } from '../src/connectors/connector.ts';
import { readLedger } from '../src/state/store.ts';
import { refusedText } from '../src/testkit/bench.ts';
import { Life } from './support/life.ts';
import { type ScannedFolder, scannedFolder } from './support/scanned.ts';
import { vendorBots } from './support/struck-bots.ts';
import { judge, word } from './support/truth.ts';
import { type Cycle, publicFolder, smallCycle, wholeCycle } from './support/whole-cycle.ts';

const small = smallCycle();
const nowMs = Date.UTC(2026, 10, 21);
const text = (group: string, version = 1) => `The word is ${word(group, version)}.`;
let whole: Cycle & { remove(): void };
let elsewhere: ScannedFolder;

beforeAll(async () => {
  whole = await wholeCycle(nowMs);
  elsewhere = scannedFolder();
});
afterAll(() => {
  whole.remove();
  elsewhere.remove();
});

describe.each(await vendorBots())('$name', (kind) => {
  let life: Life;
  const lives: Life[] = [];
  const begin = async (...more: Parameters<typeof Life.begin> extends [unknown, ...infer Rest] ? Rest : never): Promise<Life> => {
    life = await Life.begin(kind, ...more);
    lives.push(life);
    return life;
  };
  afterEach(async () => {
    for (const each of lives.splice(0)) await each.close();
  });
  const held = () =>
    life.bot
      .items()
      .map(({ text: content }) => content)
      .join('\n');
  const can = () => capabilitiesOf(life.bot.target);

  it('1: the same folder twice, the first run ended trained: the second run makes zero write calls', async () => {
    await begin();
    expect((await life.run(whole.before)).exitCode).toBe(0);
    const { writes, report, exitCode } = await life.run(whole.before);
    expect({ writes, exitCode, results: report?.results }).toEqual({ writes: 0, exitCode: 0, results: [] });
  });

  it('2: nothing is sent before its begin is on disk, and each write has one', async () => {
    await begin();
    await life.run(whole.before);
    let looked = 0;
    const onWrite = async (where: string, afterPowerCut: Parameters<typeof readLedger>[0]['disk']) => {
      // To publish changes no document and may be said as often as one likes.
      if (where.endsWith('/publish')) return;
      const { open } = await readLedger({ disk: afterPowerCut, dir: '/state', target: 'bot' });
      expect(open.length, where).toBeGreaterThan(0);
      looked += 1;
    };
    await life.run(whole.after, { onWrite });
    expect(looked).toBeGreaterThan(0);
  });

  it('3: an incomplete scan plans zero deletes and says why', async () => {
    await begin();
    await life.run(small.before);
    const folder = publicFolder({ 'a.md': text('a') }, { complete: false, incompleteWhy: 'deep: permission denied' });
    const { report, exitCode, writes } = await life.run(folder);
    expect({ exitCode, writes }).toEqual({ exitCode: 5, writes: 0 });
    expect(report?.held[0]?.message).toContain('permission denied');
    for (const group of ['a', 'b', 'c', 'd']) expect(held()).toContain(word(group, 1));
  });

  it('3: an incomplete listing changes nothing and says why', async () => {
    await begin();
    if (!can().has('list')) return;
    await life.run(small.before);
    life.loseState();
    // The first listing of the bot's items breaks in the middle, however often it is asked for.
    life.bot.setFault((_request, count) => (!life.bot.writing && count > 1 ? 'broken-json' : null));
    const { report, exitCode, writes } = await life.run(small.after);
    expect(writes).toBe(0);
    expect(exitCode).toBe(11);
    expect(report?.error?.message).not.toBe('');
    for (const group of ['a', 'b', 'c', 'd']) expect(held()).toContain(word(group, 1));
  });

  it('4: a narrower include, and another path to the same folder, change nothing outside their scope', async () => {
    await begin();
    const files = { 'top.md': text('top'), 'deep/inner.md': text('inner') };
    elsewhere.write(files);
    await life.run(await elsewhere.scan(nowMs));
    const other = scannedFolder();
    other.write(files);
    expect((await life.run(await other.scan(nowMs))).writes).toBe(0);
    const { writes, exitCode, report } = await life.run(await other.scan(nowMs, ['*.md']));
    other.remove();
    expect({ writes, exitCode, outOfScope: report?.outOfScope }).toEqual({ writes: 0, exitCode: 0, outOfScope: 1 });
    expect(held()).toContain(word('inner', 1));
  });

  it('5: a moved file whose body is unchanged is a move', async () => {
    await begin();
    const folder = scannedFolder();
    const page = `# Everything about d\n\n${text('d')}\n`;
    folder.write({ 'd.md': page, 'b.md': `# B\n\n${text('b')}\n` });
    await life.run(await folder.scan(nowMs));
    folder.write({ 'd.md': null, 'moved/d.md': `---\ntags: [moved]\n---\n${page}` });
    const { report, writes } = await life.run(await folder.scan(nowMs));
    folder.remove();
    expect(report?.results.map(({ operation }) => [operation.action, operation.document])).toEqual([['move', 'moved/d.md']]);
    // Where the vendor shows the name the row is renamed; where the one text carries names, it is written anew.
    if (!life.bot.target.traits.renames && can().has('update') && !('replaceAll' in life.bot.target)) expect(writes).toBe(0);
    expect(held().split(word('d', 1)).length - 1).toBe(1);
  });

  it('6: the old version stays answerable until the new one is accepted', async () => {
    await begin();
    await life.run(whole.before);
    life.bot.clock.nowMs += 60_000;
    const answers = (): string => [...life.bot.items().map((item) => item.answeredFrom ?? ''), ...life.bot.ghosts()].join('\n');
    const versions = [
      ['edit', 1, 2],
      ['moved', 1, 1],
      ['same', 1, 1],
      ['big', '1a', '1a'],
      ['grown', 1, 1],
    ] as const;
    let looked = 0;
    const onWrite = (where: string): void => {
      const now = answers();
      for (const [group, old, fresh] of versions)
        expect(now.includes(word(group, old)) || now.includes(word(group, fresh)), `${group}, ${where}`).toBe(true);
      looked += 1;
    };
    // Runs that do not wait come back before the new versions are learnt: the old ones are still needed then.
    await life.run(whole.after, { onWrite, waitMs: 0 });
    await life.run(whole.after, { onWrite, waitMs: 0 });
    await life.run(whole.after, { onWrite });
    onWrite('at the end');
    expect(looked).toBeGreaterThan(1);
  });

  it('7: bytes that were refused for good are not sent again until they change', async () => {
    if (kind.conditions?.has('item-refused') !== true) return;
    await begin({ condition: 'item-refused' });
    if ('replaceAll' in life.bot.target) return;
    const good = { 'a.md': text('a') };
    const first = await life.run(publicFolder({ ...good, 'bad.md': `${text('bad')} ${refusedText}` }));
    expect(first.exitCode).toBe(4);
    const second = await life.run(publicFolder({ ...good, 'bad.md': `${text('bad')} ${refusedText}` }));
    expect({ writes: second.writes, exitCode: second.exitCode }).toEqual({ writes: 0, exitCode: 4 });
    expect((await life.run(publicFolder({ ...good, 'bad.md': text('bad', 2) }))).exitCode).toBe(0);
    expect(held()).toContain(word('bad', 2));
  });

  it('8: what kbsync did not make is never changed or deleted', async () => {
    await begin();
    if ('replaceAll' in life.bot.target) return;
    const foreign = new Map([[life.bot.plant('Somebody typed this: walrus.'), 'walrus']]);
    await life.run(small.before);
    foreign.set(life.bot.plant('And this: narwhal.'), 'narwhal');
    const last = await life.quiesce(small.after);
    const { breaches } = await judge(life, { ...small, foreign }, last);
    expect(breaches).toEqual([]);
  });

  it('9: a run that was held, partial or unconfirmed never looks green', async () => {
    await begin();
    expect((await life.run(small.before, { passes: { initial: life.bot.target.list !== undefined } })).exitCode).toBe(
      can().has('list') ? 0 : 5,
    );
    await life.run(small.before);
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`m${n}.md`, text(`m${n}x`)]));
    await life.run(publicFolder({ ...many, 'a.md': text('a') }));
    const deleted = await life.run(publicFolder({ 'a.md': text('a') }), { passes: { allowDeletes: null } });
    expect(deleted.exitCode).toBe(5);
    life.bot.setFault(() => (life.bot.writing ? 'reset-before' : null));
    const partial = await life.run(publicFolder({ ...many, 'a.md': text('a'), 'new.md': text('new') }));
    expect([4, 11]).toContain(partial.exitCode);
  });

  it('9, 12: a training that never ends: the wait is bounded, the exit code says so, and a later run resumes', async () => {
    if (kind.conditions?.has('training-never-ends') !== true || kind.name.startsWith('cxgenie')) return;
    await begin({ condition: 'training-never-ends' });
    if (!can().has('status')) return;
    const before = life.bot.clock.nowMs;
    const { exitCode, report } = await life.run(small.before);
    expect(exitCode).toBe(6);
    expect(report?.training.trained).toBe(0);
    expect(life.bot.clock.nowMs - before).toBeLessThan(2 * 1_800_000);
    const later = await life.run(small.before, { waitMs: 0 });
    expect(later.report?.training.trained).toBe(0);
  });

  it('12: what was not waited for is resumed by a later run', async () => {
    await begin();
    const first = await life.run(small.before, { waitMs: 0 });
    expect(first.exitCode).toBe(0);
    expect(first.report?.training.trained).toBe(0);
    life.bot.clock.nowMs += 60_000;
    const later = await life.run(small.before);
    if (can().has('status')) expect(later.report?.training.trained).toBe(4);
    else expect(later.report?.training).toMatchObject({ trained: 0, unknown: 4 });
  });

  it('10: no secret in state, events or report, though the vendor says it back', async () => {
    await begin();
    const secret = life.bot.secrets.join(' ');
    life.bot.setFault((_request, count) => (count % 3 === 0 ? { kind: 'status', status: 500, body: `you sent ${secret}` } : null));
    const reports = [await life.run(small.before), await life.run(small.after)];
    life.bot.setFault(() => ({ kind: 'status', status: 401, body: `{"error":"${secret} is not a key"}` }));
    reports.push(await life.run(small.before));
    const told = [JSON.stringify(life.disk.files()), JSON.stringify(life.bot.events), JSON.stringify(reports.map(({ report }) => report))];
    expect(secret).not.toBe('');
    for (const each of life.bot.secrets) expect(told.join('\n')).not.toContain(each);
  });
});
