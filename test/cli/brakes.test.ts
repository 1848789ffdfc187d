// Every brake: it holds with exit 5, and the very command that it prints passes it. Where none does, approving is refused with what to do
// instead. The commands themselves, in this process; one of them with the real program, so that the words are those it understands.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../src/connectors/emulator.ts';
import { resolveEmulator } from '../../src/connectors/registry.ts';
import { createKnowledge } from '../../src/sandbox/retrieval.ts';
import { type Served, serveEmulators } from '../../src/sandbox/serve.ts';
import { memoryStore } from '../../src/sandbox/store.ts';
import { seeded } from '../support/emulator-tools.ts';
import { runHere } from '../support/run-here.ts';
import { type Home, home } from '../support/run-program.ts';

type Held = { id: string; rule: string; message: string; documents: string[]; passWith: string | null };
type Answer = { exitCode: number; targets: { held: Held[] | null; counts: Record<string, number> }[] };

const configAt = (origin: string, name = 'acme', options = '', more = '') => `version: 1
name: ${name}
content: { root: ./content }
safety: { maxUpdate: { share: 10%, floor: 2 }, maxDelete: { share: 10%, count: 50, floor: 2 } }
targets:
  - { name: site, vendor: sitegpt, baseUrl: "${origin}", chatbotId: bot-1, token: "planted", lagMs: 0, rate: { perMinute: 60000 }, poll: { first: 5ms, max: 20ms }, ${options} }
${more}`;

const count = 9;
const pages = (word: string | null, prefix = 'p') =>
  Object.fromEntries(
    Array.from({ length: count }, (_, n) => [`content/${prefix}${n}.md`, word === null ? null : `# Page ${prefix}${n}\n\n${word}${n}\n`]),
  );

/** A state that nobody has any more; what the sandbox holds stays. */
const forget = (place: Home) => {
  for (const end of ['json', 'json.bak', 'journal']) rmSync(join(place.dir, 'state', `site.${end}`), { force: true });
};

interface Case {
  readonly rule: string;
  readonly upset: (place: Home, origin: string) => void;
  /** What the run that passes has done. */
  readonly counts: Readonly<Record<string, number>>;
}

const passable: readonly Case[] = [
  {
    rule: 'too-many-deletes',
    // Fewer than half of them: more would look like another folder.
    upset: (place) => place.write(Object.fromEntries(Object.entries(pages(null)).slice(0, 4))),
    counts: { delete: 4 },
  },
  { rule: 'empty-content', upset: (place) => place.write(pages(null)), counts: { delete: 9 } },
  { rule: 'other-folder', upset: (place) => place.write({ ...pages(null), ...pages('gnu', 'other') }), counts: { delete: 9, create: 9 } },
  { rule: 'too-many-updates', upset: (place) => place.write(pages('yak')), counts: { update: 9 } },
  {
    rule: 'existing-content',
    upset: (place, origin) => {
      forget(place);
      place.write({ 'sync.config.yaml': configAt(origin, 'another') });
    },
    counts: { create: 9 },
  },
];

