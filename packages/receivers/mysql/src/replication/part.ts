import type { MetricDefinition } from "@dbintel/watching";
import type { WatchedServer } from "../watched-server.ts";
import { replicationEvent } from "./replication-events.ts";
import { ReplicationPoll } from "./replication-poll.ts";

/** What the server is to others, as their replica, their source or a member of their group. */
export function replicationPart(server: WatchedServer): void {
  const { next, config, watch, status } = server;
  const { replication_collection: settings, metrics } = config;
  if (!settings.enabled || (next.metrics === undefined && next.logs === undefined)) return;
  const enabled = ({ name, enabled: usual }: MetricDefinition) => metrics[name]?.enabled ?? usual;
  const events = config.events[replicationEvent].enabled;
  const { max_age: checkpointMaxAgeMs } = config.checkpoint;
  const poll = new ReplicationPoll({ ...server, server: status, settings, enabled, events, checkpointMaxAgeMs });
  const interval = settings.collection_interval;
  watch.add({
    name: "replication",
    interval,
    poll,
    source: status.connection,
    turn: status.turn,
    baseline: poll.lastLook,
  });
}
