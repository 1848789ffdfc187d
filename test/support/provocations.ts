// Every error code of the table, brought about once by the real thing: the workspace against an emulator, the transport against a server that
// misbehaves, the disk, the configuration. Nothing here makes an error itself.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { durationOption } from '../../src/cli/invocation.ts';
import { failedTests } from '../../src/cli/verify-failure.ts';
import { verifyTarget } from '../../src/cycle/verify.ts';
import { asSyncError, type ErrorCode, type ErrorRecord } from '../../src/model/error.ts';
import { nodeDisk } from '../../src/state/disk.ts';
import { acquireLock } from '../../src/state/lock.ts';
import type { Synced, World } from './bots.ts';
import { secret, world } from './bots.ts';

export interface Provocation {
  readonly code: ErrorCode;
  /** What happened, in a few words. */
  readonly by: string;
  /** What says where: in the sentence, or beside it, where every face prints the target's name. */
  readonly where: RegExp;
  /** The error; `used` is handed everything that is to be closed. */
  run(use: Use): Promise<ErrorRecord>;
}

export type Use = (flavour: string, settings?: object) => Promise<World>;

/** What is thrown, as a command would tell it. */
async function thrown(work: () => unknown): Promise<ErrorRecord> {
  try {
    await work();
  } catch (error) {
    return asSyncError(error).record();
  }
  throw new Error('nothing went wrong');
}

/** The first error of a document in a report, else in the memory, else that of the target. */
async function told(place: World, { results, blocked, error }: Synced, code: ErrorCode): Promise<ErrorRecord> {
  const records = Object.values((await place.view()).state.records).map((record) => record.error);
  const errors = [...results.map((result) => result.error), ...blocked.map((one) => one.error), ...records, error];
  const found = errors.find((one) => one?.code === code);
  if (found === null || found === undefined) throw new Error(`${code} was not told: ${JSON.stringify(errors)}`);
  return found;
}

const article = { 'guides/reset.md': '# Reset your password\n\nUnder Settings.\n' };

