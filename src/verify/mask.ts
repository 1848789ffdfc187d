// Personal data in what users wrote, taken out before anybody reads it: patterns, not understanding. Errs on the side of hiding. Pure.
// Every pattern is linear in the text: what users write may be hostile.
import { contentWords } from './terms.ts';

/** What stands in place of what was hidden: `[e-mail]`, `[phone]`, `[number]` … */
export function masked(text: string): string {
  // Look-alikes and characters that do not show would hide an address from every pattern.
  let shown = text.normalize('NFKC').replace(/[\u00ad\u200b-\u200f\u2060\ufeff]/g, '');
  for (const hide of steps) shown = hide(shown);
  return shown;
}

type Step = (text: string) => string;

/** In this order: what is found first is not taken for a part of something else. */
const steps: readonly Step[] = [
  hideSecrets,
  hideLinks,
  (text) => text.replace(/[\p{L}\p{N}._%+'-]{1,64}@[\p{L}\p{N}.-]{1,255}/gu, '[e-mail]'),
  (text) => text.replace(/[\p{L}\p{N}._%+-]{1,64}\s?[([{]\s?at\s?[)\]}]\s?[\p{L}\p{N}.()[\]{}-]{2,100}/giu, '[e-mail]'),
  (text) => text.replace(/[\p{L}\p{N}._%+-]{1,64} at [\p{L}\p{N}-]{1,63} dot \p{L}{2,10}\b/giu, '[e-mail]'),
  hideIbans,
  (text) => text.replace(/(?<![\p{L}\p{N}])\d(?:[ -]?\d){12,18}(?!\d)/gu, (found) => (luhn(found) ? '[card]' : '[number]')),
  (text) => text.replace(/(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)/g, '[ip]'),
  (text) => text.replace(/(?<![\p{L}\p{N}:])[0-9a-f:]{3,45}(?![\p{L}\p{N}:])/giu, (found) => (isIpv6(found) ? '[ip]' : found)),
  hideBirthdays,
  hidePhones,
  (text) =>
    text.replace(/(?<![\p{L}\p{N}])\d{2,}(?:[ -]\d{2,}){2,}(?!\d)/gu, (found) =>
      digitsOf(found) >= 9 && !isDate(found) ? '[number]' : found,
    ),
  hideCodes,
  hideAddresses,
  hideNames,
];

function digitsOf(text: string): number {
  return text.replace(/\D/g, '').length;
}

const dates = /^(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2}))$/;

function isDate(text: string): boolean {
  return dates.test(text.trim());
}

