import { adviceEvent } from "@dbintel/watching";
import type { WatchedServer } from "../watched-server.ts";
import { AdvicePoll } from "./advice-poll.ts";

/** What could be better on the server. */
export function advicePart(server: WatchedServer): void {
  const { next, config, watch, status } = server;
  const { max_sized_tables: mostTables } = config.object_collection;
  if (next.logs === undefined || !config.events[adviceEvent].enabled || mostTables === 0) return;
  const poll = new AdvicePoll({ ...server, server: status, mostTables });
  watch.closes(poll);
  watch.add({
    ...{ name: "advice", interval: config.advice_collection.collection_interval, poll },
    ...{ source: status.connection, turn: status.turn },
  });
}
