import type { MetricDefinition } from "@dbintel/watching";
import type { WatchedServer } from "../watched-server.ts";
import { CanaryPoll } from "./canary-poll.ts";

/** How fast a small query is answered. */
export function canaryPart(server: WatchedServer): void {
  const { next, config, watch, status } = server;
  const { canary, metrics } = config;
  if (next.metrics === undefined || !canary.enabled) return;
  const settings = { ...canary, timeout: Math.min(canary.timeout, config.statement_timeout) };
  const enabled = ({ name, enabled: usual }: MetricDefinition) => metrics[name]?.enabled ?? usual;
  const poll = new CanaryPoll({ ...server, server: status, settings, enabled });
  const interval = canary.collection_interval;
  watch.add({ name: "canary", interval, poll, source: status.connection, turn: status.turn });
}
