import { adviceEvent } from "@dbintel/watching";
import type { WatchedServer } from "../watched-server.ts";
import { AdviceErrand } from "./advice-errand.ts";
import { MissingIndexErrand } from "./missing-index-errand.ts";

/** What could be better in the databases and on the server. */
export function advicePart({ host, next, config, watch, errands, context, scans }: WatchedServer): void {
  if (next.logs === undefined || !config.events[adviceEvent].enabled) return;
  const { collection_interval: intervalMs } = config.advice_collection;
  const options = { host, intervalMs, endpoint: context.endpoint, scans };
  for (const errand of [new AdviceErrand(options), new MissingIndexErrand(options)]) {
    watch.closes(errand);
    errands.push(errand);
  }
}
