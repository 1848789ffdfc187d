// Completion as shells ask for it: what is offered where, and the scripts themselves in the real bash (zsh and fish where they are installed).
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandTree } from '../../src/cli/command-tree.ts';
import { type Names, offerFor } from '../../src/cli/complete.ts';
import { documentsIn, namesIn } from '../../src/cli/complete-names.ts';
import { holdsPlanted } from '../support/planted.ts';
import { type Home, home } from '../support/run-program.ts';

const program = process.env['KBSYNC_PROGRAM'] ?? fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const configuration = `version: 1
name: docs
targets:
  - { name: help-desk, vendor: chatthing, channelId: c, secretKey: "\${UNSET_KEY}", dataSourceId: d }
  - { name: site, vendor: sitegpt, sandbox: true, token: "other-secret-9876" }
  - { name: "\${ODD}", vendor: sitegpt, sandbox: true }
notify: [{ url: "https://hooks.example.com/planted-secret-4711", name: on-call }]
`;

let place: Home;
let tree: CommandTree;
let env: Record<string, string>;

beforeAll(async () => {
  place = home(configuration);
  tree = JSON.parse((await place.run('__commands')).stdout) as CommandTree;
  mkdirSync(join(place.dir, 'bin'));
  const starter = join(place.dir, 'bin', 'kbsync');
  writeFileSync(starter, `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
  chmodSync(starter, 0o755);
  env = { PATH: `${join(place.dir, 'bin')}:${process.env['PATH'] ?? ''}`, HOME: place.dir };
  if (process.env['LD_LIBRARY_PATH'] !== undefined) env['LD_LIBRARY_PATH'] = process.env['LD_LIBRARY_PATH'];
}, 30_000);

afterAll(() => place.remove());

const names: Names = {
  targets: async () => ['help-desk', 'site'],
  webhooks: async () => ['on-call'],
  vendors: async () => ['chatthing', 'sitegpt'],
  documents: async (_config, start) => ['a.md', 'guides/b.md', 'guides/b.md#qa-how'].filter((id) => id.startsWith(start)),
};

async function offered(...words: string[]): Promise<string> {
  const { kind, words: found } = await offerFor(tree, 'zsh', words, names);
  return kind === 'words' ? found.map(([word]) => word).join(' ') : kind;
}

describe('what is offered', () => {
  it.each([
    ['commands', ['st'], 'status state'],
    ['options of the command and of all, without those given', ['plan', '--json', '--o'], '--out --offline'],
    ['an option that may be repeated, again', ['sync', '--target', 'site', '--tar'], '--target'],
    ['choices', ['lint', '--format', ''], 'text sarif github'],
    ['choices behind an equals sign', ['lint', '--format=s'], '--format=sarif'],
    ['values that stand in words', ['status', '--fail-if', 'st'], 'stale='],
    ['targets', ['--target', ''], 'help-desk site'],
    ['targets as arguments', ['ask', 'h'], 'help-desk'],
    ['no target where all are asked', ['ask', '--all', ''], 'none'],
    ['no question', ['ask', 'site', ''], 'none'],
    ['a target whose option is named otherwise', ['show', 'a.md', '--as', 's'], 'site'],
    ['actions', ['todo', ''], 'done created retry approve'],
    ['targets of an action, each once', ['watch', 'pause', 'site', ''], 'help-desk'],
    ['webhooks', ['notify', 'test', ''], 'on-call'],
    ['vendors', ['init', '--vendor', 's'], 'sitegpt'],
    ['documents', ['show', 'guides/'], 'guides/b.md guides/b.md#qa-how'],
    ['files', ['plan', '--out', ''], 'files'],
    ['paths', ['sync', 'gui'], 'files'],
    ['folders', ['adopt', 'site', '--export', ''], 'folders'],
    ['shells', ['completion', ''], 'bash zsh fish'],
    ['nothing for a number', ['history', '--limit', ''], 'none'],
    ['nothing behind a command that does not exist', ['planned', ''], 'none'],
    ['no option behind --', ['verify', '--', '--'], 'files'],
    ['options after one whose value may be left out', ['gaps', '--as-tests', '--un'], '--unknown --unmasked'],
  ] as const)('%s', async (_what, words, expected) => {
    expect(await offered(...words)).toBe(expected);
  });

  it('in bash, whose words end at an equals sign and may stand in quotes', async () => {
    const bash = async (...words: string[]) => (await offerFor(tree, 'bash', words, names)).words.map(([word]) => word);
    expect(await bash('lint', '--format', '=')).toEqual(['text', 'sarif', 'github']);
    expect(await bash('lint', '--format', '=', 'gi')).toEqual(['github']);
    expect(await bash('show', '"gui')).toEqual(['guides/b.md', 'guides/b.md#qa-how']);
    expect(await bash('lint', '--format', '=', 'text', '--fail')).toEqual(['--fail-on']);
  });
});

describe('names', () => {
  it('come from the text of the configuration: no variable is read, no secret shown', () => {
    expect(namesIn(null, place.dir)).toEqual({ targets: ['help-desk', 'site'], webhooks: ['on-call'] });
    expect(namesIn('other.yaml', place.dir)).toEqual({ targets: [], webhooks: [] });
  });

  it('come from one that is wrong elsewhere, too, and never with an error', () => {
    place.write({ 'broken.yaml': 'targets:\n  - { name: site, vendr: x }\n  - name: [\n', 'list.yaml': '- 1\n' });
    expect(namesIn('broken.yaml', place.dir).targets).toEqual(['site']);
    expect(namesIn('list.yaml', place.dir).targets).toEqual([]);
  });

  it('of documents come from the state, without one that holds a secret', async () => {
    const record = (document: string) => ({ document, path: document, title: document, url: null, body: null, items: [] });
    await place.remember('site', [{ kind: 'known', documents: [record('guides/a.md'), record('guides/other-secret-9876.md')] } as never]);
    expect(await documentsIn(null, place.dir, 'gui')).toEqual([]);
    place.write({ 'sync.config.yaml': configuration.replace('"${ODD}"', 'odd') });
    expect(await documentsIn(null, place.dir, 'gui')).toEqual(['guides/a.md']);
    place.write({ 'sync.config.yaml': configuration });
  });
});

describe('the program', () => {
  it('answers a shell without a word of an error, wherever it stands', async () => {
    const empty = home(null);
    for (const words of [[], ['bash'], ['zsh', 'sync', '--target', ''], ['bash', 'show', ''], ['nonsense', '--config', 'x', 'show', 'y']]) {
      const ran = await empty.run('__complete', ...words);
      expect([ran.exitCode, ran.stderr]).toEqual([0, '']);
      expect(ran.stdout).toMatch(/^(?:words|files|folders|none)\n/);
    }
    empty.remove();
    const ran = await place.run('__complete', 'zsh', 'sync', '--target', '');
    expect(ran.stdout).toBe('words\nhelp-desk\t\nsite\t\n');
    expect(holdsPlanted(ran.stdout)).toBe(false);
  }, 30_000);

  it('prints a script for each shell, and refuses any other', async () => {
    for (const shell of ['bash', 'zsh', 'fish'])
      expect((await place.run('completion', shell)).stdout).toContain(`${shell} completion for kbsync`);
    expect((await place.run('completion', 'bash', '--json')).json()).toMatchObject({ command: 'completion', exitCode: 0, shell: 'bash' });
    expect((await place.run('completion', 'tcsh')).exitCode).toBe(2);
  }, 30_000);
});

const isThere = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0;

function scriptOf(shell: string): string {
  return execFileSync(process.execPath, [program, 'completion', shell], { encoding: 'utf8' });
}

function ask(shell: string, script: string): string[] {
  const found = spawnSync(shell, ['-c', script], { cwd: place.dir, env, encoding: 'utf8' });
  expect(found.stderr).toBe('');
  return found.stdout.split('\n').filter((line) => line !== '');
}

describe.skipIf(!isThere('bash'))('bash (skipped where it is not installed)', () => {
  const typed = (...words: string[]) => {
    const quoted = words.map((word) => `'${word}'`).join(' ');
    return ask(
      'bash',
      `${scriptOf('bash')}
COMP_WORDS=(kbsync ${quoted}); COMP_CWORD=${words.length}; _kbsync; printf '%s\\n' "\${COMPREPLY[@]}"; complete -p kbsync`,
    );
  };
  const registered = 'complete -F _kbsync kbsync';

  it('completes commands, options, values, targets and files', () => {
    expect(typed('pl')).toEqual(['plan', registered]);
    expect(typed('sync', '--all')).toEqual(['--allow-deletes', '--allow-updates', registered]);
    expect(typed('plan', '--format', '=')).toEqual(['text', 'markdown', registered]);
    expect(typed('plan', '--format', '=', 'm')).toEqual(['markdown', registered]);
    expect(typed('sync', '--target', '')).toEqual(['help-desk', 'site', registered]);
    expect(typed('plan', '--config', 'sync.')).toEqual(['sync.config.yaml', registered]);
    expect(typed('history', '--limit', '')).toEqual([registered]);
  }, 30_000);

  it('keeps what has blanks and quotes in one piece', () => {
    writeFileSync(join(place.dir, 'my plan.json'), '');
    expect(typed('sync', '--plan', 'my')).toEqual(['my plan.json', registered]);
  }, 30_000);
});

describe.skipIf(!isThere('zsh'))('zsh (skipped where it is not installed)', () => {
  const typed = (...words: string[]) => {
    const quoted = words.map((word) => `'${word}'`).join(' ');
    // What belongs to the line editor is not there in a script: it only shows what it is handed.
    return ask(
      'zsh',
      `compdef() { print -r -- "compdef $*" }; compadd() { print -rl -- $plain }; _files() { print -r -- files $* }
${scriptOf('zsh').replace(/funcstack\[1\]:-/, 'none:-')}
words=(kbsync ${quoted}); CURRENT=$#words; PREFIX=$words[-1]; _kbsync`,
    );
  };

  it('completes commands, options, values, targets and files', () => {
    const registered = 'compdef _kbsync kbsync';
    expect(typed('pl')).toEqual([registered, 'plan']);
    expect(typed('plan', '--format=m')).toEqual([registered, '--format=markdown']);
    expect(typed('sync', '--target', '')).toEqual([registered, 'help-desk', 'site']);
    expect(typed('plan', '--config', 's')).toEqual([registered, 'files']);
    expect(typed('adopt', 'site', '--export', '')).toEqual([registered, 'files -/']);
  }, 30_000);
});

describe.skipIf(!isThere('fish'))('fish (skipped where it is not installed)', () => {
  const typed = (line: string) => ask('fish', `${scriptOf('fish')}\ncomplete -C '${line}'`);

  it('completes commands, options, values and targets', () => {
    expect(typed('kbsync pl')).toEqual(['plan\twhat a sync would do at each bot, and why; reads only']);
    expect(typed('kbsync plan --format ').sort()).toEqual(['markdown', 'text']);
    expect(typed('kbsync sync --target ').sort()).toEqual(['help-desk', 'site']);
  }, 30_000);
});
