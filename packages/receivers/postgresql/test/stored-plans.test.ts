import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { eventsOf, type SeenEvent } from "@dbintel/pipeline/testing";
import { planHashes, readPlan } from "@dbintel/plans";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { sqlExtensions } from "./sql-extensions.ts";
import { watchStatements } from "./watch.ts";

const secret = "planted-secret-of-a-plan";
const monitor = { username: "monitor", password: "monitor-password" };

/**
 * Extensions of SQL alone with the names and the columns that the documentation of the real ones gives: a table holds
 * what they would have kept.
 */
const extensions = {
  pg_store_plans: `
    CREATE TABLE kept (userid oid, dbid oid, queryid int8, planid int8, plan text, as_json text, calls int8,
      total_time float8, first_call timestamptz, last_call timestamptz);
    CREATE VIEW pg_store_plans AS
      SELECT userid, dbid, queryid, planid, calls, total_time, first_call, last_call,
             CASE current_setting('pg_store_plans.plan_format', true) WHEN 'json' THEN as_json ELSE plan END AS plan
        FROM kept;
    GRANT SELECT ON pg_store_plans, kept TO PUBLIC;`,
  pg_stat_plans: `
    CREATE TABLE pg_stat_plans (userid oid, dbid oid, toplevel bool, queryid int8, planid int8, calls int8,
      total_exec_time float8, plan text);
    GRANT SELECT ON pg_stat_plans TO PUBLIC;`,
  pg_querylens: `
    CREATE TABLE plans (queryid bigint, plan_id text, plan_text text, last_execution timestamp);
    CREATE VIEW current_plans AS SELECT * FROM plans WHERE last_execution > now() - interval '1 hour';
    GRANT SELECT ON current_plans, plans TO PUBLIC;`,
} as const;