describe('the command that a brake prints', () => {
  let place: Home;
  let served: Served;
  let genie: Emulator;
  const config = (name = 'acme', options = '', more = '') => configAt(served.origin, name, options, more);

  beforeEach(async () => {
    const brain = createKnowledge();
    const made = async (vendor: string, settings: object) => {
      const spec = await resolveEmulator(vendor);
      const tools = { store: memoryStore(), now: Date.now, random: seeded(1), knowledge: () => brain };
      const emulator = spec.create(tools, { ...spec.defaults, ...settings });
      for (const id of ['bot-1', 'bot-2']) emulator.provision({ id, secret: 'planted' });
      return { spec, emulator };
    };
    const emulators = [await made('cxgenie', {}), await made('sitegpt', { queuedMs: 0, processingMs: 0 })] as const;
    genie = emulators[0].emulator;
    served = await serveEmulators({ emulators, port: 0 });
  });

  afterEach(async () => {
    place.remove();
    await served.close();
  });

  const run = (...words: string[]) => runHere<Answer>(place.dir, ...words);
  const held = (answer: Answer): Held => {
    const [one] = answer.targets[0]?.held ?? [];
    if (one === undefined) throw new Error('nothing is held');
    return one;
  };

  it.each(passable)(
    'passes $rule',
    async ({ rule, upset, counts }) => {
      place = home(config());
      place.write(pages('zebra'));
      expect((await run('sync')).exitCode).toBe(0);
      upset(place, served.origin);
      const stopped = await run('sync');
      const brake = held(stopped.answer);
      expect([stopped.exitCode, brake.id]).toEqual([5, 'H1']);
      expect(brake.message).toMatch(/\d/);
      // Where a bot holds what kbsync did not make, matching it is named before adding beside it; nowhere else.
      for (const command of ['sync', 'plan', 'status', 'todo']) {
        const said = (await place.run(command)).stdout;
        const [match, pass] = [said.lastIndexOf('kbsync adopt site', said.lastIndexOf('--initial')), said.lastIndexOf('--initial')];
        expect([match >= 0, match < pass], command).toEqual(rule === 'existing-content' ? [true, true] : [false, false]);
        if (rule === 'existing-content' && command !== 'todo') expect(said, command).toContain('to match what is there: kbsync adopt site');
      }
      // Held is held, however often it is asked.
      expect(held((await run('sync')).answer).id).toBe('H1');
      const passed = await run(...(brake.passWith ?? '').split(' '));
      expect([passed.exitCode, passed.answer.targets[0]?.held]).toEqual([0, null]);
      expect(passed.answer.targets[0]?.counts).toMatchObject({ ...counts, held: 0, failed: 0 });
      expect(brake.rule).toBe(rule);
      expect((await place.view('site')).state.held).toEqual([]);
    },
    60_000,
  );

  it('is understood by the program, and shown by plan', async () => {
    place = home(config());
    place.write(pages('zebra'));
    expect((await place.run('sync')).exitCode).toBe(0);
    place.write(pages('yak'));
    const words = 'sync --target site --allow-updates 9';
    expect((await place.run('plan')).stdout).toContain(`to pass: kbsync ${words}`);
    expect((await place.run('sync')).stdout).toContain(`to pass it: kbsync ${words}, or kbsync todo approve H1`);
    expect((await place.run(...words.split(' '))).exitCode).toBe(0);
  }, 60_000);

  it('passes first-contact, and so does its approval', async () => {
    const target = (id: string) =>
      `  - { name: ${id}, vendor: cxgenie, baseUrl: "${served.origin}", botId: ${id}, workspaceToken: "planted", rate: { perMinute: 60000 } }\n`;
    place = home(`version: 1\nname: acme\ncontent: { root: ./content }\ntargets:\n${target('bot-1')}${target('bot-2')}`);
    place.write({ 'content/a.md': '# A\n\nant\n' });
    const stopped = await run('sync');
    expect(stopped.exitCode).toBe(5);
    const brakes = stopped.answer.targets.map((one) => one.held?.[0]);
    expect(brakes.map((brake) => [brake?.rule, brake?.passWith])).toEqual([
      ['first-contact', 'sync --target bot-1 --initial'],
      ['first-contact', 'sync --target bot-2 --initial'],
    ]);
    expect(new Set(brakes.map((brake) => brake?.id)).size).toBe(2);
    const passed = await run(...(brakes[0]?.passWith ?? '').split(' '));
    expect([passed.exitCode, passed.answer.targets[0]?.counts]).toMatchObject([0, { create: 1 }]);
    // What has come since was not approved: held again, under another number.
    place.write({ 'content/b.md': '# B\n\nbee\n' });
    const grown = await run('todo', 'approve', brakes[1]?.id ?? '');
    expect(grown.exitCode).toBe(5);
    const again = held(grown.answer);
    expect([again.documents, again.id === brakes[1]?.id]).toEqual([['a.md', 'b.md'], false]);
    const approved = await run('todo', 'approve', again.id);
    expect([approved.exitCode, approved.answer.targets[0]?.counts]).toMatchObject([0, { create: 2 }]);
    expect(genie.inspect('bot-2')).toHaveLength(2);
  }, 60_000);

  it.each([
    [
      'other-bot',
      (one: Home, origin: string) => one.write({ 'sync.config.yaml': configAt(origin).replace('bot-1', 'bot-2') }),
      'credentials lead to',
    ],
    ['empty-content', (one: Home) => rmSync(join(one.dir, 'content'), { recursive: true }), 'Restore the folder'],
    [
      'after',
      (one: Home, origin: string) =>
        one.write({
          'sync.config.yaml': configAt(
            origin,
            'acme',
            'after: staging',
            '  - { name: staging, vendor: chatthing, sandbox: true, paused: true }\n',
          ),
          'content/new.md': '# New\n\nnew\n',
        }),
      'staging, which has not gone well at this folder: it is paused',
    ],
  ] as const)(
    'is not printed for %s, which nothing passes; its message says what to do',
    async (rule, upset, words) => {
      place = home(config());
      place.write(pages('zebra'));
      expect((await run('sync')).exitCode).toBe(0);
      upset(place, served.origin);
      const stopped = await run('sync');
      const brake = held(stopped.answer);
      expect([stopped.exitCode, brake.rule, brake.passWith]).toEqual([5, rule, null]);
      expect(brake.message).toContain(words);
      const refused = await place.run('todo', 'approve', brake.id);
      expect(refused.exitCode).toBe(2);
      expect(refused.stderr).toContain(`${brake.id} cannot be approved`);
      for (const flags of [['--allow-deletes', '99'], ['--allow-updates', '99'], ['--initial']]) {
        expect((await run('sync', ...flags)).exitCode, flags.join(' ')).toBe(5);
      }
    },
    60_000,
  );
});
