// `npm test`: the checks, then every unit, contract and integration test with coverage.
// With arguments (`npm test -- packages/core/pdata`) only the tests of those paths.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runChecks } from "./checks/checks.ts";
import { repository } from "./checks/program.ts";
import { conclude } from "./testing/conclude.ts";
import { runVitest } from "./testing/run-vitest.ts";
import { sum } from "./testing/summary.ts";

const paths = process.argv.slice(2);
if (paths.length > 0) {
  conclude(await runVitest({ name: "tests", args: paths }));
} else {
  const checks = await runChecks();
  const tests = await runVitest({ name: "tests", args: ["--coverage"] });
  await printCoverage();
  conclude(sum([checks, tests]));
}

async function printCoverage(): Promise<void> {
  const text = await readFile(join(repository, "coverage/coverage-summary.json"), "utf8").catch(() => undefined);
  if (text === undefined) return;
  const { total } = JSON.parse(text) as { total: { lines: { pct: number; covered: number; total: number } } };
  console.log(`\nCoverage: ${total.lines.pct} % of lines in packages (${total.lines.covered} of ${total.lines.total})`);
}
