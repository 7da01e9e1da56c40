import { watchActiveSessions } from "@dbintel/watching";
import type { WatchedServer } from "../watched-server.ts";
import { ActivityPoll } from "./activity-poll.ts";
import { querySampleEvent } from "./sample-events.ts";
import { PostgresqlSessionSampler } from "./session-sampler.ts";

/** What sessions do and whom they wait for, one by one and on average. */
export function activityPart(server: WatchedServer): void {
  addSessions(server);
  const sampled = { ...server, server: server.views };
  watchActiveSessions({ ...sampled, sampler: new PostgresqlSessionSampler(sampled) });
}

function addSessions(server: WatchedServer): void {
  const { next, config, watch, views } = server;
  const { statement, transaction, idle_transaction, prepared_transaction } = config.long_running;
  const ageLimits = {
    statement,
    transaction,
    idleTransaction: idle_transaction,
    preparedTransaction: prepared_transaction,
  };
  const samples = next.logs !== undefined && config.events[querySampleEvent].enabled;
  const events = samples || (next.logs !== undefined && Object.values(ageLimits).some((limit) => limit > 0));
  if (!events && next.metrics === undefined) return;
  const { collection_interval: interval, max_rows_per_query: limit } = config.query_sample_collection;
  const poll = new ActivityPoll({
    ...{ ...server, server: views, samples, ageLimits, limit, intervalMs: interval },
    checkpointMaxAgeMs: config.checkpoint.max_age,
  });
  const { lastLook: baseline } = poll;
  watch.add({ name: "samples", interval, poll, source: views.connection, turn: views.turn, baseline });
}
