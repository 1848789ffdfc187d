// What no single key can tell: targets that are the same bot or share a name, a fence without a default audience, names of targets
// that do not exist, and keys whose feature is not built yet. Works on values as read, so that it runs beside the schema.
import { canonical, type Json, type JsonRecord } from '../model/json.ts';
import { gitFaults } from './git-keys.ts';
import { spotOf } from './issues.ts';
import { type Fault, keyText, nearest, type Path, pathKey } from './problem.ts';
import type { Spot } from './read.ts';
import { type NotBuilt, onlyInWords } from './schema.ts';
import { isRecord } from './shape.ts';
import { stateGitFaults } from './state-git-keys.ts';
import type { TargetReading } from './target.ts';

export type Spots = ReadonlyMap<string, Spot>;

/** All faults between keys. */
export function faultsBetween(values: JsonRecord, targets: readonly TargetReading[], spots: Spots): readonly Fault[] {
  return [
    ...sameNames(targets, spots),
    ...sameBots(targets),
    ...missingAudience(values, targets, spots),
    ...unknownTargets(values, targets, spots),
    ...wrongOrder(targets, spots),
    ...wrongWebhooks(values, targets, spots),
    ...gitFaults(values, spots),
    ...stateGitFaults(values, spots),
  ];
}

const nameOf = (target: TargetReading): string | null => (typeof target.common['name'] === 'string' ? target.common['name'] : null);
const called = (target: TargetReading): string => `${keyText(target.path)} (${nameOf(target) ?? 'without name'})`;
const quoted = (text: string) => JSON.stringify(text);

function sameNames(targets: readonly TargetReading[], spots: Spots): readonly Fault[] {
  return targets.flatMap((target, index) => {
    const name = nameOf(target);
    const first = targets.slice(0, index).find((other) => name !== null && nameOf(other) === name);
    if (first === undefined || name === null) return [];
    const path = [...target.path, 'name'];
    return [
      {
        at: spotOf(path, spots).at,
        path,
        found: `${quoted(name)} again (see ${keyText(first.path)})`,
        expected: 'a name of its own for each target',
      },
    ];
  });
}

function sameBots(targets: readonly TargetReading[]): readonly Fault[] {
  return targets.flatMap((target, index) => {
    const first = targets.slice(0, index).find((other) => areSameBot(botOf(target), botOf(other)));
    if (first === undefined) return [];
    const keys = (target.vendor?.identityKeys ?? []).join(', ');
    return [
      {
        at: target.at,
        path: target.path,
        found: `the same bot as ${called(first)}: the same vendor, origin and ${keys}`,
        expected: 'one target for each bot',
      },
    ];
  });
}

interface Bot {
  /** Vendor and origin as one text. */
  readonly where: string;
  readonly ids: readonly Json[];
}

/** Null where nothing of it is known. */
function botOf({ vendor, common, written, sandbox }: TargetReading): Bot | null {
  const ids = (vendor?.identityKeys ?? []).map((key) => written[key] ?? null);
  if (vendor === null || ids.every((id) => id === null)) return null;
  const stated = typeof common['baseUrl'] === 'string' ? common['baseUrl'] : vendor.defaultBaseUrl;
  const origin = stated !== null && URL.canParse(stated) ? new URL(stated).origin : stated;
  return { where: canonical([common['vendor'] ?? null, sandbox ? 'sandbox' : origin]), ids };
}

/** An id left out is found at run time, and may be the other's: two targets of one Chat Thing channel must both name their data source. */
function areSameBot(one: Bot | null, other: Bot | null): boolean {
  if (one === null || other === null || one.where !== other.where) return false;
  const pairs = one.ids.map((id, index) => [id, other.ids[index] ?? null] as const);
  const agree = ([left, right]: readonly [Json, Json]): boolean => canonical(left) === canonical(right);
  return pairs.every((pair) => pair.includes(null) || agree(pair)) && pairs.some((pair) => !pair.includes(null) && agree(pair));
}

function missingAudience(values: JsonRecord, targets: readonly TargetReading[], spots: Spots): readonly Fault[] {
  const fenced = targets.find((target) => Array.isArray(target.common['audience']));
  const content = isRecord(values['content']) ? values['content'] : {};
  const defaults = isRecord(content['defaults']) ? content['defaults'] : {};
  const stated = defaults['audience'];
  if (fenced === undefined || (stated !== undefined && stated !== null)) return [];
  const path = ['content', 'defaults', 'audience'];
  const { at, spot } = spotOf(path, spots);
  return [
    {
      at,
      path,
      found: spot?.found ?? 'nothing',
      expected: `the audience of documents that state none, since ${called(fenced)} has a fence`,
      absent: true,
    },
  ];
}

