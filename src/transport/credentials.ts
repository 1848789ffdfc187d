// What a connector hands over that no sink may show: credentials that it made for one request (a signed token, Basic), and what it says of the
// vendor's replies in errors, states and answers of its own. Knows no vendor.
import type { HttpRequest, ItemResult, StatusReport } from '../connectors/connector.ts';
import type { Answer } from '../model/answer.ts';
import { SyncError } from '../model/error.ts';
import { type Json, withTexts } from '../model/json.ts';
import { type Redact, withoutSecrets } from './http-error.ts';

const opens = /auth|cookie|token|key|secret|jwt|password|signature|credential/i;

/** Values of headers and query parameters by whose name they let somebody in; of `Bearer …` what follows the scheme. */
export function credentialsOf({ headers = {}, query = {} }: Pick<HttpRequest, 'headers' | 'query'>): readonly string[] {
  const given = [...Object.entries(headers), ...Object.entries(query)].filter(([name]) => opens.test(name));
  return given.flatMap(([, value]) => (typeof value === 'string' ? [value.replace(/^(?:Bearer|Basic|Token|JWT) +/i, '')] : []));
}

/** What a function of a target gave, without secrets: its errors, and what the vendor said to people. Ids, names, marks and texts stay as they are. */
export function withoutSecretsIn(name: string, given: unknown, redact: Redact): unknown {
  if (name === 'history') return withTexts(given as Json, redact);
  if (name === 'ask') return cleanAnswer(given as Answer, redact);
  if (name === 'replaceAll') return cleanResult(given as ItemResult, redact);
  if (name === 'create' || name === 'update' || name === 'delete')
    return (given as readonly ItemResult[]).map((one) => cleanResult(one, redact));
  if (name !== 'status') return given;
  const { run, items } = given as StatusReport;
  const clean = <Told extends { readonly error: SyncError | null }>(told: Told): Told =>
    told.error === null ? told : { ...told, error: withoutSecrets(told.error, redact) };
  return { run: run === null ? null : clean(run), items: items.map(clean) } satisfies StatusReport;
}

/** Addresses stay: it is by them that a source is known for one of ours. */
function cleanAnswer({ text, sources }: Answer, redact: Redact): Answer {
  const titled = sources.map((source) => ({ ...source, title: source.title === null ? null : redact(source.title) }));
  return { text: redact(text), sources: titled };
}

function cleanResult(result: ItemResult, redact: Redact): ItemResult {
  return result.ok ? result : { ...result, error: withoutSecrets(result.error, redact) };
}

/** Runs one function of a target; what it throws or gives is told without secrets. */
export async function guarded(name: string, run: () => Promise<unknown>, redact: Redact): Promise<unknown> {
  try {
    return withoutSecretsIn(name, await run(), redact);
  } catch (thrown) {
    throw thrown instanceof SyncError ? withoutSecrets(thrown, redact) : thrown;
  }
}
