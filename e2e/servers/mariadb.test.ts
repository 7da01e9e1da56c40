import type { RowDataPacket } from "mysql2/promise";
import { expect, test } from "vitest";
import { startMariadb } from "./index.ts";
import { describeMariadb } from "./vitest.ts";

describeMariadb("the launcher", () => {
  test("starts a server with performance_schema that answers queries, and stops twice", async () => {
    await using server = await startMariadb();
    expect(server.version).toContain("MariaDB");
    const connection = await server.connect();
    const [rows] = await connection.query<RowDataPacket[]>("SELECT @@performance_schema AS enabled");
    await connection.end();
    expect(rows).toEqual([{ enabled: 1 }]);
    await server.stop();
  });
});
