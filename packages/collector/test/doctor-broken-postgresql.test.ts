import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPgbouncer, startPostgres } from "@dbintel/e2e/servers";
import { describePgbouncer, describePostgres } from "@dbintel/e2e/servers/vitest";
import { afterAll, beforeAll, expect, it } from "vitest";
import { doctor, findings } from "./doctor.ts";

const password = "a-Passw0rd-of-nobody";
const connections = 8;
/** Of these, for superusers alone. */
const reserved = 3;

/** A receiver with these settings in place of those that work. */
function config(port: number, settings: Readonly<Record<string, string | number>> = {}): string {
  const all = { endpoint: `127.0.0.1:${port}`, username: "otel", password, tls: "{ insecure: true }", ...settings };
  return `
receivers:
  postgresql:
${Object.entries(all)
  .map(([key, value]) => `    ${key}: ${value}`)
  .join("\n")}
exporters: { nop: }
service:
  pipelines:
    logs: { receivers: [postgresql], exporters: [nop] }
`;
}

/** What a run found of one code, what failed first, with the SQL that repairs it. */
async function found(yaml: string, code: string) {
  const { subjects } = await findings(yaml);
  const all = subjects.flatMap((subject) => subject.findings);
  expect(all.filter((each) => each.code.startsWith("DOCTOR"))).toEqual([]);
  const ofCode = all.filter((check) => check.code === code);
  const each = ofCode.find(({ status }) => status === "fail") ?? ofCode[0];
  return { status: each?.status, message: each?.message, hint: each?.hint, repair: each?.repair };
}

