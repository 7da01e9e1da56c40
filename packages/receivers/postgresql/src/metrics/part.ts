import { feedback } from "@dbintel/feedback";
import type { WatchedServer } from "../watched-server.ts";
import { MetricPoll } from "./metric-poll.ts";

/** Metrics of the server and its databases. */
export function metricsPart(server: WatchedServer): void {
  const { host, next, config, watch, views } = server;
  if (next.metrics === undefined) return;
  const poll = new MetricPoll({
    ...server,
    server: views,
    enabled: ({ name, enabled }) => config.metrics[name]?.enabled ?? enabled,
    enabledLabel: (name) => config.resource_attributes[name]?.enabled ?? true,
  });
  watch.add({
    ...{ name: "metrics", interval: config.collection_interval, poll },
    ...{ source: views.connection, turn: views.turn },
    intervalFactor: () => host.shared(feedback).savings.metricsIntervalFactor,
  });
}
