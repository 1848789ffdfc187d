// The one comment: found over pages, by mark and author; patient with limits; never doubled by an answer that was lost; bounded.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { githubForge } from '../../src/ci/forges.ts';
import { type Block, bounded, code, commentBound, folded, said, summaryBound } from '../../src/ci/markdown.ts';
import { comment, markLine, markOf } from '../../src/ci/sticky.ts';
import { createWire } from '../../src/transport/http.ts';
import { type FakeForge, fakeGithub } from '../support/fake-forge.ts';

let github: FakeForge;
let waits: number[];
const wire = createWire({ version: '0', redact: (text) => text, now: () => 0, environment: {} });

beforeEach(async () => {
  github = await fakeGithub('acme/docs', 7, '/api/v3');
  github.tokens.set('t', { login: 'github-actions[bot]', writes: true });
  waits = [];
});
afterEach(async () => {
  await github.close();
});

function write(text: string, run = '5', token = 't', tells = true) {
  const { origin } = new URL(github.origin);
  const change = { number: '7', stranger: null, api: { origin, base: '/api/v3' }, repository: 'acme/docs' };
  const signal = new AbortController().signal;
  const wait = async (ms: number) => {
    waits.push(ms);
  };
  return comment(
    githubForge(change, token),
    { send: (request) => wire.sendOnce(request, { origin, signal }), wait, now: () => 0 },
    markOf(['sync.config.yaml', 'plan'], run),
    { text, tells },
  );
}

const mark = (run: string) => markLine(markOf(['sync.config.yaml', 'plan'], run));

describe('the comment', () => {
  it('is found among many, and a later run’s is left as it is', async () => {
    for (let id = 0; id < 230; id += 1) github.comments.push({ id, body: `comment ${id}`, login: 'somebody' });
    github.comments.push({ id: 900, body: `${mark('4')}\nold`, login: 'github-actions[bot]' });
    expect(await write('new\n')).toEqual({ outcome: 'updated', url: expect.stringContaining('issuecomment-900') });
    expect(github.comments.at(-1)?.body).toBe(`${mark('5')}\nnew\n`);
    expect(github.requests.filter((line) => line.startsWith('GET /repos'))).toHaveLength(3);
    expect(await write('older\n', '4')).toEqual({ outcome: 'newer' });
    expect(await write('same run, second attempt\n', '5')).toMatchObject({ outcome: 'updated' });
    expect(github.comments).toHaveLength(231);
  });

  it('is not one in which somebody copied the mark, nor one that only quotes it, nor that of another step', async () => {
    const other = markLine(markOf(['sync.config.yaml', 'sync'], '1'));
    github.comments.push(
      { id: 1, body: `${mark('99')}\nforged`, login: 'stranger' },
      { id: 2, body: `> ${mark('99')}\nquoted`, login: 'github-actions[bot]' },
      { id: 3, body: `${other}\nanother`, login: 'github-actions[bot]' },
    );
    expect(await write('mine\n')).toMatchObject({ outcome: 'created' });
    expect(github.comments.map(({ body }) => body.split('\n')[1])).toEqual(['forged', 'quoted', 'another', 'mine']);
    // A person's token knows who it is: there the name decides.
    github.tokens.set('p', { login: 'jane', writes: true });
    expect(await write('by jane\n', '5', 'p')).toMatchObject({ outcome: 'created' });
    expect(await write('by jane again\n', '6', 'p')).toMatchObject({ outcome: 'updated' });
    expect(github.comments).toHaveLength(5);
  });

  it('is written once where the answer to the first try was lost', async () => {
    github.faults.push({ method: 'POST', status: 502, after: true });
    expect(await write('once\n')).toMatchObject({ outcome: 'updated' });
    expect(github.comments).toHaveLength(1);
    github.faults.push({ method: 'PATCH', status: 503 }, { method: 'GET', status: 500 });
    expect(await write('twice\n')).toMatchObject({ outcome: 'updated' });
    expect(github.comments.map(({ body }) => body)).toEqual([`${mark('5')}\ntwice\n`]);
  });

  it('waits as long as limits ask, and no longer than a minute', async () => {
    github.faults.push(
      { method: 'POST', status: 403, headers: { 'retry-after': '7' } },
      { method: 'POST', status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '20' } },
      { method: 'POST', status: 429 },
    );
    expect(await write('patient\n')).toMatchObject({ outcome: 'created' });
    expect(waits).toEqual([7_000, 20_000, 30_000]);
    github.faults.push({ method: 'PATCH', status: 429, headers: { 'retry-after': '3600' } });
    expect(await write('late\n')).toEqual({ outcome: 'refused', status: 429, why: 'a fault' });
  });

  it('is not begun where there is nothing to tell, but brought up to date', async () => {
    expect(await write('nothing\n', '5', 't', false)).toEqual({ outcome: 'unneeded' });
    expect(github.comments).toEqual([]);
    await write('something\n');
    expect(await write('nothing any more\n', '6', 't', false)).toMatchObject({ outcome: 'updated' });
    expect(github.comments.map(({ body }) => body.split('\n')[1])).toEqual(['nothing any more']);
  });

  it('is refused with GitHub’s own words, and fails nothing', async () => {
    expect(await write('x\n', '5', 'wrong')).toEqual({ outcome: 'refused', status: 401, why: 'Bad credentials' });
    github.tokens.set('reads', { login: 'github-actions[bot]', writes: false });
    expect(await write('x\n', '5', 'reads')).toEqual({ outcome: 'refused', status: 403, why: 'Resource not accessible by integration' });
    expect(await write(`${'x'.repeat(70_000)}\n`)).toMatchObject({ outcome: 'refused', status: 422 });
    for (let n = 0; n < 4; n += 1) github.faults.push({ method: 'GET', status: 500 });
    expect(await write('x\n')).toMatchObject({ outcome: 'refused', status: 500 });
    expect(waits).toEqual([1_000, 2_000, 4_000]);
    await github.close();
    expect(await write('x\n')).toMatchObject({ outcome: 'refused', status: null });
  });
});

