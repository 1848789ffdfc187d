// Pictures of the status page: no part of `npm test`. Started by scripts/screenshots.mjs, which says where they go.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/browser/*.shots.ts'],
    pool: 'forks',
    maxWorkers: 1,
  },
});
