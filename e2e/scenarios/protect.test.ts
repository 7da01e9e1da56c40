import { fileURLToPath } from "node:url";
import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { DbintelProcess } from "../harness/dbintel-process.ts";
import { freePort } from "../harness/free-port.ts";
import { readLedgers } from "../harness/ledgers.ts";
import { postgresLogSettings, readPostgresLog } from "../harness/postgres-log.ts";
import { startRecordingBackend } from "../harness/recording-backend.ts";
import { type PostgresServer, startPostgres } from "../servers/index.ts";
import { describePostgres } from "../servers/vitest.ts";

const config = fileURLToPath(new URL("../../configs/protect.yaml", import.meta.url));
const monitor = { user: "dbintel", password: "monitor-password" };
const application = { user: "application", password: "application-password", database: "postgres" };
const deadline = { deadlineMs: 30_000 };
const samplesUnderLoad = 20;
const ping = "SELECT /* dbintel */ 1";

/** A line that the receiver logs when the breaker of the whole server changes its state. */
interface BreakerLine {
  readonly unixMs: number;
  readonly to: string;
  readonly cause: string;
}

describePostgres(18, "configs/protect.yaml", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({
      settings: { ...postgresLogSettings, max_connections: 16, superuser_reserved_connections: 3 },
    });
    for (const { user, password } of [monitor, application]) {
      await server.query(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'`);
    }
    await server.query(`GRANT pg_monitor TO ${monitor.user}`);
    await server.query(`GRANT SET ON PARAMETER pg_stat_statements.track TO ${monitor.user}`);
  });
  afterAll(() => server.stop());

  /** The collector with the configuration as it is, at a faster pace. */
  async function run(settings: readonly string[] = []) {
    const backend = await startRecordingBackend();
    const metricsPort = await freePort();
    const pace = [
      "receivers.postgresql.collection_interval=200ms",
      "receivers.postgresql.top_query_collection.collection_interval=200ms",
      "receivers.postgresql.initial_delay=0s",
      // Deadlines are no subject here: a busy machine must not look like a slow database.
      "receivers.postgresql.timeout=30s",
      "processors.batch.timeout=50ms",
      "exporters.otlp_http.encoding=json",
      "exporters.otlp_http.compression=none",
      "service.telemetry.logs.encoding=json",
      `service.telemetry.metrics.readers=[{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${metricsPort}}}}}]`,
    ];
    const sets = [...pace, ...settings].flatMap((setting) => ["--set", setting]);
    const dbintel = new DbintelProcess(["run", "--config", config, ...sets], {
      POSTGRES_ENDPOINT: `${server.host}:${server.port}`,
      POSTGRES_USER: monitor.user,
      POSTGRES_PASSWORD: monitor.password,
      POSTGRES_TLS_INSECURE: "true",
      OTLP_ENDPOINT: backend.endpoint,
    });
    const metrics = async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    const until = async <T>(what: string, probe: () => T | undefined | Promise<T | undefined>): Promise<T> => {
      try {
        return await eventually(what, probe, deadline);
      } catch (error) {
        throw new Error(`the collector said:\n${dbintel.stderr}`, { cause: error });
      }
    };
    return {
      backend,
      dbintel,
      metrics,
      until,
      async [Symbol.asyncDispose]() {
        await dbintel[Symbol.asyncDispose]();
        await backend[Symbol.asyncDispose]();
      },
    };
  }
  type Run = Awaited<ReturnType<typeof run>>;

  const topQueries = ({ backend }: Run) =>
    backend.records.filter(({ eventName }) => eventName === "db.server.top_query").length;
  const readings = ({ backend }: Run) => backend.metrics.get("postgresql.backends") ?? 0;

  /** Both signals arrive anew. */
  async function expectFlow(collector: Run): Promise<void> {
    const [events, metrics] = [topQueries(collector), readings(collector)];
    await collector.until("both signals flow", async () => {
      await server.query("SELECT count(*) FROM pg_class", [], application);
      return topQueries(collector) > events && readings(collector) > metrics ? true : undefined;
    });
  }

  async function expectIdentityAndStop(collector: Run): Promise<void> {
    const ledgers = await collector.until("nothing is on its way between two components", async () => {
      const all = readLedgers(await collector.metrics());
      const complete = all.every((one) => one.received === one.sent + one.refused + one.dropped + one.held);
      return complete ? all : undefined;
    });
    expect(
      ledgers
        .filter(({ id }) => id === "otlp_http")
        .map(({ signal }) => signal)
        .sort(),
    ).toEqual(["logs", "metrics"]);
    expect(await collector.dbintel.stop()).toEqual({ code: 0, signal: null });
  }

  function breakerLines({ dbintel }: Run): readonly BreakerLine[] {
    return dbintel.stderr
      .split("\n")
      .filter((text) => text.includes('"circuit breaker of ') && !text.includes('"collector_class"'))
      .map((text) => JSON.parse(text))
      .map(({ time, to, cause }) => ({ unixMs: Date.parse(time), to, cause }));
  }

  /** Takes every connection that applications may have, those of the collector included. */
  async function exhaust(admin: pg.Client): Promise<pg.Client[]> {
    const taken: pg.Client[] = [];
    for (;;) {
      try {
        for (;;) taken.push(await server.connect(application));
      } catch {
        // The server is full: now the collector loses its sessions, and who is quicker gets their places.
        const lost = await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", [
          monitor.user,
        ]);
        if (lost.rowCount === 0) return taken;
      }
    }
  }

  /**
   * Samples the collector's sessions while its breaker is open, until that lets a probe through; ends the overload
   * after some samples. Answers with how many there were, and how many statements were in them.
   */
  async function sampleWhileOpen(collector: Run, admin: pg.Client, relieve: () => Promise<unknown>) {
    const seen = new Set<string>();
    let samples = 0;
    await collector.until("the breaker lets a probe through", async () => {
      await admin.query("SELECT pg_stat_clear_snapshot()");
      const { rows } = await admin.query<{ statement: string }>(
        "SELECT concat(pid, ' ', query_start) AS statement FROM pg_stat_activity WHERE usename = $1",
        [monitor.user],
      );
      if (breakerLines(collector).at(-1)?.to !== "open") return true;
      for (const { statement } of rows) seen.add(statement);
      samples++;
      if (samples === samplesUnderLoad) await relieve();
      return undefined;
    });
    if (samples < samplesUnderLoad) await relieve();
    return { samples, statements: seen.size };
  }

  /** Events of the breaker of the whole server. */
  function stateChanges({ backend }: Run) {
    return backend.records
      .filter(({ eventName }) => eventName === "db.circuit.state_change")
      .filter(({ attributes }) => attributes["db.circuit.kind"] === "database" && !attributes["db.circuit.class"])
      .map(({ attributes }) => ({ to: String(attributes["db.circuit.to"]) }));
  }

  function openingsOf(collector: Run): number {
    return breakerLines(collector).filter(({ to }) => to === "open").length;
  }

  function opened(collector: Run, before: number): Promise<true> {
    return collector.until("the breaker opens", () => (openingsOf(collector) > before ? true : undefined));
  }

  function closed(collector: Run): Promise<true> {
    return collector.until("the breaker closes", () =>
      breakerLines(collector).at(-1)?.to === "closed" ? true : undefined,
    );
  }

  /** What the server heard of the collector in each time that the breaker was open, and first after it. */
  async function heardWhileOpen(collector: Run) {
    const heard = readPostgresLog(await server.log()).filter(({ user }) => user === monitor.user);
    const lines = breakerLines(collector);
    return lines.flatMap(({ unixMs, to, cause }, index) => {
      const end = lines[index + 1]?.unixMs;
      if (to !== "open" || end === undefined) return [];
      // A new session first says that its statements are not to be recorded.
      const first = heard.find((entry) => entry.unixMs >= end && !entry.text.includes("set_config"));
      return [
        {
          cause,
          openMs: end - unixMs,
          heard: heard.filter((entry) => entry.unixMs > unixMs && entry.unixMs < end).length,
          probe: first?.kind === "refusal" ? "turned away" : first?.text,
        },
      ];
    });
  }

  it("leaves an overloaded server alone but for its probes, and comes back", async () => {
    await using collector = await run();
    await expectFlow(collector);
    const admin = await server.connect();

    const taken = await exhaust(admin);
    await opened(collector, 0);
    const exhausted = await sampleWhileOpen(collector, admin, () => Promise.all(taken.map((client) => client.end())));
    await closed(collector);
    await expectFlow(collector);

    const before = openingsOf(collector);
    await admin.query("BEGIN");
    await admin.query("LOCK TABLE pg_database, pg_stat_bgwriter, pg_stat_archiver IN ACCESS EXCLUSIVE MODE");
    await opened(collector, before);
    const locked = await sampleWhileOpen(collector, admin, () => admin.query("ROLLBACK"));
    await admin.end();
    await closed(collector);
    await expectFlow(collector);

    const openings = await heardWhileOpen(collector);
    console.log("pg_stat_activity while open:", { exhausted, locked }, "the server's log:", openings);
    // Sessions show the last statement before the breaker opened, and perhaps one that was on its way.
    expect(exhausted.statements).toBeLessThanOrEqual(1);
    expect(locked.statements).toBeLessThanOrEqual(3);
    for (const { heard, probe } of openings) {
      expect(heard).toBeLessThanOrEqual(1);
      expect(probe).toMatch(/^(SELECT \/\* dbintel \*\/ 1|turned away)$/);
    }
    expect(openings.at(-1)?.probe).toBe(ping);
    await collector.until("every change was announced", () => {
      const announced = stateChanges(collector).map(({ to }) => to);
      const logged = breakerLines(collector).map(({ to }) => to);
      return JSON.stringify(announced) === JSON.stringify(logged) ? true : undefined;
    });
    await expectIdentityAndStop(collector);
  });
});
