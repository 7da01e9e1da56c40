import type { Summary } from "../testing/summary.ts";
import { nothing } from "../testing/summary.ts";
import { lintPackages } from "./packages.ts";
import type { Outcome } from "./program.ts";
import { tool } from "./program.ts";
import { checkReadmeExamples } from "./readme-examples.ts";
import { checkSettingsTables } from "./settings-tables.ts";

/** Something that must hold for every commit beside the tests. */
interface Check {
  readonly name: string;
  run(): Promise<Outcome>;
}

const checks: readonly Check[] = [
  { name: "types", run: () => tool("typescript/bin/tsc", ["-p", "tsconfig.check.json"]) },
  {
    name: "format and lint",
    run: () => tool("@biomejs/biome/bin/biome", ["ci", "--error-on-warnings", "--colors=off"]),
  },
  { name: "lint with types", run: () => tool("oxlint/bin/oxlint") },
  { name: "unused code", run: () => tool("knip/bin/knip.js", ["--no-progress", "--no-config-hints"]) },
  { name: "packages to publish", run: lintPackages },
  { name: "settings tables", run: checkSettingsTables },
  { name: "README examples", run: checkReadmeExamples },
];

/** Runs them one after the other, printing a line for each and the output of those that fail. */
export async function runChecks(): Promise<Summary> {
  let failed = 0;
  for (const check of checks) {
    const startedMs = performance.now();
    const { code, output } = await check.run();
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    console.log(`${code === 0 ? "ok    " : "FAILED"} ${check.name} (${seconds} s)`);
    if (code === 0) continue;
    failed++;
    console.log(output.trimEnd().replaceAll(/^/gm, "       "));
  }
  return { ...nothing, passed: checks.length - failed, failed };
}
