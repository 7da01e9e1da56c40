import { answerReadings } from "@dbintel/e2e/reading-in-process";
import { type Reachable, watch } from "./watch.ts";

/** Reads the statements of a server for `readInProcess`. */
const watched = watch(JSON.parse(process.argv[2] ?? "") as Reachable, { limit: 50 });
await answerReadings({
  poll: () => watched.poll(),
  callsOf: (event) => event.number("mysql.events_statements_summary_by_digest.count_star"),
});
await watched.close();
