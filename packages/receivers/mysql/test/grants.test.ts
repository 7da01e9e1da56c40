import { readFile } from "node:fs/promises";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { runScript } from "@dbintel/e2e/sql-script";
import { loneHost, systemEnvironment } from "@dbintel/pipeline";
import { afterAll, beforeAll, expect, it } from "vitest";
import { mysql } from "../src/index.ts";
import { never } from "./watch.ts";

const password = "0nly-what-is-needed";
const digests = { "max-digest-length": 4096, "performance-schema-max-digest-length": 4096 };

function suite(product: "mysql" | "mariadb", start: () => Promise<MysqlServer>) {
  const monitor = product === "mysql" ? "REPLICATION CLIENT" : "REPLICA MONITOR";
  let server: MysqlServer;
  let grants: string;
  beforeAll(async () => {
    grants = await readFile(new URL(`../../../../deploy/${product}/grants.sql`, import.meta.url), "utf8");
    server = await start();
    await server.query(`CREATE USER 'dbintel'@'%' IDENTIFIED BY '${password}'`);
    await server.query("CREATE TABLE mysql.dbintel_secrets (id int)");
    await server.query("CREATE DATABASE shop");
    await server.query("CREATE TABLE shop.orders (id int PRIMARY KEY)");
    await give();
  });
  afterAll(() => server?.stop());

  async function give(to = "'dbintel'@'%'"): Promise<void> {
    const session = await server.connect();
    const run = async (sql: string) => {
      await session.query(sql);
      return [];
    };
    await runScript(grants.replaceAll("'dbintel'@'%'", to), { run });
    await session.end();
  }

  /** `CODE status` of the grants and of each part that failed. */
  async function examine(consumers = { enable: false }, repairs: string[] = []): Promise<readonly string[]> {
    const { definition, config } = mysql({
      consumers,
      ...{ endpoint: `${server.host}:${server.port}`, username: "dbintel", password, tls: { insecure: true } },
    });
    const [subject] = (await definition.diagnosis?.subjects({ id: "x", config, signals: ["logs", "metrics"] })) ?? [];
    const found: string[] = [];
    for await (const check of subject?.examine({ host: loneHost(systemEnvironment()), signal: never }) ?? []) {
      const isCost = check.code === "MY-COST-001";
      const parts = isCost && check.status === "fail" ? (check.message.split(":")[0]?.split(", ") ?? []) : [];
      found.push(...parts.map((part) => `${check.code} fail ${part}`));
      const isWrong = check.status === "warn" || check.status === "fail";
      if (check.code.startsWith("MY-GRANT") && isWrong) found.push(`${check.code} ${check.status}`);
      for (const sql of check.code === "MY-GRANT-003" ? (check.repair?.sql ?? []) : []) repairs.push(sql);
    }
    return [...new Set(found)].sort();
  }

  it("are enough for all that is collected", async () => {
    expect(await examine()).toEqual([]);
  });

  it("let the user write nothing, and read no row", async () => {
    const as = { user: "dbintel", password };
    await expect(server.query("SELECT * FROM mysql.dbintel_secrets", [], as)).rejects.toThrow(/denied/);
    await expect(server.query("SELECT COUNT(*) FROM shop.orders", [], as)).rejects.toThrow(/denied/);
    await expect(server.query("CREATE TABLE mysql.mine (id int)", [], as)).rejects.toThrow(/denied/);
    await expect(server.query("ALTER TABLE shop.orders ADD other int", [], as)).rejects.toThrow(/denied/);
    await expect(server.query("UPDATE performance_schema.setup_consumers SET ENABLED = 'NO'", [], as)).rejects.toThrow(
      /denied/,
    );
  });

  it("are each for one part: without it that one says so, and the others work", async () => {
    await server.query("REVOKE PROCESS ON *.* FROM 'dbintel'@'%'");
    const withoutProcess = await examine();
    expect(withoutProcess).toContain("MY-GRANT-002 warn");
    expect(withoutProcess).not.toContain("MY-COST-001 fail statements");
    await give();
    await server.query(`REVOKE ${monitor} ON *.* FROM 'dbintel'@'%'`);
    expect(await examine()).toEqual(["MY-COST-001 fail replication", "MY-GRANT-005 warn"]);
    await give();
    await server.query("REVOKE REFERENCES ON *.* FROM 'dbintel'@'%'");
    expect(await examine()).toEqual(["MY-GRANT-006 warn"]);
    await give();
    await server.query("REVOKE SELECT ON performance_schema.* FROM 'dbintel'@'%'");
    expect(await examine()).toEqual(
      expect.arrayContaining(["MY-COST-001 fail samples", "MY-COST-001 fail statements", "MY-GRANT-001 fail"]),
    );
    await give();
    expect(await examine()).toEqual([]);
  });

  it("are seen by doctor where a role has them", async () => {
    await server.query("DROP USER 'dbintel'@'%'");
    await server.query(`CREATE USER 'dbintel'@'%' IDENTIFIED BY '${password}'`);
    await server.query("CREATE ROLE watching");
    await give("watching");
    await server.query("GRANT UPDATE ON performance_schema.* TO watching");
    await server.query("GRANT watching TO 'dbintel'@'%'");
    await server.query(
      product === "mysql"
        ? "ALTER USER 'dbintel'@'%' DEFAULT ROLE watching"
        : "SET DEFAULT ROLE watching FOR 'dbintel'@'%'",
    );
    expect(await examine({ enable: true })).toEqual([]);
    await server.query("DROP ROLE watching");
    await give();
  });

  it("are completed by what doctor says when consumers may be turned on", async () => {
    const repairs: string[] = [];
    expect(await examine({ enable: true }, repairs)).toEqual(["MY-GRANT-003 fail"]);
    for (const sql of repairs) await server.query(sql);
    expect(await examine({ enable: true })).toEqual([]);
  });
}

describeOwnMysql("the grants of deploy/mysql/grants.sql", () =>
  suite("mysql", () => startMysql({ own: true, settings: digests })),
);
describeMariadb("the grants of deploy/mariadb/grants.sql", () => suite("mariadb", () => startMariadb(digests)));
