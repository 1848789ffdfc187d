// The reliability campaign: what is too long for `npm test`. Started by scripts/campaign.mjs, which says how long and with which seed.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['campaign/**/*.campaign.ts'],
    testTimeout: 7_200_000,
    hookTimeout: 600_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
