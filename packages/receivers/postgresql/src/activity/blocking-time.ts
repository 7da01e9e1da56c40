import { fingerprintSql } from "@dbintel/sql";
import type { BlockedIncrement, BlockingForest } from "@dbintel/waits";
import type { Session } from "./session.ts";

/** What the sessions behind each root of a blocking tree have waited since the last look. */
export function blockedSince(args: {
  readonly forest: BlockingForest;
  readonly byPid: ReadonlyMap<number, Session>;
  /** How long ago the last look was, in seconds; 0 at the first. */
  readonly elapsedSeconds: number;
  /** Whether what belongs to this database is reported. */
  readonly reportsDatabase: (name: string) => boolean;
}): readonly BlockedIncrement[] {
  const { forest, byPid, elapsedSeconds, reportsDatabase } = args;
  const increments: BlockedIncrement[] = [];
  for (const { root, seconds } of forest.blocked.values()) {
    const session = byPid.get(Number(root));
    if (session?.database !== undefined && !reportsDatabase(session.database)) continue;
    const queryId = session?.queryId?.toString();
    increments.push({
      database: session?.database ?? "",
      queryId,
      fingerprint:
        session === undefined || queryId !== undefined ? undefined : fingerprintSql(session.query, "postgresql"),
      sessions: 1,
      seconds: Math.min(seconds, elapsedSeconds),
    });
  }
  return increments;
}
