import { defineConfig } from 'vitest/config';

// Lanes: `unit` and `e2e` need only Node; `s3` needs real servers and says loudly when one is missing.
export default defineConfig({
  test: {
    // All cores: many tests wait for the disk, for a child process or for a timer. The default leaves one out, of two.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.{ts,tsx}', 'test/contract/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 } },
      {
        test: {
          name: 'tty',
          include: ['test/tty/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      // Chance decides what it meets, so it is run by hand and before releases, and does not gate a change.
      { test: { name: 'torture', include: ['test/torture/**/*.test.ts'], fileParallelism: false } },
      {
        test: {
          name: 's3',
          include: ['test/s3/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
    coverage: { provider: 'v8', include: ['src/**'] },
  },
});
