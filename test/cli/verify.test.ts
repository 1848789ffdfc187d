// Golden questions against every kind of vendor over real HTTP: what fails, what passes, what it costs, and what must not come out any more.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type World, world } from '../support/bots.ts';
import { retractIn } from '../support/retracting.ts';
import { syncVerifyIn, verifyIn } from '../support/verifying.ts';

let bot: World;
afterEach(() => bot.close());

const page = (expect: string, more = '') =>
  `---\ntitle: Reset your password\nkb:\n  tests:\n    - ask: How long is a reset link valid?\n      expect: ["${expect}"]\n${more}---\nThe reset link is valid for 30 minutes after it was sent to you.\n`;
const question = 'How long is a reset link valid?';
const ants = '# Ants\n\nThe ant carries a leaf up the hill in the evening sun.\n';

const askable = ['chatthing', 'sitegpt', 'sitegpt+v0', 'cxgenie', 'koreai'];

describe.each(askable)('at %s, which can be asked', (flavour) => {
  it('a wrong expectation fails with 7 and says what the bot said; corrected, it passes', async () => {
    bot = await world(flavour);
    bot.write({ 'reset.md': page('300 minutes'), 'ants.md': ants });
    const wrong = await syncVerifyIn(bot);
    expect(wrong.exitCode).toBe(7);
    expect(wrong.tests).toMatchObject([
      {
        document: 'reset.md',
        question,
        verdict: 'fail',
        reasons: ['lacks "300 minutes"'],
        answer: expect.stringContaining('30 minutes') as string,
      },
    ]);
    const writes = bot.writesOnWire();
    bot.write({ 'reset.md': page('30min') });
    const right = await syncVerifyIn(bot);
    expect(right).toMatchObject({ exitCode: 0, rows: [`pass ${question}`], counts: { pass: 1 } });
    expect(bot.writesOnWire()).toBe(writes);
    expect(bot.events.filter((event) => event.kind === 'test').map((event) => event.change)).toEqual(['failing', 'mended']);
    // Nothing has changed, and nothing failed.
    expect(await syncVerifyIn(bot)).toMatchObject({ exitCode: 0, tests: [] });
  });

  it('a bot that answers wrongly one time in three passes by the best of 3, and each try is told', async () => {
    bot = await world(flavour, { wrongEvery: 3 });
    bot.write({ 'reset.md': page('30 minutes') });
    await syncVerifyIn(bot, { verify: false });
    const { tests, exitCode } = await verifyIn(bot);
    expect(exitCode).toBe(0);
    expect(tests).toMatchObject([{ verdict: 'pass', tries: 3, asked: [{ verdict: 'fail' }, { verdict: 'pass' }, { verdict: 'pass' }] }]);
    const { stdout } = await verifyIn(bot, { json: false });
    expect(stdout).toContain('asked 3 times: fail, pass, pass');
  });
});

describe.each(['chatthing', 'sitegpt', 'sitegpt+v0', 'koreai'])('at %s, which can delete', (flavour) => {
  it('a deleted fact that still comes out fails the unlearn check; forgotten, it passes once and is settled', async () => {
    for (const stale of [true, false]) {
      bot = await world(flavour, { staleAnswers: stale });
      bot.write({ 'reset.md': page('30 minutes'), 'ants.md': ants });
      expect((await syncVerifyIn(bot)).exitCode).toBe(0);
      bot.write({ 'reset.md': null });
      const after = await syncVerifyIn(bot, { allowDeletes: 5 });
      expect(after.rows).toEqual([`${stale ? 'fail' : 'pass'} ${question}`]);
      expect(after.tests[0]).toMatchObject({ kind: 'unlearned', document: 'reset.md' });
      expect(after.exitCode).toBe(stale ? 7 : 0);
      if (stale) expect(after.tests[0]?.reasons.join()).toMatch(/it was deleted, and (still says "30 minutes"|the answer)/);
      // What came out is asked about again; what is forgotten is not.
      expect((await verifyIn(bot, { unlearned: true })).rows).toEqual(stale ? [`fail ${question}`] : []);
      if (stale) await bot.close();
    }
  });

  it('a correction whose old answer still comes out fails', async () => {
    bot = await world(flavour, { staleAnswers: true });
    bot.write({ 'reset.md': page('30 minutes'), 'ants.md': ants });
    await syncVerifyIn(bot);
    bot.write({ 'reset.md': page('45 minutes').replace('for 30 minutes', 'for 45 minutes') });
    const after = await syncVerifyIn(bot, { allowUpdates: 5 });
    expect(after.exitCode).toBe(7);
    expect(after.tests.filter(({ kind }) => kind === 'unlearned')).toMatchObject([
      { verdict: 'fail', reasons: ['it was corrected, and still says "30 minutes"'] },
    ]);
    // The question to the old text is told from that to the new one.
    const { stdout } = await verifyIn(bot, { json: false });
    expect(stdout.match(/^ {2}\w+ +reset\.md(?: \(old\))?(?= )/gm)?.map((line) => line.replace(/ +/g, ' ').trim())).toContain(
      'fail reset.md (old)',
    );
    expect(stdout).toMatch(/^ {2}\w+ +reset\.md {2}/m);
  });

  it('a correction that is learnt passes', async () => {
    bot = await world(flavour);
    bot.write({ 'reset.md': page('30 minutes'), 'ants.md': ants });
    await syncVerifyIn(bot);
    bot.write({ 'reset.md': page('45 minutes').replace('for 30 minutes', 'for 45 minutes') });
    const after = await syncVerifyIn(bot, { allowUpdates: 5 });
    expect(after).toMatchObject({ exitCode: 0, counts: { pass: 2, fail: 0, inconclusive: 0 } });
  });
});

