import { defineConfig } from 'vitest/config';

// For `npm run mutation`: the pure core must be held by its own tests, not by those that run through it. For other parts
// S4_MUTATION_TESTS names the tests, with commas: the slow ones (crashes at each step) would take minutes a mutant.
const tests = process.env['S4_MUTATION_TESTS'] ?? 'test/unit/sync/**/*.test.ts';

export default defineConfig({
  test: {
    include: tests.split(','),
    setupFiles: ['test/support/fixed-seed.ts'],
    testTimeout: 60_000,
    // Nothing here has module state: each file of tests need not load all modules anew for each mutant.
    isolate: false,
  },
});
