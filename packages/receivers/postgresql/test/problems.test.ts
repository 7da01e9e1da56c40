import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { defaultBreakerSettings } from "@dbintel/guard";
import type { Batch } from "@dbintel/pdata";
import type { Consumer } from "@dbintel/pipeline";
import { createTestHost, pointsOf, type TestHost } from "@dbintel/pipeline/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { postgresql } from "../src/index.ts";
import { never } from "./watch.ts";

const planted = "never-print-this-password";

/** The whole receiver, with what came out of it. */
function receiver(server: Pick<PostgresServer, "host" | "port">, settings: Record<string, unknown> = {}) {
  const host = createTestHost();
  const batches: Batch[] = [];
  const sink: Consumer = { consume: async (batch) => void batches.push(batch) };
  const { definition, config } = postgresql({
    endpoint: `${server.host}:${server.port}`,
    username: "otel",
    password: planted,
    tls: { insecure: true },
    top_query_collection: { collection_interval: "10s" },
    // Deadlines pass on the test's clock, answers come in real time.
    timeout: "1h",
    // For the same reason a statement seems to take as long as the clock was moved meanwhile.
    budget: { max_database_share: "1000000%" },
    circuit_breaker: { slow_call_duration: "10h" },
    ...settings,
  });
  const component = definition.create({ id: "postgresql", config, host, next: { logs: sink, metrics: sink } });
  return { host, batches, component };
}

/** Moves the clock until `done`; the server answers in real time in between. */
async function pollUntil<T>(host: TestHost, what: string, done: () => T | undefined): Promise<T> {
  const probe = async () => {
    await host.clock.advance(1000);
    return done();
  };
  return eventually(what, probe, { deadlineMs: 50_000 });
}

function errors(host: TestHost) {
  return host.lines.filter((line) => line.level === "error" || line.level === "warn");
}

