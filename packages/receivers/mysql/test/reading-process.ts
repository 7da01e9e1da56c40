import { answerReadings } from "@dbintel/e2e/reading-in-process";
import { breakers, defaultBreakerSettings } from "@dbintel/guard";
import { createTestHost } from "@dbintel/pipeline/testing";
import { type Reachable, watch } from "./watch.ts";

/** Reads the statements of a server for `readInProcess`. */
const server = JSON.parse(process.argv[2] ?? "") as Reachable;
const host = createTestHost();
// A busy machine reads so many longer than a server is usually given.
const patient = { ...defaultBreakerSettings, baseTimeoutMs: defaultBreakerSettings.maxTimeoutMs };
host.shared(breakers).configure(`${server.host}:${server.port}`, patient);
const watched = watch(server, { host, limit: 50 });
await answerReadings({
  poll: () => watched.poll(),
  callsOf: (event) => event.number("mysql.events_statements_summary_by_digest.count_star"),
});
await watched.close();
