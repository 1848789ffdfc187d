import { it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { configJsonSchema } from '../../src/config/schema.ts';
import { connector as chatthing } from '../../src/connectors/chatthing/index.ts';
import { connector as sitegpt } from '../../src/connectors/sitegpt/index.ts';

it('real', async () => {
  const known: any = { chatthing, sitegpt };
  const vendors = Object.assign(async (n: string) => known[n] ?? null, { names: ['chatthing', 'sitegpt'] });
  const text = `name: product-docs
targets:
  - name: support
    vendor: chatthing
    channelId: \${CHATTHING_CHANNEL_ID}
    secretKey: \${CHATTHING_SECRET_KEY}
    graceMs: 0
  - { name: site, vendor: sitegpt, apiVersion: v2, chatbotId: 361628903185318481, token: "\${T:-abcdefgh}" }
  - { name: sand, vendor: sitegpt, sandbox: true }
`;
  const rf = (t: string) => async (f: string) => {
    if (f.endsWith('yaml')) return t;
    throw Object.assign(new Error('x'), { code: 'ENOENT' });
  };
  const l = await loadConfig({ file: null, cwd: '/w', env: {}, vendors, readFile: rf(text) });
  console.log(JSON.stringify(l.config.targets.map((t) => [t.options, t.missing])), l.secrets.values(), l.warnings);
  await loadConfig({
    file: null,
    cwd: '/w',
    env: {},
    vendors,
    readFile: rf(
      text
        .replace('apiVersion: v2', 'apiVersion: v0, apiKey: x, takeOver: true')
        .replace('vendor: chatthing', 'vendor: chatthin')
        .replace('graceMs', 'gracems'),
    ),
  }).catch((e) => console.log(e.message));
  const s = configJsonSchema([chatthing, sitegpt]);
  const t = (s as any).properties.targets.items.anyOf[1];
  console.log(
    JSON.stringify(t.properties.apiKey),
    JSON.stringify(t.properties.apiVersion),
    JSON.stringify((s as any).properties.targets.items.anyOf[0].properties.graceMs),
  );
});
