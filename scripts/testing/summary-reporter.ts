import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Reporter, TestCase, TestModule } from "vitest/node";
import type { Summary } from "./summary.ts";

/** Counts the tests of a run into the file that `DBINTEL_TEST_SUMMARY` names, for `runVitest`. */
export default class SummaryReporter implements Reporter {
  async onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): Promise<void> {
    const file = process.env.DBINTEL_TEST_SUMMARY;
    if (file === undefined) return;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify(summarise(modules, unhandledErrors.length)));
  }
}

function summarise(modules: readonly TestModule[], unhandledErrors: number): Summary {
  let passed = 0;
  let failed = unhandledErrors;
  let skipped = 0;
  const servers = new Map<string, number>();
  for (const module of modules) {
    const tests = [...module.children.allTests()];
    // A file that does not load, or a failing hook, has failed although none of its tests says so.
    if (module.state() === "failed" && !tests.some((test) => test.result().state === "failed")) failed++;
    for (const test of tests) {
      const { state } = test.result();
      if (state === "passed") passed++;
      else if (state === "failed") failed++;
      else {
        skipped++;
        const server = serverOf(test);
        if (server !== undefined) servers.set(server, (servers.get(server) ?? 0) + 1);
      }
    }
  }
  return { passed, failed, skipped, servers: [...servers].map(([server, tests]) => ({ server, tests })) };
}

/** `describePostgres` and its like end the suite's name with the server in brackets. */
function serverOf(test: TestCase): string | undefined {
  for (let parent = test.parent; parent.type === "suite"; parent = parent.parent) {
    const name = /\[([^\]]+)\]$/.exec(parent.name)?.[1];
    if (name !== undefined) return name;
  }
  return undefined;
}