describe('what is asked', () => {
  it('is bounded by the day, remembered over runs, and what was left out is told', async () => {
    bot = await world('sitegpt');
    const tests = Array.from({ length: 5 }, (_, n) => `    - ask: "Question ${n} about ants?"\n      reject: [zebra]\n`).join('');
    bot.write({ 'ants.md': `---\nkb:\n  tests:\n${tests}---\n${ants}` });
    await syncVerifyIn(bot, { verify: false });
    const config = join(bot.dir, 'sync.config.yaml');
    writeFileSync(config, `${readFileSync(config, 'utf8')}verify: { maxCallsPerDay: 3 }\n`);
    const first = await verifyIn(bot);
    expect(first).toMatchObject({ exitCode: 0, counts: { pass: 3 }, leftOut: [{ target: 'bot', tests: 2, why: 'budget' }] });
    const second = await verifyIn(bot, { json: false });
    expect(second.exitCode).toBe(7);
    expect(second.stdout).toContain('0 of 5 asked: budget');
    const long = `${'a '.repeat(5_000)}?`;
    bot.write({ 'long.golden.yaml': `- ask: ${JSON.stringify(long)}\n  expect: [zebra]\n` });
    const { stdout } = await verifyIn(bot, { json: false, all: true, names: ['content/long.golden.yaml'] });
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThan(500);
    bot.write({ 'long.golden.yaml': null });
    // What was never asked goes first on the next day, then the oldest.
    bot.clock.advance(86_400_000);
    expect((await verifyIn(bot)).rows).toEqual([
      'pass Question 3 about ants?',
      'pass Question 4 about ants?',
      'pass Question 0 about ants?',
    ]);
    expect((await verifyIn(bot, { maxCalls: 1 })).rows).toEqual(['pass Question 1 about ants?']);
    expect((await verifyIn(bot, { all: true })).rows).toHaveLength(5);
  });

  it('goes by changed, failing, oldest', async () => {
    bot = await world('sitegpt');
    const ask = (n: number, wrong: boolean) => `    - ask: "Question ${n} about ants?"\n      ${wrong ? 'expect' : 'reject'}: [zebra]\n`;
    const write = (...tests: string[]) => bot.write({ 'ants.md': `---\nkb:\n  tests:\n${tests.join('')}---\n${ants}` });
    write(ask(0, false), ask(1, true), ask(2, false));
    await syncVerifyIn(bot);
    write(ask(0, false), ask(1, true), ask(2, false), ask(3, false));
    expect((await verifyIn(bot)).rows.map((row) => row.replace(/\D/g, ''))).toEqual(['3', '1', '0', '2']);
    expect((await verifyIn(bot, { changed: true })).rows).toEqual(['fail Question 1 about ants?']);
  });

  it('can be narrowed by tag, document, file and folder', async () => {
    bot = await world('sitegpt');
    bot.write({
      'guides/reset.md': page('30 minutes'),
      'ants.md': ants,
      'all.golden.yaml':
        'defaults: { tags: [smoke] }\ntests:\n  - ask: What does the ant carry?\n    expect: leaf\n    document: ants.md\n  - ask: What about zebras?\n    reject: [stripes]\n    tags: [zoo]\n',
    });
    await syncVerifyIn(bot, { verify: false });
    const rows = async (patch: object) => (await verifyIn(bot, patch)).rows;
    expect(await rows({})).toEqual([`pass ${question}`, 'pass What does the ant carry?', 'pass What about zebras?']);
    expect(await rows({ tags: ['zoo'] })).toEqual(['pass What about zebras?']);
    await expect(verifyIn(bot, { tags: ['smoek'] })).rejects.toMatchObject({
      code: 'USAGE',
      message: 'no golden question has the tag "smoek"; did you mean "smoke"?',
    });
    expect(await rows({ names: ['ants.md'] })).toEqual(['pass What does the ant carry?']);
    expect(await rows({ names: ['guides'] })).toEqual([`pass ${question}`]);
    expect(await rows({ names: ['content/all.golden.yaml'] })).toHaveLength(2);
    await expect(verifyIn(bot, { names: ['nothing.md'] })).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('is inconclusive where the bot was not given this revision, or has not learnt it', async () => {
    bot = await world('chatthing', { syncMs: Number.POSITIVE_INFINITY });
    bot.write({ 'reset.md': page('30 minutes') });
    const first = await syncVerifyIn(bot, { waitMs: 0 });
    expect(first).toMatchObject({ exitCode: 7, counts: { inconclusive: 1 }, targets: [{ calls: 0 }] });
    expect(first.tests[0]?.reasons).toEqual(['it is not trained yet']);
    await bot.close();

    bot = await world('sitegpt');
    bot.write({ 'reset.md': page('30 minutes') });
    expect((await verifyIn(bot)).tests[0]?.reasons).toEqual(['the bot has not been given it yet: run kbsync sync']);
    await syncVerifyIn(bot);
    bot.write({ 'reset.md': `${page('30 minutes')}\nMore.\n` });
    const { tests, exitCode } = await verifyIn(bot);
    expect(tests[0]).toMatchObject({ verdict: 'inconclusive', tries: 0, reasons: [expect.stringContaining('another revision') as string] });
    expect(exitCode).toBe(7);
  });

  it('is inconclusive where a person has to give the bot this revision, and names what lists that', async () => {
    bot = await world('cxgenie');
    bot.write({ 'reset.md': page('30 minutes') });
    await syncVerifyIn(bot);
    bot.write({ 'reset.md': `${page('30 minutes')}\nMore.\n` });
    await syncVerifyIn(bot, { allowUpdates: 5, verify: false });
    const { tests, counts } = await verifyIn(bot);
    expect(counts).toMatchObject({ inconclusive: 1 });
    const [reason = ''] = tests[0]?.reasons ?? [];
    expect(reason).toMatch(
      /^the bot was given another revision of it \([0-9a-f]{7}\) than the folder has: a person has to change it \(T1\), see kbsync todo$/,
    );
    const [todo] = (await bot.view()).state.todos;
    expect(todo).toMatchObject({ id: 'T1', operation: { document: 'reset.md' } });
  });

  it('is skipped where the bot gives no way to ask, which is not a pass', async () => {
    bot = await world('replycx');
    bot.write({ 'reset.md': page('30 minutes') });
    const { exitCode, counts, tests } = await syncVerifyIn(bot);
    expect({ exitCode, counts }).toEqual({ exitCode: 7, counts: { pass: 0, fail: 0, inconclusive: 0, skipped: 1 } });
    expect(tests[0]?.reasons[0]).toContain('it cannot be asked');
    bot.configure({ extra: 'required: false' });
    expect((await verifyIn(bot)).exitCode).toBe(0);
  });

  it('ends where the quota is used up, and says so', async () => {
    bot = await world('cxgenie', { messageCredits: 1 });
    bot.write({ 'reset.md': page('30 minutes', '    - ask: Second?\n      reject: [x]\n    - ask: Third?\n      reject: [x]\n') });
    await syncVerifyIn(bot, { verify: false });
    await bot.clock.sleep(10_000, new AbortController().signal);
    const { rows, exitCode, leftOut, targets } = await verifyIn(bot);
    expect(rows).toEqual([`pass ${question}`, 'inconclusive Second?']);
    expect(leftOut).toEqual([{ target: 'bot', tests: 1, why: 'error' }]);
    expect(targets[0]?.error?.code).toBe('QUOTA_EXHAUSTED');
    expect(exitCode).toBe(9);
  });

  it('is inconclusive where a person has taken over', async () => {
    bot = await world('cxgenie', { autoReply: false });
    bot.write({ 'reset.md': page('30 minutes') });
    expect(await syncVerifyIn(bot)).toMatchObject({ counts: { inconclusive: 1 }, exitCode: 7 });
  });

  it('leaves a target alone that says another one is asked, and asks where a test names it', async () => {
    bot = await world('sitegpt');
    bot.configure({ extra: 'audience: [public]', content: '{ root: ./content, defaults: { audience: public } }' });
    bot.write({
      'secret.md': `---\nkb:\n  audience: internal\n  tests:\n    - ask: Where is the key of the vault?\n      reject: [the flower pot]\n      targets: [bot]\n    - ask: Where is it?\n      expect: [flower pot]\n---\nThe key of the vault is in the flower pot.\n`,
      'ants.md': ants,
    });
    expect((await syncVerifyIn(bot)).rows).toEqual([]);
    expect((await verifyIn(bot)).rows).toEqual(['pass Where is the key of the vault?']);
  });
});

describe('what is told', () => {
  it('is a table of 80 columns with what is wrong, Markdown, and JUnit', async () => {
    bot = await world('sitegpt');
    bot.write({ 'guides/a-rather-long-name-of-a-file.md': page('300 minutes', '    - ask: What about <b>?\n      reject: [x]\n') });
    await syncVerifyIn(bot, { verify: false });
    const { stdout, exitCode } = await verifyIn(bot, { json: false, junit: 'out.xml' });
    expect(exitCode).toBe(7);
    expect(stdout).toContain('lacks "300 minutes"');
    expect(stdout).toContain('it said: The reset link is valid for 30 minutes');
    expect(stdout.split('\n').filter((line) => /^ {2}(pass|fail)/.test(line) && line.length > 88)).toEqual([]);
    const xml = readFileSync(join(bot.dir, 'out.xml'), 'utf8');
    expect(xml).toContain('<testsuite name="bot" tests="2" failures="1" errors="0" skipped="0">');
    expect(xml).toContain('name="What about &lt;b&gt;?"');
    expect(xml).toContain('<failure message="lacks &quot;300 minutes&quot;">');
    const markdown = (await verifyIn(bot, { json: false, format: 'markdown' })).stdout;
    expect(markdown).toContain('| bot | sitegpt | 1 | 1 | 0 | 0 |');
    expect(markdown).toContain('## fail: How long is a reset link valid?');
    expect(markdown).toMatch(/- document: guides\/a-rather-long-name-of-a-file.md at [0-9a-f]{7}, bot/);
    expect(markdown).toContain('- expected: "300 minutes"');
  });

  it('JUnit has what could not be read and what was left out for the budget', async () => {
    bot = await world('sitegpt');
    const two = '    - ask: "Question 0 about ants?"\n      reject: [zebra]\n    - ask: "Question 1 about ants?"\n      reject: [zebra]\n';
    bot.write({ 'ants.md': `---\nkb:\n  tests:\n${two}---\n${ants}` });
    await syncVerifyIn(bot, { verify: false });
    const xml = async () => {
      await verifyIn(bot, { junit: 'out.xml', maxCalls: 1 });
      return readFileSync(join(bot.dir, 'out.xml'), 'utf8');
    };
    const budget = await xml();
    expect(budget).toContain('<testsuite name="bot" tests="2" failures="0" errors="0" skipped="1">');
    expect(budget).toContain('name="all that is due is asked"><skipped message="1 of 2 asked: budget, the calls that the day');
    expect(budget.match(/<testsuite /g)).toHaveLength(1);
    bot.write({ 'x.golden.yaml': '- ask: Y?\n  expct: <z>\n', 'bad.md': '---\nkb: { tags: { a: b } }\n---\nX\n' });
    const broken = await xml();
    expect(broken).toContain('<testsuite name="content" tests="2" failures="0" errors="2" skipped="0">');
    expect(broken).toContain(
      '<testcase classname="content.x.golden.yaml" name="x.golden.yaml:2:3 can be read" file="x.golden.yaml" line="2"><error message="unknown key &quot;expct&quot;',
    );
    expect(broken).toContain('classname="content.bad.md"');
    expect(broken).toContain('<testsuite name="bot" tests="2"');
  });

  it('compares with answers that were recorded', async () => {
    bot = await world('sitegpt');
    bot.write({
      'reset.md': page('45 minutes'),
      'ants.md': `---\nkb:\n  tests:\n    - ask: What does the ant carry?\n      expect: leaf\n---\n${ants}`,
    });
    await syncVerifyIn(bot);
    await verifyIn(bot, { record: 'before.json' });
    const file = join(bot.dir, 'before.json');
    expect(existsSync(file)).toBe(true);
    bot.write({ 'reset.md': page('45 minutes').replace('30', '45') });
    await syncVerifyIn(bot, { allowUpdates: 5 });
    const { baseline } = await verifyIn(bot, { baseline: 'before.json' });
    expect(baseline?.counts).toEqual({ better: 1, worse: 0, different: 0, same: 1, new: 0, open: 0 });
    expect((await verifyIn(bot, { baseline: 'before.json', json: false })).stdout).toContain('1 better, 1 same');
    const first = readFileSync(file, 'utf8');
    await verifyIn(bot, { record: 'before.json', names: ['ants.md'] });
    expect(readFileSync(file, 'utf8')).toBe(first);
    // Of a question that is none any more no answer is kept, but only where all of them were asked.
    bot.write({ 'ants.md': ants });
    await verifyIn(bot, { record: 'before.json', names: ['reset.md'] });
    expect(readFileSync(file, 'utf8')).toContain('What does the ant carry?');
    await verifyIn(bot, { record: 'before.json' });
    expect(readFileSync(file, 'utf8')).not.toContain('What does the ant carry?');
    expect(readFileSync(file, 'utf8')).toContain(question);
    for (const damaged of ['{}', '{', '{"kbsync":"baseline","version":1,"answers":[null]}', first.replace('"question"', '"q"')]) {
      writeFileSync(file, damaged);
      await expect(verifyIn(bot, { baseline: 'before.json' })).rejects.toMatchObject({ code: 'USAGE' });
    }
  });

  it('where there is no place for the answers, nothing is asked', async () => {
    bot = await world('sitegpt');
    bot.write({ 'reset.md': page('30 minutes') });
    await syncVerifyIn(bot, { verify: false });
    writeFileSync(join(bot.dir, 'other.json'), '{"mine":1}');
    for (const wrong of [{ record: 'other.json' }, { record: 'no/such/folder.json' }, { junit: 'no/such/folder.xml' }, { junit: '.' }]) {
      await expect(verifyIn(bot, wrong)).rejects.toMatchObject({ code: 'USAGE' });
    }
    expect(readFileSync(join(bot.dir, 'other.json'), 'utf8')).toBe('{"mine":1}');
    expect((await verifyIn(bot, { maxCalls: 1 })).targets).toMatchObject([{ calls: 1 }]);
    expect(
      existsSync(join(bot.dir, 'state', 'asked.jsonl'))
        ? readFileSync(join(bot.dir, 'state', 'asked.jsonl'), 'utf8')
            .trim()
            .split('\n')
        : [],
    ).toHaveLength(1);
  });

  it('a file of golden questions with a mistake is told with its line, and is not green', async () => {
    bot = await world('sitegpt');
    bot.write({ 'ants.md': ants, 'x.golden.yaml': '- ask: What does the ant carry?\n  expect: leaf\n- ask: Y?\n  expct: z\n' });
    expect((await syncVerifyIn(bot, { verify: false })).exitCode).toBe(0);
    for (const verified of [await syncVerifyIn(bot), await verifyIn(bot)]) {
      const { exitCode, stderr, tests } = verified;
      expect(stderr).toContain('x.golden.yaml:4:3 error: unknown key "expct" in tests; did you mean "expect"?');
      expect({ exitCode, tests }).toEqual({ exitCode: 7, tests: [] });
    }
  });

  it('a test of a document that is kept back for an error of its own hinders no other test', async () => {
    bot = await world('sitegpt');
    const golden = `- ask: ${question}\n  expect: 30 minutes\n  document: reset.md\n- ask: What does the ant carry?\n  expect: leaf\n`;
    bot.write({ 'ants.md': ants, 'reset.md': '---\nkb: { tags: { a: b } }\n---\nX\n', 'x.golden.yaml': golden });
    const { rows, stderr, exitCode } = await syncVerifyIn(bot);
    expect(stderr).toContain('x.golden.yaml:3:3 warning: "reset.md" is kept back');
    expect({ rows, exitCode }).toEqual({ rows: ['pass What does the ant carry?'], exitCode: 4 });
  });
});

it('a retracted document is asked about by the next verify as well', async () => {
  bot = await world('sitegpt', { staleAnswers: true });
  bot.write({ 'reset.md': page('30 minutes'), 'ants.md': ants });
  await syncVerifyIn(bot);
  await retractIn(bot, 'reset.md');
  expect((await verifyIn(bot)).rows).toEqual([`fail ${question}`]);
});
