import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import unit from "../vitest.config.ts";

export default defineConfig({
  ...unit,
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: {
    ...unit.test,
    include: ["e2e/scenarios/**/*.test.ts"],
    globalSetup: fileURLToPath(new URL("bundle.ts", import.meta.url)),
    // Each scenario starts its own processes and measures time-outs: they take turns on the machine.
    fileParallelism: false,
  },
});
