// The tables of the README that the code decides: errors, exit codes, commands, configuration keys, vendors. Pure, but for reading main.ts.
import { configKeys, notBuilt, onlyInWords } from '../../src/config/schema.ts';
import { isRecord, jsonSchemaOf, propertiesOf } from '../../src/config/shape.ts';
import { type Capability, type ConnectorSpec, capabilitiesOf, type Target } from '../../src/connectors/connector.ts';
import { errorTable } from '../../src/model/error.ts';
import type { Json, JsonRecord } from '../../src/model/json.ts';
import { commandsOf } from './program.ts';

/** What each exit code means; the codes of errors come from the table of errors, and none may be missing here. */
export const exitCodes: { readonly [code: number]: string } = {
  0: 'done, or nothing to do',
  1: 'unexpected error, or a state that cannot be read or written',
  2: 'usage or configuration error',
  3: '`plan --detailed-exitcode`: there are changes; `status --fail-if`: the condition holds',
  4: 'some documents failed, are blocked or unconfirmed; the rest went through',
  5: 'held by a brake; nothing of the held part was done',
  6: 'not trained in time',
  7: 'a golden question failed (`verify` is not built yet: no command ends with it)',
  8: 'a target refused its credentials, or the bot does not exist',
  9: 'rate limit or quota exhausted',
  10: 'locked by another run',
  11: 'a target is unreachable, answers with nonsense, or refuses a request on which all else there rests (`REQUEST_REFUSED`)',
  130: 'stopped by Ctrl-C',
};

/** Every error code: what it says, what to do, and how a command ends with it. */
export function errorsTable(): string {
  const rows = Object.entries(errorTable).map(([code, { what, next, exitCode }]) => [`\`${code}\``, what, next, String(exitCode)]);
  return table(['code', 'what', 'next step', 'exit'], rows);
}

/** Every exit code, and the errors behind it. */
export function exitCodesTable(): string {
  const codes = Object.keys(exitCodes)
    .map(Number)
    .sort((a, b) => a - b);
  const rows = codes.map((code) => {
    const errors = Object.entries(errorTable).flatMap(([name, row]) => (row.exitCode === code ? [`\`${name}\``] : []));
    return [String(code), exitCodes[code] ?? '', errors.join(', ')];
  });
  return table(['code', 'meaning', 'errors'], rows);
}

/** The commands with their one sentence. */
export function commandsTable(): string {
  const rows = commandsOf().map(({ name, description, options }) => [
    `\`${name}\``,
    description,
    options.map((option) => `\`${option}\``).join(' '),
  ]);
  return table(['command', 'does', 'options'], rows);
}

/** Every key of the configuration that is not a vendor's own, down to the last one. */
export function configTable(): string {
  return table(['key', 'default', 'what it is'], rowsOf(jsonSchemaOf(configKeys), ''));
}

function rowsOf(schema: JsonRecord, prefix: string): string[][] {
  return Object.entries(propertiesOf(schema)).flatMap(([key, below]) => {
    const name = `${prefix}${key}`;
    // The keys that a rule sets, or that front matter may be mapped from, are those of a document: the manual has them.
    const closed = /^(rules\[\]\.set|content\.frontMatter\.map)$/.test(name);
    const list = below['items'];
    const inner =
      isRecord(list) && Object.keys(propertiesOf(list)).length > 0 ? rowsOf(list, `${name}[].`) : closed ? [] : rowsOf(below, `${name}.`);
    return [[`\`${name}\``, defaultOf(below, schema, key), describe(below, name)], ...inner];
  });
}

function defaultOf(below: JsonRecord, parent: JsonRecord, key: string): string {
  const value: Json | undefined = below['default'];
  const needed = Array.isArray(parent['required']) && (parent['required'] as readonly Json[]).includes(key);
  // A map's default only repeats those of its keys, which follow.
  if (value === undefined || (isRecord(value) && Object.keys(propertiesOf(below)).length > 0)) return needed ? 'required' : '';
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function describe(below: JsonRecord, name: string): string {
  const refused = notBuilt.find((row) => row.key === name);
  const limits = refused === undefined ? '' : ` In this version only ${onlyInWords(refused)}: ${refused.sentence}.`;
  return `${String(below['description'] ?? '')}${limits}`;
}

const capabilities: readonly Capability[] = ['create', 'update', 'delete', 'list', 'read', 'status', 'train', 'ask', 'history'];

/** What each flavour of each connector can do, read off its functions and traits. */
export function vendorsTable(specs: readonly ConnectorSpec[]): string {
  const flavours = specs.flatMap((spec) =>
    Object.keys(spec.variants).map((variant) => ({ spec, variant, target: connected(spec, variant) })),
  );
  const row = (name: string, cell: (one: (typeof flavours)[number]) => string) => [name, ...flavours.map(cell)];
  const rows = [
    row('`vendor`', ({ spec }) => `\`${spec.name}\``),
    ...capabilities.map((capability) => row(capability, ({ target }) => canIt(target, capability))),
    row('trains', ({ target }) =>
      target.traits.training === 'on-request' ? 'on request, after the last write of a run' : 'by itself, after every write',
    ),
    row('*trained* means', ({ target }) => target.traits.trainedMeans),
    row('a moved document', ({ target }) => (target.traits.renames ? 'is renamed there' : 'keeps its name there')),
    row('items a write call', ({ target }) => String(target.traits.limits.batch)),
    row('bytes a part', ({ target }) => figure(target.traits.limits.partBytes)),
    row('requests a minute, at once', ({ target }) => `${target.traits.limits.perMinute}, ${target.traits.limits.concurrency}`),
    row('needs', ({ spec }) =>
      spec
        .required({})
        .map((key) => `\`${key}\``)
        .join(', '),
    ),
  ];
  return table(
    [
      '',
      ...flavours.map(({ spec, variant }) =>
        variant === spec.name ? spec.label : `${spec.label} (${variant.replace(`${spec.name}-`, '')})`,
      ),
    ],
    rows,
  );
}

function connected(spec: ConnectorSpec, variant: string): Target {
  const { options } = spec.sandbox('readme');
  const http = () => Promise.reject(new Error('a table sends nothing'));
  return spec.connect(spec.options.parse({ ...options, ...spec.variants[variant] }), { http, origin: 'sandbox', now: () => 0 });
}

function canIt(target: Target, capability: Capability): string {
  if (capabilitiesOf(target).has(capability)) return 'yes';
  const missing = target.traits.missing[capability];
  if (missing === undefined) return 'no';
  const because = { 'vendor-has-none': 'the vendor has none', 'not-built': 'not built yet', 'switched-off': 'switched off' }[
    missing.because
  ];
  return `no, ${because}: ${missing.remedy}`;
}

function figure(value: number | null): string {
  return value === null ? 'no limit known' : value.toLocaleString('en-US');
}

/** A table of Markdown; bars in cells are escaped. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** The text with what stands between `<!-- generated: name -->` and `<!-- end generated -->` replaced. Throws where a block has no marker. */
export function withGenerated(text: string, blocks: { readonly [name: string]: string }): string {
  return Object.entries(blocks).reduce((changed, [name, block]) => {
    const pattern = new RegExp(`(<!-- generated: ${name} -->\\n)[\\s\\S]*?(<!-- end generated -->)`);
    if (!pattern.test(changed)) throw new Error(`README.md has no <!-- generated: ${name} --> … <!-- end generated -->`);
    return changed.replace(pattern, (_whole, start: string, end: string) => `${start}${block}\n${end}`);
  }, text);
}
