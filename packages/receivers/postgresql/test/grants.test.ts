import { readFile } from "node:fs/promises";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { runScript } from "@dbintel/e2e/sql-script";
import { loneHost, systemEnvironment } from "@dbintel/pipeline";
import { afterAll, beforeAll, expect, it } from "vitest";
import { explainFunction } from "../src/doctor/explain-function.ts";
import { logFunctions } from "../src/doctor/log-functions.ts";
import { postgresql } from "../src/index.ts";
import { never } from "./watch.ts";

const grants = await readFile(new URL("../../../../deploy/postgresql/grants.sql", import.meta.url), "utf8");
const password = "0nly-what-is-needed";

it("deploy/postgresql/grants.sql has the functions that doctor prints", () => {
  expect(grants).toContain(logFunctions("dbintel").join("\n"));
  expect(grants).toContain(explainFunction("dbintel", "self_managed").join("\n"));
});

describePostgres(18, "the grants of deploy/postgresql/grants.sql", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({
      extensions: [],
      settings: { track_activity_query_size: 4096, track_io_timing: true },
    });
    await give();
    await server.query(`ALTER ROLE dbintel PASSWORD '${password}'`);
    await server.query("CREATE TABLE secrets (id int)");
  });
  afterAll(() => server?.stop());

  async function give(): Promise<void> {
    const session = await server.connect();
    await runScript(grants, { run: async (sql) => (await session.query(sql)).rows });
    await session.end();
  }

  /** `CODE status` of everything that is not in order, and the parts that failed. */
  async function examine(): Promise<readonly string[]> {
    const { definition, config } = postgresql({
      ...{ endpoint: `${server.host}:${server.port}`, username: "dbintel", password, tls: { insecure: true } },
    });
    const [subject] = (await definition.diagnosis?.subjects({ id: "x", config, signals: ["logs", "metrics"] })) ?? [];
    const found: string[] = [];
    for await (const check of subject?.examine({ host: loneHost(systemEnvironment()), signal: never }) ?? []) {
      const isCost = check.code === "PG-COST-001";
      // A machine may be slow, which is nothing wrong.
      if (check.status === "ok" || check.status === "skipped" || (isCost && check.status === "warn")) continue;
      const parts = isCost ? (check.message.split(":")[0]?.split(", ") ?? []) : [""];
      found.push(...parts.map((part) => `${check.code} ${check.status} ${part}`.trimEnd()));
    }
    return [...new Set(found)].sort();
  }

  it("are enough for all that is collected", async () => {
    expect(await examine()).toEqual([]);
  });

  it("let the user write nothing, and read no row", async () => {
    const as = { user: "dbintel", password };
    await expect(server.query("SELECT * FROM secrets", [], as)).rejects.toThrow("permission denied");
    await expect(server.query("CREATE TABLE mine (id int)", [], as)).rejects.toThrow("permission denied");
  });

  it("are each for one part: without it that one says so, and the others work", async () => {
    const without = {
      "REVOKE pg_monitor FROM dbintel": [
        "PG-COST-001 fail samples",
        "PG-COST-001 fail statements",
        "PG-GRANT-001 fail",
      ],
      "REVOKE SET ON PARAMETER pg_stat_statements.track FROM dbintel": ["PG-GRANT-002 warn"],
      "REVOKE EXECUTE ON FUNCTION dbintel.explain_statement(text) FROM dbintel": ["PG-GRANT-003 warn"],
      "REVOKE USAGE ON SCHEMA dbintel FROM dbintel": ["PG-GRANT-003 warn"],
      "DROP EXTENSION pg_stat_statements": ["PG-COST-001 fail statements", "PG-EXT-002 fail"],
    };
    for (const [revoke, expected] of Object.entries(without)) {
      await server.query(revoke);
      const found = await examine();
      expect(found, revoke).toEqual(expect.arrayContaining(expected));
      expect(found, revoke).not.toContain("PG-COST-001 fail metrics");
      if (expected.length === 1) expect(found, revoke).toEqual(expected);
      await give();
    }
    expect(await examine()).toEqual([]);
  });

  it("keep the function's names its own, whatever the caller's path", async () => {
    const session = await server.connect();
    // A type of the same name, whose check would run with the rights of the function's owner.
    await session.query("CREATE SCHEMA trap; GRANT USAGE ON SCHEMA trap TO dbintel");
    await session.query(
      "CREATE FUNCTION trap.spring(text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE 'sprung'; END $$",
    );
    await session.query("CREATE DOMAIN trap.json AS pg_catalog.text CHECK (trap.spring(value))");
    await session.query(
      "CREATE FUNCTION trap.concat(text, text) RETURNS text LANGUAGE sql AS $$ SELECT 'SELECT 666' $$",
    );
    await session.end();
    const caller = await server.connect({ user: "dbintel", password });
    await caller.query("SET search_path = trap, pg_catalog");
    const ask = (sql: string) => caller.query("SELECT dbintel.explain_statement($1)::pg_catalog.text AS plan", [sql]);
    expect((await ask("SELECT * FROM public.secrets WHERE id = $1")).rows[0]?.plan).toContain("secrets");
    for (const sql of [
      "SELECT 1; DROP TABLE public.secrets",
      "ANALYZE SELECT 1",
      "DROP TABLE public.secrets",
      ") SELECT 1",
    ]) {
      await expect(ask(sql), sql).rejects.toThrow(/syntax error|multi-query|multiple/);
    }
    await caller.end();
    expect(await server.query("SELECT FROM pg_class WHERE relname = 'secrets'")).toHaveLength(1);
  });
});
