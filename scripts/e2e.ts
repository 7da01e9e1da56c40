// `npm run test:e2e`: the scenarios on the built command, one after the other.
import { conclude } from "./testing/conclude.ts";
import { runVitest } from "./testing/run-vitest.ts";

conclude(await runVitest({ name: "e2e", args: ["--config", "e2e/vitest.config.ts", ...process.argv.slice(2)] }));
