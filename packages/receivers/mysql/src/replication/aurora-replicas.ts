import { type MetricDefinition, number, type Row, single } from "@dbintel/watching";

/** What Aurora tells of the replicas that read the storage of its cluster: they have no channel, and no binary log. */
export const auroraMetrics: readonly MetricDefinition[] = [
  single(
    {
      ...{ name: "mysql.aurora.replica.lag", unit: "s", type: "gauge", number: "double", enabled: true },
      description: "How far a replica of the Aurora cluster is behind its writer, as Aurora sees it",
    },
    "seconds",
  ),
];

export const auroraLabels = { "mysql.aurora.server": "server" } as const;

/** An Aurora cluster has 15 replicas at most. */
const mostReplicas = 100;
/** A replica that was removed stays in the view: what has not been heard of for so long is left out. */
const freshSeconds = 300;

/**
 * The replicas of the cluster, `own` for the one that is asked. As Amazon's "Aurora MySQL information_schema tables" and its
 * drivers describe the view: the writer's session is called MASTER_SESSION_ID. How fresh a row is goes by the freshest
 * one, so that time zones do not matter.
 */
export function auroraReplicasSql({
  view = "information_schema.replica_host_status",
  ownId = "@@aurora_server_id",
}: {
  readonly view?: string;
  readonly ownId?: string;
} = {}): string {
  return `SELECT SERVER_ID AS server, REPLICA_LAG_IN_MILLISECONDS / 1000 AS seconds, SERVER_ID = ${ownId} AS own
            FROM ${view}
           WHERE SESSION_ID <> 'MASTER_SESSION_ID'
             AND LAST_UPDATE_TIMESTAMP >= (SELECT MAX(LAST_UPDATE_TIMESTAMP) FROM ${view}) - INTERVAL ${freshSeconds} SECOND
           ORDER BY SERVER_ID LIMIT ${mostReplicas}`;
}

/** The row of the replica that was asked, for `mysql.replica.lag`; none from the writer. */
export function ownLag(replicas: readonly Row[]): readonly Row[] {
  return replicas.filter((row) => number(row, "own") === 1).map(({ seconds = null }) => ({ lag: seconds }));
}