function unknownTargets(values: JsonRecord, targets: readonly TargetReading[], spots: Spots): readonly Fault[] {
  const names = targets.flatMap((target) => nameOf(target) ?? []);
  return listOf(values['rules']).flatMap((rule, at) => {
    const set = isRecord(rule) && isRecord(rule['set']) ? rule['set'] : {};
    const path = ['rules', at, 'set', 'targets'];
    const one = set['targets'];
    if (typeof one === 'string') return unknownTarget(one, path, names, spots);
    return listOf(one).flatMap((name, index) => unknownTarget(name, [...path, index], names, spots));
  });
}

function unknownTarget(name: Json, path: Path, names: readonly string[], spots: Spots): readonly Fault[] {
  if (typeof name !== 'string' || names.includes(name)) return [];
  const expected = names.length === 0 ? 'a target, of which there are none' : `the name of a target: ${names.join(', ')}`;
  return [{ at: spotOf(path, spots).at, path, found: quoted(name), expected, suggestion: nearest(name, names) }];
}

/** A webhook of its own name each, and only targets that there are. */
function wrongWebhooks(values: JsonRecord, targets: readonly TargetReading[], spots: Spots): readonly Fault[] {
  const names = targets.flatMap((target) => nameOf(target) ?? []);
  const seen: string[] = [];
  return listOf(values['notify']).flatMap((webhook, at) => {
    const { name, kind, targets: only } = isRecord(webhook) ? webhook : {};
    const called = webhookName({ name, kind }, at);
    const path = ['notify', at, 'name'];
    const again = seen.includes(called);
    seen.push(called);
    const unknown = listOf(only).flatMap((one, index) => unknownTarget(one, ['notify', at, 'targets', index], names, spots));
    const twice = { at: spotOf(path, spots).at, path, found: `${quoted(called)} again`, expected: 'a name of its own for each webhook' };
    return [...(again ? [twice] : []), ...unknown];
  });
}

/** What a webhook is called: its name, or else its kind and its place. */
export function webhookName({ name, kind }: { readonly name?: Json | undefined; readonly kind?: Json | undefined }, at: number): string {
  return typeof name === 'string' ? name : `${kind === 'slack' ? 'slack' : 'json'}-${at + 1}`;
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** `after` names another target, and never in a circle. */
function wrongOrder(targets: readonly TargetReading[], spots: Spots): readonly Fault[] {
  const names = targets.flatMap((target) => nameOf(target) ?? []);
  const next = new Map(targets.map((target) => [nameOf(target), target.common['after']]));
  return targets.flatMap((target) => {
    const after = target.common['after'];
    if (typeof after !== 'string') return [];
    const path = [...target.path, 'after'];
    if (!names.includes(after)) return unknownTarget(after, path, names, spots);
    const own = nameOf(target);
    const seen = new Set<Json | undefined>();
    let current: Json | undefined = after;
    while (typeof current === 'string' && current !== own && !seen.has(current)) {
      seen.add(current);
      current = next.get(current);
    }
    if (current !== own) return [];
    return [
      {
        at: spotOf(path, spots).at,
        path,
        found: `${quoted(after)}, which leads back to this target`,
        expected: 'an order without a circle',
      },
    ];
  });
}

/** Keys of the file whose feature is not built yet. */
export function faultsOfUnbuilt(
  values: JsonRecord,
  rows: readonly NotBuilt[],
  targets: readonly TargetReading[],
  spots: Spots,
): readonly Fault[] {
  const open = new Set(targets.flatMap((target) => [...target.missingKeys].map((key) => pathKey([...target.path, key]))));
  return rows.flatMap((row) =>
    placesOf(values, row.key.replaceAll('[]', '.[]').split('.')).flatMap(({ path, value }) => {
      const allowed = row.only.some((one) => canonical(one) === canonical(value));
      if (allowed || open.has(pathKey(path))) return [];
      const { at, spot } = spotOf(path, spots);
      const expected = `${onlyInWords(row)} (${row.sentence})`;
      return [{ at: row.only.length === 0 ? (spot?.keyAt ?? at) : at, path, found: spot?.found ?? 'nothing', expected }];
    }),
  );
}

function placesOf(value: Json, steps: readonly string[], path: Path = []): readonly { readonly path: Path; readonly value: Json }[] {
  const [step, ...rest] = steps;
  if (step === undefined) return [{ path, value }];
  if (step === '[]') return listOf(value).flatMap((item, index) => placesOf(item, rest, [...path, index]));
  const below = isRecord(value) ? value[step] : undefined;
  return below === undefined ? [] : placesOf(below, rest, [...path, step]);
}
