// The reliability campaign: what is too long for `npm test`. Started by scripts/campaign.mjs, which says how long and with which seed.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['campaign/**/*.campaign.ts'],
    // As in `npm test`: the planted secret is searched for in whatever comes out. The mutations copy the tests, which know it.
    setupFiles: process.env['KBSYNC_CAMPAIGN_MUTATIONS'] === '1' ? [] : ['test/support/leak-watch.ts'],
    testTimeout: 7_200_000,
    hookTimeout: 600_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
