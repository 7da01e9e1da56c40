import { answerReadings } from "@dbintel/e2e/reading-in-process";
import { type Reachable, watchStatements } from "./watch.ts";

/** Reads the statements of a server for `readInProcess`. */
const watch = watchStatements(JSON.parse(process.argv[2] ?? "") as Reachable, { limit: 50 });
await answerReadings({ poll: () => watch.poll(), callsOf: (event) => event.number("postgresql.calls") });
await watch.close();
