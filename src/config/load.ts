// Find, read, fill and check a configuration. Everything that is wrong with it is told at once, with line and column.
// Holds nothing between calls: a reload is another call.
import { readFile as readBytes } from 'node:fs/promises';
import path from 'node:path';
import type { z } from 'zod';
import { took } from '../model/canary.ts';
import type { Config, ContentConfig, Rule, TargetConfig } from '../model/config.ts';
import { SyncError } from '../model/error.ts';
import type { Json, JsonRecord } from '../model/json.ts';
import type { Webhook } from '../model/notice.ts';
import { faultsBetween, faultsOfUnbuilt, webhookName } from './check.ts';
import { gitOf, rootInGit } from './git-keys.ts';
import { faultsOf } from './issues.ts';
import { type ConfigProblem, type Fault, inOrder, pathKey, problemOf } from './problem.ts';
import { newNotes, type ReadContext, readTree, shortSecret, variablesIn } from './read.ts';
import { configKeys, notBuilt } from './schema.ts';
import { createSecretSet, type SecretSet } from './secrets.ts';
import { anyShape, isRecord, type Shape, shapeOf } from './shape.ts';
import { stateGitOf } from './state-git-keys.ts';
import { readTarget, type TargetReading, type VendorKeys } from './target.ts';
import { type Mapping, type Parsed, parseTree, type Tree } from './tree.ts';
import { codeOf, type Environment, lookUp, namesIn, type ReadFile, readDotEnv, reasonOf } from './variables.ts';

export type { ConfigProblem } from './problem.ts';
export { requireVariables, type VendorKeys, type VendorOptions } from './target.ts';

/** The name that a configuration has unless another one is given. */
export const configFileName = 'sync.config.yaml';

export interface LoadInput {
  /** As given with --config, relative to cwd; null: sync.config.yaml in cwd. */
  readonly file: string | null;
  readonly cwd: string;
  readonly env: Environment;
  readonly vendors: VendorKeys;
  /** The set that secrets go into, before anything is told; by default a new one. */
  readonly secrets?: SecretSet | undefined;
  /** Reads UTF-8 text; by default from disk. */
  readonly readFile?: ReadFile;
}

export interface Loaded {
  readonly config: Config;
  readonly secrets: SecretSet;
  /** Secrets that stand in the file itself. */
  readonly warnings: readonly ConfigProblem[];
  /** The text of the file, as read. It may hold secrets. */
  readonly source: string;
}

/**
 * The configuration, complete.
 * @throws CONFIG_INVALID with one line a problem, and the problems as data; secrets are redacted in both.
 */
export async function loadConfig(input: LoadInput): Promise<Loaded> {
  const file = path.resolve(input.cwd, input.file ?? configFileName);
  const folder = path.dirname(file);
  const readFile = input.readFile ?? readText;
  const source = await readConfig(file, input, readFile);
  const parsed = parseTree(source.replace(/^\uFEFF/, ''));
  const secrets = input.secrets ?? createSecretSet();
  const notes = newNotes();
  notes.faults.push(...parsed.faults);
  const dotEnv = await readDotEnv(folder, readFile).catch((thrown) => {
    notes.faults.push({
      at: 0,
      path: [],
      found: `.env beside the configuration: ${reasonOf(thrown)}`,
      expected: 'a file that can be read',
    });
    return {};
  });
  const variables = await lookUp([...variablesIn(parsed.root), tokenVariable], { env: input.env, dotEnv, folder, readFile });
  const context: ReadContext = { variables, secrets, notes };

  const warnings: Fault[] = [];
  const read = await readAll(parsed, context, { vendors: input.vendors, configDir: folder, warn: (fault) => warnings.push(fault) });
  const shown = shownName(file, input.cwd);
  const told = (faults: readonly Fault[]) => inOrder(faults).map((fault) => redacted(problemOf(fault, shown, parsed.place), secrets));
  if (notes.faults.length > 0 || read.data === null) throw invalid(told(trusted(notes.faults, parsed)));
  const config = configOf(read.data, read.targets, file, parsed);
  warnings.push(...hurriedCanaries(config, read.targets));
  // What follows its host is what opens it.
  for (const { url } of config.notify) for (const part of secretsOfUrl(url)) secrets.add(part);
  return { config, secrets, warnings: told(warnings), source };
}

