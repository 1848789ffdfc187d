// Level 2: creates. What is sent is what is held: once, whole, and findable again.
import assert from 'node:assert/strict';
import type { Target } from '../../connectors/connector.ts';
import { type Bench, type ContractCase, refusedText } from '../bench.ts';
import { canSee, holders, idsOf, isWhole, itemTarget, makeItem, oneTextOnly, push, send } from '../steps.ts';

const awkward = [
  'Quotes " \' ` and <b>tags</b> & ampersands &amp; entities',
  'backslash \\ \\n, dollar ${x} $1, percent %20 %s, braces {{ x }} {% y %}',
  'Ünïcode, 日本語, العربية, emoji 😀👩‍💻, a non-breaking space and a zero\u200bwidth one',
  'data: {"looks":"like JSON"}, [DONE], null, --boundary--',
].join('\n\n');

/** Sentences up to exactly this many UTF-8 bytes. */
function textOf(bytes: number, word: string): string {
  const sentence = `The ${word} is one of many sentences in a long text about nothing.\n\n`;
  const whole = sentence.repeat(Math.ceil(bytes / sentence.length)).slice(0, bytes - 1);
  return `${whole}.`;
}

function partLimit(target: Target): string | null {
  return target.traits.limits.partBytes === null ? 'no limit of bytes is known' : null;
}

async function pushOne(bench: Bench, name: string, text: string, title = name): Promise<void> {
  const item = makeItem(bench, name, text, { title });
  await push(bench, [item]);
  assert.equal(holders(bench, item).length, 1, `${name}: what was sent is not what is held`);
}