describe('a page', () => {
  const row = (n: number): Block => ({ kind: 'row', text: `- \`docs/${n}.md\`` });
  const fold = (n: number): Block => ({ kind: 'fold', text: folded(`docs/${n}.md`, said('é'.repeat(2_000))) });

  it('keeps within GitHub’s 65,536 characters by leaving out whole documents, texts first', async () => {
    const head: Block = { kind: 'always', text: '## head' };
    const rows = [...Array(50).keys()].map(row);
    const page = bounded([head, ...rows, ...[...Array(60).keys()].map(fold)], commentBound, 'elsewhere');
    expect(page.length).toBeLessThanOrEqual(65_000);
    expect(page.length).toBeGreaterThan(60_000);
    const kept = page.match(/<details>/g)?.length ?? 0;
    expect(page.match(/<\/details>/g)).toHaveLength(kept);
    expect(page.match(/docs\/\d+\.md`/g)).toHaveLength(50);
    expect(page).toContain(`_The texts of ${60 - kept} more documents are left out for length: elsewhere._`);
    const long = bounded([head, ...[...Array(9_000).keys()].map(row), fold(1)], commentBound, 'elsewhere');
    expect(long.length).toBeLessThanOrEqual(65_000);
    expect(long).toMatch(
      /_…and [\d,]+ more lines, left out for length: elsewhere\._\n_The texts of 1 more document are|_The texts of 1 more document /,
    );
    expect(await write(long)).toMatchObject({ outcome: 'created' });
  });

  it('counts a summary in bytes', () => {
    const page = bounded([{ kind: 'always', text: 'x' }, ...[...Array(600).keys()].map(fold)], summaryBound, 'elsewhere');
    expect(new TextEncoder().encode(page).length).toBeLessThanOrEqual(1_048_576);
    expect(page).toContain('more documents are left out');
  });

  it.each([
    ['a`b', '``a`b``'],
    ['`', '`` ` ``'],
    ['``x', '``` ``x ```'],
    ['', '` `'],
    ['a\nb\u202e', '`a\\u000ab\\u202e`'],
  ])('shows %j as code', (text, shown) => {
    expect(code(text)).toBe(shown);
  });
});
