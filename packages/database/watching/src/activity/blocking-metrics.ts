import type { AttributesInit, MetricsBuilder } from "@dbintel/pdata";
import type { BlockedSeries, BlockedTime } from "@dbintel/waits";
import { bounded, printable } from "../bounded-text.ts";

const longestNameBytes = 255;

/**
 * The metrics of who holds others up: `db.blocking.time`, a counter of the seconds that sessions have lost to each
 * statement at the root of a blocking tree, and `db.blocking.sessions`, how many wait for it now.
 */
export function addBlocking(metrics: MetricsBuilder, blocked: BlockedTime, clockMicros: bigint): void {
  const timeUnixNano = clockMicros * 1000n;
  const series = [...blocked.series.values()].map((each) => ({ ...each, attributes: attributesOf(each) }));
  if (blocked.others !== undefined) series.push({ ...blocked.others, attributes: { "db.query.id": "other" } });
  const waiting = series.filter(({ sessions }) => sessions > 0);
  metrics.gauge(
    {
      name: "db.blocking.sessions",
      description: "Sessions that wait for others, by the statement that holds them up",
      unit: "{sessions}",
    },
    waiting.length === 0
      ? [{ timeUnixNano, value: 0n }]
      : waiting.map(({ attributes, sessions }) => ({ timeUnixNano, attributes, value: BigInt(sessions) })),
  );
  if (series.length === 0) return;
  metrics.sum(
    {
      name: "db.blocking.time",
      description: "Time that sessions have waited for others, by the statement that held them up",
      unit: "s",
      monotonic: true,
      temporality: "cumulative",
    },
    series.map(({ attributes, seconds, sinceMicros }) => ({
      timeUnixNano,
      startTimeUnixNano: sinceMicros * 1000n,
      attributes,
      value: seconds,
    })),
  );
}

function attributesOf({ database, queryId, fingerprint }: BlockedSeries): AttributesInit {
  return {
    "db.namespace": database === "" ? undefined : printable(bounded(database, longestNameBytes)),
    "db.query.id": queryId,
    "db.query.fingerprint": fingerprint,
  };
}