describePostgres(18, "plans that extensions keep, by the columns in their documentation", () => {
  let installed: Awaited<ReturnType<typeof sqlExtensions>>;
  let server: PostgresServer;
  const watches: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    installed = await sqlExtensions(extensions);
    server = await startPostgres({ settings: { autovacuum: false, ...installed.settings } });
    await server.query(`CREATE ROLE monitor LOGIN PASSWORD '${monitor.password}' IN ROLE pg_monitor, pg_read_all_data`);
    await server.query("GRANT SET ON PARAMETER pg_stat_statements.track TO monitor");
    await server.query("CREATE DATABASE shop");
    const session = await server.connect({ database: "shop" });
    await session.query(
      "CREATE TABLE orders AS SELECT g AS id, g % 100 AS customer, 'x' AS note FROM generate_series(1, 9000) g",
    );
    await session.query("CREATE INDEX orders_customer ON orders (customer); ANALYZE");
    await session.end();
  });

  afterAll(async () => {
    await server.stop();
    await installed.remove();
  });

  afterEach(async () => {
    for (const watch of watches.splice(0)) await watch.close();
    for (const database of ["postgres", "shop"]) {
      for (const name of Object.keys(extensions))
        await sql(database, `DROP EXTENSION IF EXISTS ${name}; DROP SCHEMA IF EXISTS ${schemaOf(name)} CASCADE`);
    }
  });

  const sql = (database: string, text: string) => server.query(text, [], { database });

  async function create(database: string, extension: keyof typeof extensions) {
    const schema = schemaOf(extension);
    await sql(
      database,
      `CREATE SCHEMA ${schema}; CREATE EXTENSION ${extension} SCHEMA ${schema}; GRANT USAGE ON SCHEMA ${schema} TO monitor`,
    );
  }

  function start() {
    const watch = watchStatements(server, { user: monitor, explain: 50, reportsDatabase: (name) => name === "shop" });
    watches.push(watch);
    return watch;
  }

  const byCustomer = `SELECT count(*) FROM orders WHERE customer = 7 AND note <> '${secret}'`;
  const byId = "SELECT max(customer) FROM orders WHERE id = 7";

  /** What the statements are called, and their plans as the server explains them: what executions with values had. */
  async function explained(statement: string) {
    const [row] = await server.query<{ queryid: string; userid: number; dbid: number }>(
      `SELECT queryid::text, userid, dbid FROM pg_stat_statements WHERE query LIKE $1`,
      [`${statement.slice(0, 30)}%`],
    );
    if (row === undefined) throw new Error(`not recorded: ${statement}`);
    const session = await server.connect({ database: "shop" });
    const json = await session.query(`EXPLAIN (FORMAT JSON) ${statement}`);
    const bare = await session.query(`EXPLAIN (COSTS OFF) ${statement}`);
    await session.end();
    return {
      ...row,
      json: JSON.stringify(json.rows[0]["QUERY PLAN"][0]),
      bare: bare.rows.map((line) => line["QUERY PLAN"]).join("\n"),
    };
  }

  async function run(...statements: readonly string[]) {
    const session = await server.connect({ database: "shop" });
    for (const statement of statements) await session.query(statement);
    await session.end();
  }

  async function poll(watch: ReturnType<typeof start>) {
    const { batches, problems = [] } = await watch.poll();
    const bytes = Buffer.concat(batches.map((batch) => batch.encode()));
    expect(bytes.includes(secret)).toBe(false);
    // The test itself explains them, too.
    const events = eventsOf(batches).filter((event) => event.text("db.query.text").startsWith("SELECT"));
    const of = (part: string): SeenEvent | undefined =>
      events.find((event) => event.text("db.query.text").includes(part));
    return { of, problems: problems.map(({ message, hint }) => `${message}; ${hint}`) };
  }

  const source = (event: SeenEvent | undefined) => event?.text("db.query.plan.source");

  it("are taken before any is asked for: that of the last execution, without a constant", async () => {
    await create("postgres", "pg_store_plans");
    const watch = start();
    await watch.poll();
    await run(byCustomer, byId);
    const { queryid, userid, dbid, json } = await explained(byCustomer);
    const old = await explained(byId);
    const keep = (plan: string, age: string) =>
      server.query(
        `INSERT INTO store_plans.kept VALUES ($1, $2, $3, 1, 'as text', $4, 1, 1, now(), now() - $5::interval)`,
        [userid, dbid, queryid, plan, age],
      );
    await keep(json.replaceAll("Bitmap Heap Scan", "Seq Scan"), "10 minutes");
    await keep(json, "1 second");
    await server.query(
      "INSERT INTO store_plans.kept VALUES ($1, $2, $3, 1, 'as text', $4, 1, 1, now(), now() - interval '1 day')",
      [old.userid, old.dbid, old.queryid, old.json],
    );
    const { of, problems } = await poll(watch);
    expect(problems).toEqual([]);
    expect(source(of("customer = $1"))).toBe("pg_store_plans");
    expect(hashOf(of("customer = $1")?.text("postgresql.query_plan"))).toBe(hashOf(json));
    // Its last execution by that plan is long ago: it has another today.
    expect(source(of("WHERE id = $1"))).toBe("generic");
  });

  it("are not taken when they were cut off, or when nobody can tell which of several is today's", async () => {
    await create("shop", "pg_stat_plans");
    const watch = start();
    await watch.poll();
    await run(byCustomer, byId, "SELECT min(customer) FROM orders WHERE id = 8");
    const insert = async (statement: string, planId: number, change: (plan: string) => string = (plan) => plan) => {
      const { userid, dbid, queryid, bare } = await explained(statement);
      const values = [userid, dbid, queryid, planId, change(bare)];
      await server.query(`INSERT INTO stat_plans.pg_stat_plans VALUES ($1, $2, true, $3, $4, 1, 1, $5)`, values, {
        database: "shop",
      });
      await server.query(`INSERT INTO stat_plans.pg_stat_plans VALUES ($1, $2, false, $3, $4, 1, 1, $5)`, values, {
        database: "shop",
      });
    };
    await insert(byCustomer, 1);
    await insert(byId, 1);
    await insert(byId, 2);
    await insert("SELECT min(customer) FROM orders WHERE id = 8", 1, (plan) => plan.padEnd(2048, " "));
    const { of, problems } = await poll(watch);
    expect(problems).toEqual([]);
    expect(source(of("customer = $1"))).toBe("pg_stat_plans");
    expect(hashOf(of("customer = $1")?.text("postgresql.query_plan"))).toBe(hashOf((await explained(byCustomer)).json));
    expect(source(of("max(customer)"))).toBe("generic");
    expect(source(of("min(customer)"))).toBe("generic");
  });

  it("are there for statements whose text cannot be explained", async () => {
    await create("shop", "pg_querylens");
    const watch = start();
    await watch.poll();
    await run(byId);
    await poll(watch);
    const long = `SELECT id, id /* ${"long ".repeat(20_000)} */ FROM orders WHERE customer = 3`;
    await run(long);
    const { queryid, json } = await explained(long);
    await sql("shop", `INSERT INTO querylens.plans VALUES (${queryid}, 'p1', '${json.replaceAll("'", "''")}', now())`);
    const { of, problems } = await poll(watch);
    expect(problems).toEqual([]);
    expect(source(of("SELECT id, id"))).toBe("pg_querylens");
  });

  it("that the user may not read, or that lack a column, are problems; the plans come by EXPLAIN", async () => {
    await create("postgres", "pg_store_plans");
    await sql(
      "postgres",
      "REVOKE SELECT ON store_plans.pg_store_plans FROM PUBLIC; REVOKE pg_read_all_data FROM monitor; REVOKE USAGE ON SCHEMA store_plans FROM monitor; GRANT SELECT ON ALL TABLES IN SCHEMA public TO monitor",
    );
    await sql("shop", "GRANT SELECT ON orders TO monitor");
    await create("postgres", "pg_stat_plans");
    await sql("postgres", "ALTER TABLE stat_plans.pg_stat_plans RENAME COLUMN plan TO query");
    const watch = start();
    await watch.poll();
    await run(byId);
    const { of, problems } = await poll(watch);
    await sql("postgres", "GRANT pg_read_all_data TO monitor");
    expect(source(of("WHERE id = $1"))).toBe("generic");
    expect(problems).toEqual([
      expect.stringMatching(
        /^user monitor may not read the plans in store_plans.pg_store_plans in database postgres .*; GRANT USAGE ON SCHEMA store_plans TO monitor; GRANT SELECT ON store_plans.pg_store_plans TO monitor;$/,
      ),
      expect.stringMatching(
        /^pg_stat_plans 1.0 in database postgres .* does not have the columns that are needed; ALTER EXTENSION pg_stat_plans UPDATE/,
      ),
    ]);
  });

  it("that fail are left alone, and so is a view of the same name that belongs to no extension", async () => {
    await create("postgres", "pg_store_plans");
    await sql(
      "postgres",
      "CREATE OR REPLACE VIEW store_plans.pg_store_plans AS SELECT userid, dbid, queryid, planid, calls, total_time, first_call, last_call, (1 / (calls - calls))::text AS plan FROM store_plans.kept",
    );
    await sql(
      "shop",
      "CREATE TABLE public.pg_stat_plans AS SELECT 1 AS userid, 1 AS dbid, 1 AS queryid, 1 AS planid, 'x' AS plan",
    );
    const watch = start();
    await watch.poll();
    await run(byId);
    const { userid, dbid, queryid } = await explained(byId);
    await server.query("INSERT INTO store_plans.kept VALUES ($1, $2, $3, 1, '', '', 1, 1, now(), now())", [
      userid,
      dbid,
      queryid,
    ]);
    const { of, problems } = await poll(watch);
    await sql("shop", "DROP TABLE public.pg_stat_plans");
    expect(source(of("WHERE id = $1"))).toBe("generic");
    expect(problems).toEqual([
      expect.stringMatching(
        /^the plans of pg_store_plans in database postgres .* cannot be read: division by zero; see whether shared_preload_libraries has pg_store_plans/,
      ),
    ]);
  });
});

/** Schemas may not begin with `pg_`. */
function schemaOf(extension: string): string {
  return extension.slice("pg_".length);
}

function hashOf(text = ""): string | undefined {
  const { plan } = readPlan(text, { syntax: "postgresql" });
  return plan === undefined ? undefined : planHashes(plan).full;
}
