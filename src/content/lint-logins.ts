// Logins in addresses, `scheme://user:password@host`: where they stand, and which of them are how manuals write about logins. Pure.
import type { TokenHit } from './lint-tokens.ts';

/** Bounded on both sides, so that no text makes it look for long. */
const login =
  /(?<![A-Za-z0-9])(?<scheme>[a-z][a-z0-9+.-]{1,24}):\/\/(?<user>[^\s:/?#@'"<>`]{0,100}):(?<password>[^\s/?#@'"<>`]{3,200})@(?<host>[^\s/:?#'"<>`,;)\]}]{1,200})/gi;

/** Every login whose password could be one. */
export function loginsIn(text: string): readonly TokenHit[] {
  if (!text.includes('://') || !text.includes('@')) return [];
  return [...text.matchAll(login)].flatMap((match): TokenHit[] => {
    const end = match.index + match[0].length;
    return isExampleLogin(match[0])
      ? []
      : [{ start: match.index, end, what: `login in an address (${match.groups?.['scheme']?.toLowerCase()})` }];
  });
}

/** Hosts that can never exist (RFC 2606, RFC 6761), that are this machine, or that only say what belongs there. */
const exampleHost =
  /^(?:(?:.*\.)?(?:example\.(?:com|org|net|edu)|example|test|invalid|localhost|local)|127\.0\.0\.1|0\.0\.0\.0|::1|(?:my|your|the|some|db|remote|server|proxy|database|cluster|target|api|git)?[-_.]?(?:host|hostname|domain|server|address|endpoint|site|company|ip|proxy)(?:[-_.]?name)?\d?(?:\.(?:com|org|net|io|tld|dev))?|foo(?:\.com)?|bar(?:\.com)?|acme\.(?:com|org)|sha\d+)$/i;

/** What stands for a word: `<password>`, `${PASS}`, `%s`, `[password]`, `xxx`, `***`, `…`. */
const blank = /^(?:.*[<>{}[\]$%*…].*|x+|\.+|_+|-+|•+)$/i;

/** Words that passwords and users of manuals are made of. */
const words =
  'my|your|our|the|a|an|some|any|this|that|new|old|current|initial|default|random|long|short|very|super|top|strong|secure|safe|real|unique|root|' +
  'admin|administrator|user|username|login|account|owner|guest|me|alice|bob|john|jane|doe|foo|bar|baz|qux|test|tester|testing|example|sample|demo|' +
  'dummy|fake|mock|temp|tmp|local|dev|app|application|service|svc|server|client|db|database|data|api|access|auth|oauth|personal|private|public|' +
  'git|github|gitlab|gitea|bitbucket|ci|deploy|deployment|bot|mysql|mariadb|postgres|postgresql|pg|psql|mongo|mongodb|redis|rabbit|rabbitmq|amqp|kafka|' +
  'smtp|mail|email|ftp|ssh|http|https|proxy|registry|docker|npm|basic|here|goes|change|changeme|replace|insert|enter|put|with|of|in|it|is|' +
  'pass|passwd|password|passphrase|passw|pswd|pwd|pw|secret|secrets|token|key|apikey|credential|credentials|cred|creds|value|string|placeholder|' +
  'redacted|hidden|masked|none|null|undefined|guess|hunter|letmein|welcome|qwerty|open|sesame|s3cret|s3cr3t|secr3t|p4ssw0rd|passw0rd|p4ssword|pa55w0rd|pa55word|p455w0rd|pa\\$\\$w0rd|p@ssw0rd|p@ssword';
const ofWords = new RegExp(`^(?:(?:${words})[-_. +]?)+\\d{0,4}[!?.]{0,2}$`, 'i');
/** Longer ones only make the pattern try long. */
const longestWords = 60;

/** Whether an address with a login is how manuals write about one. */
export function isExampleLogin(address: string): boolean {
  const [, user = '', password = '', host = ''] = /^[a-z][a-z0-9+.-]*:\/\/([^\s:/?#@]*):([^\s/?#]*)@([^\s/:?#]+)/i.exec(address) ?? [];
  if (password === '' || host === '') return false;
  if (exampleHost.test(host) || blank.test(host)) return true;
  const plain = decoded(password);
  if (blank.test(plain) || plain.toLowerCase() === decoded(user).toLowerCase()) return true;
  return /^(?:\d{1,6}|1234567\d*|abc\d{0,3}|abcdef\w{0,6}|[a-z])$/i.test(plain) || (plain.length <= longestWords && ofWords.test(plain));
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
