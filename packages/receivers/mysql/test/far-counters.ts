import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { MysqlServer } from "@dbintel/e2e/servers";
import type { RowDataPacket } from "mysql2/promise";

const summary = "performance_schema.events_statements_summary_by_digest";
/** As long as the other, so that a statement with it in it has the same length. */
const shifted = "performance_schemb.events_statements_summary_by_digest";

const end = 2n ** 64n;
const [schema = ""] = shifted.split(".");

/** The server behind a proxy that has its summary of statements read from a view. */
export async function summaryView(server: MysqlServer, select: (summary: string) => string) {
  await server.query(`CREATE DATABASE ${schema}`);
  await server.query(`CREATE TABLE ${schema}.shift AS SELECT CAST(0 AS DECIMAL(40)) AS picoseconds`);
  await server.query(`CREATE VIEW ${shifted} AS ${select(summary)}`);
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const upstream = connect(server.port, server.host);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.on("data", (bytes) => upstream.write(bytes.toString("latin1").replaceAll(summary, shifted), "latin1"));
    upstream.pipe(client);
  });
  await new Promise<void>((resolve) => listener.listen(0, server.host, resolve));
  const { port } = listener.address() as AddressInfo;
  return {
    ...{ host: server.host, port, superuser: server.superuser, password: server.password },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
      await server.query(`DROP DATABASE ${schema}`);
    },
  };
}

/**
 * The server as it is after years: calls and rows are past 2^53, and picoseconds are as far as the test says.
 */
export async function farCounters(server: MysqlServer) {
  const columns = await server.query<RowDataPacket & { name: string }>(
    `SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = 'performance_schema' AND TABLE_NAME = 'events_statements_summary_by_digest'
      ORDER BY ORDINAL_POSITION`,
  );
  const shown = columns.map(({ name }) => {
    if (name === "COUNT_STAR" || name.startsWith("SUM_ROWS_")) return `${name} + ${2n ** 53n + 1n} AS ${name}`;
    if (name !== "SUM_TIMER_WAIT") return name;
    return `CAST((CAST(${name} AS DECIMAL(40)) + picoseconds) % ${end} AS UNSIGNED) AS ${name}`;
  });
  const view = await summaryView(server, (real) => `SELECT ${shown.join(", ")} FROM ${real}, ${schema}.shift`);
  const picoseconds = async (condition: string): Promise<readonly bigint[]> => {
    const rows = await server.query<RowDataPacket & { picoseconds: string }>(
      `SELECT CAST(SUM_TIMER_WAIT AS CHAR) AS picoseconds FROM ${shifted} WHERE ${condition} ORDER BY DIGEST`,
    );
    return rows.map((row) => BigInt(row.picoseconds));
  };
  return {
    ...view,
    /** What readers see, row by row. */
    picoseconds,
    /** Leaves one picosecond to the end to the row that has most. */
    async leaveToTheEnd(condition: string): Promise<void> {
      await server.query(`UPDATE ${schema}.shift SET picoseconds = 0`);
      const most = (await picoseconds(condition)).reduce((most, each) => (each > most ? each : most), 0n);
      await server.query(`UPDATE ${schema}.shift SET picoseconds = ${end - 1n - most}`);
    },
  };
}
