import { RelationNames } from "../activity/relation-names.ts";
import type { WatchedServer } from "../watched-server.ts";
import { LogPoll } from "./log-poll.ts";

/** What the server's log tells: deadlocks, plans of auto_explain, errors, and what else nobody sees in a view. */
export function logsPart(server: WatchedServer): void {
  const { host, next, config, watch, views, visits } = server;
  const { enabled, collection_interval: interval, path, max_bytes_per_interval: mostBytes } = config.log_collection;
  if (enabled === false || (next.logs === undefined && next.metrics === undefined)) return;
  const names = new RelationNames({ clock: host.clock, visits });
  const required = enabled === true || path !== undefined;
  const { max_age: checkpointMaxAgeMs } = config.checkpoint;
  const poll = new LogPoll({ ...server, server: views, names, required, path, mostBytes, checkpointMaxAgeMs });
  watch.add({ name: "log", interval, poll, source: views.connection, turn: views.turn, baseline: poll.place });
}
