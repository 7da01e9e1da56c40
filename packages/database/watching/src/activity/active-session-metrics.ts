import type { MetricsBuilder, NumberPointInit } from "@dbintel/pdata";
import { type SessionProfile, waitClassOf } from "@dbintel/waits";
import { bounded, printable } from "../bounded-text.ts";

/** Names are 63 bytes long in PostgreSQL and 64 characters in MySQL. */
const longestNameBytes = 255;
/** What stands for the wait of a session that waits for nothing. */
const computing = "CPU";

/**
 * The metrics of what was active in an interval: `db.active_sessions`, the average number of sessions by database,
 * statement and wait, with one point for each wait class that sums what is not told one by one; and
 * `db.active_sessions.share`, each wait class's part of it all. Over the points of one time both add up exactly.
 */
export function addActiveSessions(
  metrics: MetricsBuilder,
  profile: SessionProfile,
  time: { readonly startTimeUnixNano: bigint; readonly timeUnixNano: bigint },
): void {
  const points: NumberPointInit[] = profile.groups.map((group) => ({
    ...time,
    value: group.averageSessions,
    attributes: {
      "db.namespace": name(group.database),
      "db.query.id": group.queryId,
      "db.query.fingerprint": group.fingerprint,
      "db.wait.class": waitClassOf(group.category),
      "db.wait.category": group.category,
      "db.wait.event_type": name(group.eventType) ?? computing,
      "db.wait.event": name(group.event) ?? computing,
    },
  }));
  for (const [waitClass, value] of profile.others) {
    points.push({ ...time, value, attributes: { "db.query.id": "other", "db.wait.class": waitClass } });
  }
  const total = [...profile.classes.values()].reduce((sum, value) => sum + value, 0);
  const shares = [...profile.classes].map(([waitClass, value]) => ({
    ...time,
    value: value / total,
    attributes: { "db.wait.class": waitClass },
  }));
  // A point of zero tells an idle server from one that was not looked at.
  if (points.length === 0) points.push({ ...time, value: 0 });
  const description = "Sessions that are active at the same time, on average, by what they execute and wait for";
  metrics.gauge({ name: "db.active_sessions", description, unit: "{sessions}" }, points);
  if (shares.length === 0) return;
  metrics.gauge(
    { name: "db.active_sessions.share", description: "Part of the active time by wait class", unit: "1" },
    shares,
  );
}

function name(text: string): string | undefined {
  return text === "" ? undefined : printable(bounded(text, longestNameBytes));
}
