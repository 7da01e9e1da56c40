import type { WatchedServer } from "../watched-server.ts";
import { VisitPoll } from "./visit-poll.ts";

/** From one round of visits to the next: databases are reached at the intervals of the errands. */
const roundIntervalMs = 10_000;

/** Does the errands of the other parts inside each database; after them in the list. */
export function visitsPart(server: WatchedServer): void {
  const { watch, visits, views, errands } = server;
  if (errands.length === 0) return;
  const poll = new VisitPoll({ ...server, server: views, intervalMs: roundIntervalMs });
  watch.add({ name: "visits", interval: roundIntervalMs, poll, source: visits, forget: () => poll.forget() });
}
