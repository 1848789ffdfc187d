// The way to the vendors: proxies and certificates of the environment, each origin once, and this machine's clock against the vendor's.
import { SyncError } from '../model/error.ts';
import { createWire, type Wire } from '../transport/http.ts';
import { type Environment, isLoopback, proxyAgent, proxyFor } from '../transport/proxy.ts';
import { ok, type Row, row, rowOf, skipped, warning } from './row.ts';
import type { Check } from './run.ts';
import { quoted, type Scene } from './scene.ts';

/** Milliseconds for one answer. */
const answerMs = 10_000;
/** Signed tokens are refused from about a minute on, certificates later. */
const aheadMs = 30_000;
const farMs = 300_000;

/** The origins that real targets of the scene are at, each with them. */
export function originsOf(
  { targets }: Pick<Scene, 'targets'>,
  originOf: (vendor: string) => string | null,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { name, sandbox, baseUrl, vendor } of targets) {
    const origin = sandbox ? null : (baseUrl ?? originOf(vendor));
    if (origin === null || !URL.canParse(origin)) continue;
    const key = new URL(origin).origin;
    found.set(key, [...(found.get(key) ?? []), name]);
  }
  return found;
}

/** What the environment says of proxies and certificates. */
export async function environmentRows({ env, system }: Scene, origins: readonly string[]): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const origin of origins) {
    const proxy = proxyFor(new URL(origin), env);
    if (proxy === null) continue;
    try {
      (await proxyAgent(proxy, origin)).destroy();
      rows.push(ok('network.proxy', `${origin} is reached through the proxy ${withoutLogin(proxy)}`));
    } catch (thrown) {
      if (!(thrown instanceof SyncError)) throw thrown;
      rows.push(rowOf('network.proxy', thrown));
    }
  }
  if (set(env, 'all_proxy') !== null && proxyFor(new URL('https://example.com'), env) === null)
    rows.push(
      warning('network.proxy', 'ALL_PROXY is set, and kbsync does not read it', {
        why: 'vendors are asked directly',
        next: 'export HTTPS_PROXY="$ALL_PROXY" if they are to be reached through it',
      }),
    );
  const authorities = set(env, 'NODE_EXTRA_CA_CERTS');
  if (authorities !== null) rows.push(authorityRow(authorities, system.text(authorities)));
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0')
    rows.push(
      warning('network.certificates', 'NODE_TLS_REJECT_UNAUTHORIZED=0 is set, and kbsync goes on checking certificates', {
        why: 'other programs of this environment do not: keys can be read on their way',
        next: 'unset NODE_TLS_REJECT_UNAUTHORIZED, and name your certificate authority in NODE_EXTRA_CA_CERTS',
      }),
    );
  return rows.length > 0 ? rows : [ok('network.proxy', 'no proxy, and no certificate authorities of your own')];
}

function authorityRow(file: string, text: string | null): Row {
  const count = text?.match(/-----BEGIN CERTIFICATE-----/g)?.length ?? 0;
  if (count > 0) return ok('network.certificates', `${count} of your own certificate authorities`, { where: file });
  return warning(
    'network.certificates',
    text === null ? 'NODE_EXTRA_CA_CERTS names a file that cannot be read' : 'the file of NODE_EXTRA_CA_CERTS holds no certificate',
    {
      where: file,
      why: 'Node goes on without it, and a proxy or vendor that needs it is refused',
      next: text === null ? `ls -l ${quoted(file)}` : `openssl x509 -in ${quoted(file)} -noout -subject (it is to be PEM)`,
    },
  );
}

function set(env: Environment, name: string): string | null {
  return env[name] || env[name.toUpperCase()] || null;
}

function withoutLogin(proxy: string): string {
  return URL.canParse(proxy) ? new URL(proxy).host : 'that HTTPS_PROXY names';
}

