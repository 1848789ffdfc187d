// README and sync.config.schema.json say what the code says. UPDATE_README=1 npx vitest run test/readme.test.ts rewrites both.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { configJsonSchema } from '../src/config/schema.ts';
import type { ConnectorSpec } from '../src/connectors/connector.ts';
import { registry } from '../src/connectors/registry.ts';
import { errorTable } from '../src/model/error.ts';
import { commandsOf, globalOptionsOf } from './support/program.ts';
import {
  ciTable,
  commandsTable,
  configTable,
  errorsTable,
  exitCodes,
  exitCodesTable,
  missingTable,
  vendorsTable,
  withGenerated,
} from './support/readme-tables.ts';

const at = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const update = process.env['UPDATE_README'] === '1';

let specs: readonly ConnectorSpec[];

beforeAll(async () => {
  specs = await Promise.all(Object.values(registry).map((vendor) => vendor.connector()));
});

/** The day that a vendor's README says it was checked on. */
function checkedOn(vendor: string): string {
  const found = /^Checked (\d{4}-\d{2}-\d{2})\b/m.exec(readFileSync(at(`src/connectors/${vendor}/README.md`), 'utf8'));
  if (found?.[1] === undefined) throw new Error(`src/connectors/${vendor}/README.md does not say "Checked YYYY-MM-DD"`);
  return found[1];
}

function expected(text: string): string {
  return withGenerated(text, {
    commands: commandsTable(),
    vendors: vendorsTable(specs, checkedOn),
    missing: missingTable(specs),
    config: configTable(),
    'exit codes': exitCodesTable(),
    errors: errorsTable(),
  });
}

describe('README.md', () => {
  it('holds the tables that the code makes', () => {
    const text = readFileSync(at('README.md'), 'utf8');
    if (update) writeFileSync(at('README.md'), expected(text));
    expect(readFileSync(at('README.md'), 'utf8')).toBe(expected(text));
  });

  it('so does docs/ci.md of what each vendor needs between jobs', () => {
    const path = at('docs/ci.md');
    const made = (text: string) => withGenerated(text, { ci: ciTable(specs) });
    if (update) writeFileSync(path, made(readFileSync(path, 'utf8')));
    const text = readFileSync(path, 'utf8');
    expect(text).toBe(made(text));
    expect(text).toMatch(/\| CX Genie.* no \| yes: each create is saved before it is sent \| \*\*no\*\*.*refused/);
  });

  it('would be noticed if a table differed', () => {
    const text = readFileSync(at('README.md'), 'utf8');
    expect(expected(text.replace('| `USAGE` |', '| `USAGES` |'))).not.toBe(text.replace('| `USAGE` |', '| `USAGES` |'));
    expect(() => withGenerated('no marker', { errors: '' })).toThrow(/generated: errors/);
  });

  it('says of each capability of each variant whether it is there, and of each that is missing why, instead what, and by which source', () => {
    const text = readFileSync(at('README.md'), 'utf8');
    const variants = specs.flatMap((spec) => Object.keys(spec.variants));
    expect(variants.length).toBeGreaterThanOrEqual(8);
    const blockOf = (name: string) => (text.split(`<!-- generated: ${name} -->`)[1] ?? '').split('<!-- end generated -->')[0] ?? '';
    for (const line of blockOf('vendors').trim().split('\n')) expect(line.split(/(?<!\\)\|/)).toHaveLength(variants.length + 3);
    const missing = blockOf('missing').trim().split('\n').slice(2);
    expect(missing.length).toBeGreaterThan(5);
    for (const line of missing) expect(line).toMatch(/https?:\/\/.*\| \d{4}-\d{2}-\d{2} \|$/);
  });

  it('explains every exit code that an error can end in, and no other', () => {
    const ends = new Set([0, 3, ...Object.values(errorTable).map(({ exitCode }) => exitCode)]);
    expect(
      Object.keys(exitCodes)
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual([...ends].sort((a, b) => a - b));
  });

  it('names every command that ends with 3, and sends nobody to the copy before a damaged state', () => {
    for (const word of ['plan --detailed-exitcode', 'drift', 'status --fail-if']) expect(exitCodes[3]).toContain(`\`${word}\``);
    const page = readFileSync(at('content/commands/global.md'), 'utf8');
    expect(page).toContain(`| 3 | ${exitCodes[3]} |`);
    expect(errorTable.STATE_DAMAGED.next).toMatch(/from one backup; or move both and \S+\.bak away/);
  });

  it('names every command and every global option', () => {
    const text = readFileSync(at('README.md'), 'utf8');
    expect(commandsOf().length).toBeGreaterThanOrEqual(10);
    expect(globalOptionsOf()).toContain('--json');
    const missing = [...commandsOf().map(({ name }) => `kbsync ${name}`), ...globalOptionsOf()].filter((word) => !text.includes(word));
    expect(missing).toEqual([]);
  });

  it('is honest about what is not built: nothing in the list is a command of the program', () => {
    const text = readFileSync(at('README.md'), 'utf8');
    const list = /## Not built yet\n([\s\S]*?)\n## /.exec(text)?.[1] ?? '';
    const built = commandsOf().map(({ name }) => name);
    const named = [...(/Commands: (.*)/.exec(list)?.[1] ?? '').matchAll(/`([a-z]+)`/g)].map((found) => found[1] ?? '');
    expect(list).toContain('- ');
    expect(named.filter((name) => built.includes(name))).toEqual([]);
    const vendors = [...(/Vendors: (.*)/.exec(list)?.[1] ?? '').matchAll(/`([a-z]+)`/g)].map((found) => found[1] ?? '');
    expect(vendors.filter((name) => Object.hasOwn(registry, name))).toEqual([]);
  });
});

describe('sync.config.schema.json', () => {
  it('is what kbsync schema prints', () => {
    const made = `${JSON.stringify(configJsonSchema(specs), null, 2)}\n`;
    if (update) writeFileSync(at('sync.config.schema.json'), made);
    expect(readFileSync(at('sync.config.schema.json'), 'utf8')).toBe(made);
  });
});