describe("a server that does not let the receiver work", () => {
  let server: PostgresServer;
  let bare: PostgresServer;
  let running: ReturnType<typeof receiver> | undefined;

  async function watch(
    target: Pick<PostgresServer, "host" | "port">,
    settings: Record<string, unknown> = {},
  ): Promise<ReturnType<typeof receiver>> {
    running = receiver(target, settings);
    await running.component.start({ signal: never });
    return running;
  }

  async function firstProblem({ host }: ReturnType<typeof receiver>) {
    const line = await pollUntil(host, "a problem is reported", () => errors(host)[0]);
    // Some more polls: the problem stays one line.
    await host.clock.advance(60_000);
    return { message: line.message, hint: String(line.fields.hint), code: line.fields.code };
  }

  beforeAll(async () => {
    server = await startPostgres();
    bare = await startPostgres({ preload: [] });
    for (const each of [server, bare]) {
      await each.query(`CREATE ROLE otel LOGIN PASSWORD '${planted}' IN ROLE pg_monitor`);
    }
  });

  afterEach(async () => {
    await running?.component.stop({ signal: never });
    // Whatever went wrong, the password is in no message, field or status.
    const said = JSON.stringify([running?.host.lines, running?.host.statuses]);
    if (said.includes(planted)) throw new Error("the password was printed");
    if (running?.host.clock.pendingTimers !== 0) throw new Error("a timer was left behind");
  });

  afterAll(async () => {
    await server.stop();
    await bare.stop();
  });

  it("refuses connections", async () => {
    const watched = await watch({ host: "127.0.0.1", port: 1 });
    const problem = await firstProblem(watched);
    expect(problem).toMatchObject({ code: "DBI_DATABASE_UNREACHABLE" });
    expect(problem.message).toContain("127.0.0.1:1");
    expect(watched.host.statuses.at(-1)?.state).toBe("recoverable_error");
    expect(errors(watched.host)).toHaveLength(1);
  });

  it("knows another password", async () => {
    const watched = await watch(server, { password: `${planted}-wrong` });
    expect(await firstProblem(watched)).toMatchObject({
      code: "DBI_DATABASE_AUTHENTICATION",
      message: expect.stringContaining("refused user otel"),
      hint: expect.stringContaining("pg_hba.conf"),
    });
    expect(watched.host.statuses.at(-1)?.state).toBe("permanent_error");
    expect(errors(watched.host)).toHaveLength(1);
  });

  it("does not offer TLS", async () => {
    const watched = await watch(server, { tls: {} });
    expect((await firstProblem(watched)).hint).toContain("tls: {insecure: true}");
    expect(errors(watched.host)).toHaveLength(1);
  });

  it("has no such database", async () => {
    const watched = await watch(server, { connect_database: "nowhere" });
    expect((await firstProblem(watched)).hint).toContain("connect_database");
  });

  it("has not the extension: metrics go on, and it is found as soon as it is made, in any schema", async () => {
    await server.query("DROP EXTENSION pg_stat_statements");
    const watched = await watch(server);
    const problem = await firstProblem(watched);
    expect(problem.hint).toContain("CREATE EXTENSION pg_stat_statements;");
    await pollUntil(watched.host, "metrics arrive", () =>
      pointsOf(watched.batches).find((point) => point.name === "postgresql.commits"),
    );
    await server.query("CREATE DATABASE elsewhere");
    await server.query('CREATE SCHEMA "Odd Schema"', [], { database: "elsewhere" });
    await server.query('CREATE EXTENSION pg_stat_statements SCHEMA "Odd Schema"', [], { database: "elsewhere" });
    const blocked = await pollUntil(watched.host, "the schema is closed", () => errors(watched.host)[1]);
    expect(blocked.fields.hint).toContain('GRANT USAGE ON SCHEMA "Odd Schema" TO otel;');
    await server.query('GRANT USAGE ON SCHEMA "Odd Schema" TO otel', [], { database: "elsewhere" });
    // The breaker tries a missing grant again at the latest after this.
    await watched.host.clock.advance(defaultBreakerSettings.configurationRecheckMs);
    await pollUntil(watched.host, "the extension is found", () =>
      watched.host.lines.find((line) => line.message.startsWith("resolved: user otel")),
    );
    await server.query("DROP DATABASE elsewhere WITH (FORCE)");
    await server.query("CREATE EXTENSION pg_stat_statements");
  });

  it("has not loaded the library", async () => {
    await bare.query("CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
    const watched = await watch(bare);
    expect((await firstProblem(watched)).hint).toContain(
      "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'",
    );
    await pollUntil(watched.host, "metrics arrive", () =>
      pointsOf(watched.batches).find((point) => point.name === "postgresql.backends"),
    );
  });

  it("hides other users' statements until the grant is given, and then does not report their past", async () => {
    await server.query("REVOKE pg_monitor FROM otel");
    const watched = await watch(server);
    const problem = await firstProblem(watched);
    expect(problem).toMatchObject({ code: "DBI_DATABASE_PERMISSION" });
    expect(problem.hint).toContain("GRANT pg_monitor TO otel;");
    expect(errors(watched.host)).toHaveLength(1);
    const session = await server.connect();
    await session.query("CREATE TABLE hidden_past AS SELECT 1 AS a");
    for (let index = 0; index < 50; index++) await session.query("SELECT a FROM hidden_past");
    await server.query("GRANT pg_monitor TO otel");
    await pollUntil(watched.host, "the problem is over", () =>
      watched.host.statuses.at(-1)?.state === "ok" ? true : undefined,
    );
    const [row] = await server.query<{ id: string }>(
      "SELECT queryid::text AS id FROM pg_stat_statements WHERE query LIKE 'SELECT a FROM hidden_past%'",
    );
    await session.query("SELECT a FROM hidden_past");
    await session.end();
    const seen = await pollUntil(watched.host, "the statement is seen", () => callsOf(watched.batches, row?.id));
    expect(seen).toBe(1);
  });

  it("is shut down and comes back", async () => {
    const watched = await watch(server);
    await pollUntil(watched.host, "metrics arrive", () => watched.batches[0]);
    await server.shutdown();
    // A statement that is under way may be the first to fail.
    const lost = await pollUntil(watched.host, "the loss is reported", () =>
      errors(watched.host).find(({ fields }) => fields?.code === "DBI_DATABASE_UNREACHABLE"),
    );
    expect(lost.level).toBe("warn");
    const before = watched.batches.length;
    await server.start();
    await pollUntil(watched.host, "it works again", () =>
      watched.host.statuses.at(-1)?.state === "ok" ? true : undefined,
    );
    await pollUntil(watched.host, "data arrives", () => (watched.batches.length > before ? true : undefined));
    expect(errors(watched.host)).toHaveLength(new Set(errors(watched.host).map(({ message }) => message)).size);
  });
});

/** By its id, as the text may come with a later event. */
function callsOf(batches: readonly Batch[], queryId: string | undefined): number | undefined {
  for (const batch of batches) {
    if (batch.signal !== "logs") continue;
    for (const record of batch.records()) {
      if (record.attributes.getString("postgresql.queryid") === queryId) {
        return record.attributes.getNumber("postgresql.calls");
      }
    }
  }
  return undefined;
}
