import { defineConfig } from "vitest/config";

/** Scenarios on the built command and real servers; `npm run e2e` builds first. */
export default defineConfig({
  test: {
    include: ["e2e/scenarios/**/*.test.ts"],
    pool: "forks",
    // Every scenario starts servers of its own: two at a time is what two cores carry.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
