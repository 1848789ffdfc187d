// notify: in the configuration: names, addresses as secrets, what is missing, and what is refused with its line.
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { createSecretSet } from '../../src/config/secrets.ts';
import type { SyncError } from '../../src/model/error.ts';
import { vendorKeys } from '../../src/workspace/vendors.ts';

const hook = 'https://hooks.slack.com/services/T000/B000/XXXXXXXXXXXX';

async function load(notify: string, env: Readonly<Record<string, string>> = {}) {
  const text = `version: 1\nname: docs\ntargets:\n  - { name: support, vendor: chatthing, sandbox: true }\nnotify:\n${notify}`;
  const secrets = createSecretSet();
  const readFile = (file: string): Promise<string> =>
    file.endsWith('sync.config.yaml') ? Promise.resolve(text) : Promise.reject(Object.assign(new Error('none'), { code: 'ENOENT' }));
  const loaded = await loadConfig({ file: null, cwd: '/w', env, vendors: vendorKeys(), secrets, readFile });
  return { webhooks: loaded.config.notify, warnings: loaded.warnings.map(({ message }) => message), secrets };
}
const refusal = async (notify: string, env = {}): Promise<string> => {
  const found = await load(notify, env).catch((thrown: unknown) => thrown as SyncError);
  if (!(found instanceof Error)) throw new Error('it loaded');
  return found.message;
};

describe('notify', () => {
  it('has defaults: JSON, every kind, every target, and a name of its own', async () => {
    const { webhooks, warnings } = await load(
      '  - { url: "${HOOK}" }\n  - { url: "${HOOK}", kind: slack }\n  - { url: "${HOOK}", name: ops, events: [held], targets: [support] }\n',
      { HOOK: hook },
    );
    expect(warnings).toEqual([]);
    expect(webhooks).toEqual([
      { name: 'json-1', url: hook, kind: 'json', events: null, targets: null, missing: [] },
      { name: 'slack-2', url: hook, kind: 'slack', events: null, targets: null, missing: [] },
      { name: 'ops', url: hook, kind: 'json', events: ['held'], targets: ['support'], missing: [] },
    ]);
  });

  it('takes every address for a secret: whole, and what follows its host', async () => {
    const { secrets } = await load('  - { url: "https://hooks.slack.com/services/${ID}" }\n', { ID: 'T000/B000/XXXXXXXXXXXX' });
    expect(secrets.redact(`posting to ${hook}`)).toBe('posting to ***');
    expect(secrets.redact('POST /services/T000/B000/XXXXXXXXXXXX: 404')).toBe('POST ***: 404');
    const literal = await load(`  - { url: "${hook}" }\n`);
    expect(literal.warnings).toEqual([
      'sync.config.yaml:6:12 notify[0].url: found a secret in the file, expected a variable, such as ${WEBHOOK_URL}',
    ]);
    expect(literal.secrets.redact(hook)).toBe('***');
  });

  it('needs no address where nobody is told: a variable that is not set is noted', async () => {
    const { webhooks } = await load('  - { url: "${SLACK_URL}", kind: slack }\n');
    expect(webhooks[0]).toMatchObject({ missing: ['SLACK_URL'] });
  });

  it.each([
    ['http://hooks.example.com/x', 'https; http only on loopback'],
    ['http://10.0.0.5/x', 'https; http only on loopback'],
    ['https://user:pass@hooks.example.com/x', 'without user name and password'],
    ['https://hooks.example.com/x#part', 'without a fragment'],
    ['ftp://hooks.example.com/', 'an address such as'],
    ['hooks.example.com', 'an address such as'],
  ])('refuses the address %s', async (url, expected) => {
    const message = await refusal('  - { url: "${HOOK}" }\n', { HOOK: url });
    expect(message).toContain(`notify[0].url`);
    expect(message).toContain(expected);
    expect(message).not.toContain('pass@');
  });

  it.each([
    'http://127.0.0.1:9000/x',
    'http://[::1]:9000/x',
    'http://localhost/x',
    'https://10.0.0.5/x',
    'https://192.168.1.9:8443/x?key=1',
  ])('takes the address %s', async (url) => {
    expect((await load('  - { url: "${HOOK}" }\n', { HOOK: url })).webhooks[0]?.url).toBe(url);
  });

  it.each([
    ['{ url: "${HOOK}", events: [helt] }', 'notify[0].events[0]'],
    [
      '{ url: "${HOOK}", targets: [suport] }',
      'notify[0].targets[0]: found "suport", expected the name of a target: support; did you mean "support"?',
    ],
    ['{ url: "${HOOK}", kind: teams }', 'notify[0].kind'],
    ['{ url: "${HOOK}", name: a }\n  - { url: "${HOOK}", name: a }', 'notify[1].name: found "a" again'],
    ['{ kind: slack }', 'notify[0].url'],
    ['{ url: "${HOOK}", event: [held] }', 'did you mean "events"?'],
  ])('refuses %s', async (webhook, said) => {
    expect(await refusal(`  - ${webhook}\n`, { HOOK: hook })).toContain(said);
  });
});
