import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [
    {
      // The packages as users run them: under Vitest's own condition 'development' the Markdown grammar is its slow build, full of assertions.
      name: 'packages-as-users-run-them',
      configResolved({ ssr }) {
        const conditions = ssr.resolve?.conditions ?? [];
        conditions.splice(0, conditions.length, 'node');
      },
    },
  ],
  test: {
    include: ['test/**/*.test.ts'],
    // A secret that every test's bots know is searched for in whatever comes out of them.
    setupFiles: ['test/support/leak-watch.ts'],
    testTimeout: 90_000,
    hookTimeout: 90_000,
    // Forked processes: some suites spawn the real program or change process state.
    pool: 'forks',
    maxWorkers: 2,
  },
});
