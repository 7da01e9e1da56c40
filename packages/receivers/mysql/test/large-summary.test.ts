import { readInProcess } from "@dbintel/e2e/reading-in-process";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Reachable } from "./watch.ts";

const script = new URL("reading-process.ts", import.meta.url);
const megabyte = 2 ** 20;
const mostStatements = 100_000;
const width = Math.ceil(Math.cbrt(mostStatements));
const timeoutMs = 900_000;
const settings = {
  // Room for what else is executed.
  "performance-schema-digests-size": mostStatements + 1000,
  "performance-schema-max-digest-length": 256,
};

const servers = [
  {
    suite: describeOwnMysql,
    start: () => startMysql({ own: true, settings }),
    ...{ statements: mostStatements, batch: 1000 },
  },
  // It takes statements that are sent together for one, and one by one so many take long.
  { suite: describeMariadb, start: () => startMariadb(settings), statements: 30_000, batch: 1 },
] as const;

for (const { suite, start, statements, batch } of servers) {
  suite("a process that reads the summary of statements", () => {
    let server: MysqlServer;
    let session: Connection;
    beforeAll(async () => {
      server = await start();
      await server.query("CREATE DATABASE app");
      const columns = Array.from({ length: width }, (_, index) => `c${index} int`).join(", ");
      await server.query(`CREATE TABLE app.wide (${columns}) ENGINE=MEMORY`);
      session = await server.connect({ database: "app", multipleStatements: true });
    });
    afterAll(async () => {
      session?.destroy();
      await server?.stop();
    });

    /** Each its own: three columns, one after the other. */
    function statement(ordinal: number): string {
      const digits = [ordinal, Math.floor(ordinal / width), Math.floor(ordinal / width ** 2)];
      return `SELECT ${digits.map((digit) => `c${digit % width}`).join(", ")} FROM wide`;
    }

    /** Executes statements from one to another once each; the server has counted the last then. */
    async function execute(from: number, to: number): Promise<number> {
      for (let at = from; at < to; at += batch) {
        const count = Math.min(batch, to - at);
        await session.query(Array.from({ length: count }, (_, index) => statement(at + index)).join("; "));
      }
      // It counts a statement after it has answered, and before it takes what comes next.
      await session.ping();
      return to - from;
    }

    it(
      `of ${statements} statements tells exactly what happened, and holds no more than they need`,
      async () => {
        await execute(0, statements);
        const [row] = await server.query<RowDataPacket & { rows: number }>(
          `SELECT COUNT(*) AS \`rows\` FROM performance_schema.events_statements_summary_by_digest
            WHERE SCHEMA_NAME = 'app' AND DIGEST IS NOT NULL`,
        );
        expect(row?.rows).toBeGreaterThanOrEqual(statements);
        const { host, port, superuser, password } = server;
        await using reader = readInProcess({ script, place: { host, port, superuser, password } satisfies Reachable });
        const first = await reader.poll("app");
        expect([first.calls, first.problems]).toEqual([0, []]);
        for (const [from, to] of [
          [500, 900],
          [0, statements],
        ] as const) {
          const executed = await execute(from, to);
          const { calls, texts, problems } = await reader.poll("app");
          expect([calls, problems]).toEqual([executed, []]);
          // 50 by time, 13 by calls, the rest in one.
          expect(texts.length).toBeLessThanOrEqual(64);
        }
        const last = await reader.poll("app");
        expect([last.calls, last.problems]).toEqual([0, []]);
        expect(last.held - first.held).toBeLessThan(16 * megabyte);
        expect(last.peak).toBeLessThan(450 * megabyte);
      },
      timeoutMs,
    );
  });
}
