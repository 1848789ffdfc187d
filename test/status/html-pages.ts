// What the status server answers for people: HTML pages and the forms on them. Everything else is an API and stands in docs/openapi.yaml.

import { actionNames } from '../../src/status/desk.ts';

/** "METHOD /path" of each; a page or form that is added is listed here, an API is not. */
export const forPeople: readonly string[] = [
  'GET /',
  'GET /documents',
  'GET /documents/:id{.+}',
  'GET /tests',
  'GET /todo',
  'GET /history',
  'GET /gaps',
  'GET /login',
  'POST /login',
  'POST /logout',
  ...actionNames.map((name) => `POST /actions/${name}`),
];
