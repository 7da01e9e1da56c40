import { feedback } from "@dbintel/feedback";
import type { WatchedServer } from "../watched-server.ts";
import { serverQueries } from "./metric-catalogue.ts";
import { MetricPoll } from "./metric-poll.ts";

/** Metrics of the server as a whole. */
export function metricsPart(server: WatchedServer): void {
  const { host, next, config, watch, status } = server;
  if (next.metrics === undefined) return;
  const enabled = (definition: { readonly name: string; readonly enabled: boolean }) =>
    config.metrics[definition.name]?.enabled ?? definition.enabled;
  watch.add({
    ...{ name: "metrics", interval: config.collection_interval, source: status.connection, turn: status.turn },
    poll: new MetricPoll({ ...server, server: status, queries: serverQueries(config.statement_events), enabled }),
    intervalFactor: () => host.shared(feedback).savings.metricsIntervalFactor,
  });
}
