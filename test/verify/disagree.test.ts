// Where answers contradict each other: what is compared, what means the same, and what is left alone.
import { describe, expect, it } from 'vitest';
import { disagreements } from '../../src/verify/disagree.ts';
import { statementsOf } from '../../src/verify/statements.ts';

const between = (...answers: readonly string[]) =>
  disagreements(answers.map((answer, index) => ({ target: 'abcde'[index] ?? '', answer }))).map(
    ({ kind, sides }) => `${kind}: ${sides.map(({ targets, says }) => `${targets.join('+')}=${says.join('|')}`).join(' ')}`,
  );

describe('contradictions', () => {
  it.each([
    [['The link is valid for 30 minutes.', 'It is valid for 2 hours.'], ['duration: a=30 minutes b=2 hours']],
    [['30 minutes', 'half an hour', '2 hours', 'thirty minutes'], ['duration: a+d=30 minutes c=2 hours']],
    [['Yes, you can.', 'No, that is not possible.'], ['yes-no: a=yes b=no']],
    [['You can export it.', 'You cannot export it.'], ['yes-no: a=yes b=no']],
    [['It costs €19.99 a month.', 'It costs 29,99 € per month.'], ['amount: a=€19.99 b=29,99 €']],
    [['Up to 10 MB.', 'Up to 25 MB.'], ['size: a=10 MB b=25 MB']],
    [['On 2026-12-01.', 'On 1 March 2027.'], ['date: a=2026-12-01 b=1 March 2027']],
    [['Five users are included.', '10 users are included.'], ['count: a=Five users b=10 users']],
    [['See https://a.example/x.', 'See https://b.example/x'], ['link: a=https://a.example/x b=https://b.example/x']],
    [['Keep 20 % off.', 'You get 15%.'], ['share: a=20 % b=15%']],
    [['1 hour and 30 minutes', '2 hours'], ['duration: a=1 hour and 30 minutes b=2 hours']],
    [['1 hour or 30 minutes', '90 minutes'], ['duration: a=1 hour|30 minutes b=90 minutes']],
    [['Nach 14 Tagen.', 'Nach 30 Tagen.'], ['duration: a=14 Tagen b=30 Tagen']],
  ])('%j', (answers, found) => {
    expect(between(...answers)).toEqual(found);
  });
});

describe('no contradiction', () => {
  it.each([
    [['One hour.', '60 minutes', '1 h']],
    [['1 hour 30 minutes', '1 hour and 30 minutes.', '90 minutes', '1.5 hours', '1h30', '1 h 30 min']],
    [['30 days, 24 hours a day', '30 days']],
    [['1 year and 6 months', '18 months']],
    [['1,000 documents', '1.000 documents', '1000 documents']],
    [['30 minutes, and 7 days for teams.', '30 minutes.']],
    [['14 days', '2 weeks', 'zwei Wochen']],
    [['12 months', '1 year']],
    [['1 December 2026', '2026-12-01', 'Dec 1, 2026', '01.12.2026']],
    [['03/04/2026', '04/03/2026']],
    [['It costs 5 EUR.', 'It costs 6 USD.']],
    [['https://www.a.example/x/', 'http://a.example/x?utm=1']],
    [['Open Settings.', 'Press Reset 3 times.']],
    [['No fee is charged.', 'You can use it for free.']],
    [['1 GB', '1000 MB']],
    [[]],
    [['', '']],
  ])('%j', (answers) => {
    expect(between(...answers)).toEqual([]);
  });
});

it('reads no figure out of a link, and takes no time for hostile texts', () => {
  expect(statementsOf('https://a.example/30-minutes')).toMatchObject([{ kind: 'link' }]);
  const started = performance.now();
  for (const part of ['1', '1 ', '1,', '1.000', 'https://', 'may 1 ', '€', 'no ', 'a 1-']) statementsOf(part.repeat(20_000 / part.length));
  expect(performance.now() - started).toBeLessThan(2_000);
});
