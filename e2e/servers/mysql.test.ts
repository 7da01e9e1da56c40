import type { RowDataPacket } from "mysql2/promise";
import { afterEach, expect, test, vi } from "vitest";
import { startMariadb, startMysql } from "./index.ts";
import { describeMariadb, describeOwnMysql } from "./vitest.ts";

type Row = RowDataPacket & { readonly value: unknown };

describeOwnMysql("the launcher", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test("starts a server with performance_schema that takes settings and keeps port and data over a restart", async () => {
    await using server = await startMysql({ settings: { "max-connections": 20 } });
    expect(server.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(server.version).not.toContain("MariaDB");
    expect(await server.query<Row>("SELECT @@performance_schema AS value")).toEqual([{ value: 1 }]);
    const { port } = server;
    await server.query("CREATE DATABASE kept");
    await server.restart({ "performance-schema-digests-size": 50 });
    expect(server.port).toBe(port);
    const settings = "SELECT concat(@@max_connections, ' ', @@performance_schema_digests_size) AS value";
    expect(await server.query<Row>(settings, [], { database: "kept" })).toEqual([{ value: "20 50" }]);
    await expect(server.connect({ password: "wrong" })).rejects.toThrow("Access denied");

    vi.stubEnv("DBINTEL_TEST_MYSQL_URL", `mysql://${server.superuser}:${server.password}@127.0.0.1:${port}`);
    const running = await startMysql();
    await running.stop();
    expect(running.version).toBe(server.version);
    expect(await running.query<Row>("SELECT 1 AS value")).toEqual([{ value: 1 }]);
    await server.stop();
    await server.stop();
  });
});

describeMariadb("the launcher of MySQL", () => {
  test("takes no MariaDB that runs already for one", async () => {
    await using mariadb = await startMariadb();
    const { superuser, password, host, port } = mariadb;
    vi.stubEnv("DBINTEL_TEST_MYSQL_URL", `mysql://${superuser}:${password}@${host}:${port}`);
    await expect(startMysql()).rejects.toThrow(/DBINTEL_TEST_MYSQL_URL leads to .*MariaDB.*: name a MySQL there/);
    vi.unstubAllEnvs();
  });
});
