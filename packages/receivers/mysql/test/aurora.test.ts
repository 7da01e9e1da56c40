import type { MysqlServer } from "@dbintel/e2e/servers";
import { startMysql } from "@dbintel/e2e/servers";
import { describeMysql } from "@dbintel/e2e/servers/vitest";
import { ServerPlatform } from "@dbintel/instances";
import { createTestHost, pointsOf } from "@dbintel/pipeline/testing";
import { StatementGuards } from "@dbintel/watching";
import { afterAll, beforeAll, expect, it } from "vitest";
import { KnownServer } from "../src/connection/capabilities.ts";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { watchedDatabase } from "../src/connection/problems.ts";
import { auroraReplicasSql, ownLag } from "../src/replication/aurora-replicas.ts";
import { ReplicationPoll } from "../src/replication/replication-poll.ts";
import { replicationCollection } from "../src/replication/settings.ts";
import { never, settingsOf } from "./watch.ts";

/** No Aurora is at hand: its view is planted as a table of the columns that its documentation tells. */
describeMysql("the replicas of an Aurora cluster", () => {
  let server: MysqlServer;
  let connection: DatabaseConnection;
  beforeAll(async () => {
    server = await startMysql();
    connection = new DatabaseConnection(settingsOf(server));
    for (const sql of [
      "DROP DATABASE IF EXISTS planted",
      "CREATE DATABASE planted",
      `CREATE TABLE planted.replica_host_status (SERVER_ID varchar(100), SESSION_ID varchar(100), CPU double,
         REPLICA_LAG_IN_MILLISECONDS double, LAST_UPDATE_TIMESTAMP datetime(6))`,
      `INSERT INTO planted.replica_host_status VALUES
         ('shop-1', 'MASTER_SESSION_ID', 12, 0, UTC_TIMESTAMP(6)),
         ('shop-2', 'a5b0…', 3, 18.5, UTC_TIMESTAMP(6)),
         ('shop-3', '97c1…', 4, 2500, UTC_TIMESTAMP(6) - INTERVAL 20 SECOND),
         ('removed', '11aa…', 0, 99, UTC_TIMESTAMP(6) - INTERVAL 1 HOUR)`,
    ]) {
      await server.query(sql);
    }
  });
  afterAll(async () => {
    await connection?.close();
    await server?.query("DROP DATABASE IF EXISTS planted");
    await server?.stop();
  });

  const replicas = (ownId: string) =>
    connection.query(auroraReplicasSql({ view: "planted.replica_host_status", ownId }), [], never);

  it("are those that were heard of in the last minutes, without the writer, in seconds", async () => {
    const rows = await replicas("'shop-1'");
    expect(rows.map(({ server: name, seconds }) => [name, seconds])).toEqual([
      ["shop-2", 0.0185],
      ["shop-3", 2.5],
    ]);
    expect(ownLag(rows)).toEqual([]);
    expect(ownLag(await replicas("'shop-3'"))).toEqual([{ lag: 2.5 }]);
  });

  it("are a problem where the server has no such view, and all else of replication is told", async () => {
    const host = createTestHost();
    const context = { endpoint: "db:3306", username: "otel" };
    const guards = new StatementGuards({ host, watched: watchedDatabase(context), source: connection });
    const poll = new ReplicationPoll({
      ...{ host, context, instance: { host: "db", port: 3306, enabled: () => true } },
      server: new KnownServer(connection, new ServerPlatform("aurora")),
      ...{ settings: replicationCollection.parse({}), enabled: () => true },
    });
    const guard = guards.forPoll({ stage: undefined, timeoutMs: 30_000, signal: never });
    const { batches, problems } = await poll.poll({ signal: never, guard });
    expect(problems).toHaveLength(1);
    expect(problems?.[0]?.message).toContain("aurora_server_id");
    const names = new Set(pointsOf(batches).map(({ name }) => name));
    expect(names).toContain("mysql.replication.connected_replicas");
    expect(names).not.toContain("mysql.aurora.replica.lag");
  });
});
