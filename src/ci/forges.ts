// Comments on a pull request at GitHub and on a merge request at GitLab, as requests and answers of their REST APIs. Pure.
// GitHub: docs.github.com/en/rest/issues/comments, version 2022-11-28. GitLab: docs.gitlab.com/ee/api/notes.html.
import type { HttpReply } from '../connectors/connector.ts';
import type { Change } from './scene.ts';
import type { Forge, Note } from './sticky.ts';

type Fields = { readonly [key: string]: unknown };

const listOf = (reply: HttpReply): readonly Fields[] => {
  const found: unknown = reply.json();
  return Array.isArray(found) ? found.filter((one): one is Fields => typeof one === 'object' && one !== null) : [];
};
const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const textOf = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '');

/** A pull request's comments are those of the issue with its number. */
export function githubForge({ api, repository, number }: Change, token: string): Forge {
  const headers = { authorization: `Bearer ${token}`, accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' };
  const issues = `${api.base}/repos/${repository}/issues`;
  const noteOf = (one: Fields, me: HttpReply | null): Note => {
    const user = fieldsOf(one['user']);
    // A workflow's own token may not ask who it is; then our comments are a bot's, which no person can write.
    const ours = me === null ? user['type'] === 'Bot' : textOf(user['login']) === textOf(fieldsOf(me.json())['login']);
    return { id: textOf(one['id']), body: textOf(one['body']), ours, url: textOf(one['html_url']) || null };
  };
  return {
    me: { intent: 'read', method: 'GET', path: `${api.base}/user`, headers },
    mayBeNobody: true,
    list: (page) => ({ intent: 'read', method: 'GET', path: `${issues}/${number}/comments`, query: { per_page: 100, page }, headers }),
    create: (body) => ({ intent: 'create', method: 'POST', path: `${issues}/${number}/comments`, json: { body }, headers }),
    update: (id, body) => ({ intent: 'repeatable', method: 'PATCH', path: `${issues}/comments/${id}`, json: { body }, headers }),
    notes: (reply, me) => listOf(reply).map((one) => noteOf(one, me)),
    note: (reply) => noteOf(fieldsOf(reply.json()), null),
  };
}

/** A merge request's notes. CI_JOB_TOKEN may not write them: it takes a project's access token with the scope `api`. */
export function gitlabForge({ api, repository, number }: Change, token: string): Forge {
  const headers = { 'private-token': token };
  const notes = `${api.base}/projects/${repository}/merge_requests/${number}/notes`;
  const noteOf = (one: Fields, me: HttpReply | null): Note => {
    const author = textOf(fieldsOf(one['author'])['id']);
    const ours = me !== null && author !== '' && author === textOf(fieldsOf(me.json())['id']) && one['system'] !== true;
    return { id: textOf(one['id']), body: textOf(one['body']), ours, url: null };
  };
  const oldestFirst = { sort: 'asc', order_by: 'created_at', per_page: 100 } as const;
  return {
    me: { intent: 'read', method: 'GET', path: `${api.base}/user`, headers },
    mayBeNobody: false,
    list: (page) => ({ intent: 'read', method: 'GET', path: notes, query: { ...oldestFirst, page }, headers }),
    create: (body) => ({ intent: 'create', method: 'POST', path: notes, json: { body }, headers }),
    update: (id, body) => ({ intent: 'repeatable', method: 'PUT', path: `${notes}/${id}`, json: { body }, headers }),
    notes: (reply, me) => listOf(reply).map((one) => noteOf(one, me)),
    note: (reply) => noteOf(fieldsOf(reply.json()), null),
  };
}
