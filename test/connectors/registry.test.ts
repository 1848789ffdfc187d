import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { registry, resolveConnector, resolveEmulator } from '../../src/connectors/registry.ts';
import { thrown } from './scripted-http.ts';

describe('registry', () => {
  it('names the vendors that are built', () => {
    expect(Object.keys(registry)).toEqual(['chatthing', 'cxgenie', 'sitegpt', 'replycx', 'koreai']);
  });

  it('loads a connector by its name', async () => {
    expect((await resolveConnector('chatthing', '/')).label).toBe('Chat Thing');
    expect((await resolveConnector('sitegpt', '/')).name).toBe('sitegpt');
  });

  it.each(['chatting', 'constructor', './mine.ts'])('refuses %s', async (name) => {
    expect(await thrown(() => resolveConnector(name, '/'))).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('sitegpt'),
    });
    expect((await thrown(() => resolveEmulator(name))).code).toBe('CONFIG_INVALID');
  });

  it.each([
    ['chatthing', ['secretKey']],
    ['cxgenie', ['workspaceToken']],
    ['sitegpt', ['apiKey', 'token']],
    ['replycx', ['token']],
    ['koreai', ['clientSecret']],
  ])('%s describes every key and marks its secrets', async (vendor, secrets) => {
    const { options } = await resolveConnector(vendor, '/');
    const schema = z.toJSONSchema(options, { io: 'input', target: 'draft-07', unrepresentable: 'any', reused: 'inline' });
    const keys = Object.entries(schema.properties ?? {}) as [string, { description?: string; secret?: boolean }][];
    expect(keys.filter(([, key]) => key.description === undefined)).toEqual([]);
    expect(keys.flatMap(([name, key]) => (key.secret === true ? [name] : [])).sort()).toEqual(secrets);
    expect(schema.required).toBeUndefined();
  });
});
