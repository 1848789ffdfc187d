// The support bundle: what it tells, and what it never does, not even of a configuration that is wrong in the very place where the key stands.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { redactedConfiguration } from '../../src/doctor/redacted.ts';
import { world } from '../support/bots.ts';
import { look } from '../support/doctor-here.ts';
import { holdsPlanted, planted } from '../support/planted.ts';
import { home } from '../support/run-program.ts';

const secretWords = 'the llama is paid in buttons';

describe('the configuration in a bundle', () => {
  it('keeps its keys and what cannot be a secret, and no comment', () => {
    const source = `# old key: sk-live-000
version: 1
name: docs
content: { root: ./docs, variables: { price: "12 EUR" }, git: { url: "https://u:p@git.example/x", branch: main, token: "\${GIT_TOKEN}" } }
targets:
  - name: site
    vendor: sitegpt
    chatbotId: 361628903185318481
    token: "\${SITE_TOKEN:-sk-fallback}"
    tokn: sk-typo-1
    audience: [public, "\${WHO}"]
    rate: { perMinute: 30 }
daemon: { port: 8420, token: word }
notify: [{ url: https://hooks.example/secret-path, kind: slack }]
sk-as-a-key-sk-as-a-key: 1
`;
    expect(redactedConfiguration(source, true)).toBe(`version: 1
name: docs
content:
  root: ./docs
  variables:
    (a key of 5 characters): (text, 6 characters)
  git:
    url: (text, 25 characters)
    branch: main
    token: \${GIT_TOKEN}
targets:
  - name: site
    vendor: sitegpt
    chatbotId: (text, 18 characters)
    token: \${SITE_TOKEN:-…}
    tokn: (text, 9 characters)
    audience:
      - public
      - \${WHO}
    rate:
      perMinute: 30
daemon:
  port: 8420
  token: (text, 4 characters)
notify:
  - url: (text, 33 characters)
    kind: slack
(a key of 23 characters): (text, 1 characters)`);
  });

  it('of broken YAML is not shown at all', () => {
    expect(redactedConfiguration('targets: [{ token: "sk-live\n', true)).toMatch(/^\(broken YAML, \d+ characters: not shown\)$/);
  });

  it('hides what looks like a key under whatever name', () => {
    const key = 'AKIAIOSFODNN7EXAMPLE1234';
    for (const line of [`name: ${key}`, `schedule: { timezone: ${key} }`, `content: { root: "https://u:pass@x" }`]) {
      const shown = redactedConfiguration(`${line}\n`, true);
      expect(shown).not.toContain(key);
      expect(shown).not.toContain('pass');
    }
  });
});

describe('a bundle', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'kbsync-bundle-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('tells versions, findings, targets, journal and history, and no text of a document', async () => {
    const place = await world('sitegpt');
    try {
      place.write({
        'a.md': `---\nkb:\n  faq: [{ q: "Is it so that ${secretWords}?", a: "${secretWords}" }]\n---\n# ${secretWords}\n\n${secretWords}, says ${planted}.\n`,
        'b.md': '# B\n\nwords\n',
      });
      await place.sync();
      const workspace = await place.open();
      await workspace.history.append({
        at: '2026-11-22T08:00:00.000Z',
        kind: 'test',
        target: 'bot',
        verdict: 'fail',
        question: secretWords,
        answer: secretWords,
      });
      await workspace.history.append({
        at: '2026-11-22T09:00:00.000Z',
        kind: 'run',
        target: 'bot',
        command: 'sync',
        counts: { create: 2 },
        note: secretWords,
      });
      await workspace.close();
      const file = join(place.dir, 'support.md');
      expect((await look(place.dir, { request: { bundle: file } })).bundle).toBe(file);
      const text = readFileSync(file, 'utf8');
      for (const part of [
        'kbsync 0.0.0',
        'ok      target.key bot',
        'vendor: sitegpt',
        'bot (sitegpt; 0 variables not set)',
        'journal: ',
        'history.jsonl, ',
        '"verdict":"fail"',
        '"counts":{"create":2}',
      ])
        expect(text).toContain(part);
      expect(text).not.toContain(secretWords);
      expect(text).not.toContain('llama');
      expect(holdsPlanted(text)).toBe(false);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      await look(place.dir, { request: { bundle: file, withWords: true } });
      expect(readFileSync(file, 'utf8')).toContain(secretWords);
      expect(holdsPlanted(readFileSync(file, 'utf8'))).toBe(false);
    } finally {
      await place.close();
    }
  });

  it('of a configuration whose key has a mistake in its name holds nothing of the key', async () => {
    writeFileSync(
      join(dir, 'sync.config.yaml'),
      'version: 1\nname: docs\ntargets:\n  - { name: site, vendor: sitegpt, chatbotId: b, tokn: sk-live-abcdef, rate: sk-live-abcdef }\n',
    );
    const file = join(dir, 'support.md');
    const found = await look(dir, { request: { bundle: file } });
    expect(found.exitCode).toBe(2);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('sync.config.yaml:4:');
    expect(text).not.toContain('sk-live');
  });

  it('takes the place of a bundle, and of nothing else', async () => {
    writeFileSync(join(dir, 'sync.config.yaml'), 'version: 1\nname: docs\ntargets: [{ name: site, vendor: sitegpt, sandbox: true }]\n');
    mkdirSync(join(dir, 'content'));
    const file = join(dir, 'notes.md');
    writeFileSync(file, 'mine\n');
    await expect(look(dir, { request: { bundle: file } })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('stays as it is'),
    });
    expect(readFileSync(file, 'utf8')).toBe('mine\n');
    const other = join(dir, 'support.md');
    await look(dir, { request: { bundle: other } });
    await look(dir, { request: { bundle: other } });
    expect(existsSync(other)).toBe(true);
    await expect(look(dir, { request: { withWords: true } })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(look(dir, { request: { bundle: join(dir, 'none', 'x.md') } })).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('the program', () => {
  it('prints a row a line for people, JSON for programs, no colour without a terminal, and its exit code', async () => {
    const place = home('version: 1\nname: docs\ntargets: [{ name: site, vendor: sitegpt, chatbotId: b, token: "${NOT_SET}" }]\n');
    try {
      place.write({ 'content/a.md': '# A\n' });
      const ran = await place.run('doctor', '--offline', '--bundle', 'b.md');
      expect(ran.exitCode).toBe(0);
      expect(ran.stdout).toMatch(/^ok {6}configuration: sync\.config\.yaml is valid: workspace docs, 1 target$/m);
      expect(ran.stdout).toMatch(
        /^warning target\.key site: NOT_SET is not set\n {10}where: line 3 of the configuration\n {10}next: {2}set it in the environment/m,
      );
      expect(ran.stdout).toMatch(/^\d+ ok, \d+ warnings?, 0 errors, 1 skipped\nwritten: .*b\.md\n$/m);
      expect(ran.stdout).not.toContain('\u001b');
      const json = await place.run('doctor', '--offline', '--json', '--target', 'none');
      expect([json.exitCode, json.json()['error']]).toMatchObject([2, { code: 'USAGE' }]);
      expect(Object.keys((await place.run('doctor', '--offline', '--json')).json<{ checks: object[] }>().checks[0] ?? {})).toEqual([
        ...['check', 'target', 'state', 'what', 'where', 'why', 'next', 'code'],
      ]);
    } finally {
      place.remove();
    }
  }, 30_000);
});
