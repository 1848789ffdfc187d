// What a program can have done, with the token: the POSTs of the API. What they ask for is what the buttons of the page and the commands do.
import type { Context, Hono } from 'hono';
import { SyncError } from '../model/error.ts';
import type { ActionName, ActionRequest } from './desk.ts';
import { failure } from './failure.ts';
import { bodyOf, json, mostBodyBytes } from './requests.ts';
import type { ServerInput } from './server.ts';

/** Adds them; each only where the daemon can do it. Access is the guard's. */
export function addApiActions(app: Hono, input: ServerInput): void {
  const read = async (context: Context, work: (body: string) => Promise<Response>): Promise<Response> => {
    const body = await bodyOf(context.req.raw, mostBodyBytes);
    return body === null ? failure(context, input, { code: 'USAGE', message: 'the body is too large' }, 413) : work(body);
  };
  for (const command of ['sync', 'verify', 'pause', 'resume'] as const) {
    const want = input[command];
    if (want === undefined) continue;
    app.post(`/api/${command}`, (context) =>
      read(context, async (body) => {
        const { targets } = fieldsOf(body, { targets: 'names' }, '{"targets":["support"]}, or empty for all');
        return json(context, input, { version: 1, command, accepted: [...(await want(targets ?? null))] }, 202);
      }),
    );
  }
  const { desk } = input;
  /** Carries it out, and says what came of it: 409 where it failed. */
  const carryOut = async (context: Context, command: string, name: ActionName, request: ActionRequest): Promise<Response> => {
    const { job, wait } = desk?.begin(name, request) ?? { job: 0, wait: Promise.resolve() };
    await wait;
    const { state = 'running', told = '' } = desk?.jobs().find(({ id }) => id === job) ?? {};
    return json(context, input, { version: 1, command, state, told }, state === 'failed' ? 409 : 200);
  };
  if (desk?.offered.includes('retry-failed') === true) {
    app.post('/api/retry', (context) =>
      read(context, (body) => {
        const { targets, path = '' } = fieldsOf(
          body,
          { targets: 'names', path: 'text' },
          '{"targets":["support"],"path":"a.md"}, or empty for all',
        );
        return carryOut(context, 'retry', 'retry-failed', { targets: targets ?? null, fields: path === '' ? {} : { path } });
      }),
    );
  }
  if (decisions.some((decision) => desk?.offered.includes(`todo-${decision}`) === true)) {
    app.post('/api/todo', (context) =>
      read(context, (body) => {
        const example = '{"target":"support","id":"H2","decision":"approve"}';
        const {
          target,
          id,
          decision: asked,
          remoteId = '',
        } = fieldsOf(body, { target: 'text', id: 'text', decision: 'text', remoteId: 'text' }, example);
        const decision = decisions.find((one) => one === asked);
        if (!target || !id || decision === undefined) throw wrongBody(`${example}; a decision is one of ${decisions.join(', ')}`);
        return carryOut(context, 'todo', `todo-${decision}`, { targets: [target], fields: { id, remote: remoteId } });
      }),
    );
  }
}

const decisions = ['done', 'created', 'retry', 'approve'] as const;

type Kinds = Readonly<Record<string, 'names' | 'text'>>;
type Fields<Wanted extends Kinds> = { readonly [name in keyof Wanted]?: Wanted[name] extends 'names' ? readonly string[] : string };

/** The fields of a JSON object; null is as if it were left out. USAGE for a body that is none, a field that there is not, and an empty list. */
function fieldsOf<const Wanted extends Kinds>(body: string, wanted: Wanted, example: string): Fields<Wanted> {
  if (body.trim() === '') return {};
  let found: unknown;
  try {
    found = JSON.parse(body);
  } catch {
    throw wrongBody(example);
  }
  if (typeof found !== 'object' || found === null || Array.isArray(found)) throw wrongBody(example);
  const fields = Object.entries(found).filter(([, value]) => value !== null);
  for (const [name, value] of fields) {
    const kind = Object.hasOwn(wanted, name) ? wanted[name] : undefined;
    if (kind === undefined || (kind === 'text' ? typeof value !== 'string' : !isNames(value))) throw wrongBody(example);
    // Whoever names nobody does not mean everybody.
    if (kind === 'names' && (value as readonly string[]).length === 0)
      throw new SyncError('USAGE', { message: `${name} is empty`, next: `leave ${name} out to mean all` });
  }
  return Object.fromEntries(fields) as Fields<Wanted>;
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}

function wrongBody(example: string): SyncError {
  return new SyncError('USAGE', { message: `the body must be JSON such as ${example}` });
}
