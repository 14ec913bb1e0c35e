import { defineConfig } from 'vitest/config';

// For `npm run mutation`: the pure core must be held by its own tests, not by those that run through it.
export default defineConfig({
  test: {
    include: ['test/unit/sync/**/*.test.ts'],
    setupFiles: ['test/support/fixed-seed.ts'],
    testTimeout: 20_000,
  },
});
