// The keys of one webhook. Part of schema.ts.
import { z } from 'zod';
import { type IncidentKind, incidentKinds } from '../model/notice.ts';
import { isLoopback } from './values.ts';

/** Where a webhook listens: https with path and query, http on loopback only. What holds a variable that is not set is judged when it is. */
function webhookAddress() {
  return z.string('an address such as https://hooks.example.com/…').refine((text) => text.includes('${') || webhookProblem(text) === null, {
    error: (issue) => webhookProblem(String(issue.input)) ?? '',
  });
}

function webhookProblem(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return 'an address such as https://hooks.example.com/…';
  if (url.username !== '' || url.password !== '') return 'an address without user name and password';
  if (url.hash !== '') return 'an address without a fragment (#)';
  return url.protocol === 'https:' || isLoopback(url.hostname) ? null : 'https; http only on loopback';
}

const kinds = Object.keys(incidentKinds) as [IncidentKind, ...IncidentKind[]];

/** One of `notify`. */
export const webhookKeys = z.strictObject({
  name: z
    .string('a name')
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'a name of a-z, 0-9 and -, at most 40 characters, such as ops')
    .optional()
    .describe(
      'Its name in the log, on the page and for kbsync notify test; by default its kind and its place in the list, such as slack-1.',
    ),
  url: webhookAddress().meta({ secret: true }).describe('Where to; a secret as a whole. https, or http on loopback.'),
  kind: z
    .enum(['json', 'slack'])
    .default('json')
    .describe('json: the body that the manual describes; slack: text for Slack and what is compatible with it.'),
  events: z
    .array(z.enum(kinds), 'a list of kinds such as [refused, held]')
    .min(1, 'at least one kind; leave the key out for all')
    .nullable()
    .default(null)
    .describe('The kinds of incidents that it is told of; null: all.'),
  targets: z
    .array(z.string('a name').min(1, 'a name'), 'a list of targets')
    .min(1, 'at least one target; leave the key out for all')
    .nullable()
    .default(null)
    .describe('The targets whose incidents it is told of; null: all.'),
});
