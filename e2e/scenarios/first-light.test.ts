import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { DbintelProcess } from "../harness/dbintel-process.ts";
import { freePort } from "../harness/free-port.ts";
import { readLedgers } from "../harness/ledgers.ts";
import type { OtelcolBackend } from "../harness/otelcol.ts";
import { startOtelcol } from "../harness/otelcol.ts";
import { describeOtelcol } from "../harness/otelcol-suite.ts";
import { attributesOf, logRecords, metricNames, resourcesOf } from "../harness/otlp-json.ts";
import type { PostgresServer } from "../servers/index.ts";
import { startPostgres } from "../servers/index.ts";

const secretEmail = "jane.doe@customer.example";

describeOtelcol("from PostgreSQL through dbintel to an OpenTelemetry Collector", () => {
  let folder: string;
  let postgres: PostgresServer;
  let backend: OtelcolBackend;
  let dbintel: DbintelProcess;
  let metricsUrl: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dbintel-first-light-"));
    postgres = await startPostgres();
    backend = await startOtelcol(folder);
    const metricsPort = await freePort();
    metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`;
    const config = join(folder, "dbintel.yaml");
    await writeFile(
      config,
      `
receivers:
  postgresql:
    endpoint: 127.0.0.1:${postgres.port}
    username: ${postgres.superuser}
    password: \${env:TEST_PASSWORD}
    tls: { insecure: true }
    collection_interval: 1s
    top_query_collection: { collection_interval: 1s }
    initial_delay: 100ms
    timeout: 60s
processors:
  memory_limiter: { check_interval: 1s, limit_mib: 500 }
  batch: { timeout: 100ms }
exporters:
  otlp_http: { endpoint: "${backend.endpoint}" }
service:
  telemetry:
    metrics:
      readers: [{ pull: { exporter: { prometheus: { host: 127.0.0.1, port: ${metricsPort} } } } }]
  pipelines:
    logs: { receivers: [postgresql], processors: [memory_limiter, batch], exporters: [otlp_http] }
    metrics: { receivers: [postgresql], processors: [memory_limiter, batch], exporters: [otlp_http] }
`,
    );
    dbintel = new DbintelProcess(["run", "--config", config], { TEST_PASSWORD: postgres.password });
    await eventually("the collector answers with its own metrics", async () => {
      if (!dbintel.running) throw new Error(`dbintel ended:\n${dbintel.stderr}`);
      return (await fetch(metricsUrl).catch(() => undefined)) === undefined ? undefined : true;
    });
  });

  afterAll(async () => {
    await dbintel?.[Symbol.asyncDispose]();
    await backend?.[Symbol.asyncDispose]();
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("delivers the statements that ran, named as the OpenTelemetry Collector names them", async () => {
    await postgres.query("CREATE TABLE accounts (id int PRIMARY KEY, email text)");
    await postgres.query("INSERT INTO accounts SELECT i, i || '@customer.example' FROM generate_series(1, 1000) i");
    const record = await eventually("the backend has the statement", async () => {
      await postgres.query(`SELECT count(*) FROM accounts WHERE email = '${secretEmail}'`);
      // A busy machine is slow enough for a sample of it to come as well.
      return logRecords(await backend.received("logs")).find(
        ({ eventName, attributes }) =>
          eventName === "db.server.top_query" &&
          String(attributes["db.query.text"]).includes("FROM accounts WHERE email"),
      );
    });
    expect(record.attributes).toMatchObject({
      "db.system.name": "postgresql",
      "db.namespace": "postgres",
      "postgresql.rolname": postgres.superuser,
      "postgresql.queryid": expect.stringMatching(/^-?\d+$/),
    });
    expect(Number(record.attributes["postgresql.calls"])).toBeGreaterThan(0);
    // Seconds, of which the server had counted at least as many milliseconds in a thousand.
    const [counted] = await postgres.query<{ ms: number }>(
      "SELECT sum(total_exec_time) AS ms FROM pg_stat_statements WHERE query LIKE '%FROM accounts WHERE email%'",
    );
    expect(record.attributes["postgresql.total_exec_time"]).toBeGreaterThan(0);
    expect(record.attributes["postgresql.total_exec_time"]).toBeLessThanOrEqual((counted?.ms ?? 0) / 1000 + 1e-6);
    for (const name of ["rows", "shared_blks_hit", "shared_blks_read", "temp_blks_read", "total_plan_time"]) {
      expect(Object.keys(record.attributes)).toContain(`postgresql.${name}`);
    }
  });

  it("describes the instance as New Relic's entity rules want", async () => {
    const resources = await eventually("metrics are there", async () => {
      const found = resourcesOf(await backend.received("metrics"));
      return found.length === 0 ? undefined : found;
    });
    for (const resource of resources) {
      expect(attributesOf(resource)).toMatchObject({
        "service.instance.id": `127.0.0.1:${postgres.port}`,
        "server.address": "127.0.0.1",
        "server.port": String(postgres.port),
        "db.system.name": "postgresql",
      });
    }
  });

  it("delivers the server's metrics under the names of the OpenTelemetry Collector", async () => {
    const wanted = [
      "postgresql.backends",
      "postgresql.commits",
      "postgresql.rollbacks",
      "postgresql.db_size",
      "postgresql.connection.max",
      "postgresql.database.count",
      "postgresql.bgwriter.buffers.allocated",
      "postgresql.bgwriter.checkpoint.count",
    ];
    await eventually("every metric has arrived", async () => {
      const names = metricNames(await backend.received("metrics"));
      return wanted.every((name) => names.has(name)) ? true : undefined;
    });
  });

  it("lets no literal of a statement leave", async () => {
    for (const signal of ["logs", "metrics"] as const) {
      expect(JSON.stringify(await backend.received(signal))).not.toContain(secretEmail);
    }
    expect(dbintel.stderr + dbintel.stdout).not.toContain(secretEmail);
    expect(dbintel.stderr + dbintel.stdout).not.toContain(postgres.password);
  });

  it("accounts for every record and stops cleanly", async () => {
    const ledgers = readLedgers(await (await fetch(metricsUrl)).text());
    const exporter = ledgers.filter(({ id }) => id === "otlp_http");
    expect(exporter.map(({ signal }) => signal).sort()).toEqual(["logs", "metrics"]);
    for (const { kind, id, signal, received, sent, refused, dropped, held } of ledgers) {
      expect(received, `${kind} ${id} ${signal}`).toBe(sent + refused + dropped + held);
    }
    for (const { sent, dropped } of exporter) {
      expect(sent).toBeGreaterThan(0);
      expect(dropped).toBe(0);
    }
    expect(await dbintel.stop()).toEqual({ code: 0, signal: null });
  });
});
