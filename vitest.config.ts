import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';

const require = createRequire(import.meta.url);
const report = process.env.TEST_REPORT;

export default defineConfig({
  // graphql's ESM and CommonJS entries are two copies, and each refuses a schema of the other.
  resolve: { alias: [{ find: /^graphql$/, replacement: require.resolve('graphql') }] },
  test: {
    include: ['{src,test,scripts,bench,packages}/**/*.test.ts'],
    globalSetup: ['test/support/servers/global-setup.ts'],
    // Linked into node_modules: as a second copy inside the tests its errors would be of another class.
    server: { deps: { external: [/\/vendor\/postgres\//] } },
    maxWorkers: 2,
    // Waits are for conditions; this ends a test that hangs, also on a machine that is busy with something else.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // For the same reason. A check that something happens soon names its own limit.
    expect: { poll: { timeout: 25_000 } },
    // A test that fails only sometimes is a finding.
    retry: 0,
    // For a program that counts the results.
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
});
