// `npm run check`: what can be said without running the software: the checks and the house rules.
import { runChecks } from "./checks/checks.ts";
import { conclude } from "./testing/conclude.ts";
import { runVitest } from "./testing/run-vitest.ts";
import { sum } from "./testing/summary.ts";

const checks = await runChecks();
const rules = await runVitest({ name: "rules", args: ["scripts"] });
conclude(sum([checks, rules]));