// ── the file ──────────────────────────────────────────────────────────────────────────────────────────────────────────

async function readText(file: string): Promise<string> {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readBytes(file));
}

async function readConfig(file: string, input: LoadInput, readFile: ReadFile): Promise<string> {
  try {
    return await readFile(file);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT' && input.file === null) {
      throw new SyncError('CONFIG_INVALID', {
        message: `there is no ${configFileName} in ${input.cwd} (looked for ${file})`,
        next: 'run kbsync init to make one, or name a file with --config',
        cause: thrown,
        data: { file },
      });
    }
    const message = `the configuration ${file} cannot be read: ${reasonOf(thrown)}`;
    throw new SyncError('CONFIG_INVALID', { message, next: 'name a file that can be read with --config', cause: thrown, data: { file } });
  }
}

function shownName(file: string, cwd: string): string {
  const relative = path.relative(cwd, file);
  return relative === '' || relative.startsWith('..') || path.isAbsolute(relative) ? file : relative.replaceAll('\\', '/');
}

// ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────────

type Data = z.output<typeof configKeys>;
type Surroundings = Pick<Parameters<typeof readTarget>[2], 'vendors' | 'configDir' | 'warn'>;

const tokenVariable = 'KBSYNC_TOKEN';

interface ReadAll {
  readonly data: Data | null;
  readonly targets: readonly TargetReading[];
}

/** Reads the whole tree; what is wrong goes to the notes, and data is null where the schema does not fit. */
async function readAll(parsed: Parsed, context: ReadContext, surroundings: Surroundings): Promise<ReadAll> {
  const { notes } = context;
  const { root } = parsed;
  if (root.kind !== 'map') {
    const found = root.kind === 'list' ? 'a list' : root.value === null ? 'nothing' : 'a single value';
    notes.faults.push({ at: root.at, path: [], found, expected: 'a map of keys (the README has an example)' });
    return { data: null, targets: [] };
  }
  const shape = shapeOf(configKeys);
  const own = { ...context, notes: { ...notes, missing: [], literals: [], short: [] } };
  const top = readTree(without(root, 'targets'), shape, [], own) as JsonRecord;
  const values = { ...top, ...withToken(top, shape, own) };
  tellMissing(own, surroundings);

  const targetsEntry = root.entries.find((entry) => entry.key === 'targets');
  const targetShape = shape.keys.get('targets')?.items ?? anyShape;
  const { targets, raw } = await readTargets(targetsEntry, { ...surroundings, shape: targetShape }, context);
  const whole = { ...values, ...(raw === undefined ? {} : { targets: raw }) };
  notes.faults.push(...faultsOfUnbuilt(whole, notBuilt, targets, notes.spots), ...faultsBetween(whole, targets, notes.spots));
  return { data: parsedData(whole, targets, context), targets };
}

function without(map: Mapping, key: string): Mapping {
  return { ...map, entries: map.entries.filter((entry) => entry.key !== key) };
}

/** The token's default is a variable, so that it never has to stand in the file. */
function withToken(top: JsonRecord, shape: Shape, context: ReadContext): JsonRecord {
  const daemon = top['daemon'] ?? {};
  if (!isRecord(daemon) || daemon['token'] !== undefined) return {};
  const text = `\${${tokenVariable}:-}`;
  const tokenShape = shape.keys.get('daemon')?.keys.get('token') ?? anyShape;
  const where = context.notes.spots.get(pathKey(['daemon']));
  const token = readTree({ kind: 'scalar', at: where?.keyAt ?? 0, value: text, source: text }, tokenShape, ['daemon', 'token'], context);
  return { daemon: { ...daemon, token } };
}

