import type { MetricDefinition } from "@dbintel/watching";
import type { WatchedServer } from "../watched-server.ts";
import { objectMetrics } from "./catalogue.ts";
import { ObjectPoll } from "./object-poll.ts";

/** Tables and indexes. */
export function objectsPart(server: WatchedServer): void {
  const { next, config, watch, status } = server;
  const { object_collection: settings, metrics } = config;
  const enabled = ({ name, enabled: usual }: MetricDefinition) => metrics[name]?.enabled ?? usual;
  if (next.metrics === undefined || !settings.enabled || !objectMetrics.some(enabled)) return;
  const poll = new ObjectPoll({ ...server, server: status, settings, enabled });
  const interval = settings.collection_interval;
  watch.add({
    name: "objects",
    interval,
    poll,
    source: status.connection,
    turn: status.turn,
    forget: () => poll.forget(),
  });
  watch.closes(poll);
}
