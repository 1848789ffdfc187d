// Help, examples and docs/commands.md say what the program takes. UPDATE_README=1 npx vitest run test/commands.test.ts rewrites the page.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandTree } from '../src/cli/command-tree.ts';
import { examples } from '../src/cli/examples.ts';
import { commandsIn, commandsPage, faultOf } from './support/commands-page.ts';
import { commandsOf } from './support/program.ts';
import { type Home, home } from './support/run-program.ts';

const page = fileURLToPath(new URL('../docs/commands.md', import.meta.url));
let place: Home;
let tree: CommandTree;

beforeAll(async () => {
  place = home(null);
  tree = JSON.parse((await place.run('__commands')).stdout) as CommandTree;
}, 30_000);

afterAll(() => place.remove());

describe('docs/commands.md', () => {
  it('is made of the tree of commands', () => {
    if (process.env['UPDATE_README'] === '1') writeFileSync(page, commandsPage(tree));
    expect(readFileSync(page, 'utf8')).toBe(commandsPage(tree));
  });

  it('has every command and option that the source declares', () => {
    const declared = commandsOf();
    expect(tree.commands.map(({ name }) => name)).toEqual(declared.map(({ name }) => name));
    for (const { name, options } of declared) {
      const found = tree.commands.find((one) => one.name === name)?.options.map(({ long }) => long);
      expect(found).toEqual(options);
    }
  });
});

describe('examples', () => {
  it('are there for every command, and for no other', () => {
    expect(Object.keys(examples).sort()).toEqual(tree.commands.map(({ name }) => name).sort());
    for (const lines of Object.values(examples)) expect(lines.length).toBeGreaterThan(0);
  });

  const lines = Object.entries(examples).flatMap(([name, all]) => all.map(([line]) => [name, line] as const));

  it.each(lines)('of %s: %s', (name, line) => {
    const commands = commandsIn(line);
    expect(commands.map((words) => faultOf(tree, words)).filter((fault) => fault !== null)).toEqual([]);
    expect(commands.some(([first]) => first === name)).toBe(true);
  });

  it('with a mistake would be noticed', () => {
    const faults = [
      'plann',
      'plan --ofline',
      'plan --format html',
      'plan --at',
      'plan extra',
      'show',
      'completion powershell',
      'plan --out a --out b',
    ];
    expect(faults.map((line) => faultOf(tree, line.split(' ')))).toEqual([
      'there is no command plann',
      'plan has no option --ofline',
      '--format does not take html',
      '--at lacks its value',
      'plan takes no extra',
      'show lacks document',
      'completion does not take powershell',
      '--out is given twice',
    ]);
  });

  it('stand in the help, where the program begins, too', async () => {
    const { stdout } = await place.run('drift', '--help');
    for (const [line, does] of examples['drift'] ?? []) expect(stdout).toContain(`  ${line}\n      ${does}`);
    const all = await place.run('--help');
    expect(all.exitCode).toBe(0);
    for (const first of ['kbsync init', 'kbsync plan', 'kbsync sync', 'kbsync doctor']) expect(all.stdout).toContain(`  ${first} `);
    expect(all.stdout).not.toContain('__complete');
  }, 30_000);

  it('is there for those who type -h, and tells no empty list as a default', async () => {
    const { exitCode, stdout } = await place.run('init', '-h');
    expect([exitCode, stdout]).toEqual([0, (await place.run('init', '--help')).stdout]);
    expect(stdout).not.toContain('[])');
    expect((await place.run('-V')).stdout).toBe((await place.run('--version')).stdout);
  }, 30_000);
});