/** A vendor that always answers so. */
async function answering(status: number, body: string, type = 'application/json'): Promise<{ readonly origin: string; close(): void }> {
  const server = createServer((incoming, reply) => {
    incoming.resume().on('end', () => reply.writeHead(status, { 'content-type': type }).end(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answered(use: Use, code: ErrorCode, status: number, body: string, type?: string): Promise<ErrorRecord> {
  const place = await use('sitegpt');
  const server = await answering(status, body, type);
  try {
    place.configure({ baseUrl: server.origin });
    place.write(article);
    return await told(place, await place.sync(), code);
  } finally {
    server.close();
  }
}

async function damaged(use: Use, change: (text: string) => string): Promise<ErrorRecord> {
  const place = await use('sitegpt');
  place.write(article);
  await place.sync();
  const file = join(place.dir, 'state', 'bot.json');
  writeFileSync(file, change(readFileSync(file, 'utf8')));
  rmSync(`${file}.bak`, { force: true });
  return thrown(() => place.view());
}

/** In the order of the table. */
export const provocations: readonly Provocation[] = [
  {
    code: 'UNEXPECTED',
    by: "somebody's connector stumbles",
    where: /stumbling/,
    async run(use) {
      const place = await use('sitegpt');
      const connector = `export default { name: 'stumbling', contract: 1, label: 'Stumbling', options: { safeParse: (data) => ({ success: true, data }) },
  required: () => [], identityKeys: ['botId'], defaultBaseUrl: 'https://stumbling.invalid', variants: {},
  sandbox: () => ({ options: {}, bot: { id: 'b', secret: 's' } }), account: () => 'a', connect: ({ botId }) => { throw new TypeError('no functions for ' + botId); } };\n`;
      writeFileSync(join(place.dir, 'stumbling.mjs'), connector);
      writeFileSync(
        join(place.dir, 'sync.config.yaml'),
        'version: 1\nname: docs\ntargets: [{ name: bot, vendor: ./stumbling.mjs, botId: b }]\n',
      );
      place.write(article);
      return thrown(() => place.sync());
    },
  },
  {
    code: 'STATE_DAMAGED',
    by: 'somebody changed a word in the state file',
    where: /bot\.json/,
    run: (use) => damaged(use, (text) => text.replace('Reset your', 'Forget your')),
  },
  {
    code: 'STATE_UNWRITABLE',
    by: 'a file stands where the state folder should be',
    where: /state/,
    async run(use) {
      const place = await use('sitegpt');
      writeFileSync(join(place.dir, 'state'), '');
      place.write(article);
      return told(place, await place.sync(), 'STATE_UNWRITABLE');
    },
  },
  {
    code: 'STATE_NEWER',
    by: 'the state is of a later format',
    where: /bot\.json/,
    run: (use) => damaged(use, (text) => text.replace(/"version":\d+/, '"version":99').replace(/"kbsync":"[^"]*"/, '"kbsync":"9.0.0"')),
  },
  { code: 'USAGE', by: 'an option has a wrong value', where: /--wait/, run: () => thrown(() => durationOption('--wait', 'soon')) },
  {
    code: 'CONFIG_INVALID',
    by: 'a key is misspelt',
    where: /sync\.config\.yaml:\d+:\d+/,
    async run(use) {
      const place = await use('sitegpt');
      place.configure({ extra: 'audence: [public]' });
      return thrown(() => place.open());
    },
  },
  {
    code: 'SECRET_MISSING',
    by: 'a variable is not set',
    where: /SITEGPT_TOKEN/,
    async run(use) {
      const place = await use('sitegpt');
      place.configure({ key: '${SITEGPT_TOKEN}' });
      place.write(article);
      return told(place, await place.sync(), 'SECRET_MISSING');
    },
  },
  {
    code: 'CONTENT_MISSING',
    by: 'the folder was never there',
    where: /content/,
    async run(use) {
      const place = await use('sitegpt');
      rmSync(join(place.dir, 'content'), { recursive: true });
      return told(place, await place.sync(), 'CONTENT_MISSING');
    },
  },
  {
    code: 'HELD',
    by: 'a training is to be followed, and the key leads to another bot',
    where: /bot/,
    async run(use) {
      const place = await use('sitegpt', { processingMs: Number.POSITIVE_INFINITY });
      place.write(article);
      await place.sync({ waitMs: 0 });
      place.emulator.provision({ id: 'bot-2', secret });
      const file = join(place.dir, 'sync.config.yaml');
      writeFileSync(file, readFileSync(file, 'utf8').replace('chatbotId: bot-1', 'chatbotId: bot-2'));
      return told(place, await place.sync({ trainOnly: true, waitMs: 0 }), 'HELD');
    },
  },
  {
    code: 'DOCUMENT_REFUSED',
    by: 'the vendor does not take this text',
    where: /guides\/reset\.md/,
    async run(use) {
      const place = await use('sitegpt', { rejectMarker: 'Settings' });
      place.write(article);
      return told(place, await place.sync(), 'DOCUMENT_REFUSED');
    },
  },
  {
    code: 'DOCUMENT_TOO_LARGE',
    by: 'a document is over the limit of its target',
    where: /guides\/reset\.md/,
    async run(use) {
      const place = await use('sitegpt');
      place.configure({ extra: 'maxDocumentBytes: 1000, split: none' });
      place.write({ 'guides/reset.md': `# Reset\n\n${'Under Settings. '.repeat(100)}\n` });
      return told(place, await place.sync(), 'DOCUMENT_TOO_LARGE');
    },
  },
  {
    code: 'REMOTE_GONE',
    by: 'somebody deleted the item at the vendor',
    where: /document \S+/,
    async run(use) {
      const place = await use('sitegpt');
      place.write(article);
      await place.sync();
      const id = Object.values((await place.view()).state.records)[0]?.items[0]?.remoteId ?? '';
      return place.behind(async (target, call) => {
        await target.delete?.([id], call);
        return thrown(() => target.read?.(id, call));
      });
    },
  },
  {
    code: 'UNCONFIRMED',
    by: 'the connection is lost after a write was sent',
    where: /kbsync todo/,
    async run(use) {
      const place = await use('cxgenie');
      place.write(article);
      const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
      const hooks = {
        async wire<T>(request: { readonly intent: string }, send: () => Promise<T>): Promise<T> {
          const reply = await send();
          if (request.intent === 'create') throw reset;
          return reply;
        },
      };
      return told(place, await place.sync({ hooks, passes: { initial: true } }), 'UNCONFIRMED');
    },
  },
  {
    code: 'TRAINING_FAILED',
    by: 'the vendor gives up on a document',
    where: /guides\/reset\.md/,
    async run(use) {
      const place = await use('sitegpt', { failMarker: 'Settings' });
      place.write(article);
      return told(place, await place.sync(), 'TRAINING_FAILED');
    },
  },
  {
    code: 'NOT_TRAINED',
    by: 'the vendor goes on training for ever',
    where: /guides\/reset\.md/,
    async run(use) {
      const place = await use('sitegpt', { processingMs: Number.POSITIVE_INFINITY });
      place.configure({ extra: 'trainTimeout: 5m' });
      place.write(article);
      await place.sync();
      place.clock.advance(600_000);
      return told(place, await place.sync(), 'NOT_TRAINED');
    },
  },
  {
    code: 'TEST_FAILED',
    by: 'a bot does not say what the document says',
    where: /bot: "How long/,
    async run(use) {
      const place = await use('sitegpt');
      place.write({
        'guides/reset.md':
          '---\nkb:\n  tests: [{ ask: How long is a reset link valid?, expect: ["30 minutes"] }]\n---\n# Reset\n\nA reset link is valid for an hour.\n',
      });
      await place.sync();
      const workspace = await place.open();
      try {
        const [target] = workspace.targets(null);
        if (target === undefined) throw new Error('one target is configured');
        const { signal } = new AbortController();
        const folder = await workspace.readFolder();
        const options = {
          which: { only: 'all' },
          only: () => true,
          kinds: { golden: true, unlearned: true },
          maxCalls: 'any',
          lockWaitMs: 0,
        } as const;
        const report = await workspace.readOnly(target, { stop: signal, kill: signal }, false, (context) =>
          verifyTarget(context, folder, options),
        );
        const error = failedTests([report]);
        if (error === null) throw new Error('no test failed');
        return error.record();
      } finally {
        await workspace.close();
      }
    },
  },
  {
    code: 'CREDENTIALS_REFUSED',
    by: 'the key is a wrong one',
    where: /SiteGPT|api\/v2/,
    async run(use) {
      const place = await use('sitegpt');
      place.configure({ key: 'no-key-of-this-bot-1' });
      place.write(article);
      return told(place, await place.sync(), 'CREDENTIALS_REFUSED');
    },
  },
  {
    code: 'BOT_NOT_FOUND',
    by: "the bot's id is a wrong one",
    where: /bot-9/,
    async run(use) {
      const place = await use('sitegpt');
      const file = join(place.dir, 'sync.config.yaml');
      writeFileSync(file, readFileSync(file, 'utf8').replace('chatbotId: bot-1', 'chatbotId: bot-9'));
      place.write(article);
      return told(place, await place.sync(), 'BOT_NOT_FOUND');
    },
  },
  {
    code: 'RATE_LIMITED',
    by: 'the vendor says 429 again and again',
    where: /GET \/api/,
    run: (use) => answered(use, 'RATE_LIMITED', 429, '{"error":{"message":"Too many requests"}}'),
  },
  {
    code: 'QUOTA_EXHAUSTED',
    by: 'the account holds no more documents',
    where: /SiteGPT account/,
    async run(use) {
      const place = await use('sitegpt', { documentLimit: 1 });
      place.write({ ...article, 'guides/other.md': '# Other\n\nWords.\n' });
      return told(place, await place.sync(), 'QUOTA_EXHAUSTED');
    },
  },
  {
    code: 'LOCKED',
    by: 'another run is at work',
    where: /"kbsync sync" of \S+, process \d+/,
    async run(use) {
      const place = await use('sitegpt');
      const path = join(place.dir, 'state', 'bot.lock');
      const lock = await acquireLock({ disk: nodeDisk(), path, now: place.clock.now, command: 'kbsync sync', waitMs: 0 });
      try {
        return await told(place, await place.sync(), 'LOCKED');
      } finally {
        await lock.release();
      }
    },
  },
  {
    code: 'TARGET_UNREACHABLE',
    by: 'nothing listens there',
    where: /http:\/\/127/,
    async run(use) {
      const place = await use('sitegpt');
      place.configure({ baseUrl: 'http://127.0.0.1:1' });
      place.write(article);
      return told(place, await place.sync(), 'TARGET_UNREACHABLE');
    },
  },
  {
    code: 'VENDOR_FAILED',
    by: 'the vendor says 503 again and again',
    where: /GET \/api/,
    run: (use) => answered(use, 'VENDOR_FAILED', 503, '{"error":{"message":"maintenance until 10:00"}}'),
  },
  {
    code: 'REPLY_INVALID',
    by: 'a login page answers',
    where: /GET \/api|http:\/\/127/,
    run: (use) => answered(use, 'REPLY_INVALID', 200, '<html><body>Please sign in</body></html>', 'text/html'),
  },
  {
    code: 'REQUEST_REFUSED',
    by: 'the vendor calls the request malformed',
    where: /GET \/api|SiteGPT/,
    run: (use) => answered(use, 'REQUEST_REFUSED', 400, '{"error":{"message":"chatbotId: expected a UUID"}}'),
  },
  {
    code: 'BUSY',
    by: 'a training is under way already',
    where: /data source/,
    async run(use) {
      const place = await use('chatthing', { syncMs: 3_600_000 });
      place.write(article);
      await place.sync({ waitMs: 0 });
      const { state } = await place.view();
      return place.behind((target, call) =>
        thrown(async () =>
          target.train?.start(await target.train.baseline({ ...call, container: state.container }), {
            ...call,
            container: state.container,
          }),
        ),
      );
    },
  },
  {
    code: 'ABORTED',
    by: 'a person stops it while it waits for another run',
    where: /lock of bot/,
    async run(use) {
      const place = await use('sitegpt');
      const path = join(place.dir, 'state', 'bot.lock');
      mkdirSync(join(place.dir, 'state'));
      return thrown(() =>
        acquireLock({ disk: nodeDisk(), path, now: place.clock.now, command: 'kbsync sync', waitMs: 0, signal: AbortSignal.abort() }),
      );
    },
  },
];

/** A place for one provocation. */
export const placeFor = world;
