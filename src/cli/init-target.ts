// The target of a new configuration: which of the vendor's keys it needs, what stands in the file, and what comes from a variable.

import { isRecord, jsonSchemaOf, propertiesOf, type Shape, shapeOf } from '../config/shape.ts';
import { variableName } from '../config/target.ts';
import type { ConnectorSpec } from '../connectors/connector.ts';
import { SyncError } from '../model/error.ts';
import type { TargetLine } from '../setup/configuration.ts';
import type { NewVariable } from '../setup/texts.ts';

/** What is known of a vendor's keys. */
export interface VendorForm {
  readonly spec: ConnectorSpec;
  /** Keys that a real bot needs, the ones that are no secrets first. */
  readonly needed: readonly string[];
  /** The key that says which bot it is. */
  readonly idKey: string | null;
  readonly secretKey: string | null;
  variable(key: string): string;
  explained(key: string): string;
  readonly shapes: ReadonlyMap<string, Shape>;
}

/** `set`: values of the vendor's keys that are known already. */
export function formOf(spec: ConnectorSpec, set: ReadonlyMap<string, string>): VendorForm {
  const shapes = shapeOf(spec.options).keys;
  const schema = propertiesOf(jsonSchemaOf(spec.options));
  const isSecret = (key: string) => shapes.get(key)?.secret === true;
  const required = [...new Set([...(spec.defaultBaseUrl === null ? ['baseUrl'] : []), ...spec.required(Object.fromEntries(set))])];
  return {
    spec,
    shapes,
    needed: [...required.filter((key) => !isSecret(key)), ...required.filter(isSecret)],
    idKey: spec.identityKeys.find((key) => required.includes(key)) ?? null,
    secretKey: required.find(isSecret) ?? null,
    variable: (key) => variableName(spec.name, ['', '', key]),
    explained(key) {
      const told = isRecord(schema[key]) && typeof schema[key]['description'] === 'string' ? schema[key]['description'] : '';
      const sentence = key === 'baseUrl' ? `Where the API of ${spec.label} is, without a path.` : told.replace(/\s*\[[^\]]*\]\s*$/, '');
      return sentence.replace(/\s+/g, ' ');
    },
  };
}

/**
 * By the connector's own word, for a bot with these settings. `lists`: it says what it holds; without that, the first sync needs --initial.
 * `forgives`: a state that is old makes nothing twice, since the bot can be asked or is written whole.
 */
export function memoryOf(spec: ConnectorSpec, set: ReadonlyMap<string, string>): { readonly lists: boolean; readonly forgives: boolean } {
  const { shapes } = formOf(spec, set);
  const given = [...set].flatMap(([key, value]) => {
    const written = writtenValue(value, shapes.get(key));
    return key === 'baseUrl' || !('plain' in written || 'text' in written)
      ? []
      : [[key, 'plain' in written ? JSON.parse(written.plain) : written.text]];
  });
  const options = spec.options.safeParse({ ...spec.sandbox('init').options, ...Object.fromEntries(given) });
  // What is wrong with a value is told where the configuration is read.
  if (!options.success) return { lists: true, forgives: true };
  const target = spec.connect(options.data, { http: () => Promise.reject(new Error('nothing is sent')), origin: 'sandbox', now: () => 0 });
  const lists = target.list !== undefined;
  return { lists, forgives: lists || 'replaceAll' in target };
}

/** `key=value` as typed. USAGE for what is none, for keys that the vendor has not, and for secrets, which a process list would show. */
export function readSettings(given: readonly string[], spec: ConnectorSpec | null): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const one of given) {
    const [, key = '', value = ''] = /^([A-Za-z]\w*)=([\s\S]+)$/.exec(one) ?? [];
    if (key === '') throw new SyncError('USAGE', { message: '--set: expected key=value, such as --set chatbotId=361628903185318481' });
    if (spec === null) throw new SyncError('USAGE', { message: `--set ${key} is a key of a vendor: name it with --vendor` });
    const shape = key === 'baseUrl' ? null : shapeOf(spec.options).keys.get(key);
    if (shape === undefined) {
      const known = ['baseUrl', ...shapeOf(spec.options).keys.keys()].join(', ');
      throw new SyncError('USAGE', { message: `--set ${key}: ${spec.label} has no such key; it has ${known}` });
    }
    if (shape?.secret === true) {
      const name = variableName(spec.name, ['', '', key]);
      throw new SyncError('USAGE', {
        message: `--set ${key}: a secret never goes on the command line, where other users of the machine can read it`,
        next: `set ${name} in the environment or in .env beside the configuration, and run the command without it`,
      });
    }
    settings.set(key, value);
  }
  return settings;
}

/** The lines of the target, and the variables that they name. USAGE where a value is missing that no variable can hold. */
export function targetLines(
  form: VendorForm,
  set: ReadonlyMap<string, string>,
  sandbox: boolean,
): { readonly lines: readonly TargetLine[]; readonly variables: readonly NewVariable[] } {
  const needed = sandbox ? [] : form.needed;
  const keys = [...new Set([...needed.filter((key) => !isSecretOf(form, key)), ...set.keys(), ...needed])];
  const variables: NewVariable[] = [];
  const lines = keys.map((key): TargetLine => {
    const explained = form.explained(key);
    const given = set.get(key);
    if (given !== undefined) return { key, explained, value: writtenValue(given, form.shapes.get(key)) };
    const shape = form.shapes.get(key);
    if (shape !== undefined && !shape.accepts.has('string') && !shape.accepts.has('any')) {
      throw new SyncError('USAGE', { message: `${form.spec.label} needs --set ${key}=true here: ${explained}` });
    }
    const name = form.variable(key);
    variables.push({ name, explained, secret: isSecretOf(form, key) });
    return { key, explained, value: { variable: name } };
  });
  return { lines, variables };
}

function isSecretOf({ shapes }: VendorForm, key: string): boolean {
  return shapes.get(key)?.secret === true;
}

/** Numbers and flags stay what they are where the key takes them; everything else is text, digits of ids too. */
function writtenValue(text: string, shape: Shape | undefined): TargetLine['value'] {
  const takes = (kind: 'number' | 'boolean') => shape?.accepts.has(kind) === true;
  const isPlain = (takes('boolean') && /^(?:true|false)$/.test(text)) || (takes('number') && /^\d{1,12}$/.test(text));
  return isPlain ? { plain: text } : { text };
}
