// Level 8: answers. The bot says what it learnt, stops saying what it forgot, and names its sources where it promises to.
import assert from 'node:assert/strict';
import type { Answer } from '../../model/answer.ts';
import type { Bench, ContractCase } from '../bench.ts';
import { isWhole, itemTarget, learn, makeItem, push } from '../steps.ts';

const question = 'How many minutes does the zorbling of a quaxel take?';

async function ask(bench: Bench, text = question): Promise<Answer> {
  assert.ok(bench.target.ask !== undefined);
  return bench.target.ask(text, bench.call);
}

function lesson(bench: Bench, minutes: string) {
  return makeItem(bench, 'zorbling', `# Zorbling\n\nThe zorbling of a quaxel takes ${minutes} minutes.`, { title: 'Zorbling' });
}

function other(bench: Bench) {
  return makeItem(bench, 'invoices', 'Invoices are sent on the first day of each month.');
}

export const answers: readonly ContractCase[] = [
  {
    level: 8,
    name: 'what was learnt is answered, in plain words, and not before',
    needs: ['ask'],
    async run(bench) {
      const unknown = await ask(bench);
      assert.ok(!unknown.text.includes('4711'));
      const pushed = await push(bench, [lesson(bench, '4711'), other(bench)]);
      await learn(bench, pushed);
      const { text } = await ask(bench);
      assert.match(text, /4711/);
      assert.doesNotMatch(text, /<[a-z]+[ >/]|&[a-z]+;/i, 'tags and entities are the vendor’s, not the answer’s');
    },
  },
  {
    level: 8,
    name: 'each question is a conversation of its own',
    needs: ['ask'],
    async run(bench) {
      await learn(bench, await push(bench, [lesson(bench, '4711'), other(bench)]));
      const alone = await ask(bench, 'When are invoices sent?');
      assert.match(alone.text, /first day/);
      assert.deepEqual((await ask(bench)).text, (await ask(bench)).text);
      assert.doesNotMatch((await ask(bench, 'Which colour is the moon over Malta?')).text, /4711|first day/);
    },
  },
  {
    level: 8,
    name: 'after an update only the new text is answered',
    needs: ['ask', 'update'],
    async run(bench) {
      const pushed = await push(bench, [lesson(bench, '4711'), other(bench)]);
      await learn(bench, pushed);
      const item = lesson(bench, '815');
      if (isWhole(bench.target)) await push(bench, [item, other(bench)]);
      else {
        const remoteId = pushed[0]?.remoteId;
        assert.ok(remoteId != null);
        const [result] = (await itemTarget(bench).update?.([{ ...item, remoteId }], bench.call)) ?? [];
        assert.ok(result?.ok === true);
      }
      await learn(bench, [{ item, remoteId: pushed[0]?.remoteId ?? null, acceptedAt: new Date(bench.clock.now()).toISOString() }]);
      const { text } = await ask(bench);
      assert.match(text, /815/);
      assert.doesNotMatch(text, /4711/);
    },
  },
  {
    level: 8,
    name: 'what was deleted is forgotten',
    needs: ['ask', 'delete'],
    async run(bench) {
      const pushed = await push(bench, [lesson(bench, '4711'), other(bench)]);
      await learn(bench, pushed);
      const kept = pushed.slice(1);
      if (isWhole(bench.target)) await push(bench, [other(bench)]);
      else {
        const remoteId = pushed[0]?.remoteId;
        assert.ok(remoteId != null);
        const [result] = (await itemTarget(bench).delete?.([remoteId], bench.call)) ?? [];
        assert.ok(result?.ok === true);
      }
      await learn(bench, kept);
      assert.doesNotMatch((await ask(bench)).text, /4711/);
      assert.match((await ask(bench, 'When are invoices sent?')).text, /first day/);
    },
  },
  {
    level: 8,
    name: 'sources, where the vendor tells them, name something, and our document where they name one',
    needs: ['ask'],
    async run(bench) {
      const item = lesson(bench, '4711');
      await learn(bench, await push(bench, [item]));
      const { sources } = await ask(bench);
      for (const source of sources) {
        assert.ok(source.document !== null || source.title !== null || source.url !== null, 'an empty source');
        assert.ok(source.document === null || source.document === item.document, `${source.document} is not where this comes from`);
      }
    },
  },
];
