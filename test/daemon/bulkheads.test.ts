// The daemon with one target in trouble, and with one that comes after another.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realTimers } from '../../src/daemon/loop.ts';
import { type House, house, pages } from './house.ts';

describe('the daemon', () => {
  let home: House;

  beforeEach(async () => {
    home = await house();
  });
  afterEach(() => home.close());

  const trained = async (target: string) => {
    const workspace = await home.open();
    try {
      const { state } = await workspace.view(target);
      return Object.values(state.records).filter((record) => record.training === 'trained').length;
    } finally {
      await workspace.close();
    }
  };

  it('with one target that hangs: the other follows every edit', async () => {
    home.served.setFault((_request, vendor) => (vendor === 'chatthing' ? 'stall' : null));
    home.write(pages(3));
    const daemon = await home.start();
    await home.until('the first push', async () => (await trained('site')) === 3);
    for (let edit = 0; edit < 3; edit += 1) {
      home.write({ [`more${edit}.md`]: `# More ${edit}\n\nmore\n` });
      await home.until(`edit ${edit}`, async () => (await trained('site')) === 4 + edit);
    }
    expect(home.items('support')).toEqual([]);
    expect(home.said.filter((line) => line.startsWith('! '))).toEqual([]);
    await daemon.kill();
  }, 60_000);

  it('with one target that hangs: a reload keeps the other waiting for a moment only, and tells what it did not wait for', async () => {
    let stalled = 0;
    home.served.setFault((_request, vendor) => {
      stalled += vendor === 'chatthing' ? 1 : 0;
      return vendor === 'chatthing' ? 'stall' : null;
    });
    home.write(pages(3));
    // The moment, made shorter.
    const timers = { ...realTimers, after: (ms: number, run: () => void) => realTimers.after(ms === 5_000 ? 400 : ms, run) };
    const daemon = await home.start({ timers });
    await home.until('the first push', async () => (await trained('site')) === 3 && stalled > 0);
    const doing = async (target: string) => {
      const status = (await (await fetch(`${daemon.url}api/status`)).json()) as { targets: { name: string; doing: string }[] };
      return status.targets.find(({ name }) => name === target)?.doing;
    };
    await home.until('a quiet moment', async () => (await doing('site')) === 'watching');
    const before = stalled;
    await daemon.reload();
    expect(home.said.at(-1)).toBe('reload: the new configuration is at work; what is in flight at support is finished first');
    home.write({ 'more.md': '# More\n\nmore\n' });
    await home.until('an edit', async () => (await trained('site')) === 4);
    expect(daemon.unready()).toEqual([]);
    expect(await doing('support')).toBe('waiting for its run under the old configuration to end');
    // Nobody else is at that bot meanwhile, and a second reload changes nothing of that.
    await daemon.reload();
    expect([stalled, home.said.filter((line) => line.includes('locked'))]).toEqual([before, []]);
    await daemon.kill();
  }, 60_000);

  it('after: the follower hears of an edit once its leader has learnt it, and is never held for a moment in between', async () => {
    const file = join(home.dir, 'sync.config.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('name: site,', 'name: site, after: support,'));
    home.write(pages(3));
    const daemon = await home.start();
    await home.until('the first push', async () => (await trained('site')) === 3);
    home.write({ 'more.md': '# More\n\nmore\n' });
    await home.until('an edit', async () => (await trained('site')) === 4);
    const writes = home.events.filter((event) => event.kind === 'request' && event.intent === 'write').map(({ target }) => target);
    const firstOf = (target: string) => writes.indexOf(target);
    expect(firstOf('support')).toBeLessThan(firstOf('site'));
    expect(home.said.filter((line) => line.includes('held'))).toEqual([]);
    // Its leader goes down: held, with the reason, and let go when it is back.
    home.served.setFault((_request, vendor) => (vendor === 'chatthing' ? { kind: 'status', status: 401 } : null));
    home.write({ 'last.md': '# Last\n\nlast\n' });
    await home.until('held', () =>
      home.said.some((line) => line.includes('site: held H1: site comes after support, which has not gone well')),
    );
    expect(await trained('site')).toBe(4);
    home.served.setFault(null);
    // A refused credential is looked at once an hour, or with a configuration read anew.
    await daemon.reload();
    await home.until('back', async () => (await trained('site')) === 5);
    await home.until('told', () => home.said.includes('site: no longer held'));
  }, 60_000);
});
