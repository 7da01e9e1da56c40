import type { WatchedServer } from "../watched-server.ts";
import { AdviceErrand } from "./advice-errand.ts";
import { adviceEvent } from "./advice-events.ts";

/** What could be better in the databases and on the server. */
export function advicePart({ host, next, config, watch, errands, context }: WatchedServer): void {
  if (next.logs === undefined || !config.events[adviceEvent].enabled) return;
  const { collection_interval: intervalMs } = config.advice_collection;
  const errand = new AdviceErrand({ host, intervalMs, endpoint: context.endpoint });
  watch.closes(errand);
  errands.push(errand);
}
