import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { repository } from "../checks/program.ts";
import type { Summary } from "./summary.ts";
import { nothing } from "./summary.ts";

/** Runs vitest with its output on the terminal and returns the counts. A vitest that fails by itself counts as one. */
export async function runVitest(options: {
  readonly name: string;
  readonly args: readonly string[];
}): Promise<Summary> {
  const file = join(repository, ".cache/test", `${options.name}.json`);
  await rm(file, { force: true });
  const args = [
    "node_modules/vitest/vitest.mjs",
    "run",
    "--reporter=default",
    "--reporter=./scripts/testing/summary-reporter.ts",
  ];
  const child = spawn(process.execPath, [...args, ...options.args], {
    cwd: repository,
    stdio: "inherit",
    env: { ...process.env, DBINTEL_TEST_SUMMARY: file },
  });
  const [code] = await once(child, "close");
  const summary = await readFile(file, "utf8").then(
    (text) => JSON.parse(text) as Summary,
    () => nothing,
  );
  return code !== 0 && summary.failed === 0 ? { ...summary, failed: 1 } : summary;
}
