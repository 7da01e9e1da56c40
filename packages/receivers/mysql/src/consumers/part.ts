import type { WatchedServer } from "../watched-server.ts";
import { ConsumerPoll } from "./consumer-poll.ts";

/** Turns on what the other parts read from, where the configuration permits it. */
export function consumersPart(server: WatchedServer): void {
  const { config, watch, status } = server;
  const { enable, check_interval: interval } = config.consumers;
  if (!enable) return;
  const poll = new ConsumerPoll({ ...server, server: status });
  watch.add({ name: "consumers", interval, poll, source: status.connection, turn: status.turn });
}
