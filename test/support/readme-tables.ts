// The tables of the README that the code decides: errors, exit codes, commands, configuration keys, vendors. Pure, but for reading main.ts.
import { configKeys, notBuilt, onlyInWords } from '../../src/config/schema.ts';
import { isRecord, jsonSchemaOf, propertiesOf } from '../../src/config/shape.ts';
import { type Capability, type ConnectorSpec, capabilitiesOf, type Target, updateWaysOf } from '../../src/connectors/connector.ts';
import type { Effect } from '../../src/model/effect.ts';
import { errorTable } from '../../src/model/error.ts';
import type { Json, JsonRecord } from '../../src/model/json.ts';
import { mustBeKnown } from '../../src/workspace/branch-memory.ts';
import { commandsOf } from './program.ts';

/** What each exit code means; the codes of errors come from the table of errors, and none may be missing here. */
export const exitCodes: { readonly [code: number]: string } = {
  0: 'done, or nothing to do',
  1: 'unexpected error, or a state that cannot be read or written',
  2: 'usage or configuration error',
  3: '`plan --detailed-exitcode`: there are changes; `drift`: there is some; `status --fail-if`: the condition holds',
  4: 'some documents failed, are blocked or unconfirmed; the rest went through; `retract`: a bot may still know the document',
  5: 'held by a brake; nothing of the held part was done',
  6: 'not trained in time',
  7: 'a golden question failed, or there were some and none could be concluded',
  8: 'a target refused its credentials, or the bot does not exist',
  9: 'rate limit or quota exhausted',
  10: 'locked by another run',
  11: 'a target is unreachable, answers with nonsense, or refuses a request on which all else there rests (`REQUEST_REFUSED`); or the repository of `content.git` cannot be fetched',
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

/** One flavour of one connector, bound to nothing. */
interface Flavour {
  readonly spec: ConnectorSpec;
  readonly variant: JsonRecord;
  readonly label: string;
  readonly target: Target;
}

function flavoursOf(specs: readonly ConnectorSpec[]): readonly Flavour[] {
  return specs.flatMap((spec) =>
    Object.entries(spec.variants).map(([name, variant]) => {
      const label = name === spec.name ? spec.label : `${spec.label} (${name.replace(`${spec.name}-`, '')})`;
      return { spec, variant, label, target: connected(spec, variant) };
    }),
  );
}

/** What each flavour of each connector can do, read off its functions and traits; `checkedOn`: the day a vendor's README was checked. */
export function vendorsTable(specs: readonly ConnectorSpec[], checkedOn: (vendor: string) => string): string {
  const flavours = flavoursOf(specs);
  const row = (name: string, cell: (one: Flavour) => string) => [name, ...flavours.map(cell)];
  const rows = [
    row('`vendor`', ({ spec }) => `\`${spec.name}\``),
    row('options', ({ variant }) => (Object.keys(variant).length === 0 ? 'the defaults' : `\`${optionText(variant)}\``)),
    ...capabilities.map((capability) => row(capability, ({ target }) => canIt(target, capability))),
    row('without update', ({ target }) => withoutUpdate(target)),
    row('`onUpdate`', ({ target }) =>
      updateWaysOf(target)
        .map((way) => `\`${way}\``)
        .join(', '),
    ),
    row('a create whose answer is lost', ({ target }) => lostCreate(target)),
    row('trains', ({ target }) =>
      target.traits.training === 'on-request' ? 'on request, after the last write of a run' : 'by itself, after every write',
    ),
    row('*trained* means', ({ target }) => target.traits.trainedMeans),
    row('a moved document', ({ target }) => (target.traits.renames ? 'is renamed there' : 'keeps its name there')),
    row('items a write call', ({ target }) => ('replaceAll' in target ? 'all' : String(target.traits.limits.batch))),
    row('bytes a part', ({ target }) => figure(target.traits.limits.partBytes)),
    row('requests a minute, at once', ({ target }) => `${target.traits.limits.perMinute}, ${target.traits.limits.concurrency}`),
    row('needs', ({ spec, variant }) =>
      [...(spec.defaultBaseUrl === null ? ['baseUrl'] : []), ...spec.required(variant).filter((key) => key !== 'baseUrl')]
        .map((key) => `\`${key}\``)
        .join(', '),
    ),
    row('sources', ({ spec }) => `[README](src/connectors/${spec.name}/README.md), checked ${checkedOn(spec.name)}`),
  ];
  return table(['', ...flavours.map(({ label }) => label)], rows);
}

/** What is not there, why, what a person does instead, and where that was read on which day. One line for flavours that say the same. */
export function missingTable(specs: readonly ConnectorSpec[]): string {
  const lines = new Map<string, { readonly labels: string[]; readonly cells: readonly string[] }>();
  for (const { label, target } of flavoursOf(specs)) {
    for (const capability of capabilities) {
      const missing = target.traits.missing[capability];
      if (missing === undefined) continue;
      const cells = [capability, because[missing.because], missing.remedy, missing.source, missing.checked];
      const key = JSON.stringify(cells);
      const known = lines.get(key);
      if (known === undefined) lines.set(key, { labels: [label], cells });
      else known.labels.push(label);
    }
  }
  const rows = [...lines.values()].map(({ labels, cells }) => [labels.join(', '), ...cells]);
  return table(['vendor', 'no', 'because', 'instead', 'source', 'checked'], rows);
}

/** Where the state of each flavour may be kept between jobs: docs/ci.md. By the rule that the code goes by. */
export function ciTable(specs: readonly ConnectorSpec[]): string {
  const asked = (target: Target): boolean => target.list !== undefined || 'replaceAll' in target;
  const rows = flavoursOf(specs).map(({ label, target }) => {
    const create = { action: 'replaceAll' in target ? 'replace-all' : 'create' } as Effect;
    const isSaved = mustBeKnown(create, { target }, true);
    const whole = 'replaceAll' in target;
    return [
      label,
      target.list === undefined ? 'no' : 'yes',
      isSaved ? `yes: each ${whole ? 'text' : 'create'} is saved before it is sent` : 'yes',
      asked(target) ? 'yes' : '**no**: an old cache would make things twice',
      'yes',
      target.list === undefined ? '**refused**, exit 5, until `--initial`' : 'taken back by our mark',
    ];
  });
  return table(['vendor', 'says what it holds', '(a) `state.git`', '(b) cache', '(c) folder', 'lost'], rows);
}

const because = { 'vendor-has-none': 'the vendor has none', 'not-built': 'not built yet', 'switched-off': 'switched off' } as const;

function connected(spec: ConnectorSpec, variant: JsonRecord): Target {
  const { options } = spec.sandbox('readme');
  const http = () => Promise.reject(new Error('a table sends nothing'));
  return spec.connect(spec.options.parse({ ...options, ...variant }), { http, origin: 'sandbox', now: () => 0 });
}

/** `features: { delete: true }`, as it stands in the configuration. */
function optionText(options: JsonRecord): string {
  const text = (value: Json): string => (isRecord(value) ? `{ ${optionText(value)} }` : JSON.stringify(value).replaceAll('"', ''));
  return Object.entries(options)
    .map(([key, value]) => `${key}: ${text(value)}`)
    .join(', ');
}

function canIt(target: Target, capability: Capability): string {
  if ('replaceAll' in target && (capability === 'create' || capability === 'update' || capability === 'delete')) return 'the whole text';
  if (capabilitiesOf(target).has(capability)) return 'yes';
  const missing = target.traits.missing[capability];
  return missing === undefined ? 'no' : `no: ${because[missing.because]}`;
}

function withoutUpdate(target: Target): string {
  const can = capabilitiesOf(target);
  if (can.has('update')) return 'it has one';
  if (can.has('delete')) return 'a new copy; the old one goes once the new one is trained';
  return target.traits.withoutUpdate === 'append' ? 'a new copy; the old one is a todo' : 'a todo';
}

function lostCreate(target: Target): string {
  if ('replaceAll' in target) return 'is said again: the whole text is the same';
  const { repeatedCreate } = target.traits;
  if (repeatedCreate === 'same-item') return 'is said again, and makes no second one';
  return repeatedCreate === 'findable' ? 'is looked for' : 'is *unconfirmed*: a person looks';
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