/** One check an origin: each has its own time. */
export function originChecks(scene: Scene, origins: ReadonlyMap<string, readonly string[]>): readonly Check[] {
  if (origins.size === 0) return [];
  if (scene.offline) return [{ name: 'network.reach', run: async () => [skipped('network.reach', 'no vendor was asked', '--offline')] }];
  return [...origins].map(([origin, names]) => ({ name: 'network.reach', run: (signal) => originRows(scene, origin, names, signal) }));
}

async function originRows(
  { workspace, env, version }: Scene,
  origin: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly Row[]> {
  const { now, secrets } = workspace;
  const wire: Wire = createWire({ version, redact: secrets.redact, now, environment: env });
  const where = `targets ${names.join(', ')}`;
  const begun = now();
  try {
    // Its front page, without a key: whatever it answers, it was reached.
    const reply = await wire.sendOnce({ intent: 'read', method: 'GET', path: '/', timeoutMs: answerMs }, { origin, signal });
    const ended = now();
    const words = `${origin} answers in ${Math.round(ended - begun)} ms${new URL(origin).protocol === 'https:' ? ', its certificate is good' : ''}`;
    const isDown = reply.status >= 500;
    const reach = isDown
      ? warning('network.reach', `${origin} answers ${reply.status}`, {
          where,
          why: 'the vendor is in trouble, or what stands before it',
          next: 'kbsync doctor, once more in a few minutes',
        })
      : ok('network.reach', words, { where });
    return [reach, clockRow(origin, reply.headers['date'], { begun, ended })];
  } catch (thrown) {
    if (!(thrown instanceof SyncError)) throw thrown;
    // An answer that cannot be read is one.
    if (thrown.code === 'REPLY_INVALID') return [ok('network.reach', `${origin} answers`, { where })];
    return [rowOf('network.reach', thrown, { where, next: nextFor(thrown, origin) })];
  } finally {
    wire.close();
  }
}

/** What shows more of it, as a command. */
function nextFor(error: SyncError, origin: string): string {
  const { hostname, port } = new URL(origin);
  const code = /\(([A-Z_]+)\)/.exec(error.message)?.[1] ?? '';
  if (/^(?:ENOTFOUND|EAI_)/.test(code)) return `nslookup ${hostname}; then check baseUrl, the name servers, or HTTPS_PROXY`;
  if (/^(?:CERT_|ERR_TLS|ERR_SSL|EPROTO|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)/.test(code))
    return `check baseUrl and the clock; for a certificate authority of your own set NODE_EXTRA_CA_CERTS: openssl s_client -connect ${hostname}:${port || '443'} -servername ${hostname} shows who answers`;
  return `curl -I ${origin}${isLoopback(hostname) ? '' : " shows whether it is this machine's network"}; check baseUrl, and run again when the vendor is up`;
}

/** `date`: the header of an answer that came between the two moments. It is cut to whole seconds. */
export function clockRow(
  origin: string,
  date: string | undefined,
  { begun, ended }: { readonly begun: number; readonly ended: number },
): Row {
  const theirs = date === undefined ? Number.NaN : Date.parse(date);
  if (Number.isNaN(theirs)) return skipped('network.clock', `${origin} does not tell the time`, 'its answer has no Date');
  const offMs = (begun + ended) / 2 - (theirs + 500);
  const off = Math.abs(offMs);
  if (off <= aheadMs) return ok('network.clock', `the clock is right, by that of ${origin}`);
  const words = `the clock of this machine is ${Math.round(off / 1_000)} s ${offMs > 0 ? 'ahead of' : 'behind'} that of ${origin}`;
  const why = 'signed tokens are refused, certificates seem not valid yet or any more, and dates in documents come at the wrong time';
  return row(off >= farMs ? 'error' : 'warning', 'network.clock', words, {
    why,
    next: 'timedatectl set-ntp true (or your system’s time service), then kbsync doctor again',
    code: off >= farMs ? 'TARGET_UNREACHABLE' : null,
  });
}
