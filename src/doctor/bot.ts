// One bot: is its key there, does it open the bot that the state remembers, how long will it, and how fast may it be asked. Calls that read only.
import { type Checked, capabilitiesOf } from '../connectors/connector.ts';
import { dayOf } from '../cycle/budget.ts';
import type { Connection } from '../cycle/context.ts';
import type { TargetConfig } from '../model/config.ts';
import { asSyncError, SyncError } from '../model/error.ts';
import type { Json } from '../model/json.ts';
import type { TargetState } from '../model/record.ts';
import { listTargets } from '../state/store.ts';
import { ok, type Row, rowOf, skipped, warning, wrong } from './row.ts';
import type { Check } from './run.ts';
import { counted, type Scene } from './scene.ts';

/** One check a target: each has its own time. */
export function botChecks(scene: Scene): readonly Check[] {
  return scene.targets.map((target) => ({ name: 'target.key', target: target.name, run: (signal) => botRows(scene, target, signal) }));
}

async function botRows(scene: Scene, target: TargetConfig, signal: AbortSignal): Promise<readonly Row[]> {
  const { name } = target;
  const rows: Row[] = [...tokenRows(target, scene.workspace.now())];
  if (target.missing.length > 0) {
    const message = `${target.missing.join(', ')} ${target.missing.length === 1 ? 'is' : 'are'} not set`;
    const found = rowOf('target.key', new SyncError('SECRET_MISSING', { message }), {
      target: name,
      where: `line ${target.line} of the configuration`,
    });
    // What asks no vendor wants no key.
    return [scene.offline ? { ...found, state: 'warning', code: null } : found, ...rows];
  }
  if (target.sandbox)
    return [ok('target.key', 'in the sandbox: needs no key and no network', { target: name }), ...rows, ...questionRows(scene, name)];
  const memory = await memoryOf(scene, name);
  let connection: Connection;
  try {
    connection = await scene.workspace.bots.connect(target, () => {}, false);
  } catch (thrown) {
    return [rowOf('target.key', asSyncError(thrown), { target: name }), ...rows];
  }
  const own = [...rows, ...abilityRows(connection, name), ...rateRows(connection, target), ...questionRows(scene, name)];
  if (scene.offline) return [skipped('target.key', 'the key was not tried', '--offline', { target: name }), ...own];
  const call = {
    signal,
    workspace: scene.workspace.config.name,
    container: connection.target.container?.configured ?? memory?.container ?? null,
  };
  try {
    const checked = await connection.target.check(call);
    const known = await identityRows(scene, target, checked, memory);
    return [keyRow(checked, connection, name), ...known, ...(await listRows(connection, name, call)), ...own];
  } catch (thrown) {
    return [rowOf('target.key', asSyncError(thrown), { target: name }), ...own];
  }
}

/** A state that cannot be read is told by its own check. */
async function memoryOf({ workspace }: Scene, target: string): Promise<TargetState | null> {
  return workspace.view(target).then(
    ({ state }) => state,
    () => null,
  );
}

function keyRow({ label, proven }: Checked, { vendorLabel }: Connection, target: string): Row {
  if (proven === 'bot') return ok('target.key', `the key opens ${label}`, { target });
  if (proven === 'credentials')
    return ok('target.key', 'the key is taken; that it is the key of this bot nothing shows but a push', { target });
  return skipped(
    'target.key',
    'whether the key works is not known',
    `${vendorLabel} documents no call that would show it without writing`,
    {
      target,
      next: `kbsync ask ${target} "a question": an answer proves it, and costs a message`,
    },
  );
}

async function identityRows(
  scene: Scene,
  { name }: TargetConfig,
  { identity }: Checked,
  memory: TargetState | null,
): Promise<readonly Row[]> {
  const { workspace } = scene;
  const remembered = memory?.identity ?? null;
  if (remembered !== null && remembered !== identity)
    return [
      wrong('target.identity', 'another bot than the one that the state remembers', {
        target: name,
        where: `remembered: ${remembered}; found: ${identity}`,
        why: 'the next sync would be held: what it remembers of the one says nothing of the other',
        next: 'put the old id back; or, for a new bot, give the target another name, so that it gets a state of its own',
        code: 'HELD',
      }),
    ];
  if (remembered !== null) return [ok('target.identity', 'the bot that the state remembers', { target: name })];
  for (const other of listTargets(workspace.disk, workspace.config.stateDir)) {
    if (other === name || (await memoryOf(scene, other))?.identity !== identity) continue;
    const isConfigured = workspace.config.targets.some((target) => target.name === other);
    return [
      warning('target.identity', `this bot is already known as ${other}`, {
        target: name,
        why: 'two states of one bot would each take the other’s documents for foreign',
        next: isConfigured ? `leave one of the targets ${other} and ${name} out` : `kbsync state rename ${other} ${name}`,
      }),
    ];
  }
  return [];
}

