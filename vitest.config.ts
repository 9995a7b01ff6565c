import { defineConfig } from 'vitest/config';
import { listDatabaseTests } from './packages/server/testing/list-database-tests.ts';
import { findPostgres } from './packages/server/testing/postgres.ts';

const isForeign = (process.env['SLIPWAY_TEST_KUBECONFIG'] ?? '') !== '';

const report = process.env['SLIPWAY_TEST_REPORT'] ?? '';

const hasPostgres = (await findPostgres()) !== undefined;

/** What is waited for comes, however busy the machine: this ends a wait for what does not, and no other one. */
const patience = { testTimeout: 120_000, hookTimeout: 60_000, expect: { poll: { timeout: 60_000 } } };

/** Fast tests stand beside what they test; end-to-end tests, which start real clusters and programs, stand in `test/e2e`. */
export default defineConfig({
  test: {
    // End-to-end tests wait more than they work: two at a time, whatever the machine. In a cluster that is there already one
    // controller leads at a time, and each file brings its own.
    maxWorkers: isForeign ? 1 : 2,
    reporters: report === '' ? ['default'] : ['default', ['json', { outputFile: report }]],
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'packages/*/{src,test}/**/*.test.ts',
            'examples/**/*.test.ts',
            'lint/*.test.ts',
            'scripts/*.test.ts',
          ],
          // Each file imports a hundred modules: sharing them between files halves the time of the fast tests.
          isolate: false,
          setupFiles: 'packages/kube/testing/same-examples.ts',
          ...patience,
        },
      },
      {
        // What of the fast tests has tables, once more, in a PostgreSQL that is started for all of them.
        test: {
          name: 'postgres',
          include: [
            'packages/server/testing/*.test.ts',
            ...(hasPostgres ? await listDatabaseTests(import.meta.dirname) : []),
          ],
          globalSetup: 'packages/server/testing/postgres-setup.ts',
          isolate: false,
          ...patience,
        },
      },
      {
        test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...patience },
      },
    ],
  },
});
