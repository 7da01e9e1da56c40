import { eventually } from "@dbintel/e2e/condition";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { type StatementName, statementName } from "../src/plans/statement-name.ts";
import { storedTexts } from "../src/statements/stored-texts.ts";
import { settingsOf } from "./watch.ts";

const settings = {
  "performance-schema-consumer-events-statements-current": "ON",
  "performance-schema-consumer-events-statements-history": "ON",
};
const servers = [
  { suite: describeOwnMysql, product: "mysql", start: () => startMysql({ own: true, settings }) },
  { suite: describeMariadb, product: "mariadb", start: () => startMariadb(settings) },
] as const;
const quoted = "it's a `schema`";

for (const { suite, product, start } of servers) {
  suite("texts that a server keeps", () => {
    const { signal } = new AbortController();
    let server: MysqlServer;
    let load: Connection;
    let connection: DatabaseConnection;

    beforeAll(async () => {
      server = await start();
      await server.query("CREATE DATABASE app");
      await server.query("CREATE TABLE app.t (a int, b int, c int)");
      await server.query("CREATE DATABASE `it's a ``schema```");
      load = await server.connect();
      await load.query("SELECT a FROM app.t WHERE c = 'no schema'");
      await load.query("USE `it's a ``schema```");
      await load.query("SELECT b FROM app.t WHERE c = 'quoted'");
      await load.query("USE app");
      for (let columns = 1; columns <= 6; columns++) {
        await load.query(`SELECT ${"a, ".repeat(columns)}b FROM t WHERE c = 'planted'`);
      }
      // It counts a statement after it has answered; what it keeps of this session has no room for another one.
      await eventually("all are counted", async () => ((await named("app")).length === 6 ? true : undefined));
      connection = new DatabaseConnection(settingsOf(server));
    });
    afterAll(async () => {
      await connection?.close();
      await load?.end();
      await server?.stop();
    });

    async function named(schema: string | null): Promise<readonly StatementName[]> {
      const rows = await server.query<RowDataPacket & { digest: string }>(
        `SELECT DIGEST AS digest FROM performance_schema.events_statements_summary_by_digest
          WHERE SCHEMA_NAME <=> ? AND DIGEST_TEXT LIKE 'SELECT % WHERE \`c\` = ?%' ORDER BY LENGTH(DIGEST_TEXT)`,
        [schema],
      );
      return rows.map(({ digest }) => ({ schema, digest }));
    }

    it("are found by schema, whatever it is called, and where there is none", async () => {
      const [none, odd] = [await named(null), await named(quoted)];
      const wanted = [...none, ...odd];
      expect(wanted).toHaveLength(2);
      const { texts, samples } = await storedTexts(connection, { texts: wanted, samples: wanted, product }, signal);
      expect(wanted.map(({ digest }) => texts.get(digest))).toEqual([
        expect.stringContaining("SELECT `a` FROM"),
        expect.stringContaining("SELECT `b` FROM"),
      ]);
      expect(wanted.map((each) => samples.get(statementName(each)))).toEqual([
        "SELECT a FROM app.t WHERE c = 'no schema'",
        "SELECT b FROM app.t WHERE c = 'quoted'",
      ]);
    });

    it.each([2, 6])("come without what users typed for those whose sample is not wanted (of %i)", async (count) => {
      const wanted = (await named("app")).slice(0, count);
      const [first] = wanted;
      if (first === undefined) throw new Error("the server has not counted the load");
      const { texts, samples } = await storedTexts(connection, { texts: wanted, samples: [first], product }, signal);
      expect(texts.size).toBe(count);
      expect([...samples]).toEqual([[statementName(first), "SELECT a, b FROM t WHERE c = 'planted'"]]);
      const without = await storedTexts(connection, { texts: wanted, samples: [], product }, signal);
      expect(without.texts).toEqual(texts);
      expect(without.samples.size).toBe(0);
    });

    if (product !== "mysql") return;
    it("cost no look at all of its statements where they are few", async () => {
      const wanted = await named("app");
      const examined = async (statements: readonly StatementName[]) => {
        await storedTexts(connection, { texts: statements, samples: statements, product }, signal);
        return await eventually("the server has noted the end of the statement", async () => {
          const [row] = await server.query<RowDataPacket & { examined: string }>(
            `SELECT s.ROWS_EXAMINED AS examined FROM performance_schema.events_statements_current s
               JOIN performance_schema.threads t USING (THREAD_ID)
              WHERE t.PROCESSLIST_ID = ? AND s.END_EVENT_ID IS NOT NULL`,
            [connection.threadId],
          );
          return row && Number(row.examined);
        });
      };
      expect(await examined(wanted.slice(0, 4))).toBe(4);
      expect(await examined(wanted)).toBeGreaterThan(6);
    });
  });
}
