import { budgetSuite } from "@dbintel/e2e/budget-suite";
import { eventually } from "@dbintel/e2e/condition";
import { RunningClock } from "@dbintel/e2e/running-clock";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeMysql } from "@dbintel/e2e/servers/vitest";
import { createTestHost, Sink } from "@dbintel/pipeline/testing";
import type { ServerSessions } from "@dbintel/watching";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { watchedDatabase } from "../src/connection/problems.ts";
import { mysql } from "../src/index.ts";
import { never, settingsOf } from "./watch.ts";

const servers = [
  { suite: describeMysql, start: () => startMysql() },
  { suite: describeMariadb, start: () => startMariadb() },
] as const;

for (const { suite, start } of servers) {
  suite("a server that the collector would cost more than its budget", () => {
    let server: MysqlServer;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server?.stop());

    function connect(sessions: ServerSessions) {
      const connection = new DatabaseConnection({ ...settingsOf(server), sessions });
      const spend = async (seconds: number) => {
        await connection.ping(never);
        await connection.query("SELECT SLEEP(?)", [seconds], never);
      };
      return Object.assign(connection, { spend });
    }

    budgetSuite(() => {
      const endpoint = `${server.host}:${server.port}`;
      return { connect, watched: watchedDatabase({ endpoint, username: server.superuser }) };
    });

    it("costs what budget.max_database_share says", async () => {
      const clock = new RunningClock();
      const host = createTestHost({ clock });
      const { definition, config } = mysql({
        ...{ endpoint: `${server.host}:${server.port}`, username: server.superuser, password: server.password },
        // No machine answers so fast.
        ...{ tls: { insecure: true }, initial_delay: "0s", timeout: "1h", budget: { max_database_share: "0.001%" } },
      });
      const next = { metrics: new Sink<"metrics">(), logs: new Sink<"logs">() };
      const receiver = definition.create({ id: "mysql", config, host, next });
      await receiver.start({ signal: never });
      const [step] = await eventually("a poll becomes rarer", async () => {
        await clock.advance(1000);
        const steps = host.lines.filter(({ message }) => message.includes("times as rarely"));
        return steps.length > 0 ? steps : undefined;
      });
      await receiver.stop({ signal: never });
      expect(step).toMatchObject({ level: "warn", fields: { from: 1, to: 1.5, budget: "0.001%" } });
    });
  });
}
