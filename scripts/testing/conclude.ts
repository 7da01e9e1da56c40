import type { Summary } from "./summary.ts";
import { closingLine, unexpectedSkips } from "./summary.ts";

/** Servers that a CI installs with the dependencies. */
const required = ["PostgreSQL 18"];

/** Says what was skipped and why, prints the closing line and sets the exit code. */
export function conclude(summary: Summary): void {
  const ci = ![undefined, "", "0", "false"].includes(process.env.CI);
  console.log("");
  for (const { server, tests } of summary.servers) {
    console.log(`Skipped: ${tests} ${tests === 1 ? "test needs" : "tests need"} ${server}, which this machine lacks`);
  }
  const unexpected = unexpectedSkips(summary, { ci, required });
  for (const reason of unexpected) console.log(`Failed: ${reason}`);
  const total = { ...summary, failed: summary.failed + unexpected.length };
  console.log(closingLine(total));
  if (total.failed > 0) process.exitCode = 1;
}