/** Outside targets there is no later: a variable that is not set is an error, a literal secret a warning. */
function tellMissing({ notes }: ReadContext, { warn }: Surroundings): void {
  for (const { path: where, names, at, found } of notes.missing) {
    // Only who tells something needs a webhook's address.
    if (where[0] === 'notify' && where[2] === 'url') continue;
    // And only who fetches needs the token.
    if (where.join('.') === 'content.git.token' || where.join('.') === 'state.git.token') continue;
    const name = names.join(', ');
    const expected = `${name} in the environment, in .env beside the configuration or in the file that ${names[0]}_FILE names; or a default, \${${names[0]}:-…}`;
    notes.faults.push({ at, path: where, found, expected });
  }
  for (const one of notes.short) warn(shortSecret(one));
  for (const { path: where, at } of notes.literals) {
    const variable = where[0] === 'notify' ? 'WEBHOOK_URL' : where[1] === 'git' ? 'GIT_TOKEN' : tokenVariable;
    warn({ at, path: where, found: 'a secret in the file', expected: `a variable, such as \${${variable}}` });
  }
}

async function readTargets(
  entry: { readonly at: number; readonly value: Tree } | undefined,
  surroundings: Parameters<typeof readTarget>[2],
  context: ReadContext,
) {
  if (entry === undefined) return { targets: [], raw: undefined };
  const { value } = entry;
  if (value.kind !== 'list') return { targets: [], raw: readTree(value, anyShape, ['targets'], context, entry.at) };
  context.notes.spots.set(pathKey(['targets']), { at: value.at, keyAt: entry.at, found: 'a list', absent: false });
  const targets: TargetReading[] = [];
  const raw: Json[] = [];
  for (const [index, item] of value.items.entries()) {
    const reading = await readTarget(item, ['targets', index], surroundings, context);
    if (reading !== null) targets.push(reading);
    raw.push(reading === null ? readTree(item, anyShape, ['targets', index], context) : reading.common);
  }
  return { targets, raw };
}

/** The schema's word; common keys of targets whose variable is not set fall back to their defaults where the bare text does not fit. */
function parsedData(whole: JsonRecord, targets: readonly TargetReading[], { notes }: ReadContext): Data | null {
  const first = configKeys.safeParse(whole);
  if (first.success) return first.data;
  const open = new Set(targets.flatMap((target) => [...target.missingKeys].map((key) => pathKey([...target.path, key]))));
  const blamed = new Set(
    first.error.issues.map((issue) => pathKey(issue.path.slice(0, 3).map((step) => (typeof step === 'number' ? step : String(step))))),
  );
  const leftOut = [...blamed].filter((key) => open.has(key));
  if (leftOut.length > 0 && Array.isArray(whole['targets'])) {
    const kept = (whole['targets'] as readonly Json[]).map((target, index) =>
      isRecord(target)
        ? Object.fromEntries(Object.entries(target).filter(([key]) => !leftOut.includes(pathKey(['targets', index, key]))))
        : target,
    );
    const closed = targets.map((target) => ({
      ...target,
      missingKeys: new Set([...target.missingKeys].filter((key) => !leftOut.includes(pathKey([...target.path, key])))),
    }));
    return parsedData({ ...whole, targets: kept }, closed, { notes } as ReadContext);
  }
  notes.faults.push(...faultsOf(first.error, [], notes.spots));
  return null;
}

// ── telling ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** In a file that is broken somewhere, what is said of later lines, and of what seems to be absent, may only be its echo. */
function trusted(faults: readonly Fault[], { brokenAt, faults: syntax, place }: Parsed): readonly Fault[] {
  if (brokenAt === null) return faults;
  const { line } = place(brokenAt);
  return faults.filter((fault) => syntax.includes(fault) || (fault.absent !== true && place(fault.at).line < line));
}

