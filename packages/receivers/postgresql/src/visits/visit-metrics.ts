import type { MetricsBuilder } from "@dbintel/pdata";
import type { ErrandLag } from "./visit-schedule.ts";

/** Tells how far the visits are behind, so that an interval that is not kept is seen. */
export function addVisitMetrics(metrics: MetricsBuilder, lags: readonly ErrandLag[], timeUnixNano: bigint): void {
  const points = (value: (lag: ErrandLag) => bigint | number) =>
    lags.map((lag) => ({ attributes: { errand: lag.errand }, timeUnixNano, value: value(lag) }));
  metrics.gauge(
    {
      name: "dbintel.postgresql.visit.lag",
      description: "By how much the database that waits longest to be visited is overdue",
      unit: "s",
    },
    points(({ lagMs }) => lagMs / 1000),
  );
  metrics.gauge(
    {
      name: "dbintel.postgresql.visit.pending",
      description: "Databases whose turn to be visited has come and that were not reached yet",
      unit: "{databases}",
    },
    points(({ pending }) => BigInt(pending)),
  );
}
