// Notifications of a whole daemon to a receiver over real HTTP: from a real vendor's refusal to the message, across reload and restart, and no sync waits.
import { existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type House, house, pages } from './house.ts';

interface Got {
  readonly id: string;
  readonly event: string;
  readonly kind: string;
  readonly target: string | null;
  readonly title: string;
  readonly items: readonly { readonly what: string | null; readonly message: string }[];
}

let home: House;
let got: Got[];
let answer: (response: ServerResponse) => void;
let address: string;
let close: () => void;

beforeEach(async () => {
  home = await house();
  got = [];
  answer = (response) => response.writeHead(200).end();
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      got.push(JSON.parse(body) as Got);
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/services/T000/B000/not-for-anyone`;
  close = () => {
    server.closeAllConnections();
    server.close();
  };
});
afterEach(async () => {
  await home.close();
  close();
});

function configure(patch: Parameters<House['configure']>[0] = {}): void {
  home.configure({ targets: 'site', ...patch, extra: `notify:\n  - { name: ops, url: "${address}" }\n` });
}
const told = (): readonly string[] => got.map(({ event, kind, target }) => `${target ?? 'folder'} ${kind} ${event}`);

describe('notifications of the daemon', () => {
  it('tell a refused credential once, also across a restart, and once that it is taken again', async () => {
    configure({ key: 'sgpt_a-wrong-key-0815' });
    home.write(pages(1));
    const first = await home.start();
    await home.until('told', () => got.length === 1);
    expect(got[0]).toMatchObject({ event: 'opened', kind: 'refused', target: 'site', title: 'site refuses its credentials' });
    await first.stop();
    const book = join(home.dir, 'state', 'notify', 'incidents.json');
    expect(statSync(book).mode & 0o777).toBe(0o600);
    const again = await home.start();
    await home.until('refused again', () => home.said.filter((line) => line.includes('CREDENTIALS_REFUSED')).length === 2);
    expect(told()).toEqual(['site refused opened']);
    configure();
    await again.reload();
    await home.until('told that it is over', () => got.length === 2);
    expect(told()).toEqual(['site refused opened', 'site refused over']);
    expect(home.items('site')).toHaveLength(1);
  });

  it('tell of a document that failed and of the folder, once each, and when they are mended', async () => {
    configure();
    home.write(pages(3));
    home.served.setFault((request) => {
      const refuses = request.method === 'POST' && request.body.includes('p1.md');
      return refuses ? { kind: 'status', status: 422, body: { message: '<!channel> too odd' } } : null;
    });
    const daemon = await home.start();
    await home.until('told of the document', () => got.length === 1);
    expect(got[0]).toMatchObject({ event: 'opened', kind: 'failed', target: 'site', title: 'site has a document that failed: p1.md' });
    expect(got[0]?.items[0]?.message).toContain('too odd');
    renameSync(join(home.dir, 'content'), join(home.dir, 'elsewhere'));
    await home.until('told of the folder', () => got.some(({ kind }) => kind === 'folder'));
    renameSync(join(home.dir, 'elsewhere'), join(home.dir, 'content'));
    home.served.setFault(null);
    home.write({ 'p1.md': '# Page 1\n\nmended.\n' });
    await home.until('both over', () => told().filter((line) => line.endsWith('over')).length >= 2);
    await home.until('all there', () => home.items('site').length === 3);
    await daemon.stop();
    expect(
      told()
        .filter((line) => !line.includes(' held '))
        .sort(),
    ).toEqual(['folder folder opened', 'folder folder over', 'site failed opened', 'site failed over']);
  });

  it('keep no document from any bot where the receiver never answers, nor the daemon from stopping', async () => {
    answer = () => {};
    configure({ key: 'sgpt_a-wrong-key-0815' });
    home.write(pages(3));
    const daemon = await home.start();
    await home.until('it is being told', () => got.length === 1);
    configure();
    await daemon.reload();
    await home.until('the documents are there', () => home.items('site').length === 3);
    expect(got).toHaveLength(1);
    const began = Date.now();
    await daemon.stop();
    expect(Date.now() - began).toBeLessThan(5_000);
  });

  it('leave the address nowhere: not in what is said, on the page, in metrics, in the state', async () => {
    answer = (response) => response.writeHead(403).end(`no such hook: ${address}`);
    configure({ key: 'sgpt_a-wrong-key-0815' });
    home.write(pages(1));
    const daemon = await home.start();
    await home.until('it failed', async () =>
      (await (await fetch(`${daemon.url}metrics`)).text()).includes('kbsync_notifications_total{webhook="ops",outcome="failed"} 1'),
    );
    const page = await (await fetch(daemon.url)).text();
    expect((await daemon.snapshot()).webhooks).toMatchObject([{ name: 'ops', waiting: 1 }]);
    const metrics = await (await fetch(`${daemon.url}metrics`)).text();
    expect(metrics).toContain('kbsync_webhook_waiting{webhook="ops"} 1');
    const status = await (await fetch(`${daemon.url}api/status`)).text();
    await daemon.stop();
    const book = join(home.dir, 'state', 'notify', 'incidents.json');
    expect(existsSync(book)).toBe(true);
    for (const sink of [page, metrics, status, home.said.join('\n'), readFileSync(book, 'utf8')])
      expect(sink).not.toContain('not-for-anyone');
  });
});
