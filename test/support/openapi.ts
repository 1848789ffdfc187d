// docs/openapi.yaml for tests: its operations, what an answer must look like, and the rules of OpenAPI 3.1 that such a file must keep.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';

type Node = Readonly<Record<string, unknown>>;

export interface OpenApi {
  readonly text: string;
  readonly document: Node;
  /** "GET /api/status" … */
  readonly operations: readonly string[];
  /** Statuses that an operation says it answers with. */
  statuses(operation: string): readonly string[];
  /** What is wrong with an answer; [] where nothing is. */
  faults(operation: string, answer: { readonly status: number; readonly type: string; readonly body: string }): readonly string[];
  /** What is wrong with a value of a named schema. */
  faultsOf(schema: string, value: unknown): readonly string[];
  /** What is wrong with the file itself. */
  broken(): readonly string[];
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

/** The committed file, or this text instead of it. */
export function openApi(text = readFileSync(fileURLToPath(new URL('../../docs/openapi.yaml', import.meta.url)), 'utf8')): OpenApi {
  const document = parse(text) as Node;
  const at = (node: unknown, ...keys: readonly string[]): unknown =>
    keys.reduce<unknown>((value, key) => (typeof value === 'object' && value !== null ? (value as Node)[key] : undefined), node);
  const resolved = (node: unknown): Node => {
    const ref = at(node, '$ref');
    return typeof ref === 'string' ? resolved(at(document, ...ref.slice(2).split('/'))) : ((node ?? {}) as Node);
  };
  const paths = (document['paths'] ?? {}) as Readonly<Record<string, Node>>;
  const found = Object.entries(paths).flatMap(([path, item]): (readonly [string, Node])[] =>
    Object.entries(item).flatMap(([method, operation]) =>
      methods.includes(method) ? [[`${method.toUpperCase()} ${path}`, operation as Node]] : [],
    ),
  );
  const operations = new Map(found);
  // JSON Schema as zod reads it: what is shared stands in $defs there.
  const moved = (schema: unknown): Node => JSON.parse(JSON.stringify(schema).replaceAll('#/components/schemas/', '#/$defs/')) as Node;
  const check = (schema: unknown, value: unknown): readonly string[] => {
    const whole = { ...moved(schema), $defs: moved(at(document, 'components', 'schemas')) };
    const result = z.fromJSONSchema(whole as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value);
    return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  };
  return {
    text,
    document,
    operations: [...operations.keys()],
    statuses: (operation) => Object.keys((operations.get(operation)?.['responses'] ?? {}) as Node),
    faults(operation, { status, type, body }) {
      const response = at(operations.get(operation), 'responses', String(status));
      if (response === undefined) return [`${operation} does not say that it answers ${status}`];
      const content = (resolved(response)['content'] ?? {}) as Readonly<Record<string, Node>>;
      const kind = type.split(';')[0]?.trim() ?? '';
      if (content[kind] === undefined) return [`${operation} ${status} does not say that it answers with ${kind}`];
      return check(content[kind]['schema'], kind === 'application/json' ? JSON.parse(body) : body);
    },
    faultsOf: (schema, value) => check({ $ref: `#/components/schemas/${schema}` }, value),
    broken: () => [...rulesOf(document, operations), ...schemaRules(document)],
  };
}

/** https://spec.openapis.org/oas/v3.1: what is required, what must be unique, and that every reference leads somewhere. */
function rulesOf(document: Node, operations: ReadonlyMap<string, Node>): readonly string[] {
  const faults: string[] = [];
  const say = (wrong: boolean, what: string): void => void (wrong && faults.push(what));
  const info = (document['info'] ?? {}) as Node;
  say(!/^3\.1\.\d+$/.test(String(document['openapi'])), 'openapi is not 3.1');
  say(typeof info['title'] !== 'string' || typeof info['version'] !== 'string', 'info needs title and version');
  const ids = [...operations.values()].map((operation) => operation['operationId']);
  say(new Set(ids).size !== ids.length || ids.includes(undefined), 'operationId is missing or not unique');
  const tags = new Set(((document['tags'] ?? []) as readonly Node[]).map((tag) => tag['name']));
  for (const [name, operation] of operations) {
    const responses = Object.entries((operation['responses'] ?? {}) as Node);
    say(
      responses.length === 0 || responses.some(([status]) => !/^[1-5]\d\d$/.test(status)),
      `${name}: no responses, or one without a status`,
    );
    say(typeof operation['summary'] !== 'string', `${name}: no summary`);
    for (const tag of (operation['tags'] ?? []) as readonly string[]) say(!tags.has(tag), `${name}: no tag ${tag}`);
    for (const parameter of (operation['parameters'] ?? []) as readonly Node[])
      say(
        typeof parameter['name'] !== 'string' ||
          !['query', 'path', 'header', 'cookie'].includes(String(parameter['in'])) ||
          parameter['schema'] === undefined,
        `${name}: a parameter without name, place or schema`,
      );
  }
  const schemes = Object.keys(((document['components'] as Node)['securitySchemes'] ?? {}) as Node);
  const needs = [document['security'], ...[...operations.values()].map((operation) => operation['security'] ?? [])].flat() as Node[];
  for (const scheme of needs.flatMap((need) => Object.keys(need))) say(!schemes.includes(scheme), `no security scheme ${scheme}`);
  const used = new Set<string>();
  walk(document, (node, where) => {
    const ref = node['$ref'];
    if (typeof ref !== 'string') return;
    used.add(ref);
    const target = ref.startsWith('#/')
      ? ref
          .slice(2)
          .split('/')
          .reduce<unknown>((value, key) => (value as Node | undefined)?.[key], document)
      : undefined;
    say(target === undefined, `${where}: ${ref} leads nowhere`);
  });
  for (const kind of ['schemas', 'responses', 'requestBodies'])
    for (const name of Object.keys(((document['components'] as Node)[kind] ?? {}) as Node))
      say(!used.has(`#/components/${kind}/${name}`) && name !== 'Event', `components/${kind}/${name} is used nowhere`);
  return faults;
}

const schemaWords = new Set([
  ...['$ref', 'type', 'properties', 'required', 'additionalProperties', 'items', 'enum', 'const', 'anyOf', 'oneOf', 'description'],
  ...['format', 'pattern', 'minimum', 'maximum', 'minItems', 'default'],
]);

/** Ours alone: every object is closed, everything required is there, and no word is one that nothing checks. */
function schemaRules(document: Node): readonly string[] {
  const faults: string[] = [];
  walk({ schemas: (document['components'] as Node)['schemas'] }, (node, where) => {
    if (where === 'schemas' || where.endsWith('.properties')) return;
    for (const word of Object.keys(node)) if (!schemaWords.has(word)) faults.push(`${where}: the word ${word}`);
    if (node['type'] !== 'object') return;
    if (node['additionalProperties'] !== false) faults.push(`${where}: an open object`);
    const properties = (node['properties'] ?? {}) as Node;
    for (const name of (node['required'] ?? []) as readonly string[])
      if (!Object.hasOwn(properties, name)) faults.push(`${where}: ${name} is required, and there is none`);
  });
  return faults;
}

function walk(value: unknown, see: (node: Node, where: string) => void, where = ''): void {
  if (Array.isArray(value)) for (const [index, item] of value.entries()) walk(item, see, `${where}.${index}`);
  else if (typeof value === 'object' && value !== null) {
    if (where !== '') see(value as Node, where);
    for (const [key, child] of Object.entries(value)) walk(child, see, where === '' ? key : `${where}.${key}`);
  }
}
