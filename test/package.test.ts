// The package that users get: only what runs in it, entries that resolve, licences that are known, and tags that may become a release.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { describe, expect, it } from 'vitest';
import { installedPackages, licencesPage, unknownLicences } from '../scripts/licences-page.mjs';
import { releaseProblems } from '../scripts/release-problems.mjs';
import { lintWorkflows } from './support/workflow-lint.ts';

const root = new URL('..', import.meta.url);
const path = fileURLToPath(root);
const read = (name: string): string => readFileSync(new URL(name, root), 'utf8');

function packed(): readonly { readonly path: string; readonly mode: number }[] {
  const text = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: path,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [found] = JSON.parse(text) as { readonly files: readonly { readonly path: string; readonly mode: number }[] }[];
  return found?.files ?? [];
}

describe('npm pack', () => {
  const files = packed();
  const names = files.map((file) => file.path);

  it('holds what runs and what is read, and nothing else', () => {
    const kinds = [
      /^dist\/.+\.(?:js|css)$/,
      /^dist\/.+\.d\.ts$/,
      /^(?:content|docs)\/.+\.(?:md|yaml)$/,
      /^deploy\/(?:systemd|prometheus|grafana)\/.+\.(?:service|conf|yml|json|env|md)$/,
      /^examples\/connector-[a-z]+\/.+\.(?:js|json|md|yaml)$/,
      /^gitlab\/kbsync\.gitlab-ci\.yml$/,
      /^(?:package\.json|README\.md|CHANGELOG\.md|SECURITY\.md|LICENSE|action\.yml|sync\.config\.yaml|sync\.config\.schema\.json)$/,
    ];
    expect(names.filter((name) => !kinds.some((kind) => kind.test(name)))).toEqual([]);
    expect(names.filter((name) => /^(?:src|test|campaign|bench|state)\/|node_modules\/|\.map$|\.env/.test(name))).toEqual([]);
    expect(names).toEqual(expect.arrayContaining(['dist/main.js', 'LICENSE', 'README.md', 'docs/openapi.yaml', 'sync.config.yaml']));
  });

  it('brings types of its entries and of what they speak of, and of nothing else', () => {
    const types = new Set(names.filter((name) => name.endsWith('.d.ts')));
    const wanted = new Set<string>();
    const visit = (name: string): void => {
      if (wanted.has(name)) return;
      wanted.add(name);
      for (const [, target] of read(name).matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
        visit(
          fileURLToPath(new URL(target ?? '', new URL(name, root)))
            .slice(path.length)
            .replace(/\.[jt]s$/, '.d.ts'),
        );
      }
    };
    visit('dist/connectors/public.d.ts');
    visit('dist/testkit/index.d.ts');
    expect([...wanted].filter((name) => !types.has(name))).toEqual([]);
    expect(types.size).toBeLessThan(names.filter((name) => /^dist\/.+\.js$/.test(name)).length / 2);
  });

  it('has entries that resolve, as publint judges', async () => {
    const { messages } = await publint({ pkgDir: path, strict: true, pack: false });
    const manifest: unknown = JSON.parse(read('package.json'));
    expect(messages.map((message) => formatMessage(message, manifest as Parameters<typeof formatMessage>[1]))).toEqual([]);
  });
});

describe('licences', () => {
  const packages = installedPackages(root);

  it('of all that is installed are permissive, and the page lists every one', () => {
    expect(packages.length).toBeGreaterThan(100);
    expect(packages.map(({ name }) => name)).toEqual(expect.arrayContaining(['got', 'yaml', 'lowdb']));
    expect(packages.map(({ name }) => name)).not.toContain('vitest');
    expect(unknownLicences(packages)).toEqual([]);
    expect(read('docs/licences.md'), 'npm run licences').toBe(licencesPage(packages));
  });

  it.each(['GPL-3.0', 'SEE LICENSE IN X', 'not stated', 'MIT AND AGPL-3.0'])('%s is for a person to judge', (licence) => {
    expect(unknownLicences([{ name: 'x', version: '1.0.0', licence, optional: false }])).toHaveLength(1);
  });

  it('of a choice one that is permissive is enough', () => {
    expect(unknownLicences([{ name: 'x', version: '1.0.0', licence: '(MIT OR GPL-3.0-or-later)', optional: false }])).toEqual([]);
  });
});

describe('a tag becomes a release', () => {
  const good = { version: '1.2.3', locked: '1.2.3', changelog: '# Changelog\n\n## [1.2.3] - 2026-11-22\n\n- new\n' };

  it('where everything says the same version', () => {
    expect(releaseProblems('v1.2.3', good)).toEqual([]);
  });

  it('from the repository that package.json names, which npm looks at', () => {
    const here = { ...good, runsIn: 'acme/kbsync' };
    for (const repository of ['git+https://github.com/acme/kbsync.git', 'https://github.com/Acme/kbsync', 'git@github.com:acme/kbsync.git'])
      expect(releaseProblems('v1.2.3', { ...here, repository })).toEqual([]);
    expect(releaseProblems('v1.2.3', { ...here, repository: null }).join()).toContain('names no repository, and npm refuses provenance');
    expect(releaseProblems('v1.2.3', { ...here, repository: 'https://github.com/fork/kbsync' }).join()).toContain(
      'git+https://github.com/acme/kbsync.git',
    );
  });

  it.each([
    ['v1.2.4', good, 'the tag must be v1.2.3'],
    ['', good, 'the tag is not given'],
    ['v1.2.3', { ...good, locked: '1.2.2' }, 'package-lock.json says 1.2.2'],
    ['v1.2.3', { ...good, changelog: '# Changelog\n' }, 'no section [1.2.3]'],
    ['v1.2.3', { ...good, changelog: '## [1.2.3] - unreleased\n' }, 'has no date'],
  ])('not %s where something else is said: %#', (tag, facts, sentence) => {
    expect(releaseProblems(tag, facts).join('\n')).toContain(sentence);
  });
});

describe('our own workflows', () => {
  it.each(['ci', 'release'])(
    '%s.yml passes actionlint, names its actions by commit, and holds no more rights than it needs',
    async (name) => {
      const text = read(`.github/workflows/${name}.yml`);
      expect(await lintWorkflows(text, `.github/workflows/${name}.yml`)).toEqual([]);
      for (const [, action] of text.matchAll(/uses: (\S+)/g)) expect(action).toMatch(/@[0-9a-f]{40}$/);
      expect(text).toMatch(/^permissions:\n {2}contents: read$/m);
      expect(text).not.toMatch(/secrets\./);
    },
  );

  it('actionlint is awake: it sees what is wrong', async () => {
    const wrong = 'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.nothing }}\n';
    expect(await lintWorkflows(wrong, '.github/workflows/x.yml')).toHaveLength(1);
  });
});
