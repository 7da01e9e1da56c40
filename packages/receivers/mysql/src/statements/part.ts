import { KnownServer } from "../connection/capabilities.ts";
import { DatabaseConnection } from "../connection/connection.ts";
import { planCollector } from "../plans/part.ts";
import type { WatchedServer } from "../watched-server.ts";
import { StatementLatency } from "./latency/latency.ts";
import { PreparedStatements } from "./prepared/prepared-statements.ts";
import { StatementPoll } from "./statement-poll.ts";
import { StatementSource } from "./statement-source.ts";
import { topQueryEvent } from "./top-query-events.ts";

/** What statements did in each interval, with the plans of the top ones; over a session of its own. */
export function statementsPart(server: WatchedServer): void {
  const { host, next, config, watch, settings, platform } = server;
  if (next.logs === undefined || !config.events[topQueryEvent].enabled) return;
  const {
    collection_interval: interval,
    top_query_count: limit,
    max_latency_histograms: histograms,
  } = config.top_query_collection;
  const connection = new DatabaseConnection(settings);
  watch.closes(connection);
  const source = new StatementSource(new KnownServer(connection, platform), host.clock);
  const poll = new StatementPoll({
    ...server,
    source,
    plans: planCollector(server),
    prepared: new PreparedStatements({ ...server, limit }),
    latency: histograms === 0 ? undefined : new StatementLatency({ ...server, limit: histograms }),
    limit,
    checkpointMaxAgeMs: config.checkpoint.max_age,
  });
  watch.add({
    name: "statements",
    interval,
    source: connection,
    poll,
    baseline: poll.baseline,
  });
}
