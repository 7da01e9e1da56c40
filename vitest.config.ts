import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const sourceCondition = "@dbintel/source";

export default defineConfig({
  // Packages of this workspace are tested from their source, not from a build that may be old.
  resolve: { conditions: [sourceCondition, "node"] },
  ssr: { resolve: { conditions: [sourceCondition, "node"] } },
  test: {
    include: ["packages/**/*.test.ts", "e2e/servers/**/*.test.ts", "scripts/**/*.test.ts", "quickstart/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", ".cache/**"],
    setupFiles: [fileURLToPath(new URL("scripts/testing/seed.ts", import.meta.url))],
    pool: "forks",
    // Most tests wait for a server: on two cores one file at a time would leave half of the machine idle.
    maxWorkers: 2,
    // Above the sum of what a test waits for, each of which is given up with its own words (e2e/harness/condition.ts).
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // As long as `eventually` waits: only what never comes takes it.
    expect: { poll: { timeout: 60_000 } },
    coverage: {
      provider: "v8",
      include: ["packages/**/src/**/*.ts"],
      exclude: ["**/*.test.ts", "**/testing/**"],
      reporter: ["text-summary", "json-summary"],
      reportOnFailure: true,
    },
  },
});
