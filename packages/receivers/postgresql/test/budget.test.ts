import { budgetSuite } from "@dbintel/e2e/budget-suite";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import type { ServerSessions } from "@dbintel/watching";
import { afterAll, beforeAll } from "vitest";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { watchedDatabase } from "../src/connection/problems.ts";
import { never, settingsOf } from "./watch.ts";

describePostgres(18, "a server that the collector would cost more than its budget", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  function connect(sessions: ServerSessions) {
    const connection = new DatabaseConnection({ ...settingsOf(server), sessions }, "postgres");
    const spend = async (seconds: number) => {
      await connection.query("SELECT 1", [], never);
      await connection.query("SELECT pg_sleep($1)", [seconds], never);
    };
    return Object.assign(connection, { spend });
  }

  budgetSuite(() => {
    const endpoint = `${server.host}:${server.port}`;
    return { connect, watched: watchedDatabase({ endpoint, username: server.superuser, database: "postgres" }) };
  });
});
