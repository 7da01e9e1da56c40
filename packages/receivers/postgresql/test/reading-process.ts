import { createInterface } from "node:readline";
import { systemClock } from "@dbintel/pipeline";
import { eventsOf } from "@dbintel/pipeline/testing";
import { type Reachable, watchStatements } from "./watch.ts";

/*
 * A process that does nothing but read the statements of a server, so that what it takes of memory is the collector's:
 * polls once for each line of its input, and answers with a line of JSON.
 */
const place = JSON.parse(process.argv[2] ?? "") as Reachable;
const watch = watchStatements(place, { limit: 50 });
for await (const line of createInterface({ input: process.stdin })) {
  const startedMs = systemClock.monotonicMs();
  const { batches, problems } = await watch.poll();
  const tookMs = systemClock.monotonicMs() - startedMs;
  const counted = eventsOf(batches).filter((event) => event.text("db.namespace") === line);
  const calls = counted.reduce((sum, event) => sum + event.number("postgresql.calls"), 0);
  const texts = counted.map((event) => event.text("db.query.text"));
  globalThis.gc?.();
  const { rss } = process.memoryUsage();
  const answer = { calls, texts, rss, peak: 1024 * process.resourceUsage().maxRSS, tookMs, problems };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await watch.close();
