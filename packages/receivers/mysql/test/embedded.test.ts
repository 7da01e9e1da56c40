import { eventually } from "@dbintel/e2e/condition";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeMysql } from "@dbintel/e2e/servers/vitest";
import { createPipeline } from "@dbintel/pipeline";
import { Sink } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { mysql } from "../src/index.ts";

const username = "embedded";
const password = "embedded-password-1";

/** On a server whose user nobody else logs in as. */
function receiverSuite(start: () => Promise<MysqlServer>): void {
  it("tells callbacks, and leaves no session behind when it is stopped", async () => {
    await using server = await start();
    await server.query(`CREATE USER ${username}@'%' IDENTIFIED BY '${password}'`);
    await server.query(`GRANT PROCESS, SELECT ON *.* TO ${username}@'%'`);
    const [metrics, logs] = [new Sink<"metrics">(), new Sink<"logs">()];
    const login = { endpoint: `${server.host}:${server.port}`, username, password, tls: { insecure: true } };
    const pipeline = createPipeline({
      receivers: [mysql({ ...login, collection_interval: "1s", initial_delay: "10ms" })],
      exporter: { metrics, logs },
    });
    await pipeline.start();
    const names = () => metrics.batches.flatMap((batch) => Array.from(batch.metrics(), ({ name }) => name));
    await eventually("metrics arrive", () => names().includes("mysql.uptime") || undefined);
    expect(await pipeline.stop()).toEqual([]);
    const [receiver] = pipeline.accounting().filter(({ id }) => id === "mysql");
    const { sent, held, refused } = receiver?.ledger.of("metrics") ?? {};
    expect({ sent, held, refused }).toEqual({ sent: metrics.items, held: 0, refused: 0 });
    const ours = `SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE USER = '${username}'`;
    await eventually("no session is left", async () => {
      const [row] = await server.query(ours);
      return Number(row?.n) === 0 || undefined;
    });
    await server.query(`DROP USER ${username}@'%'`);
  });
}

describeMysql("the receiver in an application", () => receiverSuite(startMysql));
describeMariadb("the receiver in an application", () => receiverSuite(startMariadb));