export const creates: readonly ContractCase[] = [
  {
    level: 2,
    name: 'one document is held once, with its text',
    needs: ['create'],
    async run(bench) {
      await pushOne(bench, 'reset', '# Reset\n\nOpen Settings and ask for a reset link.');
      assert.equal(bench.vendor.inspect().length, 1);
    },
  },
  {
    level: 2,
    name: 'an id given back is the id the vendor holds it under; an id not given can be found by the mark or not at all',
    needs: ['create'],
    unless: oneTextOnly,
    async run(bench) {
      const item = makeItem(bench, 'reset', 'Open Settings.');
      const [result] = await send(bench, [item]);
      assert.ok(result?.ok === true, 'not taken');
      bench.clock.advance(bench.target.traits.lagMs);
      const held = bench.vendor.inspect().map(({ remoteId }) => remoteId);
      if (result.remoteId !== null) assert.deepEqual(held, [result.remoteId]);
      else assert.notEqual(bench.target.traits.repeatedCreate, 'twin', 'without an id and without a listing the item is lost');
      if (canSee(bench.target) && bench.target.traits.repeatedCreate === 'findable')
        assert.deepEqual(await idsOf(bench, [item.mark]), [held]);
    },
  },
  {
    level: 2,
    name: 'an empty body is taken, or refused as the document’s own fault',
    needs: ['create'],
    async run(bench) {
      const [result] = await send(bench, [makeItem(bench, 'empty', '')]);
      if (result?.ok === true) return;
      assert.equal(result?.error.code, 'DOCUMENT_REFUSED', result?.error.message);
      assert.deepEqual([result?.error.facts.stops, result?.error.facts.effect, result?.error.facts.retry], ['document', 'none', 'never']);
      assert.deepEqual(bench.vendor.inspect(), []);
    },
  },
  {
    level: 2,
    name: 'the longest title is taken',
    needs: ['create'],
    run: (bench) => pushOne(bench, 'long', 'A text with a long title.', 'T'.repeat(bench.target.traits.limits.titleCharacters ?? 500)),
  },
  {
    level: 2,
    name: 'awkward characters arrive as they are',
    needs: ['create'],
    async run(bench) {
      await pushOne(bench, 'awkward', awkward, 'Q: "why" <not> & \\ / : * ? | ü 😀');
      await pushOne(bench, 'folder/sub folder/ä#b?c%2Fd & e', 'A text under an awkward path.');
    },
  },
  {
    level: 2,
    name: 'a path that is far too long for any name is still taken, and told apart from its neighbour',
    needs: ['create'],
    async run(bench) {
      const path = 'very/deep/folder/'.repeat(40);
      const items = ['one', 'two'].map((name) => makeItem(bench, `${path}${name}`, `This is number ${name} down there.`, { title: name }));
      assert.equal(new Set(items.map((item) => item.mark)).size, 2, 'two documents share a mark');
      const pushed = await push(bench, items);
      for (const { item } of pushed) assert.equal(holders(bench, item).length, 1);
    },
  },
  {
    level: 2,
    name: 'exactly the byte limit of one part is taken whole',
    needs: ['create'],
    unless: partLimit,
    run: (bench) => pushOne(bench, 'large', textOf(bench.target.traits.limits.partBytes ?? 0, 'limit')),
  },
  {
    level: 2,
    name: 'one byte over the limit is refused or taken whole, never cut',
    needs: ['create'],
    unless: partLimit,
    async run(bench) {
      const item = makeItem(bench, 'larger', textOf((bench.target.traits.limits.partBytes ?? 0) + 1, 'excess'));
      const [result] = await send(bench, [item]);
      assert.equal(holders(bench, item).length, result?.ok === true ? 1 : 0);
      assert.equal(bench.vendor.inspect().length, result?.ok === true ? 1 : 0, 'a part of it was taken');
      if (result?.ok === false) assert.ok(['DOCUMENT_TOO_LARGE', 'DOCUMENT_REFUSED'].includes(result.error.code), result.error.message);
    },
  },
  {
    level: 2,
    name: 'a full batch is taken, one answer an item, in order',
    needs: ['create'],
    async run(bench) {
      const count = isWhole(bench.target) ? 10 : Math.min(bench.target.traits.limits.batch, 50);
      const items = Array.from({ length: count }, (_unused, index) => makeItem(bench, `b${index}`, `The ball number${index}x is round.`));
      const pushed = await push(bench, items);
      for (const { item, remoteId } of pushed) {
        const held = holders(bench, item);
        assert.equal(held.length, 1, `${item.document} is held ${held.length} times`);
        if (remoteId !== null) assert.equal(held[0]?.remoteId, remoteId, `${item.document} has the id of another`);
      }
    },
  },
  {
    level: 2,
    name: 'one bad item in a batch does not take the others with it',
    needs: ['create'],
    condition: 'item-refused',
    unless: (target) => oneTextOnly(target) ?? (target.traits.limits.batch === 1 ? 'one item a call' : null),
    async run(bench) {
      const strict = await bench.fresh({ condition: 'item-refused' });
      const items = ['good one', refusedText, 'good two'].map((text, index) => makeItem(strict, `i${index}`, `This is ${text}.`));
      const results = await itemTarget(strict).create(items, strict.call);
      assert.deepEqual(
        results.map((result) => result.ok),
        [true, false, true],
      );
      const bad = results[1];
      assert.ok(bad?.ok === false);
      assert.deepEqual(
        [bad.error.code, bad.error.facts.effect, bad.error.facts.retry],
        ['DOCUMENT_REFUSED', 'none', 'never'],
        bad.error.message,
      );
      assert.deepEqual(
        items.map((item) => holders(strict, item).length),
        [1, 0, 1],
      );
    },
  },
  {
    level: 2,
    name: 'two documents with the same title are two items',
    needs: ['create'],
    async run(bench) {
      const items = ['a', 'b'].map((name) => makeItem(bench, `${name}/readme`, `Readme of folder ${name}x.`, { title: 'Readme' }));
      for (const { item } of await push(bench, items)) assert.equal(holders(bench, item).length, 1);
    },
  },
];
