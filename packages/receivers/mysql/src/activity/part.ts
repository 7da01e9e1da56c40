import { watchActiveSessions } from "@dbintel/watching";
import type { WatchedServer } from "../watched-server.ts";
import { ActivityPoll } from "./activity-poll.ts";
import { DeadlockPoll } from "./deadlock-poll.ts";
import { querySampleEvent } from "./sample-events.ts";
import { MysqlSessionSampler } from "./session-sampler.ts";

/** What sessions do, have done, and whom they wait for. */
export function activityPart(server: WatchedServer): void {
  addSamples(server);
  addDeadlocks(server);
  const sampled = { ...server, server: server.status };
  watchActiveSessions({ ...sampled, sampler: new MysqlSessionSampler(sampled) });
}

function addSamples(server: WatchedServer): void {
  const { next, config, watch, status } = server;
  const { statement, transaction, idle_transaction: idleTransaction } = config.long_running;
  const ageLimits = { statement, transaction, idleTransaction };
  const samples = next.logs !== undefined && config.events[querySampleEvent].enabled;
  const events = samples || (next.logs !== undefined && Object.values(ageLimits).some((limit) => limit > 0));
  if (!events && next.metrics === undefined) return;
  const { collection_interval: interval, max_rows_per_query: limit } = config.query_sample_collection;
  const poll = new ActivityPoll({
    ...{ ...server, server: status, events, samples, ageLimits, limit, intervalMs: interval },
    checkpointMaxAgeMs: config.checkpoint.max_age,
  });
  const { lastLook: baseline } = poll;
  watch.add({ name: "samples", interval, poll, source: status.connection, turn: status.turn, baseline });
}

function addDeadlocks(server: WatchedServer): void {
  const { next, config, watch, status } = server;
  const { enabled, collection_interval: interval } = config.deadlocks;
  if (next.logs === undefined || !enabled) return;
  const poll = new DeadlockPoll({ ...server, server: status, checkpointMaxAgeMs: config.checkpoint.max_age });
  const { lastLook: baseline } = poll;
  watch.add({ name: "deadlocks", interval, poll, source: status.connection, turn: status.turn, baseline });
}