function redacted(problem: ConfigProblem, secrets: SecretSet): ConfigProblem {
  const { key, found, expected, message, suggestion } = problem;
  return {
    ...problem,
    key: secrets.redact(key),
    found: secrets.redact(found),
    expected: secrets.redact(expected),
    message: secrets.redact(message),
    suggestion: suggestion === null ? null : secrets.redact(suggestion),
  };
}

function invalid(problems: readonly ConfigProblem[]): SyncError {
  return new SyncError('CONFIG_INVALID', {
    message: problems.map((problem) => problem.message).join('\n'),
    data: { problems: problems.map((problem) => ({ ...problem })) },
  });
}

// ── the result ────────────────────────────────────────────────────────────────────────────────────────────────────────

function configOf(data: Data, readings: readonly TargetReading[], file: string, parsed: Parsed): Config {
  const folder = path.dirname(file);
  const { content, watch, safety, verify, canary, daemon } = data;
  return {
    file,
    name: data.name,
    content: contentOf(content, folder, path.resolve(folder, data.state.dir)),
    rules: data.rules as readonly Rule[],
    stateDir: path.resolve(folder, data.state.dir),
    stateGit: stateGitOf(data.state.git, folder),
    targets: data.targets.flatMap((target, index) => {
      const reading = readings[index];
      return reading === undefined ? [] : [targetOf(target, reading, parsed.place(reading.at).line, data.schedule)];
    }),
    schedule: data.schedule,
    watch: { settleMs: watch.settle, maxWaitMs: watch.maxWait, polling: watch.polling },
    safety,
    verify,
    canary: { timeoutMs: canary.timeout },
    daemon: {
      host: daemon.host,
      port: daemon.port,
      token: daemon.token || null,
      shutdownTimeoutMs: daemon.shutdownTimeout,
      metricsOpen: daemon.metricsOpen,
    },
    notify: data.notify.map(webhookOf),
  };
}

function webhookOf({ name, ...webhook }: Data['notify'][number], at: number): Webhook {
  return { ...webhook, name: webhookName({ name, kind: webhook.kind }, at), missing: namesIn(webhook.url) };
}

/** Long enough not to be found by chance in anything else. */
const leastPath = 16;

function secretsOfUrl(url: string): readonly string[] {
  if (url.includes('${') || !URL.canParse(url)) return [];
  const { pathname, search, href } = new URL(url);
  return [url, href, ...[`${pathname}${search}`, pathname, search].filter((part) => part.length >= leastPath)];
}

function contentOf(content: Data['content'], folder: string, stateDir: string): ContentConfig {
  const { map } = content.frontMatter;
  const git = gitOf(content.git, content.root, { folder, stateDir });
  return {
    ...content,
    git,
    root: git === null ? path.resolve(folder, content.root) : rootInGit(git),
    frontMatter: { key: content.frontMatter.key, map: map as { readonly [ours: string]: string } },
  };
}

/** A target that may be pushed to more seldom than its freshness check waits. */
function hurriedCanaries({ targets, canary: { timeoutMs } }: Config, readings: readonly TargetReading[]): readonly Fault[] {
  return targets.flatMap(({ name, canary, minIntervalMs }, index) => {
    const at = readings[index]?.at;
    if (at === undefined || !canary || minIntervalMs === null || minIntervalMs < timeoutMs) return [];
    const expected = `a minInterval that is shorter than canary.timeout (${took(timeoutMs)}), or else the freshness check of ${name} may be given up before its document was pushed`;
    return [{ at, path: ['targets', index, 'minInterval'], found: took(minIntervalMs), expected }];
  });
}

function targetOf(target: Data['targets'][number], reading: TargetReading, line: number, schedule: Data['schedule']): TargetConfig {
  const { poll, settle, minInterval, trainTimeout, ...same } = target;
  return {
    ...same,
    poll: { firstMs: poll.first, maxMs: poll.max },
    settleMs: settle,
    minIntervalMs: minInterval,
    trainTimeoutMs: trainTimeout,
    canary: target.canary && schedule.canary !== null,
    options: reading.options,
    missing: reading.missing,
    line,
  };
}