/** Scheme, host and path stay; user, query, fragment and what looks like a key in the path go. */
function hideLinks(text: string): string {
  return text.replace(/\b(?:[a-z][a-z0-9+.-]{1,15}:\/\/|(?=www\.))([^\s<>"']{1,2000})/gi, (whole: string, rest: string) => {
    const scheme = whole.slice(0, whole.length - rest.length);
    const [, address = '', query = '', fragment = ''] = /^([^?#]*)(\?[^#]*)?(#.*)?$/.exec(rest) ?? [];
    const [first = '', ...path] = address.split('/');
    const host = first.slice(first.lastIndexOf('@') + 1);
    const clean = [host, ...path.map((step) => (isKey(step) || digitsOf(step) >= 5 ? '[token]' : step))].join('/');
    return `${scheme}${clean}${query === '' ? '' : '?[…]'}${fragment === '' ? '' : '#[…]'}`;
  });
}

const passwords =
  'passwords?|passwort|kennwort|passcode|passphrase|mot de passe|contraseña|senha|parola|wachtwoord|mật khẩu|hasło|密码|パスワード|pwd?';
const codes = 'pin|puk|tan|otp|cvc|cvv2?|security code|prüfnummer';
const says = 'is|was|ist|war|lautet|est|es|è|é|code|number|nummer';

/** What a user gives as a password or a code: behind a colon any word, behind "is" one that looks like it. */
function hideSecrets(text: string): string {
  const labelled = new RegExp(`(?<!\\p{L})((?:${passwords}|${codes})[ \\t]{0,2}[:=：][ \\t]{0,2})[^\\s,;]{1,100}`, 'giu');
  const told = new RegExp(`(?<!\\p{L})((?:${passwords})(?: (?:${says})){1,2} )([^\\s,;?]{3,100})`, 'giu');
  const numbered = new RegExp(`(?<!\\p{L})((?:${codes})(?: (?:${says})){0,2} )\\d{3,8}(?!\\d)`, 'giu');
  return text
    .replace(labelled, '$1[secret]')
    .replace(told, (whole, head: string, word: string) => (looksSecret(word) ? `${head}[secret]` : whole))
    .replace(numbered, '$1[secret]');
}

function looksSecret(word: string): boolean {
  return /[\p{N}$%&*+=@^!]/u.test(word.replace(/[.!…]+$/, ''));
}

/** Long, with letters and digits: a key, an id, a session. */
function isKey(word: string): boolean {
  return word.length >= 16 && digitsOf(word) >= 3 && /\p{L}/u.test(word);
}

function hideIbans(text: string): string {
  return text.replace(/(?<![\p{L}\p{N}])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}/giu, (found) => {
    for (let end = found.length; end >= 15; end -= 1) {
      if (!/[A-Z0-9]$/i.test(found.slice(0, end))) continue;
      const compact = found.slice(0, end).replace(/[ -]/g, '').toUpperCase();
      if (compact.length >= 15 && mod97(compact) === 1) return `[iban]${found.slice(end)}`;
    }
    return found;
  });
}

function mod97(iban: string): number {
  let rest = 0;
  for (const character of `${iban.slice(4)}${iban.slice(0, 4)}`) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}

/** The check digit of payment cards. */
function luhn(text: string): boolean {
  const digits = [...text.replace(/\D/g, '')].reverse().map(Number);
  const sum = digits.reduce((total, digit, index) => total + (index % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2), 0);
  return sum % 10 === 0;
}

function isIpv6(text: string): boolean {
  const colons = text.split(':').length - 1;
  if (!/[0-9a-f]/i.test(text)) return false;
  return text.includes('::')
    ? colons >= 2 && !text.includes(':::')
    : colons === 7 || (colons === 5 && /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text));
}

function hideBirthdays(text: string): string {
  const words =
    'born|birth|birthday|dob|geboren|geb\\.|geburtsdatum|geburtstag|né|née|naissance|nacid[oa]|nacimiento|nato|nata|nascita|nascid[oa]|geboortedatum';
  const pattern = new RegExp(
    `(?<!\\p{L})(${words})([^\\d\\n]{0,20})(\\d{1,4}[-./ ]{1,2}(?:\\d{1,2}|\\p{L}{3,10})[-./ ]{1,2}\\d{2,4}|(?<!\\p{L})\\p{L}{3,10} \\d{1,2}(?:st|nd|rd|th)?,? \\d{4})`,
    'giu',
  );
  return text.replace(pattern, (_whole, word: string, between: string) => `${word}${between}[date]`);
}

/** International with + or 00, national with a leading 0, and the three groups of North America; dates stay. */
function hidePhones(text: string): string {
  const hide = (found: string): string => (digitsOf(found) < 7 || isDate(found) ? found : '[phone]');
  return text
    .replace(/(?<![\p{L}\p{N}])\+\d[\d ()./-]{5,20}\d/gu, hide)
    .replace(/(?<![\p{L}\p{N}.,])\(?0\d[\d ()./-]{4,20}\d/gu, hide)
    .replace(/(?<![\p{L}\p{N}])\(?\d{3}\)?[ .-]{1,2}\d{3}[ .-]\d{4}(?!\d)/gu, hide);
}

/** Order, customer and serial numbers, keys and ids: any word with five digits or more, but for dates and round figures. */
function hideCodes(text: string): string {
  return text.replace(/[#№]?[\p{L}\p{N}][\p{L}\p{N}_-]{3,199}/gu, (word) => {
    if (isKey(word)) return '[token]';
    if (digitsOf(word) < 5 || isDate(word) || /^\d+000$/.test(word)) return word;
    return '[number]';
  });
}

function hideAddresses(text: string): string {
  return text
    .replace(
      /(?<![\p{L}\p{N}])\p{Lu}[\p{L}-]{1,40}(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|laan|straat) \d{1,4} ?[a-z]?(?!\p{L})/gu,
      '[address]',
    )
    .replace(
      /(?<![\p{L}\p{N}])\d{1,5} (?:\p{Lu}[\p{L}'-]{1,30} ){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Way|Court)(?!\p{L})/gu,
      '[address]',
    )
    .replace(/(?<![\p{L}\p{N}])\d{1,4},? (?:rue|avenue|boulevard|place) (?:[\p{L}'-]{1,30} ?){1,4}/giu, '[address]');
}

const introductions =
  "my name is|my name's|name's|i am called|i'm called|this is|ich heiße|ich heisse|mein name ist|mein name:|hier ist|hier spricht|je m'appelle|je m’appelle|mon nom est|me llamo|mi nombre es|mi chiamo|il mio nome è|me chamo|meu nome é|o meu nome é|ik heet|mijn naam is|nazywam się|tên tôi là";
const particles: ReadonlySet<string> = new Set('von van de der den da dos di del la le du bin al el ter zu'.split(' '));

/** Names are found by what people say before them; a name without such words stays. */
function hideNames(text: string): string {
  const introduced = new RegExp(`(?<!\\p{L})(${introductions})([ :]{1,3})`, 'giu');
  const greeting =
    /((?:regards|sincerely|cheers|gr[uü](?:ß|ss)en?|gr[uü](?:ß|ss)e?|cordialement|saludos|atentamente|saluti|groeten|thanks|thank you|danke|merci|gracias)[,!.]?[ \t]*\n\s*)([^\n]{1,60})/giu;
  // In one line: "Thanks, Maria". Small words go on with a sentence.
  const signed =
    /(?<!\p{L})((?:regards|sincerely|cheers|gr[uü](?:ß|ss)e?n?|lg|vg|mfg|cordialement|saludos|atentamente|saluti|groeten|thanks|thank you|danke|merci|gracias|grazie|obrigad[oa]|signed),?[ \t]{1,3})\p{Lu}[\p{L}'’.-]{1,40}(?: \p{Lu}[\p{L}'’.-]{0,40}){0,2}[ \t]{0,3}$/gimu;
  const hailed =
    /(?<!\p{L})((?:hi|hello|hey|dear|hallo|lieber?|guten (?:tag|morgen|abend)|bonjour|cher|chère|hola|ciao|olá|oi|caro|cara|estimad[oa]) )\p{Lu}[\p{L}'’-]{1,40}(?: \p{Lu}[\p{L}'’-]{1,40})?(?=[ \t]{0,2}[,!])/giu;
  const titled =
    /(?<!\p{L})((?:Mr|Mrs|Ms|Dr|Herr|Herrn|Frau|Monsieur|Madame|Mme|Señor|Señora|Signor|Signora)\.? )\p{Lu}[\p{L}'’-]+(?: \p{Lu}[\p{L}'’-]+)?/gu;
  const labelled = /(?<!\p{L})((?:name|vorname|nachname|surname|nom|prénom|nombre|nome|naam)[ \t]*[:=][ \t]*)([^\n,;]{1,60})/giu;
  return afterEach(text, introduced)
    .replace(/(?<!\p{L})(I am|I['’]m|Je suis|Soy|Sono) \p{Lu}\p{Ll}+(?: \p{Lu}[\p{L}'’-]+)*(?=[\s,.!?]|$)/gu, '$1 [name]')
    .replace(/(?<!\p{L})(Ich bin) \p{Lu}\p{Ll}+(?: \p{Lu}[\p{L}'’-]+)+/gu, '$1 [name]')
    .replace(greeting, '$1[name]')
    .replace(signed, (whole, head: string) => (isCapital(whole.slice(head.length)) ? `${head}[name]` : whole))
    .replace(hailed, (whole, head: string) => (isCapital(whole.slice(head.length)) ? `${head}[name]` : whole))
    .replace(titled, '$1[name]')
    .replace(labelled, '$1[name]')
    .replace(/(我叫|我的名字是|我的名字叫)\p{sc=Han}{1,4}/gu, '$1[name]')
    .replace(/(名前は)[^\s。、]{1,10}?(?=です|と|。|、|\s|$)/gu, '$1[name]');
}

/** The word after each match, whatever its case, and the capitals that follow it. */
function afterEach(text: string, pattern: RegExp): string {
  let shown = '';
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    const start = match.index + match[0].length;
    if (match.index < from) continue;
    const isThis = /^(?:this is|hier ist)$/i.test(match[1] ?? '');
    const end = endOfName(text, start, isThis);
    if (end === start) continue;
    shown += `${text.slice(from, start)}[name]`;
    from = end;
  }
  return shown + text.slice(from);
}

function isCapital(word: string): boolean {
  return /^\p{Lu}/u.test(word);
}

/** No word that sentences are made of ("my name is not shown"). */
function isTelling(word: string): boolean {
  return contentWords(word).length > 0;
}

/** `strict`: only a word with a capital begins a name ("this is broken"). */
function endOfName(text: string, start: number, strict: boolean): number {
  const word = /[\p{L}\p{M}'’.-]{1,40}/uy;
  let end = start;
  for (let count = 0; count < 5; count += 1) {
    word.lastIndex = count === 0 ? end : end + 1;
    if (count > 0 && text[end] !== ' ') break;
    const found = word.exec(text)?.[0];
    if (found === undefined) break;
    // Who writes the first name small writes the second one so.
    const isSecond = count === 1 && !isCapital(text.slice(start)) && [text.slice(start, end), found].every(isTelling);
    if (!isCapital(found) && !(count === 0 && !strict) && !(count > 0 && particles.has(found)) && !isSecond) break;
    end = word.lastIndex;
    if (found.endsWith('.') && found.length > 2) return end - 1;
  }
  return end;
}
