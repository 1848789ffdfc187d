// Keys and tokens that secretlint's recommended rules leave out, as data: from the rules of gitleaks 8.30 (config/gitleaks.toml, MIT licence,
// https://github.com/gitleaks/gitleaks) those whose form alone tells them, with its bounds on randomness, and a few that it knows by a name only.
// To follow a newer gitleaks is to compare this table with its file. Pure.

/** A secret in a text, as UTF-16 offsets. */
export interface TokenHit {
  readonly start: number;
  readonly end: number;
  readonly what: string;
}

interface TokenRule {
  readonly what: string;
  /** Where the pattern alone would be slow: what stands in every text that it matches. */
  readonly where?: RegExp;
  /** Begins with what is fixed, and is bounded: no text makes it look for long. A group named `secret` is the secret, else the whole is. */
  readonly pattern: RegExp;
  /** What the name that is given the secret must end with. */
  readonly name?: RegExp;
  /** Bits a character that the secret must have at least; by default 3. */
  readonly entropy?: number;
  readonly isReal?: (secret: string) => boolean;
}

/** No letter, digit or mark of a token behind it; what stands before it is looked at afterwards, which is quicker. */
const token = (form: string) => new RegExp(`(?:${form})(?![\\w-])`, 'g');

const rules: readonly TokenRule[] = [
  {
    what: 'Stripe key',
    pattern: token('[sr]k_(?:live|prod)_[A-Za-z0-9]{10,150}'),
  },
  { what: 'Google API key', pattern: token('AIza[\\w-]{35}'), entropy: 4 },
  { what: 'Google OAuth client secret', pattern: token('GOCSPX-[\\w-]{28}') },
  {
    what: 'JSON web token',
    pattern: /ey[A-Za-z0-9_-]{15,500}\.ey[A-Za-z0-9_-]{15,4000}\.[A-Za-z0-9_-]{10,1000}={0,2}/g,
    isReal: isRealJwt,
  },
  {
    what: 'Azure storage account key',
    pattern: /AccountKey\s{0,3}=\s{0,3}(?<secret>[A-Za-z0-9+/]{86}==)/gi,
    entropy: 4,
    // The keys of the emulators are the same for everybody.
    isReal: (secret) => !/^(?:Eby8vdM02xNOcqFlqUwJPLlm|C2y6yDjf5\/R\+ob0N8A7Cgv30)/.test(secret),
  },
  {
    what: 'Azure shared access key',
    pattern: /SharedAccessKey\s{0,3}=\s{0,3}(?<secret>[A-Za-z0-9+/]{43}=)/gi,
    entropy: 4,
  },
  {
    what: 'Azure client secret',
    where: /\dQ~/,
    pattern: /[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}(?![\w~-])/g,
  },
  {
    what: 'Telegram bot token',
    where: /\d:A/,
    pattern: token('\\d{8,10}:A[A-Za-z0-9_-]{34}'),
    // The one of Telegram's own manual.
    isReal: (secret) => !secret.startsWith('110201543:'),
  },
  { what: 'Twilio API key', pattern: token('SK[0-9a-f]{32}') },
  {
    what: 'AWS access key id',
    pattern: token('(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}'),
    isReal: (secret) => !secret.endsWith('EXAMPLE'),
  },
  {
    what: 'AWS secret access key',
    // A row of the file that the console exports, or of a table.
    pattern: /(?:AKIA|ASIA)[A-Z2-7]{16}["'`]?[ \t]{0,9}[,;|\t ][ \t]{0,9}["'`]?(?<secret>[A-Za-z0-9+/]{40})(?![A-Za-z0-9+/=])/g,
    entropy: 4,
  },
  {
    what: 'Amazon Bedrock API key',
    pattern: token('ABSK[A-Za-z0-9+/]{109,269}={0,2}|bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t[A-Za-z0-9+/=]{20,4000}'),
  },
  {
    what: 'OpenAI key',
    pattern: token('sk-(?:proj|svcacct|admin)-[\\w-]{40,250}'),
    entropy: 4,
  },
  { what: 'Anthropic key', pattern: token('sk-ant-[a-z]{2,8}\\d{2}-[\\w-]{60,200}'), entropy: 4 },
  { what: 'OpenRouter key', pattern: token('sk-or-v1-[0-9a-f]{64}') },
  { what: 'Hugging Face token', pattern: token('(?:hf|api_org)_[A-Za-z0-9]{34}') },
  { what: 'Perplexity key', pattern: token('pplx-[A-Za-z0-9]{48}'), entropy: 4 },
  { what: 'xAI key', pattern: token('xai-[A-Za-z0-9]{70,90}'), entropy: 4 },
  { what: 'Replicate token', pattern: token('r8_[A-Za-z0-9]{37}') },
  { what: 'Atlassian token', pattern: token('AT[AC]TT3[\\w=-]{150,250}') },
  { what: 'Artifactory key', pattern: token('AKCp[A-Za-z0-9]{69}|cmVmd[A-Za-z0-9]{59}'), entropy: 4.5 },
  { what: 'DigitalOcean token', pattern: token('do[opr]_v1_[0-9a-f]{64}') },
  {
    what: 'Discord webhook',
    pattern: /discord(?:app)?\.com\/api\/webhooks\/(?<secret>\d{17,20}\/[\w-]{60,80})/gi,
    entropy: 4,
  },
  {
    what: 'Discord bot token',
    where: /discord/i,
    pattern: token('[MNO][\\w-]{23,27}\\.[\\w-]{6}\\.[\\w-]{27,38}'),
    entropy: 4.3,
    isReal: isDiscord,
  },
  {
    what: 'Microsoft Teams webhook',
    pattern: /webhook\.office\.com\/webhookb2\/(?<secret>[0-9a-f-]{36}@[0-9a-f-]{36}\/IncomingWebhook\/[0-9a-f]{32}\/[0-9a-f-]{36})/gi,
  },
  {
    what: 'Slack webhook',
    pattern: /hooks\.slack\.com\/(?:services|workflows|triggers)\/(?<secret>[A-Za-z0-9+/]{43,60})/g,
  },
  { what: 'Doppler token', pattern: token('dp\\.pt\\.[A-Za-z0-9]{43}') },
  {
    what: 'Fly.io token',
    pattern: token('fo1_[\\w-]{43}|fm(?:1[ar]|2)_[A-Za-z0-9+/]{100,2000}={0,3}'),
    entropy: 4,
  },
  { what: 'Heroku key', pattern: token('HRKU-AA[\\w-]{58}'), entropy: 4 },
  { what: 'Mailgun key', pattern: token('key-[0-9a-f]{32}') },
  { what: 'Mailchimp key', where: /-us\d/, pattern: token('[0-9a-f]{32}-us\\d{1,2}') },
  { what: 'New Relic key', pattern: token('NRAK-[A-Z0-9]{27}') },
  { what: 'Planetscale token', pattern: token('pscale_(?:tkn|oauth|pw)_[\\w=.-]{32,64}') },
  { what: 'Postman key', pattern: token('PMAK-[0-9a-f]{24}-[0-9a-f]{34}') },
  { what: 'Pulumi token', pattern: token('pul-[0-9a-f]{40}') },
  { what: 'PyPI token', pattern: token('pypi-AgEIcHlwaS5vcmc[\\w-]{50,1000}') },
  { what: 'RubyGems token', pattern: token('rubygems_[0-9a-f]{48}') },
  {
    what: 'Sentry token',
    pattern: token('sntryu_[0-9a-f]{64}|sntrys_eyJ[A-Za-z0-9+/=_]{80,500}'),
    entropy: 3.5,
  },
  { what: 'Square token', pattern: token('sq0(?:atp|csp)-[\\w-]{22,60}') },
  { what: 'Supabase token', pattern: token('sbp_[0-9a-f]{40}|sb_secret_[\\w-]{30,60}') },
  { what: 'Terraform token', where: /atlasv1/, pattern: token('[A-Za-z0-9]{14}\\.atlasv1\\.[\\w=-]{60,70}'), entropy: 3.5 },
  { what: 'age secret key', pattern: token('AGE-SECRET-KEY-1[0-9A-Z]{58}') },
  { what: 'Alibaba access key id', pattern: token('LTAI[A-Za-z0-9]{20}'), entropy: 3.5 },
  { what: 'Airtable token', pattern: token('pat[A-Za-z0-9]{14}\\.[0-9a-f]{64}') },
  {
    what: 'private key',
    pattern: /-----BEGIN[ A-Z0-9_-]{0,60}PRIVATE KEY(?: BLOCK)?-----(?<secret>[\s\S]{64,20000}?)-----END/g,
    entropy: 4,
    isReal: isKeyMaterial,
  },
  {
    what: 'credentials of an Authorization header',
    pattern: /\bAuthorization["'`]?\s{0,3}[:=,]\s{0,3}["'`]?(?:Bearer|Token|Basic)\s{1,3}(?<secret>[\w.~+/=-]{20,4000})/gi,
    entropy: 3.5,
    isReal: isRandom,
  },
  {
    what: 'key or token',
    pattern:
      /(?:key|token|secret)["'`]?(?:\s{0,3}(?:=>|:=|=|:)\s{0,3}|\s{0,3},\s{0,3}(?=["']))["'`]?(?<secret>[A-Za-z0-9_+/-]{24,150}={0,2})(?![\w.+/(=-])/gi,
    name: /(?:api|secret|access|private|auth|account|client|service|signing|encryption|master)[_-]?$/i,
    entropy: 3.3,
    isReal: isRandom,
  },
];

/** Every hit of the table. */
export function tokensIn(text: string): readonly TokenHit[] {
  return rules.flatMap(({ what, where, pattern, name, entropy = 3, isReal }): TokenHit[] => {
    if (where !== undefined && !where.test(text)) return [];
    return [...text.matchAll(pattern)].flatMap((match): TokenHit[] => {
      const secret = match.groups?.['secret'] ?? match[0];
      const before = text.slice(Math.max(0, match.index - 60), match.index);
      if (name === undefined ? secret === match[0] && /[\w-]$/.test(before) : !isNameOfSecret(before, name)) return [];
      if (entropyOf(secret) < entropy || isReal?.(secret) === false) return [];
      const start = match.index + match[0].lastIndexOf(secret);
      return [{ start, end: start + secret.length, what }];
    });
  });
}

/** Shannon's, in bits a character. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** Whether a name fits, and is not that of something meant to be seen. */
function isNameOfSecret(before: string, name: RegExp): boolean {
  return name.test(before) && !/(?:public|publish|site|example|sample|dummy|fake|mock)[\w.-]*$/i.test(before);
}

/** Letters and digits as chance mixes them: no words, no path, no name of a constant. */
function isRandom(secret: string): boolean {
  if (/^[0-9a-f]{32,}$/i.test(secret)) return /[a-f]/i.test(secret) && (secret.match(/\d/g)?.length ?? 0) >= 4;
  if (/^ey[A-Za-z0-9_-]+\.ey/.test(secret)) return isRealJwt(secret);
  const decoded = /^[A-Za-z0-9+/]{16,}={0,2}$/.test(secret) ? Buffer.from(secret, 'base64').toString('latin1') : '';
  // `Basic` is a login in base64: whether it is an example is seen in it.
  if (/^[\x20-\x7e]+:[\x20-\x7e]+$/.test(decoded)) return !/pass|secret|sesame|user|example|token|key|name/i.test(decoded);
  const digits = secret.match(/\d/g)?.length ?? 0;
  const capitals = secret.match(/[A-Z]/g)?.length ?? 0;
  const small = secret.match(/[a-z]/g)?.length ?? 0;
  if (digits < 3 || small < 3 || entropyOf(secret) < 3.8) return false;
  // Words: runs of small letters that are long for chance, apart by dashes or capitals.
  const words = (secret.match(/[A-Z]?[a-z]{4,}/g) ?? []).join('').length;
  return (capitals >= 3 || digits >= 6) && words < secret.length * 0.5;
}

/** Tokens of manuals name a John Doe, or nobody who exists. What cannot be read is judged by its form alone. */
function isRealJwt(secret: string): boolean {
  const claims = Buffer.from(secret.split('.')[1] ?? '', 'base64url').toString('utf8');
  return !/1234567890|\b(?:john|jane|joe|doe|test|demo|sample|foo|bar)\b|example|my[-_ ]?(?:app|user)/i.test(claims);
}

/** The first part is the number of the bot, in base64. */
function isDiscord(secret: string): boolean {
  return /^\d{15,22}$/.test(Buffer.from(secret.split('.')[0] ?? '', 'base64url').toString('latin1'));
}

/** Base64 and nothing else; marks of a quote, line ends written out, and headers aside. */
function isKeyMaterial(body: string): boolean {
  const bare = body.replace(/^[ \t>*|]*[A-Za-z-]{3,20}:[^\n]*$/gm, '').replace(/\\[nr]|[\s>"'`,|\\]/g, '');
  return bare.length >= 64 && /^[A-Za-z0-9+/=]+$/.test(bare);
}