/** The first step of a listing: the right to read. To prove the right to write, one would have to. */
async function listRows(
  { target }: Connection,
  name: string,
  call: Parameters<NonNullable<typeof target.list>>[0],
): Promise<readonly Row[]> {
  if (target.list === undefined || (target.container !== undefined && call.container === null)) return [];
  try {
    for await (const _entry of target.list(call)) break;
    return [ok('target.rights', 'may list what the bot holds; the right to write shows at the first push', { target: name })];
  } catch (thrown) {
    return [rowOf('target.rights', asSyncError(thrown), { target: name })];
  }
}

function abilityRows({ target, vendorLabel }: Connection, name: string): readonly Row[] {
  const missing = Object.entries(target.traits.missing);
  const can = [...capabilitiesOf(target)].join(', ');
  if (missing.length === 0) return [ok('target.abilities', `${vendorLabel} can: ${can}`, { target: name })];
  const why = missing.map(([capability, { remedy }]) => `no ${capability}: ${remedy}`).join('; ');
  return [ok('target.abilities', `${vendorLabel} can: ${can}`, { target: name, why })];
}

function rateRows({ rate, target }: Connection, { name, line, rate: configured }: TargetConfig): readonly Row[] {
  const { perMinute, perHour } = target.traits.limits;
  const above = [
    ...(configured.perMinute !== null && configured.perMinute > perMinute
      ? [`perMinute ${configured.perMinute} (documented: ${perMinute})`]
      : []),
    ...(configured.perHour !== null && perHour !== null && configured.perHour > perHour
      ? [`perHour ${configured.perHour} (documented: ${perHour})`]
      : []),
  ];
  const words = `${counted(rate.perMinute ?? perMinute, 'request')} a minute, ${rate.concurrency} at once`;
  if (above.length === 0) return [ok('target.rate', words, { target: name })];
  return [
    warning('target.rate', `faster than the vendor documents: ${above.join(', ')}`, {
      target: name,
      where: `line ${line} of the configuration`,
      why: 'requests will be refused with 429 and sent again, which takes longer, unless the account was given more',
      next: 'leave rate out, or set it to what the vendor has promised this account',
    }),
  ];
}

/** Of the day's questions. */
function questionRows({ workspace }: Scene, name: string): readonly Row[] {
  const most = workspace.config.verify.maxCallsPerDay;
  const { day, calls } = workspace.tests(name).memory();
  const used = day === dayOf(workspace.now(), workspace.config.schedule.timezone) ? calls : 0;
  if (used < most) return used === 0 ? [] : [ok('target.questions', `${used} of ${most} questions of today are asked`, { target: name })];
  return [
    warning('target.questions', `the day’s ${most} questions are asked`, {
      target: name,
      why: 'verify asks no more before the next day of schedule.timezone',
      next: `kbsync verify --target ${name} --all; or raise verify.maxCallsPerDay`,
    }),
  ];
}

const soonDays = 14;
const dayMs = 86_400_000;

/** Keys that say themselves when they end: signed tokens, whose middle part is readable. Nothing of them is shown but that day. */
export function tokenRows({ name, options }: Pick<TargetConfig, 'name' | 'options'>, nowMs: number): readonly Row[] {
  return textsIn(options).flatMap(([key, text]): readonly Row[] => {
    const endsMs = endOf(text);
    if (endsMs === null) return [];
    const day = new Date(endsMs).toISOString().slice(0, 10);
    const days = Math.floor((endsMs - nowMs) / dayMs);
    const next = `make a new key in the vendor's dashboard, put it where ${key} of ${name} is read from, then kbsync doctor --target ${name}`;
    const about = { target: name, next };
    if (endsMs <= nowMs) return [wrong('target.expiry', `${key} expired on ${day}`, { ...about, code: 'CREDENTIALS_REFUSED' })];
    if (days < soonDays)
      return [
        warning('target.expiry', `${key} expires on ${day}, in ${counted(days, 'day')}`, {
          ...about,
          why: 'from then on nothing is pushed',
        }),
      ];
    return [ok('target.expiry', `${key} is good until ${day}`, { target: name })];
  });
}

function textsIn(options: { readonly [key: string]: Json }, prefix = ''): readonly (readonly [key: string, text: string])[] {
  return Object.entries(options).flatMap(([key, value]) => {
    if (typeof value === 'string') return [[`${prefix}${key}`, value] as const];
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? textsIn(value as { [key: string]: Json }, `${prefix}${key}.`)
      : [];
  });
}

/** Milliseconds since 1970; null: no signed token, or one that does not say. */
function endOf(text: string): number | null {
  const middle = /^[\w-]+\.([\w-]{2,4096})\.[\w-]*$/.exec(text)?.[1];
  if (middle === undefined) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(middle, 'base64url').toString('utf8'));
    const exp = typeof claims === 'object' && claims !== null && 'exp' in claims ? claims.exp : null;
    return typeof exp === 'number' && exp > 0 && exp < 1e11 ? exp * 1_000 : null;
  } catch {
    return null;
  }
}
