// Users who talk to an emulated bot as its vendor lets them, over real HTTP and past kbsync: what `gaps` is to find afterwards.
import { createHmac } from 'node:crypto';
import { secret, type World } from './bots.ts';

/** Asks the bot of a world, each question in a conversation of its own: the vendor's reply. Throws where it refuses. */
export async function askAsUser(world: World, flavour: string, question: string, user = 'u-1'): Promise<unknown> {
  const { path, headers, body } = wayOf(flavour, question, user, world.clock.now());
  const reply = await fetch(`${world.served.origin}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${flavour}: ${reply.status} ${text}`);
  return JSON.parse(text);
}

/** A user's thumb down for an answer, as SiteGPT v0 takes it. */
export async function dislike(world: World, reply: unknown): Promise<void> {
  const { data } = reply as { data: { message: { id: string } } };
  const url = `${world.served.origin}/api/v0/chatbots/bot-1/messages/${data.message.id}`;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` };
  const answered = await fetch(url, { method: 'PATCH', headers, body: JSON.stringify({ reaction: 'NEGATIVE' }) });
  if (!answered.ok) throw new Error(`${answered.status} ${await answered.text()}`);
}

interface Way {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: object;
}

function wayOf(flavour: string, question: string, user: string, nowMs: number): Way {
  const bearer = { authorization: `Bearer ${secret}` };
  switch (flavour) {
    case 'chatthing':
      return { path: '/api/public/channels/bot-1/1.0/message', headers: { 'x-api-secret-key': secret }, body: { message: question } };
    case 'sitegpt':
      return { path: '/api/v2/chatbots/bot-1/messages', headers: bearer, body: { message: question, pageUrl: null } };
    case 'sitegpt+v0':
      return { path: '/api/v0/chatbots/bot-1/message', headers: bearer, body: { message: question, from: 'USER' } };
    case 'cxgenie': {
      const customer_info = { name: 'A user', email: `${user}@example.com`, phone_number: '', external_id: '' };
      const body = { workspace_token: secret, bot_id: 'bot-1', content: question, metadata: {}, customer_info };
      return { path: '/api/v2/public-api/messages', headers: {}, body };
    }
    case 'koreai': {
      const auth = signed({ appId: 'cs-bot-1', sub: user, iat: Math.floor(nowMs / 1000) });
      return { path: '/api/public/bot/bot-1/advancedSearch', headers: { auth }, body: { query: question, answerSearch: true } };
    }
    default:
      throw new Error(`nobody talks to ${flavour}`);
  }
}

function signed(claims: object): string {
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}
