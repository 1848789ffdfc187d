// The SiteGPT emulator: API v2 and the legacy v0 on one host, with the same chatbots [6]. Written from the vendor's documents
// (vendor notes, [n] = section) and apart from the connector. What the documents do not name is refused.
import { defineEmulator, type Emulator, type EmulatorTools } from '../emulator.ts';
import { Account } from './emulator-account.ts';
import { defaults, type SiteGptSettings } from './emulator-settings.ts';
import { v0 } from './emulator-v0.ts';
import { v2 } from './emulator-v2.ts';

function create(tools: EmulatorTools, settings: SiteGptSettings): Emulator {
  const account = new Account(tools, settings);
  const faces = { v0: v0(tools, settings, account), v2: v2(tools, settings, account) };
  return {
    provision({ id, secret }) {
      account.provision(id, secret);
    },
    async handle(request) {
      return request.path.startsWith('/api/v2/') ? faces.v2(request) : faces.v0(request);
    },
    inspect(bot) {
      return account.box(bot).documents.items();
    },
    /** A file uploaded in the dashboard, trained since. */
    plant(bot, { name, text }) {
      const pace = { queuedMs: 0, processingMs: 0 };
      return account.box(bot).documents.add({ name, source: 'LOCAL_FILE', mimeType: 'text/markdown', text }, pace);
    },
  };
}

/** SiteGPT on loopback. */
export const emulator = defineEmulator<SiteGptSettings>({
  vendor: 'sitegpt',
  prefixes: ['/api/v0/chatbots', '/api/v1/chatbots', '/api/v2/health', '/api/v2/me', '/api/v2/usage', '/api/v2/limits', '/api/v2/chatbots'],
  defaults,
  create,
});