describePostgres(18, "doctor of a PostgreSQL that is set up wrong", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({
      settings: {
        ...{ max_connections: connections, superuser_reserved_connections: reserved },
        ...{ track_io_timing: true, track_activity_query_size: 4096 },
      },
    });
    await server.query(`CREATE ROLE otel LOGIN PASSWORD '${password}' IN ROLE pg_monitor, pg_read_all_data`);
    await server.query("CREATE DATABASE closed");
    await server.query("REVOKE CONNECT ON DATABASE closed FROM PUBLIC");
  });
  afterAll(() => server?.stop());

  it.each([
    { what: "the password", settings: { password: "wrong" }, message: "refused user otel", hint: "VALID UNTIL" },
    { what: "that there is one", settings: { password: '""' }, message: "none is configured", hint: "password_file" },
    {
      what: "the database",
      settings: { connect_database: "shopp" },
      message: "no database shopp",
      hint: "that exists",
    },
    { what: "encryption", settings: { tls: "{}" }, message: "does not offer TLS", hint: "tls: {insecure: true}" },
  ])("names what is wrong of its login: $what", async ({ what, settings, message, hint }) => {
    const code = what === "encryption" ? "PG-CONN-002" : "PG-CONN-003";
    expect(await found(config(server.port, settings), code)).toMatchObject({
      status: "fail",
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
  });

  it.each([
    { wrong: "ALTER ROLE otel NOLOGIN", settings: {}, repair: "ALTER ROLE otel LOGIN;" },
    { wrong: "ALTER ROLE otel CONNECTION LIMIT 0", settings: {}, repair: "ALTER ROLE otel CONNECTION LIMIT 5;" },
    {
      wrong: "ALTER ROLE otel RESET ALL",
      settings: { connect_database: "closed" },
      repair: "GRANT CONNECT ON DATABASE closed TO otel;",
    },
  ])("prints the SQL that lets the user in: $repair", async ({ wrong, settings, repair }) => {
    await server.query(wrong);
    const yaml = config(server.port, settings);
    expect(await found(yaml, "PG-CONN-003")).toMatchObject({ status: "fail", repair: { sql: [repair] } });
    await server.query(repair);
    expect(await found(yaml, "PG-CONN-003")).toMatchObject({ status: "ok" });
  });

  it("tells that no connection is left, and how some are kept for it", async () => {
    const application = { user: "application", password: "application" };
    await server.query("CREATE ROLE application LOGIN PASSWORD 'application'");
    const taken: Awaited<ReturnType<PostgresServer["connect"]>>[] = [];
    try {
      // A session that was closed a moment ago may have its place still.
      await eventually("all places are taken", async () => {
        const session = await server.connect({ ...application, database: "postgres" }).catch(() => undefined);
        if (session !== undefined) taken.push(session);
        return taken.length === connections - reserved || undefined;
      });
      expect(await found(config(server.port), "PG-CONN-003")).toMatchObject({
        status: "fail",
        message: expect.stringContaining("no connection left"),
        hint: expect.stringContaining("GRANT pg_use_reserved_connections TO otel;"),
      });
    } finally {
      for (const client of taken) await client.end();
    }
  });

  it("tells that nothing is counted without ids, and where they are turned on", async () => {
    await server.query("ALTER SYSTEM SET compute_query_id = off");
    await server.query("SELECT pg_reload_conf()");
    try {
      const failed = { status: "fail", message: "compute_query_id is off: pg_stat_statements counts nothing" };
      expect(await found(config(server.port), "PG-SET-003")).toMatchObject({
        ...failed,
        repair: { sql: ["ALTER SYSTEM SET compute_query_id = auto;", "SELECT pg_reload_conf();"] },
      });
      expect(await found(config(server.port, { platform: "cloud_sql" }), "PG-SET-003")).toMatchObject({
        ...failed,
        repair: { sql: ["-- In the database flags of the instance set: compute_query_id = auto"] },
      });
      expect(await found(config(server.port), "PG-COST-001")).toMatchObject({
        status: "fail",
        message: expect.stringMatching(/^statements: .* computes no ids/),
      });
    } finally {
      await server.query("ALTER SYSTEM RESET compute_query_id");
      await server.query("SELECT pg_reload_conf()");
    }
  });

  it("tells of an extension whose library is not loaded", async () => {
    await server.restart({ settings: { shared_preload_libraries: "auto_explain" } });
    try {
      const yaml = config(server.port);
      expect(await found(yaml, "PG-EXT-001")).toMatchObject({
        status: "fail",
        hint: expect.stringContaining("shared_preload_libraries"),
        repair: { afterwards: "restart the server" },
      });
      expect(await found(yaml, "PG-EXT-002")).toMatchObject({ status: "skipped" });
    } finally {
      await server.restart({ settings: { shared_preload_libraries: "pg_stat_statements,auto_explain" } });
    }
  });

  it("says of a standby what is run there, and what on its primary", async () => {
    await server.query("REVOKE pg_monitor FROM otel");
    const [data] = await server.query<{ folder: string }>("SELECT current_setting('data_directory') AS folder");
    // One to whom nothing is sent: its roles are as they were.
    await writeFile(join(data?.folder ?? "", "standby.signal"), "");
    await server.restart({ settings: { track_io_timing: false } });
    try {
      const { out } = await doctor(config(server.port), "--fix-sql");
      const [here = "", there = ""] = out.split("run as an administrator of its primary");
      expect(here).toContain("run as an administrator of this server");
      expect(here).toContain("ALTER SYSTEM SET track_io_timing = on;");
      expect(here).not.toContain("GRANT");
      expect(there).toContain("GRANT pg_monitor TO otel;");
      expect(there).not.toContain("ALTER SYSTEM");
    } finally {
      await server.query("SELECT pg_promote()");
    }
  });
});

describePgbouncer("doctor before a server", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  it.each([
    { does: "refuses", ignoredParameters: [], message: "does not take the limits" },
    { does: "drops", ignoredParameters: ["options", "extra_float_digits"], message: "drops the limits" },
  ])("knows a pooler that $does what is set for the session", async ({ ignoredParameters, message }) => {
    await using pooler = await startPgbouncer(server, { ignoredParameters });
    const { superuser: username, password: secret } = server;
    expect(await found(config(pooler.port, { username, password: secret }), "PG-CONN-004")).toMatchObject({
      status: "fail",
      message: expect.stringContaining(message),
      hint: expect.stringContaining("connect to the server itself"),
    });
  });
});
