import { configDefaults, defineConfig } from 'vitest/config';

const pure = ['config', 'connectors', 'model', 'plan', 'push', 'sandbox', 'status', 'testkit', 'verify'].map(
  (area) => `test/${area}/**/*.test.ts`,
);
/** A whole daemon, and timers that are put in the place of the real ones. */
const apart = ['test/status/openapi.test.ts', 'test/status/server.test.ts'];

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
    // A secret that every test's bots know is searched for in whatever comes out of them.
    setupFiles: ['test/support/leak-watch.ts'],
    testTimeout: 90_000,
    hookTimeout: 90_000,
    // Forked processes: some suites spawn the real program or change process state.
    pool: 'forks',
    // A third one works while the others wait for processes, sockets and timers.
    maxWorkers: 3,
    projects: [
      // These change nothing that another file could see, and import much for little: they share a process. A file that stubs an environment, a
      // clock or a module, or takes hooks from a file that it imports, does not belong there.
      { extends: true, test: { name: 'pure', include: pure, exclude: [...configDefaults.exclude, ...apart], isolate: false } },
      { extends: true, test: { name: 'own', include: ['test/**/*.test.ts'], exclude: [...configDefaults.exclude, ...pure] } },
      { extends: true, test: { name: 'apart', include: apart } },
    ],
  },
});
