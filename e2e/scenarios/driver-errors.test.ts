import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { DbintelProcess, runDbintel } from "../harness/dbintel-process.ts";
import { freePort } from "../harness/free-port.ts";
import { startMysql, startPostgres } from "../servers/index.ts";
import { describeOwnMysql, describePostgres } from "../servers/vitest.ts";

/** No detector of personal data knows it: it has to be kept out by where it stands. */
const held = "tangerine harvest";

/**
 * Runs queries that each make the server repeat a value in its error, and resolves with everything that the collector
 * has said of it: its log with all details, its state, and `top`.
 */
async function everythingSaid(receiver: string, settings: string, queries: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), "dbintel-driver-errors-"));
  const admin = await freePort();
  const customQueries = Object.entries(queries).map(
    ([name, sql]) => `
      - name: ${name}
        interval: 3s
        sql: ${JSON.stringify(sql)}
        metrics: [{ name: shop.value, column: value }]`,
  );
  const config = join(folder, "collector.yaml");
  await writeFile(
    config,
    `
receivers:
  ${receiver}:
    ${settings}
    tls: { insecure: true }
    initial_delay: 10ms
    timeout: 60s
    custom_queries: ${customQueries.join("")}
exporters: { nop: }
extensions:
  admin: { endpoint: "localhost:${admin}" }
service:
  extensions: [admin]
  telemetry: { logs: { level: debug }, metrics: { level: none } }
  pipelines:
    metrics: { receivers: [${receiver}], exporters: [nop] }
`,
  );
  await using dbintel = new DbintelProcess(["run", "--config", config]);
  try {
    for (const name of Object.keys(queries)) {
      await eventually(
        `it has told of ${name}`,
        () => (dbintel.stderr.includes(`custom query ${name} failed`) ? true : undefined),
        { deadlineMs: 60_000 },
      );
    }
    const tree = await (await fetch(`http://localhost:${admin}/api/v1/components`)).text();
    const top = await runDbintel(["top", "--once", "--admin", `localhost:${admin}`]);
    expect(tree).toContain(`"${receiver}":{"state":"recoverable_error","since":`);
    expect(top.stdout).toMatch(new RegExp(`^receiver/${receiver}: .+`, "m"));
    await dbintel.stop();
    return { log: dbintel.stderr, all: [dbintel.stderr, tree, top.stdout, top.stderr] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describePostgres(18, "what PostgreSQL repeats in its errors stays there", () => {
  it("in the log, in the state and in top", async () => {
    await using server = await startPostgres();
    await server.query(`CREATE TABLE people AS SELECT '${held}' AS name`);
    await server.query(
      `CREATE FUNCTION complain(name text, state text) RETURNS int LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'nobody knows %', name USING ERRCODE = state; END $$`,
    );
    const { log, all } = await everythingSaid(
      "postgresql",
      `endpoint: 127.0.0.1:${server.port}
    username: ${server.superuser}
    password: ${JSON.stringify(server.password)}`,
      {
        syntax: "SELECT name::int AS value FROM people",
        range: "SELECT to_date(name, 'YYYY') AS value FROM people",
        parse: `SELECT 1 AS value '${held}'`,
        raised: "SELECT complain(name, 'P0001') AS value FROM people",
        unique: "SELECT complain(name, 'unique_violation') AS value FROM people",
        column: "SELECT nothing AS value FROM people",
      },
    );
    for (const text of all) expect(text).not.toContain(held);
    expect(log).toContain("custom query syntax failed: a query failed on");
    expect(log).toMatch(/invalid input syntax for type integer: "…" \(22P02\)/);
    expect(log).toMatch(/a function or procedure raised an error, whose words may hold data \(23505\)/);
    expect(log).toMatch(/column "nothing" does not exist/);
  });
});

describeOwnMysql("what MySQL repeats in its errors stays there", () => {
  it("in the log, in the state and in top", async () => {
    await using server = await startMysql({ own: true });
    await server.query("CREATE DATABASE shop");
    await server.query(`CREATE TABLE shop.people AS SELECT '${held}' AS name`);
    await server.query("SET GLOBAL log_bin_trust_function_creators = 1");
    await server.query(
      `CREATE FUNCTION shop.complain(name text) RETURNS int DETERMINISTIC
       BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = name; RETURN 1; END`,
    );
    const { log, all } = await everythingSaid(
      "mysql",
      `endpoint: 127.0.0.1:${server.port}
    username: ${server.superuser}
    password: ${JSON.stringify(server.password)}`,
      {
        path: "SELECT EXTRACTVALUE(1, CONCAT('~', (SELECT name FROM shop.people))) AS value",
        parse: `SELECT 1 AS value '${held}'`,
        json: `SELECT JSON_EXTRACT('${held}', '$') AS value`,
        raised: "SELECT shop.complain(name) AS value FROM shop.people",
        column: "SELECT nothing AS value FROM shop.people",
      },
    );
    for (const text of all) expect(text).not.toContain(held);
    expect(log).toMatch(/XPATH syntax error: '…'/);
    expect(log).toMatch(/a function or procedure raised an error, whose words may hold data \(1644\)/);
    expect(log).toMatch(/Unknown column 'nothing'/);
  });
});
