// The smallest emulator: a vendor that keeps notes. For tests of what serves emulators.
import { defineEmulator } from '../../src/connectors/emulator.ts';

export const notebook = defineEmulator({
  vendor: 'notebook',
  prefixes: ['/api/'],
  defaults: { greeting: 'hello' },
  create({ store, random }, settings) {
    return {
      provision: (bot) => store.put('bots', bot.id, { secret: bot.secret }),
      async handle(request) {
        if (request.path === '/api/boom') throw new Error('boom');
        if (request.path === '/api/drop') return { status: 200, drop: true };
        if (request.path === '/api/stream') return { status: 200, headers: { 'content-type': 'text/event-stream' }, stream: lines() };
        if (request.path === '/api/echo') {
          const { method, path, headers } = request;
          return {
            status: 200,
            body: { method, path, query: [...request.query], header: headers['x-one'] ?? null, bytes: request.body.length },
          };
        }
        if (request.method === 'POST') store.put('notes', String(store.size('notes')), request.body.toString('utf8'));
        return { status: 200, body: { greeting: settings.greeting, notes: [...store.entries('notes')].map(([, note]) => note) } };
      },
      inspect: (bot) =>
        store.get('bots', bot) === undefined
          ? []
          : [...store.entries('notes')].map(([remoteId, note]) => ({ remoteId, name: null, text: String(note), answeredFrom: null })),
      plant(_bot, item) {
        const id = `planted-${random()}`;
        store.put('notes', id, item.text);
        return id;
      },
    };
  },
});

async function* lines(): AsyncGenerator<string> {
  yield 'data: 1\n\n';
  yield 'data: [DONE]\n\n';
}
