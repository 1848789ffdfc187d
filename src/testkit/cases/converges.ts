// Level 9: converges. After a push the plan is empty and nothing is written; so it is after an edit, a move and a removal.
import assert from 'node:assert/strict';
import { capabilitiesOf, type Target } from '../../connectors/connector.ts';
import type { Bench, ContractCase, SyncOutcome } from '../bench.ts';
import { isWhole } from '../steps.ts';

const section = (name: string): string =>
  Array.from({ length: 8 }, (_unused, line) => `Line ${line} of the ${name} guide says what it has to say about ${name}.`).join('\n\n');

const start: { readonly [path: string]: string } = {
  'guides/install.md': `# Install\n\n${section('install')}`,
  'guides/reset.md': `# Reset\n\n${section('reset')}`,
  'faq/Ünïcode & more.md': `# Odd name\n\n${section('oddity')}`,
  'pricing.md': `# Pricing\n\n${section('pricing')}`,
};

async function sync(bench: Bench, files: { readonly [path: string]: string }): Promise<SyncOutcome> {
  assert.ok(bench.sync !== null, 'this case needs the engine');
  return bench.sync(files);
}

/** What is left to do by itself: a todo is a person's. */
function own({ operations }: SyncOutcome): SyncOutcome['operations'] {
  return operations.filter(({ outcome }) => outcome !== 'todo');
}

/** The second run over the same files: nothing to do, nothing written. */
async function still(bench: Bench, files: { readonly [path: string]: string }): Promise<void> {
  const again = await sync(bench, files);
  assert.deepEqual(own(again), [], 'the same folder, and still something to do');
  assert.equal(again.writes, 0, 'the same folder, and still writes');
}

/** What an edit and a move bring with them: without update, the copies that were replaced go; a name that only a person can mend stays open. */
function followsFrom(operation: string, target: Target): boolean {
  const can = capabilitiesOf(target);
  if (can.has('update')) return false;
  return can.has('delete')
    ? ['delete guides/install.md', 'delete manual/reset-password.md'].includes(operation)
    : operation === 'update manual/reset-password.md';
}

export const converges: readonly ContractCase[] = [
  {
    level: 9,
    name: 'push a workspace, plan again: zero operations, zero writes',
    needs: ['create'],
    needsEngine: true,
    async run(bench) {
      const first = await sync(bench, start);
      assert.equal(first.operations.length, Object.keys(start).length);
      assert.deepEqual(new Set(first.operations.map(({ action, outcome }) => `${action} ${outcome}`)), new Set(['create done']));
      await still(bench, start);
    },
  },
  {
    level: 9,
    name: 'edit, move, remove, push, plan again: zero',
    needs: ['create'],
    needsEngine: true,
    async run(bench) {
      await sync(bench, start);
      const { 'guides/reset.md': reset = '', 'guides/install.md': install = '', 'pricing.md': _removed, ...rest } = start;
      const files = { ...rest, 'guides/install.md': `${install}\n\nOne more line.`, 'manual/reset-password.md': reset };
      const second = await sync(bench, files);
      const told = second.operations.map(({ action, document }) => `${action} ${document}`);
      const due = ['delete pricing.md', 'move manual/reset-password.md', 'update guides/install.md'];
      for (const operation of due) assert.equal(told.filter((one) => one === operation).length, 1, `${operation} in ${told.join(', ')}`);
      for (const operation of told)
        assert.ok(due.includes(operation) || followsFrom(operation, bench.target), `nobody asked for: ${operation}`);
      for (const { action, outcome } of second.operations) assert.ok(['done', 'todo'].includes(outcome), `${action}: ${outcome}`);
      const can = capabilitiesOf(bench.target);
      if (!isWhole(bench.target) && can.has('delete'))
        assert.equal(bench.vendor.inspect().length, Object.keys(files).length, 'each document once');
      await still(bench, files);
    },
  },
];
