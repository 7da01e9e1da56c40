import { fileURLToPath } from "node:url";
import { defineConfig, mergeConfig } from "vitest/config";
import unit from "../vitest.config.ts";

export default mergeConfig(
  unit,
  defineConfig({
    root: fileURLToPath(new URL("..", import.meta.url)),
    test: {
      // Each scenario starts its own processes and measures time-outs: they take turns on the machine.
      fileParallelism: false,
      testTimeout: 120_000,
      hookTimeout: 120_000,
    },
  }),
);
