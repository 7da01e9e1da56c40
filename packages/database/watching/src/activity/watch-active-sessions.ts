import type { Consumers, Host } from "@dbintel/pipeline";
import type { z } from "zod";
import type { GuardedSource } from "../guarded-poll.ts";
import type { PollList } from "../server-watch.ts";
import type { Turn } from "../turn.ts";
import { ActiveSessionPoll, type SessionSampler } from "./active-session-poll.ts";
import type { activeSessionSettings } from "./activity-settings.ts";

/** Has the load of a server sampled, where the configuration wants it and somebody takes metrics. */
export function watchActiveSessions(args: {
  readonly host: Host;
  readonly next: Consumers;
  readonly watch: PollList;
  readonly config: {
    readonly active_sessions: z.output<typeof activeSessionSettings>;
    readonly collection_interval: number;
    readonly timeout: number;
  };
  /** The session that is asked, and whose turn it is there. */
  readonly server: { readonly connection: GuardedSource; readonly turn: Turn };
  readonly sampler: SessionSampler;
}): void {
  const { host, next, watch, config, server, sampler } = args;
  const { enabled, collection_interval: interval, max_series: limit, max_cost: mostShare } = config.active_sessions;
  if (next.metrics === undefined || !enabled) return;
  const reportMs = Math.max(interval, config.collection_interval);
  const poll = new ActiveSessionPoll({ host, sampler, intervalMs: interval, reportMs, mostShare, limit });
  watch.add({
    ...{ name: "active_sessions", interval, poll, source: server.connection, turn: server.turn },
    // Another poll may have its turn: that is no failure of this one.
    timeout: Math.max(interval, config.timeout || config.collection_interval),
    intervalFactor: () => poll.intervalFactor,
    forget: () => poll.forget(),
  });
}
