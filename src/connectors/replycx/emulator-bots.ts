// How the ReplyCX emulator shows a bot [2.10]: each knowledge base has one, which answers from it.
import type { Json, JsonRecord } from '../../model/json.ts';
import type { ReplyCxSettings } from './emulator-settings.ts';
import { numberOf } from './emulator-sources.ts';

export interface Bot {
  /** The id of its knowledge base. */
  readonly id: string;
  readonly name: string;
  readonly account: number;
  readonly createdAt: number;
}

/** By which a visitor's conversation names the bot of a knowledge base. */
export function keyOf(kb: string): string {
  return `publish-${kb}`;
}

/** One entry of the bots list, with the fields that a third party shows. */
export function shownBot({ id, name, account, createdAt }: Bot, { channels, botKeys }: ReplyCxSettings): JsonRecord {
  const created = new Date(createdAt).toISOString();
  const bot: JsonRecord = {
    bot_lead_id: numberOf(id),
    bot_title: `Bot of ${name}`,
    bot_owner_id: account,
    bot_owner_name: 'Owner',
    channels: channels.map((channel, index) => ({ configuration_id: index + 1, name: channel })),
    is_active: true,
    is_visible: true,
    type: 'BOT',
    preview_key: `preview-${id}`,
    publish_key: keyOf(id),
    priority: 1,
    role: { id: 1, role: 'OWNER' },
    preferred_bot_language: { code: 'en', label: 'English' },
    created_at: created,
    last_deployed_at: created,
  };
  return botKeys === 'snake' ? bot : camel(bot);
}

/** snake_case keys as camelCase, at every depth. */
function camel(value: JsonRecord): JsonRecord {
  const inner = (each: Json): Json => {
    if (Array.isArray(each)) return (each as readonly Json[]).map(inner);
    return typeof each === 'object' && each !== null ? camel(each as JsonRecord) : each;
  };
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase()), inner(each)]),
  );
}
