// Personal data in what users wrote: what is hidden, what is not mistaken for it, and that hostile texts take no time.
import { describe, expect, it } from 'vitest';
import { masked } from '../../src/verify/mask.ts';

describe('hides', () => {
  it.each([
    ['write to erika.muster+kb@mail.example.org please', 'write to [e-mail] please'],
    ['erika (at) example.org', '[e-mail]'],
    ['erika at example dot org', '[e-mail]'],
    ['erika\u200b@exam\u00adple.org', '[e-mail]'],
    ['ｅｒｉｋａ＠ｅｘａｍｐｌｅ．ｏｒｇ', '[e-mail]'],
    ['müller@bücher.example', '[e-mail]'],
    ['IBAN DE89 3704 0044 0532 0130 00 thanks', 'IBAN [iban] thanks'],
    ['GB82WEST12345698765432', '[iban]'],
    ['card 4111 1111 1111 1111 expired', 'card [card] expired'],
    ['card 4111-1111-1111-1112', 'card [number]'],
    ['from 203.0.113.77', 'from [ip]'],
    ['2001:db8::8a2e:370:7334 is blocked', '[ip] is blocked'],
    ['call +49 170 1234567 now', 'call [phone] now'],
    ['call 0170/1234567', 'call [phone]'],
    ['(555) 123-4567', '[phone]'],
    ['555-123-4567', '[phone]'],
    ['order ORD-2026-11831', 'order [number]'],
    ['customer 48151623', 'customer [number]'],
    ['ssn 123-45-6789', 'ssn [number]'],
    ['ssn 123 45 6789', 'ssn [number]'],
    ['key sk_live_51Hk3abcDEF901', 'key [token]'],
    ['see https://user:pw@shop.example/orders/8812731?token=abc&u=9#me', 'see https://shop.example/orders/[token]?[…]#[…]'],
    ['My name is erika mustermann and I wait', 'My name is [name] and I wait'],
    ['my name is not shown', 'my name is [name] shown'],
    ['my name is erika how do I reset', 'my name is [name] how do I reset'],
    ['Where is it? Best regards, Erika Mustermann', 'Where is it? Best regards, [name]'],
    ['Wo ist es? Mit freundlichen Grüßen Erika Mustermann', 'Wo ist es? Mit freundlichen Grüßen [name]'],
    ['Where is it? Thanks, Erika', 'Where is it? Thanks, [name]'],
    ['Hallo Erika, wie geht das?', 'Hallo [name], wie geht das?'],
    ['Dear Erika Mustermann, I wait', 'Dear [name], I wait'],
    ['my password is hunter2', 'my password is [secret]'],
    ['Passwort: geheim', 'Passwort: [secret]'],
    ['card 4111 1111 1111 1111 cvc 123', 'card [card] cvc [secret]'],
    ['PIN is 4711', 'PIN is [secret]'],
    ['see www.shop.example/orders?token=abc', 'see www.shop.example/orders?[…]'],
    ['my birthday is March 12, 1980', 'my birthday is [date]'],
    ['my name is Erika von Mustermann, hello', 'my name is [name], hello'],
    ['Ich heiße Jürgen Öztürk.', 'Ich heiße [name].'],
    ["Bonjour, je m'appelle Zoé Lefèvre", "Bonjour, je m'appelle [name]"],
    ['Me llamo José Ángel', 'Me llamo [name]'],
    ['Hi, I am John Smith.', 'Hi, I am [name].'],
    ['Frau Müller hat angerufen', 'Frau [name] hat angerufen'],
    ['Where is it?\nBest regards,\nErika M.', 'Where is it?\nBest regards,\n[name]'],
    ['Name: Erika Mustermann', 'Name: [name]'],
    ['我叫王小明', '我叫[name]'],
    ['born 01.02.1980 in', 'born [date] in'],
    ['Musterstraße 12a, please', '[address], please'],
    ['at 12 Long Meadow Road', 'at [address]'],
  ])('%s', (text, shown) => {
    expect(masked(text)).toBe(shown);
  });
});

describe('leaves alone', () => {
  it.each([
    'How do I reset my password in version 2.14.3?',
    'It broke on 2026-11-21 and on 21.11.2026',
    'Error 404 or 5000 at 10:30:15',
    'Why are 10000 documents over the limit?',
    'This is broken since yesterday',
    'I am not able to log in',
    'Ich bin Kunde',
    'see https://docs.example.com/guides/reset.html',
    'Node 20.19 and npm 10',
    'What costs 19.99 € or $1,200.50?',
    'use @types/node',
    'My password is wrong!',
    'How do I reset my password?',
    'password 2FA settings',
    'Hello, how do I reset it?',
    'hi there, where is it?',
    'Thanks, how long is it valid',
    'see www.docs.example.com/guides/reset.html',
  ])('%s', (text) => {
    expect(masked(text)).toBe(text);
  });
});

it('takes no time for hostile texts', () => {
  const parts = ['a', '1', ' ', '-', '1 ', 'a@', '+1', 'A ', 'my name is ', 'http://a/', ':', '[', '名前は', 'DE1', '0 ', 'Xx '];
  const started = performance.now();
  for (const part of parts) expect(masked(part.repeat(4_000 / part.length)).length).toBeGreaterThan(0);
  expect(performance.now() - started).toBeLessThan(2_000);
});
