import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { classifyError } from "@dbintel/guard";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { databaseProblem } from "../src/connection/problems.ts";
import { never, settingsOf } from "./watch.ts";

function suite(start: () => Promise<MysqlServer>) {
  let server: MysqlServer;
  beforeAll(async () => {
    server = await start();
    await server.query("CREATE USER 'dbintel'@'%' IDENTIFIED BY 'secret'");
  });
  afterAll(() => server?.stop());

  it.each([
    ["MAX_USER_CONNECTIONS 1", "MAX_USER_CONNECTIONS 5"],
    ["MAX_CONNECTIONS_PER_HOUR 1", "MAX_CONNECTIONS_PER_HOUR 0"],
    ["MAX_QUERIES_PER_HOUR 5", "MAX_QUERIES_PER_HOUR 0"],
  ])("that is %s is told with the statement that raises it", async (limit, repaired) => {
    const none = "MAX_USER_CONNECTIONS 0 MAX_CONNECTIONS_PER_HOUR 0 MAX_QUERIES_PER_HOUR 0";
    await server.query(`ALTER USER 'dbintel'@'%' WITH ${none} ${limit}`);
    await server.query("FLUSH USER_RESOURCES");
    const { host, port } = server;
    const settings = settingsOf({ host, port, superuser: "dbintel", password: "secret" });
    const connections = [new DatabaseConnection(settings), new DatabaseConnection(settings)];
    const ask = async () => {
      for (const connection of connections) for (let query = 0; query < 5; query++) await connection.ping(never);
    };
    const error = await ask().catch((reason: unknown) => reason);
    for (const connection of connections) await connection.close();
    const problem = databaseProblem(error, { endpoint: "db:3306", username: "dbintel" });
    expect(problem).toMatchObject({ code: "DBI_DATABASE_UNREACHABLE", retryable: true });
    expect(problem.hint).toBe(`run as an administrator: ALTER USER 'dbintel'@'%' WITH ${repaired};`);
    // The polls that cost most are left out first, and nobody is in a hurry to try again.
    expect(classifyError(problem)).toBe("overload");
    const [, statement = ""] = /: (ALTER USER .*);$/.exec(problem.hint ?? "") ?? [];
    await server.query(statement);
  });
}

describeOwnMysql("a limit of the account", () => suite(() => startMysql({ own: true })));
describeMariadb("a limit of the account", () => suite(startMariadb));
