// Which proxy of the environment applies to an origin: HTTPS_PROXY, HTTP_PROXY, NO_PROXY, in either case.
// The package that speaks to a proxy is optional and loaded only when one applies.
import { SyncError } from '../model/error.ts';

/** Names and values as in `process.env`. */
export interface Environment {
  readonly [name: string]: string | undefined;
}

/** Whether a host name of a URL is this very machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** The proxy for this address, or null for none: never for this very machine, nor for what NO_PROXY lists. */
export function proxyFor(url: URL, environment: Environment): string | null {
  if (isLoopback(url.hostname)) return null;
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const proxy = setting(name, environment);
  if (proxy === null || bypassed(url, setting('no_proxy', environment) ?? '')) return null;
  return proxy;
}

/** What opens the proxies that the environment names: as it stands there, and decoded. */
export function proxyPasswords(environment: Environment): readonly string[] {
  const proxies = ['https_proxy', 'http_proxy'].flatMap((name) => [environment[name], environment[name.toUpperCase()]]);
  return proxies.flatMap((proxy) => {
    const password = proxy !== undefined && URL.canParse(proxy) ? new URL(proxy).password : '';
    return password === '' ? [] : [password, decoded(password)];
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Lower case wins, as with curl. */
function setting(name: string, environment: Environment): string | null {
  return environment[name] || environment[name.toUpperCase()] || null;
}

/** `*`, `example.com` (and all below it), `.example.com`, `*.example.com`, each with an optional port. */
function bypassed(url: URL, list: string): boolean {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true;
    const [, host = '', entryPort] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    const bare = host.replace(/^\*?\./, '');
    if (bare === '' || (entryPort !== undefined && entryPort !== port)) return false;
    return url.hostname === bare || url.hostname.endsWith(`.${bare}`);
  });
}

/** An agent that goes through the proxy. TARGET_UNREACHABLE where the optional package is not installed. */
export async function proxyAgent(proxy: string, origin: string, load: Load = loadPackage): Promise<import('node:http').Agent> {
  if (!URL.canParse(proxy) || !/^https?:$/.test(new URL(proxy).protocol))
    throw new SyncError('CONFIG_INVALID', {
      message: 'HTTPS_PROXY is no address of a proxy',
      next: 'set it to an address such as http://proxy.example:3128, or take it out of the environment',
      facts: { stops: 'target' },
    });
  const loaded = await load().catch(() => null);
  if (loaded !== null) return new loaded.HttpsProxyAgent(...withoutLogin(new URL(proxy)));
  throw new SyncError('TARGET_UNREACHABLE', {
    message: `${origin} is to be reached through the proxy that HTTPS_PROXY names, and the package https-proxy-agent is not installed`,
    next: `npm install https-proxy-agent, or list ${new URL(origin).hostname} in NO_PROXY`,
    facts: { retry: 'never' },
  });
}

/** The package is optional: where it is not installed, this fails. */
type Load = () => Promise<Pick<typeof import('https-proxy-agent'), 'HttpsProxyAgent'>>;

const loadPackage: Load = () => import('https-proxy-agent');

/** User and password go as a header: the package would write an address that holds them into its debug log. */
function withoutLogin(proxy: URL): readonly [string, ProxyOptions] {
  const { username, password } = proxy;
  if (username === '' && password === '') return [proxy.href, { keepAlive: true, headers: {} }];
  const login = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64');
  proxy.username = '';
  proxy.password = '';
  return [proxy.href, { keepAlive: true, headers: { 'Proxy-Authorization': `Basic ${login}` } }];
}

interface ProxyOptions {
  readonly keepAlive: boolean;
  readonly headers: { readonly [name: string]: string };
}
